"""
Ademco Contact ID as the panels themselves send it: sixteen digits, alone, in brackets over TCP, or in a spool file.

    AAAA MT Q XYZ GG CCC S              raw; a line end follows, or the next message; blanks may stand between
    [ACCT 18QXYZGGCCCS]                 over TCP (Climax, LUPUS); the account may be longer, and a word
    [ACCT 18QXYZGGCCCFFFF]              the same with a Fletcher sum of four digits (LUPUS XT1) in the place of S
    event=AAAA18QXYZGGCCCS              a line of the Asterisk alarm receiver; S may be masked as _

A account, MT 18 or 98, Q 1 new, 3 restored, 6 still present, XYZ code, GG group, CCC zone or user, S check digit: the
sum of all digits is a multiple of 15, where 0 counts ten and B to F eleven to fifteen. Asterisk writes B to F as the
telephone keys * # A B C. The answer over TCP is one byte, 06, and the panel closes. Sources: SIA DC-05-1999.09;
`asterisk/asterisk:apps/app_alarmreceiver.c`; `schmupu/ioBroker.contactid`; `kk7ds/asterisk_contactid`; LUPUS manual;
alarmforum.de thread 12037 (the Fletcher sum, which fits the three messages printed there and by ioBroker.contactid).

Who hangs up over TCP is not written anywhere. Of two servers that XT1 panels are known to work with, one hangs up
behind its answer and one (`timbocgn/xtcontactid`) never does; so we leave it to the panel, which may have more to say.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from devices.decoders import accounts
from devices.decoders.accounts import EMERGENCIES, addresses_of
from devices.decoders.contact_id_codes import contact_id_event, contact_id_scope, contact_id_stated
from devices.decoders.decoder import NO_PROFILE, Frame, Tail, Tally
from dispatch.rules.signal import Event

ACK = b"\x06"

MESSAGE_BYTES_MAX = 128
"""A message has some 20 bytes and an account of up to 32; what is longer is noise."""

REPEAT_WINDOW_S = 60.0
"""The same message nearer than this to the first is a retransmission (PROTOCOLS section 13); a copy extends nothing."""

RAW, SHORTEST = 16, 15
"""Digits of a raw message, and of any message with an account of one letter, up to its bracket."""

_STOP = re.compile(rb"[\]\r\n]+")
"""Several in a row are as one: between them stands nothing."""

_DIGIT = "[0-9A-F*#]"
_EVENT = rf"(?P<mt>18|98)(?P<qualifier>[136])(?P<code>{_DIGIT}{{3}})(?P<group>{_DIGIT}{{2}})(?P<zone>{_DIGIT}{{3}})"
_RAW = re.compile(rf"(?P<account>{_DIGIT}{{4}}){_EVENT}(?P<checksum>{_DIGIT}|_)$")
_BRACKETS = re.compile(rf"\[(?P<account>[0-9A-Za-z_.-]{{1,32}}) +{_EVENT}(?P<checksum>{_DIGIT}|[0-9A-F]{{4}})$")
_ATTEMPT = re.compile(rf"{_DIGIT}{{8}}")
"""So many digits in a row were meant as a message; anything else on a line is not."""

_KEYS = str.maketrans("*#ABC", "BCDEF")
_TELEPHONE, _MARKS = re.compile("[*#A]"), re.compile("[*#]")
_WEIGHED = re.compile("[0-9A-F]{4}")
_WEIGHTS = bytes(int(chr(byte), 16) or 10 if chr(byte) in "0123456789ABCDEF" else 0 for byte in range(256))
"""MX8000 section 8.5.4: telephones have no true 0, so an A that is seen stands for one, and a 0 counts ten."""


class ContactId:
    """
    One panel or one spool.

    `profile` maps codes (three digits) to events where the panel differs from the standard.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._tail = Tail(limit=MESSAGE_BYTES_MAX, tally=self.tally)
        self._aligned = True

    @property
    def incomplete(self) -> bool:
        """Whether something has begun that no line end or bracket has ended."""
        return len(self._tail) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes. Raw digits that fit their check digit need no line end."""
        frames: list[Frame] = []
        at = 0
        for stop in _STOP.finditer(data):
            frames += self._add(data[at : stop.start()])
            line, at = self._tail.take(), stop.end()
            if len(line) < SHORTEST:
                self.tally.noise_bytes += len(line)
            else:
                frames += self._ended(line, stop[0][:1])
            self._aligned = True
        return frames + self._add(data[at:])

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """06, for every copy again; nothing for a wrong check digit, so that the panel repeats, nor to a file."""
        return ACK if frame.trusted and frame.answers else b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: no panel is known to understand a refusal, and all repeat what is not answered."""
        return b""

    def _add(self, data: bytes) -> list[Frame]:
        """Whole raw messages at the start of a line are taken as they come; the rest waits for its end."""
        if not self._aligned or len(self._tail) + len(data) < RAW:
            self._tail.add(data)
            return []
        frames = []
        joined, at = self._tail.take() + data, 0
        while self._aligned and len(joined) - at >= RAW:
            raw = joined[at : at + RAW]
            said = _said(_RAW, _text(raw))
            self._aligned = said is not None and bool(_fits(said))
            if said is not None and self._aligned:
                frames.append(self._frame(said, raw, True))
                at += RAW
        self._tail.add(joined[at:])
        return frames

    def _ended(self, line: bytes, stop: bytes) -> list[Frame]:
        """
        What a line end or a bracket has ended. Noise may stand before a message whose check digit is right.
        """
        form, text = (_BRACKETS, _text(line)) if stop == b"]" else (_RAW, _bare(line))
        said = _said(form, text)
        fits = None if said is None else _fits(said)
        if said is not None and (form is _BRACKETS or len(text) == RAW or fits):
            return [self._frame(said, line[line.rfind(b"[") :] + stop if form is _BRACKETS else line, fits)]
        attempted = _ATTEMPT.search(text) is not None and "=" not in text
        self.tally.malformed += attempted
        self.tally.noise_bytes += 0 if attempted else len(text)
        return []

    def _frame(self, said: Mapping[str, str], raw: bytes, fits: bool | None) -> Frame:
        account, mt, qualifier, code, group, zone, checksum = said.values()
        event = contact_id_event(code, qualifier, self._profile)
        masked = checksum == "_"
        trusted = fits is not False if len(checksum) == 1 else fletcher(raw[1:-5]) == checksum
        self.tally.bad_checksum += not trusted
        addresses = addresses_of(account, zone)
        return Frame(
            event,
            raw,
            addresses[0],
            addresses[1:],
            (),
            contact_id_scope(code),
            event in EMERGENCIES,
            f"contact_id:{account}{mt}{qualifier}{code}{group}{zone}",
            REPEAT_WINDOW_S,
            False,
            trusted,
            not masked,
            False,
            None,
            None,
            None,
            MappingProxyType({**said, "checksum_present": not masked}),
        )


def canonical(address: str) -> str:
    """The one spelling of an address (`ACCOUNT` or `ACCOUNT:ZONE`): upper case, three places for the zone."""
    return accounts.canonical(address)


def encode(address: str, event: Event = Event.PRESS, *, count: int = 0, brackets: bool = True) -> bytes:
    """
    What a panel of this account (`ACCOUNT` or `ACCOUNT:ZONE`) sends: in brackets for TCP, else raw with a line end.

    A restore is sent as such; what Contact ID has no code for is sent as a test (602). `count` draws the group, 1 to
    99. Raw messages have accounts of four digits (0-9, B-F); in brackets any word of letters, digits, `_`, `.`, `-`.
    """
    account, _, zone = address.upper().partition(":")
    qualifier, code = contact_id_stated(event)
    digits = f"18{qualifier}{code}{count % 99 + 1:02}{zone[-3:] or '000':0>3}"
    digits += check_digit(account + digits)
    return f"[{account} {digits}]".encode("ascii") if brackets else f"{account}{digits}\r\n".encode("ascii")


def check_digit(digits: str) -> str:
    """The digit that makes the sum a multiple of 15: ten is printed 0, fifteen F. Letters of a word count nothing."""
    missing = 15 - sum(digits.encode("ascii").translate(_WEIGHTS)) % 15
    return f"{missing:X}".replace("A", "0")


def fletcher(data: bytes) -> str:
    """The sum behind everything from the bracket on: Fletcher's, of two sums of eight bits, as four digits."""
    plain = weighted = 0
    for byte in data:
        plain = (plain + byte) & 0xFF
        weighted = (weighted + plain) & 0xFF
    return f"{weighted:02X}{plain:02X}"


def _bare(line: bytes) -> str:
    """A raw line without what may stand around its digits."""
    return _text(line).replace(" ", "").removeprefix("EVENT=")


def _text(data: bytes) -> str:
    return data.upper().decode("latin-1")


def _said(form: re.Pattern[str], text: str) -> dict[str, str] | None:
    """
    The parts of a message; raw digits may be printed as the telephone keys they were.

    Only what no hexadecimal print has (* # and A) is a reason to read them so: a second way to be right would let
    damaged messages pass.
    """
    found = form.search(text)
    if found is None or form is not _RAW or _TELEPHONE.search(found[0]) is None:
        return found and found.groupdict()
    keys = form.search(text.translate(_KEYS)) or found
    plain = _MARKS.search(found[0]) is None and _fits(found.groupdict())
    return (found if plain else keys).groupdict()


def _fits(said: Mapping[str, str]) -> bool | None:
    """Whether the check digit is right; None where there is none, or where the account is a word without values."""
    if said["checksum"] == "_" or _WEIGHED.fullmatch(said["account"]) is None:
        return None
    return sum("".join(said.values()).encode("ascii").translate(_WEIGHTS)) % 15 == 0
