"""A report in the words of a page: numbers as people read them, always with n, names instead of ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from dispatch.rules.figures.counting import COUNTS, RATES, SMALL
from dispatch.rules.figures.report import Report
from dispatch.web import words
from dispatch.web.i18n import Words
from dispatch.web.reports.labels import COLUMNS, FIGURES, PARTS, columns_of

Names = Mapping[str, str]
"""What stations, teams and people are called, by id or reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    One figure as it is read. `text` is the value; `of` says k of n; `small` that n is too small to say much; `href` and
    `missed_href` open its alarms and those of the whole that are not in it, both empty where no alarm is behind it.
    """

    key: str
    name: str
    text: str
    of: str
    small: bool
    href: str = ""
    missed_href: str = ""
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A breakdown: a row for each part, a cell for each key."""

    part: str
    title: str
    keys: list[str]
    heads: list[str]
    rows: list[tuple[str, list[Shown]]]


class Showing:
    """One report, one language."""

    def __init__(self, report: Report, said: Words, names: Names) -> None:
        self.report = report
        self._said = said
        self._names = names

    def whole(self) -> list[Shown]:
        """Every figure of the whole."""
        return [self.one(key, self.report["figures"][key]) for key in FIGURES if key in self.report["figures"]]

    def headline(self) -> list[Shown]:
        """The six that a reader wants first."""
        keys = ("calls_valid", "ack_on_time_rate", "onsite_rate", "onsite_p50", "onsite_p90", "false_alarm_rate")
        return [self.one(key, self.report["figures"][key]) for key in keys]

    def tables(self) -> list[Table]:
        """Every breakdown that has something in it."""
        return [self.table(part) for part in PARTS if self.report["by"][part]]

    def table(self, part: str) -> Table:
        rows, keys = self.report["by"][part], columns_of(part)
        keys = [key for key in keys if key in COLUMNS or any(key in row["figures"] for row in rows)]
        return Table(
            part=part,
            title=self._said.gettext(PARTS[part]),
            keys=keys,
            heads=[self._said.gettext(FIGURES[key]) for key in keys],
            rows=[
                (
                    self.name_of(part, row["of"]),
                    [self.one(key, row["figures"].get(key), part, row["of"]) for key in keys],
                )
                for row in rows
            ],
        )

    def name_of(self, part: str, which: str) -> str:
        """What a part is called."""
        if not which:
            return self._said.gettext("not known")
        if part == "cause":
            return self._said.gettext(words.CAUSES[which]) if which in words.CAUSES else which
        return f"{which}:00" if part == "hour" else self._names.get(which, which)

    def one(self, key: str, figure: Mapping[str, Any] | None, part: str = "", which: str = "") -> Shown:
        """A figure in words. One that this part does not have is a dash."""
        name = self._said.gettext(FIGURES[key])
        if figure is None:
            return Shown(key=key, name=name, text="—", of="", small=False)
        shown = Shown(key=key, name=name, text=self._value(key, figure), of=self._of(figure), small=_is_small(figure))
        if not (key in COUNTS or key in RATES or key.endswith(("_p50", "_p90"))) or not figure["n"]:
            return shown
        return Shown(
            key=key, name=name, text=shown.text, of=shown.of, small=shown.small,
            href=self._list(key, "all" if key not in RATES else "met", part, which),
            missed=figure["n"] - figure["k"] if "k" in figure else 0,
            missed_href=self._list(key, "missed", part, which) if key in RATES else "",
        )  # fmt: skip

    def _value(self, key: str, figure: Mapping[str, Any]) -> str:
        if "k" in figure:
            return "—" if figure["rate"] is None else tenths(figure["k"], figure["n"]) + "\N{NO-BREAK SPACE}%"
        if "seconds" not in figure:
            return str(figure["n"])
        if figure["seconds"] is None:
            return "—"
        if key.startswith(("ack", "accept")):
            return self._said.gettext("%(n)s s", n=figure["seconds"])
        return self._said.gettext("%(n)s min", n=figure["minutes"])

    def _list(self, key: str, show: str, part: str, which: str) -> str:
        asked = {"month": self.report["month"], "figure": key, "show": show}
        if part:
            asked |= {"part": part, "of": which}
        return f"/reports/calls?{urlencode(asked)}"

    def _of(self, figure: Mapping[str, Any]) -> str:
        if "k" in figure:
            return self._said.gettext("%(k)s of %(n)s", k=figure["k"], n=figure["n"])
        return f"n = {figure['n']}" if "seconds" in figure else ""


def tenths(k: int, n: int) -> str:
    """
    A share in per cent with one decimal, cut off at both ends: 100.0 is said of all alone, and 0.0 of none alone.
    """
    shown = (2000 * k + n) // (2 * n)
    shown = min(shown, 999) if k < n else shown
    shown = max(shown, 1) if k else shown
    return f"{shown // 10}.{shown % 10}"


def _is_small(figure: Mapping[str, Any]) -> bool:
    return ("k" in figure or "seconds" in figure) and 0 < figure["n"] < SMALL
