"""Which signs a text of people may hold."""

import unicodedata

_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufff9\ufffa\ufffb")
"""What turns the line around for whatever stands behind it: a note could make another column say something else."""

_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})


def is_readable(text: str) -> bool:
    """
    Whether people wrote this: no control characters but line ends and tabs, no halves of signs, nothing that turns the
    line around, nothing that no file of a spreadsheet may hold.

    What Chinese keyboards and telephones write is in: the wide space (U+3000), joined emoji (U+200D), rare characters
    of names outside the standard (private use), signs newer than this Python.
    """
    return text.isprintable() or all(each in "\n\t" or _one(each) for each in text)


def _one(sign: str) -> bool:
    # The last two of each plane are no characters (Unicode, 23.7), and XML has no place for U+FFFE and U+FFFF.
    number = ord(sign)
    never = number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
    return sign not in _TURNS and not never and unicodedata.category(sign) not in _REFUSED
