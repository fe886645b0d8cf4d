"""
One round, from being opened to its result, and what becomes of it while nobody enters one.

```
  open ──► reminded ──► listed ──► alarmed ──► alarmed again …     each look takes one step
    │  not met: tries + 1, due again soon; the last try is an alarm at once
    ├──► done      well, needs, refused, moved
    └──► dropped   not served any more, on no list any more, the extra rounds were called off
```
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from dispatch.ids import HomeId, ResidentId
from dispatch.rules.people import Person
from schedules.rounds.rules.book import Late, Means


class Kind(StrEnum):
    """Why there is a round: the interval of the class, something that happened, an extra one for many."""

    REGULAR = "regular"
    CHANGE = "change"
    EXTRA = "extra"


class State(StrEnum):
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Result(StrEnum):
    """What came of it, coded."""

    WELL = "well"
    NEEDS = "needs"
    REFUSED = "refused"
    NOT_MET = "not_met"
    MOVED = "moved"
    HOSPITAL = "hospital"


SEEN = frozenset({Result.WELL, Result.NEEDS})
"""Results that count as having been visited, in the sense of the visit rate (探访率)."""


class Shown(StrEnum):
    """
    What is known of a round at the door that saw somebody: proved by something that cannot be said from elsewhere, only
    claimed, or looked at by a second person.
    """

    PROVED = "proved"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


UNPROVED = frozenset({Shown.CLAIMED, Shown.REJECTED})
"""What does not count as having been there."""


class Stage(StrEnum):
    """How far an open round has escalated."""

    QUIET = "quiet"
    REMINDED = "reminded"
    LISTED = "listed"
    ALARMED = "alarmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """
    One round. `why` is the change or the occasion behind it. `due_on` is the last local day that keeps the rule,
    `deadline` its end; `look_at` is when the timers look at it next, None once it is over.
    """

    id: str
    key: str
    resident_id: ResidentId
    home_id: HomeId
    kind: Kind
    cls: str
    why: str
    means: tuple[Means, ...]
    opened_on: date
    plan_on: date
    due_on: date
    deadline: datetime
    late: Late
    look_at: datetime | None
    stage: Stage = Stage.QUIET
    tries: int = 0
    state: State = State.OPEN
    result: Result | None = None
    by_means: Means | None = None
    done_on: date | None = None
    done_at: datetime | None = None
    done_by: Person | None = None
    shown: Shown | None = None
    """None for what was not at the door, saw nobody, or was entered before proof was asked for."""
    proof: str | None = None
    """`visit:<id>`, `signal:<id>`, `call:<id>` or `position:<lat>,<lng>`."""
    reviewed_by: Person | None = None
    campaign_id: str | None = None

    def __post_init__(self) -> None:
        assert (self.state is State.OPEN) == (self.look_at is not None)
        assert self.means

    @property
    def by_visit(self) -> bool:
        """Whether somebody goes there, as usual."""
        return self.means[0] is Means.VISIT


_NEXT = {Stage.QUIET: Stage.REMINDED, Stage.REMINDED: Stage.LISTED, Stage.LISTED: Stage.ALARMED,
         Stage.ALARMED: Stage.ALARMED}  # fmt: skip


def step_at(round_: Round, stage: Stage) -> datetime:
    """When an open round at this stage, before the last one, takes its next step."""
    hours = {Stage.QUIET: round_.late.remind, Stage.REMINDED: round_.late.list, Stage.LISTED: round_.late.alarm}
    return round_.deadline + timedelta(hours=hours[stage])


def look(round_: Round, now: datetime) -> tuple[Round, Stage | None]:
    """
    The round after one look, and the step that was taken; None where its time has not come.

    One step a look, so that a round nobody looked at for days is reminded of, listed and alarmed in this order.
    """
    if round_.state is not State.OPEN or round_.look_at is None or now < round_.look_at:
        return round_, None
    if round_.stage is not Stage.ALARMED and now < step_at(round_, round_.stage):
        return replace(round_, look_at=step_at(round_, round_.stage)), None
    stage = _NEXT[round_.stage]
    at = now + timedelta(hours=round_.late.again) if stage is Stage.ALARMED else step_at(round_, stage)
    return replace(round_, stage=stage, look_at=at), stage


def due_from(round_: Round, *, due_on: date, deadline: datetime) -> Round:
    """The round with another deadline, which begins anew to wait."""
    fresh = replace(round_, due_on=due_on, deadline=deadline, stage=Stage.QUIET)
    return replace(fresh, plan_on=min(round_.plan_on, due_on), look_at=step_at(fresh, Stage.QUIET))


def held_back(round_: Round, *, back_on: date, deadline: datetime) -> Round:
    """Whoever is away is not due: the round waits for the day after they are back."""
    later = replace(round_, due_on=back_on, deadline=deadline, stage=Stage.QUIET, plan_on=back_on)
    return replace(later, look_at=step_at(later, Stage.QUIET))


def missed_once(round_: Round, *, again_on: date, deadline: datetime) -> Round:
    """Nobody was met: a further try soon; the first one is kept in `tries`."""
    further = replace(round_, tries=round_.tries + 1, due_on=max(again_on, round_.opened_on), deadline=deadline,
                      plan_on=again_on, stage=Stage.REMINDED)  # fmt: skip
    return replace(further, look_at=step_at(further, Stage.REMINDED))


def missed_for_good(round_: Round, now: datetime) -> Round:
    """The last try failed: the desk hears at once, and the round stays open until somebody was met."""
    return replace(round_, tries=round_.tries + 1, stage=Stage.ALARMED, look_at=now)


def done(
    round_: Round, result: Result, means: Means, *, on: date, at: datetime, by: Person, proof: str | None = None
) -> Round:  # fmt: skip
    """It is over, with this result. What was seen at the door is proved, or only claimed."""
    at_the_door = means is Means.VISIT and result in SEEN
    shown = (Shown.PROVED if proof else Shown.CLAIMED) if at_the_door else None
    return replace(
        round_, state=State.DONE, result=result, by_means=means, done_on=on, done_at=at, done_by=by, look_at=None,
        shown=shown, proof=proof if at_the_door else None,
    )  # fmt: skip


def dropped(round_: Round, at: datetime, by: Person) -> Round:
    """Nobody waits for it any more."""
    return replace(round_, state=State.DROPPED, done_at=at, done_by=by, look_at=None)
