"""
What is counted without alarms: each line of these kinds says how many and of how many, and of which part.

Two ways: a line that is a case by itself (`SAMPLES`), and a line that asks with a later one that answers (`PAIRS`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from dispatch.rules.figures.lines import Seen, at_us

TAKEN = frozenset({"taken", "confirmed"})
"""Outcomes of an attempt that a provider answers for."""


class Tally(NamedTuple):
    """`met` of `of` for the figure `key`, in the whole and in one part: `which` of all of its kind."""

    key: str
    part: str
    which: str
    met: int
    of: int


Facts = Mapping[str, Any]


def _settled(facts: Facts) -> Tally | None:
    """One attempt to send a message. Exercises count: they went to the same provider."""
    provider = str(facts.get("provider") or "")
    failed = facts.get("outcome") not in TAKEN
    return Tally("provider_failure_rate", "provider", provider, int(failed), 1) if provider else None


def _satisfied(facts: Facts) -> Tally | None:
    """One valid answer: satisfied is 4 or 5 of 5, and as much of any other scale (CARE-RULES, 4.4)."""
    score, of = _whole(facts.get("score")), _whole(facts.get("of"))
    if score is None or of is None or not 1 <= score <= of:
        return None
    return Tally("satisfaction", "team", str(facts.get("team") or ""), int(5 * score >= 4 * of), 1)


_MEASURED = {"devices": "device_online_rate", "coverage": "coverage_rate"}


def _measured(facts: Facts) -> Tally | None:
    """One count of a station's devices or homes, as it was at that moment."""
    key, met, of = _MEASURED.get(str(facts.get("what"))), _whole(facts.get("met")), _whole(facts.get("of"))
    if key is None or met is None or of is None or not 0 <= met <= of:
        return None
    return Tally(key, "station", str(facts.get("station") or ""), met, of)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


SETTLED = "message_settled"

SAMPLES: Mapping[str, Callable[[Facts], Tally | None]] = {
    SETTLED: _settled,
    "satisfaction": _satisfied,
    "measured": _measured,
}
"""By the kind of line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """`asked` begins what `met` ends; `by` names the fact that both have. `asked` counts the first time only."""

    key: str
    asked: str
    met: str
    by: str


PAIRS = (
    Pair(key="hotline_answer_rate", asked="call_came", met="call_answered", by="call"),
    Pair(key="care_call_rate", asked="check_due", met="check_done", by="check"),
)

ALWAYS = ("provider_failure_rate", "satisfaction", "device_online_rate", "coverage_rate", *(each.key for each in PAIRS))
"""Keys that every report has, with n = 0 where nothing was written."""

KINDS = frozenset(SAMPLES) | {each.asked for each in PAIRS}
"""Kinds of lines that count in the month in which they happened."""

ANSWERS = frozenset(each.met for each in PAIRS)
"""Kinds that answer a line of the month, whenever they were written."""


class Tallying:
    """Takes the lines of a month, in any order, and the answers to them, and adds up."""

    def __init__(self, start_us: int, end_us: int) -> None:
        self._start_us = start_us
        self._end_us = end_us
        self._sums: dict[tuple[str, str, str], list[int]] = {}
        self._asked: dict[str, dict[str, int]] = {each.key: {} for each in PAIRS}
        self._met: dict[str, dict[str, int]] = {each.key: {} for each in PAIRS}

    def take(self, line: Seen) -> None:
        """Counts a line where it belongs; one of another month or of no known kind is passed over."""
        facts = line.facts
        for pair in PAIRS if line.kind in ANSWERS else ():
            if line.kind == pair.met:
                _highest(self._met[pair.key], str(facts.get(pair.by)), line.number)
        if not self._start_us <= at_us(line) < self._end_us:
            return
        if line.kind in SAMPLES:
            self.add(line.kind, facts)
        for pair in PAIRS:
            if line.kind == pair.asked and facts.get("asked", 1) == 1:
                _lowest(self._asked[pair.key], str(facts.get(pair.by)), line.number)

    def add(self, kind: str, facts: Facts, times: int = 1) -> None:
        """So many lines of this kind that say the same and happened in the month."""
        told = SAMPLES[kind](facts)
        if told is None:
            return
        for part, which in (("", ""), (told.part, told.which)):
            sums = self._sums.setdefault((part, which, told.key), [0, 0])
            sums[0] += told.met * times
            sums[1] += told.of * times

    def sums(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """(part, which, key) → (met, of); ("", "", key) is the whole."""
        found = {key: (each[0], each[1]) for key, each in self._sums.items()}
        for pair in PAIRS:
            asked, met = self._asked[pair.key], self._met[pair.key]
            found["", "", pair.key] = (sum(met.get(id_, 0) > number for id_, number in asked.items()), len(asked))
        return found

    @property
    def waiting_since(self) -> int | None:
        """The number of the first entry of the month that asks something; None if none does."""
        return min((number for asked in self._asked.values() for number in asked.values()), default=None)


def _highest(kept: dict[str, int], id_: str, number: int) -> None:
    kept[id_] = max(number, kept.get(id_, number))


def _lowest(kept: dict[str, int], id_: str, number: int) -> None:
    kept[id_] = min(number, kept.get(id_, number))
