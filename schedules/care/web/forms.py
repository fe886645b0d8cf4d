"""What the pages' forms said, as the services want it. A form that lacks something is refused with its field's name."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError

from dispatch.errors import Invalid
from dispatch.rules.signs import is_readable
from schedules.care.assessing import Said
from schedules.care.beds import Form
from schedules.care.rules.assessment import Reason
from schedules.care.rules.bed import Deed, Why
from schedules.care.rules.plan import Line
from schedules.care.store.plans import plain
from schedules.care.web.beds_api import BedLineSchema, line_of

Plain = dict[str, Any]
TEXT_MAX, NOTE_MAX = 120, 2000
LINES_MAX = 31
_LINE = BedLineSchema()


def paper(form: Mapping[str, str]) -> Form:
    """A step's paper."""
    why = form.get("why", "")
    return Form(
        on=day(form, "on"), post=_text(form, "post"), opinion=_text(form, "opinion", NOTE_MAX), org=_text(form, "org"),
        number=_text(form, "number"), why=Why(why) if why in set(Why) else None,
        agreed_from=day(form, "agreed_from"), agreed_until=day(form, "agreed_until"),
    )  # fmt: skip


def deed(form: Mapping[str, str], known: tuple[Deed, ...]) -> Deed:
    """
    Which step.

    Raises:
        Invalid: none of those that this form may ask.
    """
    said = form.get("deed", "")
    if said not in {each.value for each in known}:
        raise _wrong("deed", "Please choose one.")
    return Deed(said)


def assessment(form: Any) -> Said:
    """An assessment."""
    score, reason = form.get("score", "").strip(), form.get("reason", "first")
    if score and not (score.isascii() and score.isdigit() and len(score) <= 4):
        raise _wrong("score", "Please enter a whole number.")
    on = day(form, "assessed_on")
    if on is None:
        raise _wrong("assessed_on", "Please enter a day.")
    return Said(
        standard=_text(form, "standard"), assessed_on=on, org=_text(form, "org"), score=int(score) if score else None,
        level=form.get("level") or None, adjustments=form.getlist("adjustments"),
        reason=Reason(reason) if reason in set(Reason) else Reason.OTHER, valid_until=day(form, "valid_until"),
        number=_text(form, "number"), opinion=_text(form, "opinion", NOTE_MAX),
    )  # fmt: skip


def rows(form: Any) -> list[Plain]:
    """The lines of a plan's form as they were typed, those to be taken out left out, empty ones too."""
    found = []
    for number in range(LINES_MAX):
        row = {name: form.get(f"{name}-{number}", "").strip() for name in _TYPED}
        row |= {name: form.getlist(f"{name}-{number}") for name in ("items", "usual")}
        row |= {"medical": f"medical-{number}" in form}
        if row["minutes"] and f"out-{number}" not in form:
            found.append(row)
    return found


_TYPED = ("code", "pattern", "days", "times", "first_on", "start", "by", "minutes", "skills", "carers", "holidays")


def shown(line: Line) -> Plain:
    """A line on file as the form shows it: weekdays count from 1, Monday."""
    row = plain(line)
    first = 1 if line.pattern.value == "weekdays" else 0
    row |= {"days": " ".join(str(each + first) for each in line.days), "skills": " ".join(line.skills)}
    return row | {"first_on": row["first_on"] or "", "times": str(line.times or ""), "carers": str(line.carers)}


def lines(typed: list[Plain]) -> list[Line]:
    """
    The lines of a plan.

    Raises:
        Invalid: one of them is not whole; its number is told.
    """
    return [_line(row, number) for number, row in enumerate(typed, 1)]


def _line(row: Plain, number: int) -> Line:
    first = 1 if row["pattern"] == "weekdays" else 0
    try:
        said = _LINE.load(
            {
                **{name: row[name] for name in ("pattern", "start", "by", "holidays", "items", "usual", "medical")},
                "code": row["code"] or f"n{number}", "minutes": int(row["minutes"]), "carers": int(row["carers"] or 1),
                "times": int(row["times"] or 0), "first_on": row["first_on"] or None,
                "days": [int(each) - first for each in row["days"].replace(",", " ").split()],
                "skills": row["skills"].replace(",", " ").split(),
            }
        )  # fmt: skip
    except (ValidationError, ValueError):
        raise _wrong("lines", f"{number}: ?") from None
    return line_of(said)


def free_code(typed: list[Plain]) -> list[Plain]:
    """Gives new lines codes that no line of the plan has."""
    taken = {row["code"] for row in typed}
    free = (f"n{number}" for number in range(1, 1000) if f"n{number}" not in taken)
    return [row if row["code"] else row | {"code": next(free)} for row in typed]


def day(form: Mapping[str, str], name: str) -> date | None:
    """
    A day that a field says; None where it was left empty.

    Raises:
        Invalid: it is none.
    """
    said = form.get(name, "").strip()
    try:
        found = date.fromisoformat(said) if said else None
    except ValueError:
        raise _wrong(name, "Not a valid date.") from None
    if found is not None and not 1970 < found.year < 2200:
        raise _wrong(name, "Not a valid date.")
    return found


def _text(form: Mapping[str, str], name: str, most: int = TEXT_MAX) -> str:
    """What was typed, without control characters, as long as the file takes it."""
    said = form.get(name, "").replace("\r\n", "\n").strip()
    if len(said) > most:
        raise _wrong(name, "This text is too long.")
    return "".join(each for each in said if is_readable(each) and each != "\t")


def _wrong(field: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [why]}})
