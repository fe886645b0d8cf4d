"""
What people answer, read: an action, the code of an offer, how it ended, or the wish to get no more messages.

    <action>              1, 接单, 去不了, daole, done
    <code> <action>       12 1, 12-1, 12 接单
    <code><action>        121 is code 12 and action 1
    <code>                nothing can be done with it: asked back

A text counts only when every word of it is known: "不好" is not "好" with something before it. What is not understood,
or says two things, has no action and is asked back. Accepting for somebody who did not mean it would leave an old
person waiting.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from types import MappingProxyType

from dispatch.rules.alarm import Outcome


class Action(StrEnum):
    """What an answer does; on a phone the digits 1 to 4 in this order."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ARRIVED = "arrived"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """
    An answer as it was understood.

    `action` is None where it is unclear; then `code` is set only if the text was nothing but a code. `outcome` is the
    sender's word on how it ended, with `DONE`, or with `ARRIVED` where both were said ("到了，没事"): a human at the
    desk closes. `stop` never comes with an action. `rest` is the note beside a decline or an end, `ALL` beside a
    decline of everything, the whole text where nothing was understood, else empty.
    """

    action: Action | None = None
    code: int | None = None
    outcome: Outcome | None = None
    stop: bool = False
    rest: str = ""


ALL = "全部"
"""What `rest` says when somebody declined everything that is open ("2 全部")."""


class _Aside(Enum):
    """
    Words that do not decide alone. A nod agrees with whatever else is said, and by itself it accepts. A cry may be a
    report or a call for help: a human reads it.
    """

    NOD = "nod"
    ALL = "all"
    COURTESY = "courtesy"
    CRY = "cry"


_Meaning = Action | Outcome | _Aside

_DIGITS: Mapping[str, Action] = MappingProxyType(dict(zip("1234", Action, strict=True)))
_ALONE: Mapping[str, str] = MappingProxyType({"一": "1", "二": "2", "三": "3", "四": "4", "不": "不去"})
"""Words too short to be trusted inside others."""

_VOCABULARY: Mapping[_Meaning, str] = MappingProxyType(
    {
        Action.ACCEPT: (
            "接单/接單/接/接了/接受/已接/已接单/我接/我接单/去/我去/我们去/马上去/我马上去/现在去/这就去/就去/能去/我能去/可以去/"
            "我可以去/会去/马上到/我马上到/马上就到/马上来/我马上来/马上过来/马上过去/马上就来/这就来/这就到/立刻到/立即到/"
            "立刻去/立即去/立刻出发/马上出发/我来/我过去/我过来/出发/出发了/已出发/我出发了/在路上/在路上了/已在路上/我在路上/"
            "可以/我可以/行/行的/行吧/我行/没问题/是的/同意/"
            "jie dan/qu/wo qu/wo lai/ma shang dao/ma shang qu/ma shang lai/ke yi/xing/"
            "yes/yes i can/accept/accepted/i accept/coming/im coming/i am coming/i will come/ill come/i will go/ill go/"
            "i go/going/im going/on my way/im on my way/omw/sure/no problem/i can/i can go"
        ),
        Action.DECLINE: (
            "拒/拒绝/拒絕/拒单/拒接/不行/我不行/去不了/去不了了/我去不了/不去/我不去/不去了/我不去了/没空/我没空/没有空/不能去/"
            "我不能去/不能去了/来不了/我来不了/不来/不来了/不能来/到不了/过不去/过不来/赶不到/赶不过去/赶不过来/不接/我不接/"
            "不接单/接不了/接不了单/不能接/不能接单/没时间/我没时间/没有时间/不了/没法去/没法来/无法去/无法前往/无法接单/不方便/"
            "走不开/我走不开/我有事/在忙/我在忙/不想去/没办法去/"
            "bu qu/wo bu qu/bu qu le/qu bu liao/bu xing/mei kong/bu neng qu/lai bu liao/bu lai/ju jue/mei shi jian/"
            "dao bu liao/no/nope/no i cant/decline/declined/i decline/cannot/cant/i cannot/i cant/cannot come/"
            "cant come/i cannot come/i cant come/cannot go/cant go/i cannot go/i cant go/cant make it/cannot make it/"
            "i cant make it/unable/unavailable/not available/not coming/im not coming/wont come/wont go/refuse/reject/"
            "no time/busy/im busy"
        ),
        Action.ARRIVED: (
            "到/到了/我到/我到了/到达/到達/到达了/已到/我已到/已到了/已到达/我已到达/已经到/已经到了/我已经到了/已经到达/刚到/"
            "到现场/到现场了/已到现场/到位/到位了/已到位/抵达/已抵达/"
            "dao le/wo dao le/yi dao/dao da/yi dao da/yi jing dao le/"
            "arrived/i arrived/have arrived/i have arrived/ive arrived/here/im here/i am here/on site"
        ),
        Action.DONE: (
            "完成/完成了/已完成/已经完成/好了/都好了/已经好了/办完/办完了/办好了/处理好了/已处理好/处理完/处理完了/处理完毕/已处理/"
            "搞定/搞定了/已搞定/结束/结束了/已结束/弄好了/完事/完事了/忙完了/解决了/已解决/完毕/"
            "wan cheng/wan cheng le/yi wan cheng/hao le/ban wan le/chu li hao le/gao ding/gao ding le/"
            "done/all done/its done/finished/complete/completed/resolved"
        ),
        Outcome.HELPED: (
            "没事/没事了/老人没事/人没事/无事/平安/安好/正常/一切正常/没大碍/扶起/扶起了/已扶起/扶起来了/已扶起来/已帮助/"
            "mei shi/mei shi le/fine/all fine/is fine/all well/helped/no harm"
        ),
        Outcome.FALSE_ALARM: (
            "误报/誤報/误按/误触/按错/按错了/虚惊/虚惊一场/wu bao/false alarm/false/by mistake/mistake"
        ),
        Outcome.TEST: "测试/測試/试按/试机/ce shi/test/a test",
        Outcome.HOSPITAL: (
            "送医/送醫/已送医/送医了/送医院/已送医院/送医院了/送到医院/已送到医院/去医院了/已去医院/已叫120/已打120/已叫救护车/"
            "song yi/hospital/to hospital/taken to hospital"
        ),
        Outcome.POLICE_FIRE: "已报警/已叫110/已叫119/police came/fire brigade came",
        Outcome.NOBODY_HOME: "没人/家里没人/没人在家/不在家/老人不在家/无人/家中无人/nobody home/no one home/not home",
        Outcome.DIED: "去世/去世了/已去世/老人去世/死亡/已死亡/过世/过世了/离世/died/has died",
        Outcome.DUPLICATE: "重复/重复报警/duplicate",
        Outcome.OTHER: "其他/其它/qi ta/other",
        _Aside.NOD: "收到/收到了/好/好的/好滴/好嘞/好吧/shou dao/hao/hao de/ok/okay/roger",
        _Aside.ALL: "全部/都/quan bu/all",
        _Aside.COURTESY: (
            "谢谢/谢谢您/抱歉/对不起/不好意思/您好/你好/啊/呀/哦/xie xie/dui bu qi/"
            "thanks/thank you/sorry/please/hello/hi"
        ),
        _Aside.CRY: (
            "叫120/打120/叫救护车/救护车/去医院/报警/叫110/叫119/消防/警察/救命/着火/着火了/"
            "ambulance/police/fire/fire brigade/help"
        ),
    }
)
"""What words mean. Two words that mean two things ("行不行") cancel each other and are asked back."""

_MEANINGS = {word.replace(" ", ""): means for means, words in _VOCABULARY.items() for word in words.split("/")}

_OPT_OUT = "stop|stopall|stop all|unsubscribe|optout|opt out|end|quit|cancel|revoke|td|t|r|tuiding|退订|退訂|取消订阅"
"""Twilio's list (MESSAGING, section 1.6) and what Chinese operators take: TD, T, R, 退订."""

_HARMLESS = "👌👍🙏😊🌹"
"""Signs that say nothing by themselves. Any other leaves the text not understood: "1 ❌" is no acceptance."""

_DROPPED = frozenset("'’`\ufe0e\ufe0f\u20e3") | frozenset(map(chr, range(0x1F3FB, 0x1F400)))
"""Apostrophes ("can't"), and what only changes how the sign before is drawn: "1️⃣" is 1."""

_QUOTED = re.compile(r"【[^】]*】")
_STOP = re.compile(rf"(?:(?:回复|回|reply)[ ,]*)?(?:{_OPT_OUT})(?:[ ,]*(?:{_OPT_OUT}))*")
_LEAD = re.compile(r"(?:回复|答复|reply(?![a-z])|re(?![a-z])|(?:回|按|选|press)(?=[ ,]*[0-9]))[ ,]*")
_TWICE_NO = re.compile(r"不 ?[去来接到能会可][^,]{0,2}不(?! ?好 ?意 ?思)")
"""Two noes may be a yes: "不去不行" is "I have to go"."""

_VAGUE = re.compile(r"[ ,]*(?:不 ?行|no(?![a-z]))[ ,]")
"""With more behind it, this may be about the resident: "不行，老人流血"."""

_DENIAL = re.compile(r"[没沒不未别別勿无無非还還\d]|(?<![a-z])(?:not|no|never|dont|didnt|isnt|wasnt)(?![a-z])")
_NUMBER = re.compile(
    r"(?:(?:码|代码|code)[ ,]*(?=[0-9]))?(?P<code>[1-9][0-9])?[ ,]*(?P<digit>[1-4])?(?!\d| ?(?:分|个|小时|半))"
)
_SOON = (
    r"(?<!\d)(?<!\d,)(?:[0-9]{1,3}|[一二两三四五六七八九十半]{1,3}) ?(?:分钟?|个?小时)"
    r"(?:后|内|左右|之内|以内)?就?能?到"
)
"""How long somebody will be is an acceptance, never a code and never an arrival: "12分钟到"."""


def parse(text: str) -> Parsed:
    """
    What somebody answered by SMS, or pressed in a call. Never raises, whatever the text.

    Case, width of digits, blanks, punctuation and a quoted "回复：" do not matter. A question is not an answer.
    """
    plain = _normal(text)
    if _opts_out(plain):
        return Parsed(stop=True, rest=plain)
    if "?" in plain or _TWICE_NO.search(plain):
        return Parsed(rest=plain)
    said = _LEAD.sub("", plain, count=1) if _LEAD.match(plain) else plain
    return _answer(_ALONE.get(said, said)) or Parsed(rest=plain)


def _normal(text: str) -> str:
    """Small letters of common width; a comma for each run of punctuation, a single blank for white space."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    signs = "".join(map(_sign, _QUOTED.sub(" ", wide)))
    return re.sub(r" *,[ ,]*", ",", re.sub(r" +", " ", signs)).strip(" ,")


def _sign(char: str) -> str:
    if char.isspace():
        return " "
    if char == "?" or char.isalnum():
        return char
    kind = unicodedata.category(char)
    if char in _DROPPED or kind in {"Cc", "Cf", "Cs"}:
        return ""
    return "," if kind.startswith("P") or char == "~" or char in _HARMLESS else char


def _opts_out(plain: str) -> bool:
    asked = "退订" in plain or "退訂" in plain
    return bool(_STOP.fullmatch(plain)) or (asked and not re.search("[不别勿没]", plain))


def _answer(said: str) -> Parsed | None:
    """None where it is unclear. The number at the head is a code, a digit to act by, or both."""
    number = _NUMBER.match(said)
    start, code, digit = (number.end(), number["code"], number["digit"]) if number else (0, None, None)
    if code and not digit and start == len(said):
        return Parsed(code=int(code))
    heard, note = _heard(said, start)
    if note is None or (note and _VAGUE.match(said, start)):
        return None
    return _understood([*([_DIGITS[digit]] if digit else []), *heard], note, int(code) if code else None)


def _understood(heard: list[_Meaning], note: str, code: int | None) -> Parsed | None:
    action = _verdict(heard)
    if action is None or (note and not (action in heard and _may_note(action, note))):
        return None
    told = {each for each in (*heard, *_meanings(note)) if isinstance(each, Outcome)}
    outcome = told.pop() if len(told) == 1 else None
    if _Aside.ALL not in heard:
        return Parsed(action=action, code=code, outcome=outcome, rest=note)
    everything = action is Action.DECLINE and code is None and not note
    return Parsed(action=action, rest=ALL) if everything else None


def _heard(said: str, at: int) -> tuple[list[_Meaning], str | None]:
    """What the words mean, longest first, up to the first unknown one; the rest is a note if something parts it."""
    heard: list[_Meaning] = []
    while found := _token().match(said, at):
        heard += _meanings(found.group())
        at = found.end()
    parted = at == len(said) or (at > 0 and said[at - 1] in " ,")
    return heard, said[at:] if parted else None


def _verdict(heard: Iterable[_Meaning]) -> Action | None:
    """The one thing all of them say. Who came and finished has come: the end is asked for again, at the desk."""
    said = set(heard)
    if _Aside.CRY in said:
        return None
    actions = {Action.DONE if isinstance(each, Outcome) else each for each in said if not isinstance(each, _Aside)}
    if actions == {Action.ARRIVED, Action.DONE}:
        return Action.ARRIVED
    if len(actions) == 1:
        return actions.pop()
    return Action.ACCEPT if not actions and _Aside.NOD in said else None


def _may_note(action: Action, note: str) -> bool:
    """Free words may stand behind a decline or an end only, and must neither deny it nor say something else."""
    if action not in {Action.DECLINE, Action.DONE}:
        return False
    others = _verdict([action, *_meanings(note)]) is not action
    return not others and not _DENIAL.search(_word().sub(" ", note))


def _meanings(words: str) -> Iterator[_Meaning]:
    for found in _word().finditer(words):
        word = found["word"]
        yield _MEANINGS[word.replace(" ", "")] if word else Action.ACCEPT


def _spelled(word: str) -> str:
    """A pattern for the word: Chinese with stray blanks, Latin letters as whole words with or without their blanks."""
    if word.isascii():
        return rf"(?<![a-z]){word.replace(' ', ' ?')}(?![a-z])"
    return " ?".join(map(re.escape, word))


def _longest_first() -> list[str]:
    words = [word for said in _VOCABULARY.values() for word in said.split("/")]
    return sorted(words, key=lambda word: len(word.replace(" ", "")), reverse=True)


@cache
def _word() -> re.Pattern[str]:
    # Made when the first reply comes: it takes a tenth of a second, which a press may be waiting for at the start.
    return re.compile(rf"(?P<soon>{_SOON})|(?P<word>{'|'.join(map(_spelled, _longest_first()))})")


@cache
def _token() -> re.Pattern[str]:
    return re.compile(rf"[ ,]+|{_word().pattern}")
