"""
The postman: brings each subscription what the record says, in its order, at least once.

```
  cursor ──► next entry that is wanted ──► POST (no transaction) ──► yes: cursor moves, logged
                                                          └──► no: tried again later, everything behind it waits
```

He is an owner of waiting rows and is woken by timers of his own, so that no receiver can hold a thread that an alarm
needs. Killed between the answer and the commit he tries again with the same `webhook-id`, by which a receiver knows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from dispatch.clock import Clock
from dispatch.rules.outward import (
    GONE,
    UNLIKED,
    UNLIKED_MAX,
    About,
    Template,
    Wish,
    again_in,
    body_of,
    envelope,
    told_in,
    type_of,
)
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Entry, Line
from dispatch.rules.signal import Cause
from dispatch.store.database import Connection, Engine
from dispatch.store.record import Record
from dispatch.store.subscriptions import ACTIVE, DISABLED, LIVE, TEST, Delivery, Subscription, Subscriptions
from dispatch.store.transactions import Lane, Transactions, Tx
from dispatch.subscribers.line import Line as Wire
from dispatch.subscribers.line import Result
from dispatch.subscribers.secrets import Signing

LOOK_MAX = 500
"""Entries that are looked through in one wake."""

AT_ONCE_MAX = 20
"""Messages that leave in one wake, so that others have their turn."""

REST = timedelta(seconds=60)

KEPT_FOR = timedelta(days=90)

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """One message to be sent."""

    type: str
    number: int
    webhook_id: str
    body: bytes


class Postman:
    """The owner of subscriptions and of their tests and replays. May be woken from several threads."""

    name = "webhooks"
    patient = True

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, wire: Wire, signing: Signing, *,
        source: str, give_up: timedelta, disabled: Callable[[str], None],
    ) -> None:  # fmt: skip
        """`source` is our public address; `disabled(name)` tells the people on watch that nobody takes anything."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._wire = wire
        self._signing = signing
        self._source = source
        self._give_up = give_up
        self._disabled = disabled

    # -------------------------------------------------------------------------------------- what waits

    def due(self, now: datetime, most: int) -> list[str]:
        with self._reading.connect() as connection:
            return Subscriptions(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Subscriptions(connection).next_due()

    def wake(self, id_: str) -> None:
        """Sends what is due of one subscription, one after the other, until one is not taken."""
        with self._reading.connect() as connection:
            shelf = Subscriptions(connection)
            to, once = shelf.get(id_), shelf.waiting(id_, self._clock.now())
        if to is None:
            return
        for delivery in once:
            self._once(to, delivery)
        for _ in range(AT_ONCE_MAX):
            to = self._again(id_)
            if to is None or not self._next(to):
                return

    def stumble(self, id_: str, error: Exception) -> None:
        """A mistake of ours: this one rests, the others go on."""
        log.error("webhook_stumbled", subscription_id=id_, error=type(error).__name__)
        self._run(lambda tx: Subscriptions(tx.connection).change(id_, due_at=tx.now + REST))

    def tidy(self) -> None:
        """Forgets what became of messages long ago."""
        self._run(lambda tx: Subscriptions(tx.connection).forget_before(tx.now - KEPT_FOR))

    def _again(self, id_: str) -> Subscription | None:
        with self._reading.connect() as connection:
            to = Subscriptions(connection).get(id_)
        return to if to is not None and to.state == ACTIVE and to.due_at <= self._clock.now() else None

    # -------------------------------------------------------------------------------------- as it happened

    def _next(self, to: Subscription) -> bool:
        """Sends the next entry that is wanted; False when there is none, or it was not taken."""
        with self._reading.connect() as connection:
            letter, looked = self._find(connection, to)
        if letter is None:
            if looked > to.cursor:
                self._run(lambda tx: _move(tx, to.id, looked))
            return False
        result = self._post(to, letter)
        if result.taken:
            self._run(lambda tx: self._done(tx, to, letter, result))
            return True
        return self._run(lambda tx: self._failed(tx, to, letter, result))

    def _find(self, connection: Connection, to: Subscription) -> tuple[_Letter | None, int]:
        """The next message, and the number up to which nothing (else) is wanted."""
        wish, looked = Wish(types=to.types, stations=to.stations), to.cursor
        for entry in Record(connection).after(to.cursor, LOOK_MAX):
            letter = self._letter(connection, to, wish, entry)
            if letter is not None:
                return letter, looked
            looked = entry.number
        return None, looked

    def _letter(self, connection: Connection, to: Subscription, wish: Wish, entry: Entry) -> _Letter | None:
        type_ = type_of(entry.kind, of_alarm=entry.alarm_id is not None)
        if type_ is None:
            return None
        about = None
        if entry.alarm_id is not None:
            seen = Subscriptions(connection).seen(entry.alarm_id)
            if seen is None or seen.shadow:
                # In a street that is only listened to nobody is told, no program either.
                return None
            about = About(
                number=seen.number, home=seen.home, station=seen.station, exercise=seen.cause == Cause.EXERCISE
            )
        if not wish.wants(type_, about):
            return None
        body = body_of(type_, entry, about, source=self._source)
        return _Letter(
            type=type_, number=entry.number, webhook_id=f"msg_{to.id}_{entry.number}",
            body=told_in(Template(to.template), body),
        )  # fmt: skip

    def _done(self, tx: Tx, to: Subscription, letter: _Letter, result: Result) -> None:
        shelf = Subscriptions(tx.connection)
        _log(tx, to, letter, result, state="delivered")
        now = shelf.get(to.id)
        # Whoever set the cursor elsewhere meanwhile has the last word.
        if now is not None and now.cursor == to.cursor:
            shelf.change(to.id, cursor=letter.number, tries=0, failing_since=None, due_at=tx.now)

    def _failed(self, tx: Tx, to: Subscription, letter: _Letter, result: Result) -> bool:
        """Puts it off, passes over what this receiver dislikes, or gives up; whether the next one may be tried."""
        shelf, tries = Subscriptions(tx.connection), to.tries + 1
        since = to.failing_since or tx.now
        if result.status in UNLIKED and tries >= UNLIKED_MAX:
            _log(tx, to, letter, result, state="given_up")
            shelf.change(to.id, cursor=letter.number, tries=0, failing_since=None, due_at=tx.now)
            return True
        _log(tx, to, letter, result, state="failed")
        if result.status == GONE or tx.now - since >= self._give_up:
            shelf.change(to.id, state=DISABLED, tries=tries, failing_since=since)
            facts = {"subscription": to.id, "why": result.error or ""}
            tx.log(Line(kind="webhook_disabled", by=SERVICE, facts=facts))
            log.warning("webhook_disabled", subscription_id=to.id, why=result.error)
            self._disabled(to.name)
            return False
        shelf.change(to.id, tries=tries, failing_since=since, due_at=tx.now + again_in(tries))
        return False

    # -------------------------------------------------------------------------------------- once, by hand

    def _once(self, to: Subscription, delivery: Delivery) -> None:
        """A test, or something told once more. It is tried once: whoever asked for it looks at the page."""
        body = self._body_once(to, delivery)
        letter = _Letter(type=delivery.type, number=delivery.number, webhook_id=delivery.webhook_id, body=body)
        result = self._post(to, letter)
        self._run(
            lambda tx: Subscriptions(tx.connection).amend(
                delivery.id, state="delivered" if result.taken else "failed", tries=1, status=result.status,
                error=result.error, took_ms=result.took_ms, due_at=None,
            )
        )  # fmt: skip

    def _body_once(self, to: Subscription, delivery: Delivery) -> bytes:
        template = Template(to.template)
        with self._reading.connect() as connection:
            entry = next(iter(Record(connection).after(delivery.number - 1, 1)), None) if delivery.number else None
            if entry is not None and delivery.why != TEST:
                letter = self._letter(connection, to, Wish(), entry)
                if letter is not None:
                    return letter.body
        links = {"links": {"alarm": f"{self._source}/webhooks"}}
        return told_in(template, envelope(delivery.type, delivery.id, delivery.at, links, source=self._source))

    def _post(self, to: Subscription, letter: _Letter) -> Result:
        headers = {
            "content-type": "application/json; charset=utf-8", "user-agent": "anling-webhooks",
            **self._signing.headers(to, letter.webhook_id, self._clock.now(), letter.body),
        }  # fmt: skip
        result = self._wire.post(to.url, headers, letter.body, robot=to.template != Template.STANDARD)
        event = "webhook_delivered" if result.taken else "webhook_failed"
        log.info(event, subscription_id=to.id, number=letter.number, status=result.status, why=result.error)
        return result

    def _run(self, work: Callable[[Tx], T]) -> T:
        return self._transactions.run(work, lane=Lane.BULK)


def _move(tx: Tx, id_: str, number: int) -> None:
    shelf = Subscriptions(tx.connection)
    now = shelf.get(id_)
    if now is not None and now.cursor < number:
        shelf.change(id_, cursor=number)


def _log(tx: Tx, to: Subscription, letter: _Letter, result: Result, *, state: str) -> None:
    """One row for each message, however often it is tried."""
    shelf, tried = Subscriptions(tx.connection), {"status": result.status, "error": result.error}
    row = shelf.live(to.id, letter.number)
    if row is not None:
        shelf.amend(row.id, state=state, tries=row.tries + 1, took_ms=result.took_ms, **tried)
        return
    if shelf.get(to.id) is None:
        return
    shelf.post(
        Delivery(
            id=tx.new_id(), subscription_id=to.id, webhook_id=letter.webhook_id, number=letter.number,
            type=letter.type, why=LIVE, state=state, tries=1, at=tx.now, took_ms=result.took_ms,
            status=result.status, error=result.error,
        )
    )  # fmt: skip
