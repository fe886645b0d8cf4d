"""What somebody else had said, taken away: old phones and people who press "reply" send it along."""

import re

_SIGNED = "【(?![1-4]】|[1-9][0-9]】)[^】]*】"
_ORIGINAL = re.compile(
    r"\n[-_=*\s]*(?:原短信|原信息|原文|原消息|原始短信|原始信息|original message|"
    r"original text)[-_=:：*\s]*\n.*",
    re.DOTALL,
)
_SIGNATURE = re.compile(
    r"\n\s*[-—_]{2,}\s*\n.*\Z|(?:\A|(?<=\n)|(?<=[ 。，]))\s*(?:发自|来自|sent from|get outlook)[^\n]*(?:\n|\Z)",
    re.DOTALL,
)
_LONE_CITATION = re.compile(r"\s*[>》＞]+([^\n>]{1,12})\Z")
"""Nothing but a short cited line is the answer itself: some phones put the sign before what is typed."""

_CITED = re.compile(r"^\s*[>|｜＞].*$", re.MULTILINE)
_BETWEEN_QUOTES = re.compile(rf"[“\"「『][^”\"」』]*{_SIGNED}[^”\"」』]*[”\"」』]")
_OURS = re.compile(
    rf"{_SIGNED}[^\n]*(?:回\d[^\n]*|回复?: ?\d\d-1[^\n]*\d\d-2[^\n]*|值守台[^\n]*|按键[^\n]*)$", re.MULTILINE
)
_OFFERED = re.compile(
    r"[“\"「『>]?\s*(?:急[! ][^\n]{0,120}?回(?:\d\d )?1(?:接单|能去),(?:\d\d )?2去不了|"
    r"(?:alarm|alert|nobody yet) [^\n]{0,160}?reply (?:\d\d )?1 (?:accept|yes),? (?:\d\d )?2 (?:no|decline)"
    r"(?: 3 arrived)?(?: 4 done)?|"
    r"已接单:[^\n]{0,160}?到了回3)(?: ?https?://\S+)?[”\"」』]?|[“\"「『][^”\"」』\n]*回[1-4][^”\"」』\n]*[”\"」』](?=\s*\S)"
)
"""Our own words without a signature, as `messages/sentences.py` has them; some providers send none."""

_ABOVE_A_RULE = re.compile(r"\A\s*[“\"「『].*?[”\"」』]\s*\n[ \-—_]{2,}\n", re.DOTALL)
"""As messengers quote: the other's words in brackets, a line, and then the answer."""

_HEADED = re.compile(
    r"\A\s*(?:回复|回覆|转发|答复|re|fwd?)[: ]+[^\n]*(?:求助|紧急|报警|跌倒|呼叫|alert|alarm)[^\n]*\n(?=\s*\S)"
)
_LONE_BRACKET = re.compile(r"\A\s*【([^】\n]{1,12})】\s*\Z")
"""Nothing but what looks like a signature is the answer itself."""

_SURNAMES = "王李张刘陈杨赵黄吴徐孙胡朱林郭梁宋郑韩唐冯董袁邓沈彭吕卢蒋蔡贾丁魏薛潘杜姜范姚谭廖邹陆崔邱秦邵龚"
_NAME = (
    f"(?:[小老阿][{_SURNAMES}]|[{_SURNAMES}](?:护理员?|护工|护士长?|阿姨|师傅|医生|老师|[姐哥])|"
    f"(?!孙[子女]|胡[说闹来]|陈[旧年]|黄了|林[里子]|张[口嘴罗]|杜绝|朱红|宋体|唐突|丁点)"
    f"[{_SURNAMES}](?:(?![去来不没到接走了吗呢说在有要能会找问看等也就先再回给叫让摔倒])[\u4e00-\u9fff]){{1,2}})"
)
"""A name by itself; surnames that begin a common word ("马上", "周一", "万一") are not among them."""

_SIGNED_BY = re.compile(rf"(?<=\S)(?:\s*[-—–―]{{1,3}} ?{_NAME}|\s*\({_NAME}\)|\s*\n\s*{_NAME})\s*\Z")
"""Who signs what they answer: "收到 —— 王芳". Behind a blank alone it may be another who is told of: "收到小李"."""


def unquoted(text: str) -> str:
    """Without what somebody else had said, and without the sender's own name below it; common width, small letters."""
    text = _ABOVE_A_RULE.sub("", text.replace("\r\n", "\n"))
    text = _SIGNATURE.sub("\n", text)
    text = _LONE_BRACKET.sub(r"\1", _LONE_CITATION.sub(r"\1", text))
    for quoted in (_HEADED, _OFFERED, _ORIGINAL, _CITED, _BETWEEN_QUOTES, _OURS):
        text = quoted.sub(" ", text)
    return _SIGNED_BY.sub("", re.sub(_SIGNED, " ", text))
