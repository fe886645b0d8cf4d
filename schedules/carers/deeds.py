"""
What a carer does on their own page with rounds, orders and swaps: only with their own, and the same press twice is one.

A form tells what it was made for (which try of a round, which order in which state); where that has come to pass
already, a copy of it changes nothing. What is somebody else's answers as if it were not there.
"""

from collections.abc import Callable, Mapping, Sequence

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Carer, Person, carer
from dispatch.store.transactions import Transactions, Tx
from schedules.carers.day import Days
from schedules.duty.swapping import Swapping
from schedules.orders.ordering import Ordering
from schedules.orders.rules import order as order_rules
from schedules.orders.rules.order import Order
from schedules.orders.store.orders import Orders
from schedules.rounds.places import where_of
from schedules.rounds.rounding import NOTE_MAX, RoundsDesk
from schedules.rounds.rules import round as round_rules
from schedules.rounds.rules.book import Means
from schedules.rounds.rules.round import Result, Round
from schedules.rounds.store.rounds import Rounds

Form = Mapping[str, str]

NOT_THERE = "This is not on your page any more."


class Deeds:
    """One method for each button; `do` finds it by the button's name."""

    def __init__(
        self, transactions: Transactions, *, rounds: RoundsDesk, ordering: Ordering, swapping: Swapping,
        days: Days, nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._rounds = rounds
        self._ordering = ordering
        self._swapping = swapping
        self._days = days
        self._nudge = nudge
        self._deeds: Mapping[str, Callable[[Carer, Form, Sequence[bytes]], None]] = {
            "round": self._round, "order_accept": self._accept, "order_decline": self._decline,
            "order_done": self._done, "order_step": self._step, "swap_yes": self._agree, "swap_no": self._refuse,
            "swap_withdraw": self._withdraw, "swap_ask": self._ask,
        }  # fmt: skip

    def knows(self, deed: str) -> bool:
        """Whether there is such a button."""
        return deed in self._deeds

    def do(self, deed: str, who: Carer, form: Form, pictures: Sequence[bytes]) -> None:
        """
        A button was pressed.

        Raises:
            NotFound: it is about something that is not this carer's. Conflict: it is too late. Invalid: something is
            missing or no answer to it. ValueError: the form is none of ours.
        """
        self._deeds[deed](who, form, pictures)
        self._nudge()

    # ------------------------------------------------------------------------------------------- rounds

    def _round(self, who: Carer, form: Form, _: Sequence[bytes]) -> None:
        result, means, tries = Result(form["result"]), Means(form["means"]), int(form["tries"])
        note = form.get("note", "").strip()[:NOTE_MAX]
        if result is Result.NEEDS and not note:
            raise Invalid("Say what is needed.")

        def work(tx: Tx) -> None:
            round_ = self._own_round(tx, form.get("round", ""), carer(who.id))
            if round_.done_by == carer(who.id) or round_.tries > tries:
                return
            if round_.state is not round_rules.State.OPEN:
                raise Conflict("This round is over already.")
            if means not in round_.means:
                raise Invalid("This round asks for another way.")
            where = where_of(form)
            self._rounds.enter_in(tx, round_, result, means, tx.now, carer(who.id), note or None, where=where)

        self._transactions.run(work)

    def _own_round(self, tx: Tx, id_: str, person: Person) -> Round:
        tx.hold(f"round:{id_}")
        round_ = Rounds(tx.connection).get(id_)
        listed = Rounds(tx.connection).listed(round_.resident_id)
        if listed is None or listed.responsible != person:
            raise NotFound(NOT_THERE)
        return round_

    # ------------------------------------------------------------------------------------------- orders

    def _accept(self, who: Carer, form: Form, _: Sequence[bytes]) -> None:
        def work(tx: Tx, order: Order, person: Person) -> None:
            if order.provider != person or order.state is order_rules.State.OFFERED:
                self._ordering.accept_in(tx, order, person, person)

        self._with_order(who, form, work)

    def _decline(self, who: Carer, form: Form, _: Sequence[bytes]) -> None:
        def work(tx: Tx, order: Order, person: Person) -> None:
            # Whoever was asked before and is not any more has declined already, or let it lapse: nothing is left to do.
            if order.provider == person:
                self._ordering.decline_in(tx, order, person)

        self._with_order(who, form, work)

    def _done(self, who: Carer, form: Form, _: Sequence[bytes]) -> None:
        def work(tx: Tx, order: Order, person: Person) -> None:
            if order.state in {order_rules.State.DONE, order_rules.State.CLOSED} and order.provider == person:
                return
            service = self._ordering.services.services.get(order.service)
            if service is not None and service.at_home:
                raise Conflict("Please sign in and out at the home: that shows that it is done.")
            if order.provider != person or not self._ordering.at_its_end(order):
                raise Conflict("Another step comes first.")
            self._ordering.done_in(tx, order, by=person, note=form.get("note", "")[:NOTE_MAX])

        self._with_order(who, form, work)

    def _with_order(self, who: Carer, form: Form, work: Callable[[Tx, Order, Person], None]) -> None:
        person, id_ = carer(who.id), form.get("order", "")

        def held(tx: Tx) -> None:
            tx.hold(f"order:{id_}")
            work(tx, _own_order(Orders(tx.connection).get(id_), person), person)

        self._transactions.run(held)

    def _step(self, who: Carer, form: Form, pictures: Sequence[bytes]) -> None:
        person, step = carer(who.id), form.get("step", "")
        order = self._transactions.run(lambda tx: Orders(tx.connection).get(form.get("order", "")))
        if _own_order(order, person).provider != person:
            raise NotFound(NOT_THERE)
        if order.step != step:
            self._ordering.step(order.id, step, by=person, area=None, note=form.get("note", ""), pictures=pictures)

    # ------------------------------------------------------------------------------------------- swaps

    def _agree(self, who: Carer, form: Form, _: Sequence[bytes]) -> None:
        self._answer(who, form, yes=True, said={"accepted", "done"})

    def _refuse(self, who: Carer, form: Form, _: Sequence[bytes]) -> None:
        self._answer(who, form, yes=False, said={"declined"})

    def _answer(self, who: Carer, form: Form, *, yes: bool, said: set[str]) -> None:
        swap = self._swapping.get(form.get("swap", ""))
        if swap.other_id != who.id:
            raise NotFound(NOT_THERE)
        if swap.state not in said:
            self._swapping.answer(swap.id, yes=yes, by=carer(who.id))

    def _withdraw(self, who: Carer, form: Form, _: Sequence[bytes]) -> None:
        swap = self._swapping.get(form.get("swap", ""))
        if swap.carer_id != who.id:
            raise NotFound(NOT_THERE)
        if swap.state != "withdrawn":
            self._swapping.withdraw(swap.id, by=carer(who.id))

    def _ask(self, who: Carer, form: Form, _pictures: Sequence[bytes]) -> None:
        """`with` is a colleague, or a colleague and a shift of theirs in return: `<carer>/<shift>`."""
        shift_id, (other, _, back) = form.get("shift", ""), form.get("with", "").partition("/")
        if not shift_id or not other:
            raise Invalid("Please choose one.")
        if not self._days.may_ask(who, shift_id, CarerId(other)):
            raise NotFound(NOT_THERE)
        asked = (who.id, shift_id, other, back or None)
        known = [each for each in self._swapping.listed() if each.is_open]
        if asked not in [(each.carer_id, each.shift_id, each.other_id, each.other_shift_id) for each in known]:
            self._swapping.ask(shift_id, CarerId(other), back or None, by=carer(who.id))


def _own_order(order: Order, person: Person) -> Order:
    """
    The order, if it is or was offered to this person.

    Raises:
        NotFound: it is somebody else's business.
    """
    if order.provider != person and person not in order.tried:
        raise NotFound(NOT_THERE)
    return order
