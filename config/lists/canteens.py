"""
Rows of a list of canteens: what each would change, or what is wrong with it.

A canteen may stand in several rows, one for each rule that it goes by in the course of time; what else they say of it
is the same in all of them. A rule that begins ends the one before it that had no end, the day before: whoever writes
down only what is new says enough.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from config.lists import cells
from config.lists.cells import Wrong, plain
from config.lists.meanings import CANTEENS
from config.lists.reading import Reading
from config.lists.register import Change, Register, Values
from dispatch.ids import StationId
from schedules.meals.rules.canteen import Term, overlapping
from schedules.places.rules.hours import read_hours

SAID = ("name", "kind", "area_code", "station_id", "place", "hours")
"""What is said of a canteen, whatever rule it goes by."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanteenRows:
    """`policies` are the ids of the meal rules there are; `once` notes a code, and refuses it where rows differ."""

    register: Register
    new_id: Callable[[], str]
    policies: Sequence[str]
    once: Callable[[Reading, str, str, Any, str], None]

    def changes(self, row: Reading) -> list[Change]:
        """The canteen, its rule and its tills."""
        code = row.take("code", cells.code, needed=True) or ""
        before = self.register.by_code["canteens"].get(code)
        if before is not None and before["ended_at"] is not None:
            row.refuse("closed", "code")
        after = self._canteen(row, code, before)
        known = self.register.first_said.setdefault(code, (row.number, {name: after[name] for name in SAID}))
        if {name: after[name] for name in SAID} != known[1]:
            row.refuse("differs", "code", row=known[0])
        self.register.add("canteens", after)
        return [
            Change(table="canteens", row=row.number, before=before, after=after),
            *self._rule(row, after), *self._tills(row, after),
        ]  # fmt: skip

    def _canteen(self, row: Reading, code: str, before: Values | None) -> Values:
        fresh = before is None
        said = {
            "name": row.take("name", lambda cell: cells.words(cell, 120), needed=fresh),
            "kind": row.take("kind", _kind),
            "area_code": row.take("area_code", _area_code, needed=fresh),
            "station_id": self._station(row, before),
            "place": row.take("place", self._place),
            "hours": row.take("hours", _hours),
        }  # fmt: skip
        new: Values = {
            "id": self.new_id(), "code": code, "name": "", "kind": "canteen", "area_code": "", "station_id": None,
            "place": "", "hours": "", "version": 1, "ended_at": None,
        }  # fmt: skip
        return {**(before or new), **{name: value for name, value in said.items() if value is not None}}

    def _station(self, row: Reading, before: Values | None) -> str | None:
        """The station that is said, else the one on file; both are the caller's."""
        said = row.take("station", lambda cell: cells.words(cell, 120))
        found = self.register.station(said) if said else None
        if said and found is None:
            row.refuse("no_station", "station")
        now = found["id"] if found else (before["station_id"] if before else None)
        for each in {now, before["station_id"] if before else now}:
            if not self.register.area.covers(StationId(each) if each else None):
                row.refuse("outside", "station")
        return now

    def _place(self, cell: Any) -> str:
        code = cells.code(cell)
        if code not in self.register.places:
            raise Wrong("no_service_point")
        return code

    # ------------------------------------------------------------------------------------------- its rules

    def _rule(self, row: Reading, canteen: Values) -> list[Change]:
        policy = row.take("policy", self._policy)
        start, end = row.take("from_on", cells.any_day), row.take("until_on", cells.any_day)
        if policy is None:
            return self._refuse_days_alone(row)
        if start is None:
            # A day that is none was said already.
            return [] if "from_on" in row.said else row.refuse("missing", "from_on")
        if end is not None and end < start:
            row.refuse("rule_ends", "until_on")
        self.once(row, "rule", f"{canteen['code']} {start}", None, "from_on")
        return self._held(row, canteen, policy, start, end)

    def _held(self, row: Reading, canteen: Values, policy: str, start: date, end: date | None) -> list[Change]:
        """The rule from this day on, and the end of the one before."""
        rules = self.register.rules.setdefault(canteen["id"], {})
        before = rules.get(start)
        new = {"id": self.new_id(), "canteen_id": canteen["id"], "from_on": start, "until_on": None}
        after = {**(before or new), "policy": policy, **({"until_on": end} if end else {})}
        found = [Change(table="canteen_rules", row=row.number, before=before, after=after)]
        open_ = next((each for each in rules.values() if each["from_on"] < start and each["until_on"] is None), None)
        wanted = {**rules, start: after}
        if open_ is not None:
            ended = {**open_, "until_on": start - _DAY}
            wanted[open_["from_on"]] = ended
            found.insert(0, Change(table="canteen_rules", row=row.number, before=open_, after=ended))
        twice = overlapping(_term(each) for each in wanted.values())
        if twice is not None:
            row.refuse("two_rules", "from_on", policy=twice[0].policy, other=twice[1].policy, day=str(twice[1].from_on))
        rules.update(wanted)
        return found

    def _refuse_days_alone(self, row: Reading) -> list[Change]:
        """Days without a rule: something was left out. What was wrong with the rule is said already."""
        if "policy" not in row.said:
            for name in ("from_on", "until_on"):
                if name in row.said:
                    row.refuse("missing", "policy")
        return []

    def _policy(self, cell: Any) -> str:
        said = plain(cell)
        if said not in self.policies:
            raise Wrong("no_rule", rules="、".join(self.policies) or "-")
        return said

    # ------------------------------------------------------------------------------------------- its tills

    def _tills(self, row: Reading, canteen: Values) -> list[Change]:
        found = []
        for code in row.take("till", lambda cell: [cells.code(each) for each in cells.listed(cell, {})]) or ():
            before = self.register.by_code["tills"].get(code)
            if before is not None and before["canteen_id"] != canteen["id"]:
                row.refuse("till_taken", "till", till=code)
            new = {"id": self.new_id(), "code": code, "canteen_id": canteen["id"], "key": ""}
            after = {**(before or new), "ended_at": None}
            self.register.add("tills", after)
            found.append(Change(table="tills", row=row.number, before=before, after=after))
        return found


def _kind(cell: Any) -> str:
    said = plain(cell).casefold()
    if said not in CANTEENS:
        raise Wrong("no_canteen_kind")
    return CANTEENS[said]


def _area_code(cell: Any) -> str:
    said = plain(cell)
    if len(said) != 12 or not (said.isascii() and said.isdigit()):
        raise Wrong("no_area_code")
    return said


def _hours(cell: Any) -> str:
    said = cells.words(cell, 400)
    try:
        read_hours(said)
    except ValueError:
        raise Wrong("no_hours") from None
    return said


def _term(row: Mapping[str, Any]) -> Term:
    return Term(policy=row["policy"], from_on=row["from_on"], until_on=row["until_on"])
