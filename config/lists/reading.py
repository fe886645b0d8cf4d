"""One row being read, and what is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from config.lists import cells
from config.lists.cells import WARNINGS, Wrong, plain
from config.lists.columns import Columns
from config.lists.register import Change
from dispatch.web.i18n import gettext

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a cell. `column` is its head; `code` leads to reason and cure; `shown` stands there."""

    row: int
    column: str
    code: str
    shown: str
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grave(self) -> bool:
        return self.code not in WARNINGS

    def more_told(self) -> dict[str, str]:
        """Reason and cure in the caller's language, where there is one, else in English."""
        reason, cure = cells.CURES[self.code]
        return {"reason": gettext(reason, **self.more), "cure": gettext(cure)}


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a file would do. Nothing of it is done while one problem is grave."""

    kind: str
    rows: int = 0
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not any(each.grave for each in self.problems)


class Reading:
    """One row being read: cells by field; what is wrong goes into the plan."""

    def __init__(self, number: int, said: Mapping[str, Any], columns: Columns, plan: Plan) -> None:
        self.number = number
        self.said = said
        self._columns = columns
        self._plan = plan

    def take(self, name: str, parse: Callable[[Any], T], *, needed: bool = False) -> T | None:
        """What the cell means; None where it is empty or wrong, of which the second is told."""
        if name not in self.said:
            if needed:
                self.refuse("missing", name)
            return None
        try:
            return parse(self.said[name])
        except Wrong as wrong:
            self.say(wrong.code, name, **wrong.more)
            return None

    def say(self, code: str, name: str, **more: Any) -> None:
        column = self._columns.of.get(name)
        title = self._columns.titles[column] if column is not None and column < len(self._columns.titles) else name
        shown = plain(self.said.get(name, ""))[:40]
        if name in {"id_number", "phone", "contact_phone"} and len(shown) > 7:
            shown = f"{shown[:3]}…{shown[-4:]}"
        self._plan.problems.append(
            Problem(row=self.number, column=title, code=code, shown=shown, more=more)
        )  # fmt: skip

    def refuse(self, code: str, name: str, **more: Any) -> NoReturn:
        """
        Says it and ends this row.

        Raises:
            Wrong: always.
        """
        self.say(code, name, **more)
        raise Wrong(code)
