"""
Reconciling: whatever providers should have told us by webhook is asked of them too.

    attempts in doubt        looked for until they are confirmed or absent
    taken, and no receipt    asked how they stand; silent at the limit, the next road is taken at once
    replies                  listed at a set rhythm; one seen twice has one effect
    roads in doubt           asked for replies before they are trusted again, where that is possible

Nothing here waits before a message: a provider that hangs holds up its own look-ups only. Silence is judged by what is
on file, without asking anybody.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from dispatch.clock import Clock
from dispatch.messages.breakers import Road, Side
from dispatch.messages.courier import Courier
from dispatch.messages.job import settled
from dispatch.messages.providers.provider import Inbound, Listing, Outcome, Outgoing, Provider, Receipt, Sent
from dispatch.messages.receipts import FINAL, Unreached
from dispatch.messages.settling import confirm
from dispatch.messages.silence import Silences, Silent
from dispatch.rules.breaker import Mark
from dispatch.rules.looking import is_absent, is_judged, is_urgent, look_after
from dispatch.rules.message import Priority
from dispatch.store.database import Engine
from dispatch.store.looks import Look, Looks
from dispatch.store.outbox import Outbox
from dispatch.store.transactions import Transactions, Tx

log = structlog.get_logger()

LOOKS_MAX = 20
"""Attempts looked at in one unit of work."""

WORKERS = 4
"""Threads that wait for look-ups."""

SWEEP_S = 1.0

POLL_S = 60.0
"""How often a provider is asked for replies; MESSAGING, 8.8."""

BEFORE, BEFORE_MAX = timedelta(minutes=15), timedelta(hours=24)
"""
So far back replies are listed at the start: longer than a restart takes, or to the oldest alarm that is still open,
a day at most. Copies have no second effect.
"""

OVERLAP = timedelta(minutes=2)
"""Later so much more than the time since the last list: clocks differ, and lists lag behind."""

KeepReplies = Callable[[str, Sequence[Inbound]], object]
"""Who keeps replies, given the provider's name."""


@dataclass(slots=True)
class _Inboxes:
    """When each provider was asked for replies the last time, by its name."""

    asked_s: dict[str, float]
    heard_at: dict[str, datetime]


class Reconciler:
    """Runs in threads of its own beside the courier."""

    def __init__(
        self,
        courier: Courier,
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        *,
        unreached: Unreached,
        keep: KeepReplies,
        poll_s: float = POLL_S,
        workers: int = WORKERS,
    ) -> None:
        """`keep` makes replies durable; `poll_s` is the rhythm of asking for them, in seconds; 0 for never."""
        self._courier = courier
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._keep = keep
        self._poll_s = poll_s
        self._workers = workers
        self._silences = Silences(courier, transactions, unreached)
        self._inboxes = _Inboxes({}, {})
        self._stopping = threading.Event()
        self._busy: set[str] = set()
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        courier.breakers.probe([name for name, each in self._providers.items() if isinstance(each, Listing)])

    @property
    def _providers(self) -> Mapping[str, Provider]:
        return self._courier.roads.providers

    # ------------------------------------------------------------------------------------------- the loop

    def start(self) -> None:
        """Begins to ask."""
        self._pool = ThreadPoolExecutor(self._workers, "reconciler")
        self._thread = threading.Thread(target=self._loop, name="reconciler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Asks nothing more; what is under way ends by the providers' own deadlines."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _loop(self) -> None:
        while not self._stopping.wait(SWEEP_S):
            _safely(self._sweep)

    def _sweep(self) -> None:
        while not self._stopping.is_set() and (looks := self.take()):
            for each in looks:
                self._later(f"look {each.attempt.id}", partial(self.ask, each))
        for name in self.inboxes_due():
            self._later(f"inbox {name}", partial(self.list_replies, name))
        for name in self.probes_due():
            self._later(f"probe {name}", partial(self.probe, name))

    def _later(self, what: str, work: Callable[[], None]) -> None:
        """In a thread of the pool, unless the same is under way."""
        if what in self._busy or self._pool is None:
            return
        self._busy.add(what)

        def run() -> None:
            _safely(work)
            self._busy.discard(what)

        self._pool.submit(run)

    # ------------------------------------------------------------------------------------------- attempts

    def take(self) -> list[Look]:
        """
        The attempts to be asked about now, each put off to its next time. Those that are silent at the limit are held
        against their road, and the next road is taken: without asking anybody, because that might take its time too.
        """
        with self._reading.connect() as connection:
            if not Looks(connection).is_due(self._clock.now()):
                return []
        looks, silent = self._transactions.run(self._take)
        for each in silent:
            self._silences.answer(each)
        return looks

    def _take(self, tx: Tx) -> tuple[list[Look], list[Silent]]:
        looks = Looks(tx.connection)
        found = looks.due(tx.now, LOOKS_MAX)
        judged = [self._judged(tx, look) for look in found]
        looks.put_off({look.attempt.id: self._put_off(look, tx.now) for look in found})
        asked = [look for look in found if _is_open(look) and not self._can_wait(look, tx.now)]
        return asked, [each for each in judged if each is not None]

    def _put_off(self, look: Look, now: datetime) -> tuple[datetime | None, int]:
        """When it is asked about again, None for never, and how often it was by then."""
        looks = look.looks if self._can_wait(look, now) else look.looks + 1
        after = self._after(look, looks) if _is_open(look) else None
        return None if after is None else max(_ended_at(look) + after, now + timedelta(seconds=1)), looks

    def _can_wait(self, look: Look, now: datetime) -> bool:
        """Its alarm has ended since it was to be asked about: it is asked about like any notice now."""
        if look.attempt.outcome == "unknown" or look.message.priority is not Priority.EMERGENCY:
            return False
        after = None if self._is_urgent(look) else self._after(look, look.looks)
        return after is not None and now < _ended_at(look) + after

    def _after(self, look: Look, looks: int) -> timedelta | None:
        return look_after(
            unknown=look.attempt.outcome == "unknown", urgent=self._is_urgent(look), looks=looks, limit_s=self._limit_s
        )

    def _judged(self, tx: Tx, look: Look) -> Silent | None:
        unknown, urgent = look.attempt.outcome == "unknown", self._is_urgent(look)
        if not is_judged(unknown=unknown, urgent=urgent, looks=look.looks, limit_s=self._limit_s):
            return None
        return self._silences.judge(tx, look)

    def _is_urgent(self, look: Look) -> bool:
        return is_urgent(look.message.priority, over=look.over, limit_s=self._limit_s)

    @property
    def _limit_s(self) -> float:
        return self._courier.limit_s

    def ask(self, look: Look) -> None:
        """Asks the provider what became of an attempt, and keeps what it says."""
        attempt, message = look.attempt, look.message
        provider = self._providers.get(attempt.provider)
        if provider is None or self._courier.breakers.is_open(attempt.provider, message.channel):
            return
        asked = Outgoing(
            attempt_id=attempt.id, channel=message.channel, to=message.to, text=attempt.text, lang=message.lang
        )
        found = provider.look_up(asked, attempt.provider_id, attempt.started_at)
        if found is None:
            return
        in_doubt = attempt.outcome == "unknown"
        if in_doubt:
            self._transactions.run(lambda tx: self._cleared(tx, look, found))
        # A call that is found and over already was in vain, and nothing else would tell so.
        if found.kind is not None and (found.over or not in_doubt):
            self._courier.receive(attempt.provider, [_receipt(look, found)])

    def _cleared(self, tx: Tx, look: Look, found: Sent) -> None:
        """What was in doubt is there, or is not."""
        now = Outbox(tx.connection).attempt(look.attempt.id)
        if now is None or now.outcome != "unknown":
            return
        if found.outcome is Outcome.TAKEN:
            self._confirmed(tx, look, found)
        elif found.outcome is Outcome.NOT_SENT:
            self._not_there(tx, look)

    def _confirmed(self, tx: Tx, look: Look, found: Sent) -> None:
        if not confirm(tx, look.attempt, found):
            return
        outbox = Outbox(tx.connection)
        message = outbox.get(look.message.id)
        assert message is not None
        if message.state in {"uncertain", "posted"} and message.due_at is not None:
            outbox.change(message, state="sent", sent_at=tx.now, due_at=None)
        tx.log(settled(message, look.attempt.provider, "confirmed", None, look.attempt.why))

    def _not_there(self, tx: Tx, look: Look) -> None:
        """The second time that it is not there is believed: what is no emergency need not wait any longer then."""
        looks, outbox = Looks(tx.connection), Outbox(tx.connection)
        first_at = looks.absent_since(look.attempt.id)
        if not is_absent(first_at, tx.now):
            looks.keep(look.attempt.id, {"absent_at": first_at or tx.now})
            return
        outbox.end(look.attempt.id, outcome="absent", look_at=None, detail="not at the provider")
        message = outbox.get(look.message.id)
        assert message is not None
        if message.state == "uncertain" and message.priority > Priority.EMERGENCY:
            outbox.change(message, state="posted", due_at=tx.now)
        tx.log(settled(message, look.attempt.provider, "absent", None, look.attempt.why))

    # ------------------------------------------------------------------------------------------- replies, roads

    def inboxes_due(self) -> list[str]:
        """Providers that are to be asked for replies now."""
        now_s = self._clock.look().steady_s
        due = []
        for name, each in self._providers.items():
            asked_s = self._inboxes.asked_s.get(name)
            if self._poll_s and isinstance(each, Listing) and (asked_s is None or now_s - asked_s >= self._poll_s):
                due.append(name)
        return due

    def list_replies(self, name: str) -> None:
        """Asks one provider for what came in, and keeps what no webhook brought."""
        now = self._clock.look()
        self._inboxes.asked_s[name] = now.steady_s
        if self._list(name, self._since(name, now.wall)):
            self._inboxes.heard_at[name] = now.wall
        else:
            log.warning("replies_not_listed", provider=name)

    def _since(self, name: str, now: datetime) -> datetime:
        """From when on; where somebody has set the clock back, what came since then must not be left out."""
        heard_at = self._inboxes.heard_at.get(name) or self._at_the_start(now)
        return min(heard_at, now) - OVERLAP

    def _at_the_start(self, now: datetime) -> datetime:
        with self._reading.connect() as connection:
            asked_at = Looks(connection).asked_since()
        return max(now - BEFORE_MAX, min(now - BEFORE, asked_at or now))

    def _list(self, name: str, since: datetime) -> bool:
        """Whether it could be asked; what it told is kept then."""
        provider = self._providers[name]
        assert isinstance(provider, Listing)
        found = provider.fetch(since)
        if found is None:
            return False
        self._keep(name, found.replies)
        self._courier.receive(name, found.receipts)
        found.done()
        return True

    def probes_due(self) -> list[str]:
        """Providers in doubt that can be asked now whether they work."""
        return sorted({road.provider for road in self._on_trial() if self._is_probed(road.provider)})

    def probe(self, name: str) -> None:
        """
        Asks a provider in doubt for its newest replies: whether it answers, before an emergency has to find out. It is
        no word on what arrives.
        """
        mark = Mark.GOOD if self._list(name, self._clock.now()) else Mark.BAD
        for road in self._on_trial():
            if road.provider == name:
                self._courier.mark(road, mark)

    def _on_trial(self) -> list[Road]:
        return [road for road in self._courier.breakers.on_trial() if road.side is Side.GIVING]

    def _is_probed(self, name: str) -> bool:
        return isinstance(self._providers.get(name), Listing)


def _safely(work: Callable[[], object]) -> None:
    """One of the places that may catch everything: a look-up that fails must not stop the others."""
    try:
        work()
    except Exception:
        log.exception("reconciling_failed")


def _is_open(look: Look) -> bool:
    """Whether anything is still to be learned of it."""
    said = look.attempt.status in {kind.value for kind in FINAL}
    return look.attempt.outcome in {"unknown", "taken", "confirmed"} and not said


def _ended_at(look: Look) -> datetime:
    return look.attempt.ended_at or look.attempt.started_at


def _receipt(look: Look, found: Sent) -> Receipt:
    assert found.kind is not None
    return Receipt(
        key=f"asked:{look.attempt.id}:{found.kind}", kind=found.kind, attempt_id=look.attempt.id,
        provider_id=found.provider_id or look.attempt.provider_id or "", status=found.status or found.kind.value,
        code=found.code, blame=found.blame, over=found.over,
    )  # fmt: skip
