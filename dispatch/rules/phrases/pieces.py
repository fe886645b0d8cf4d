"""
Short clauses put together from small pieces: who and when, a verb with its object, a particle.

Beside the patterns of `chinese.py`: here nothing is compiled. A clause is stripped to its core, and the core is looked
up among verbs with objects that are multiplied once: "我到王秀英家啦", "她家没人来开门", "转给别人吧". What is stripped
never denies, doubts, asks or tells of another, so "没到" and "快好了" keep what makes them no answer.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.cores import cores
from dispatch.rules.phrases.meaning import Action, Aside, Meaning

CORE_MAX = 16
"""Signs of such a clause; what is longer is for the patterns."""


def _words(*said: str) -> tuple[str, ...]:
    """Words that may be stripped, the longest first, so that none hides another."""
    return tuple(sorted({word for each in said for word in each.split()}, key=len, reverse=True))


_SELF = "我们两个 我们俩 我们 俺们 咱们 我俩 我这边 我这儿 我这里 我自己 我本人 本人 我 俺 咱"
_BEFORE = "已经 已 刚刚 刚才 刚 终于 人员 护理员 总算 现在 人 都 也 顺利 安全"
_TODAY = (
    "现在 今天 今晚 今儿 目前 暂时 这会儿 这会 实在是 实在 真的 真是 真 确实 "
    "也 就 是 在 有点 有些 太 很 临时 手头 这次 这单 这边 一直"
)
_HER = "老人 老太太 老爷子 奶奶 爷爷 大爷 阿姨 她 他 家里 屋里 里面 里边 对方"
_FRONT: Mapping[Meaning, tuple[str, ...]] = {
    Action.ACCEPT: _words(_SELF, "现在 这就 马上 立刻 立马 已经 已 正 那 还是"),
    Action.DECLINE: _words(_SELF, _TODAY, "这么晚 太晚了 太晚 这么远 大晚上 请 麻烦 还是 那就 快 赶紧"),
    Action.ARRIVED: _words(_SELF, _BEFORE),
    Action.DONE: _words(_SELF, _BEFORE, "全部 全 这边 这里 均 基本"),
    Action.NO_ENTRY: _words(_SELF, _HER, "家 现在 还是 一直 都 也 就是 这边 门口 说是 的"),
    Outcome.HOSPITAL: _words(_SELF, _BEFORE, "120 救护车 急救车 把 将 老人 她 他 被"),
    Outcome.HELPED: _words(_SELF, _BEFORE, "帮 把 将 给 老人 奶奶 爷爷 她 他 自己"),
    Outcome.FALSE_ALARM: _words("老人 奶奶 爷爷 她 他 孩子 孙子 家属 说 是 就是 确认"),
    Aside.NEAR: (),
    Aside.NOD: (),
    Aside.COURTESY: ("我", "都"),
}

_MOOD = "啊呀哈哦喔噢哟呦咯喽嘞啦唻咧勒嗷昂哒哉噻撒诶欸哇呐"
_SLIPPED = "鸟辣拉乐力"
"""了 and 啦 as thumbs and voices write them."""

_BACK: Mapping[Meaning, str] = {
    Action.ACCEPT: _MOOD + _SLIPPED + "了吧的呗嘛哩着",
    Action.DECLINE: _MOOD + _SLIPPED + "了吧的呗嘛呢滴哩着",
    Action.ARRIVED: _MOOD + _SLIPPED + "了",
    Action.DONE: _MOOD + _SLIPPED + "了",
    Action.NO_ENTRY: _MOOD + _SLIPPED + "了的呢",
    Outcome.HOSPITAL: _MOOD + "了",
    Outcome.HELPED: _MOOD + "了",
    Outcome.FALSE_ALARM: _MOOD + "了的",
    Aside.NEAR: _MOOD + "了吧",
    Aside.NOD: _MOOD + "的滴",
    Aside.COURTESY: _MOOD + "了",
}

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
    "夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段章钱汤尹黎易常武乔贺赖龚文"
)
"""The hundred commonest family names of China (National Citizen Identity Information Centre, 2007)."""


@lru_cache(maxsize=512)
def meaning_of(clause: str) -> Meaning | None:
    """What a whole clause of a tidy text means by its core; None where it is not known here."""
    if not 0 < len(clause) <= CORE_MAX:
        return None
    return next((means for means in cores() if _is_said(clause, means)), None)


def _is_said(clause: str, means: Meaning) -> bool:
    """Whether it is said with any of its particles and of the words before it stripped."""
    return any(
        _is_core(core, means, over=over or len(body) < len(clause)) and not _is_hers(means, body, core)
        for body in _without_back(clause, _BACK[means])
        for core, over in _without_front(body, _FRONT[means])
    )


_HAPPENED = frozenset({Action.ARRIVED, Action.DONE, Outcome.HOSPITAL, Outcome.HELPED})
"""What must be said to have happened: by 已 or 刚 before it, by 了 behind it, or by the words themselves."""


def _is_core(core: str, means: Meaning, *, over: bool) -> bool:
    done = over or "已" in core or core.endswith(_ENDS) or core.startswith(_THERE)
    if means in _HAPPENED and not done:
        return False
    if core in cores()[means] or (means is Action.ARRIVED and _is_there(core, over=over)):
        return True
    return means is Action.ACCEPT and _is_on_the_road(core)


_ENDS = ("完毕", "结束", "完成")
_THERE = ("在", "到了", "见到了", "看到了")
_PEOPLE = ("她", "他", "老人", "老太太", "老爷子", "奶奶", "爷爷", "大爷", "阿姨")


def _is_hers(means: Meaning, body: str, core: str) -> bool:
    """Whether it is the resident who cannot get in."""
    if means is not Action.NO_ENTRY or not body.startswith(_PEOPLE):
        return False
    return core.startswith(("进", "上")) or any(each in core for each in ("钥匙", "卡", "密码"))


def _without_back(clause: str, particles: str) -> Iterator[str]:
    """The clause with ever fewer particles behind it."""
    yield clause
    while len(clause) > 1 and clause[-1] in particles:
        clause = clause[:-1]
        yield clause


def _without_front(body: str, front: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """The clause with ever fewer words before its core, and whether one of them says that it is over."""
    over = False
    yield body, over
    while word := next((each for each in front if body.startswith(each)), None):
        body, over = body[len(word) :], over or word in _OVER
        yield body, over


_OVER = frozenset({"已经", "已", "刚刚", "刚才", "刚", "终于", "总算", "都", "全", "全部", "均"})


def _is_there(core: str, *, over: bool) -> bool:
    """Of "到王秀英家了": somebody's home by name, or 到 itself with a particle."""
    if core in {"到", "到达"}:
        return over
    going = next((each for each in ("到达", "来到", "进入", "到", "在") if core.startswith(each)), "")
    home = core[len(going) :].removesuffix("里").removesuffix("中")
    return bool(going) and home.endswith("家") and 2 <= len(home) <= 7 and home[0] in SURNAMES


def _is_on_the_road(core: str) -> bool:
    """Of "在去王奶奶家的路上", and not of one's own home or a hospital."""
    to = core.removeprefix("正").removeprefix("在")
    going = next((each for each in ("赶往", "前往", "赶去", "去") if to.startswith(each)), "")
    road = next((each for each in ("的路上", "路上", "的途中", "途中") if to.endswith(each)), "")
    where = to[len(going) : len(to) - len(road)]
    return bool(going and road) and (where in _PLACES or (where.endswith("家") and where[0] in SURNAMES))


_PLACES = frozenset(
    _words("现场 老人家 老人那 老人那里 她家 他家 她那 他那 她那里 他那里 那边 那里 奶奶家 爷爷家 大爷家")
)
