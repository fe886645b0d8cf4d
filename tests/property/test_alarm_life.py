"""The life of an alarm under any sequence of what devices, people, providers and time may do, against the promises."""

import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from sqlalchemy import select

from dispatch.errors import Refusal
from dispatch.rules import answering
from dispatch.rules.advance import advance
from dispatch.rules.alarm import LEGAL, OfferState, Outcome, Proof, Role, State
from dispatch.rules.escalation import read_policies, swap
from dispatch.rules.people import operator
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause, Event
from dispatch.rules.steps import STEPS as REGISTRY
from dispatch.store.alarms import alarms
from dispatch.store.record import Record
from tests.builders import build_world, default_policies, policies_of
from tests.unit.rules.test_alarm import (
    C1,
    C2,
    C3,
    DAUGHTER,
    NOW,
    SON,
    a_choice,
    a_policy,
    a_situation,
    an_alarm,
    reaches,
)

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


# ------------------------------------------------------------------------------------------- the rules alone, and fast

CARERS = (C1, C2, C3)
SECONDS = (0.5, 5, 30, 125, 700, 3700)
ACTS = (
    *("accept", "decline", "ask", "reopen") * 3,
    *("press", "fire", "attend", "claim", "unreachable", "doubtful", "close"),
)
"""What opens the way to more comes more often."""


class Story:
    """One alarm in memory, told by the pure functions: what the desk does without the desk."""

    def __init__(self, responders, two_way):
        self.now, self.two_way = NOW, two_way
        self.policy = a_policy(*STEPS, responders=responders)
        self.fire = read_policies([{**ROW, "name": "fire", "steps": list(STEPS[-2:])}], REGISTRY).of(Cause.FIRE)
        self.alarm = replace(an_alarm(State.RAISED), raised_at=NOW, due_at=NOW, version=1, policy_id=self.policy.id)
        self.offers, self.anew, self.count = (), NOW, 0

    def situation(self, policy=None):
        asked = {offer.person for offer in self.offers}
        fresh = [each for each in CARERS if each not in asked]
        excluded = {"asked_already": len(CARERS) - len(fresh)}
        kept = self.fire if self.alarm.policy_id == self.fire.id else self.policy
        return a_situation(
            self.alarm, *self.offers, now=self.now, policy=policy or kept, ids=self.new_id,
            choice=a_choice(*fresh, excluded=excluded), reach=reaches(*CARERS, DAUGHTER, SON, two_way=self.two_way),
        )  # fmt: skip

    def new_id(self):
        self.count += 1
        return f"{self.count:032x}"

    def act(self, what, who):
        situation = self.situation()
        if what in {"press", "fire"}:
            return self.join(Cause.FIRE if what == "fire" else Cause.PRESS)
        if what == "reopen":
            return None if self.alarm.open else answering.reopen(situation, by=WANG)
        return {
            "accept": lambda: answering.accept(situation, who, by=who),
            "decline": lambda: answering.decline(situation, who, by=who),
            "attend": lambda: answering.attend(situation, who, proof=Proof.DOOR_CODE, by=who),
            "claim": lambda: answering.attend(situation, who, proof=Proof.CLAIMED, by=who),
            "unreachable": lambda: answering.unreachable(situation, who, code="30003"),
            "doubtful": lambda: answering.doubtful(situation, who),
            "ask": lambda: answering.ask_by_hand(situation, who, eta_s=60, by=WANG),
            "close": lambda: answering.close(situation, outcome=Outcome.HELPED, by=WANG),
        }[what]()

    def join(self, cause):
        if not self.alarm.open:
            return None
        policy = self.fire if cause is Cause.FIRE else self.policy
        decision = answering.join(self.situation(policy), cause=cause, by=WANG)
        if self.alarm.needs_asking:
            assert max(decision.alarm.due_at, self.now) <= max(self.alarm.due_at, self.now), "a join never delays"
        return decision

    def keep(self, decision):
        told = [line for line in decision.lines if line.version is not None]
        assert [line.version for line in told] == list(range(self.alarm.version + 1, decision.alarm.version + 1))
        stands = self.alarm.state
        for line in told:
            assert line.facts["from"] == stands
            assert (stands, State(line.facts["to"])) in LEGAL
            assert line.facts["to"] != "closed" or line.kind == "closed"
            stands = State(line.facts["to"])
            if line.kind in {"reopened", "gave_up", "not_arrived"}:
                self.anew = self.now
        assert stands is decision.alarm.state
        self.alarm, self.offers = decision.alarm, swap(self.offers, decision.offers)
        self.holds()

    def holds(self):
        alarm, leads = self.alarm, [each for each in self.offers if each.role is Role.LEAD]
        people = [each.person for each in self.offers]
        assert len(leads) <= 1
        assert len(people) == len(set(people))
        assert leads or alarm.state is not State.ACCEPTED
        assert not (leads and alarm.needs_asking)
        assert alarm.state is not State.ACCEPTED or alarm.due_at <= leads[0].arrival_due_at
        last = 3600 if alarm.state is State.ATTENDED else 1800 if alarm.state is State.ACCEPTED else 120
        assert not alarm.open or alarm.due_at <= self.now + timedelta(seconds=last)

    def wait(self, seconds):
        """Time passes; what falls due is woken at its own time."""
        until = self.now + timedelta(seconds=seconds)
        while self.alarm.open and self.alarm.due_at <= until:
            self.now = max(self.now, self.alarm.due_at)
            self.keep(advance(self.situation()))
            assert self.alarm.due_at > self.now, "a wake always moves on"
        self.now = until
        if self.alarm.needs_asking and self.now - self.anew > timedelta(seconds=300):
            assert self.alarm.rounds, "everybody is asked within five minutes"


STEPS = (
    *({"step": kind, "wait_s": 60} for kind in ("offer_nearest", "call_carer", "offer_nearest", "call_family")),
    {"step": "page_operator", "wait_s": 50},
    {"step": "all_hands", "wait_s": 120},
)
ROW = {"causes": [str(cause) for cause in Cause]}


@given(
    responders=st.sampled_from([1, 1, 2, 3]),
    two_way=st.booleans(),
    said=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(ACTS), st.sampled_from([C1, C2, DAUGHTER])),
            st.tuples(st.just("wait"), st.sampled_from(SECONDS)),
        ),
        min_size=20,
        max_size=50,
    ),
)
@settings(max_examples=250)
@example(responders=1, two_way=True, said=[
    ("wait", 0.5), ("accept", C1), ("ask", C2), ("attend", C2), ("decline", C1), ("ask", C3), ("accept", C3),
])  # fmt: skip
def test_whatever_is_said_and_done_the_rules_keep_their_promises(responders, two_way, said):
    story = Story(responders, two_way)
    for what, which in said:
        if what == "wait":
            story.wait(which)
            continue
        try:
            decision = story.act(what, which)
        except Refusal:
            continue
        if decision is not None:
            story.keep(decision)
    story.wait(301)


TestAlarmLife = AlarmLife.TestCase
TestAlarmLife.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
