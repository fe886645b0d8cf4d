"""Months as they are written: 2026-11."""

import re
from datetime import date, timedelta

from dispatch.errors import Invalid

_MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", re.ASCII)


def is_month(text: str) -> bool:
    """Whether this is a month: "2026-11"."""
    return _MONTH.fullmatch(text) is not None


def must_be_month(text: str) -> None:
    """
    Nothing is done.

    Raises:
        Invalid: this is no month.
    """
    if not is_month(text):
        raise Invalid("A month is written 2026-11.", {"month": ["A month is written 2026-11."]})


def following(month: str) -> str:
    """The month after this one: "2026-12" → "2027-01"."""
    year, number = map(int, month.split("-"))
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def days_of(month: str) -> tuple[date, date]:
    """
    The first and the last day of a month.

    Raises:
        Invalid: this is no month.
    """
    must_be_month(month)
    return date.fromisoformat(f"{month}-01"), date.fromisoformat(f"{following(month)}-01") - timedelta(days=1)
