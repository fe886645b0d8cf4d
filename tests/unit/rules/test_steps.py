"""What each step of a policy would do."""

from dataclasses import replace

import pytest

from dispatch.rules.alarm import OfferState
from dispatch.rules.escalation import StepSpec
from dispatch.rules.message import Channel, Priority, Rank
from dispatch.rules.people import Contact, Station
from dispatch.rules.steps import STEPS
from tests.unit.rules.test_alarm import (
    C1,
    C2,
    C3,
    DAUGHTER,
    SON,
    a_choice,
    a_household,
    a_situation,
    an_alarm,
    an_offer,
    at,
    backup,
    reaches,
)


def plan(name, situation, **params):
    step = STEPS[name]
    return step.plan(situation, StepSpec(step=name, wait_s=10, params={**step.params, **params}))


def people(planned):
    return [offer.person for offer in planned.offers]


def told(planned):
    return [(draft.sentence, draft.person) for draft in planned.drafts]


def kinds(planned):
    return [line.kind for line in planned.lines]


def test_the_steps_are_those_a_policy_may_name():
    assert list(STEPS) == [
        "offer_nearest", "call_carer", "call_family", "emergency_service", "page_operator", "all_hands",
        "call_back", "look_in", "exercise",
    ]  # fmt: skip
    assert {name: dict(step.params) for name, step in STEPS.items()} == {
        "offer_nearest": {"count": 1}, "call_carer": {}, "call_family": {"count": 2},
        "emergency_service": {"decides": "operator"}, "page_operator": {}, "all_hands": {"count": 20},
        "call_back": {}, "look_in": {"count": 1},
        "exercise": {},
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ offer_nearest


def test_the_nearest_not_asked_yet_is_asked():
    planned = plan("offer_nearest", a_situation(None, an_offer(C1), choice=a_choice(C1, C2, C3)))
    assert (people(planned), told(planned), planned.asks, planned.skipped) == ([C2], [("offer", C2)], True, None)
    assert (planned.offers[0].eta_s, kinds(planned)) == (180, ["offered"])


def test_several_may_be_asked_side_by_side():
    assert people(plan("offer_nearest", a_situation(), count=2)) == [C1, C2]


def test_the_nearest_who_cannot_be_reached_is_passed_over():
    assert people(plan("offer_nearest", a_situation(reach=reaches(C2, C3)))) == [C2]


def test_where_no_answer_can_come_back_the_nearest_is_called_at_once():
    planned = plan("offer_nearest", a_situation(reach=reaches(C1, two_way=False)))
    assert told(planned) == [("offer", C1), ("offer_call", C1)]
    assert kinds(planned) == ["offered", "called"]
    assert planned.lines[1].facts["person"] == C1


@pytest.mark.parametrize("choice", [None, a_choice(), a_choice(C1)])
def test_with_nobody_left_to_ask_the_step_does_nothing(choice):
    planned = plan("offer_nearest", a_situation(None, an_offer(C1, OfferState.DECLINED), choice=choice))
    assert (planned.skipped, planned.offers, planned.asks) == ("nobody_left", (), False)


# ------------------------------------------------------------------------------------------------ call_carer


def test_carers_who_have_not_answered_are_called():
    offers = (an_offer(C1), an_offer(C2, OfferState.LAPSED), an_offer(C3), an_offer(DAUGHTER))
    planned = plan("call_carer", a_situation(None, *offers, reach=reaches(C1, C2, DAUGHTER)))
    assert (told(planned), kinds(planned), planned.asks) == ([("offer_call", C1)], ["called"], False)
    assert planned.drafts[0].channel is Channel.VOICE


def test_with_nobody_asked_there_is_nobody_to_call():
    assert plan("call_carer", a_situation(None, an_offer(DAUGHTER))).skipped == "nobody_asked"


# ------------------------------------------------------------------------------------------------ call_family


def test_family_is_asked_by_text_and_by_voice_in_their_order():
    planned = plan("call_family", a_situation())
    assert people(planned) == [DAUGHTER, SON]
    assert told(planned) == [
        ("offer_family", DAUGHTER), ("offer_family", SON), ("offer_family_call", DAUGHTER), ("offer_family_call", SON),
    ]  # fmt: skip
    assert (kinds(planned), planned.asks) == (["offered", "offered", "called", "called"], True)
    assert [draft.channel for draft in planned.drafts] == [Channel.SMS, Channel.SMS, Channel.VOICE, Channel.VOICE]


def test_repeated_the_next_of_the_family_are_asked():
    assert people(plan("call_family", a_situation(None, an_offer(DAUGHTER, OfferState.DECLINED)), count=1)) == [SON]


def test_family_is_ordered_as_the_household_said_and_equals_by_name():
    kin = [
        Contact(id=id_, home_id="h1", name=id_, phone="+86", order=order)
        for id_, order in (("k3", 2), ("k1", 2), ("k2", 1))
    ]
    household = a_household(contacts=tuple(kin))
    everybody = ["contact:k2", "contact:k1", "contact:k3"]
    assert (
        people(plan("call_family", a_situation(household=household, reach=reaches(*everybody)), count=9)) == everybody
    )


@pytest.mark.parametrize("more", [{"household": None}, {"household": a_household(contacts=())}, {"reach": reaches(C1)}])
def test_without_family_that_can_be_reached_the_step_does_nothing(more):
    assert plan("call_family", a_situation(**more)).skipped == "no_contacts"


# ------------------------------------------------------------------------------------------------ page_operator


def test_paging_is_never_empty_because_the_board_rings():
    planned = plan("page_operator", a_situation(operators=()))
    assert (planned.drafts, planned.skipped, planned.asks, kinds(planned)) == ((), None, False, ["operator_paged"])
    assert dict(planned.lines[0].facts) == {"why": "nobody_coming", "numbers": 0}
    assert told(plan("page_operator", a_situation())) == [("page", "operator:wang")]


# ------------------------------------------------------------------------------------------------ emergency_service


def agreeing(*agreements):
    household = a_household()
    return replace(household, residents=(replace(household.residents[0], agreements=frozenset(agreements)),))


def test_120_is_called_by_itself_where_the_policy_says_so_and_the_resident_agreed():
    situation = a_situation(household=agreeing("emergency_service"), emergency_number="120")
    planned = plan("emergency_service", situation, decides="service")
    call, page = planned.drafts
    assert (call.to, call.person, call.sentence, call.channel, call.priority, call.lang) == (
        "120", "emergency_service", "emergency_sheet", Channel.VOICE, Priority.EMERGENCY, "zh",
    )  # fmt: skip
    assert (call.key, call.expires_at, call.alarm_id) == ("emergency:a1:7", at(600), "a1")
    assert call.facts["address"] == "柏林小区 3-2-501"
    assert page.facts["why"] == "emergency_called"
    assert (kinds(planned), dict(planned.lines[0].facts)) == (["emergency_called"], {"agreed": "yes"})


@pytest.mark.parametrize(
    ("decides", "household", "number", "agreed"),
    [
        ("operator", agreeing("emergency_service"), "120", "yes"),
        ("service", agreeing("photographs"), "120", "no"),
        ("service", agreeing("emergency_service"), None, "yes"),
        ("service", None, "120", "no"),
        ("service", a_household(residents=()), "120", "no"),
    ],
)
def test_else_a_human_decides_with_the_sheet_at_hand(decides, household, number, agreed):
    situation = a_situation(household=household, emergency_number=number, station=Station(
        id="s1", code="S1", name="驿站", position=None))  # fmt: skip
    planned = plan("emergency_service", situation, decides=decides)
    assert [(draft.sentence, draft.facts["why"]) for draft in planned.drafts] == [("page", "emergency_decide")]
    assert (kinds(planned), dict(planned.lines[0].facts)) == (["emergency_proposed"], {"agreed": agreed})
    assert planned.skipped is None


# ------------------------------------------------------------------------------------------------ all_hands


def test_everybody_is_asked_who_has_neither_declined_nor_accepted():
    offers = (
        an_offer(C1), an_offer("carer:c4", OfferState.LAPSED), an_offer("carer:c5", OfferState.WITHDRAWN),
        an_offer("carer:c6", OfferState.DECLINED), backup("carer:c7"), an_offer(DAUGHTER),
    )  # fmt: skip
    reach = reaches(C1, C2, C3, DAUGHTER, SON, *(f"carer:c{number}" for number in range(4, 8)))
    planned = plan("all_hands", a_situation(None, *offers, reach=reach))
    assert people(planned) == [C1, "carer:c4", "carer:c5", DAUGHTER, C2, C3, SON]
    assert told(planned) == [
        ("offer_all", C1), ("offer_all", "carer:c4"), ("offer_all", "carer:c5"), ("offer_family", DAUGHTER),
        ("offer_all", C2), ("offer_all", C3), ("offer_family", SON), ("page", "operator:wang"),
    ]  # fmt: skip
    assert kinds(planned) == ["offered"] * 7 + ["operator_paged"]
    assert (planned.lines[-1].facts["why"], planned.drafts[-1].facts["why"]) == ("all_hands", "all_hands")
    assert (planned.offers[0].asked, planned.offers[4].asked, planned.asks) == (2, 1, False)
    assert [offer.eta_s for offer in planned.offers] == [120, 120, 120, 120, 120, 180, None]


@pytest.mark.parametrize(
    ("offers", "rounds", "rank"),
    [((), 0, Rank.FIRST), ((an_offer(C1),), 0, Rank.TO_ALL), ((an_offer(C1),), 1, Rank.AGAIN), ((), 1, Rank.AGAIN)],
)
def test_a_call_to_all_lets_first_offers_go_first_unless_it_is_one(offers, rounds, rank):
    planned = plan("all_hands", a_situation(an_alarm(rounds=rounds), *offers))
    assert {draft.rank for draft in planned.drafts} == {rank}
    assert {draft.rank for draft in plan("offer_nearest", a_situation()).drafts} == {Rank.FIRST}


def test_of_those_never_asked_so_many_are_added_each_time():
    assert people(plan("all_hands", a_situation(household=None), count=2)) == [C1, C2]


def test_who_cannot_be_reached_is_left_out_of_everybody():
    assert people(plan("all_hands", a_situation(None, an_offer(C1), reach=reaches(C2)))) == [C2]


def test_with_nobody_at_all_the_operator_is_paged():
    planned = plan("all_hands", a_situation(household=None, choice=None))
    assert (people(planned), told(planned)) == ([], [("page", "operator:wang")])


def test_where_no_answer_can_come_back_everybody_is_called_too():
    planned = plan("all_hands", a_situation(reach=reaches(C1, two_way=False), household=None))
    assert ("offer_call", C1) in told(planned)
