"""What people do to an alarm, letters included."""

import pytest

from dispatch.errors import AlarmClosed, AlreadyTaken, NotFound
from dispatch.rules import answering
from dispatch.rules.alarm import OfferState, Outcome, Proof, Role, State
from dispatch.rules.message import Channel
from dispatch.rules.people import Person, carer
from dispatch.rules.signal import Cause
from tests.unit.rules.test_alarm import (
    C1,
    C2,
    C3,
    DAUGHTER,
    NOW,
    PLACE,
    SON,
    WANG,
    a_choice,
    a_policy,
    a_situation,
    an_alarm,
    an_offer,
    at,
    backup,
    reaches,
)

R1 = Person("resident:r1")


def kinds(decision):
    return [line.kind for line in decision.lines]


def told(decision):
    return [(draft.sentence, draft.person) for draft in decision.drafts]


def states(decision):
    return {offer.person: offer.state for offer in decision.offers}


def the(decision, person):
    (found,) = [offer for offer in decision.offers if offer.person == person]
    return found


# ------------------------------------------------------------------------------------------------ accepting


def test_who_accepts_gets_the_door_and_the_others_hear_that_it_is_taken():
    situation = a_situation(None, an_offer(C1), an_offer(C2), an_offer(C3, OfferState.LAPSED))
    decision = answering.accept(situation, C1, by=C1)
    assert states(decision) == {C1: OfferState.ACCEPTED, C2: OfferState.WITHDRAWN}
    assert told(decision) == [("details", C1), ("taken", C2), ("coming", R1)]
    assert decision.drafts[0].facts["entry"] == "钥匙盒 4711"
    assert (decision.alarm.state, kinds(decision)) == (State.ACCEPTED, ["accepted", "resident_told"])


def test_one_who_cannot_be_reached_leads_without_a_letter():
    decision = answering.accept(a_situation(None, an_offer(C1), reach={}), C1, by=WANG)
    assert (decision.alarm.state, told(decision)) == (State.ACCEPTED, [("coming", R1)])


def test_accepting_again_changes_nothing_but_sends_the_door_once_more():
    lead = an_offer(C1, OfferState.ACCEPTED)
    first, again = (
        answering.accept(a_situation(an_alarm(State.ACCEPTED), lead, now=at(seconds)), C1, by=C1) for seconds in (0, 1)
    )
    assert (first.alarm.version, first.lines, first.offers) == (7, (), ())
    assert told(first) == [("details", C1)]
    assert first.drafts[0].key != again.drafts[0].key, "asked twice it is sent twice"


def test_while_a_second_is_wanted_nobody_is_sent_home():
    policy = a_policy(responders=2)
    decision = answering.accept(a_situation(None, an_offer(C1), an_offer(C2), policy=policy), C1, by=C1)
    assert (states(decision), told(decision)) == ({C1: OfferState.ACCEPTED}, [("details", C1), ("coming", R1)])
    lead = an_offer(C1, OfferState.ACCEPTED)
    situation = a_situation(an_alarm(State.ACCEPTED), lead, an_offer(C2), an_offer(C3), policy=policy)
    decision = answering.accept(situation, C2, by=C2)
    assert states(decision) == {C2: OfferState.ACCEPTED, C3: OfferState.WITHDRAWN}
    assert told(decision) == [("details", C2), ("taken", C3)]


def test_who_was_late_hears_that_another_leads_now():
    decision = answering.accept(a_situation(None, backup(C1), an_offer(C2)), C2, by=C2)
    assert told(decision) == [("details", C2), ("now_backup", C1), ("coming", R1)]


def test_the_leader_is_not_told_that_a_second_one_comes():
    lead = an_offer(C1, OfferState.ACCEPTED)
    situation = a_situation(an_alarm(State.ACCEPTED), lead, backup(C3), an_offer(C2), policy=a_policy(responders=3))
    assert told(answering.accept(situation, C2, by=C2)) == [("details", C2)]


def test_who_is_coming_to_another_alarm_too_has_it_on_file():
    situation = a_situation(None, an_offer(C1), elsewhere={C1: 2})
    assert answering.accept(situation, C1, by=C1).lines[0].facts["both"] == 2


def test_who_leads_what_is_over_hears_that_it_is_over():
    over = a_situation(an_alarm(State.CLOSED), an_offer(C1, OfferState.DONE))
    with pytest.raises(AlarmClosed):
        answering.accept(over, C1, by=C1)


@pytest.mark.parametrize(
    "act",
    [
        lambda situation: answering.accept(situation, C2, by=C2),
        lambda situation: answering.decline(situation, C2, by=C2),
        lambda situation: answering.attend(situation, C2, proof=Proof.VOICE, by=C2),
        lambda situation: answering.unreachable(situation, C2, code="30003"),
    ],
)
def test_who_was_never_asked_has_nothing_to_say(act):
    with pytest.raises(NotFound, match="was not asked about alarm 1121-001"):
        act(a_situation(None, an_offer(C1)))


# ------------------------------------------------------------------------------------------------ declining


def test_the_next_nearest_is_asked_in_the_place_of_who_declines_without_losing_time():
    decision = answering.decline(a_situation(None, an_offer(C1)), C1, by=C1)
    assert states(decision) == {C1: OfferState.DECLINED, C2: OfferState.OPEN}
    assert (decision.alarm.due_at, decision.alarm.version) == (at(20), 8)
    assert (kinds(decision), told(decision)) == (["declined", "offered"], [("offer", C2)])
    assert decision.choice is not None


def test_in_their_place_comes_the_nearest_who_can_be_reached():
    decision = answering.decline(a_situation(None, an_offer(C1), reach=reaches(C1, C3)), C1, by=C1)
    assert states(decision) == {C1: OfferState.DECLINED, C3: OfferState.OPEN}


def test_with_nobody_to_take_their_place_the_next_step_comes_at_once():
    decision = answering.decline(a_situation(None, an_offer(C1), choice=a_choice()), C1, by=C1)
    assert (states(decision), decision.alarm.due_at, decision.drafts) == ({C1: OfferState.DECLINED}, NOW, ())


def test_while_another_is_still_asked_nobody_is_added():
    decision = answering.decline(a_situation(None, an_offer(C1), an_offer(C2)), C1, by=C1)
    assert (states(decision), decision.alarm.due_at) == ({C1: OfferState.DECLINED}, at(20))


def test_a_leader_who_gives_up_leaves_the_asking_to_the_policy():
    decision = answering.decline(a_situation(an_alarm(State.ACCEPTED), an_offer(C1, OfferState.ACCEPTED)), C1, by=C1)
    assert (states(decision), decision.alarm.state) == ({C1: OfferState.DECLINED}, State.OFFERED)
    assert decision.alarm.due_at == NOW


@pytest.mark.parametrize(
    "offer", [an_offer(C1, OfferState.DECLINED), an_offer(C1, OfferState.ACCEPTED, attended_at=at(-9))]
)
def test_who_declined_or_is_in_the_room_changes_nothing_by_declining(offer):
    decision = answering.decline(a_situation(an_alarm(State.ATTENDED), offer), C1, by=C1)
    assert (decision.alarm.version, decision.lines, decision.offers) == (7, (), ())


# ------------------------------------------------------------------------------------------------ letters that fail


def test_in_the_place_of_who_cannot_be_reached_another_is_asked():
    decision = answering.unreachable(a_situation(None, an_offer(C1)), C1, code="30003")
    assert states(decision) == {C1: OfferState.LAPSED, C2: OfferState.OPEN}
    assert kinds(decision) == ["undeliverable", "lapsed", "offered"]
    assert (decision.lines[0].facts["code"], decision.lines[0].facts["person"]) == ("30003", C1)
    assert (decision.alarm.due_at, decision.alarm.version) == (at(20), 8)


def test_with_nobody_else_to_ask_the_next_step_comes_at_once():
    decision = answering.unreachable(a_situation(None, an_offer(C1), choice=None), C1, code="x")
    assert (states(decision), decision.alarm.due_at) == ({C1: OfferState.LAPSED}, NOW)


def test_while_another_is_asked_or_coming_no_clock_changes():
    decision = answering.unreachable(a_situation(None, an_offer(C1), an_offer(C2)), C1, code="x")
    assert (states(decision), decision.alarm.due_at) == ({C1: OfferState.LAPSED}, at(20))
    coming = a_situation(an_alarm(State.ACCEPTED), an_offer(C1), an_offer(C2, OfferState.ACCEPTED))
    assert answering.unreachable(coming, C1, code="x").alarm.due_at == at(20)


@pytest.mark.parametrize(
    "situation",
    [a_situation(None, an_offer(C1, OfferState.LAPSED)), a_situation(an_alarm(State.CLOSED), an_offer(C1))],
)
def test_a_letter_nobody_waits_for_any_more_changes_nothing(situation):
    decision = answering.unreachable(situation, C1, code="x")
    assert (decision.alarm, decision.lines, decision.offers) == (situation.alarm, (), ())


def test_a_doubtful_letter_brings_the_next_step_within_half_a_minute():
    decision = answering.doubtful(a_situation(an_alarm(due_at=at(50)), an_offer(C1)), C1)
    assert (decision.alarm.due_at, kinds(decision)) == (at(30), ["delivery_unknown"])
    assert decision.lines[0].facts["person"] == C1


@pytest.mark.parametrize(
    "alarm", [an_alarm(due_at=at(30)), an_alarm(due_at=at(5)), an_alarm(State.ACCEPTED, due_at=at(500)),
              an_alarm(State.CLOSED)]
)  # fmt: skip
def test_a_doubt_delays_nothing_and_disturbs_nobody_on_the_way(alarm):
    decision = answering.doubtful(a_situation(alarm, an_offer(C1)), C1)
    assert (decision.alarm, decision.lines) == (alarm, ())


# ------------------------------------------------------------------------------------------------ arriving


def test_who_accepted_arrives_and_the_others_are_sent_home():
    lead = an_offer(C1, OfferState.ACCEPTED)
    situation = a_situation(an_alarm(State.ACCEPTED), lead, an_offer(C2))
    decision = answering.attend(situation, C1, proof=Proof.DOOR_CODE, by=C1)
    assert (decision.alarm.state, kinds(decision)) == (State.ATTENDED, ["attended"])
    assert states(decision) == {C1: OfferState.ACCEPTED, C2: OfferState.WITHDRAWN}
    assert the(decision, C1).attended_at == NOW
    assert told(decision) == [("taken", C2)]


def test_a_position_is_looked_at():
    situation = a_situation(an_alarm(State.ACCEPTED), an_offer(C1, OfferState.ACCEPTED))
    assert answering.attend(situation, C1, proof=Proof.POSITION, by=C1, at=PLACE).alarm.proof is Proof.POSITION
    assert answering.attend(situation, C1, proof=Proof.POSITION, by=C1).alarm.proof is Proof.CLAIMED


def test_who_arrives_unasked_for_an_answer_has_accepted_by_coming():
    decision = answering.attend(a_situation(None, an_offer(C1), elsewhere={C1: 1}), C1, proof=Proof.VOICE, by=WANG)
    assert kinds(decision) == ["accepted", "attended"]
    assert [line.version for line in decision.lines] == [8, 9]
    assert (the(decision, C1).role, decision.lines[0].facts["both"]) == (Role.LEAD, 1)


@pytest.mark.parametrize("responders", [1, 2])
def test_nobody_who_arrives_is_turned_away(responders):
    lead = an_offer(C1, OfferState.ACCEPTED)
    policy = a_policy(responders=responders)
    situation = a_situation(
        an_alarm(State.ACCEPTED), lead, backup(C3), an_offer(C2, OfferState.WITHDRAWN), policy=policy
    )
    decision = answering.attend(situation, C2, proof=Proof.VOICE, by=C2)
    assert (decision.alarm.state, the(decision, C2).role) == (State.ATTENDED, Role.BACKUP)


def test_who_arrives_after_somebody_is_there_is_one_more_in_the_room():
    lead = an_offer(C1, OfferState.ACCEPTED, attended_at=at(-60))
    decision = answering.attend(
        a_situation(an_alarm(State.ATTENDED), lead, an_offer(C2, OfferState.WITHDRAWN)), C2, proof=Proof.VOICE, by=C2
    )
    late = the(decision, C2)
    assert (kinds(decision), decision.alarm.version) == (["attended"], 8)
    assert (late.role, late.state, late.attended_at, late.answered_at, late.arrival_due_at) == (
        Role.BACKUP, OfferState.ACCEPTED, NOW, NOW, NOW,
    )  # fmt: skip


def test_a_late_backup_in_the_room_leads_again_and_ends_the_asking():
    situation = a_situation(None, backup(C1), an_offer(C2), elsewhere={C1: 1})
    decision = answering.attend(situation, C1, proof=Proof.DOOR_CODE, by=C1)
    assert kinds(decision) == ["accepted", "attended"]
    assert (decision.lines[0].facts["role"], decision.lines[0].facts["both"]) == ("lead", 1)
    assert (decision.alarm.state, decision.alarm.accepted_at, the(decision, C1).role) == (
        State.ATTENDED, NOW, Role.LEAD,
    )  # fmt: skip
    assert states(decision)[C2] is OfferState.WITHDRAWN


def test_who_has_nothing_else_to_do_needs_no_word_for_it():
    decision = answering.attend(a_situation(None, backup(C1)), C1, proof=Proof.DOOR_CODE, by=C1)
    assert "both" not in decision.lines[0].facts


def test_nobody_arrives_at_what_is_over():
    with pytest.raises(AlarmClosed):
        answering.attend(
            a_situation(an_alarm(State.CLOSED), an_offer(C1, OfferState.LAPSED)), C1, proof=Proof.VOICE, by=C1
        )


# ------------------------------------------------------------------------------------------------ the end, and back


def test_at_the_end_everybody_asked_or_on_the_way_is_told_and_who_came_remains_on_file():
    there = an_offer(C1, OfferState.ACCEPTED, attended_at=at(-60))
    situation = a_situation(
        an_alarm(State.ATTENDED), there, backup(C2), an_offer(C3), an_offer(DAUGHTER, OfferState.DECLINED),
        an_offer(SON, OfferState.LAPSED),
    )  # fmt: skip
    decision = answering.close(situation, outcome=Outcome.HELPED, by=WANG, note="好")
    assert told(decision) == [("stand_down", C3), ("stand_down", C2)]
    assert states(decision) == {C3: OfferState.WITHDRAWN, C1: OfferState.DONE, C2: OfferState.DONE}
    assert (decision.alarm.outcome, decision.lines[0].note) == (Outcome.HELPED, "好")


def test_taken_back_those_who_came_may_be_asked_afresh():
    situation = a_situation(
        an_alarm(State.CLOSED), an_offer(C1, OfferState.DONE), an_offer(C2, OfferState.DECLINED),
        an_offer(C3, OfferState.WITHDRAWN),
    )  # fmt: skip
    decision = answering.reopen(situation, by=WANG, note="误关")
    assert states(decision) == {C1: OfferState.LAPSED}
    assert (the(decision, C1).role, the(decision, C1).arrival_due_at) == (None, None)
    assert (decision.alarm.state, decision.lines[0].note) == (State.RAISED, "误关")


def test_who_came_before_the_closing_was_taken_back_may_decline_now():
    came = an_offer(C1, OfferState.DONE, attended_at=at(-90), proof=Proof.VOICE)
    reopened = answering.reopen(a_situation(an_alarm(State.CLOSED), came), by=WANG)
    situation = a_situation(reopened.alarm, *reopened.offers)
    assert states(answering.decline(situation, C1, by=C1))[C1] is OfferState.DECLINED


# ------------------------------------------------------------------------------------------------ joining, by hand


def test_a_graver_cause_begins_where_its_last_step_still_comes_in_time():
    policy = a_policy(*({"step": "offer_nearest", "wait_s": 60},) * 4, {"step": "all_hands", "wait_s": 60})
    alarm = an_alarm(cause=Cause.WATER, raised_at=at(-170))
    decision = answering.join(a_situation(alarm, policy=policy), cause=Cause.FIRE, by=C1)
    assert (decision.alarm.step, decision.alarm.policy_id, kinds(decision)) == (2, policy.id, ["worsened"])


@pytest.mark.parametrize("state", [State.ACCEPTED, State.ATTENDED])
def test_when_it_is_worse_than_who_comes_was_told_the_operator_is_paged(state):
    alarm = an_alarm(state, cause=Cause.WATER)
    decision = answering.join(a_situation(alarm), cause=Cause.FIRE, by=C1)
    assert (kinds(decision), decision.alarm.cause) == (["pressed_again", "operator_paged"], Cause.FIRE)
    assert [draft.facts["why"] for draft in decision.drafts] == ["worsened"]
    assert decision.drafts[0].facts["cause"] == "fire"
    assert decision.lines[1].facts["why"] == "worsened"


@pytest.mark.parametrize(
    ("state", "cause"), [(State.OFFERED, Cause.FIRE), (State.ACCEPTED, Cause.WATER), (State.ACCEPTED, Cause.INTRUSION)]
)
def test_while_the_policy_goes_on_or_nothing_is_worse_nobody_is_paged_for_it(state, cause):
    decision = answering.join(a_situation(an_alarm(state, cause=Cause.WATER)), cause=cause, by=C1)
    assert (decision.drafts, len(decision.lines)) == ((), 1)


def asked(situation, person=C2, eta_s=90):
    return answering.ask_by_hand(situation, person, eta_s=eta_s, by=WANG)


def test_the_operator_asks_whom_they_like_and_the_record_says_who_did():
    decision = asked(a_situation(an_alarm(State.RAISED)))
    assert (decision.alarm.state, decision.alarm.due_at, kinds(decision)) == (
        State.OFFERED, at(20), ["asked_by_hand", "offered"],
    )  # fmt: skip
    assert [line.by for line in decision.lines] == [WANG, WANG]
    assert decision.lines[0].facts["person"] == C2
    assert (the(decision, C2).eta_s, told(decision)) == (90, [("offer", C2)])


@pytest.mark.parametrize("state", [State.OFFERED, State.ACCEPTED, State.ATTENDED])
def test_asking_by_hand_leaves_the_alarm_where_it_stands(state):
    assert asked(a_situation(an_alarm(state))).alarm.state is state


def test_where_no_answer_can_come_back_the_operators_wish_is_called_too():
    decision = asked(a_situation(None, reach=reaches(C2, two_way=False)))
    assert [(draft.sentence, draft.channel) for draft in decision.drafts] == [
        ("offer", Channel.SMS), ("offer_call", Channel.VOICE),
    ]  # fmt: skip
    assert kinds(decision) == ["asked_by_hand", "offered", "called"]


def test_who_declined_may_be_asked_again_by_hand():
    decision = asked(a_situation(None, an_offer(C2, OfferState.DECLINED)))
    assert (the(decision, C2).state, the(decision, C2).asked) == (OfferState.OPEN, 2)


@pytest.mark.parametrize(
    ("situation", "refusal"),
    [
        (a_situation(an_alarm(State.CLOSED)), AlarmClosed),
        (a_situation(None, reach={}), NotFound),
        (a_situation(an_alarm(State.ACCEPTED), an_offer(C2, OfferState.ACCEPTED)), AlreadyTaken),
    ],
)
def test_by_hand_nobody_is_asked_in_vain(situation, refusal):
    with pytest.raises(refusal):
        asked(situation)


def test_somebody_for_whom_the_operator_speaks_has_an_offer_beside_the_others():
    situation = answering.with_offer(a_situation(None, an_offer(C1)), carer("c9"), eta_s=60)
    assert [offer.person for offer in situation.offers] == [C1, "carer:c9"]
