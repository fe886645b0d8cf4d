"""One alarm as the figures know it: read from its lines in the record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dispatch.rules.figures.lines import Seen, at_us, elapsed_us, happened_us

RAISED = "raised"
EXERCISE = "exercise"

DUPLICATE_US = 60_000_000
"""A further call of the same person within a minute is a duplicate (CARE-RULES, 5.2: calls_valid)."""

ACKNOWLEDGES = frozenset({"accepted", "declined", "attended", "noted", "claimed", "emergency_called", "closed"})
"""What a named human writes who has noticed the alarm. A new kind of noticing is one word here."""

RESPONDS = frozenset({"accepted", "attended", "resident_said", "closed"})
"""The first human contact: somebody is coming, is there, the resident has spoken, or it was settled."""

PRESSES = frozenset({"pressed_again", "worsened", "arrival_proved"})
"""Further signals that joined the alarm."""

TIMED = ACKNOWLEDGES | RESPONDS
"""Kinds of which it matters when."""

KINDS = ACKNOWLEDGES | RESPONDS | PRESSES | {RAISED, "offered", "reopened", "shadowed"}
"""Every kind of line about an alarm that some figure needs."""

HUMAN = ("operator:", "carer:", "contact:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    An alarm in figures. `at_us` is when it was raised, on paper if it was; the other times are microseconds from then,
    None where it did not happen. `outcome` is how it stands closed now. `who` is whose call it is, None if unknown.
    """

    id: str
    number: int
    at_us: int
    who: str | None
    station: str
    street: str
    community: str
    cause: str
    outcome: str | None
    shadowed: bool
    paper: bool
    delayed: bool
    offered: bool
    linked_120: bool
    presses: int
    acked_us: int | None
    responded_us: int | None
    accepted_us: int | None
    arrived_us: int | None
    closed_us: int | None
    duplicate: bool = False

    @property
    def counts(self) -> bool:
        """Exercises, and alarms that nobody was told of, are in no figure."""
        return not self.shadowed and self.cause != EXERCISE


def call_of(lines: Sequence[Seen]) -> Call | None:
    """The alarm whose lines these are, in the order they were written; None without its beginning."""
    raised = next((each for each in lines if each.kind == RAISED), None)
    if raised is None or raised.alarm_id is None:
        return None
    facts, found = raised.facts, _Found()
    for line in lines:
        found.take(raised, line)
    closed = found.closed
    return Call(
        id=raised.alarm_id,
        number=raised.number,
        at_us=at_us(raised),
        who=_who(raised, facts.get("home"), facts.get("resident")),
        station=str(facts.get("station") or ""),
        street=str(facts.get("street") or ""),
        community=str(facts.get("community") or ""),
        cause=str(facts.get("cause") or ""),
        outcome=None if closed is None else str(closed.facts.get("outcome") or ""),
        shadowed="shadowed" in found.kinds,
        paper=happened_us(raised) is not None,
        delayed=bool(facts.get("delayed_s")),
        offered="offered" in found.kinds,
        linked_120="emergency_called" in found.kinds,
        presses=1 + found.presses,
        acked_us=found.acked_us,
        responded_us=found.responded_us,
        accepted_us=found.accepted_us,
        arrived_us=found.arrived_us,
        closed_us=None if closed is None else elapsed_us(raised, closed),
    )


class _Found:
    """What the lines of one alarm say, taken one by one: a month has hundreds of thousands of them."""

    __slots__ = ("accepted_us", "acked_us", "arrived_us", "closed", "kinds", "presses", "responded_us")

    def __init__(self) -> None:
        self.acked_us: int | None = None
        self.responded_us: int | None = None
        self.accepted_us: int | None = None
        self.arrived_us: int | None = None
        self.closed: Seen | None = None
        self.kinds: set[str] = set()
        self.presses = 0

    def take(self, raised: Seen, line: Seen) -> None:
        kind = line.kind
        self.kinds.add(kind)
        if kind in PRESSES:
            self.presses += 1
        elif kind == "closed":
            self.closed = line
        elif kind == "reopened":
            self.closed = None
        if kind not in TIMED:
            return
        took_us = elapsed_us(raised, line)
        if took_us is None:
            return
        if kind in ACKNOWLEDGES and line.by.startswith(HUMAN):
            self.acked_us = _sooner(self.acked_us, took_us)
        if kind in RESPONDS:
            self.responded_us = _sooner(self.responded_us, took_us)
        if kind == "accepted":
            self.accepted_us = _sooner(self.accepted_us, took_us)
        elif kind == "attended":
            self.arrived_us = _sooner(self.arrived_us, took_us)


def _sooner(known: int | None, took_us: int) -> int:
    return took_us if known is None or took_us < known else known


def _who(raised: Seen, home: object, resident: object) -> str | None:
    """Whose call: of the person in the home, or of the device where there is no home; a stranger's is nobody's."""
    if home:
        return f"{home}/{resident or '-'}"
    return raised.by if raised.by.startswith("device:") else None


def marked(calls: Iterable[Call]) -> list[Call]:
    """The calls in the order they happened, duplicates marked; those that do not count are looked through."""
    ordered, last = sorted(calls, key=lambda each: (each.at_us, each.number)), dict[str, int]()
    found = []
    for call in ordered:
        if call.who is not None and call.counts:
            before = last.get(call.who)
            last[call.who] = call.at_us
            if before is not None and call.at_us - before <= DUPLICATE_US:
                found.append(replace(call, duplicate=True))
                continue
        found.append(call)
    return found
