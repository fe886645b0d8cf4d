"""The work of `anling quote`: lines in, lines out, one at a time; a bad line is told and the others go on."""

import json
import sys
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NoReturn

from config.holiday_files import read_holidays
from schedules.calendar import Calendar
from schedules.money.book import Book, read_book
from schedules.money.cases import BadCase, CaseReader
from schedules.money.quoting import Quoting
from schedules.money.rules.policies import NoRule
from schedules.money.rules.ways import Ways

IMPLIED = Path(__file__).parent / "policies" / "implications.toml"
"""What categories imply where a folder of policies does not say it."""

LINE_MAX = 1_000_000
"""Bytes of one case; a longer line is no case, and is not kept in memory."""


def quote_lines(
    lines: IO[bytes], out: IO[str], *, policies: Path, lang: str | None = None, day: date | None = None,
    rounding: str = "half_up", leap_day: str = "mar_1",
) -> int:  # fmt: skip
    """
    Answers every line; 1 when a line or a policy file is bad, else 0.

    Raises:
        Misconfigured: the folder cannot be read or has no policy.
    """
    book = read_book(policies, implied=IMPLIED)
    _tell(book, lang)
    quoting = quoting_of(book, lang=lang, day=day, rounding=rounding, leap_day=leap_day)
    bad = bool(book.faults)
    for number, line in enumerate(_lines(lines), 1):
        if line.strip():
            answer = answered(quoting, line, number)
            bad = bad or "error" in answer
            out.write(_TEXT.encode(answer) + "\n")
    return 1 if bad else 0


def quoting_of(
    book: Book, *, lang: str | None = None, day: date | None = None, rounding: str = "half_up",
    leap_day: str = "mar_1",
) -> Quoting:  # fmt: skip
    """The rules of a book ready to be asked; days are those of China."""
    reader = CaseReader(
        implications=book.implications,
        calendar=Calendar("Asia/Shanghai"),
        is_workday=read_holidays().is_workday,
        leap_day=leap_day,
    )
    return Quoting(book, reader, ways=Ways(rounding=rounding, leap_day=leap_day), lang=lang, default_day=day)


def answered(quoting: Quoting, line: bytes, number: int) -> dict[str, Any]:
    """The answer to one line, or `{"id", "error"}` that names the line, what is wrong with it and the cure."""
    name: object = None
    try:
        case = _JSON.decode(line.decode())
        if not isinstance(case, dict):
            raise BadCase("case", "it is no object", "write it in curly brackets")
        name = case.get("id")
        return quoting.answer(case)
    except (BadCase, NoRule) as error:
        return {"id": name, "error": f"line {number}: {error}"}
    except (ValueError, RecursionError) as error:
        return {"id": name, "error": f"line {number}: it is no JSON: {error}; write one object a line in UTF-8"}


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)
_TEXT = json.JSONEncoder(ensure_ascii=False)
"""Made once: `json.loads` with arguments makes one for every line."""


def _lines(lines: IO[bytes]) -> Iterable[bytes]:
    """The lines, with the rest of one that is too long passed over in pieces."""
    while line := lines.readline(LINE_MAX):
        yield line
        while not line.endswith(b"\n") and len(line) >= LINE_MAX:
            line = lines.readline(LINE_MAX)


def _tell(book: Book, lang: str | None) -> None:
    """What is wrong in the files, in the language that the answers are asked in."""
    if not book.faults and not book.doubts:
        return
    from dispatch.web.i18n import read_texts, words

    gettext = words(lang=lang or "en", texts=read_texts() if lang == "zh" else {}).gettext
    for fault in book.faults:
        print(f"anling: {fault.told(gettext)}", file=sys.stderr)
    for doubt in book.doubts:
        print(f"anling: {gettext('(only a doubt)')} {doubt.told(gettext)}", file=sys.stderr)
