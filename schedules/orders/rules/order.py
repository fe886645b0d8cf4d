"""
One order of a service, from the call to the rating.

```
  asked ──► offered ──► accepted ──► done ──► closed        cancelled from anywhere before done
              │  declined, or no answer in time: the next provider
              └──► waiting   nobody left to ask, or an operator must look: a person decides
```
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.errors import Conflict
from dispatch.ids import HomeId, ResidentId
from dispatch.rules.offers import LONG_CODES
from dispatch.rules.people import Person


class State(StrEnum):
    OFFERED = "offered"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DONE = "done"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ENDED = frozenset({State.CLOSED, State.CANCELLED})
SETTLED = ENDED | {State.DONE}

RATED_WITHIN = timedelta(days=3)
"""So long an answer to the question how it was is waited for; a default."""

WAITS_AGAIN = timedelta(hours=4)
"""What waits for an operator is put before them again after so long; a default."""

LATE_AFTER = timedelta(hours=4)
"""An accepted order that nobody reported done so long after its end is put before the operators; a default."""

SOON = timedelta(hours=1)
"""What begins earlier than so long after the night cannot wait for its end; a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    One order. `by` is who asked, `provider` who does it: `carer:<id>` or `provider:<id>`. `note` are the words of
    whoever asked; `smells` those of them that sound like an emergency.
    """

    id: str
    number: int
    service: str
    resident_id: ResidentId
    home_id: HomeId
    start_at: datetime
    minutes: int
    state: State
    by: Person
    asked_at: datetime
    due_at: datetime | None
    note: str = ""
    smells: tuple[str, ...] = ()
    provider: Person | None = None
    offered_until: datetime | None = None
    tried: tuple[str, ...] = ()
    step: str = ""
    done_at: datetime | None = None
    score: int | None = None
    why: str = ""
    call_id: str | None = None

    def __post_init__(self) -> None:
        assert (self.state in ENDED) == (self.due_at is None)
        assert self.state not in {State.OFFERED, State.ACCEPTED} or self.provider

    @property
    def code(self) -> int:
        """What stands in a text: three digits, which alarms have only when all of two are taken."""
        return LONG_CODES[self.number % len(LONG_CODES)]


def is_soon(order: Order, awake_at: datetime) -> bool:
    """
    Whether it is too late to speak of it when people are awake again, at `awake_at`: then it is told at once, at night
    too. Everything else leaves people in peace until morning.
    """
    return order.start_at < awake_at + SOON


def offered(order: Order, to: Person, *, until: datetime) -> Order:
    """It is offered to this provider until then."""
    return replace(order, state=State.OFFERED, provider=to, offered_until=until, due_at=until, tried=(*order.tried, to))


def waits(order: Order, now: datetime) -> Order:
    """Nobody is left to ask: an operator decides."""
    return replace(order, state=State.WAITING, provider=None, offered_until=None, due_at=now + WAITS_AGAIN)


def accepted(order: Order, by: Person) -> Order:
    """
    This provider does it.

    Raises:
        Conflict: it is somebody else's, done or cancelled.
    """
    if order.state not in {State.OFFERED, State.WAITING} or (order.state is State.OFFERED and order.provider != by):
        raise Conflict("This order is not open to you any more.")
    late_at = order.start_at + timedelta(minutes=order.minutes) + LATE_AFTER
    return replace(order, state=State.ACCEPTED, provider=by, offered_until=None, due_at=late_at)


def done(order: Order, now: datetime) -> Order:
    """
    It was done.

    Raises:
        Conflict: nobody had accepted it, or it is over.
    """
    if order.state is not State.ACCEPTED:
        raise Conflict("Only an order that somebody has accepted can be done.")
    return replace(order, state=State.DONE, done_at=now, due_at=now + RATED_WITHIN)


def closed(order: Order, score: int | None) -> Order:
    """It is over, with what was said of it."""
    if order.state is not State.DONE:
        raise Conflict("Only an order that was done can be closed.")
    return replace(order, state=State.CLOSED, score=score, due_at=None)


def cancelled(order: Order, why: str) -> Order:
    """
    It is not wanted, or cannot be done.

    Raises:
        Conflict: it is done or over.
    """
    if order.state in SETTLED:
        raise Conflict("This order is over already.")
    return replace(order, state=State.CANCELLED, why=why, due_at=None, offered_until=None)


def stepped(order: Order, step: str, steps: tuple[str, ...]) -> Order:
    """
    The next step of an order in steps was taken; the steps keep their order.

    Raises:
        Conflict: it is not this step's turn, or nobody has accepted the order.
    """
    if order.state is not State.ACCEPTED:
        raise Conflict("Only an order that somebody has accepted can be done.")
    turn = steps[steps.index(order.step) + 1] if order.step in steps[:-1] else (steps[0] if not order.step else "")
    if step != turn:
        raise Conflict("Another step comes first.")
    return replace(order, step=step)
