"""
The vectors of alarm panels with other accounts, zones, groups, sequences, times and keys drawn from a seed.

Check digits, lengths, CRCs, cipher texts and expected answers are worked out again here, by the rules of the reference
and without the code under test. What was wrong in a vector stays wrong.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Vector = dict[str, Any]
_DIGITS = "0123456789BCDEF"
_WEIGHT = {digit: int(digit, 16) or 10 for digit in _DIGITS}
_STAMP = re.compile(r"_(\d\d):(\d\d):(\d\d),(\d\d)-(\d\d)-(\d{4})")


def contact_id(vector: Vector, draw: random.Random) -> Vector:
    """Another account, group and zone, and the check digit that goes with them, or a wrong one as before."""
    found = re.fullmatch(r"(\[?)(\w{4})( ?)(18|98)(\d)(\w{3})(\w\w)(\w{3})(.)(]?)", vector["input"])
    opening, account, blank, kind, qualifier, code, group, zone, check, closing = found.groups()
    fits = check == _check_digit(account + kind + qualifier + code + group + zone)
    swap = {account: _word(4, draw), group: _number(2, draw), zone: _number(3, draw)}
    digits = swap[account] + kind + qualifier + code + swap[group] + swap[zone]
    right = _check_digit(digits)
    new = check if check == "_" else right if fits else draw.choice([digit for digit in _DIGITS if digit != right])
    changed = opening + swap[account] + blank + digits[4:] + new + closing
    names = {"account": account, "group": group, "zone": zone}
    return vector | {
        "input": changed,
        "expect": {key: swap[value] if names.get(key) == value else value for key, value in vector["expect"].items()},
    }


def dc09(vector: Vector, draw: random.Random) -> Vector:
    """Another account, sequence and zones in every message, another key and time where it is encrypted."""
    chunks = vector["input"] if isinstance(vector["input"], list) else [vector["input"]]
    text = [bytes.fromhex(chunk).decode("latin-1") for chunk in chunks]
    if text[0].startswith("SR"):
        return _keepalive(vector, text[0], draw)
    swap = _Swap(draw)
    key = bytes.fromhex(vector.get("key_hex", ""))
    new_key = draw.randbytes(draw.choice((16, 24, 32))) if key else b""
    changed = [_messages(part, swap, key, new_key) for part in text]
    given = [part.encode("latin-1").hex() for part in changed]
    expect = {name: _expected(name, value, swap) for name, value in vector["expect"].items()}
    return vector | {
        "input": given if isinstance(vector["input"], list) else given[0],
        "expect": expect,
        **({"key_hex": new_key.hex()} if key else {}),
    }


class _Swap:
    """What each drawn word stands for, kind by kind, the same throughout a vector."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._drawn: dict[tuple[str, str], str] = {}

    def __call__(self, kind: str, old: str) -> str:
        if old and (kind, old) not in self._drawn:
            self._drawn[kind, old] = _DRAWN[kind](len(old), self._draw)
        return self._drawn.get((kind, old), old)

    def stamp(self, text: str) -> str:
        return _STAMP.sub(lambda found: "_" + self("stamp", found[0][1:]), text)

    def drawn(self, kind: str, old: str) -> str:
        return self._drawn.get((kind, old), old)


def _expected(name: str, value: Any, swap: _Swap) -> Any:
    if name == "events":
        return [{key: _expected(key, each, swap) for key, each in one.items()} for one in value]
    if name == "reply_hex" and value is not None:
        return _messages(bytes.fromhex(value).decode("ascii"), swap, b"", b"").encode("ascii").hex()
    if name == "timestamp":
        date, time = value.rstrip("Z").split("T")
        year, month, day = date.split("-")
        time, date = swap.drawn("stamp", f"{time},{month}-{day}-{year}").split(",")
        month, day, year = date.split("-")
        return f"{year}-{month}-{day}T{time}Z"
    return swap.drawn(name, value) if name in _DRAWN else value


def _messages(text: str, swap: _Swap, key: bytes, new_key: bytes) -> str:
    """Every message of a text, rewritten and framed anew; the length and CRC stay wrong where they were."""
    return re.sub(
        r"\n([0-9A-F]{4})([0-9A-F]{4})([^\r]*)\r",
        lambda found: _framed(found[1], found[2], found[3], _body(found[3], swap, key, new_key)),
        text,
    )


def _body(body: str, swap: _Swap, key: bytes, new_key: bytes) -> str:
    head, _, content = body.partition("[")
    token, seq, sender = re.fullmatch(r'("[^"]+")(\d{4})(.*)', head).groups()
    if token == '"NAK"':
        return body
    token_seq = token + (seq if seq == "0000" else swap("seq", seq))
    sender = re.sub(r"(#)(\w+)", lambda found: found[1] + swap("account", found[2]), sender)
    inner = _decrypted(content, key) if token.startswith('"*') else content
    changed = _content(inner, swap) if inner is not None else content
    if token.startswith('"*') and inner is not None:
        changed = _encrypted(changed, new_key)
    return f"{token_seq}{sender}[{changed}"


def _content(content: str, swap: _Swap) -> str:
    """Accounts after #, zones and groups of Contact ID, zones of SIA packets, times."""
    data, closing, rest = content.partition("]")
    data = re.sub(r"(#)(\w+)(?=\|)", lambda found: found[1] + swap("account", found[2]), data)
    data = re.sub(
        r"(?<=[|])(\d{4}) (\d\d) (\d{3})$",
        lambda found: f"{found[1]} {swap('group', found[2])} {swap('zone', found[3])}",
        data,
    )
    data = re.sub(r"(/[A-Z]{2})(\d+)", lambda found: found[1] + swap("zone", found[2]), data)
    return data + closing + swap.stamp(rest)


def _framed(crc: str, length: str, old: str, new: str) -> str:
    right = int(crc, 16) == _crc(old.encode("latin-1"))
    checked = _crc(new.encode("latin-1")) ^ (0 if right else 0x5A5A)
    stated = len(new) if int(length, 16) == len(old) else len(new) + 1
    return f"\n{checked:04X}{stated:04X}{new}\r"


def _crc(data: bytes) -> int:
    """CRC-16/ARC bit by bit."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


def _decrypted(text: str, key: bytes) -> str | None:
    reader = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
    plain = (reader.update(bytes.fromhex(text)) + reader.finalize()).decode("latin-1")
    return plain if _STAMP.search(plain) else None


def _encrypted(text: str, key: bytes) -> str:
    """The pad in front of the first bar or bracket is made to fit again."""
    pad = re.match(r"[^|\]]*", text)[0]
    rest = text[len(pad) :]
    whole = "p" * (16 - len(rest) % 16) + rest
    writer = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return (writer.update(whole.encode("latin-1")) + writer.finalize()).hex().upper()


def _keepalive(vector: Vector, text: str, draw: random.Random) -> Vector:
    receiver, line, account = re.match(r"SR(\d{4})L(\d{4}) +(\w+)", text).groups()
    swap = {"receiver": _number(4, draw), "line": _number(4, draw), "account": _word(len(account), draw)}
    changed = text.replace(f"SR{receiver}L{line}", f"SR{swap['receiver']}L{swap['line']}")
    changed = changed.replace(account, swap["account"])
    return vector | {"input": changed.encode("ascii").hex(), "expect": vector["expect"] | swap}


def _check_digit(digits: str) -> str:
    missing = 15 - sum(map(_WEIGHT.get, digits)) % 15
    return "0" if missing == 10 else f"{missing:X}"


def _word(length: int, draw: random.Random) -> str:
    return "".join(draw.choice(_DIGITS) for _ in range(length))


def _number(length: int, draw: random.Random) -> str:
    return "".join(draw.choice("0123456789") for _ in range(length))


def _sequence(length: int, draw: random.Random) -> str:
    return f"{draw.randrange(1, 10_000):0{length}}"


def _moment(_: int, draw: random.Random) -> str:
    day, time = draw.randrange(1, 29), draw.randrange(86_400)
    clock = f"{time // 3600:02}:{time // 60 % 60:02}:{time % 60:02}"
    return f"{clock},{draw.randrange(1, 13):02}-{day:02}-{draw.randrange(2012, 2100)}"


_DRAWN: Mapping[str, Callable[[int, random.Random], str]] = {
    "account": _word, "seq": _sequence, "zone": _number, "group": _number, "stamp": _moment,
}  # fmt: skip
