"""Words that nobody listed, between phrases: whether they may stand there without turning the answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.beside import may_be_a_circumstance, may_be_a_reason
from dispatch.rules.phrases.meaning import Action, Aside
from dispatch.rules.phrases.rows import Beside, Half, Said


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a text, what stands between it and the next, and what it means: nothing, where nobody listed it."""

    said: str
    means: Said | None
    sign: str = ""


_FIRM_YES = re.compile(
    "(?:[我俺咱]|可以|(?<!可)能过去|这就|马上|立刻|立马|现在|就).*(?:[去到来接过赶走]|出发|出门|动身|下楼|路上)"
)
_FIRM_NO = re.compile("不(?!行)|没(?!问题)|无|换|别人|近的|安排|派|找")
_TURNS_NO = re.compile("[再多别谁]|应该|不要|一半")
_LEANS_ON_IT = re.compile("[不没别非未勿无怎为难怕]|什么|[能会可是来去]$")
"""What runs on into a no without a sign and may turn it: "能不能去", "没有拒绝"."""


_TURNS_IT = re.compile(
    "取消|作废|忽略|错了|错人|手滑|骗|玩笑|逗|才怪|做梦|待定|再议|以前|上回|那单|那家|另一|测试|转发|[哪谁几吗啥?]|怎么|什么|多少|"
    "[明昨][天早晚]|前天|[上下]个?[周月]|流血|出血|吐血|昏|晕|呼吸|心跳|叫不|骨折|抽搐|中风|煤气|着火|[没沒不未别勿无非还再等要快让]|说(?!话)"
)
"""What takes an end or a closed door back, asks, tells of another, denies, or must be read by a human at once."""


def may_stand(action: Action, parts: Sequence[Part], at: int) -> bool:
    """Whether the unknown words at this place leave the answer as it is."""
    places = [place for place, each in enumerate(parts) if says(action, each.means)]
    if not places and action is not Action.NO_ENTRY:
        return False
    if _STRANGE.search(parts[at].said):
        return action in {Action.DECLINE, Action.DONE} and _behind_in_english(parts, at, places[0])
    match action:
        case Action.ACCEPT:
            return _beside_a_yes(parts, at, places)
        case Action.DECLINE:
            return _beside_a_no(parts, at, places)
        case Action.ARRIVED:
            return _said_behind(parts, at, places[0]) and not GONE_AGAIN.search(parts[at].said)
        case Action.DONE:
            return _beside_an_end(parts, at, places)
        case Action.NO_ENTRY:
            return len(parts[at].said) <= _AFTER_MAX and not _OPENED.search(parts[at].said)


def _beside_a_yes(parts: Sequence[Part], at: int, places: Sequence[int]) -> bool:
    """Behind a yes that was said whole, or before a firm one."""
    gap, first, last = parts[at].said, parts[places[0]], parts[places[-1]].said
    if at > places[0] and any(map(_ends, parts[places[0] : at])):
        whole = places[0] == 0 and first.sign and (len(first.said) > 1 or first.said.isdigit())
        return bool(whole or _is_firm(Action.ACCEPT, first.said)) and may_be_a_circumstance(gap, near=True)
    runs_into = not any(each.sign for each in parts[at : places[-1]])
    return at < places[-1] and bool(_FIRM_YES.search(last)) and may_be_a_circumstance(gap, near=runs_into)


def _beside_a_no(parts: Sequence[Part], at: int, places: Sequence[int]) -> bool:
    """Behind a no that was said whole, where nothing may turn it, or as its reason before it."""
    gap = parts[at].said
    if at > places[0] and any(map(_ends, parts[places[0] : at])):
        return len(gap) <= _AFTER_MAX and not _ASKS_MORE.search(gap)
    joined = at + 1 in places and not parts[at].sign
    if not any(_FIRM_NO.search(parts[place].said) for place in places) or _TURNS_NO.search(gap):
        return False
    if joined and (_LEANS_ON_IT.search(gap) or len(gap) < _REASON_MIN):
        return False
    return may_be_a_reason(gap)


def _beside_an_end(parts: Sequence[Part], at: int, places: Sequence[int]) -> bool:
    """Behind an end, or anywhere before the last word of one that two phrases tell of."""
    told = [each for each in parts if says(Action.DONE, each.means) or _leans(Action.DONE, each.means)]
    if len(told) > 1 and at < places[-1]:
        return _is_note(parts[at].said)
    return _said_behind(parts, at, places[0])


def _said_behind(parts: Sequence[Part], at: int, first: int) -> bool:
    return at > first and any(each.sign for each in parts[first:at]) and _is_note(parts[at].said)


def _behind_in_english(parts: Sequence[Part], at: int, first: int) -> bool:
    """Behind a whole no or an end, where English words neither turn it nor ask: "can't get there, roads flooded"."""
    said = at > first and any(each.sign for each in parts[first:at]) and parts[first].said not in _VAGUE
    return said and bool(_ENGLISH.fullmatch(parts[at].said)) and not _TURNS_ENGLISH.search(parts[at].said)


def _is_note(gap: str) -> bool:
    return len(gap) <= _NOTE_MAX and not _TURNS_IT.search(gap)


GONE_AGAIN = re.compile("[走错回再后等叫问让说找快要]|告诉|联系|门|保安|[a-z]")
"""What makes an arrival doubtful, when it stands in the note behind it."""

_OPENED = re.compile(
    "[吗么?血昏救晕抽火]|[开进]了|进来|进去了|找到|没事|好了|走了|取消|错门|错楼|走错|如果|要是|"
    "别人|同事|小[一-鿿]|上次|昨|以为|怎么办|已经|还$"
)
"""What a closed door is not said beside: that it was opened, is another's or of another day, or cries for help."""

_STRANGE = re.compile("[^一-鿿,]")
_VAGUE = frozenset({"no", "不行"})
"""With more behind them these may be about the resident."""

_ENGLISH = re.compile("[a-z ]{1,60}")
_TURNS_ENGLISH = re.compile(
    "(?<![a-z])(?:not?|never|none|dont|didnt|isnt|wasnt|cant|wont|if|unless|but|though|except|maybe|perhaps|can|could|"
    "will|would|should|may|might|do|go|going|come|coming|way|help|need|needs|hurt|fell|pain|ambulance|police|yet|still|"
    "almost|nearly|soon|who|what|where|when|which|how|why|whether|tomorrow|yesterday|before|until|till|then|wait|again|"
    "door|said|says|told|think|wrong|mistake|accept|yes|ok|okay)(?![a-z])"
)
_REASON_MIN = 4
_NOTE_MAX = 12
_AFTER_MAX = 16
_ASKS_MORE = re.compile("[吗么哪几啥谁怎咋?血昏救]|如果|要是|除非|的话|万一|才|等|再|除了|开玩笑|骗|逗|不行|错")
"""What a no that was said first cannot be explained by: it takes it back, asks, or cries for help."""


def _ends(part: Part) -> bool:
    return bool(part.sign or _ENDS.search(part.said))


def _is_within(action: Action, one: Part, two: Part) -> bool:
    """Whether a time that was no answer is what a no is about: "5分钟|到不了" may be there in ten."""
    return one.means is Aside.NEAR and not _ends(one) and action is Action.DECLINE and says(action, two.means)


_BEGINS = re.compile(
    "[我俺咱你您]|大概|大约|还要|还有|要|[0-9]|跟|让|叫|告诉|请|麻烦|换|谢|不好意思|抱歉|去不|来不|走不|马上|这就|放心|辛苦"
)
_ENDS = re.compile("(?<!不)[了啦吧呀啊哈呢的哦嘞]$")


def _follows(action: Action, one: Part, means: Said | None) -> bool:
    leans = _leans(action, means) and not one.said.endswith(("去", "来", "到"))
    return leans or means in {Aside.NEAR, Aside.COURTESY}


def runs_on(action: Action, parts: Sequence[Part]) -> bool:
    """Whether the answer itself runs on into something that it may be about: "去不了|医院", "我去|吃饭"."""
    if action is Action.NO_ENTRY:
        return False
    if any(_is_within(action, one, two) for one, two in pairwise(parts)):
        return True
    return any(
        says(action, one.means)
        and not one.sign
        and not _ENDS.search(one.said)
        and not _BEGINS.match(two.said)
        and not says(action, two.means)
        and not _follows(action, one, two.means)
        for one, two in pairwise(parts)
    )


def fits(action: Action, parts: Sequence[Part], at: int) -> bool:
    """Whether the known words at this place go with this answer."""
    means = parts[at].means
    if isinstance(means, Half):
        return means.action is action or action in means.beside or (means.action, action) in _ON_THE_WAY_TO
    if not isinstance(means, Beside) or action in means.actions:
        return True
    last = max((place for place, each in enumerate(parts) if says(action, each.means)), default=-1)
    return action in means.before and at < last and _is_firm(action, parts[last].said)


_ON_THE_WAY_TO = {(Action.ARRIVED, Action.NO_ENTRY), (Action.ARRIVED, Action.DONE)}
"""Who cannot get in stands at the door, and who has finished was inside."""

_BY_ME = re.compile("[我俺咱]|(?<![a-z])(?:i|im|ill|we)(?![a-z])|on (?:my|the) way|coming|going|heading")


def _is_firm(action: Action, said: str) -> bool:
    return action is not Action.ACCEPT or bool(_BY_ME.search(said) or _FIRM_YES.search(said))


def _leans(action: Action, means: Said | None) -> bool:
    return isinstance(means, Half) and means.action is action


def says(action: Action, means: Said | None) -> bool:
    return means is action or (action is Action.DONE and isinstance(means, Outcome))
