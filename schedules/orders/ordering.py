"""
Orders of services: taken in, offered to one provider after the other, done, rated, closed.

What is said at three in the morning is kept first. Nothing here decides what is an emergency: words that sound like one
put the order before a person, and whoever takes it in is shown the alarm first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from dispatch.clock import Clock
from dispatch.errors import Conflict
from dispatch.registry.follow_ups import ask
from dispatch.rules import follow_ups
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import SERVICE, Person, Resident, carer_id, compound
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.database import Engine
from dispatch.store.follow_ups import FollowUps
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules.visit import Wanted
from schedules.care.sending import hand_over_in
from schedules.orders.about import facts_of, resident_of
from schedules.orders.photos import PHOTOS_MAX, bare, photo_of, wrong
from schedules.orders.rates import Rates
from schedules.orders.rules import order as rules
from schedules.orders.rules.order import Order, State
from schedules.orders.rules.services import Service, Services, refused
from schedules.orders.rules.visits import key_of, visits_of
from schedules.orders.store.orders import Asked, Orders

NOTE_MAX = 2000
REST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What somebody wants. `urgent` passes the notice a service asks for; only an operator says so."""

    resident: str
    service: str
    start_at: datetime
    note: str = ""
    urgent: bool = False
    call_id: str | None = None


class Ordering:
    """Takes orders in and sees them through. An owner of waiting rows and a source of wanted visits."""

    name = "orders"
    patient = True

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, services: Services, *,
        rates: Rates, nudge: Callable[[], None], two_way: Callable[[str], bool] = lambda _: True,
        lacking: str = "",
    ) -> None:  # fmt: skip
        """`lacking` is why `services` only stand in for the centre's own list, empty where they are that."""
        self.lacking = lacking
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self.services = services
        self._rates = rates
        self._nudge = nudge
        self._two_way = two_way

    # ------------------------------------------------------------------------------------------- taken in

    def take(self, asking: Asking, *, by: Person, area: Area) -> Order:
        """
        Keeps an order and offers it to the first who can do it. The same thing at the same time again is the order
        that there is.

        Raises:
            NotFound: no such resident in this area. Invalid: no such service, or why this resident cannot have it then.
        """
        service = self._service(asking.service)

        def work(tx: Tx) -> Order:
            row = RegisterRows(tx.connection).one(RESIDENTS, asking.resident, area)
            living = People(tx.connection).dwelling(row["home_id"]).residents
            who = next(each for each in living if each.id == row["id"])
            known = Orders(tx.connection).same(who.id, service.key, asking.start_at)
            if known is not None:
                return known
            self._refuse(tx, service, who, asking)
            return self._keep(tx, service, who, asking, by)

        made = self._transactions.run(work)
        self._nudge()
        return made

    def _service(self, key: str) -> Service:
        service = self.services.services.get(key)
        if service is None:
            raise wrong("service", "There is no such service.")
        return service

    def _refuse(self, tx: Tx, service: Service, who: Resident, asking: Asking) -> None:
        last = Orders(tx.connection).last_done(who.id, service.key) if service.once_days else None
        why = refused(
            service, who, local=self._calendar.local(asking.start_at), now=tx.now,
            last_on=self._calendar.day_of(last) if last else None, urgent=asking.urgent,
        )  # fmt: skip
        if why is not None:
            raise wrong("service", why)

    def _keep(self, tx: Tx, service: Service, who: Resident, asking: Asking, by: Person) -> Order:
        order = Order(
            id=tx.new_id(), number=Orders(tx.connection).next_number(), service=service.key, resident_id=who.id,
            home_id=who.home_id, start_at=asking.start_at, minutes=service.minutes, state=State.WAITING, by=by,
            asked_at=tx.now, due_at=tx.now, note=asking.note[:NOTE_MAX], call_id=asking.call_id,
            smells=tuple(self.services.smells(asking.note)),
        )  # fmt: skip
        Orders(tx.connection).add(order)
        tx.log(Line(kind="order_taken", by=by, facts=facts_of(order), note=asking.note or None))
        if order.smells and not by.startswith("operator:"):
            # Nobody at the desk has seen these words yet.
            return self._waits(tx, order, about="order_smells")
        return self._offer_next(tx, order)

    # ------------------------------------------------------------------------------------------- offered

    def _offer_next(self, tx: Tx, order: Order) -> Order:
        """The next who can do it is asked; where nobody is left, an operator."""
        service, shelf = self.services.services.get(order.service), Orders(tx.connection)
        if service is None:  # It was taken off the list meanwhile, or another list stands in: a person decides.
            return self._waits(tx, order, about="order_waits")
        home = People(tx.connection).home(order.home_id)
        left = [each for each in shelf.able(service.skills, home.station_id)
                if each.person not in order.tried and each.phone]  # fmt: skip
        if not left or order.start_at <= tx.now:
            return self._waits(tx, order, about="order_waits")
        until = self._calendar.by_day(tx.now) + timedelta(minutes=service.offer_minutes)
        made = rules.offered(order, left[0].person, until=min(until, max(order.start_at, tx.now + REST)))
        shelf.save(made)
        self._ask(tx, made, left[0], service, place=compound(home.address))
        tx.log(Line(kind="order_offered", by=SERVICE, facts=facts_of(made) | {"to": left[0].person}))
        return made

    def _ask(self, tx: Tx, order: Order, who: Asked, service: Service, *, place: str) -> None:
        assert who.phone is not None
        what = service.names[who.lang if who.lang in service.names else "zh"]
        facts: dict[str, Fact] = {"place": place, "choices": f"{what} {self._when(order)}", "code": order.code}
        self._tell(tx, order, who, "order_offer", facts, answerable=self._two_way(who.phone))

    def _when(self, order: Order) -> str:
        return f"{self._calendar.local(order.start_at):%m-%d %H:%M}"

    def _tell(self, tx: Tx, order: Order, who: Asked, sentence: str, facts: dict[str, Fact], *,
              answerable: bool = False, answers: bool = False) -> None:  # fmt: skip
        if who.phone is None:
            return
        at_once = answers or rules.is_soon(order, self._calendar.by_day(tx.now))
        Outbox.post(tx, [Draft(
            key=f"{sentence}:{order.id}:{who.person}:{len(order.tried)}", sentence=sentence, channel=Channel.SMS,
            priority=Priority.CONFIRMATION if at_once else Priority.REMINDER, to=who.phone, person=who.person,
            lang=who.lang, expires_at=tx.now + timedelta(hours=12), facts=facts, answerable=answerable,
        )])  # fmt: skip

    def _waits(self, tx: Tx, order: Order, *, about: str) -> Order:
        waiting = rules.waits(order, tx.now)
        Orders(tx.connection).save(waiting)
        opened = ask(
            tx, follow_ups.Kind.OTHER, key=f"order:{order.id}:{about}", resident_id=order.resident_id,
            home_id=order.home_id, about=about, by=SERVICE, due_at=tx.now, note=order.note or None,
        )  # fmt: skip
        if opened:
            tx.log(Line(kind="order_waits", by=SERVICE, facts=facts_of(waiting) | {"why": about}))
        return waiting

    # ------------------------------------------------------------------------------------------- by people

    def accept(self, id_: str, provider: Person, *, by: Person, area: Area | None) -> Order:
        """
        This provider does it, by their own answer or as an operator says.

        Raises:
            NotFound: no such order in this area. Conflict: it is not open to this provider. Invalid: no such provider.
        """
        made = self._transactions.run(lambda tx: self.accept_in(tx, Orders(tx.connection).get(id_, area), provider, by))
        self._nudge()
        return made

    def accept_in(self, tx: Tx, order: Order, provider: Person, by: Person) -> Order:
        """The same within the caller's unit."""
        shelf = Orders(tx.connection)
        who = shelf.asked(provider)
        if who is None:
            raise wrong("provider", "There is none with this code.")
        if by.startswith("operator:") and order.state is State.OFFERED and order.provider != provider:
            before = shelf.asked(order.provider) if order.provider else None
            order = rules.waits(order, tx.now)
            if before is not None:
                self._tell(tx, order, before, "order_gone", {"code": order.code})
        made = rules.accepted(order, provider)
        shelf.save(made)
        self._settle(tx, made)
        if (who_comes := carer_id(provider)) is not None:
            hand_over_in(tx, key_of(made), who_comes, by=by)
        home, person = People(tx.connection).home(made.home_id), resident_of(tx, made)
        self._tell(tx, made, who, "order_taken", answers=by == provider, facts={
            "code": made.code, "address": home.address, "name": person.name if person else None,
            "phone": person.phone if person else None, "choices": self._when(made),
        })  # fmt: skip
        tx.log(Line(kind="order_accepted", by=by, facts=facts_of(made) | {"by_whom": provider}))
        return made

    def decline(self, id_: str, *, by: Person, area: Area | None, seen: str | None = None) -> Order:
        """
        Whoever it is offered to, or had accepted it (`seen`, when it was looked at), does not: the next is asked.

        Raises:
            NotFound, Conflict: see `accept`; or another is asked by now, who would be declined unasked.
        """

        def work(tx: Tx) -> Order:
            order = Orders(tx.connection).get(id_, area)
            if seen not in {None, order.provider or ""}:
                raise Conflict("Somebody else is asked by now. Please look again.")
            return self.decline_in(tx, order, by)

        made = self._transactions.run(work)
        self._nudge()
        return made

    def decline_in(self, tx: Tx, order: Order, by: Person) -> Order:
        """The same within the caller's unit."""
        if order.state not in {State.OFFERED, State.ACCEPTED, State.WAITING}:
            raise Conflict("This order is over already.")
        tx.log(Line(kind="order_declined", by=by, facts=facts_of(order) | {"by_whom": order.provider}))
        self._settle(tx, order)
        return self._offer_next(tx, order)

    def done(self, id_: str, *, by: Person, area: Area | None, note: str = "") -> Order:
        """
        It was done; whoever was served is asked how it was.

        Raises:
            NotFound: no such order in this area. Conflict: nobody had accepted it, or steps or photos are missing.
        """

        def work(tx: Tx) -> Order:
            order = Orders(tx.connection).get(id_, area)
            if not self.at_its_end(order):
                raise Conflict("Another step comes first.")
            return self.done_in(tx, order, by=by, note=note)

        made = self._transactions.run(work)
        self._nudge()
        return made

    def at_its_end(self, order: Order) -> bool:
        """Whether no step is left that must come before it is done."""
        service = self.services.services.get(order.service)
        return not (service and service.steps) or order.step == service.steps[-1]

    def done_in(self, tx: Tx, order: Order, *, by: Person, note: str = "", visit: str | None = None) -> Order:
        """The same within the caller's unit; `visit` is what showed it."""
        made = rules.done(order, tx.now)
        Orders(tx.connection).save(made)
        self._settle(tx, made)
        home = People(tx.connection).home(made.home_id)
        self._rates.plan_visit(
            tx, f"order:{made.id}", home_id=made.home_id, resident_id=made.resident_id, station_id=home.station_id
        )
        facts = facts_of(made) | ({"visit": visit} if visit else {})
        tx.log(Line(kind="order_done", by=by, facts=facts, note=note or None))
        return made

    def rate(self, id_: str, score: int, *, by: Person, area: Area | None) -> Order:
        """
        What whoever was served said of it by telephone, 5 is best; closes it.

        Raises:
            NotFound, Conflict: see `done`. Invalid: 1 to 5.
        """
        if not 1 <= score <= 5:
            raise wrong("score", "Please choose one.")

        def work(tx: Tx) -> Order:
            made = rules.closed(Orders(tx.connection).get(id_, area), score)
            Orders(tx.connection).save(made)
            tx.log(Line(kind="order_closed", by=by, facts=facts_of(made) | {"score": score}))
            return made

        return self._transactions.run(work)

    def cancel(self, id_: str, why: str, *, by: Person, area: Area | None) -> Order:
        """
        It is not wanted any more, or cannot be done.

        Raises:
            NotFound: no such order in this area. Conflict: it is over. Invalid: no reason is given.
        """
        if not why.strip():
            raise wrong("why", "Say why, in a few words.")

        def work(tx: Tx) -> Order:
            shelf = Orders(tx.connection)
            order = shelf.get(id_, area)
            made = rules.cancelled(order, why[:NOTE_MAX])
            shelf.save(made)
            self._settle(tx, made)
            who = shelf.asked(order.provider) if order.provider else None
            if who is not None:
                self._tell(tx, made, who, "order_gone", {"code": order.code})
            tx.log(Line(kind="order_cancelled", by=by, facts=facts_of(made), note=why))
            return made

        return self._transactions.run(work)

    def step(
        self, id_: str, step: str, *, by: Person, area: Area | None, note: str = "", pictures: Sequence[bytes] = ()
    ) -> Order:
        """
        The next step of an order in steps, with its photos.

        Raises:
            NotFound: no such order. Conflict: not this step's turn. Invalid: a photo is asked for, or is none.
        """
        shown = [bare(each) for each in pictures]

        def work(tx: Tx) -> Order:
            shelf = Orders(tx.connection)
            order = shelf.get(id_, area)
            service = self._service(order.service)
            if step not in service.steps:
                raise wrong("step", "There is no such step.")
            made = rules.stepped(order, step, service.steps)
            if step in service.photos and not pictures:
                raise wrong("photos", "This step asks for a photo.")
            if len(shelf.photos(id_)) + len(pictures) > PHOTOS_MAX:
                raise wrong("photos", "These are too many photos.")
            shelf.save(made)
            for picture in shown:
                shelf.keep_photo(photo_of(tx, order, step, picture, by), picture.content)
            facts = facts_of(made) | {"step": step, "photos": len(pictures)}
            tx.log(Line(kind="order_step", by=by, facts=facts, note=note or None))
            return made

        return self._transactions.run(work)

    def _settle(self, tx: Tx, order: Order) -> None:
        FollowUps(tx.connection).done_for(follow_ups.Kind.OTHER, key=f"order:{order.id}:", at=tx.now, by=SERVICE)

    # ------------------------------------------------------------------------------------------- by the timers

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Orders(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Orders(connection).next_due()

    def wake(self, id_: str) -> None:
        """Nobody answered, nobody looked, nobody reported: what comes next."""
        self._transactions.run(partial(self._wake, id_), lane=Lane.BULK)

    def stumble(self, id_: str, error: Exception) -> None:
        """One that cannot be judged keeps no other waiting, and is looked at again."""
        self._transactions.run(lambda tx: Orders(tx.connection).rest(id_, tx.now + REST), lane=Lane.BULK)

    def _wake(self, id_: str, tx: Tx) -> None:
        shelf = Orders(tx.connection)
        order = shelf.get(id_)
        if order.due_at is None or order.due_at > tx.now:
            return
        if order.state is State.OFFERED:
            tx.log(Line(kind="order_lapsed", by=SERVICE, facts=facts_of(order) | {"by_whom": order.provider}))
            self._offer_next(tx, order)
        elif order.state is State.WAITING:
            self._waits(tx, order, about="order_waits")
        elif order.state is State.ACCEPTED:
            ask(tx, follow_ups.Kind.OTHER, key=f"order:{order.id}:late", resident_id=order.resident_id,
                home_id=order.home_id, about="order_late", by=SERVICE, due_at=tx.now)  # fmt: skip
            shelf.save(replace(order, due_at=tx.now + rules.WAITS_AGAIN * 6))
        elif order.state is State.DONE:
            score = shelf.score_of(order.id)
            shelf.save(rules.closed(order, score))
            tx.log(Line(kind="order_closed", by=SERVICE, facts=facts_of(order) | {"score": score}))

    # ------------------------------------------------------------------------------------------- visits

    def wanted(self, day: date) -> Sequence[Wanted]:
        """Accepted orders of this local day that a carer does at home, one visit each."""
        start, end = self._calendar.bounds(day)
        with self._reading.connect() as connection:
            return visits_of(Orders(connection).between(start, end), self.services, day)
