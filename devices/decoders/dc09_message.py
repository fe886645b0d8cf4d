"""
One DC-09 message: its check sum, its head, and what stands in its block.

    "ADM-CID"0001R0L0#1234[#1234|1101 01 001][M0026B9E4268B]_14:12:04,09-25-2011
    └ token   │  │ │  │    └ data             └ extended      └ time, GMT
       sequence  │ │  account
          receiver line (account prefix)

With a star in front of the token everything after the bracket is encrypted. Sources: ANSI/SIA DC-09-2013 section 5.5,
`eavanvalkenburg/pysiaalarm`, `fioletoven/dc09`, `schmupu/ioBroker.sia`, and frames printed in their issues.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

_HEX = "[0-9A-Fa-f]"
_HEAD = re.compile(
    rf'"(?P<token>\*?[A-Z0-9-]{{1,16}})"(?P<seq>[0-9]{{4}})(?:R(?P<receiver>{_HEX}{{0,6}}))?(?:L(?P<line>{_HEX}{{0,6}}))?'
    r"(?:#(?P<account>[0-9A-Za-z_.-]{0,24}))?\[(?P<content>.*)",
    re.DOTALL,
)
_REFUSAL = re.compile(
    rf'"(?P<token>NAK)"(?P<seq>[0-9]{{4}})R(?P<receiver>{_HEX}{{0,6}})L(?P<line>{_HEX}*?)A(?P<account>{_HEX}+)'
    r"\[(?P<content>.*)",
    re.DOTALL,
)
"""A NAK names nobody: `R0L0A0`. Its A would else be read as a digit of the line."""

_SECRET = re.compile(r"[^\[\]|]*(?:\|(?P<data>[^\]]*))?\](?P<rest>.*)", re.DOTALL)
_REST = re.compile(r"(?:\[[^\[\]]*\])*(?:_[0-9:,-]*)?[\x00-\x10 ]*")
_EXTENDED = re.compile(r"\[([A-Z])([^\[\]]*)\]")
_STAMP = re.compile(r"_([0-9]{2}):([0-9]{2}):([0-9]{2}),([0-9]{2})-([0-9]{2})-([0-9]{4})[\x00-\x10 ]*$")
_CIPHER = re.compile(r"([0-9A-Fa-f]*)\]?[\x00 ]*")


class Head(NamedTuple):
    """Who sends what: the parts before the bracket, as sent. `receiver` and `line` are None where left out."""

    token: str
    seq: str
    receiver: str | None
    line: str | None
    account: str
    content: str

    @property
    def encrypted(self) -> bool:
        """Whether the content is cipher text."""
        return self.token.startswith("*")

    @property
    def cipher_text(self) -> str:
        """The hexadecimal digits of the content; empty where it has others."""
        found = _CIPHER.fullmatch(self.content)
        return found[1] if found else ""


class Block(NamedTuple):
    """The content: its data, its extended data by letter, its time if that is one; `whole` if nothing in it is odd."""

    data: str
    extended: dict[str, str]
    at: datetime | None
    whole: bool


class Message(NamedTuple):
    """
    One whole message. `block` is None where it is never closed or does not open with the key we have.

    `crc_ok` and `length_ok` compare what it states with what it is; `binary_crc` is the LUPUS form of the check sum.
    """

    raw: bytes
    head: Head
    block: Block | None
    crc_ok: bool
    length_ok: bool
    binary_crc: bool


def head_of(body: bytes) -> Head | None:
    """The head of a message (all between the length and the line end), None where it has none."""
    text = _text(body)
    found = (_REFUSAL.fullmatch(text) if text.startswith('"NAK"') else None) or _HEAD.fullmatch(text)
    if found is None:
        return None
    token, seq, receiver, line, account, content = found.groups()
    return Head(token, seq, receiver, line, account or "", content)


def block_of(content: str) -> Block | None:
    """The block of a plain message, None where its bracket is never closed."""
    data, closed, rest = content.partition("]")
    return _block(data, rest) if closed else None


def secret_block_of(plain: str) -> Block | None:
    """
    The block of a decrypted message, None where it is none: what a wrong key gives.

    It ends with a time or, from senders that leave it out, is print from the end of the pad on.
    """
    found = _SECRET.fullmatch(plain)
    if found is None:
        return None
    block = _block(found["data"] or "", found["rest"])
    readable = (found["data"] or "").isprintable() and found["rest"].rstrip(_FILLING).isprintable()
    return block if block.at is not None or (readable and plain.isascii()) else None


_FILLING = "".join(map(chr, range(17)))
"""What some senders fill the last block of the cipher with, after the message."""


def _block(data: str, rest: str) -> Block:
    bare = "[" not in data and '"' not in data
    if not rest:
        return Block(data, {}, None, bare)
    extended: dict[str, str] = {}
    for letter, value in _EXTENDED.findall(rest):
        extended.setdefault(letter, value)
    return Block(data, extended, _moment(rest), bare and _REST.fullmatch(rest) is not None)


def _moment(rest: str) -> datetime | None:
    found = _STAMP.search(rest)
    if found is None:
        return None
    hour, minute, second, month, day, year = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def stamp(at: datetime) -> str:
    """A time as messages carry it, with its underscore."""
    return at.astimezone(UTC).strftime("_%H:%M:%S,%m-%d-%Y")


def _text(body: bytes) -> str:
    """Texts of zones and sites are ASCII, Windows-1252 or UTF-8, and do not say which."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def framed(body: bytes, *, binary: bool = False) -> bytes:
    """
    A message with line feed, check sum, length and carriage return around it.

    `binary` sends the check sum as two bytes instead of four hexadecimal digits (LUPUS).
    """
    check = crc(body).to_bytes(2, "big") if binary else b"%04X" % crc(body)
    return b"\n%b0%03X%b\r" % (check, len(body), body)


def crc(data: bytes) -> int:
    """
    CRC-16/ARC: polynomial 8005 reflected, start 0, no final xor.

    Proof: the standard's example `"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]` has 87CD.
    """
    value, table = 0, _TABLE
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value


def _entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value


_TABLE = tuple(map(_entry, range(256)))
