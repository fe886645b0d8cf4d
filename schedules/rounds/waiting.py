"""What is said of a round that waits: to the record, to the operators' list, to whoever keeps visits."""

from datetime import datetime, timedelta

from dispatch.ids import ResidentId
from dispatch.registry.follow_ups import ask
from dispatch.rules import follow_ups
from dispatch.rules.people import SERVICE, Person, carer_id
from dispatch.store.transactions import Tx
from schedules.care.sending import hand_over_in
from schedules.rounds.rules.round import Round
from schedules.rounds.store.rounds import Rounds

HOUR, LATELY = timedelta(hours=1), timedelta(days=30)


def key_of(round_: Round) -> str:
    """What the visit of this try is wanted by."""
    return f"round:{round_.id}" + (f":{round_.tries + 1}" if round_.tries else "")


def hand_over_all(tx: Tx, resident_id: ResidentId, responsible: Person | None, *, by: Person) -> None:
    """What is planned for the open rounds of a resident is the visits of the carer who is responsible from now on."""
    comes = carer_id(responsible) if responsible else None
    if comes is not None:
        for each in Rounds(tx.connection).open_of(resident_id):
            hand_over_in(tx, key_of(each), comes, by=by)


def list_in(tx: Tx, round_: Round) -> None:
    """Puts this try on the operators' list, once."""
    ask(tx, follow_ups.Kind.OTHER, key=f"round:{round_.id}:{round_.tries}", resident_id=round_.resident_id,
        home_id=round_.home_id, about="round_missed", by=SERVICE, due_at=tx.now)  # fmt: skip


def may_alarm(shelf: Rounds, round_: Round, now: datetime, per_hour: int, always: bool) -> bool:
    """
    Whether a missed round may become an alarm now: not more an hour than the centre can answer, and, unless `always`,
    only where rounds are being done at all. A service that nobody has told of rounds yet keeps them on the list.
    """
    if shelf.alarmed_since(now - HOUR) >= per_hour:
        return False
    return always or round_.tries > 0 or shelf.any_done(now - LATELY)


def facts_of(round_: Round) -> dict[str, str | int | None]:
    """What every line of the record says of a round."""
    return {
        "round": round_.id, "resident": round_.resident_id, "class": round_.cls or None, "what": str(round_.kind),
        "why": round_.why or None, "due": round_.due_on.isoformat(), "tries": round_.tries,
    }  # fmt: skip
