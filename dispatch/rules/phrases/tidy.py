"""
A text made comparable: what was quoted is gone, one way of writing is left.

Small letters of common width, simplified characters, no tones, no blank inside Chinese, a comma for each run of
punctuation, and slips of Chinese keyboards mended where nothing else can be meant.
"""

import re
import unicodedata

from dispatch.rules.phrases.pinyin import READ_SO
from dispatch.rules.phrases.quoting import unquoted
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
    ("受到|收[道倒]|收悉", "收到"),
    ("^(?:我)?接收$|(?<=[我已])接收$", "接受"),
    ("^结单(?=我?(?:马上|这就)?[去来])", "接单"),
    ("(?:(?<![\u4e00-\u9fff])|(?<=[我人已经]))再(?=外地|老家|现场|门口|附近|楼下|医院|高铁|火车|飞机|开会|上班)", "在"),
    ("^再(?=,我[去来])", "在"),
    ("(?<!自)己(?=收|离|安|结|扶|叫|联|解|搞|确)", "已"),
    ("收到[拉]", "收到"),
    ("[节街]单|(?<![a-z])jie单", "接单"),
    ("接[丹旦]|接dan(?![a-z])", "接单"),
    ("好[dの](?![a-z])", "好的"),
    ("(?<![a-z])([jqx])v(?=[a-z]|$| )", r"\1u"),
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
    ("(?<=[到送走错做好完睡返收])[咗佐]|(?<=[到送走错完])左(?=$|,|啦|医)", "了"),
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
    ("[么莫](?=空$|得空|得事)", "没"),
    ("啲", "点"),
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
    ("(?<=[\u3400-\u9fff])dao ?le(?![a-z])", "到了"),
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

_FACES = re.compile(r"\[(?:ok|抱拳|强|握手|微笑|玫瑰|合十|呲牙|愉快|爱心|加油|拥抱|嘿哈|好的|胜利|鼓掌)\]")


_HYPHEN = re.compile("(?<=[a-z])[-_](?=[a-z])")
"""jie-dan, on-my-way"""

_TONED = re.compile("(?:[1-9][0-9][ ,]*)?(?:[a-z\u00fc]+(?:[1-5][ ,]*|[ ,]+))*[a-z\u00fc]*")
_TONE = re.compile("([a-z\u00fc]+)[1-5]")
_TONE_WITHIN = re.compile("[a-z\u00fc][1-5][a-z]")
_SYLLABLES = frozenset(READ_SO.values())
_SPACED = re.compile("^(?:[a-z] ){3,}[a-z]$")
"""A word that a phone, or a hand that trembles, has written letter by letter: "j i e d a n"."""


def tidy(text: str, between: str = "") -> str:
    """
    The text as the patterns read it. Never raises, whatever the text.

    `between` stands for a blank inside Chinese: nothing, because thumbs slip, or a comma, because many write none.
    """
    wide = unicodedata.normalize("NFKC", text).casefold().translate(_ROUND)
    bare = "".join(map(_sign, _HYPHEN.sub(" ", _FACES.sub(_face, unquoted(wide)))))
    plain = re.sub(r" *,[ ,]*", ",", re.sub(r" +", " ", _without_tones(bare))).strip(" ,").translate(SIMPLIFIED)
    plain = _SPACED.sub(_closed, _without_tone_digits(plain))
    parted = _BETWEEN_WORDS.sub(between, plain) if between else plain
    joined = re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", parted)
    for slip, meant in _MENDED:
        joined = slip.sub(meant, joined)
    return _once(joined.strip(" ,"))


def _face(found: re.Match[str]) -> str:
    return "ok" if found[0] in {"[ok]", "[好的]"} and found.start() == 0 else ","


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


def _without_tone_digits(plain: str) -> str:
    """Tones as digits: "jie1dan1" is "jiedan". A digit that is the only one, and last, is an answer: "jiedan2"."""
    toned = _TONED.fullmatch(plain) and _TONE.findall(plain)
    if not toned or not (len(toned) > 1 or _TONE_WITHIN.search(plain)) or not _SYLLABLES.issuperset(toned):
        return plain
    return _TONE.sub(r"\1", plain)


def _closed(spaced: re.Match[str]) -> str:
    return spaced[0].replace(" ", "")


def _once(text: str) -> str:
    """Who says it twice means it once: "收到收到". Never of numbers."""
    return re.sub(r"^([^\d,][^\d,]*?)(?:[ ,]*\1)+$", r"\1", text)
