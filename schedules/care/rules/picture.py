"""
A photo of a visit as it may be kept: JPEG or PNG by its own bytes, and nothing in it but the picture.

A telephone writes into a photo where it was taken, by which telephone, and often a second, smaller picture. What is
needed of that, the time, is read before; the rest is left out here, by walking over the parts of the file: JPEG is
ITU-T T.81 (B.1.1: markers and segments, B.2: their order), PNG is ISO/IEC 15948 (5: signature, chunks, CRC).
"""

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

PICTURE_MAX = 600_000
"""Bytes of a picture that is kept: 1,280 pixels across take a third of that. Of a larger one only the hash is kept."""

PICTURES_MAX = 8
"""Kept for one visit; of further ones only the hash."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_ADOBE = 0xEE
"""APP14 says how the colours of some JPEGs are meant, and nothing else (T.872, 6.5.3)."""

_SOS, _EOI, _COMMENT = 0xDA, 0xD9, 0xFE
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment: TEM and RSTn."""


_TAKEN = re.compile(rb"(?<!\d)((?:19|20)\d\d):([01]\d):([0-3]\d) ([0-2]\d):([0-5]\d):([0-5]\d)\x00")
"""How an Exif block (version 2.32, DateTimeOriginal) writes when a picture was taken, in the camera's local time."""

HEAD = 256 * 1024
"""Bytes in which the Exif block stands, which comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`kind` is its media type, `content` the file without what the telephone wrote into it."""

    kind: str
    content: bytes


def picture_of(content: bytes, most: int = PICTURE_MAX) -> Picture | None:
    """The picture in this file; None where it is no JPEG or PNG, broken, or larger than `most` bytes."""
    try:
        if content.startswith(b"\xff\xd8"):
            bare = Picture(kind="image/jpeg", content=_jpeg(content))
        elif content.startswith(_PNG):
            bare = Picture(kind="image/png", content=_png(content))
        else:
            return None
    except (IndexError, struct.error):
        return None
    return bare if len(bare.content) <= most else None


_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"})
"""How a HEIC, HEIF or AVIF says what it is (ISO/IEC 14496-12, 4.3; 23008-12, 10.2)."""


def is_photo(content: bytes) -> bool:
    """Whether these are the bytes of a picture as telephones take it, whatever the file is called."""
    if content.startswith((b"\xff\xd8\xff", _PNG)):
        return True
    if content[:4] == b"RIFF":
        return content[8:12] == b"WEBP"
    # The major brand and those it is compatible with, four letters each, behind the box's length and name.
    size = int.from_bytes(content[:4], "big")
    brands = {content[at : at + 4] for at in range(8, min(size, 128), 4)}
    return content[4:8] == b"ftyp" and not _BRANDS.isdisjoint(brands)


def taken_at(content: bytes, zone: tzinfo) -> datetime | None:
    """
    When the camera says a picture was taken, as aware UTC; the latest time where several stand in it.

    None where it says nothing. `zone` is that of the camera's clock.
    """
    found = []
    head = content[:HEAD]
    for each in _TAKEN.finditer(head) if b"Exif\x00\x00" in head else ():
        try:
            year, month, day, hour, minute, second = (int(part) for part in each.groups())
            at = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        except ValueError:
            continue
        found.append(at.astimezone(UTC))
    return max(found, default=None)


def _jpeg(content: bytes) -> bytes:
    """From SOI to the first EOI, without APP1 … APP15 (but Adobe's) and comments; IndexError where it breaks off."""
    kept, at = [content[:2]], 2
    while True:
        if content[at] != 0xFF:
            raise IndexError("no marker")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _EOI:
            return b"".join([*kept, content[at : at + 2]])
        end = at + 2 if marker in _BARE else at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        if marker == _SOS:
            end = _after_scan(content, end)
        if marker == _ADOBE or not (0xE1 <= marker <= 0xEF or marker == _COMMENT):
            kept.append(content[at:end])
        at = end


def _after_scan(content: bytes, at: int) -> int:
    """Where the next marker stands behind a scan: FF that is neither stuffed (FF00) nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise IndexError("no end")
        if content[at + 1] == 0 or content[at + 1] in _BARE:
            at += 2
        else:
            return at


def _png(content: bytes) -> bytes:
    """The chunks that are the picture, whole with their CRCs, up to IEND."""
    kept, at, name = [_PNG], len(_PNG), b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + size
        if end > len(content):
            raise IndexError("it breaks off")
        if name in _PNG_KEPT:
            kept.append(content[at:end])
        at = end
    return b"".join(kept)
