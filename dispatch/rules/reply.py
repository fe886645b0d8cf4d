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
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.choices import CODE_FIRST, code_last, corrected, undressed
from dispatch.rules.phrases.composed import composed
from dispatch.rules.phrases.elsewhere import is_none_here
from dispatch.rules.phrases.held import is_held, is_wavering
from dispatch.rules.phrases.meaning import ALL as ALL
from dispatch.rules.phrases.meaning import POSSIBLE
from dispatch.rules.phrases.meaning import Action as Action
from dispatch.rules.phrases.meaning import Standing as Standing
from dispatch.rules.phrases.pieces import SURNAMES
from dispatch.rules.phrases.sounds import mended
from dispatch.rules.phrases.spelling import spelled
from dispatch.rules.phrases.standing import standing_means
from dispatch.rules.phrases.tidy import tidy

TEXT_MAX = 200
"""Signs that are read; nobody answers at such length, and what is longer is for a human."""

LOOKED_AT = 4000
"""Signs that are looked at, blanks among them; ten long texts in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """
    An answer as it was understood.

    `action` is None where it is unclear; then `code` is set only if the text was nothing but a code. `outcome` is the
    sender's word on how it ended, with `DONE`, or with `ARRIVED` where both were said ("到了，没事"): a human at the
    desk closes. `stop` never comes with an action. `rest` is what nobody listed beside a decline or an end, `ALL`
    beside a decline of everything, the whole text where nothing was understood, else empty.
    """

    action: Action | None = None
    code: int | None = None
    outcome: Outcome | None = None
    stop: bool = False
    rest: str = ""


PIECES_MAX = 4
"""Pieces of a text that are read each by itself."""

_ENDED_BEFORE = re.compile("(?<=了)(?=没事|没大碍|没受伤|[她他]?挺好)")
"""Where a thought ends without a sign: "坐起来了没事"."""

AGAIN_MAX = 80
"""Signs of a text that is read again as it may have been meant: each reading of a flood of words costs its square."""

_DIGITS: Mapping[str, Action] = MappingProxyType(dict(zip("1234", Action, strict=False)))
_ALONE: Mapping[str, str] = MappingProxyType(
    {"一": "1", "壹": "1", "二": "2", "贰": "2", "三": "3", "叁": "3", "四": "4", "肆": "4", "不": "不去", "bu": "不去"}
    | {"yi": "1", "1号": "1", "接1": "1", "one": "1", "two": "2", "three": "3", "four": "4", "y": "yes", "n": "no"}
)
"""Words too short to be trusted inside others."""

_OPT_OUT = "stop|stopall|stop all|unsubscribe|optout|opt out|end|quit|cancel|revoke|td|t|r|tuiding|退订|取消订阅"
"""Twilio's list (MESSAGING, section 1.6) and what Chinese operators take: TD, T, R, 退订."""

_STOP = re.compile(rf"(?:(?:回复|回|reply)[ ,]*)?(?:{_OPT_OUT})(?:[ ,]*(?:{_OPT_OUT}))*")
_LEAD = re.compile(
    r"(?:我?的?(?:回复|答复)(?:是|为)?(?!不[了出到上]|[晚了])|[答回](?=,)|答(?=[ ,]*[1-4])|reply(?![a-z])|re(?![a-z])|"
    "回(?=接单|拒|收到|好的|没空|同意|ok|yes|no| [a-z])|"
    "(?:我)?(?:回|按|选|选择|数字|选项|press)(?=[ ,]*[0-9一二三四]))[ ,]*"
)
_ADDRESSED = re.compile(
    "[一-鿿]?(?:领导|主任|站长|经理|院长|组长|队长|主管|护士长|老板|老师|同志|师傅|[哥姐]),?"
    "(?=[我俺咱你您]|本人|收到|好的|报告|抱歉|不好意思|对不起|实在|非常抱歉)"
)
"""Who is spoken to, where the sender speaks of himself behind it; "王姐 到了" tells of her."""

_CALLED = re.compile(
    "((?:^|.*[ ,1-4])(?:好的|好嘞|好滴|好|收到|行|谢谢|知道了|可以|没问题|马上到|马上去|ok)),?"
    f"(?:[{SURNAMES}]?(?:领导|主任|站长|老板|老师|师傅|[哥姐])|大哥|大姐)$"
)
"""The same behind a nod: "1 好嘞哥"."""

_THANKED = re.compile(f"(?<=.)[ ,]*谢谢(?:[{SURNAMES}]?(?:领导|主任|站长|老板|老师|师傅|[哥姐])|[小老][{SURNAMES}])$")
"""Who is thanked behind an answer is not told of: "1谢谢小王"."""

_BOSS = re.compile(
    "^[一-鿿]?(?:领导|主任|站长|经理|院长|组长|队长|主管|护士长|老板|老师|同志)(?:,(?=.)| (?=[1-4](?![0-9])))"
)
"""The same where a comma was written: "站长，到了"; or a digit follows: "站长 1"."""


_NUMBER = re.compile(
    r"(?:(?:码|代码|编号|code)[ ,]*(?=[0-9]))?(?P<code>[1-9][0-9][06-9](?=(?: |,) *[1-4](?!\d))|[1-9][0-9])?"
    r"(?:号(?=[^,]))?[ ,]*(?P<digit>[1-4])?(?!\d| ?(?:分|个|小时|半|min|刻钟|来分|多分|几分|fen|xiao))"
)
_PRESSED_AGAIN = re.compile(r"([1-4])\1{1,3}")
"""A digit of a slow thumb or a worn key; it is never a code (`rules/offers.py`)."""

_PRESSED_BEFORE = re.compile("([1-4])[ ,]*(?![ ,0-9])(?=.)(?!点|楼|个|号|栋|单元|层|室)")
"""A digit before words, of which it is no count; they must say the same, or, of an end, that nobody gets in."""

_MINUTES_MORE = re.compile("[1-4] ?(?:分|m(?:ore|in))")
"""What somebody on the way still needs is no digit."""

_LIKE_A_DIGIT = re.compile("([一壹二贰三叁四肆li])[ ,]*(?=.{2})")
"""A digit as a word or a letter, before words that must say the same without it: "四没事", "l 接单"."""

_CODE_WORD = re.compile("(?:码|代码|编号|code)[ ,]*([1-9][0-9])$")
"""What says that the number behind a digit and its words is a code: "1接单 码12"."""

_DECIMAL = re.compile(r",\d")
"""1.5小时到: its point is a comma by now."""

_LAST_DIGIT = re.compile(r"[ ,]*(?<![0-9,])(?:回复|回|按)?(?<![0-9])(?<!(?<!收)到)[ ,]?([1-4])$")


_BLANKS, _LINES = re.compile(r"[^\S\n]{3,}"), re.compile(r"(?:[^\S\n]{0,2}\n){3,}")
"""More blanks than mean anything: what was quoted is looked for at each of them, and eight hundred would take 0.3 s."""

BARE = re.compile(r"\s*(?:[1-9]\d[\s,，]+)?(?:[1-4１-４]|([1-4])\1{1,3})\s*[.。!！]?\s*")
"""A number, with a code or without: the commonest answer, and no phrase is needed to read it."""


def parse(text: str, standing: Standing | None = None) -> Parsed:
    """
    What somebody answered by SMS, or pressed in a call. Never raises, whatever the text.

    Case, width of digits, blanks, punctuation and a quoted "回复：" do not matter. A question is not an answer. What
    is not understood as it stands is read once more with its blanks for commas, and with its slips mended by sound.
    What then says nothing that is possible where the sender stands may still say it there (`phrases/standing.py`);
    `standing` is None where nothing is open for them, or several things on which they stand differently. What is no
    answer where they stand (`phrases/elsewhere.py`) is asked back.
    """
    text = _LINES.sub("\n\n", _BLANKS.sub("  ", text[:LOOKED_AT]))
    read = _anywhere(text)
    if standing is None or read.stop or read.code is not None:
        return read
    if read.action not in POSSIBLE[standing]:
        return _there(text, standing) or read
    plain = tidy(text[: TEXT_MAX * 4])
    return Parsed(rest=plain) if is_none_here(plain, standing, read.action) else read


def _there(text: str, standing: Standing) -> Parsed | None:
    """Read by where the sender stands: every piece a row of that standing, or phrases that lean to one answer."""
    head = text[: TEXT_MAX * 4]
    plain = tidy(head)
    if not plain or plain.isdigit() or len(plain) > AGAIN_MAX or is_wavering(head, plain):
        return None
    parted = tidy(head, between=",")
    read = _by_row(dict.fromkeys((plain, parted, mended(plain), spelled(plain))), standing)
    if read or is_held(plain):
        return read
    read = _instead(plain, standing)
    said = composed(parted, standing=standing) if read is None else None
    if said and said[0] in POSSIBLE[standing]:
        return Parsed(action=said[0], outcome=said[1], rest=said[2])
    return read or _piece_by_piece(parted, standing)


def _by_row(ways: Iterable[str], standing: Standing) -> Parsed | None:
    for each in ways:
        more = standing is Standing.COMING and _MINUTES_MORE.match(each)
        pressed = None if more else _PRESSED_BEFORE.match(each)
        said = each[pressed.end() :] if pressed else each
        means = standing_means(_ALONE.get(said, said), standing)
        action = Action.DONE if isinstance(means, Outcome) else means
        if action is not None and (pressed is None or action is _DIGITS[pressed[1]]):
            return Parsed(action=action, outcome=means if isinstance(means, Outcome) else None)
    return None


def _instead(plain: str, standing: Standing) -> Parsed | None:
    """What was meant instead of what was sent; or, behind a 4, that nobody gets in: then nothing is over."""
    meant, ended = corrected(plain), _PRESSED_BEFORE.match(plain)
    if meant is not None:
        return _one_of(POSSIBLE[standing], meant)
    if ended and ended[1] == "4":
        return _one_of(POSSIBLE[standing] & {Action.NO_ENTRY}, plain[ended.end() :])
    return None


def _one_of(wanted: Collection[Action], said: str) -> Parsed | None:
    read = _anywhere(said)
    return read if read.action in wanted and read.code is None else None


def _piece_by_piece(parted: str, standing: Standing) -> Parsed | None:
    """What every piece says by itself, all of them say together: "今天我值班,我去"."""
    pieces = [each for each in _ENDED_BEFORE.sub(",", parted).split(",") if each]
    if not 1 < len(pieces) <= PIECES_MAX:
        return None
    each_says = [_piece(each, standing) for each in pieces]
    says = {read.action for read in each_says if read}
    if None in each_says or len(says) != 1:
        return None
    outcomes = {read.outcome for read in each_says if read and read.outcome}
    return Parsed(action=says.pop(), outcome=outcomes.pop() if len(outcomes) == 1 else None)


def _piece(said: str, standing: Standing) -> Parsed | None:
    means = standing_means(said, standing)
    if means is not None:
        outcome = means if isinstance(means, Outcome) else None
        return Parsed(action=Action.DONE if isinstance(means, Outcome) else means, outcome=outcome)
    read = _anywhere(said)
    return read if read.action in POSSIBLE[standing] and read.code is None and not read.rest else None


def _anywhere(text: str) -> Parsed:
    head = text[: TEXT_MAX * 4]
    plain = tidy(head)
    if _opts_out(plain):
        return Parsed(stop=True, rest=plain)
    parted = tidy(head, between=",")
    if len(plain) > TEXT_MAX or is_held(parted):
        return Parsed(rest=plain)
    bare = _BOSS.sub("", plain)
    slips = (mended(bare), spelled(bare)) if len(plain) <= AGAIN_MAX else ()
    ways = (each for each in dict.fromkeys((parted, bare, *slips)) if not is_held(each))
    return next(filter(None, map(_read, ways)), None) or Parsed(rest=plain)


def _read(plain: str) -> Parsed | None:
    """A number before it, or behind it, and the row of phrases that the rest is; None where it is unclear."""
    said = _ADDRESSED.sub("", plain, count=1) if _ADDRESSED.match(plain) else plain
    said = _LEAD.sub("", said, count=1) if _LEAD.match(said) else said
    said = _CALLED.sub(r"\1", _THANKED.sub("", said), count=1)
    said = _PRESSED_AGAIN.sub(r"\1", said) if _PRESSED_AGAIN.fullmatch(said) else undressed(_ALONE.get(said, said))
    coded = CODE_FIRST.match(said)
    if coded:
        return _with(_said(coded["rest"]), int(coded["code"]))
    number = _NUMBER.match(said)
    start, code, digit = (number.end(), number["code"], number["digit"]) if number else (0, None, None)
    if number and start == len(said) and (code or digit):
        return Parsed(action=_DIGITS[digit] if digit else None, code=int(code) if code else None)
    if digit and _DECIMAL.match(said, start):
        return None
    if digit is None and (last := _LAST_DIGIT.search(said, start)) and last.start() > start:
        read = _said(said[start : last.start()], last[1], glued=True)
    else:
        read = _said(said[start:].lstrip(" ,"), digit or "", glued=start > 0 and said[start] not in " ,")
    return _with(read, int(code)) if code else read or _with_code_last(said) or _with_a_word_first(said)


def _with_a_word_first(said: str) -> Parsed | None:
    """四没事: the word before it says the same."""
    found = _LIKE_A_DIGIT.match(said)
    read = _said(said[found.end() :]) if found else None
    digit = _ALONE.get(found[1], "1") if found else ""
    return read if read and read.action is _DIGITS[digit] else None


def _said(words: str, digit: str = "", *, glued: bool = False) -> Parsed | None:
    words = _ADDRESSED.sub("", words, count=1) if _ADDRESSED.match(words) else words
    read = composed(words, digit, _DIGITS[digit] if digit else None, glued=glued)
    return read and Parsed(action=read[0], outcome=read[1], rest=read[2])


def _with(read: Parsed | None, code: int) -> Parsed | None:
    """The same about the alarm of this code; nothing is said of everything and of one."""
    return replace(read, code=code) if read and read.rest != ALL else None


def _with_code_last(said: str) -> Parsed | None:
    """接单 12: only behind words that are wholly known."""
    named = _CODE_WORD.search(said)
    found = (said[: named.start()], int(named[1])) if named and named.start() else code_last(said)
    read = (_read if named else _said)(found[0]) if found else None
    return _with(read, found[1]) if found and read and not read.rest and read.code is None else None


def _opts_out(plain: str) -> bool:
    return bool(_STOP.fullmatch(plain)) or ("退订" in plain and not re.search("[不别勿没]", plain))
