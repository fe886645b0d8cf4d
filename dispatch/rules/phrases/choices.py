"""Digits in the dress that people give them: "我的回复是1", "按1键", "选2号", "12回1", "2 2 2", "接单12"."""

import re

_LEAD = (
    r"(?:(?:我的|我)?(?:回复|回覆|答复|答案|回|选择|选项|选|按键|按|数字|要)(?:了|的?是|为)?|"
    r"请[按选]|re|fwd?|reply|press|option|number|choose|select|answer)"
)
_CHOICE = re.compile(
    rf"(?:{_LEAD}[ ,]*){{0,2}}(?:(?:码|代码|编号|code)[ ,]*)?(?:(?P<code>[1-9]\d)号?[ ,]*)?(?:{_LEAD}[ ,]*){{0,2}}"
    r"(?P<digit>[1-4一二三四])(?P<unit>号键|键|号|了|哈|啦|啊)?(?P<again>(?:[ "
    r",]+(?P=digit)(?!\d))*)(?P<tail>$|,.*| (?:please|pls|plz|thanks|thank you|thx)$)"
)
"""A single digit and whatever leads to it; more words only behind a sign that parts them."""

_CODE_LAST = re.compile(r"(?P<head>.*?[^\d ,])[ ,]*(?:(?:码|代码|编号|单号|code)[ ,]*)?(?P<code>[1-9]\d)(?:号单|号)?$")
_NO_HEAD = re.compile("(?<!^收)到$|(?<!^不)(?<!^不能)(?<!^我)[去来]$|[点在楼第共约差月号日床]$|分钟到|[0-9]")
"""Behind these a number is an hour, a floor or a house."""

CODE_FIRST = re.compile(
    r"(?:好的|好|收到|嗯|ok)?[ ,]*第?(?P<code>[1-9]\d)(?:号单|这单|单|号)的?[ ,]*(?P<rest>(?![楼门院房晚早栋单线])\D.*)"
)
"""好的12号单我接: the code before words that are no house number."""

_CORRECTED = re.compile(
    "(?:(?:不好意思|对不起|抱歉)[ ,]*)?(?:(?:我|刚才|刚刚|刚|前面|上面|[1-4] ?)*(?:按|点|发"
    "|回|打)错(?:了)?|[1-4] ?不对|不是 ?[1-4])[ ,]+"
    "(?:应该)?(?:是|回|按|改成)?[ ,]*(?P<meant>[1-4](?:[ ,]+[^0-9].*)?|我(?:能|可以|马上)?(?:接|去|来)单?|[去来]不了)"
)
"""Who takes back what they sent before and says what they meant: "不是2，是1", "发错了，我接"."""

_DIGIT_FIRST = re.compile(r"([1-4]) ([1-9]\d)")
_HAN = str.maketrans("一二三四", "1234")


def undressed(said: str) -> str:
    """The tidy text with its code and digit first and bare, or as it was."""
    turned = _DIGIT_FIRST.fullmatch(said)
    if turned:
        return f"{turned[2]} {turned[1]}"
    found = _CHOICE.fullmatch(said)
    if found is None:
        return said
    code = f"{found['code']} " if found["code"] else ""
    return code + found["digit"].translate(_HAN) + found["tail"]


def corrected(plain: str) -> str | None:
    """What a tidy text says instead of what was sent before it; None where it corrects nothing."""
    found = _CORRECTED.fullmatch(plain)
    return found["meant"] if found else None


def code_last(said: str) -> tuple[str, int] | None:
    """The words before a code that stands last, and the code; None where that number may be something else."""
    found = _CODE_LAST.fullmatch(said)
    if found is None or _NO_HEAD.search(found["head"]):
        return None
    return found["head"], int(found["code"])
