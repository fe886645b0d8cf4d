"""A household is to be rung: a task on the operators' list, ended by their word, by a sign of life, or by itself."""

from datetime import datetime

from dispatch.ids import HomeId, ResidentId
from dispatch.registry.follow_ups import ask
from dispatch.rules.follow_ups import Kind
from dispatch.rules.people import SERVICE
from dispatch.store.follow_ups import FollowUps
from dispatch.store.transactions import Tx
from schedules.welfare.store import RING, Around


class Ringing:
    """The tasks of one unit of work."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def open(self, home_id: HomeId) -> datetime | None:
        """Until when this household is to be rung; None where nobody was asked to."""
        return Around(self._tx.connection).to_be_rung(home_id)

    def begin(self, home_id: HomeId, resident_id: ResidentId | None, until: datetime, note: str) -> None:
        """Somebody on watch is asked to ring them."""
        ask(self._tx, Kind.OTHER, key=f"{_key(home_id)}{self._tx.new_id()}", resident_id=resident_id, home_id=home_id,
            about=RING, by=SERVICE, due_at=until, note=note)  # fmt: skip

    def end(self, home_id: HomeId) -> None:
        """Nobody needs to ring any more: somebody is sent, or they gave a sign of life."""
        FollowUps(self._tx.connection).done_for(Kind.OTHER, key=_key(home_id), at=self._tx.now, by=SERVICE)


def _key(home_id: HomeId) -> str:
    return f"welfare:{home_id}:"
