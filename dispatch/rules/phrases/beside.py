"""
Words that nobody listed, beside a plain "I cannot": whether they may be its mere reason.

"车子被我儿子开走了，没法去" is somebody who does not come. Beside a yes nothing unknown may stand: "司机，到了"
tells of a driver. Whatever asks, puts off, tells of others or cries for help is no reason: then it is asked back.
"""

import re

PIECE_MAX = 14
"""Signs of one such piece; who writes more has more to say than a reason."""

_NO_REASON = re.compile(
    "[吗么谁哪啥什怎何?]|多少|是否|呢$|若|如果|的话|除非|[说让叫听派请换找通告诉]|[昏死火]|血(?!压|糖)|救|抢|[是会能可]$|([一-鿿])不\\1"
)
_OTHERS = re.compile(
    "[他她它您你咱]|人家|别人|大家|老[^婆伴公]|小[^区时孩]|[姐哥叔姨爷奶婶婆]|同事|邻居|护士|医生|护工|护理|"
    "物业|保安|警|消防|救护|家属|领导|主任|站长|儿|女|爸|妈|孙|伴|公公|朋友|司机"
)
_MINE = re.compile(
    "(?:我|俺|我们|自己)?家?的?(?:儿子|女儿|小孩|孩子|孙子|孙女|外孙|闺女|老伴|老公|老婆|爱人|媳妇|爸|妈)"
)
"""One's own family is a reason, and nobody who would go instead."""


def may_be_a_reason(words: str) -> bool:
    """Whether these Chinese words, of which nothing is known, may be why somebody cannot come."""
    if not 0 < len(words) <= PIECE_MAX or re.search("[^一-鿿]", words):
        return False
    return not _NO_REASON.search(words) and not _OTHERS.search(_MINE.sub("", words))
