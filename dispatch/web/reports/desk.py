"""What the report pages and the API have in common: the counted report, names, and the lists behind the numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.clock import Clock
from dispatch.errors import Invalid
from dispatch.figures.counted import Figures
from dispatch.figures.signing import Signing
from dispatch.rules.figures.calls import Call
from dispatch.rules.figures.counting import COUNTS, PARTS, RATES, TIMES, flags_of, hour_of, is_valid, parts_of
from dispatch.rules.figures.report import differences
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.accounts import Accounts
from dispatch.store.database import Engine
from dispatch.store.figures import numbers_of
from dispatch.store.people import People
from dispatch.store.signed_reports import SignedReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which calls behind a number: `show` is met, missed or all; `part` and `of` one row of a breakdown."""

    month: str
    figure: str
    show: str = "all"
    part: str = ""
    of: str = ""


class ReportDesk:
    """Reads for `/reports`; everything by the area of whoever asks."""

    def __init__(self, reading: Engine, figures: Figures, signing: Signing, clock: Clock) -> None:
        self._reading = reading
        self.figures = figures
        self.signing = signing
        self.clock = clock

    def names(self) -> Mapping[str, str]:
        """Stations by id, operators and carers by reference."""
        with self._reading.connect() as connection:
            people = People(connection)
            return {
                **{each.id: each.name for each in people.stations()},
                **{f"carer:{each.id}": each.name for each in people.carers()},
                **{f"operator:{each.id}": each.name for each in Accounts(connection).operators()},
            }

    def district(self) -> str:
        with self._reading.connect() as connection:
            return People(connection).district()[0]

    def listed(self, wanted: Wanted, area: Area) -> list[Call]:
        """
        The calls behind a number, the longest first where it is a time, else the newest first.

        Raises:
            Invalid: no such month, figure or part.
        """
        takes = _chooser(wanted)
        limits, zone = self.figures.limits, self.figures.zone
        found = [
            call
            for call in self.figures.calls(wanted.month, area)
            if takes(flags_of(call, limits), call) and _is_in(call, wanted, hour_of(call.at_us, zone))
        ]
        name = wanted.figure.rpartition("_p")[0]
        if name in TIMES:
            return sorted(found, key=lambda each: -(TIMES[name](each) or 0))
        return sorted(found, key=lambda each: -each.at_us)

    def numbers(self, ids: Sequence[str]) -> dict[str, str]:
        """The short numbers of alarms, by id."""
        with self._reading.connect() as connection:
            return numbers_of(connection, ids)

    def signed(self, month: str) -> Sequence[tuple[SignedReport, list[str]]]:
        """What was signed for the district, with what is counted otherwise now."""
        found = self.signing.of_month(month)
        if not found:
            return []
        now = self.figures.report(month, DISTRICT)
        return [(each, differences(each.figures, now)) for each in found]


Chooses = Callable[[frozenset[str], Call], bool]


def _chooser(wanted: Wanted) -> Chooses:
    key, show, timed = wanted.figure, wanted.show, wanted.figure.rpartition("_p")
    if key in COUNTS:
        return lambda flags, _: COUNTS[key] in flags
    if key in RATES and show in {"met", "missed", "all"}:
        part, whole = RATES[key]
        return lambda flags, _: whole in flags and (show == "all" or (part in flags) == (show == "met"))
    if timed[0] in TIMES and timed[2] in {"50", "90"}:
        return lambda _, call: is_valid(call) and TIMES[timed[0]](call) is not None
    raise Invalid("There is no such figure.", {"query": {"figure": ["unknown"]}})


def _is_in(call: Call, wanted: Wanted, hour: str) -> bool:
    if not wanted.part:
        return True
    if wanted.part not in PARTS:
        raise Invalid("There is no such part.", {"query": {"part": ["unknown"]}})
    return (wanted.part, wanted.of) in parts_of(call, hour)
