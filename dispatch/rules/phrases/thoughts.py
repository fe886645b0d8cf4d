"""A text parted into thoughts: company, hours and joining words made plain, a comma where a new thought begins."""

import re

from dispatch.rules.phrases.pieces import SURNAMES

_TIME = re.compile(r"(?<![\d,])([01]?\d|2[0-3]),([0-5]\d)(?![\d,])")
_JOINS = re.compile(
    "(?:但是|但|不过(?![来去])|可是|可惜|只是|然而|却|所以|因此|而且|并且|并(?=[接已在正])|(?<=[^都还])可(?=我|是|"
    "实在|今|现)|(?=还是[换找派叫请])|(?<=不好意思)|(?<=对不起)|(?<=抱歉)(?![了啊哈])|(?<=[呢单])(?=走不开|"
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
ALARMING = re.compile(
    "流血|出血|吐血|昏|晕(?!车)|呼吸|心跳|骨折|抽搐|中风|煤气|着火|取消|作废|骗|才怪|以前|上次|上回|昨|明天|"
    "后天|以为|好像是|听说|"
    "(?<![a-z])(?:blood|bleeding|unconscious|breathing|tomorrow|yesterday|cancel|fire)(?![a-z])"
)
"""What a human must read at once, or what turns everything beside it."""


def thoughts(plain: str) -> str:
    """A tidy text with a comma between any two thoughts, and times of day, company and joining words made plain."""
    text = _ALTHOUGH.sub("", plain)
    text = _PASS_ON.sub("", _WITH.sub("我们", _TIME.sub(r"\1点\2", text)))
    return ",".join(piece for each in _JOINS.sub(",", text).split(",") if (piece := _AT.sub("", each.strip())))
