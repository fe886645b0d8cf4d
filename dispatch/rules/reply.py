"""
What people answer, read: an action, the code of an offer, how it ended, or the wish to get no more messages.

    <action>              1, 接单, 去不了, daole, done
    <code> <action>       12 1, 12-1, 12 接单
    <code><action>        121 is code 12 and action 1
    <code>                nothing can be done with it: asked back

A text counts when every word of it is known: "不好" is not "好" with something before it. Beside that it is read as a
row of phrases between which few unknown words may stand, where they cannot turn it (`phrases/composed.py`).
What is not understood, or says two things, has no action and is asked back. Accepting for somebody who did not mean
it would leave an old person waiting. How people say things is in `phrases/`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.choices import CODE_FIRST, code_last, undressed
from dispatch.rules.phrases.composed import composed
from dispatch.rules.phrases.gaps import GONE_AGAIN
from dispatch.rules.phrases.hearing import covered, left_over, meanings, verdict
from dispatch.rules.phrases.held import is_held, is_wavering
from dispatch.rules.phrases.meaning import POSSIBLE, Aside, Meaning
from dispatch.rules.phrases.meaning import Action as Action
from dispatch.rules.phrases.meaning import Standing as Standing
from dispatch.rules.phrases.sounds import mended
from dispatch.rules.phrases.spelling import spelled
from dispatch.rules.phrases.standing import SIGNS, standing_means
from dispatch.rules.phrases.tidy import tidy

TEXT_MAX = 200
"""Signs that are read; nobody answers at such length, and what is longer is for a human."""


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


AGAIN_MAX = 80
"""Signs of a text that is read again as it may have been meant: each reading of a flood of words costs its square."""

ALL = "全部"
"""What `rest` says when somebody declined everything that is open ("2 全部")."""

_DIGITS: Mapping[str, Action] = MappingProxyType(dict(zip("1234", Action, strict=False)))
_ALONE: Mapping[str, str] = MappingProxyType(
    {"一": "1", "壹": "1", "二": "2", "贰": "2", "三": "3", "叁": "3", "四": "4", "肆": "4", "不": "不去"}
    | {"yi": "1", "1号": "1", "接1": "1", "one": "1", "two": "2", "three": "3", "four": "4", "y": "yes", "n": "no"}
)
"""Words too short to be trusted inside others."""

_OPT_OUT = "stop|stopall|stop all|unsubscribe|optout|opt out|end|quit|cancel|revoke|td|t|r|tuiding|退订|取消订阅"
"""Twilio's list (MESSAGING, section 1.6) and what Chinese operators take: TD, T, R, 退订."""

_STOP = re.compile(rf"(?:(?:回复|回|reply)[ ,]*)?(?:{_OPT_OUT})(?:[ ,]*(?:{_OPT_OUT}))*")
_LEAD = re.compile(
    r"(?:回复|答复|reply(?![a-z])|re(?![a-z])|(?:我)?(?:回|按|选|选择|数字|选项|press)(?=[ ,]*[0-9一二三四]))[ ,]*"
)
_ADDRESSED = re.compile(
    "[一-鿿]?(?:领导|主任|站长|经理|院长|组长|队长|主管|护士长|老板|老师|同志|师傅|[哥姐]),?"
    "(?=[我俺咱你您]|本人|收到|好的|报告|抱歉|不好意思|对不起|实在|非常抱歉)"
)
"""Who is spoken to, where the sender speaks of himself behind it; "王姐 到了" tells of her."""

_BOSS = re.compile("^[一-鿿]?(?:领导|主任|站长|经理|院长|组长|队长|主管|护士长|老板|老师|同志),(?=.)")
"""The same where a comma was written: "站长，到了"."""

_CANNOT = re.compile(
    "(?:所以|因此|实在|真的|真|恐怕|暂时|目前|现在|今天|这会儿?|我这边|我|也|就|都)*"
    "(?:去不了|去不成|来不了|来不成|走不开|走不脱|抽不开身|脱不开身|腾不出手|忙不过来|接不了单?|接不成|没空|没时间|"
    "赶不过去|赶不过来|赶不到|赶不上|赶不回[来去]|回不[来去]|不能[去来]|没法[去来]|没办法[去来]|无法前往|过不[去来])"
    "(?:了|啊|呀|哈|呢|的|,)*(?:谢谢|抱歉|对不起|不好意思)?$"
)
_DENIED_OR_ASKED = re.compile("[不没别非未勿无怎为难怕]|什么|[能会可是来去]$")
"""What makes a reason doubtful that is run together with its decline: "能不能去", "不是去不了"."""

_SOMEBODY = re.compile(
    "[他她您你谁哪0-9?]|老人|家属|救护|老[一-鿿]|小[一-鿿]|[姐哥叔姨爷奶爸妈公婆]|儿|女|邻|同事|物业|[说让叫听]|没去|[a-z血昏火]|抢救|急救"
)
_ABOUT_HER = re.compile("$|老人|老太|老爷|[爷奶大阿][爷奶姨婆公]|家属|子女|儿子|女儿|正|在[^路]|人|挺|给")
"""How a note begins that stands behind a blank: "到了 老人在地上"."""

REASON_MAX = 14

_ANOTHER_DAY = re.compile(
    "(?:[我俺]?(?:明天|明早|明晚|昨天|昨晚|前天|后天|上次|上回|下次|下回|那天|以前|之前|为什么|为啥|怎么)[我俺]?)|别|不要|没|还没"
)
"""Where this is all that stands before a decline, it is about another day, or asks."""

_VAGUE = re.compile(r"[ ,]*(?:不 ?行|no(?![a-z]))[ ,]")
"""With more behind it, this may be about the resident: "不行，老人流血"."""

_TURNS_IT = re.compile(
    "取消|作废|忽略|错了|错人|手滑|骗|玩笑|逗|才怪|做梦|待定|再议|以前|上回|那单|那家|另一|测试|转发|[哪谁几吗啥]|怎么|什么|多少|"
    "[明昨][天早晚]|前天|[上下]个?[周月]|(?<![a-z])(?:yesterday|tomorrow|maybe|perhaps)(?![a-z])|流血|出血|吐血|昏|晕|呼吸|心跳|叫不|骨折|抽搐|中风|煤气|着火"
)
"""What takes an arrival or an end back, asks, tells of another, or must be read by a human at once."""

_DENIAL = re.compile(r"[没沒不未别勿无非还\d]|(?<![a-z])(?:not|no|never|dont|didnt|isnt|wasnt)(?![a-z])")
_NUMBER = re.compile(
    r"(?:(?:码|代码|编号|code)[ ,]*(?=[0-9]))?(?P<code>[1-9][0-9][06-9](?=(?: |,) *[1-4](?!\d))|[1-9][0-9])?"
    r"(?:号(?=[^,]))?[ ,]*(?P<digit>[1-4])?(?!\d| ?(?:分|个|小时|半|min|刻钟|来分|多分|几分|fen|xiao))"
)
_LAST_DIGIT = re.compile(r"[ ,]*(?<![0-9,])(?:回复|回|按)?(?<![0-9])(?<!(?<!收)到)[ ,]?([1-4])$")


def parse(text: str, standing: Standing | None = None) -> Parsed:
    """
    What somebody answered by SMS, or pressed in a call. Never raises, whatever the text.

    Case, width of digits, blanks, punctuation and a quoted "回复：" do not matter. A question is not an answer. What
    is not understood as it stands is read once more with its blanks for commas, and with its slips mended by sound.
    What then says nothing that is possible where the sender stands may still say it there (`phrases/standing.py`);
    `standing` is None where nothing is open for them, or several things on which they stand differently.
    """
    read = _anywhere(text)
    if standing is None or read.stop or read.code is not None or read.action in POSSIBLE[standing]:
        return read
    return _there(text, standing) or read


def _there(text: str, standing: Standing) -> Parsed | None:
    """Read by where the sender stands: every piece a row of that standing, or phrases that lean to one answer."""
    head = text[: TEXT_MAX * 4].translate(SIGNS) if standing is Standing.ASKED else text[: TEXT_MAX * 4]
    plain = tidy(head)
    if not plain or len(plain) > AGAIN_MAX or is_wavering(head, plain):
        return None
    for each in dict.fromkeys((plain, tidy(head, between=","), mended(plain), spelled(plain))):
        means = standing_means(_ALONE.get(each, each), standing)
        if means is not None:
            outcome = means if isinstance(means, Outcome) else None
            return Parsed(action=Action.DONE if isinstance(means, Outcome) else means, outcome=outcome)
    read = None if is_held(plain) else composed(tidy(head, between=","), standing=standing)
    return Parsed(action=read[0], outcome=read[1], rest=read[2]) if read and read[0] in POSSIBLE[standing] else None


def _anywhere(text: str) -> Parsed:
    head = text[: TEXT_MAX * 4]
    plain = tidy(head)
    if _opts_out(plain):
        return Parsed(stop=True, rest=plain)
    if len(plain) > TEXT_MAX or is_held(tidy(head, between=",")):
        return Parsed(rest=plain)
    if is_held(plain):
        return _composed(head, plain) or Parsed(rest=plain)
    return _read(_BOSS.sub("", plain)) or _read_again(head, plain) or _composed(head, plain) or Parsed(rest=plain)


def _read(plain: str) -> Parsed | None:
    said = _ADDRESSED.sub("", plain, count=1) if _ADDRESSED.match(plain) else plain
    said = _LEAD.sub("", said, count=1) if _LEAD.match(said) else said
    said = undressed(_ALONE.get(said, said))
    return _answer(said) or _with_a_reason(said) or _with_code_last(said)


def _with_code_last(said: str) -> Parsed | None:
    """接单 12: only behind words that are wholly known."""
    found = code_last(said)
    read = _answer(found[0]) if found else None
    plain = found and read and read.action and read.code is None and not read.rest
    return replace(read, code=found[1]) if found and read and plain else None


def _read_again(text: str, plain: str) -> Parsed | None:
    """Read by guessing how it is spelled: so every word must be known, but for the reason of a decline."""
    if len(plain) > AGAIN_MAX:
        return None
    parted = tidy(text, between=",")
    others = list(
        dict.fromkeys(each for each in (parted, mended(plain), mended(parted), spelled(plain)) if each != plain)
    )
    if any(map(is_held, others)):
        return None
    read = (found for each in others if (found := _read(each)) is not None)
    return next((each for each in read if _is_sure(each)), None)


def _composed(text: str, plain: str) -> Parsed | None:
    """Read as a row of phrases with few words left over (`phrases/composed.py`); a digit before it is heard with it."""
    if len(plain) > AGAIN_MAX or not plain:
        return None
    coded = CODE_FIRST.match(plain)
    said = coded["rest"] if coded else plain
    ways = dict.fromkeys((said if coded else tidy(text, between=","), said, mended(said), spelled(said)))
    read = (found for each in ways if not is_held(each) and (found := _row(each)))
    found = next(read, None)
    return replace(found, code=int(coded["code"])) if found and coded else found


_DIGIT_BEFORE = re.compile("([1-4])[ ,]+(?=[^0-9])")


def _row(said: str) -> Parsed | None:
    digit = _DIGIT_BEFORE.match(said)
    rest = said[digit.end() :] if digit else said
    rest = _ADDRESSED.sub("", rest, count=1) if _ADDRESSED.match(rest) else rest
    read = composed(rest, digit[1], _DIGITS[digit[1]]) if digit else composed(rest)
    return read and Parsed(action=read[0], outcome=read[1], rest=read[2])


def _is_sure(guess: Parsed) -> bool:
    """Whether a guess at the spelling may stand: all of it was known, or the rest is a reason or about the resident."""
    if guess.action is Action.DECLINE:
        return True
    return guess.action is not None and bool(_ABOUT_HER.match(guess.rest))


def _with_a_reason(said: str) -> Parsed | None:
    """A reason in free words, then a decline: "孩子没人带，去不了". Never where it may be about somebody else."""
    last = _CANNOT.search(said)
    reason = said[: last.start()].rstrip(" ,") if last else ""
    if last is None or not 0 < len(reason) <= REASON_MAX or _SOMEBODY.search(reason):
        return None
    if _ANOTHER_DAY.fullmatch(reason):
        return None
    if said[last.start() - 1] not in " ," and _DENIED_OR_ASKED.search(reason):
        return None
    meant = verdict([*meanings(reason), Action.DECLINE])
    return Parsed(action=Action.DECLINE, rest=reason) if meant is Action.DECLINE else None


def _opts_out(plain: str) -> bool:
    return bool(_STOP.fullmatch(plain)) or ("退订" in plain and not re.search("[不别勿没]", plain))


def _answer(said: str) -> Parsed | None:
    """None where it is unclear. The number at the head is a code, a digit to act by, or both."""
    number = _NUMBER.match(said)
    start, code, digit = (number.end(), number["code"], number["digit"]) if number else (0, None, None)
    if code and not digit and start == len(said):
        return Parsed(code=int(code))
    if digit is None and (last := _LAST_DIGIT.search(said, start)) and last.start() > start:
        said, digit = said[: last.start()], last[1]
    heard, note = _heard(said, start)
    if note is None or (note and _VAGUE.match(said, start)):
        return None
    return _understood([*([_DIGITS[digit]] if digit else []), *heard], note, int(code) if code else None)


def _understood(heard: list[Meaning], note: str, code: int | None) -> Parsed | None:
    action = verdict(heard)
    if action is None or (note and not (action in heard and _may_note(action, note))):
        return None
    told = {each for each in (*heard, *meanings(note)) if isinstance(each, Outcome)}
    outcome = told.pop() if len(told) == 1 else None
    if Aside.ALL not in heard:
        return Parsed(action=action, code=code, outcome=outcome, rest=note)
    everything = action is Action.DECLINE and code is None and not note
    return Parsed(action=action, rest=ALL) if everything else None


def _heard(said: str, at: int) -> tuple[list[Meaning], str | None]:
    """What the clauses mean, up to the first that is not wholly known; the rest is a note if something parts it."""
    whole = covered(said, at)
    if whole is not None:
        return whole, ""
    for cut in re.finditer(" *,[ ,]*", said[at:]):
        heard = covered(said[: at + cut.start()], at)
        if heard:
            longer = next(_farther(said, at, at + cut.end()), None)
            return longer or (heard, said[at + cut.end() :])
    return [], said[at:] if at == 0 or said[at - 1] in " ," or at == len(said) else _parted(said, at)


def _parted(said: str, at: int) -> str | None:
    """What stands right behind a number: "4 老人起来了" is a note, "4楼" is not."""
    return said[at:].lstrip(" ,") if said[at : at + 1] in {" ", ","} else None


def _farther(said: str, at: int, past: int) -> Iterator[tuple[list[Meaning], str]]:
    """The longest known head that goes on behind `past`."""
    for cut in reversed([each for each in re.finditer(" *,[ ,]*", said) if each.start() >= past]):
        heard = covered(said[: cut.start()], at)
        if heard:
            yield heard, said[cut.end() :]


def _may_note(action: Action, note: str) -> bool:
    """Free words may stand behind a decline or an end only, and must neither deny it nor say something else."""
    if action not in {Action.DECLINE, Action.DONE, Action.ARRIVED}:
        return False
    if action is Action.ARRIVED and GONE_AGAIN.search(note):
        return False
    if action is not Action.DECLINE and _TURNS_IT.search(note):
        return False
    others = verdict([action, *meanings(note)]) is not action
    return not others and not _DENIAL.search(left_over(note))
