"""How people dial a number. Needs no library: the first letter after a start would wait for it (40 ms)."""

import re
import unicodedata

_CHINA = "+86"
_E164 = re.compile(r"\+[0-9]{5,15}")
_WITHOUT_TRUNK = re.compile(r"1[3-9][0-9]{9}|[48]00[0-9]{7}|[0-9]{5,6}")
"""
Mobiles, numbers that are free or cheap to call, and short ones; before an area code people dial a 0 (工信部,
电信网编号计划).
"""


def dialled(number: str) -> str:
    """As people of China dial it: 031188888888 for +8631188888888 and 0311-88888888; a foreign number as E.164."""
    plain = "".join(char for char in unicodedata.normalize("NFKC", number) if char in "+0123456789")
    if not plain.startswith(_CHINA):
        return plain
    national = plain.removeprefix(_CHINA)
    return national if _WITHOUT_TRUNK.fullmatch(national) else f"0{national}"


def as_dialled(number: str) -> str:
    """The same of a number that is E.164; whatever else stands there (masked, a gateway's name) stays as it is."""
    return dialled(number) if _E164.fullmatch(number) else number
