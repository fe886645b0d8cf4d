"""One alarm after another through the real desk and the real store, with a hand clock."""

from datetime import timedelta

import pytest

from dispatch.errors import AlarmClosed, AlreadyTaken, Conflict, NotFound
from dispatch.ids import SignalId
from dispatch.rules.alarm import OfferState, Outcome, Proof, Role, State
from dispatch.rules.message import Rank
from dispatch.rules.people import operator
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause, Event, Signal
from dispatch.store.precedence import Precedence
from dispatch.store.transactions import Lane
from tests.builders import NOON, build_world, policies_of
from tests.fakes.clock import HandClock

WANG = operator("wang")

QUICK = (
    {"step": "offer_nearest", "wait_s": 2},
    {"step": "offer_nearest", "wait_s": 2},
    {"step": "call_carer", "wait_s": 5},
    {"step": "page_operator", "wait_s": 5},
    {"step": "all_hands", "wait_s": 10},
)


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path, policies=policies_of(*QUICK), operators=("+8613900000000",))
    yield world
    world.close()


def to(world, alarm_id, sentence):
    return [message.person for message in world.messages(alarm_id) if message.sentence == sentence]


def offer(world, alarm_id, code):
    person = world.carer(code)
    return next((each for each in world.offers(alarm_id) if each.person == person), None)


# ---------------------------------------------------------------------------------------------- raising and joining


def test_a_press_is_an_alarm_that_is_due_at_once(world):
    alarm = world.alarm(world.press())
    assert (alarm.state, alarm.due_at, alarm.press_count) == (State.RAISED, NOON, 1)
    assert alarm.number == "1121-001"


def test_a_press_and_whom_to_ask_for_it_pass_whatever_else_is_urgent(world, monkeypatch):
    lanes, run = [], world.transactions.run

    def noted(work, *, lane=Lane.EMERGENCY):
        lanes.append(lane)
        return run(work, lane=lane)

    monkeypatch.setattr(world.transactions, "run", noted)
    id_ = world.press()
    world.desk.wake(id_)
    world.desk.raise_by_hand(Cause.HOTLINE, by=WANG, home_id=world.alarm(id_).home_id)
    world.desk.close(id_, outcome=Outcome.HELPED, by=WANG)
    assert lanes == [Lane.PRESS, Lane.PRESS, Lane.PRESS, Lane.EMERGENCY]


def life_sign(world):
    return Signal(
        id=SignalId("life"), event=Event.HEARTBEAT, cause=None, gateway="test", protocol="rflink",
        address="EV1527:H1", dedup_key="life", received_at=NOON, home_id=world.home("H1"),
    )  # fmt: skip


def test_a_press_is_on_its_way_until_its_letter_leaves_and_what_asks_nobody_is_not(tmp_path):
    presses = Precedence(HandClock())
    world = build_world(tmp_path, policies=policies_of(*QUICK), precedence=presses)
    id_ = world.press()
    assert presses.busy(), "whom to ask is next"
    world.desk.wake(id_)
    assert presses.busy(), "its letter is about to leave"
    presses.end(id_)
    assert not presses.busy()
    world.press()
    assert not presses.busy(), "it has joined the open alarm, and asks nobody now"
    world.desk.receive(life_sign(world))
    assert not presses.busy()
    world.desk.close(id_, outcome=Outcome.HELPED, by=WANG)
    again = world.press()
    world.desk.close(again, outcome=Outcome.HELPED, by=WANG)
    assert presses.busy()
    world.desk.wake(again)
    assert not presses.busy(), "nobody is asked any more"
    world.close()


def test_what_was_read_to_raise_an_alarm_is_the_whole_household_to_whoever_chooses(world):
    """The first proposal goes on from what raising has read; the next reads everything, and finds the same."""
    id_ = world.press()
    first, again = world.situations.propose(id_), world.situations.propose(id_)
    assert first.household == again.household
    assert first.household.contacts
    assert first.household.station


def broken(*_):
    raise LookupError("a mistake in a rule that can only silence")


@pytest.mark.error_lines("shadow_not_told")
def test_a_mistake_about_streets_in_the_shadow_costs_no_alarm(world, monkeypatch):
    monkeypatch.setattr("dispatch.receiving.cover", broken)
    id_ = world.press()
    world.wake()
    assert to(world, id_, "offer") == [world.carer("C1")]


@pytest.mark.error_lines("test_press_not_told")
def test_a_mistake_about_test_presses_costs_no_alarm(world):
    id_ = world.press(is_test=broken)
    assert world.alarm(id_).state is State.RAISED


def test_an_alarm_joined_before_its_first_step_is_decided_as_it_is_by_then(world):
    """What was remembered of it when it was raised is old by then."""
    id_ = world.press()
    assert world.press(cause=Cause.FIRE) == id_
    world.wake()
    after = world.alarm(id_)
    assert (after.press_count, after.cause, after.state) == (2, Cause.FIRE, State.OFFERED)
    assert to(world, id_, "offer") == [world.carer("C1")]


def test_a_second_press_joins_and_brings_the_next_step_forward(world):
    id_ = world.press()
    world.wake()
    before = world.alarm(id_)
    world.clock.advance(0.5)
    assert world.press() == id_
    after = world.alarm(id_)
    assert after.press_count == 2
    assert after.due_at <= before.due_at


def test_a_stuck_button_does_not_run_through_the_policy(tmp_path):
    world = build_world(tmp_path)
    id_ = world.press()
    for _ in range(30):
        world.wake()
        world.clock.advance(0.1)
        world.press()
    world.wake()
    assert world.kinds(id_).count("step_taken") == 1
    world.close()


def test_another_resident_of_the_same_home_has_an_alarm_of_their_own(world):
    assert world.press("H2", "R2") != world.press("H2", "R3")


def test_a_press_after_the_closing_is_a_new_alarm(world):
    first = world.press()
    world.desk.close(first, outcome=Outcome.TEST, by=WANG)
    assert world.press() != first


def test_a_graver_cause_restarts_with_its_own_policy_and_never_later(tmp_path):
    world = build_world(tmp_path)
    id_ = world.press(cause=Cause.WATER, event=Event.WATER)
    world.wake()
    world.advance(150)
    world.press(cause=Cause.FIRE, event=Event.FIRE)
    alarm = world.alarm(id_)
    assert (alarm.cause, alarm.due_at) == (Cause.FIRE, world.clock.now())
    assert "worsened" in world.kinds(id_)
    world.close()


def test_a_graver_cause_of_the_same_policy_goes_on_where_it_is(world):
    id_ = world.press()
    world.wake()
    world.press(cause=Cause.FALL, event=Event.FALL)
    alarm = world.alarm(id_)
    assert alarm.cause is Cause.FALL
    assert alarm.step == 1


def test_a_lesser_cause_is_only_counted(world):
    id_ = world.press(cause=Cause.FALL, event=Event.FALL)
    world.press(cause=Cause.PRESS)
    assert world.alarm(id_).cause is Cause.FALL


def test_a_cancel_is_a_line_and_never_closes(world):
    id_ = world.press()
    signal_cause = None
    with pytest.raises(AssertionError):
        world.press(cause=signal_cause, event=Event.CANCEL)
    assert world.alarm(id_).open
    assert "heard_cancel" in world.kinds(id_)


def test_a_station_alarm_without_a_home(world):
    id_ = world.press(home=None, address="9999", cause=Cause.PRESS, station_id=world.id_of_station("S1"))
    world.wake()
    alarm = world.alarm(id_)
    assert (alarm.home_id, alarm.place) == (None, None)
    assert world.offers(id_), "somebody is asked all the same"
    assert world.messages(id_)[0].facts["place"] == "柏林颐养驿站"


def test_a_fire_while_somebody_is_coming_is_told_to_the_watch_with_its_place(world):
    station = world.id_of_station("S1")
    id_ = world.press(home=None, address="9999", cause=Cause.PRESS, station_id=station)
    world.wake()
    person = world.offers(id_)[0].person
    world.desk.accept(id_, person, by=person)
    assert world.press(home=None, address="9999", cause=Cause.FIRE, event=Event.FIRE, station_id=station) == id_
    told = [message for message in world.messages(id_) if message.facts.get("why") == "worsened"]
    assert [message.facts["place"] for message in told] == ["柏林颐养驿站"]


def test_the_devices_own_fix_is_the_place_while_it_is_young(world):
    fix = Position(38.09, 114.51)
    young = world.press(position=fix, position_at=NOON - timedelta(minutes=5))
    assert (world.alarm(young).place, world.alarm(young).place_source) == (fix, "device")
    world.desk.close(young, outcome=Outcome.TEST, by=WANG)
    old = world.press(position=fix, position_at=NOON - timedelta(minutes=15))
    assert world.alarm(old).place_source == "home"


def test_a_signal_that_was_delayed_says_so(world):
    id_ = world.press(sent_at=NOON - timedelta(hours=3))
    assert world.alarm(id_).delayed_s == 3 * 3600


# ---------------------------------------------------------------------------------------------- asking


def test_the_nearest_carer_is_asked_first_and_it_is_kept_why(world):
    id_ = world.press()
    world.wake()
    assert [each.person for each in world.offers(id_)] == [world.carer("C1")]
    from dispatch.store.alarms import Alarms

    with world.reading.connect() as connection:
        choice = Alarms(connection).choice_of(id_)
    assert [each.code for each in choice.ranked] == ["C1", "C2", "C3"]


def test_nobody_answers_until_everybody_is_asked_within_five_minutes(tmp_path):
    world = build_world(tmp_path, operators=("+8613900000000",))
    id_ = world.press()
    world.advance(300)
    kinds = world.kinds(id_)
    assert "operator_paged" in kinds
    assert {each.person for each in world.offers(id_)} == {
        world.carer("C1"), world.carer("C2"), world.carer("C3"), world.contact("H1/0"), world.contact("H1/1"),
    }  # fmt: skip
    before = len(world.messages(id_))
    world.advance(120)
    assert len(world.messages(id_)) > before, "the last step repeats"
    world.close()


def test_with_nobody_on_duty_it_goes_straight_to_everybody(tmp_path):
    world = build_world(tmp_path, on_duty=(), operators=("+8613900000000",))
    id_ = world.press()
    world.wake()
    assert world.clock.now() == NOON
    assert "nobody_on_duty" in world.kinds(id_)
    assert len(to(world, id_, "page")) == 1
    assert len(to(world, id_, "offer_family")) == 2
    world.close()


def test_who_declines_is_replaced_at_once_within_the_same_step(world):
    id_ = world.press()
    world.wake()
    due_at = world.alarm(id_).due_at
    for code, next_one in (("C1", "C2"), ("C2", "C3")):
        world.desk.decline(id_, world.carer(code), by=world.carer(code))
        assert offer(world, id_, next_one).state is OfferState.OPEN
        assert world.alarm(id_).due_at == due_at


def test_when_all_have_declined_the_next_step_comes_at_once(world):
    id_ = world.press()
    world.wake()
    for code in ("C1", "C2", "C3"):
        world.desk.decline(id_, world.carer(code), by=world.carer(code))
    world.wake()
    assert "operator_paged" in world.kinds(id_)
    assert world.clock.now() == NOON


def test_where_replies_cannot_come_back_a_call_follows_at_once(tmp_path):
    world = build_world(tmp_path, two_way=lambda phone: False)
    id_ = world.press()
    world.wake()
    assert [(message.sentence, message.channel.value) for message in world.messages(id_)] == [
        ("offer", "sms"),
        ("offer_call", "voice"),
    ]
    world.close()


def test_two_homes_do_not_ask_one_carer_while_another_is_free(world):
    first, second = world.press("H1"), world.press("H2", "R2")
    world.wake()
    assert {each.person for each in world.offers(first)}.isdisjoint({each.person for each in world.offers(second)})


def test_an_engaged_carer_is_asked_when_nobody_else_is_there(tmp_path):
    world = build_world(tmp_path, on_duty=("C1",))
    first, second = world.press("H1"), world.press("H2", "R2")
    world.wake()
    assert [each.person for each in world.offers(second)][:1] == [world.carer("C1")]
    assert first != second
    world.close()


def test_an_unreachable_carer_costs_no_waiting(world):
    id_ = world.press()
    world.wake()
    world.desk.unreached(offer(world, id_, "C1").id, code="30005")
    world.wake()
    assert offer(world, id_, "C1").state is OfferState.LAPSED
    assert offer(world, id_, "C2").state is OfferState.OPEN
    assert world.clock.now() == NOON


# ---------------------------------------------------------------------------------------------- accepting, arriving


def test_the_first_to_accept_has_it_and_gets_the_door(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    alarm = world.alarm(id_)
    assert alarm.state is State.ACCEPTED
    assert alarm.due_at == NOON + timedelta(minutes=10)
    details = [message for message in world.messages(id_) if message.sentence == "details"]
    assert details[0].facts["entry"] == "钥匙盒 4711"


def test_a_door_is_never_told_before_somebody_accepted(world):
    id_ = world.press()
    world.advance(60)
    assert all("4711" not in str(dict(message.facts)) for message in world.messages(id_))
    assert all("王秀英" not in str(dict(message.facts)) for message in world.messages(id_))


def test_the_second_is_told_that_it_is_taken(world):
    id_ = world.press()
    world.advance(2)
    world.desk.accept(id_, world.carer("C2"), by=world.carer("C2"))
    with pytest.raises(AlreadyTaken):
        world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))


def test_a_lapsed_offer_may_still_be_accepted_while_nobody_else_has(world):
    id_ = world.press()
    world.advance(3)
    assert offer(world, id_, "C1").state is OfferState.LAPSED
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    assert offer(world, id_, "C1").role is Role.LEAD
    assert to(world, id_, "taken") == [world.carer("C2")]


def test_accepting_twice_changes_nothing(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    version = world.alarm(id_).version
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    assert world.alarm(id_).version == version


def test_not_arrived_in_time_others_are_asked_while_the_first_stays_as_backup(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    world.advance(600)
    assert world.alarm(id_).state is State.OFFERED
    assert offer(world, id_, "C1").role is Role.BACKUP
    assert offer(world, id_, "C2").state is OfferState.OPEN
    assert to(world, id_, "ask_arrival") == [world.carer("C1")]
    world.desk.accept(id_, world.carer("C2"), by=world.carer("C2"))
    assert offer(world, id_, "C2").role is Role.LEAD
    assert to(world, id_, "now_backup") == [world.carer("C1")]


def test_the_late_first_who_arrives_after_all_ends_the_asking(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    world.advance(600)
    world.desk.attend(id_, world.carer("C1"), proof=Proof.DOOR_CODE, by=world.carer("C1"))
    assert world.alarm(id_).state is State.ATTENDED
    assert offer(world, id_, "C1").role is Role.LEAD
    assert offer(world, id_, "C2").state is OfferState.WITHDRAWN


def test_a_leader_who_gives_up_reopens_the_asking_at_once(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    world.desk.decline(id_, world.carer("C1"), by=world.carer("C1"))
    world.wake()
    assert offer(world, id_, "C1").state is OfferState.DECLINED
    assert offer(world, id_, "C2").state is OfferState.OPEN


def test_claimed_alone_keeps_the_clock_with_the_operator(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    world.desk.attend(id_, world.carer("C1"), proof=Proof.CLAIMED, by=world.carer("C1"))
    assert world.alarm(id_).due_at == NOON + timedelta(seconds=120)
    world.advance(240)
    assert world.kinds(id_).count("arrival_claimed") == 2


def test_the_residents_button_proves_a_claimed_arrival(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    world.desk.attend(id_, world.carer("C1"), proof=Proof.CLAIMED, by=world.carer("C1"))
    world.press()
    alarm = world.alarm(id_)
    assert alarm.proof is Proof.RESIDENT_BUTTON
    assert alarm.due_at == NOON + timedelta(hours=1)


@pytest.mark.parametrize(("lat", "proof"), [(38.0725, Proof.POSITION), (38.0900, Proof.CLAIMED)])
def test_a_position_proves_an_arrival_within_200_metres_only(world, lat, proof):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    at = Position(lat, 114.4920)
    world.desk.attend(id_, world.carer("C1"), proof=Proof.POSITION, by=world.carer("C1"), at=at)
    assert world.alarm(id_).proof is proof


def test_who_arrives_without_having_accepted_has_accepted_by_coming(world):
    id_ = world.press()
    world.advance(2)
    world.desk.accept(id_, world.carer("C2"), by=world.carer("C2"))
    world.desk.attend(id_, world.carer("C1"), proof=Proof.VOICE, by=WANG)
    assert world.alarm(id_).state is State.ATTENDED
    assert offer(world, id_, "C1").attended_at == world.clock.now()


def test_an_attended_alarm_nobody_closes_pages_the_operator(world):
    id_ = world.press()
    world.wake()
    world.desk.attend(id_, world.carer("C1"), proof=Proof.VOICE, by=WANG)
    world.advance(3600 + 600)
    assert world.kinds(id_).count("not_closed") == 2
    assert world.alarm(id_).open, "silence never closes"


def test_two_must_come_where_the_policy_asks_for_two(tmp_path):
    world = build_world(tmp_path, policies=policies_of(*QUICK, responders=2))
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    world.advance(2)
    assert offer(world, id_, "C2").state is OfferState.OPEN, "a second one is still asked"
    world.desk.accept(id_, world.carer("C2"), by=world.carer("C2"))
    assert (offer(world, id_, "C1").role, offer(world, id_, "C2").role) == (Role.LEAD, Role.BACKUP)
    with pytest.raises(AlreadyTaken):
        world.desk.accept(id_, world.carer("C3"), by=WANG)
    world.close()


# ---------------------------------------------------------------------------------------------- by hand


def test_an_operator_may_ask_and_accept_for_somebody_never_asked(world):
    id_ = world.press()
    world.desk.offer(id_, world.carer("C3"), by=WANG)
    assert offer(world, id_, "C3").state is OfferState.OPEN
    world.desk.accept(id_, world.carer("C2"), by=WANG)
    assert offer(world, id_, "C2").role is Role.LEAD


def test_only_an_operator_closes_and_everybody_is_told(world):
    id_ = world.press()
    world.advance(2)
    with pytest.raises(AssertionError):
        world.desk.close(id_, outcome=Outcome.HELPED, by=world.carer("C1"))
    world.desk.close(id_, outcome=Outcome.HELPED, by=WANG, note="扶起来了")
    alarm = world.alarm(id_)
    assert (alarm.state, alarm.outcome, alarm.closed_by, alarm.due_at) == (State.CLOSED, Outcome.HELPED, WANG, None)
    assert to(world, id_, "stand_down") == [world.carer("C2")]
    with pytest.raises(AlarmClosed):
        world.desk.close(id_, outcome=Outcome.HELPED, by=WANG)


def test_a_wrong_closing_is_taken_back_within_a_day(world):
    id_ = world.press()
    world.wake()
    world.desk.accept(id_, world.carer("C1"), by=world.carer("C1"))
    world.desk.close(id_, outcome=Outcome.FALSE_ALARM, by=WANG)
    assert offer(world, id_, "C1").state is OfferState.DONE
    world.desk.reopen(id_, by=WANG)
    world.wake()
    assert world.alarm(id_).open
    assert world.kinds(id_)[-1] in {"offered", "operator_paged"}


def test_after_a_day_or_beside_a_new_alarm_nothing_is_reopened(world):
    id_ = world.press()
    world.desk.close(id_, outcome=Outcome.TEST, by=WANG)
    world.press()
    with pytest.raises(Conflict):
        world.desk.reopen(id_, by=WANG)
    world.clock.advance(25 * 3600)
    with pytest.raises(Conflict):
        world.desk.reopen(id_, by=WANG)


def test_an_unknown_alarm_is_not_found(world):
    with pytest.raises(NotFound):
        world.desk.close("nothing", outcome=Outcome.TEST, by=WANG)


def test_a_reference_number_of_120_is_written_down(world):
    id_ = world.press()
    world.desk.emergency_called(id_, reference="A-17", by=WANG)
    assert "emergency_called" in world.kinds(id_)


# ---------------------------------------------------------------------------------------------- when rules fail


def test_a_rule_that_raises_falls_back_to_plain_text_to_everybody(tmp_path, monkeypatch):
    world = build_world(tmp_path, operators=("+8613900000000",))
    id_ = world.press()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dispatch.desk.advance", broken)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            world.desk.wake(id_)
        world.desk.stumble(id_, ZeroDivisionError())
    assert {message.to for message in world.messages(id_)} == {
        "+8613800000001", "+8613800000002", "+8613800000003", "+8613900000000",
    }  # fmt: skip
    assert world.alarm(id_).due_at == NOON + timedelta(seconds=120)
    assert world.kinds(id_)[-1] == "fell_back"
    assert {message.rank for message in world.messages(id_)} == {Rank.FIRST}
    known = {message.id for message in world.messages(id_)}
    world.desk.stumble(id_, ZeroDivisionError())
    ranks = [message.rank for message in world.messages(id_) if message.id not in known]
    assert ranks == [Rank.AGAIN] * 4, "no first word about another alarm waits behind a repeated one"
    world.close()


def test_waking_too_early_or_when_closed_does_nothing(world):
    id_ = world.press()
    world.wake()
    version = world.alarm(id_).version
    world.desk.wake(id_)
    assert world.alarm(id_).version == version
    world.desk.close(id_, outcome=Outcome.TEST, by=WANG)
    world.desk.wake(id_)
    assert world.alarm(id_).state is State.CLOSED
