"""
What shows that somebody was at the door for a round, looked for where a result is entered; the same that proves visits.

```
  a visit that counts, of that day ─┐
  the resident's button or a tag ───┼─ within 20 minutes of it ─► proved
  a call from the resident's number ┤
  the telephone's own position ─────┘  told at once, near the home, never the very same twice
  nothing ──────────────────────────────────────────────────────► claimed: a second person looks at it
```
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatch.rules.people import SERVICE
from dispatch.rules.place import Position
from dispatch.store.calls import Calls
from dispatch.store.people import People
from dispatch.store.transactions import Tx
from schedules.care.rules.evidence import Limits, Place, place_of
from schedules.care.rules.presence import Point, Way, Which
from schedules.care.store.visit_points import Points
from schedules.care.store.visits import Visits
from schedules.rounds.rules.round import Round
from schedules.rounds.store.rounds import Rounds

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a telephone says that it is (WGS-84), and how many metres it doubts that."""

    position: Position
    accuracy_m: int | None = None


def proof_of(tx: Tx, round_: Round, at: datetime, day: date, where: Where | None, limits: Limits) -> str | None:
    """What shows that somebody stood at this door `at` that moment, on this local day; None where nothing does."""
    return (
        _visit(tx, round_, day)
        or _signal(tx, round_, at, limits)
        or _call(tx, round_, at, limits)
        or (_position(tx, round_, at, where, limits) if where else None)
    )


def _visit(tx: Tx, round_: Round, day: date) -> str | None:
    counted = Visits(tx.connection).proved(round_.resident_id, day, day + DAY)
    return f"visit:{counted[0].visit_id}" if counted else None


def _signal(tx: Tx, round_: Round, at: datetime, limits: Limits) -> str | None:
    heard = Points(tx.connection).attendances(at - limits.vouches)
    near = [id_ for id_, home, when in heard if home == round_.home_id and abs(when - at) <= limits.vouches]
    return f"signal:{near[0]}" if near else None


def _call(tx: Tx, round_: Round, at: datetime, limits: Limits) -> str | None:
    """A call that rang in from a number of the resident; one of the family may come from anywhere."""
    numbers = {
        each.phone for each in People(tx.connection).dwelling(round_.home_id).residents
        if each.phone and each.id == round_.resident_id
    }  # fmt: skip
    rang = Calls(tx.connection).between(at - limits.vouches, at + limits.vouches, numbers) if numbers else []
    return f"call:{rang[0]}" if rang else None


def _position(tx: Tx, round_: Round, at: datetime, where: Where, limits: Limits) -> str | None:
    home = People(tx.connection).home(round_.home_id).position
    if home is None or tx.now - at > limits.told_at_once:
        return None
    point = Point(
        id="", visit_id="", which=Which.CONFIRM, way=Way.PAGE, at=at, received_at=tx.now, by=SERVICE,
        position=where.position, accuracy_m=where.accuracy_m,
    )  # fmt: skip
    said = f"position:{where.position.lat:.7f},{where.position.lng:.7f}"
    # No telephone finds the very same position twice, to a hand's breadth; somebody has invented it.
    invented = Rounds(tx.connection).proved_by(said) or Points(tx.connection).is_known(where.position)
    return said if place_of(point, home, limits) is Place.NEAR and not invented else None
