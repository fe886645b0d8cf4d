"""
The desk: the whole story of an alarm on one page. Each method holds the home, loads, decides, keeps.

`receive` only raises the alarm or joins the open one, and commits; whom to ask is decided a moment later by `wake`,
because a mistake in choosing must never cost the alarm itself.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from dispatch.errors import Conflict, NotFound
from dispatch.fallback import fall_back
from dispatch.ids import AlarmId, HomeId, OfferId, ResidentId
from dispatch.messages.ride import Rides, afoot
from dispatch.muster import Muster
from dispatch.receiving import IsTest, Receiving
from dispatch.rules import answering, unanswered
from dispatch.rules.advance import advance
from dispatch.rules.alarm import Outcome, Proof
from dispatch.rules.escalation import Decision, Policies, Situation
from dispatch.rules.everybody import ask_everybody
from dispatch.rules.people import Person, carer
from dispatch.rules.place import Position
from dispatch.rules.raising import Heard
from dispatch.rules.received import Received as Received
from dispatch.rules.received import Spool as Spool
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause, Signal
from dispatch.situations import Situations, keep
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.precedence import Precedence
from dispatch.store.transactions import Lane, Transactions, Tx

REOPEN_S = 24 * 3600
"""A wrong closing may be taken back within a day; PROMISES, O2."""

Also = Callable[[Tx], None]
"""What somebody else has to write in the same unit of work."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./#-]{0,39}")
"""A reference number as 120 gives it out."""

FAILURES_MAX = 2
"""A decision that fails so often falls back to plain text to everybody; DESIGN, section 2."""


class Desk:
    """
    Where alarms are raised, woken, answered and closed. An owner of waiting rows: `due`, `next_due`, `wake`,
    `stumble`.
    """

    name = "desk"
    first = True

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        muster: Muster,
        policies: Policies,
        situations: Situations,
        *,
        day_number: Callable[[datetime], str],
        nudge: Callable[[], None],
        hand_over: Callable[[AlarmId], None] | None = None,
        rides: Rides = afoot,
        precedence: Precedence | None = None,
    ) -> None:
        """
        `day_number` numbers alarms by local day. `nudge` is called after each commit that may have made something due;
        `hand_over` is told of an alarm that is due this very moment, so that nobody has to look for it.
        `rides` let letters leave with the decision that posts them. `precedence` is told of each press on its way.
        """
        self._transactions = transactions
        self._reading = reading
        self._muster = muster
        self._receiving = Receiving(policies, situations, day_number)
        self._situations = situations
        self._nudge = nudge
        self._hand_over = hand_over or (lambda _: nudge())
        self._rides = rides
        self._precedence = precedence or Precedence()

    # ------------------------------------------------------------------------------------------- what is heard

    def receive(
        self, signal: Signal, *, window_s: float = 0.0, spool: Spool | None = None, line: Line | None = None,
        is_test: IsTest | None = None, said_in: tuple[datetime, datetime] | None = None, also: Also | None = None,
    ) -> Received:  # fmt: skip
        """
        Makes a signal durable: raises an alarm, joins the open one, or only keeps it. Returns when it is on disk.

        `window_s`: a statement with the same key heard within this time is a copy: counted, nothing else. `spool`: the
        number a forwarding gateway gave it; the same number again is a copy for ever. `line` is what the record says of
        a signal that is kept without an alarm. `is_test` may take it in the same unit as the test press that somebody
        waits for: then it is kept, and raises nothing. `said_in`: when it was said, where that is certain; what
        has the same key and was heard then is the same statement, however long ago. `also` is done in the same unit
        once the signal is kept; it must not fail.

        Whoever calls acknowledges first and then lets it `proceed`: the sender is answered before anybody begins to
        choose. (Should it never come to that, the row is due and the next sweep finds it.)
        """

        def work(tx: Tx) -> Received:
            received = self._receiving.receive(tx, signal, window_s, spool, line, is_test, said_in)
            if also is not None:
                also(tx)
            return received

        if signal.cause is None:
            return self._transactions.run(work, lane=Lane.PRESS)
        with self._on_the_way(signal.id):
            received = self._transactions.run(work, lane=Lane.PRESS)
            if received.alarm_id is not None and not (received.copy or received.joined):
                self._precedence.begin(received.alarm_id)
            return received

    @contextmanager
    def _on_the_way(self, id_: str) -> Iterator[None]:
        self._precedence.begin(id_)
        try:
            yield
        finally:
            self._precedence.end(id_)

    def proceed(self, received: Received) -> None:
        """What was received is acknowledged: whom to ask is decided now."""
        if received.alarm_id is not None and not received.copy:
            self._hand_over(received.alarm_id)

    def raise_by_hand(
        self, cause: Cause, *, by: Person, home_id: HomeId | None = None, resident_id: ResidentId | None = None,
        note: str | None = None,
    ) -> AlarmId:  # fmt: skip
        """
        Raises an alarm without a device: a call to the hotline, a missed visit.

        Raises:
            NotFound: there is no such home.
        """
        heard = Heard(cause=cause, by=by, home_id=home_id, resident_id=resident_id, note=note)
        alarm_id = self._transactions.run(lambda tx: self.raise_in(tx, heard), lane=Lane.PRESS)
        self._nudge()
        return alarm_id

    def raise_in(self, tx: Tx, heard: Heard) -> AlarmId:
        """The same in a unit of work of somebody else's, who lets it `proceed` once that is durable."""
        return self._receiving.raise_or_join(tx, heard)[0]

    # ------------------------------------------------------------------------------------------- what falls due

    def due(self, now: datetime, most: int) -> Sequence[AlarmId]:
        with self._reading.connect() as connection:
            return Alarms(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Alarms(connection).next_due()

    def wake(self, id_: str) -> None:
        """Takes the next step for an alarm whose time has come. Waking too early or twice does nothing."""
        alarm_id = AlarmId(id_)
        proposal = self._situations.propose(alarm_id)
        load = lambda tx: self._situations.load(tx, alarm_id, proposal)  # noqa: E731
        if not self._run(alarm_id, load, advance, lane=Lane.PRESS).drafts:
            self._precedence.end(alarm_id)

    def stumble(self, id_: str, error: Exception) -> None:
        """A wake failed. The second time in a row the alarm falls back to plain text to everybody on duty."""
        alarm_id = AlarmId(id_)
        failures = self._transactions.run(lambda tx: Alarms.of(tx).stumbled(alarm_id))
        if failures >= FAILURES_MAX:
            on_duty = self._situations.on_duty()
            operators, name = self._situations.operators, type(error).__name__
            again = failures > FAILURES_MAX

            def work(tx: Tx) -> None:
                fall_back(tx, alarm_id, on_duty, operators, failures=failures, error=name, again=again)
                ride.claim(tx)

            with self._rides() as ride:
                self._transactions.run(work)
            self._nudge()

    # ------------------------------------------------------------------------------------------- what people do

    def accept(self, alarm_id: AlarmId, person: Person, *, by: Person) -> Decision:
        """
        Somebody is coming. Asked by hand first where the policy never asked them.

        Raises:
            NotFound, AlarmClosed, AlreadyTaken, OfferGone: see `rules.answering.accept`.
        """
        return self._answer(
            alarm_id, lambda situation: answering.accept(self.asked(situation, person, by), person, by=by), person
        )

    def decline(self, alarm_id: AlarmId, person: Person, *, by: Person) -> Decision:
        """Somebody cannot come. Raises: see `rules.answering.decline`."""
        return self._answer(alarm_id, lambda situation: answering.decline(situation, person, by=by), person)

    def attend(
        self, alarm_id: AlarmId, person: Person, *, proof: Proof, by: Person, at: Position | None = None
    ) -> Decision:
        """Somebody stands in the room. Raises: see `rules.answering.attend`."""
        return self._answer(
            alarm_id,
            lambda situation: answering.attend(self.asked(situation, person, by), person, proof=proof, by=by, at=at),
            person,
        )

    def close(self, alarm_id: AlarmId, *, outcome: Outcome, by: Person, note: str | None = None) -> Decision:
        """A named human ends it. Raises: see `rules.answering.close`."""
        assert by.startswith("operator:"), "only a named human closes"
        return self._answer(alarm_id, lambda situation: answering.close(situation, outcome=outcome, by=by, note=note))

    def reopen(self, alarm_id: AlarmId, *, by: Person, note: str | None = None) -> Decision:
        """
        Takes a closing back within a day.

        Raises:
            Conflict: it is open, it was closed longer ago, or the same person has another open alarm.
        """

        def decide(situation: Situation) -> Decision:
            closed_at = situation.alarm.closed_at
            if closed_at is None or situation.now - closed_at > timedelta(seconds=REOPEN_S):
                raise Conflict(f"alarm {situation.alarm.number} cannot be reopened")
            return answering.reopen(situation, by=by, note=note)

        return self._answer(alarm_id, decide, reopens=True)

    def offer(self, alarm_id: AlarmId, person: Person, *, by: Person) -> Decision:
        """The operator asks this person now. Raises NotFound when the person cannot be reached."""

        def decide(situation: Situation) -> Decision:
            return answering.ask_by_hand(situation, person, eta_s=_eta_s(situation, person), by=by)

        return self._answer(alarm_id, decide, person)

    def offer_all(self, alarm_id: AlarmId, *, by: Person) -> Decision:
        """
        The operator asks everybody on duty who may come, the nearest twenty; the same again asks nobody twice.

        Raises:
            AlarmClosed: it is over.
        """
        proposal = self._situations.propose(alarm_id)
        load = lambda tx: self._situations.load(tx, alarm_id, proposal)  # noqa: E731
        return self._run(alarm_id, load, lambda situation: ask_everybody(situation, by=by))

    def unreached(self, offer_id: OfferId, *, code: str) -> None:
        """A letter for this offer cannot be delivered; another carer is asked in their place."""
        self._about(offer_id, lambda situation, person: answering.unreachable(situation, person, code=code))

    def unanswered(self, offer_id: OfferId, *, code: str) -> None:
        """A call about this offer is over without a key; whoever comes next is turned to at once."""
        self._about(offer_id, lambda situation, person: unanswered.unanswered(situation, person, code=code))

    def doubtful(self, offer_id: OfferId) -> None:
        """Nobody knows whether the letter for this offer left; the next step comes sooner."""
        self._about(offer_id, answering.doubtful)

    def unheard(self, offer_id: OfferId, *, not_by: str) -> None:
        """A provider took a letter for this offer and tells no receipt: the person is called."""
        self._about(offer_id, lambda situation, person: answering.unheard(situation, person, not_by=not_by))

    def _about(self, offer_id: OfferId, decide: Callable[[Situation, Person], Decision]) -> None:
        with self._reading.connect() as connection:
            found = Alarms(connection).offer(offer_id)
        if found is not None:
            self._answer(found.alarm_id, lambda situation: decide(situation, found.person), found.person)

    def note(self, alarm_id: AlarmId, text: str, *, by: Person) -> None:
        """Words about this alarm, kept beside the chain."""

        def work(tx: Tx) -> None:
            alarm = Alarms.of(tx).get(alarm_id)
            tx.log(Line(kind="noted", by=by, alarm_id=alarm.id, note=text))

        self._transactions.run(work)
        self._nudge()

    def emergency_called(self, alarm_id: AlarmId, *, reference: str, by: Person) -> None:
        """A human has called 120 and writes down the reference number they were given."""

        def work(tx: Tx) -> None:
            alarm = Alarms.of(tx).get(alarm_id)
            # Facts hold codes only: whatever else was typed is words, which can be erased.
            code = reference if _CODE.fullmatch(reference) else "*"
            note = None if code == reference else reference
            tx.log(Line(kind="emergency_called", by=by, alarm_id=alarm.id, facts={"reference": code}, note=note))

        self._transactions.run(work)
        self._nudge()

    def forget(self) -> None:
        """Something about the people on duty changed: the picture in memory is made anew."""
        self._muster.forget()

    def in_unit(
        self, tx: Tx, alarm_id: AlarmId, decide: Callable[[Situation], Decision], *people: Person, asks: bool = True
    ) -> Decision:
        """
        The same as the methods above inside a unit of work of somebody else's, for the answers. `asks`: whether the
        decision may ask somebody else to come; who that could be is looked for in the unit.
        """
        return self._decide(
            tx, alarm_id, lambda tx: self._situations.load(tx, alarm_id, None, people, asks=asks), decide
        )

    def after(self, decision: Decision) -> None:
        """To be called once the unit of `in_unit` is durable."""
        self._after(decision)

    def _answer(
        self, alarm_id: AlarmId, decide: Callable[[Situation], Decision], *people: Person, reopens: bool = False
    ) -> Decision:
        proposal = self._situations.propose(alarm_id) if people else None

        def load(tx: Tx) -> Situation:
            situation = self._situations.load(tx, alarm_id, proposal, people)
            if reopens and Alarms.of(tx).open_of(situation.alarm.subject) is not None:
                raise Conflict("the same person has an open alarm already")
            return situation

        return self._run(alarm_id, load, decide)

    def _run(
        self, alarm_id: AlarmId, load: Callable[[Tx], Situation], decide: Callable[[Situation], Decision],
        *, lane: Lane = Lane.EMERGENCY,
    ) -> Decision:  # fmt: skip
        """One decision in a unit of work of its own; its letters leave with the commit."""

        def work(tx: Tx) -> Decision:
            decision = self._decide(tx, alarm_id, load, decide)
            if decision.drafts:
                ride.claim(tx)
            return decision

        with self._rides() as ride:
            decision = self._transactions.run(work, lane=lane)
        self._after(decision)
        return decision

    def _decide(
        self, tx: Tx, alarm_id: AlarmId, load: Callable[[Tx], Situation], decide: Callable[[Situation], Decision]
    ) -> Decision:
        tx.hold(self._situations.hold_of(tx, alarm_id))
        situation = load(tx)
        return keep(tx, situation, decide(situation))

    def _after(self, decision: Decision) -> None:
        self._situations.settle(decision)
        self._nudge()

    def asked(self, situation: Situation, person: Person, by: Person) -> Situation:
        """By hand an operator may accept for somebody the policy never asked."""
        if situation.offer_of(person) is not None or not by.startswith("operator:"):
            return situation
        if not situation.alarm.open:
            return situation
        if person not in situation.reach and not person.startswith(("carer:", "contact:")):
            raise NotFound(f"nobody is called {person}")
        return answering.with_offer(situation, person, eta_s=_eta_s(situation, person))


def _eta_s(situation: Situation, person: Person) -> int | None:
    ranked = situation.choice.ranked if situation.choice else ()
    return next((each.eta_s for each in ranked if carer(each.carer_id) == person), None)
