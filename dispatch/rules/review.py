"""
What is reviewed, and who may sign: limits, breaches, the sample, and the way of a case through two persons.

    (not due) ──finding──┐
                         ▼
    open ──finding──► found ──sign, by somebody else──► signed
                         ▲                                │
                         └────────── finding ─────────────┘         a reopened alarm begins again
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dispatch.errors import Conflict, Invalid, NotAllowed
from dispatch.rules.people import Person
from dispatch.rules.told import FINDING, SIGNED, Told

DRAW = 10_000
"""The sample is drawn in hundredths of a percent."""


class Breach(StrEnum):
    """A limit that was passed."""

    ANSWERED = "answered"
    ACCEPTED = "accepted"
    ON_SITE = "on_site"
    CLOSED = "closed"
    MESSAGES = "messages"
    LAPSED = "lapsed"
    AUDIT = "audit"
    """The watch found a promise broken in the alarm's own entries."""


class Stage(StrEnum):
    """Where the review of an alarm stands; `none` is one that is not due, or still open."""

    NONE = "none"
    OPEN = "open"
    FOUND = "found"
    SIGNED = "signed"


class FindingCause(StrEnum):
    """Why it went as it did; `in_order` is a review that found nothing."""

    IN_ORDER = "in_order"
    NOBODY_FREE = "nobody_free"
    CARER_LATE = "carer_late"
    CARER_SILENT = "carer_silent"
    DESK_LATE = "desk_late"
    MESSAGES = "messages"
    DEVICE = "device"
    ENTRY = "entry"
    WRONG_DATA = "wrong_data"
    WRONG_OUTCOME = "wrong_outcome"
    OTHER = "other"


class Measure(StrEnum):
    """What is done about it."""

    NONE = "none"
    TALK = "talk"
    TRAIN = "train"
    ROSTER = "roster"
    REPAIR = "repair"
    REGISTER = "register"
    POLICY = "policy"
    PROVIDER = "provider"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What counts as a breach: seconds from the raising (`closed_s`: from the arrival), counts that may still be, and the
    share of the others that is looked at, in percent. Where each comes from stands in `config/review.toml`.
    """

    answered_s: int
    accepted_s: int
    on_site_s: int
    closed_s: int
    failures: int
    lapses: int
    sample_percent: float

    def __post_init__(self) -> None:
        assert 0 <= self.sample_percent <= 100


def breaches(told: Told, limits: Limits, *, audited: bool = False) -> tuple[Breach, ...]:
    """
    The limits that an alarm has passed, in the order of `Breach`; none of an exercise or an alarm in the shadow.

    What never happened counts until the alarm was closed first; of an open alarm only what has happened is judged.
    """
    if told.is_practice:
        return (Breach.AUDIT,) if audited else ()
    passed = {
        Breach.ANSWERED: _late(told, told.answered_at, limits.answered_s),
        Breach.ACCEPTED: _late(told, told.accepted_at, limits.accepted_s),
        Breach.ON_SITE: _late(told, told.attended_at, limits.on_site_s),
        Breach.CLOSED: _closed_late(told, limits.closed_s),
        Breach.MESSAGES: told.failures > limits.failures,
        Breach.LAPSED: told.lapses > limits.lapses,
        Breach.AUDIT: audited,
    }
    return tuple(each for each, is_so in passed.items() if is_so)


def _late(told: Told, at: datetime | None, limit_s: int) -> bool:
    until = at or told.first_closed_at
    return until is not None and until - told.raised_at > timedelta(seconds=limit_s)


def _closed_late(told: Told, limit_s: int) -> bool:
    if told.first_closed_at is None:
        return False
    return told.first_closed_at - (told.attended_at or told.raised_at) > timedelta(seconds=limit_s)


def is_drawn(told: Told, limits: Limits) -> bool:
    """
    Whether a closed alarm is in the sample: by the hash of the entry that closed it first.

    Everybody can draw again from the record and gets the same. Nobody knows before: the hash covers every entry before
    it and the clock of the machine. Closing once more draws nothing anew.
    """
    if told.drawn_by is None or told.is_practice:
        return False
    return int(told.drawn_by[:16], 16) % DRAW < limits.sample_percent * DRAW / 100


def stage(told: Told, *, is_due: bool) -> Stage:
    """Where its review stands. `is_due`: it has breaches, or was drawn."""
    if not told.is_closed:
        return Stage.NONE
    now = begun = Stage.OPEN if is_due else Stage.NONE
    for kind, _ in told.acts:
        now = {FINDING: Stage.FOUND, SIGNED: Stage.SIGNED, "reopened": begun}.get(kind, now)
    return now


def finders(told: Told) -> frozenset[Person]:
    """Who has found what is not signed yet."""
    found: set[Person] = set()
    for kind, by in told.acts:
        if kind in {SIGNED, "reopened"}:
            found.clear()
        elif kind == FINDING:
            found.add(by)
    return frozenset(found)


def check_finding(told: Told, *, today: date, follow_up_on: date | None, seen: int | None = None) -> None:
    """
    Whether something may be found about this alarm now. `seen` is the number of the review's last entry that the
    reviewer had before them; None asks nothing.

    Raises:
        Conflict: the alarm is open, or somebody has written since.
        Invalid: the day to look again lies behind us.
    """
    _check_seen(told, seen)
    if not told.is_closed:
        raise Conflict("The alarm is still open: it is reviewed when it is closed.")
    if follow_up_on is not None and follow_up_on < today:
        raise Invalid("The day to look again lies behind us.", {"follow_up_on": ["in the past"]})


def check_signing(told: Told, *, is_due: bool, by: Person, seen: int | None = None) -> None:
    """
    Whether this person may sign now: somebody else has found, and nobody has written since they looked.

    Raises:
        Conflict: there is nothing to sign, or somebody has written since.
        NotAllowed: the findings are their own.
    """
    _check_seen(told, seen)
    if stage(told, is_due=is_due) is not Stage.FOUND:
        raise Conflict("There is no finding that waits for a signature.")
    if by in finders(told):
        raise NotAllowed("A second person signs: this finding is your own.")


def _check_seen(told: Told, seen: int | None) -> None:
    if seen is not None and seen != told.act_number:
        raise Conflict("Somebody else has written here in between. Please look again.")


def is_due(found: Collection[Breach], *, drawn: bool) -> bool:
    """Whether a closed alarm belongs into the queue."""
    return bool(found) or drawn


def limits_at(kept: Sequence[tuple[int, Limits]], number: int) -> Limits:
    """The limits that held for an entry; the first ones where there were none yet. `kept`: oldest first."""
    return next((limits for since, limits in reversed(kept) if since < number), kept[0][1])


def read_limits(told: Mapping[str, Mapping[str, object]]) -> Limits:
    """
    The limits of a file such as `config/review.toml`: for each its `value`, and its `origin` in words (`origin_zh`: in
    Chinese, where there are any).

    Raises:
        Invalid: one is missing or unknown, is no number, is out of its range, or has no origin.
    """
    names = Limits.__dataclass_fields__.keys()
    for name in sorted(names ^ told.keys()):
        raise Invalid(f"{name}: {'is missing' if name in names else 'is no limit of ours'}.", {name: ["wrong"]})
    for name, each in told.items():
        value, origin = each.get("value"), each.get("origin")
        most = 100 if name == "sample_percent" else 10**7
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= most:
            raise Invalid(f"{name}.value: write a number from 0 to {most}.", {name: ["not a number in its range"]})
        if name != "sample_percent" and not isinstance(value, int):
            raise Invalid(f"{name}.value: write a whole number.", {name: ["not a whole number"]})
        if not isinstance(origin, str) or not origin.strip():
            raise Invalid(f"{name}.origin: say in words where the number comes from.", {name: ["no origin"]})
    return Limits(**{name: each["value"] for name, each in told.items()})  # type: ignore[arg-type]
