"""
Words that nobody listed, beside a plain answer: whether they may be its mere reason or circumstance.

"车子被我儿子开走了，没法去" is somebody who does not come. A yes stands firmer: "刚吃完饭，我这就过去" counts, because
the unknown words come first, are about the sender, and hold nothing that could turn it; "司机，到了" tells of a driver.
Whatever asks, puts off, denies, tells of others or cries for help is neither: then the text is asked back.
"""

import re

PIECE_MAX = 14
"""Signs of one such piece; who writes more has more to say than a reason."""

_NO_REASON = re.compile(
    "[吗么谁哪啥什怎何?]|多少|是否|呢$|若|如果|的话|除非|[说让叫听派请换找通告诉]|[昏死火]|血(?!压|糖)|救|"
    "抢|[是会能可]$|([一-鿿])不\\1"
)
_OTHERS = re.compile(
    "[他她它您你咱]|人家|别人|大家|老[^婆伴公]|小[^区时孩]|[姐哥叔姨爷奶婶婆]|同事|邻居|护士|医生|护工|护理|"
    "物业|保安|警|消防|救护|家属|领导|主任|站长|儿|(?<!一个)女|爸|妈|孙|伴|公公|朋友|司机|师傅|[张李王刘陈杨赵黄周吴]工"
)
_MINE = re.compile(
    "(?:我|俺|我们|自己)?家?的?(?:儿子|女儿|小孩|孩子|孙子|孙女|外孙|闺女|老伴|老公|老婆|爱人|媳妇|婆婆|公公|岳父|岳母|丈母娘|爸|妈)"
)
"""One's own family is a reason, and nobody who would go instead."""


_SERVING = re.compile(
    "我?(?:还在|正在|正|在)(?:给|帮|陪|带|照顾|护理|伺候|服务)[一-鿿]{0,2}?"
    "(?:老人家?|老太太|奶奶|爷爷|大爷|大妈|阿姨|婆婆|叔叔)"
)
"""Whoever is being looked after, so that one's hands are full."""


def may_be_a_reason(words: str) -> bool:
    """Whether these Chinese words, of which nothing is known, may be why somebody cannot come."""
    if not 0 < len(words) <= PIECE_MAX or re.search("[^一-鿿]", words):
        return False
    words = re.sub("呢$", "", words) if re.match("[我俺]?[在正]", words) else words
    return not _NO_REASON.search(words) and not _OTHERS.search(_MINE.sub("", _SERVING.sub("我", words)))


_OF_MINE = re.compile("(?:我|俺)?(?:现在|这会儿|这边|今天)?(?:刚|正|在|还在|已经|从|家|手里|手头|认识|熟悉|住|离)|我")
_LEFT = re.compile("(?:我|俺)?把(?:我|家里)?的?(?:孩子|娃|孙子|孙女|小孩|宝宝)(?:放|送|交|托|哄)[^,]{0,5}")
"""Who leaves a child with somebody comes."""

_NO_CIRCUMSTANCE = re.compile(
    "[不没别未勿无非甭否错忘吗么谁哪几啥什怎何问?若如假再才先快想怕犹纠另换退]|取消|作废|算了|一半|差|"
    "多少|干嘛|呢$|万一|的话|"
    "只要|只有|要求|等[^红]|等$|之前|以前|以后|之后|时候|改天|[明后昨前][天日早晚]|[点周午晚早夜月号]|"
    "星期|礼拜|[上下][次回]|钱|报销|费|^能|[^可]能[^,]|可能|也许|大概|或许|应该|好像|"
    "似乎|以为|觉得|希望|打算|考虑|尽量|争取|[血晕昏死急痛疼摔倒火毒抽喘]|救|抢|危险|伤|病|骨折|医院|派出所|孩子"
)
_BY_ME = re.compile("我|俺|这就|马上|立刻|立即|现在|分钟|路上")
_MOVES = re.compile("[去到来接过赶往走]|出发|动身|路上")


def may_be_a_circumstance(words: str, *, near: bool = False) -> bool:
    """Whether these Chinese words, of which nothing is known, are about the sender and turn no yes."""
    if not (2 if near else 4) <= len(words) <= PIECE_MAX or re.search("[^一-鿿]", words):
        return False
    words = _LEFT.sub("我", re.sub("呢$", "", words) if words[0] in "在正" else words)
    return bool(near or _OF_MINE.match(words)) and not _NO_CIRCUMSTANCE.search(words) and not _OTHERS.search(words)
