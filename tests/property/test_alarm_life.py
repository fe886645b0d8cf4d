"""The life of an alarm under any sequence of what devices, people, providers and time may do, against the promises."""

import json
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from sqlalchemy import select

from dispatch.errors import Refusal
from dispatch.rules.alarm import LEGAL, OfferState, Outcome, Proof, Role, State
from dispatch.rules.people import operator
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause, Event
from dispatch.store.alarms import alarms
from dispatch.store.record import Record
from tests.builders import build_world, default_policies, policies_of

WANG = operator("wang")
PEOPLE = ("C1", "C2", "C3", "H1/0", "H1/1")
HOMES = (("H1", None), ("H2", "R2"), ("H2", "R3"))
QUICK = policies_of(
    {"step": "offer_nearest", "wait_s": 30},
    {"step": "call_carer", "wait_s": 30},
    {"step": "call_family", "wait_s": 30},
    {"step": "all_hands", "wait_s": 120},
    responders=2,
)


class AlarmLife(RuleBasedStateMachine):
    """A small district; `alarms` are those ever raised, whatever became of them."""

    raised = Bundle("raised")

    @initialize(two=st.booleans(), on_duty=st.sampled_from([("C1", "C2", "C3"), ("C1",), ()]), two_way=st.booleans())
    def begin(self, two, on_duty, two_way):
        self.folder = tempfile.TemporaryDirectory()
        self.world = build_world(
            Path(self.folder.name), policies=QUICK if two else default_policies(), on_duty=on_duty,
            operators=("+8613900000000",), two_way=lambda phone: two_way,
        )  # fmt: skip
        self.seen = {}

    def teardown(self):
        if hasattr(self, "world"):
            self.world.close()
            self.folder.cleanup()

    # ------------------------------------------------------------------------------------------- what may happen

    @rule(
        target=raised,
        where=st.sampled_from(HOMES),
        cause=st.sampled_from([Cause.PRESS, Cause.PRESS, Cause.FALL, Cause.FIRE, Cause.WATER]),
    )
    def press(self, where, cause):
        before = {each.id: each for each in self.open()}
        id_ = self.world.press(*where, cause=cause, event=Event.PRESS)
        if id_ not in before:
            return id_
        joined, now = self.world.alarm(id_), self.world.clock.now()
        assert joined.press_count == before[id_].press_count + 1
        if joined.needs_asking:
            assert max(joined.due_at, now) <= max(before[id_].due_at, now), "a join never delays"
        return multiple()

    @rule(seconds=st.sampled_from([0.5, 5, 30, 61, 125, 300, 700, 3700]))
    def time_passes(self, seconds):
        self.world.advance(seconds)

    @rule()
    def wake(self):
        self.world.wake()

    @rule(id_=raised)
    def wake_too_early(self, id_):
        before = self.world.alarm(id_)
        self.world.desk.wake(id_)
        if before.due_at is None or before.due_at > self.world.clock.now():
            assert self.world.alarm(id_) == before

    @rule(id_=raised, who=st.sampled_from(PEOPLE), by_hand=st.booleans())
    def accept(self, id_, who, by_hand):
        self.refusable(lambda person, by: self.world.desk.accept(id_, person, by=by), who, by_hand)

    @rule(id_=raised, who=st.sampled_from(PEOPLE), by_hand=st.booleans())
    def decline(self, id_, who, by_hand):
        self.refusable(lambda person, by: self.world.desk.decline(id_, person, by=by), who, by_hand)

    @rule(
        id_=raised, who=st.sampled_from(PEOPLE), by_hand=st.booleans(), proof=st.sampled_from(Proof),
        lat=st.sampled_from([None, 38.0721, 38.2]),
    )  # fmt: skip
    def attend(self, id_, who, by_hand, proof, lat):
        at = Position(lat, 114.4920) if lat else None
        self.refusable(lambda person, by: self.world.desk.attend(id_, person, proof=proof, by=by, at=at), who, by_hand)

    @rule(id_=raised, who=st.sampled_from(PEOPLE))
    def ask_by_hand(self, id_, who):
        self.refusable(lambda person, by: self.world.desk.offer(id_, person, by=by), who, True)

    @rule(id_=raised, which=st.integers(0, 5), certain=st.booleans())
    def a_letter_fails(self, id_, which, certain):
        offers = self.world.offers(id_)
        if not offers:
            return
        before, offer = self.world.alarm(id_), offers[which % len(offers)]
        if certain:
            self.world.desk.unreached(offer.id, code="30003")
        else:
            self.world.desk.doubtful(offer.id)
        after = self.world.alarm(id_)
        assert after.state is before.state
        assert after.due_at is before.due_at is None or after.due_at <= max(before.due_at, self.world.clock.now())

    @rule(id_=raised, outcome=st.sampled_from(Outcome))
    def close(self, id_, outcome):
        self.refusable(lambda _, by: self.world.desk.close(id_, outcome=outcome, by=by), "C1", True)

    @rule(id_=consumes(raised), outcome=st.sampled_from(Outcome))
    def close_for_good(self, id_, outcome):
        self.refusable(lambda _, by: self.world.desk.close(id_, outcome=outcome, by=by), "C1", True)

    @rule(id_=raised)
    def reopen(self, id_):
        self.refusable(lambda _, by: self.world.desk.reopen(id_, by=by), "C1", True)

    @rule(id_=raised)
    def the_rules_fail_twice(self, id_):
        for _ in range(2):
            self.world.desk.stumble(id_, ZeroDivisionError())

    def refusable(self, act, who, by_hand):
        """A refusal changes nothing; any other exception is a defect."""
        person = self.world.contact(who) if "/" in who else self.world.carer(who)
        before = self.everything()
        try:
            act(person, WANG if by_hand else person)
        except Refusal:
            assert self.everything() == before

    # ------------------------------------------------------------------------------------------- what always holds

    def all_alarms(self):
        with self.world.reading.connect() as connection:
            ids = connection.execute(select(alarms.c.id)).scalars().all()
        return [self.world.alarm(id_) for id_ in ids]

    def open(self):
        return [alarm for alarm in self.all_alarms() if alarm.open]

    def everything(self):
        return [(alarm, self.world.offers(alarm.id)) for alarm in self.all_alarms()]

    @invariant()
    def an_open_alarm_is_always_due_some_time(self):
        now = self.world.clock.now()
        for alarm in self.open():
            assert alarm.due_at is not None
            longest = 120 if alarm.needs_asking else 3600
            assert alarm.due_at <= now + timedelta(seconds=longest)

    @invariant()
    def one_leads_at_most_and_somebody_does_while_it_is_accepted(self):
        for alarm, offers in self.everything():
            leads = [each for each in offers if each.role is Role.LEAD]
            assert len(leads) <= 1
            if alarm.state is State.ACCEPTED:
                assert leads
                assert leads[0].state is OfferState.ACCEPTED
                assert alarm.due_at <= leads[0].arrival_due_at
            if alarm.needs_asking:
                assert not leads

    @invariant()
    def one_person_has_one_offer(self):
        for _, offers in self.everything():
            people = [each.person for each in offers]
            assert len(people) == len(set(people))

    @invariant()
    def one_subject_has_one_open_alarm(self):
        subjects = [alarm.subject for alarm in self.open()]
        assert len(subjects) == len(set(subjects))

    @invariant()
    def the_record_tells_every_change_once_and_only_legal_ones(self):
        """The versions of the lines are dense, and their states chain from nothing to where the alarm stands."""
        with self.world.reading.connect() as connection:
            record = Record(connection)
            for alarm in self.all_alarms():
                done = self.seen.get(alarm.id, (0, ""))
                if done[0] == alarm.version:
                    continue
                told = [each for each in record.of_alarm(alarm.id) if each.version is not None]
                assert [each.version for each in told] == list(range(1, alarm.version + 1))
                stands = self.follow(told[done[0] :], done[1])
                assert stands == alarm.state
                self.seen[alarm.id] = (alarm.version, stands)

    def follow(self, told, stands):
        for entry in told:
            facts = json.loads(entry.body)
            assert facts["from"] == stands
            assert not stands or (State(stands), State(facts["to"])) in LEGAL
            if facts["to"] == "closed" and stands != "closed":
                assert entry.by.startswith("operator:"), "only a named human closes"
            stands = facts["to"]
        return stands

    @invariant()
    def nobody_waits_longer_than_five_minutes_for_everybody_to_be_asked(self):
        """Measured from the press or from the last time that the asking began anew."""
        now = self.world.clock.now()
        with self.world.reading.connect() as connection:
            record = Record(connection)
            for alarm in self.open():
                if not alarm.needs_asking or alarm.due_at <= now:
                    continue
                entries = record.of_alarm(alarm.id)
                anew = [each.at for each in entries if each.kind in {"raised", "reopened", "gave_up", "not_arrived"}]
                if now - anew[-1] > timedelta(seconds=300):
                    reached = any(
                        each.at >= anew[-1] and ('"all_hands"' in each.body or each.kind == "fell_back")
                        for each in entries
                    )
                    assert reached, f"alarm {alarm.number}: everybody is not asked after 300 s"

    @invariant()
    def the_chain_of_the_record_holds(self):
        with self.world.reading.connect() as connection:
            assert list(Record(connection).faults()) == []


TestAlarmLife = AlarmLife.TestCase
TestAlarmLife.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
