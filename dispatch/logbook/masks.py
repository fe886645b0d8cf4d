"""Names, telephones and addresses as lists and exports show them: enough to tell people apart (CARE-RULES 6.2)."""

import re

from dispatch.rules.dialling import as_dialled

_BUILDING = re.compile(r"^\D*\d+(?:号?[栋幢楼座])?")
_HOUSE = 2


def name(whole: str) -> str:
    """张*, 张*三: the first letter, and the last of more than two."""
    if len(whole) <= _HOUSE:
        return whole[:1] + "*" * max(1, len(whole) - 1) if whole else ""
    return whole[0] + "*" * (len(whole) - 2) + whole[-1]


def phone(whole: str) -> str:
    """138****1234: the first three and the last four; a number too short for that is hidden whole."""
    local = national(whole)
    return f"{local[:3]}{'*' * (len(local) - 7)}{local[-4:]}" if len(local) > 7 else "*" * len(local)


def national(whole: str) -> str:
    """A number of the country as it is dialled: without +86, which a table would take for a formula."""
    return as_dialled(whole)


def address(whole: str) -> str:
    """To the building: what stands behind its first number is left out."""
    found = _BUILDING.match(whole)
    return found.group() if found else whole
