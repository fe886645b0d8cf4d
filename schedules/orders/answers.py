"""What providers answer by text: `<code> 1` takes an order, `<code> 2` leaves it; never in the way of an alarm."""

from collections.abc import Callable, Sequence

from dispatch.errors import Conflict
from dispatch.expectations import Done, Expectation, in_earnest, write_back
from dispatch.rules.people import Person
from dispatch.rules.reply import Action, Parsed, parse
from dispatch.store.alarms import Alarms
from dispatch.store.people import People
from dispatch.store.replies import Reply
from dispatch.store.transactions import Tx
from schedules.orders.ordering import Ordering
from schedules.orders.rules.order import Order
from schedules.orders.store.orders import Orders

MEANT = {Action.ACCEPT, Action.DECLINE}


class OrderAnswers:
    """Expects carers' answers (`answers.Claimant`) and takes those of organisations (`answers.Order`)."""

    def __init__(self, ordering: Ordering, *, nudge: Callable[[], None]) -> None:
        self._ordering = ordering
        self._nudge = nudge

    def expects(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Sequence[Expectation]:
        """Nothing while an alarm is open to this person, unless the order's own code was said and no alarm has it."""
        if parsed.action not in MEANT or reply.offer_id is not None or reply.attempt_id is not None:
            return []
        meant = [each for each in Orders(tx.connection).offered_to(person) if parsed.code in {None, each.code}]
        if not meant:
            return []
        alarms = in_earnest(tx, Alarms(tx.connection).offers_to(person), coded=True)
        if alarms and (parsed.code is None or any(offer.code == parsed.code for offer, _ in alarms)):
            return []
        return [
            Expectation(each.code, self._name(each), lambda tx, one=each: self._act(tx, one, person, parsed, reply))  # type: ignore[misc]
            for each in meant
        ]

    def take(self, tx: Tx, reply: Reply) -> tuple[Done, Person] | None:
        """An organisation's answer, where its number is nobody else's on file."""
        if reply.offer_id is not None or reply.attempt_id is not None or People(tx.connection).files_of(reply.sender):
            return None
        parsed = parse(reply.text)
        mine = [each.person for each in Orders(tx.connection).providers() if each.phone == reply.sender]
        if parsed.action not in MEANT or not mine:
            return None
        meant = [(who, one) for who in mine for one in Orders(tx.connection).offered_to(who)
                 if parsed.code in {None, one.code}]  # fmt: skip
        if len(meant) != 1:
            return None
        who, order = meant[0]
        return self._act(tx, order, who, parsed, reply), who

    def _act(self, tx: Tx, order: Order, person: Person, parsed: Parsed, reply: Reply) -> Done:
        fresh = Orders(tx.connection).get(order.id)
        try:
            if parsed.action is Action.ACCEPT:
                self._ordering.accept_in(tx, fresh, person, person)
                return Done("order_accepted", self._nudge)
            self._ordering.decline_in(tx, fresh, person)
        except Conflict:
            write_back(tx, person, reply, "order_gone", {"code": order.code})
            return Done("order_gone")
        return Done("order_declined", self._nudge)

    def _name(self, order: Order) -> str:
        service = self._ordering.services.services.get(order.service)
        return service.names["zh"] if service else order.service
