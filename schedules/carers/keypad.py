"""
The keys of a carer who rings in: 1 signs in to the visit that is due, 2 signs out; everything else is the desk's.

Offered only where nothing else can be meant: the number is one carer's and nobody else's, no alarm is open to them, and
a visit of theirs can be signed now. A key proves no place, as a text proves none; the same key again changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from dispatch.calls import Calls
from dispatch.errors import Conflict
from dispatch.expectations import in_earnest
from dispatch.ids import CarerId
from dispatch.messages.providers.provider import Keyed
from dispatch.rules.keypad import ARRIVE, CHOICES_MAX, Choice, Keys, Told
from dispatch.rules.people import Carer, carer, carer_id
from dispatch.store.alarms import Alarms
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx
from schedules.care.rules.presence import Visit, Way, Which
from schedules.care.store.visit_points import Points
from schedules.care.visit_answers import to_sign
from schedules.care.visiting import Said, Visiting


class VisitKeypad:
    """Answers keys (`dispatch.web.hooks.Keypad`), each in a unit of work of its own."""

    def __init__(
        self, transactions: Transactions, visiting: Visiting, calls: Calls, *, local: Callable[[datetime], datetime],
        nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._visiting = visiting
        self._calls = calls
        self._local = local
        self._nudge = nudge

    def hear(self, provider: str, keyed: Keyed) -> Keys | None:
        """
        What the caller is told; None where they are put through.

        Raises:
            Busy, StorageFailed: the books cannot be reached just now.
        """
        told = self._transactions.run(lambda tx: self._hear(tx, provider, keyed))
        if keyed.digit:
            self._nudge()
        return told

    def _hear(self, tx: Tx, provider: str, keyed: Keyed) -> Keys | None:
        who = _caller(tx, keyed.sender)
        if who is None:
            return None
        if keyed.digit:
            return self._press(tx, provider, keyed, who)
        near = to_sign(tx, who.id, Which.BEGIN) or to_sign(tx, who.id, Which.FINISH)
        return Keys(told=Told.MENU, lang=who.lang) if near else None

    def _press(self, tx: Tx, provider: str, keyed: Keyed, who: Carer) -> Keys:
        which, told = (Which.BEGIN, Told.CAME) if keyed.digit == ARRIVE else (Which.FINISH, Told.LEFT)
        key = f"call:{provider}:{keyed.key}:{which}"
        if Points(tx.connection).has(key):
            return Keys(told=told, lang=who.lang)
        meant = [each for each in to_sign(tx, who.id, which) if keyed.code in {None, each.code}]
        if len(meant) > 1:
            return Keys(told=Told.WHICH, lang=who.lang, digit=keyed.digit, choices=self._choices(meant))
        said = Said(key=key, which=which, way=Way.CALL, by=carer(who.id), carer_id=who.id, at=tx.now)
        if not meant or not self._signed(tx, meant[0], said):
            return Keys(told=Told.NOTHING, lang=who.lang)
        self._calls.serve_in(tx, provider, keyed.key, by=carer(who.id))
        return Keys(told=told, lang=who.lang)

    def _signed(self, tx: Tx, visit: Visit, said: Said) -> bool:
        try:
            self._visiting.sign_in_unit(tx, visit.id, said)
        except Conflict:
            return False
        return True

    def _choices(self, meant: Sequence[Visit]) -> tuple[Choice, ...]:
        return tuple(
            Choice(code=each.code, at=f"{self._local(each.wanted.start_from):%H:%M}") for each in meant[:CHOICES_MAX]
        )


def _caller(tx: Tx, sender: str) -> Carer | None:
    """The one carer whose number it is. Whoever lives somewhere or is asked to an alarm is put through."""
    files = People(tx.connection).files_of(sender) if sender else ()
    id_: CarerId | None = carer_id(files[0].person) if len(files) == 1 else None
    who = People(tx.connection).carers_by_id([id_]).get(id_) if id_ else None
    if who is None or who.ended_at is not None:
        return None
    asked = in_earnest(tx, Alarms(tx.connection).offers_to(carer(who.id)), coded=True)
    return None if asked else who
