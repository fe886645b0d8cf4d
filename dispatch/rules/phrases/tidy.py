"""
A text made comparable: what was quoted is gone, one way of writing is left.

Small letters of common width, simplified characters, no tones, no blank inside Chinese, a comma for each run of
punctuation, and slips of Chinese keyboards mended where nothing else can be meant.
"""

import re
import unicodedata

from dispatch.rules.phrases.traditional import SIMPLIFIED

_HARMLESS = frozenset(
    "👌👍🙏😊🌹🤝💪🫡👏❤♥💐🌸😄😃😀😁☺🙂😉😌😷🤒🤕🤧😢😭😔😞🙇💦✅☑✔🏃🚶🚴🛵🚗🏍🚕🚙🚲🚌🚇💨🏠🏥🌧☔❄♀♂"
)
"""
Signs that say nothing by themselves: thanks, moods, ways and weather. Any other leaves the text not understood: "1 ❌"
is no acceptance.
"""

_DROPPED = frozenset("'’`\ufe0e\ufe0f\u20e3") | frozenset(map(chr, range(0x1F3FB, 0x1F400)))
"""Apostrophes ("can't"), and what only changes how the sign before is drawn: "1️⃣" is 1."""

_ROUND = str.maketrans("❶❷❸❹➊➋➌➍➀➁➂➃⓵⓶⓷⓸", "1234" * 4)

_SLIPS = (
    ("吗上", "马上"),
    ("马上(?:酒)?[道倒]", "马上到"),
    ("约莫|大致|将近", "大约"),
    ("en,route", "en route"),
    ("受到|收[道倒]", "收到"),
    ("收到[拉]", "收到"),
    ("[节街]单", "接单"),
    ("接[丹旦]", "接单"),
    ("(?<!可)[己以](?=到|道|经|出发|接|处|完|送|进|办|抵|上)", "已"),
    ("已道", "已到"),
    ("已经道", "已经到"),
    ("[煤末]空|没[控孔]", "没空"),
    ("去[不布部](?:料|鸟|聊|廖|了)", "去不了"),
    ("趣不了", "去不了"),
    ("来步了", "来不了"),
    ("不能区$", "不能去"),
    ("^[不布][区去]$|^不区$", "不去"),
    ("[拒居巨据][决觉绝]", "拒绝"),
    ("[马麻妈码]山(?=[到去来就走过赶出道倒])", "马上"),
    ("再路上", "在路上"),
    ("(?<=路上)拉", "啦"),
    ("[幻唤]人", "换人"),
    ("(?<=人)把$", "吧"),
    ("木有", "没有"),
    ("^木(?=[空人时])", "没"),
    ("^我?道了$", "到了"),
    ("走不kai", "走不开"),
    ("完城", "完成"),
    ("[板办][玩完]了", "办完了"),
    ("^没是了", "没事了"),
    ("处里", "处理"),
    ("处理玩", "处理完"),
    ("搞[订腚]", "搞定"),
    ("^[窝卧俄额]去$|^我趣$", "我去"),
    ("(?<=[到了成])拉", "啦"),
    ("^刚倒(?=,)", "刚到"),
    ("^道了(?=,已)", "到了"),
    ("到著", "到着"),
    ("到着了", "到了"),
    ("而家|依家|宜家", "现在"),
    ("[冇]", "没"),
    ("[没无]嘢", "没事"),
    ("㗎", "啊"),
    ("今日", "今天"),
    ("啱", "刚"),
    ("屋企", "家里"),
    ("哋", "们"),
    ("[俾畀]", "给"),
    ("仲(?=[有要未没在差得])", "还"),
    ("返起身|起返身|起返来", "起来"),
    ("扶返", "扶"),
    ("(?<=[到送走错做好完睡])[咗佐]|(?<=[到送走错完])左(?=$|,|啦|医)", "了"),
    ("(?<=[我过就上])切(?![菜肉片断割换开除])|^切(?=不[了到])", "去"),
    ("(?<=[我就])克(?=$|,|看)|^克(?=不[了到])", "去"),
    ("侬", "你"),
    ("落楼", "下楼"),
    ("今朝", "今天"),
    ("(?<=好)der(?![a-z])", "的"),
    ("行紧(?![过去来要急张])", "在路上"),
    ("已达$", "已到达"),
    ("(?<=^ok) ?la+h?(?=[ ,]|$)", ""),
    ("呒没|莫得", "没有"),
    ("嚟", "来"),
    ("喺", "在"),
    ("就来到(?=$|[,了啦])", "马上到"),
    ("佢", "他"),
    ("搵", "找"),
    ("睇", "看"),
    ("唔该", "谢谢"),
    ("[唔勿]", "不"),
    ("(?<=开)不到(?=门|$)", "不了"),
    ("[喇]", "啦"),
    ("锁匙", "钥匙"),
    ("(?<=[事完好掂])啦?晒", "啦"),
    ("(?<!有)没得", "没有"),
    ("(?<![关合围收靠聚])拢(?=了|屋|咯|喽|$)", "到"),
    ("(?<=[\u3400-\u9fff])le(?![a-z])", "了"),
    ("(?<=[\u3400-\u9fff])dao(?![a-z])", "到"),
    ("(?<=[我俺])jie(?![a-z])", "接"),
    ("(?<=马)shang(?![a-z])", "上"),
    ("(?<=[我俺])qu(?![a-z])", "去"),
    ("(?<=没)shi(?![a-z])", "事"),
    ("(?<=没)ren(?![a-z])", "人"),
    ("(?<=送)yi ?yuan(?![a-z])", "医院"),
    ("(?:\\[(?:ok)\\])", ""),
)
_BETWEEN_WORDS = re.compile(r"(?<=[\u3400-\u9fff]{2}) (?=[\u3400-\u9fff]{2})")
"""A single character beside a blank is a slip, and half of a word: "不 好"."""

_MENDED = tuple((re.compile(slip), meant) for slip, meant in _SLIPS)

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
_OURS = re.compile(rf"{_SIGNED}[^\n]*(?:回\d[^\n]*|值守台[^\n]*|按键[^\n]*)$", re.MULTILINE)
_OFFERED = re.compile(
    r"[“\"「『>]?\s*(?:急[! ][^\n]{0,120}?回(?:\d\d )?1(?:接单|能去),(?:\d\d )?2去不了|"
    r"(?:alarm|nobody yet) [^\n]{0,160}?reply (?:\d\d )?1 (?:accept|yes),? (?:\d\d )?2 no|"
    r"已接单:[^\n]{0,160}?到了回3)(?: ?https?://\S+)?[”\"」』]?|[“\"「『][^”\"」』\n]*回[1-4][^”\"」』\n]*[”\"」』](?=\s*\S)"
)
"""Our own words without a signature, as `messages/sentences.py` has them; some providers send none."""
_FACES = re.compile(r"\[(?:ok|抱拳|强|握手|微笑|玫瑰|合十|呲牙|愉快|爱心|加油|拥抱|嘿哈|好的|胜利|鼓掌)\]")


def tidy(text: str, between: str = "") -> str:
    """
    The text as the patterns read it. Never raises, whatever the text.

    `between` stands for a blank inside Chinese: nothing, because thumbs slip, or a comma, because many write none.
    """
    wide = unicodedata.normalize("NFKC", text).casefold().translate(_ROUND)
    bare = "".join(map(_sign, _FACES.sub(_face, _unquoted(wide))))
    plain = re.sub(r" *,[ ,]*", ",", re.sub(r" +", " ", _without_tones(bare))).strip(" ,").translate(SIMPLIFIED)
    parted = _BETWEEN_WORDS.sub(between, plain) if between else plain
    joined = re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", parted)
    for slip, meant in _MENDED:
        joined = slip.sub(meant, joined)
    return _once(joined.strip(" ,"))


def _unquoted(text: str) -> str:
    """Without what somebody else had said: old phones and people who press "reply" send it along."""
    text = _SIGNATURE.sub("\n", text.replace("\r\n", "\n"))
    text = _LONE_CITATION.sub(r"\1", text)
    for quoted in (_OFFERED, _ORIGINAL, _CITED, _BETWEEN_QUOTES, _OURS):
        text = quoted.sub(" ", text)
    return re.sub(_SIGNED, " ", text)


def _face(found: re.Match[str]) -> str:
    return "ok" if found[0] == "[ok]" and found.start() == 0 else ","


def _sign(char: str) -> str:
    if char.isspace():
        # A new line parts sentences.
        return "," if char == "\n" else " "
    if char == "?" or char.isalnum():
        return char
    kind = unicodedata.category(char)
    if char in _DROPPED or kind in {"Cc", "Cf", "Cs"}:
        return ""
    if kind == "Mn":
        return char
    return "," if kind.startswith("P") or char in "~<>=|" or char in _HARMLESS else char


def _without_tones(text: str) -> str:
    """Tone marks of pinyin: "qù" is "qu". Other marks stay, so that nothing foreign becomes a word by losing them."""
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", re.sub("(?<=[aeiou\u00fc])[\u0300\u0301\u0304\u030c]", "", apart))


def _once(text: str) -> str:
    """Who says it twice means it once: "收到收到". Never of numbers."""
    return re.sub(r"^([^\d,][^\d,]*?)(?:[ ,]*\1)+$", r"\1", text)
