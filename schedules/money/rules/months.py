"""Months as they are written: 2026-11."""

import re

_MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", re.ASCII)


def is_month(text: str) -> bool:
    """Whether this is a month: "2026-11"."""
    return _MONTH.fullmatch(text) is not None
