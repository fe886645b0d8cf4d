"""The life of an alarm, change by change; and the small values that the other tests of the rules are made of."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.errors import AlarmClosed, AlreadyTaken, OfferGone
from dispatch.ids import AlarmId, CarerId, ContactId, HomeId, OfferId, PolicyId, ResidentId
from dispatch.rules.alarm import (
    LEGAL,
    Alarm,
    Offer,
    OfferState,
    Outcome,
    Proof,
    Role,
    State,
    accept,
    arrival_due,
    change,
    close,
    decline,
    join,
    leader,
    overdue,
    reopen,
)
from dispatch.rules.choice import Choice, Ranked
from dispatch.rules.escalation import Situation, read_policies
from dispatch.rules.people import Contact, Home, Household, Reach, Resident, carer, contact, operator
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause
from dispatch.rules.steps import STEPS

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
C1, C2, C3 = (carer(CarerId(code)) for code in ("c1", "c2", "c3"))
DAUGHTER, SON = contact(ContactId("k1")), contact(ContactId("k2"))
WANG = operator("wang")
PLACE = Position(38.0720, 114.4920)
DUTY = Reach(person=WANG, phone="+8613900000000")

QUICK = (
    {"step": "offer_nearest", "wait_s": 20},
    {"step": "call_carer", "wait_s": 10},
    {"step": "call_family", "wait_s": 10},
    {"step": "page_operator", "wait_s": 10},
    {"step": "all_hands", "wait_s": 120},
)


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def an_alarm(state=State.OFFERED, **more):
    """An alarm that was raised a minute ago, with what its state asks for."""
    fields = {
        "id": AlarmId("a1"), "number": "1121-001", "subject": "home:h1/r1", "cause": Cause.PRESS, "state": state,
        "raised_at": at(-60), "pressed_at": at(-60), "due_at": at(20), "policy_id": PolicyId("p1"),
        "home_id": HomeId("h1"), "resident_id": ResidentId("r1"), "place": PLACE, "version": 7,
    }  # fmt: skip
    if state is State.CLOSED:
        fields |= {"due_at": None, "closed_at": at(-10), "closed_by": WANG, "outcome": Outcome.HELPED}
    if state is State.ATTENDED:
        fields |= {"attended_at": at(-30), "proof": Proof.DOOR_CODE}
    return Alarm(**fields | more)


def an_offer(person=C1, state=OfferState.OPEN, **more):
    """An offer made half a minute ago; accepted ones lead unless said otherwise."""
    fields = {
        "id": OfferId(f"o-{person}"), "alarm_id": AlarmId("a1"), "person": person, "code": 12, "state": state,
        "offered_at": at(-30), "eta_s": 120,
    }  # fmt: skip
    if state in {OfferState.ACCEPTED, OfferState.DONE}:
        fields |= {"role": Role.LEAD, "arrival_due_at": at(600), "answered_at": at(-20)}
    return Offer(**fields | more)


def backup(person=C2, **more):
    return an_offer(person, OfferState.ACCEPTED, role=Role.BACKUP, **more)


def a_choice(*people, excluded=None):
    """Carers in this order, two minutes away and a minute more each."""
    ranked = tuple(
        Ranked(
            carer_id=CarerId(person.partition(":")[2]), code=person, ring=0, distance_m=100.0, travel_s=60.0,
            effective_s=60.0, eta_s=120 + 60 * place, reasons=(),
        )
        for place, person in enumerate(people)
    )  # fmt: skip
    return Choice(ranked=ranked, excluded=excluded or {}, considered=len(ranked), version="v", place_known=True, at=NOW)


def a_household(**more):
    home = Home(
        id=HomeId("h1"), code="H1", address="柏林小区 3-2-501", position=PLACE, station_id=None, entry="钥匙盒 4711"
    )
    resident = Resident(
        id=ResidentId("r1"), code="R1", home_id=home.id, name="王秀英", phone="+8613800000101", illness="糖尿病"
    )
    kin = (
        Contact(id=ContactId("k1"), home_id=home.id, name="王女士", phone="+8613800000201", order=1),
        Contact(id=ContactId("k2"), home_id=home.id, name="王先生", phone="+8613800000202", order=2),
    )
    return Household(**{"home": home, "residents": (resident,), "contacts": kin} | more)


def reaches(*people, two_way=True):
    return {
        person: Reach(person=person, phone=f"+86138000000{place:02}", two_way=two_way)
        for place, person in enumerate(people, 1)
    }


def a_policy(*steps, responders=1):
    row = {"name": "test", "causes": [str(cause) for cause in Cause], "steps": list(steps or QUICK)}
    return read_policies([row | {"responders": responders}], STEPS).of(Cause.PRESS)


def a_situation(alarm=None, *offers, **more):
    """Three carers on duty in the order of their names, two of the family, one duty number; all can be reached."""
    numbers = itertools.count(1)
    fields = {
        "now": NOW, "alarm": alarm or an_alarm(), "offers": offers, "policy": a_policy(),
        "ids": lambda: f"{next(numbers):032x}", "household": a_household(),
        "choice": a_choice(*(each for each in (C1, C2, C3) if each not in {offer.person for offer in offers})),
        "reach": reaches(C1, C2, C3, DAUGHTER, SON), "operators": (DUTY,),
    }  # fmt: skip
    return Situation(**fields | more)


# ------------------------------------------------------------------------------------------------ what is impossible


@pytest.mark.parametrize("state", [each for each in State if each is not State.CLOSED])
def test_an_open_alarm_without_a_due_time_cannot_be_made(state):
    with pytest.raises(AssertionError, match="always has a due_at"):
        an_alarm(state, due_at=None)


@pytest.mark.parametrize("missing", ["closed_by", "outcome"])
def test_a_closed_alarm_names_who_closed_it_and_how_it_ended(missing):
    with pytest.raises(AssertionError):
        an_alarm(State.CLOSED, **{missing: None})


@pytest.mark.parametrize("early", [{"closed_by": WANG}, {"outcome": Outcome.TEST}, {"proof": Proof.VOICE}])
def test_an_open_alarm_knows_no_end_and_no_proof_without_an_arrival(early):
    with pytest.raises(AssertionError):
        an_alarm(**early)


def test_a_closed_alarm_waits_for_nothing():
    with pytest.raises(AssertionError):
        an_alarm(State.CLOSED, due_at=NOW)


@pytest.mark.parametrize(
    ("state", "role"), [(OfferState.OPEN, Role.LEAD), (OfferState.ACCEPTED, None), (OfferState.DONE, None)]
)
def test_only_who_accepted_has_a_role(state, role):
    with pytest.raises(AssertionError):
        an_offer(state=state, role=role, arrival_due_at=NOW)


def test_who_comes_has_a_time_to_be_there():
    with pytest.raises(AssertionError):
        an_offer(state=OfferState.ACCEPTED, arrival_due_at=None)


STEPS_OF_LIFE = {
    ("raised", "offered"), ("raised", "accepted"), ("offered", "accepted"), ("accepted", "offered"),
    ("accepted", "attended"), ("closed", "raised"),
    ("raised", "closed"), ("offered", "closed"), ("accepted", "closed"), ("attended", "closed"),
}  # fmt: skip


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_no_other_change_of_state_than_those_drawn_is_legal(before, after):
    drawn = before is after or (str(before), str(after)) in STEPS_OF_LIFE
    assert ((before, after) in LEGAL) == drawn


def test_an_illegal_change_of_state_is_a_defect():
    with pytest.raises(AssertionError, match="raised may not become attended"):
        change(an_alarm(State.RAISED), "attended", C1, state=State.ATTENDED, attended_at=NOW)


def test_a_change_grows_the_version_by_one_and_its_line_says_from_where_to_where():
    after, line = change(an_alarm(State.RAISED), "step_taken", WANG, {"step": "x"}, note="看", state=State.OFFERED)
    assert (after.version, line.version) == (8, 8)
    assert line.facts == {"from": "raised", "to": "offered", "step": "x"}
    assert (line.kind, line.by, line.alarm_id, line.note) == ("step_taken", WANG, "a1", "看")


@pytest.mark.parametrize(
    ("state", "open_", "asking"),
    [("raised", True, True), ("offered", True, True), ("accepted", True, False), ("attended", True, False),
     ("closed", False, False)],
)  # fmt: skip
def test_an_alarm_is_asked_about_until_somebody_leads(state, open_, asking):
    alarm = an_alarm(State(state))
    assert (alarm.open, alarm.needs_asking) == (open_, asking)


# ------------------------------------------------------------------------------------------------ joining


def joined(alarm, *, cause=Cause.PRESS, policy="p1", step=0):
    after, (line,) = join(alarm, cause=cause, policy_id=PolicyId(policy), step=step, by=WANG, now=NOW)
    return after, line


@pytest.mark.parametrize(
    ("due", "stepped", "rounds", "expected"),
    [
        (20, None, 0, 5),  # never closer than five seconds to now where nothing was tried yet
        (20, -2, 0, 3),
        (20, -5, 0, 0),
        (20, -60, 0, 0),
        (2, -1, 0, 2),  # what was to come sooner stays
        (-1, -30, 0, -1),  # what is overdue stays so
        (100, -10, 1, 20),  # at the last step everybody is being asked already
        (100, -30, 3, 0),
    ],
)
def test_a_further_press_brings_the_next_step_forward_but_never_too_close(due, stepped, rounds, expected):
    alarm = an_alarm(due_at=at(due), stepped_at=None if stepped is None else at(stepped), rounds=rounds)
    after, line = joined(alarm)
    assert after.due_at == at(expected)
    assert (after.press_count, after.pressed_at, line.kind) == (2, NOW, "pressed_again")
    assert (line.facts["presses"], line.facts["cause"]) == (2, "press")


@pytest.mark.parametrize("state", [State.ACCEPTED, State.ATTENDED])
def test_while_somebody_comes_a_further_press_is_counted_only(state):
    after, line = joined(an_alarm(state, stepped_at=at(-60)))
    assert (after.due_at, after.press_count, after.state, line.kind) == (at(20), 2, state, "pressed_again")


def test_a_graver_cause_with_a_policy_of_its_own_begins_at_once():
    after, line = joined(an_alarm(step=3, rounds=2, cause=Cause.WATER), cause=Cause.FIRE, policy="fire", step=1)
    assert (after.cause, after.policy_id, after.step, after.rounds, after.due_at) == (Cause.FIRE, "fire", 1, 0, NOW)
    assert (line.kind, line.facts["was"], after.press_count, after.pressed_at) == ("worsened", "water", 2, NOW)


def test_a_graver_cause_of_the_same_policy_goes_on_where_it_is():
    after, line = joined(an_alarm(step=3, stepped_at=at(-60)), cause=Cause.FALL)
    assert (after.cause, after.step, after.due_at, line.kind) == (Cause.FALL, 3, NOW, "pressed_again")


@pytest.mark.parametrize("cause", [Cause.PRESS, Cause.HOTLINE, Cause.WATER])
def test_a_cause_that_is_not_graver_changes_neither_cause_nor_policy(cause):
    after, _ = joined(an_alarm(step=3), cause=cause, policy="other")
    assert (after.cause, after.policy_id, after.step) == (Cause.PRESS, "p1", 3)


def test_a_graver_cause_while_somebody_comes_keeps_who_comes():
    after, _ = joined(an_alarm(State.ACCEPTED), cause=Cause.FALL, policy="other")
    assert (after.cause, after.policy_id, after.state, after.due_at) == (Cause.FALL, "p1", State.ACCEPTED, at(20))


def test_the_residents_button_proves_a_claimed_arrival_and_starts_the_closing_clock():
    after, line = joined(an_alarm(State.ATTENDED, proof=Proof.CLAIMED))
    assert (after.proof, after.due_at, after.press_count) == (Proof.RESIDENT_BUTTON, at(3600), 2)
    assert (line.kind, line.facts["proof"]) == ("arrival_proved", "resident_button")


@pytest.mark.parametrize("cause", [Cause.FIRE, Cause.WATER, Cause.INACTIVITY, Cause.HOTLINE])
def test_what_is_not_the_residents_button_proves_nothing(cause):
    after, _ = joined(an_alarm(State.ATTENDED, proof=Proof.CLAIMED), cause=cause, policy="other")
    assert (after.proof, after.due_at) == (Proof.CLAIMED, at(20))


def test_nothing_joins_a_closed_alarm():
    with pytest.raises(AssertionError):
        joined(an_alarm(State.CLOSED))


# ------------------------------------------------------------------------------------------------ accepting


@pytest.mark.parametrize(
    ("eta_s", "expected_s"),
    [(None, 600), (0, 600), (400, 600), (402, 603), (1000, 1500), (1200, 1800), (1300, 1800), (9000, 1800)],
)
def test_who_accepts_has_half_as_long_again_as_estimated_within_ten_and_thirty_minutes(eta_s, expected_s):
    assert arrival_due(eta_s, NOW) == at(expected_s)


def accepted(alarm, offers, offer, *, wanted=1, also=0):
    return accept(alarm, offers, offer, wanted=wanted, also=also, by=C1, now=NOW)


def test_the_first_leads_and_the_clock_of_their_arrival_runs():
    mine = an_offer(eta_s=1000)
    after, taken, line = accepted(an_alarm(), [mine, an_offer(C2)], mine)
    assert (after.state, after.due_at, after.accepted_at) == (State.ACCEPTED, at(1500), NOW)
    assert (taken.state, taken.role, taken.answered_at, taken.arrival_due_at) == (
        OfferState.ACCEPTED, Role.LEAD, NOW, at(1500),
    )  # fmt: skip
    assert (line.kind, line.facts["person"], line.facts["role"], line.facts["eta_s"]) == ("accepted", C1, "lead", 1000)
    assert "both" not in line.facts


def test_an_alarm_may_be_accepted_before_anybody_was_asked_by_the_policy():
    mine = an_offer()
    assert accepted(an_alarm(State.RAISED), [mine], mine)[0].state is State.ACCEPTED


def test_while_a_second_is_wanted_the_next_step_still_comes():
    mine = an_offer()
    after, _, _ = accepted(an_alarm(due_at=at(20)), [mine], mine, wanted=2)
    assert after.due_at == at(20)
    after, _, _ = accepted(an_alarm(due_at=at(900)), [mine], mine, wanted=2)
    assert after.due_at == at(600)


def test_the_second_of_two_wanted_is_backup_and_the_leaders_clock_goes_on():
    lead, mine = an_offer(state=OfferState.ACCEPTED), an_offer(C2)
    alarm = an_alarm(State.ACCEPTED, accepted_at=at(-20))
    after, taken, line = accepted(alarm, [lead, mine], mine, wanted=2)
    assert (taken.role, after.due_at, after.accepted_at) == (Role.BACKUP, at(600), at(-20))
    assert line.facts["role"] == "backup"


def test_enough_is_enough():
    lead, mine = an_offer(state=OfferState.ACCEPTED), an_offer(C2)
    with pytest.raises(AlreadyTaken):
        accepted(an_alarm(State.ACCEPTED), [lead, mine], mine)
    with pytest.raises(AlreadyTaken):
        accepted(an_alarm(State.ACCEPTED), [lead, backup(), an_offer(C3)], an_offer(C3), wanted=2)


def test_once_somebody_is_there_nobody_else_need_come():
    lead, mine = an_offer(state=OfferState.ACCEPTED), an_offer(C2)
    with pytest.raises(AlreadyTaken):
        accepted(an_alarm(State.ATTENDED), [lead, mine], mine, wanted=2)


def test_a_backup_cannot_take_the_lead_from_who_has_it():
    lead, mine = an_offer(state=OfferState.ACCEPTED), backup()
    with pytest.raises(OfferGone):
        accepted(an_alarm(State.ACCEPTED), [lead, mine], mine, wanted=3)


def test_a_late_backup_who_confirms_leads_again_while_nobody_else_does():
    mine = backup()
    after, taken, _ = accepted(an_alarm(State.OFFERED), [mine], mine)
    assert (after.state, taken.role, taken.arrival_due_at) == (State.ACCEPTED, Role.LEAD, at(600))


def test_who_is_on_the_way_elsewhere_too_has_it_on_file():
    mine = an_offer()
    assert accepted(an_alarm(), [mine], mine, also=1)[2].facts["both"] == 1


def test_nobody_accepts_what_is_over():
    with pytest.raises(AlarmClosed):
        accepted(an_alarm(State.CLOSED), [], an_offer())


def test_when_the_leader_is_gone_and_a_backup_stands_in_the_room_nobody_else_need_come():
    there = backup(attended_at=at(-30))
    with pytest.raises(AlreadyTaken):
        accepted(an_alarm(State.ATTENDED), [there, an_offer(C3)], an_offer(C3))


def test_the_leader_is_found_among_all_or_nobody_is():
    assert leader([an_offer(C2), backup(C3)]) is None
    assert leader([backup(C3), an_offer(state=OfferState.ACCEPTED)]).person == C1


# ------------------------------------------------------------------------------------------------ declining, lateness


def declined(alarm, offers, offer):
    return decline(alarm, offers, offer, by=C1, now=NOW)


def test_the_next_step_waits_while_somebody_else_is_still_asked():
    after, gone, line = declined(an_alarm(), [an_offer(), an_offer(C2)], an_offer())
    assert (after.due_at, after.state) == (at(20), State.OFFERED)
    assert (gone.state, gone.answered_at, gone.role) == (OfferState.DECLINED, NOW, None)
    assert (line.kind, line.facts["person"]) == ("declined", C1)


@pytest.mark.parametrize("others", [[], [an_offer(C2, OfferState.LAPSED)]])
def test_with_nobody_left_to_answer_the_next_step_comes_at_once(others):
    assert declined(an_alarm(), [an_offer(), *others], an_offer())[0].due_at == NOW


def test_while_somebody_comes_a_no_changes_no_clock():
    lead = an_offer(C2, OfferState.ACCEPTED)
    assert declined(an_alarm(State.ACCEPTED), [an_offer(), lead], an_offer())[0].due_at == at(20)


def test_a_leader_who_gives_up_reopens_the_asking_from_the_start():
    mine = an_offer(state=OfferState.ACCEPTED)
    after, gone, line = declined(an_alarm(State.ACCEPTED, step=3, rounds=1), [mine], mine)
    assert (after.state, after.step, after.rounds, after.due_at) == (State.OFFERED, 0, 0, NOW)
    assert (gone.state, gone.role, gone.arrival_due_at, line.kind) == (OfferState.DECLINED, None, None, "gave_up")


def test_a_leader_who_turns_back_when_somebody_is_there_reopens_nothing():
    mine = an_offer(state=OfferState.ACCEPTED)
    after, gone, line = declined(an_alarm(State.ATTENDED), [mine, backup()], mine)
    assert (after.state, after.due_at, gone.state, line.kind) == (
        State.ATTENDED, at(20), OfferState.DECLINED, "declined",
    )  # fmt: skip


def test_a_backup_who_gives_up_reopens_nothing():
    mine = backup()
    lead = an_offer(C1, OfferState.ACCEPTED)
    after, _, line = declined(an_alarm(State.ACCEPTED), [lead, mine], mine)
    assert (after.state, after.due_at, line.kind) == (State.ACCEPTED, at(20), "declined")


def test_nobody_declines_what_is_over():
    with pytest.raises(AlarmClosed):
        declined(an_alarm(State.CLOSED), [], an_offer())


def test_who_is_late_stays_as_backup_while_the_asking_begins_again():
    lead = an_offer(state=OfferState.ACCEPTED)
    after, late, line = overdue(an_alarm(State.ACCEPTED, step=4, rounds=2), lead, by=WANG, now=NOW)
    assert (after.state, after.step, after.rounds, after.due_at) == (State.OFFERED, 0, 0, NOW)
    assert late == replace(lead, role=Role.BACKUP)
    assert (line.kind, line.facts["person"]) == ("not_arrived", C1)


# ------------------------------------------------------------------------------------------------ the end, and back


@pytest.mark.parametrize("state", [each for each in State if each is not State.CLOSED])
def test_a_named_human_ends_an_alarm_wherever_it_stands(state):
    after, line = close(an_alarm(state), outcome=Outcome.HOSPITAL, by=WANG, now=NOW, note="送医")
    assert (after.state, after.due_at, after.closed_at, after.closed_by, after.outcome) == (
        State.CLOSED, None, NOW, WANG, Outcome.HOSPITAL,
    )  # fmt: skip
    assert (line.kind, line.facts["outcome"], line.note, line.by) == ("closed", "hospital", "送医", WANG)


def test_what_is_over_is_not_ended_again():
    with pytest.raises(AlarmClosed):
        close(an_alarm(State.CLOSED), outcome=Outcome.TEST, by=WANG, now=NOW)


def test_taken_back_an_alarm_is_raised_again_with_its_history_and_new_clocks():
    over = an_alarm(
        State.CLOSED, step=4, rounds=3, accepted_at=at(-40), attended_at=at(-30), proof=Proof.VOICE, press_count=3
    )
    after, line = reopen(over, by=WANG, now=NOW, note="按错了")
    assert (after.state, after.due_at, after.step, after.rounds) == (State.RAISED, NOW, 0, 0)
    assert (after.closed_at, after.closed_by, after.outcome) == (None, None, None)
    assert (after.accepted_at, after.attended_at, after.proof) == (None, None, None)
    assert (after.press_count, after.raised_at, after.number) == (3, at(-60), "1121-001")
    assert (line.kind, line.facts["outcome"], line.note) == ("reopened", "helped", "按错了")


def test_only_what_is_over_is_taken_back():
    with pytest.raises(AssertionError):
        reopen(an_alarm(), by=WANG, now=NOW)
