"""A text of several pieces taken together: one plain answer, and beside it what may stand there (`company.py`)."""

import re
from collections.abc import Sequence

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.beside import is_firm, may_be_a_circumstance, may_be_a_reason
from dispatch.rules.phrases.company import stands_beside
from dispatch.rules.phrases.hearing import covered, meanings, verdict
from dispatch.rules.phrases.meaning import Action, Aside, Meaning
from dispatch.rules.phrases.pieces import SURNAMES

PIECES_MAX = 6

_TIME = re.compile(r"(?<![\d,])([01]?\d|2[0-3]),([0-5]\d)(?![\d,])")
_JOINS = re.compile(
    "(?:但是|但|不过|可是|可惜|只是|然而|却|所以|因此|而且|并且|并(?=[接已在正])|(?<=[^都还])可(?=我|是|"
    "实在|今|现)|(?=还是[换找派叫请])|(?<=不好意思)|(?<=对不起)|(?<=抱歉)(?![了啊哈])|(?<=呢)(?=走不开|"
    "去不了|来不了)|(?=[我俺]们?[还也]?(?:马上|这就|现在就)))"
    "| (?=no (?:answer|key|reply)(?![a-z]))|(?<=sorry) (?!to |for |about )|(?<![a-z])(?:but|however|so|"
    "though|and|because) (?=[a-z])"
)
"""What parts two thoughts as a comma does."""

_FRIEND = (
    f"(?:[我俺]?(?:小[一-鿿]|老[{SURNAMES}]|[{SURNAMES}](?:姐|哥|师傅|医生|护士|阿姨|工)|同事|搭档|老公|老婆|"
    f"爱人|老伴|师傅|医生|护士|她|他))"
)
_WITH = re.compile(
    f"(?:我|俺)(?:和|跟|与|同|带着|带上|带|叫上|喊上|约上){_FRIEND}(?:一起|一块儿?|俩|两个人?|都)*"
    "(?=去|来|过[去来]|赶|到|马上|现在|立刻|这就|出发|在路上|已)|我们(?:两个人?|俩|几个|仨|三个)|我俩"
)
_ALTHOUGH = re.compile("(?:(?<=,)|^)(?:虽然|尽管|虽说|虽|although |even though )")
_PASS_ON = re.compile(
    "(?<![a-z])(?:please )?(?:tell|let) (?:her|him|them|(?:mrs|mr|ms|miss) [a-z]+|the (?:lady|"
    "family))(?: know)?(?: that)? (?=im |i )"
)
_AT = re.compile(r" at \d{1,2}(?:点\d\d)?$")
_SPAN = re.compile("分钟|小时|刻钟|(?<![a-z])(?:mins?|minutes?)(?![a-z])")
_BY_ME = re.compile("[我俺咱]|(?<![a-z])(?:i|im|ill|we)(?![a-z])|on (?:my|the) way|coming|going|heading")
_ALARMING = re.compile(
    "流血|出血|吐血|昏|晕|呼吸|心跳|骨折|抽搐|中风|煤气|着火|取消|作废|骗|才怪|以前|上次|上回|昨|明天|"
    "后天|以为|好像是|听说|"
    "(?<![a-z])(?:blood|bleeding|unconscious|breathing|tomorrow|yesterday|cancel|fire)(?![a-z])"
)
"""What a human must read at once, or what turns everything beside it."""


def parted(plain: str) -> list[str]:
    """The pieces of a tidy text, with times of day, company and joining words made plain."""
    text = _ALTHOUGH.sub("", plain)
    text = _PASS_ON.sub("", _WITH.sub("我们", _TIME.sub(r"\1点\2", text)))
    return [piece for each in _JOINS.sub(",", text).split(",") if (piece := _AT.sub("", each.strip()))]


def together(plain: str) -> tuple[Action, list[Meaning], list[str]] | None:
    """The one answer all pieces bear, everything that was heard, and the pieces beside it; None where there is none."""
    pieces = parted(plain)
    if not 1 <= len(pieces) <= PIECES_MAX or _ALARMING.search(plain):
        return None
    heard = [covered(piece, 0) for piece in pieces]
    if len(pieces) > 1 and all(each and _is_near(each) for each in heard) and any(map(_SPAN.search, pieces)):
        return Action.ACCEPT, [], []
    fits = [action for action in Action if _fits(action, pieces, heard)]
    told = [meaning for each in heard for meaning in each or ()]
    if len(fits) != 1 or Aside.ALL in told:
        return None
    return fits[0], told, [piece for piece, known in zip(pieces, heard, strict=True) if known is None]


def _is_near(heard: Sequence[Meaning]) -> bool:
    """Whether it says that somebody is near, or comes soon: two of them, one of them a time, are a yes."""
    return Aside.NEAR in heard and set(heard) <= {Aside.NEAR, Aside.COURTESY, Aside.NOD}


def _fits(action: Action, pieces: Sequence[str], heard: Sequence[list[Meaning] | None]) -> bool:
    """Whether something says it plainly, and every other piece may stand beside that."""
    saying = [at for at, each in enumerate(heard) if each and _says(action, each)]
    if not saying:
        return False
    last = saying[-1]
    return all(
        (known is not None and verdict([*known, action]) is action)
        or stands_beside(action, piece)
        or _unknown_beside(action, piece, known, pieces[last])
        or (at < last and _is_firm(action, pieces[last]) and stands_beside(action, piece, soft=True))
        for at, (piece, known) in enumerate(zip(pieces, heard, strict=True))
        if at not in saying
    )


def _says(action: Action, heard: Sequence[Meaning]) -> bool:
    plainly = any(Action.DONE is action if isinstance(each, Outcome) else each is action for each in heard)
    return plainly and verdict(heard) is action


def _unknown_beside(action: Action, piece: str, known: list[Meaning] | None, last: str) -> bool:
    """Whether words nobody listed may be the reason of a decline, or what the sender is at before a firm yes."""
    if known is not None:
        return False
    if action is Action.DECLINE:
        return set(meanings(piece)) <= {Action.ACCEPT} and may_be_a_reason(piece)
    if meanings(piece):
        return False
    return action is Action.ACCEPT and is_firm(last) and may_be_a_circumstance(piece)


def _is_firm(action: Action, piece: str) -> bool:
    """Whether this piece turns what was said before it."""
    return action is not Action.ACCEPT or is_firm(piece) or bool(_BY_ME.search(piece))
