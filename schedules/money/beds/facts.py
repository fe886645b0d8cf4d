"""A resident as rules see them on a day: age, level, categories, income, other schemes."""

from datetime import date

from schedules.money.beds.store import Facts, Known
from schedules.money.rules.ages import full_years
from schedules.money.rules.awards import PersonOn
from schedules.money.rules.exclusions import Implications
from schedules.money.rules.facts import Person
from schedules.money.rules.ways import CUSTOMARY, Ways


def person_of(known: Known, implied: Implications, ways: Ways = CUSTOMARY) -> PersonOn:
    """
    The facts by day. A level is that of the newest assessment that holds on the day, else the register's; schemes count
    as categories as well, because rules name them by either.
    """

    def on(day: date) -> Person:
        row, facts = known.row, _facts(known, day)
        born: date | None = row["born_on"]
        schemes = frozenset(facts.schemes) if facts else frozenset[str]()
        return Person(
            age=None if born is None else full_years(born, day, ways.leap_day),
            cats=implied.of(tuple(row["cats"])) | schemes, level=_level(known, day) or None, schemes=schemes,
            hukou=facts.hukou if facts else "", residence=facts.residence if facts else "",
            income_fen=facts.income_fen if facts else None,
        )  # fmt: skip

    return on


def _facts(known: Known, day: date) -> Facts | None:
    holding = [each for each in known.facts if each.from_on <= day]
    return holding[-1] if holding else None


def _level(known: Known, day: date) -> str:
    holding = [level for start, end, level in known.levels if start <= day <= end]
    return holding[-1] if holding else str(known.row["level"])
