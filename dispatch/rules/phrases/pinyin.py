"""The Chinese patterns once more, as a phone without Chinese writes them."""

import re

_READING = (
    "一yi 七qi 三san 上shang 下xia 不bu 与yu 世shi 两liang 个ge 中zhong 为wei 么me 义yi 之zhi 乡xiang 也ye 书shu 了le "
    "事shi 二er 于yu 五wu 些xie 京jing 亲qin 人ren 什shen 今jin 从cong 他ta 付fu 代dai 以yi 们men 任ren 休xiu 会hui "
    "位wei 低di 住zhu 体ti 何he 作zuo 你ni 使shi 修xiu 倒dao 借jie 假jia 做zuo 停ting 儿er 光guang 全quan 八ba 六liu "
    "关guan 其qi 具ju 内nei 再zai 冇mao 冒mao 写xie 准zhun 出chu 刀dao 分fen 切qie 刘liu 刚gang 利li 别bie 到dao 刷shua "
    "刻ke 前qian 力li 办ban 功gong 动dong 助zhu 势shi 勿wu 包bao 化hua 北bei 医yi 十shi 午wu 半ban 协xie 单dan 南nan 即ji "
    "厂chang 压ya 原yuan 去qu 又you 及ji 友you 反fan 发fa 叔shu 受shou 叫jiao 可ke 台tai 号hao 叻le 吃chi 各ge 同tong 名ming "
    "后hou 吐tu 向xiang 吗ma 否fou 吧ba 吴wu 吾wu 告gao 员yuan 周zhou 呀ya 呃e 呐na 呗bei 呢ne 呦you 呼hu 命ming 和he "
    "咋za 咧lie 咯lo 咱zan 哇wa 哈ha 哉zai 响xiang 哎ai 哒da 哟yo 哦o 唉ai 唔wu 啊a 啥sha 啦la 啷lang 喂wei 善shan 喊han "
    "喔wo 喝he 喽lou 嗯en 嘅ge 嘎ga 嘛ma 嘞lei 噢o 噻sai 四si 回hui 因yin 固gu 国guo 图tu 在zai 地di 场chang 均jun 坏huai "
    "坐zuo 堵du 士shi 声sheng 处chu 备bei 外wai 多duo 大da 太tai 头tou 夫fu 奶nai 她ta 好hao 如ru 妈ma 姨yi 姐jie 娘niang "
    "婆po 婉wan 子zi 孕yun 孙sun 孩hai 安an 完wan 定ding 实shi 客ke 室shi 家jia 对dui 将jiang 小xiao 少shao 就jiu 屋wu 岗gang "
    "属shu 工gong 己ji 已yi 市shi 师shi 带dai 帮bang 常chang 干gan 平ping 年nian 并bing 床chuang 应ying 底di 店dian 庄zhuang "
    "度du 座zuo 康kang 建jian 开kai 弃qi 弄nong 张zhang 强qiang 当dang 往wang 很hen 徐xu 得de 心xin 忙mang 快kuai 怀huai "
    "态tai 怎zen 怕pa 急ji 总zong 恐kong 恙yang 恩en 息xi 您nin 情qing 想xiang 意yi 感gan 愿yuan 戏xi 成cheng 我wo 或huo "
    "户hu 房fang 所suo 手shou 才cai 打da 扣kou 找zhao 技ji 抓zhua 抛pao 把ba 抱bao 报bao 抽chou 抵di 担dan 拉la 拒ju 拨bo "
    "择ze 按an 换huan 掂dian 掉diao 排pai 接jie 推tui 搀chan 搞gao 撒sa 撤che 操cao 收shou 改gai 放fang 敲qiao 整zheng "
    "断duan 方fang 旁pang 无wu 日ri 旦dan 时shi 明ming 是shi 晒shai 晓xiao 晕yun 晚wan 景jing 更geng 最zui 有you 服fu 望wang "
    "朱zhu 本ben 李li 村cun 来lai 杨yang 林lin 果guo 查cha 校xiao 样yang 根gen 案an 椅yi 楼lou 欸ei 正zheng 步bu 死si 段duan "
    "比bi 毕bi 民min 气qi 没mei 沙sha 法fa 泽ze 洗xi 活huo 派pai 测ce 消xiao 涝lao 清qing 溜liu 火huo 点dian 烧shao 爆bao 爷ye "
    "牌pai 特te 状zhuang 独du 王wang 玩wan 现xian 班ban 理li 瓶ping 生sheng 用yong 由you 电dian 疼teng 病bing 痛tong 白bai 的de "
    "省sheng 直zhi 看kan 眼yan 着zhe 睡shui 知zhi 码ma 确que 碍ai 碰peng 社she 祝zhu 离li 种zhong 稍shao 稳wen 空kong 站zhan 童tong "
    "等deng 管guan 系xi 紧jin 约yue 级ji 线xian 经jing 结jie 给gei 统tong 绝jue 续xu 维wei 罗luo 老lao 者zhe 而er 联lian 肚du "
    "肯ken 脚jiao 脱tuo 腰yao 腾teng 自zi 至zhi 舒shu 般ban 良liang 花hua 苦ku 莫mo 蒙meng 虚xu 行xing 街jie 被bei 装zhuang 要yao "
    "见jian 解jie 触chu 警jing 认ren 让rang 设she 证zheng 诉su 诊zhen 试shi 误wu 说shuo 请qing 课ke 谁shei 调tiao 谢xie 负fu 责ze "
    "赢ying 赵zhao 赶gan 起qi 趟tang 距ju 路lu 跑pao 跟gen 踏ta 身shen 车che 转zhuan 轮lun 辛xin 边bian 达da 过guo 近jin 还hai "
    "这zhe 进jin 远yuan 连lian 退tui 送song 途tu 通tong 速su 逢feng 郭guo 部bu 里li 重chong 量liang 针zhen 钟zhong 钥yao 匙shi 锁suo "
    "错cuo 锚mao 问wen 间jian 阿a 附fu 陈chen 陪pei 随sui 隔ge 难nan 需xu 非fei 面mian 顺shun 顾gu 领ling 题ti 预yu 饭fan 马ma 骑qi "
    "高gao 麻ma 黄huang 黑hei 担dan 禁jin 铃ling 钮niu 器qi 惊jing 顿dun 置zhi 妥tuo 交jiao 移yi 护hu 救jiu 急ji 尽jin 立li "
    "动dong 身shen 启qi 程cheng 门men 受shou 准zhun 打da 算suan 俺an 俩lia 海hai 铁tie 高gao 飞fei 机ji 乐le 盒he 密mi 空kong 栋dong "
    "诶ei 哪na 那na 壁bi 区qu 驿yi 卫wei 舒fu 胎tai 驴lv 自zi 借jie 酒jiu 培pei 训xun 澡zao 孤gu 崴wai 发fa 咗zo 哎ai 丁ding 火huo "
    "此ci 抓zhua 况kuang 状zhuang 态tai 血xue 征zheng 神shen 精jing 命ming 摔shuai 伤shang 扶fu 恙yang 站zhan 玩wan 乱luan 碰peng "
    "意yi 铃ling 世shi 亡wang 复fu 它ta 铛dang 胡hu 感gan 冒mao 肚du 怪guai 昨zuo 临lin 目mu 暂zan 确que 估gu 计ji 些xie 便bian "
    "束shu 能neng 够gou 前qian 毕bi 决jue 收shou 拾shi 帘lian 份fen 责ze 刻ke 步bu 左zuo 右you 概gai 差cha 几ji 来lai 小xiao 需xu "
    "慢man 拉la 铺pu 何he 着zhe 拿na 次ci 守shou 安an 抚fu 入ru 久jiu 找zhao 静jing 正zheng 理li 盘pan 喇la 己ji 推tui 室shi 防fang "
    "盗dao 案an 销xiao 麦mai 唤huan 始shi 另ling 议yi 建jian 疗liao 单dan 跟gen 转zhuan 院yuan 紧jin 丰feng 客ke 象xiang 准zhun 真zhen "
    "歉qian 慌huang 非fei 起qi 才cai 隔ge 吼hou 伺ci 候hou 岗gang 欢huan 舍she 手shou 导dao 碗wan 刚gang 轻qing 被bei 九jiu 只zhi 然ran "
    "且qie 十shi 完wan 身shen 板ban 都dou 件jian 速su 加jia 赔pei 趣qu 抱bao 照zhao 该gai 心xin 动dong 呵he 丢diu 喂wei 头tou 送song "
    "逃tao 值zhi 妨fang 打da 先xian 溜liu 途tu 晚wan 今jin 题ti 断duan 些xie 接jie 答da 反fan 内nei 字zi 客ke 期qi 嫽liao 功gong 机ji 无wu "
    "火huo 拒ju 事shi 敢gan 弃qi 备bei 务wu 急ji 姓xing 电dian 迟chi 换huan 脱tuo 主zhu 扰rao 没mei 便bian 痛tong 拖tuo 堂tang 法fa 抛pao 去qu 但dan 元yuan 口kou 基ji 天tian 女nv 察cha 待dai 思si 挺ting 检jian 楚chu 滴di 烦fan 石shi 终zhong 蛮man 走zou 较jiao "
    "道dao 闭bi 额e 辽liao 厕ce 索suo 组zu 绪xu 翻fan 腿tui "
    "药yao 躺tang 适shi 遵zun 长zhang 队dui"
)
_SOUNDS = {each[0]: each[1:] for each in _READING.split()}
_HAN = re.compile("[\u4e00-\u9fff]")


def romanised(pattern: str) -> str:
    """The same pattern over small letters without tones; a blank may stand behind each syllable, and none need to."""
    return _HAN.sub(lambda found: _SOUNDS.get(found[0], found[0]) + " ?", _apart(pattern.replace("不了", "不辽")))


def _apart(pattern: str) -> str:
    # A repeated or optional sign becomes a group, because its syllable has several letters.
    return re.sub("([\u4e00-\u9fff])([?+*]|\\{)", r"(?:\1)\2", pattern)
