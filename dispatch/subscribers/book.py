"""The book of subscriptions: who is told what, made and changed by named people, each change in the record."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.outward import Template, is_type
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.record import Record
from dispatch.store.subscriptions import (
    ACTIVE,
    PAUSED,
    REPLAY,
    TEST,
    Delivery,
    Subscription,
    Subscriptions,
)
from dispatch.store.transactions import Transactions, Tx
from dispatch.subscribers.line import refuse_odd
from dispatch.subscribers.secrets import OVERLAP, Signing

MANY = 50
"""Subscriptions at most; each costs a look at every entry."""

TEST_TYPE = "anling.service.test.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants a receiver to be told. `stations` are codes; empty is all."""

    name: str
    url: str
    template: Template = Template.STANDARD
    types: Sequence[str] = ()
    stations: Sequence[str] = ()


class Book:
    """Makes, changes and reads subscriptions."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, signing: Signing, *, private: bool,
        nudge: Callable[[], None], hosts: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._signing = signing
        self._private = private
        self._hosts = hosts
        self._nudge = nudge

    # -------------------------------------------------------------------------------------- reading

    def all(self) -> list[Subscription]:
        with self._reading.connect() as connection:
            return Subscriptions(connection).all()

    def get(self, id_: str) -> Subscription:
        """
        One of them.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            found = Subscriptions(connection).get(id_)
        if found is None:
            raise NotFound(f"no webhook {id_[:40]}")
        return found

    def log(self, id_: str, limit: int, before: str | None = None) -> list[Delivery]:
        """What became of messages to this one, the newest first."""
        with self._reading.connect() as connection:
            return Subscriptions(connection).log(id_, limit, before)

    def behind(self, subscription: Subscription) -> int:
        """How many entries of the record it has not been asked about yet."""
        with self._reading.connect() as connection:
            return max(0, Record(connection).head()[0] - subscription.cursor)

    def codes(self, subscription: Subscription) -> list[str]:
        """The stations of its filter by their codes."""
        with self._reading.connect() as connection:
            known = {str(each.id): each.code for each in People(connection).stations()}
        return [known.get(each, each) for each in subscription.stations]

    # -------------------------------------------------------------------------------------- changing

    def add(self, asked: Asked, *, by: Person) -> Subscription:
        """
        A new one, told from now on.

        Raises:
            Invalid: the address, a type or a station is none.
        """
        stations = self._checked(asked)

        def work(tx: Tx) -> Subscription:
            shelf = Subscriptions(tx.connection)
            if len(shelf.all()) >= MANY:
                raise Conflict(f"There are {MANY} webhooks already.")
            made = Subscription(
                id=tx.new_id(), name=asked.name, url=asked.url, template=str(asked.template), types=list(asked.types),
                stations=stations, state=ACTIVE, generation=1, old_until=None,
                cursor=Record(tx.connection).head()[0], due_at=tx.now, failing_since=None, tries=0,
                made_at=tx.now, made_by=by,
            )  # fmt: skip
            shelf.add(made)
            tx.log(_line("webhook_added", made.id, by))
            return made

        return self._transactions.run(work)

    def reveal(self, id_: str, *, by: Person) -> str:
        """Its secret, for whoever sets up the receiver; that it was shown is recorded."""
        found = self.get(id_)
        self._transactions.run(lambda tx: tx.log(_line("webhook_secret_shown", id_, by)))
        return self._signing.secret(id_, found.generation)

    def change(self, id_: str, asked: Asked, *, by: Person) -> None:
        """Another name, address or filter."""
        self.get(id_)
        stations = self._checked(asked)
        values = {
            "name": asked.name, "url": asked.url, "template": str(asked.template), "types": list(asked.types),
            "stations": stations,
        }  # fmt: skip
        self._change(id_, _line("webhook_changed", id_, by), due_now=True, **values)

    def pause(self, id_: str, *, by: Person) -> None:
        """Nothing leaves until it is resumed; nothing is lost either."""
        self._change(id_, _line("webhook_paused", id_, by), state=PAUSED)

    def resume(self, id_: str, *, by: Person, skip: bool = False) -> None:
        """Tells it again from where it stood; `skip` forgets what happened meanwhile."""
        more: dict[str, object] = {"state": ACTIVE, "tries": 0, "failing_since": None}
        if skip:
            with self._reading.connect() as connection:
                more["cursor"] = Record(connection).head()[0]
        self._change(id_, _line("webhook_resumed", id_, by), due_now=True, **more)

    def rotate(self, id_: str, *, by: Person) -> None:
        """
        Makes a new secret; the old one signs beside it for a day.

        Raises:
            Conflict: the secret before this one still signs: a third would end it early.
        """
        before = self.get(id_)

        def work(tx: Tx) -> None:
            now = Subscriptions(tx.connection).get(id_) or before
            if now.old_until is not None and tx.now < now.old_until:
                raise Conflict("The secret was changed less than a day ago; both still sign.")
            Subscriptions(tx.connection).change(id_, generation=now.generation + 1, old_until=tx.now + OVERLAP)
            tx.log(_line("webhook_rotated", id_, by))

        self._transactions.run(work)

    def remove(self, id_: str, *, by: Person) -> None:
        """Takes it away."""
        self.get(id_)

        def work(tx: Tx) -> None:
            if Subscriptions(tx.connection).remove(id_):
                tx.log(_line("webhook_removed", id_, by))

        self._transactions.run(work)

    def test(self, id_: str, *, by: Person) -> str:
        """A message that says it is a test leaves at once; the id of its delivery."""
        self.get(id_)
        return self._post(id_, TEST, by, number=0, type_=TEST_TYPE, webhook_id=None)

    def replay(self, id_: str, delivery_id: str, *, by: Person) -> str:
        """
        Something that was told leaves once more, under its old `webhook-id`.

        Raises:
            NotFound: there is no such delivery of this subscription.
        """
        with self._reading.connect() as connection:
            old = Subscriptions(connection).delivery(delivery_id)
        if old is None or old.subscription_id != id_:
            raise NotFound(f"no delivery {delivery_id[:40]}")
        why = TEST if old.why == TEST else REPLAY
        return self._post(id_, why, by, number=old.number, type_=old.type, webhook_id=old.webhook_id)

    def _post(self, id_: str, why: str, by: Person, *, number: int, type_: str, webhook_id: str | None) -> str:
        def work(tx: Tx) -> str:
            new = tx.new_id()
            Subscriptions(tx.connection).post(
                Delivery(
                    id=new, subscription_id=id_, webhook_id=webhook_id or f"msg_{id_}_{new}", number=number,
                    type=type_, why=why, state="waiting", tries=0, at=tx.now, due_at=tx.now,
                )
            )  # fmt: skip
            tx.log(Line(kind="webhook_tried", by=by, facts={"subscription": id_, "why": why, "entry": number}))
            return new

        made = self._transactions.run(work)
        self._nudge()
        return made

    def _change(self, id_: str, line: Line, *, due_now: bool = False, **values: object) -> None:
        self.get(id_)

        def work(tx: Tx) -> None:
            more = {"due_at": tx.now} if due_now else {}
            Subscriptions(tx.connection).change(id_, **values, **more)
            tx.log(line)

        self._transactions.run(work)
        self._nudge()

    def _checked(self, asked: Asked) -> list[str]:
        """The ids of its stations, once everything else is in order."""
        refuse_odd(asked.url, private=self._private, hosts=self._hosts)
        for each in asked.types:
            if not is_type(each):
                raise Invalid("There is no such type.", {"json": {"types": [f"There is no such type: {each[:80]}"]}})
        with self._reading.connect() as connection:
            known = {each.code: str(each.id) for each in People(connection).stations()}
        for each in asked.stations:
            if each not in known:
                raise Invalid("There is no such station.", {"json": {"stations": [f"no station {each[:80]}"]}})
        return [known[each] for each in asked.stations]


def _line(kind: str, id_: str, by: Person) -> Line:
    return Line(kind=kind, by=by, facts={"subscription": id_})
