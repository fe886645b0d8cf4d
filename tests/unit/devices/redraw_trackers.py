"""
The vectors of watches and trackers with other ids, numbers and serials, and with their checksums computed anew.

The checksums are written out bit by bit here, by their definitions, so that the decoders' own are not their judge.
"""

import random
import re
from typing import Any

Vector = dict[str, Any]


def redraw_tracker(vector: Vector, draw: random.Random) -> Vector:
    """The same vector of another device, alike in input and expectation; as it is where nothing names a device."""
    rewrite = {"eview-ev07": _eview, "gt06": _gt06, "h02": _named, "watch-3g": _named, "watch-3g-stream": _stream}
    return rewrite.get(vector["protocol"], _as_it_is)(vector, draw)


def crc_xmodem(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def crc_x25(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc ^ 0xFFFF


def _as_it_is(vector: Vector, draw: random.Random) -> Vector:
    return vector


def _digits(old: str, draw: random.Random) -> str:
    return "".join(draw.choice("0123456789") for _ in old)


def _named(vector: Vector, draw: random.Random) -> Vector:
    """A text that names its device once; the answer names it too."""
    old = vector["expect"]["device"]
    new = _digits(old, draw)
    told = {
        name: value.replace(old, new) if isinstance(value, str) else value for name, value in vector["expect"].items()
    }
    return vector | {"input": vector["input"].replace(old, new, 1), "expect": told}


def _stream(vector: Vector, draw: random.Random) -> Vector:
    """The same in reads of the same lengths, wherever they cut."""
    reads = [bytes.fromhex(read) for read in vector["input"]]
    text = b"".join(reads)
    old = re.findall(rb"\[..\*(\d+)\*", text)[0]
    changed = text.replace(old, _digits(old.decode(), draw).encode())
    ends = [sum(map(len, reads[: count + 1])) for count in range(len(reads))]
    return vector | {"input": [changed[a:b].hex() for a, b in zip([0, *ends], ends, strict=False)]}


def _eview(vector: Vector, draw: random.Random) -> Vector:
    """Another IMEI and message number."""
    raw, expected = bytes.fromhex(vector["input"]), dict(vector["expect"])
    imei, number = _digits(expected["device"], draw), draw.randrange(0x10000)
    body = raw[8:].replace(expected["device"].encode(), imei.encode(), 1)
    crc = crc_xmodem(body) ^ (0 if expected["crc_ok"] else 1)
    changed = raw[:4] + crc.to_bytes(2, "little") + number.to_bytes(2, "little") + body
    expected |= {"device": imei, "index": number}
    if expected["reply_hex"]:
        expected["reply_hex"] = f"ab00030008c7{number.to_bytes(2, 'little').hex()}7f0100"
    return vector | {"input": changed.hex(), "expect": expected}


def _gt06(vector: Vector, draw: random.Random) -> Vector:
    """Another serial number."""
    raw, expected = bytearray.fromhex(vector["input"]), dict(vector["expect"])
    raw[-6:-4] = draw.randrange(0x10000).to_bytes(2, "big")
    crc = crc_x25(raw[2:-4]) ^ (0 if expected["crc_ok"] else draw.randrange(1, 0x10000))
    raw[-4:-2] = crc.to_bytes(2, "big")
    answer = bytes([5, raw[3], *raw[-6:-4]])
    expected["reply_hex"] = f"7878{answer.hex()}{crc_x25(answer):04x}0d0a"
    return vector | {"input": raw.hex(), "expect": expected}
