"""
What stands in a cell, made into what it means; or a `Wrong` with the reason and the cure.

Excel keeps fifteen digits of a number: an ID number that was typed as a number has lost its last three for good, and
they are never guessed. Telephone numbers have eleven and survive as `13800138000.0`.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as WrongNumber

from config.district_phones import typed_number
from config.lists.sheet import CELL_MAX
from dispatch.web.i18n import N_

EXACT_MAX = 10**15
"""The largest number of which Excel keeps every digit (IEEE 754 double, shown with 15)."""

EPOCH = date(1899, 12, 30)
"""Day 0 of Excel's calendar for all days after February 1900."""

_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d{1,3}")
_WHOLE = re.compile(r"(\d+)\.0+")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(\d{1,2})\s*[::时点]\s*(\d{1,2})?\s*(?:分|[::]\s*\d{1,2}(?:\.0+)?)?")

CURES: Mapping[str, tuple[str, str]] = {
    "missing": (N_("is empty"), N_("fill it in")),
    "digits_lost": (
        N_("Excel has cut off the last digits"),
        N_("make the column text, and copy the number from the card again"),
    ),
    "id_length": (N_("an ID number has 18 characters"), N_("copy it from the card again")),
    "id_old": (N_("this is an old number of 15 digits"), N_("take the 18 characters of the present card")),
    "id_checksum": (N_("the check digit does not fit"), N_("one digit is wrong: compare it with the card")),
    "id_birth": (N_("no day of birth is in it"), N_("compare digits 7 to 14 with the card")),
    "id_county": (N_("the county code is not in our list"), N_("fine where the county is new; else compare it")),
    "id_differs": (N_("the day of birth differs from the ID number"), N_("correct one of them")),
    "no_day": (N_("this is no date"), N_("write it like 1938-03-05")),
    "future_day": (N_("this day lies ahead, or far back"), N_("correct the year")),
    "no_time": (N_("this is no time"), N_("write it like 08:00")),
    "no_phone": (N_("this is no telephone number"), N_("write one number with its area code")),
    "two_phones": (N_("two numbers in one cell"), N_("leave one here")),
    "no_number": (N_("this is no number"), N_("write it like 38.0712")),
    "no_place": (N_("this position is impossible"), N_("compare latitude and longitude; are they swapped?")),
    "half_place": (N_("latitude and longitude belong together"), N_("fill in both, or none")),
    "no_datum": (N_("this is no coordinate system"), N_("write wgs84 or gcj02")),
    "too_long": (N_("this is too long"), N_("shorten it")),
    "odd_letters": (N_("there are characters that cannot be seen in it"), N_("type it again")),
    "no_station": (N_("there is no such station"), N_("write the code or the name of a station that is here")),
    "no_carer": (N_("there is no such carer"), N_("write the code of a carer who is here")),
    "two_carers": (N_("two carers have this name"), N_("write the code")),
    "no_resident": (N_("there is no such resident"), N_("write the code of a resident who is here")),
    "two_residents": (N_("two residents have this name"), N_("write the code")),
    "no_home": (N_("there is no such home"), N_("write the code of a home that is here")),
    "no_code": (N_("this is no code"), N_("a code has 1 to 40 letters and digits")),
    "no_means": (N_("this is no way to travel"), N_("write foot, ebike or car (步行、电动车、汽车)")),
    "twice": (N_("the same stands in row %(row)s"), N_("leave one of them")),
    "differs": (N_("the same code stands in row %(row)s with other words"), N_("leave one of them")),
    "elsewhere": (
        N_("somebody of this code lives elsewhere"),
        N_("check the code; moving house is done on their page"),
    ),
    "id_taken": (N_("another resident has this ID number"), N_("check the number, and who is who")),
    "taken": (N_("this device is somebody's already"), N_("check the address on its label")),
    "overlap": (N_("it overlaps another shift of the same carer"), N_("correct the times")),
    "no_protocol": (N_("there is no such protocol"), N_("write the name of a decoder, like rflink")),
    "long_shift": (N_("a shift has 24 hours at most"), N_("correct the times")),
    "hidden": (N_("this row is hidden in the file, and is read"), N_("take it away in the file if it does not belong")),
    "closed": (N_("this canteen is closed for good"), N_("give the new one a code of its own")),
    "no_canteen_kind": (
        N_("this is no kind of canteen"),
        N_("write canteen, point or kitchen (食堂、助餐点、中央厨房)"),
    ),
    "no_area_code": (N_("this is no area code"), N_("write 12 digits: county 6, town 3, community 3")),
    "no_service_point": (N_("there is no such service point"), N_("write the code of a point of the page of places")),
    "no_hours": (N_("these are no opening hours"), N_("write them like Mo-Fr 07:00-13:00; PH off")),
    "no_rule": (N_("there is no such meal rule; there are: %(rules)s"), N_("write the id of one of them")),
    "rule_ends": (N_("the rule ends before it begins"), N_("correct one of the days")),
    "two_rules": (
        N_("%(policy)s and %(other)s would both be in force on %(day)s"),
        N_("say until which day the first of them goes"),
    ),
    "till_taken": (
        N_("till %(till)s stands in another canteen"),
        N_("give it a code of its own, or move it on the page of canteens"),
    ),
    "outside": (N_("this station is not yours"), N_("ask whoever works for it")),
}
"""Reason and cure of everything that can be wrong with a cell."""

WARNINGS = frozenset({"id_county", "id_differs", "hidden"})
"""What is said and stops nothing."""


class Wrong(Exception):
    """A cell that cannot be what it should be."""

    def __init__(self, code: str, **more: Any) -> None:
        assert code in CURES
        super().__init__(code)
        self.code = code
        self.more = more


def plain(value: Any) -> str:
    """What a person sees in the cell: numbers without the `.0` that Excel adds, nothing as empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT_MAX else repr(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    text = unicodedata.normalize("NFKC", str(value)).strip()
    # The mark that our own CSV puts before what a program would take for a formula.
    text = text[1:].strip() if text[:1] == "'" and text[1:].strip()[:1] in set("=+-@") else text
    return text if len(text) <= CELL_MAX else text[: CELL_MAX + 1]


def words(value: Any, longest: int) -> str:
    """
    A text of one line.

    Raises:
        Wrong: too long, or with characters nobody sees.
    """
    text = " ".join(plain(value).split())
    if any(unicodedata.category(each) in {"Cc", "Cs", "Cf", "Co", "Cn"} for each in text):
        raise Wrong("odd_letters")
    if len(text) > longest:
        raise Wrong("too_long")
    return text


def code(value: Any) -> str:
    """A code of a row; numbers as people see them."""
    text = words(plain(value), 40)
    if text and (not text[0].isalnum() or not text.isprintable()):
        raise Wrong("no_code")
    return text


def listed(value: Any, meanings: Mapping[str, str], longest: int = 40) -> list[str]:
    """Several words in one cell; those of the table become what they mean, others stay."""
    found = [words(each, longest) for each in re.split(r"[,，、;；/|\n]+", str(value)) if each.strip()]
    return list(dict.fromkeys(meanings.get(each, each) for each in found))


def phone(value: Any) -> str:
    """
    A telephone number, E.164.

    Raises:
        Wrong: it is none, or there are two.
    """
    text = plain(value)
    whole = _WHOLE.fullmatch(text)
    text = whole[1] if whole else text
    if _SCIENTIFIC.fullmatch(text):
        if float(text) >= EXACT_MAX or ("." in text and len(text.partition(".")[2].partition("E")[0]) < 10):
            raise Wrong("digits_lost")
        text = str(int(float(text)))
    if re.search(r"\d{7,}\s*[,，、/;；\s]+\s*\d{7,}", text):
        raise Wrong("two_phones")
    found = typed_number(text)
    if found is None or len(text) > 40:
        raise Wrong("no_phone")
    return found


def day(value: Any, today: date) -> date:
    """
    A day of somebody's life: Excel's own, its number, or as people write it.

    Raises:
        Wrong: it is none, or lies ahead.
    """
    found = _day(value)
    if found > today or found.year < 1880:
        raise Wrong("future_day")
    return found


def any_day(value: Any) -> date:
    """A day, ahead too."""
    found = _day(value)
    if not 2000 < found.year < 2200:
        raise Wrong("future_day")
    return found


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = plain(value)
    known = _DAY.fullmatch(text) or (_PLAIN_DAY.fullmatch(text) if len(text) == 8 else None)
    try:
        if known:
            return date(int(known[1]), int(known[2]), int(known[3]))
        if re.fullmatch(r"\d{1,5}(?:\.\d+)?", text):
            return EPOCH + timedelta(days=int(float(text)))
    except (ValueError, OverflowError):
        pass
    raise Wrong("no_day")


def clock_time(value: Any) -> tuple[time, int]:
    """
    A time of day, and 1 for 24:00, which is the next day's first moment.

    Raises:
        Wrong: it is none.
    """
    if isinstance(value, datetime):
        return value.time(), 0
    if isinstance(value, time):
        return value, 0
    if isinstance(value, timedelta):
        value = value / timedelta(days=1)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        minutes = round(value * 1440)
        return (time(), 1) if minutes == 1440 else (time(minutes // 60, minutes % 60), 0)
    known = _TIME.fullmatch(plain(value))
    if known is None:
        raise Wrong("no_time")
    hour, minute = int(known[1]), int(known[2] or 0)
    if (hour, minute) == (24, 0):
        return time(), 1
    try:
        return time(hour, minute), 0
    except ValueError:
        raise Wrong("no_time") from None


def number(value: Any) -> float:
    """A number with a point."""
    try:
        found = float(plain(value))
    except ValueError:
        raise Wrong("no_number") from None
    if found != found or abs(found) > 1e6:
        raise Wrong("no_number")
    return found


def id_number(value: Any, today: date) -> tuple[str, date, str | None]:
    """
    A Chinese ID number (GB 11643-1999): the number, the day of birth in it, and the code of a warning or None.

    Raises:
        Wrong: digits are lost, or it cannot be one.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= EXACT_MAX:
        raise Wrong("digits_lost")
    text = re.sub(r"[\s-]", "", plain(value)).upper()
    if _SCIENTIFIC.fullmatch(plain(value)):
        raise Wrong("digits_lost")
    if len(text) == 15 and text.isdigit():
        raise Wrong("id_old")
    if len(text) != 18 or not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        raise Wrong("id_length")
    if text[-1] != ric.calc_check_digit(text):
        raise Wrong("digits_lost" if text.endswith("000") else "id_checksum")
    try:
        born = ric.get_birth_date(text)
    except WrongNumber:
        raise Wrong("id_birth") from None
    if born > today or born.year < 1880:
        raise Wrong("id_birth")
    # Cards keep the code of when they were issued, so that it is enough that the county ever had it.
    known = numdb.get("cn/loc").info(text[:6])
    return text, born, None if any(info.get("county") for _, info in known) else "id_county"
