"""
The checksums of binary trackers, computed by the standard library's CRC-CCITT.

Checked against their published check values for `123456789` (X-25: 906E, XMODEM: 31C3).
"""

from binascii import crc_hqx
from functools import reduce
from operator import xor

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def x25(data: bytes) -> int:
    """CRC-16/X-25 (ITU-T X.25, called CRC-ITU by makers of trackers): the mirror image of CRC-CCITT from FFFF."""
    crc = crc_hqx(data.translate(_MIRRORED), 0xFFFF)
    return (_MIRRORED[crc & 0xFF] << 8 | _MIRRORED[crc >> 8]) ^ 0xFFFF


def xmodem(data: bytes) -> int:
    """CRC-16/XMODEM: polynomial 1021 from 0."""
    return crc_hqx(data, 0)


def xor_of(data: bytes) -> int:
    """All bytes exclusive-ored."""
    return reduce(xor, data, 0)
