"""
The courier: claims a message, writes the attempt, sends, settles. Only it sends; only the outbox feeds it.

Emergencies have workers of their own, so that reminders can never hold one up. What a provider refused goes to the next
provider at once; one that has not answered in three seconds gets a second beside it; what may have been sent is looked
up and, for an emergency, sent again: better two messages than none, and the doubt is on file.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

import structlog

from dispatch.clock import Clock
from dispatch.errors import SLIPS, Busy
from dispatch.messages.adrift import Adrift
from dispatch.messages.breakers import Breakers, Road
from dispatch.messages.carriers import Carriers
from dispatch.messages.claiming import LANES, Address, Claims, no_address
from dispatch.messages.flights import Flights
from dispatch.messages.job import Job as Job
from dispatch.messages.pace import Paces
from dispatch.messages.providers.provider import Blame, Outcome, Outgoing, Provider, Receipt, Sent
from dispatch.messages.receipts import Receipts, Unreached
from dispatch.messages.relevance import pointless
from dispatch.messages.ride import Ride, ride
from dispatch.messages.roads import Roads
from dispatch.messages.settling import NOBODY_CALLS, Settling
from dispatch.messages.shares import Shares
from dispatch.rules.breaker import Mark
from dispatch.rules.message import Channel
from dispatch.rules.pacing import Pace
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.due import Due
from dispatch.store.looks import Looks
from dispatch.store.outbox import Attempt, Outbox
from dispatch.store.precedence import Precedence
from dispatch.store.transactions import Transactions, Tx

log = structlog.get_logger()

EMERGENCY_WORKERS = 24
NOTICE_WORKERS = 4
"""Threads that wait for providers. 32 are enough for ten thousand presses in a minute (ENGINE, section 7)."""

HEDGE_S = 3.0
"""A provider that has not answered an emergency after this time gets a second beside it; MESSAGING, 8.5."""

RECEIPT_LIMIT_S = 30.0
"""What a provider took and tells no receipt of after this time counts as not received; PROMISES, V5."""

CLAIM_MAX = 16
"""Messages claimed in one unit of work: few milliseconds."""

SWEEP_S = 1.0

ASIDE_S = 0.005
"""A look that was nudged for waits so long: most letters ride, and a look beside one that leaves costs it a fifth."""

STUCK_S = 20.0
"""The loop goes round at least once a second; after so long something holds it."""


class Courier:
    """Runs in threads of its own; `nudge` makes it look at once."""

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        providers: Mapping[str, Provider],
        clock: Clock,
        *,
        local: Callable[[datetime], datetime],
        unreached: Unreached,
        alone: bool = True,
        emergency_workers: int = EMERGENCY_WORKERS,
        notice_workers: int = NOTICE_WORKERS,
        hedge_s: float = HEDGE_S,
        limit_s: float = RECEIPT_LIMIT_S,
        pace: Pace | None = None,
        address: Address = no_address,
        desk: str = "",
        precedence: Precedence | None = None,
        breakers: Breakers | None = None,
    ) -> None:
        """
        `providers` are in the order of fail-over. `alone`: no other engine works on this database, so whatever is
        claimed at the start was left by a service that stopped. `hedge_s` is when a slow provider gets a second beside
        it, `limit_s` when one that tells no receipt counts as silent; 0 for never. `address` is that of the page
        a message may name, `desk` the number by which people call the desk. `precedence` hears that the letter of
        a press leaves; what became of others gives way.
        """
        assert providers, "somebody must carry the messages"
        self.breakers = breakers or Breakers(clock)
        self.roads = Roads(providers, self.breakers)
        self.limit_s = limit_s
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._precedence = precedence or Precedence(clock)
        self._unreached = unreached
        self._receipts = Receipts(transactions, unreached)
        self._claims = Claims(
            self.roads, clock, local=local, paces=Paces(pace or Pace(), local), hedge_s=hedge_s,
            address=address, desk=desk,
        )  # fmt: skip
        self._settling = Settling(self.roads, limit_s=limit_s)
        self._alone = alone
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._carriers = Carriers(self._carry, emergency=emergency_workers, notice=notice_workers)
        # A provider that hangs may hold every place there is: a second road beside it has places of its own, and what
        # stands on them takes nobody's share of the others.
        self._beside = Carriers(self._fly, emergency=emergency_workers, notice=1)
        self._flights = Flights(hedge_s if hedge_s > 0 else None)
        self._shares = Shares(emergency_workers)
        self._adrift = Adrift(reading, clock)
        self._thread: threading.Thread | None = None
        self.beats = 0
        self._beaten_s = clock.look().steady_s
        self._noticed_s = 0.0
        self._more_notices = False

    # ------------------------------------------------------------------------------------------- the loop

    def start(self) -> None:
        """Takes up what a stopped service left in doubt, then looks at once; does nothing where it has begun."""
        if self._thread is not None:
            return
        if self._alone:
            self._transactions.run(lambda tx: Outbox(tx.connection).strand(tx.now))
        self._carriers.start()
        self._beside.start()
        self._wanted.set()
        self._thread = threading.Thread(target=self._loop, name="courier", daemon=True)
        self._thread.start()

    def lead(self, limit_s: float) -> bool:
        """
        Waits until the first look is over, and then until no letter is under way; so long at most for each. Whoever
        goes on to compute would take turns with them, and keep the first letters for as long as that takes.
        """
        return self._looked.wait(limit_s) and self._carriers.wait_idle(limit_s)

    def stop(self) -> None:
        """Stops claiming; calls under way end by their own deadlines and settle."""
        self._stopping.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()
        self._carriers.stop()
        self._beside.stop()

    def nudge(self) -> None:
        self._wanted.set()

    @property
    def stuck(self) -> bool:
        """Whether the loop has not gone round for far too long; may be asked from any thread."""
        return self._thread is not None and self._clock.look().steady_s - self._beaten_s > STUCK_S

    def _loop(self) -> None:
        """One round after the other. What is claimed already goes first: it waits for no unit of work."""
        while not self._stopping.is_set():
            if self._wanted.wait(self._flights.wait_s(self._clock.look().steady_s, SWEEP_S)):
                self._stopping.wait(ASIDE_S)
            self._wanted.clear()
            if self._adrift:
                self._try(self._adrift.take_up)
            self._try(self._send_beside)
            self._try(lambda: self._send_out(emergency=True))
            self._try(self._send_notices)
            self._looked.set()
            self.beats += 1
            self._beaten_s = self._clock.look().steady_s

    def _try(self, part: Callable[[], object]) -> None:
        """
        One of the places that may catch everything: a bad message must not stop the others, nor a claim that comes to
        nothing, round after round, what leaves without it.
        """
        try:
            part()
        except Exception:
            log.exception("courier_failed")

    def _send_beside(self) -> None:
        """Second roads for what is slow; nothing is looked at while nothing is."""
        if not self._flights.overdue(self._clock.look().steady_s):
            return
        places = self._beside.take(CLAIM_MAX, emergency=True)
        jobs: list[Job] = []
        try:
            jobs = self.hedge(places) if places else []
        finally:
            self._beside.give_back(places - len(jobs), emergency=True)
        for job in jobs:
            self._beside.go(job, emergency=True)
        if len(jobs) < places:
            self._flights.hedged(self._clock.look().steady_s)

    def _send_notices(self) -> None:
        """
        What is no emergency is looked for once a second, so that emergencies are not held up by looking for it; and
        whenever a place becomes free while more is known to wait.
        """
        now_s = self._clock.look().steady_s
        if self._more_notices or abs(now_s - self._noticed_s) >= SWEEP_S:
            self._noticed_s = now_s
            self._more_notices = self._send_out(emergency=False)

    def _send_out(self, *, emergency: bool) -> bool:
        """Whether more may be waiting than there were places for."""
        if not self._is_due(emergency=emergency):
            return False
        taken = self._carriers.take(CLAIM_MAX, emergency=emergency)
        jobs = self._claim_on(taken, emergency=emergency)
        self._shares.begin(jobs)
        for job in jobs:
            self._carriers.go(job, emergency=emergency)
        if taken and len(jobs) == taken:
            self._wanted.set()
        return len(jobs) == taken

    def _is_due(self, *, emergency: bool) -> bool:
        """A look without writing: most letters ride along, and an empty unit of work would hold up a press."""
        first, last = LANES[emergency]
        with self._reading.connect() as connection:
            return Due(connection).is_any(self._clock.now(), first=first, last=last)

    def _claim_on(self, places: int, *, emergency: bool) -> list[Job]:
        """Claims for places taken before, and gives back those that are left over."""
        jobs: list[Job] = []
        try:
            jobs = self.claim(places, emergency=emergency) if places else []
        finally:
            self._carriers.give_back(places - len(jobs), emergency=emergency)
        return jobs

    def _carry(self, job: Job) -> None:
        """On a place of its own, which it shares with nobody's second road."""
        self._shares.begin([job])  # Those that ride along come here first.
        try:
            self._fly(job)
        finally:
            self._shares.end(job.outgoing.attempt_id)
            self._wanted.set()

    def _fly(self, job: Job) -> None:
        self._flights.begin(job.outgoing.attempt_id, self._clock.look().steady_s)
        try:
            self.carry(job)
        except Exception:
            # The lease runs out and the message is looked at again; nothing is lost.
            log.exception("carrying_failed", message_id=job.message.id)
        finally:
            self._flights.end(job.outgoing.attempt_id)
            self._wanted.set()

    def ride(self) -> AbstractContextManager[Ride]:
        """Around a unit of work that may post emergencies: they leave with its commit (see `ride.py`)."""
        return ride(self._carriers, partial(self.claim_in, emergency=True, riding=True), self._leave)

    def _leave(self, jobs: list[Job]) -> None:
        self._adrift.leave(jobs, partial(self._taken_up, self._carriers))
        self.nudge()

    def _taken_up(self, carriers: Carriers[Job], job: Job) -> bool:
        urgent = job.message.priority <= LANES[True][1]
        if not carriers.take(1, emergency=urgent):
            return False
        log.warning("claim_taken_up", message_id=job.message.id)
        carriers.go(job, emergency=urgent)
        return True

    # ------------------------------------------------------------------------------------------- one message

    def claim(self, most: int, *, emergency: bool) -> list[Job]:
        """Takes up to so many messages that are due, each with its attempt on file."""
        return self._claimed(lambda tx: self.claim_in(tx, most, emergency=emergency), self._carriers)

    def _claimed(self, claim: Callable[[Tx], list[Job]], carriers: Carriers[Job]) -> list[Job]:
        """What was claimed. Where waiting for that was given up, what becomes of it is looked at later."""
        jobs: list[Job] = []

        def work(tx: Tx) -> None:
            jobs[:] = claim(tx)

        try:
            self._transactions.run(work)
        except Busy:
            self._adrift.leave(jobs, partial(self._taken_up, carriers))
            raise
        return jobs

    def claim_in(self, tx: Tx, most: int, *, emergency: bool, riding: bool = False) -> list[Job]:
        """The same in somebody's unit of work. No kind of letter has all places for emergencies: see `Shares`."""
        return self._claims.claim_in(tx, most, self._shares.room(riding=riding) if emergency else None)

    def hedge(self, most: int) -> list[Job]:
        """A second attempt beside up to so many emergencies whose provider has not answered in its time."""
        return self._claimed(lambda tx: self._claims.hedges_in(tx, most), self._beside)

    def carry(self, job: Job) -> None:
        """Looks up what is in doubt, sends, settles."""
        if job.look_up and self._is_done(job):
            return
        self._precedence.end(job.message.alarm_id or "")  # Whatever leaves about an alarm, it is on its way no more.
        sent = self._sent(job)
        self._precedence.give_way()
        said = self.breakers.note(job.provider.name, job.outgoing.channel, sent)

        def settle(tx: Tx) -> bool:
            nonlocal sent
            sent = self._settling.believed(tx, job, sent)
            tx.log(*([said] if said else []))
            return self._settling.settle(tx, job, sent)

        unreachable = self._transactions.run(settle)
        if job.message.offer_id is None or not job.message.answerable:
            return
        if unreachable and not self.roads.carries(job.message):
            self._unreached.unanswered(job.message.offer_id, code=NOBODY_CALLS)
        elif unreachable:
            self._unreached.unreached(job.message.offer_id, code=sent.code or "")
        elif sent.outcome is Outcome.UNKNOWN:
            self._unreached.doubtful(job.message.offer_id)

    def _sent(self, job: Job) -> Sent:
        """What became of it. A provider that raises has broken its contract: nobody knows, and the next is tried."""
        try:
            return job.provider.send(job.outgoing)
        except (*SLIPS, OSError) as error:
            log.exception("provider_broke", provider=job.provider.name, message_id=job.message.id)
            return Sent(outcome=Outcome.UNKNOWN, blame=Blame.PROVIDER, detail=type(error).__name__)

    def receive(self, provider: str, receipts: Sequence[Receipt]) -> None:
        """Keeps what a provider tells later: see `Receipts`."""
        for channel in self._receipts.receive(provider, receipts):
            self.note_arrival(provider, channel, arrived=True)

    def note_arrival(self, provider: str, channel: Channel, *, arrived: bool) -> None:
        """A receipt came, or did not come in its time: that may change which road is taken first."""
        self._tell(self.breakers.arrived(provider, channel, arrived=arrived))

    def mark(self, road: Road, mark: Mark) -> None:
        """A probe says whether a road in doubt works."""
        self._tell(self.breakers.mark(road, mark))

    def _tell(self, said: Line | None) -> None:
        if said is not None:
            self._transactions.run(lambda tx: tx.log(said))

    def _is_done(self, job: Job) -> bool:
        """
        Whether it need not be sent: an earlier attempt did arrive after all, or while that was asked it became
        pointless.
        """
        found = self._look_up(job)
        if found is not None and self._transactions.run(lambda tx: self._settling.found(tx, job, *found)):
            return True
        return self._transactions.run(lambda tx: self._has_become_pointless(tx, job))

    def _has_become_pointless(self, tx: Tx, job: Job) -> bool:
        standing = Looks(tx.connection).standing(job.message.id)
        why = None if standing is None else pointless(job.message, standing[1], standing[2], tx.now)
        if why is not None:
            self._settling.unwanted(tx, job, why)
        return why is not None

    def _look_up(self, job: Job) -> tuple[Attempt, Sent] | None:
        """Whether an earlier attempt in doubt did arrive at its provider after all."""
        for doubt in job.look_up:
            provider = self.roads.providers.get(doubt.provider)
            if provider is None:
                continue
            asked = Outgoing(
                attempt_id=doubt.id,
                channel=job.message.channel,
                to=job.message.to,
                text=doubt.text,
                lang=job.message.lang,
            )
            try:
                found = provider.look_up(asked, doubt.provider_id, doubt.started_at)
            except (*SLIPS, OSError):
                log.exception("provider_broke", provider=provider.name, message_id=job.message.id)
                continue
            if found is not None and found.outcome is Outcome.TAKEN:
                return doubt, found
        return None
