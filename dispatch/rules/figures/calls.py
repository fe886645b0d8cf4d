"""One alarm as the figures know it: read from its lines in the record."""

from collections.abc import Collection, Iterable, Sequence
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
    facts, kinds = raised.facts, {each.kind for each in lines}
    ends = [each for each in lines if each.kind in {"closed", "reopened"}]
    closed = ends[-1] if ends and ends[-1].kind == "closed" else None
    human = [each for each in lines if each.by.startswith(HUMAN)]
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
        shadowed="shadowed" in kinds,
        paper=happened_us(raised) is not None,
        delayed=bool(facts.get("delayed_s")),
        offered="offered" in kinds,
        linked_120="emergency_called" in kinds,
        presses=1 + sum(each.kind in PRESSES for each in lines),
        acked_us=_first(raised, human, ACKNOWLEDGES),
        responded_us=_first(raised, lines, RESPONDS),
        accepted_us=_first(raised, lines, {"accepted"}),
        arrived_us=_first(raised, lines, {"attended"}),
        closed_us=None if closed is None else elapsed_us(raised, closed),
    )


def _who(raised: Seen, home: object, resident: object) -> str | None:
    """Whose call: of the person in the home, or of the device where there is no home; a stranger's is nobody's."""
    if home:
        return f"{home}/{resident or '-'}"
    return raised.by if raised.by.startswith("device:") else None


def _first(raised: Seen, lines: Iterable[Seen], kinds: Collection[str]) -> int | None:
    """The earliest of these kinds, counted from the raising."""
    took = (elapsed_us(raised, each) for each in lines if each.kind in kinds)
    return min((each for each in took if each is not None), default=None)


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
