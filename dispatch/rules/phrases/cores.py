"""Verbs with their objects, multiplied: what clauses of `pieces.py` are made of, by what they mean."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.meaning import Action, Aside, Meaning

_DOOR = "门 大门 房门 单元门 楼门 院门 家门 铁门 防盗门 门禁 门锁 锁 楼下门 楼道门"


def _joined(*sets: str) -> Iterator[str]:
    """Every way to put a word of each set behind the other; `-` is none."""
    yield from ("".join(each).replace("-", "") for each in product(*(words.split() for words in sets)))


def _declines() -> Iterator[str]:
    yield from _joined("来不及", "- 去 过去 赶过去")
    yield from _joined("想 可", "去也", "去不了 没空 走不开")
    yield from _joined("找 换 派", "近的人 离得近的人 近一点的人 近的 离得近的", "- 去")
    yield from _joined("不克 恕不能 难以", "前往 到场 接单 赴约")
    yield from _joined("不", "去 来 接 过去 过来 上门")
    go = "去 来 过去 过来 赶过去 赶过来 接 接单 出门 出去 出发 前往 前去 到场 上门 支援"
    yield from _joined("去 来 过去 过来 赶 赶过去 赶过来 走 接 出门 回去 回来", "不", "了 成 得 来")
    yield from _joined("走 抽 脱 离 分 腾", "不", "开 出", "- 身 手 人 空 时间")
    yield from _joined(
        "没 没有 没得 无 木有 不得 没啥 没那", "空 空闲 闲 时间 工夫 功夫 档期 精力 人手 闲空", "- 去 来 过去 接单"
    )
    yield from _joined("不能 没法 无法 没办法 不方便 不想 不愿 不愿意 不打算 不会 不便", go)
    yield from _joined(
        "换 找 派 叫 让 请 安排 转 转给 转交 给 交给 推给 换成 联系 通知",
        "别人 其他人 其他同事 别的同事 他人 下一个 下一位",
        "- 去 来 接 处理 过去",
    )
    yield from _joined("换 另派 另找 另换 重新派", "人 个人 一个人 个别人", "- 去 来 接 过去")
    yield from _joined("忙 推 转单 退单 弃单 换一个 换一位 下一个 下一位 跳过 不接这单 接不了这单 分身乏术 爱莫能助")


def _arrivals() -> Iterator[str]:
    yield from _joined(
        "到 到达 抵达 来到 赶到", "地方 地儿 现场 目的地 服务地点 位 老人家 老人家里 老人家中 老人身边 屋里 家中"
    )
    yield from _joined("进 进入 进到 走进", "屋 屋里 屋子 家门 家里 家中 室内 房间 老人家 老人家里 老人房间")
    yield from _joined("见到 看到 看见 见着", "老人 老人家 本人 奶奶 爷爷 老太太 大爷 阿姨 大妈")
    yield from _joined("进入 见着 人见到 老人见到 见到人 到现场 报到 在老人旁边 在老人身边 跟老人在一起 和老人在一起")
    yield from _joined("到了 进了 到达了 来到了", "现场 老人家 老人家里 她家 他家 屋里 家里 房间 地方")
    yield from _joined("见到了 看到了 找到了", "老人 老人家 奶奶 爷爷 老太太 大爷 阿姨")
    yield from _joined("和 跟 与", "老人 奶奶 爷爷 她 他 大爷", "见面 见上面 见到面")


def _ends() -> Iterator[str]:
    what = "- 事 事情 问题 任务 本单 这单 订单 单子 工单 救助 服务 工作 现场 警报 情况"
    yield from _joined(
        what,
        "处理 办 弄 搞 整 做 干 忙 收拾 料理 安排 安置 安顿 解决 善后 交接 服务 照护",
        "完 好 妥 完毕 妥当 结束 完成 利索 定",
    )
    yield from _joined(what, "完成 结束 解决 完毕 办结 搞掂 搞定 了结 处理")
    yield from _joined("完成 结束", "任务 服务 工作 处理 救助 本单 订单 护理")
    yield from _joined("结案 销案 闭环 归档 办结")
    yield from _joined("安顿 安置 照顾 安抚 处理", "好", "老人 她 他 奶奶 爷爷 大爷")
    kin = "家属 家里人 女儿 儿子 老伴 保姆 子女 亲属 邻居"
    yield from _joined("老人 奶奶 爷爷 她 他 -", "被 由 已被 已由", kin, "接走 接手 照顾 照看 带走 陪护 接管")
    yield from _joined("交给 移交给 转交给 交由 移交 转交", kin, "照看 照顾 陪护 看护 处理 -")
    yield from _joined(
        what, "已 已经 都已 均已", "处理 解决 完成 办妥 办结 处理好 处理完 处理完毕 安置 安排好 解除 消除"
    )
    yield from _joined("按钮 警报 设备 呼叫器 报警器 已", "复位 关闭 恢复 恢复正常 取消报警")
    yield from _joined("交接 移交 转交 交", "给", "她 他")
    yield from _joined("请 麻烦 可以 -", "关闭 结束 关", "工单 单子 任务 警报 报警")
    yield from _joined("交接 移交 转交 交", "给", "120 救护车 急救 急救人员 医生 家属 女儿 儿子 邻居 保姆 民警 警察")


def _taken_away() -> Iterator[str]:
    where = (
        "- 人民 市 县 区 省 中心 中医 妇幼 第一 第二 第三 第四 附近 市第一 市第二 市第三 县人民 市人民 省人民 社区 急救"
    )
    yield from _joined("送 送到 送去 送往 拉到 拉去 带去", where, "医院")
    yield from _joined("由 被", "救护车 120 急救车 急救人员", "送走 接走 拉走 送医 送医院 送往医院")
    yield from _joined("接走 拉走 送走 带走 抬走", "老人 她 他 人")
    yield from _joined("被 -", "120 救护车 急救车 急救", "接走 拉走 送走 带走 抬走")


def _helped() -> Iterator[str]:
    yield from _joined(
        "扶 抱 搀",
        "老人 她 他 奶奶 爷爷 大爷 阿姨 -",
        "上床 起来 坐下 坐好 躺下 躺好 回床上 到床上 回房间 上轮椅 到沙发上",
    )


def _mistaken() -> Iterator[str]:
    touched = "误触 误按 误碰 碰到 按到 压到 碰 按错 不小心按 不小心碰 不小心按到 不小心碰到 不小心压到 不小心触发"
    yield from _joined(touched, "按钮 报警器 呼叫器 铃 按铃 警报 手环 报警 设备")
    yield from _joined(
        "系 属 属于 为 确认为 核实为 经核实为 经核实是 经确认是 确认系 确定是 核实是 经查是 确认 核实",
        "误报 误触 误按 误操作 误会 误报警",
    )
    yield from _joined("误报一场 玩 乱按 按着玩 瞎按 不小心按错 不小心碰 不小心按")
    yield from _joined("按钮 报警器 呼叫器 设备 手环", "误触 误报 误按 误碰")


def _shut_out() -> Iterator[str]:
    yield from _joined("没法 无法 没办法 不让 不给 不能", "进 进去 进入 进门 进屋 入户 上楼 上去 开门")
    yield from _joined(
        _DOOR,
        "不开 没开 锁 锁着 锁住 反锁 反锁着 打不开 开不了 开不开 关着 没人开 叫不开 敲不开 推不开 坏 卡住",
    )
    yield from _joined(
        "敲门 敲 敲了门 按门铃 按了门铃 拍了门 叫了门 按铃 叫门 喊门 拍门 打门铃 门铃 按对讲 打电话敲门 "
        "电话门铃都 敲门打电话都 敲门按铃都 敲半天 敲门半天 敲了半天",
        "没声 没声音 没动静 没人 没反应 没人应 没人开 不开 不应 没人理 没回应 没人答应 没人搭理 没人吱声 "
        "没人开门 无人应 无反应 无应答 没应答 无人应答 无人应门 不理",
    )
    yield from _joined(
        "没 没有 无 没带 忘带 找不到 没找到 没拿到",
        "密码 门禁卡 门卡 卡 钥匙 门禁 门禁密码 单元门密码",
        "- 进不去 上不去 开不了 进不了 进不了门 开不了门",
    )
    yield from _joined(
        "保安 物业 门卫 门岗 小区 小区保安 家属 -",
        "不让 不给 不放 不准 不许",
        "- 我",
        "进 上去 进门 进小区 上楼 进去 进来 进屋 上",
    )
    yield from _joined("不给我 不肯给我 不愿给我 不让我", "开门 开 进门")
    yield from _joined(
        "给的 留的 你们给的 登记的 发的 -", "密码 门禁码 门禁密码", "不对 错 不正确 打不开 不行 没用 错误 失效"
    )
    yield from _joined(
        "钥匙 卡", "没找到 找不到 没有 不见了 断在锁里 断锁里 断在里面 卡在锁里 拔不出来 插不进 不匹配 不好使"
    )
    yield from _joined("叫 敲 喊 推 打 开 撬 拧 弄", "不开", "- 门 锁 大门 门锁 房门 防盗门")
    yield from _joined(
        "没人 没有人 无人 木人 没得人 没谁", "来开 开门 来开门 应 应门 给开 给开门 答应 应声 在里面应 搭理 开"
    )
    yield from _joined(
        "没开门 不开门 没给开门 不肯开门 不愿开门 不给开 不肯开 上不去 进不去 进不到屋里 进不到屋 "
        "进不到里面 进不来 上不了楼 进不了楼 没带钥匙"
    )


def _comings() -> Iterator[str]:
    ways = "骑车 开车 打车 走路 步行 跑步 跑着 跑 走 走着 骑 坐车 坐公交 坐地铁 打的 骑电动车 骑自行车 骑摩托 打滴滴"
    yield from _joined(ways, "过去 赶过去 去 来 过来")
    yield from _joined("必须 一定 肯定 保证 绝对 必", "去 来 到 过去 赶到 到场 到位 准时到")
    yield from _joined(
        "- 正 正在 在", "赶路 赶过去 赶来 赶过来 赶过去的路上 去的路上 来的路上 过去的路上 赶去的路上 路上"
    )
    yield from _joined("在 正 正在", "赶 过去 往那赶 往那边赶")
    yield from _joined(
        "带 拿 背 拎 提 带上 拿上 背上",
        "药箱 急救箱 急救包 血压计 钥匙 工具 氧气 轮椅 东西",
        "去 过去 马上到 马上去 就去 就过去 赶过去",
    )
    yield from _joined("马上 立刻 立即 即刻 确认 保证 这就 随即", "就位 到岗 到位 到场 前往 赶赴现场")
    yield from _joined("途中 赶路中 骑车中 骑行中 前往中 打上车 坐上车 正途中 在半路")
    yield from _joined("前去 前往 赶去 速去 速", "查看 看看 处理 了解 帮忙 支援 -")
    yield from _joined(
        "顶上 来顶 替他去 替她去 代他去 代她去 替班 顶班 快马加鞭赶来 快马加鞭去 交给我处理 在下楼 选1 按1"
    )
    yield from _joined("下楼 出门 穿衣服 换衣服 收拾", "骑车 开车 打车 过去 就走 就去 出发 赶过去")


@cache
def cores() -> Mapping[Meaning, frozenset[str]]:
    return {
        Action.DECLINE: frozenset(_declines()),
        Action.NO_ENTRY: frozenset(_shut_out()),
        Action.ARRIVED: frozenset(_arrivals()),
        Action.DONE: frozenset(_ends()),
        Action.ACCEPT: frozenset(_comings()),
        Outcome.HOSPITAL: frozenset(_taken_away()),
        Outcome.HELPED: frozenset(_helped()),
        Outcome.FALSE_ALARM: frozenset(_mistaken()),
        Aside.NEAR: frozenset({"来", "去", "上车", "上路", "下楼", "出门", "动身", "起身"}),
        Aside.NOD: frozenset({"ok", "确认", "确定"}),
        Aside.COURTESY: frozenset(_joined("收 晓得 知道 明白 了解 清楚")),
    }
