"""The letters of an alarm: who may learn what."""

from dataclasses import replace
from datetime import date

import pytest

from dispatch.rules import letters
from dispatch.rules.alarm import OfferState
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import Station, Talk, operator
from tests.unit.rules.test_alarm import (
    C1,
    C2,
    DUTY,
    NOW,
    Reach,
    a_household,
    a_situation,
    an_alarm,
    an_offer,
    at,
    reaches,
)

REACH = Reach(person=C1, phone="+8613800000001", lang="en")


def resident(**more):
    household = a_household()
    return replace(household, residents=(replace(household.residents[0], **more),))


def test_an_offer_says_where_what_when_and_how_far_and_can_be_answered():
    situation = a_situation(an_alarm(press_count=3), asked_elsewhere={C1})
    draft = letters.offer_text(situation, an_offer(eta_s=121), REACH)
    assert dict(draft.facts) == {
        "place": "柏林小区", "cause": "press", "at": at(-60).isoformat(), "minutes": 3, "code": 12, "presses": 3,
    }  # fmt: skip
    assert (draft.sentence, draft.channel, draft.priority, draft.answerable) == (
        "offer", Channel.SMS, Priority.EMERGENCY, True,
    )  # fmt: skip
    assert (draft.to, draft.person, draft.lang, draft.alarm_id, draft.offer_id) == (
        "+8613800000001", C1, "en", "a1", "o-carer:c1",
    )  # fmt: skip
    assert draft.expires_at == at(600)
    assert draft.key == "offer:sms:a1:carer:c1:7"


def test_a_code_is_named_only_where_a_bare_answer_could_mean_another_alarm():
    named = [
        letters.offer_text(a_situation(**more), an_offer(), REACH).facts["code"]
        for more in ({}, {"asked_elsewhere": {C2}}, {"asked_elsewhere": {C1}}, {"always_codes": True})
    ]
    assert named == [None, None, 12, 12]


def test_a_call_reads_the_same_and_takes_a_key():
    draft = letters.offer_call(a_situation(always_codes=True), an_offer(), REACH)
    assert (draft.sentence, draft.channel, draft.answerable) == ("offer_call", Channel.VOICE, True)
    assert (draft.facts["code"], draft.offer_id) == (12, "o-carer:c1")


def test_before_acceptance_no_letter_carries_a_name_a_door_or_an_illness():
    situation = a_situation()
    drafts = [
        letters.offer_text(situation, an_offer(), REACH),
        letters.offer_call(situation, an_offer(), REACH),
        letters.tell(situation, REACH, "taken"),
        *letters.page(situation, "all_hands"),
    ]
    for draft in drafts:
        words = str(dict(draft.facts))
        assert not any(secret in words for secret in ("王秀英", "3-2-501", "4711", "糖尿病", "13800000101"))


def test_who_accepted_learns_door_entry_and_person():
    draft = letters.details(a_situation(household=resident(born_on=date(1938, 3, 5))), an_offer(), REACH)
    assert dict(draft.facts) == {
        "place": "柏林小区", "address": "柏林小区 3-2-501", "entry": "钥匙盒 4711", "name": "王秀英",
        "phone": "+8613800000101", "illness": "糖尿病", "talk": "", "born_on": "1938-03-05",
    }  # fmt: skip
    assert (draft.sentence, draft.answerable, draft.key) == ("details", False, "details:sms:a1:carer:c1:7")


def test_asked_for_once_more_the_door_is_another_letter():
    draft = letters.details(a_situation(), an_offer(), REACH, again=True)
    assert (draft.sentence, draft.key) == ("details", f"details.{NOW.isoformat()}:sms:a1:carer:c1:7")


def test_what_is_not_known_of_a_resident_stays_empty():
    facts = letters.details(a_situation(household=resident(phone=None)), an_offer(), REACH).facts
    assert (facts["phone"], facts["born_on"]) == ("", None)


def test_who_must_not_be_phoned_has_no_number():
    facts = letters.details(a_situation(household=resident(talk=(Talk.DO_NOT_PHONE,))), an_offer(), REACH).facts
    assert (facts["phone"], facts["talk"]) == ("", "do_not_phone")


@pytest.mark.parametrize(
    ("talk", "told"),
    [((Talk.PHONE,), ""), ((Talk.DEMENTIA, Talk.HARD_OF_HEARING), "hard_of_hearing"), ((Talk.NO_VOICE,), "no_voice"),
     ((Talk.DO_NOT_PHONE, Talk.DEMENTIA), "dementia")],
)  # fmt: skip
def test_the_gravest_way_of_speaking_is_told(talk, told):
    assert letters.details(a_situation(household=resident(talk=talk)), an_offer(), REACH).facts["talk"] == told


def test_of_two_residents_without_knowing_which_both_names_are_told_and_no_illness():
    one = a_household().residents[0]
    two = replace(one, id="r2", name="赵大爷")
    household = a_household(residents=(one, two))
    facts = letters.details(a_situation(an_alarm(resident_id=None), household=household), an_offer(), REACH).facts
    assert (facts["name"], facts["illness"], facts["phone"], facts["talk"]) == ("王秀英、赵大爷", "", "", "")


def test_without_a_home_there_is_no_door_and_the_station_is_the_place():
    station = Station(id="s1", code="S1", name="柏林颐养驿站", position=None)
    situation = a_situation(household=None, station=station)
    assert set(letters.details(situation, an_offer(), REACH).facts.values()) == {""}
    assert letters.place_of(situation) == "柏林颐养驿站"
    assert letters.place_of(a_situation(household=None)) == ""


def test_every_duty_number_is_paged_with_the_reason():
    other = Reach(person=operator("li"), phone="+8613900000001")
    drafts = letters.page(a_situation(operators=(DUTY, other)), "not_arrived")
    assert [draft.to for draft in drafts] == ["+8613900000000", "+8613900000001"]
    assert dict(drafts[0].facts) == {
        "place": "柏林小区", "cause": "press", "at": at(-60).isoformat(), "number": "1121-001", "why": "not_arrived",
    }  # fmt: skip
    assert drafts[0].key == "page.not_arrived:sms:a1:operator:wang:7"
    assert not drafts[0].answerable


def test_people_are_told_by_the_offers_they_have_if_they_can_be_reached():
    offers = (an_offer(C1, OfferState.WITHDRAWN), an_offer(C2))
    (draft,) = letters.to_people(a_situation(reach=reaches(C2)), offers, "taken")
    assert (draft.person, draft.sentence, draft.offer_id) == (C2, "taken", "o-carer:c2")
    assert dict(draft.facts) == {"place": "柏林小区", "cause": "press"}


def test_what_is_told_may_carry_more():
    assert letters.tell(a_situation(), REACH, "late", number="1121-001").facts["number"] == "1121-001"


def test_120_is_read_what_where_who_and_how_to_get_in():
    sheet = letters.emergency_sheet(a_situation())
    assert (sheet["cause"], sheet["at"], sheet["address"], sheet["name"], sheet["entry"]) == (
        "press", at(-60).isoformat(), "柏林小区 3-2-501", "王秀英", "钥匙盒 4711",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("eta_s", "minutes"), [(None, None), (0, 1), (1, 1), (60, 1), (61, 2), (120, 2), (121, 3), (600, 10)]
)
def test_minutes_are_whole_and_at_least_one(eta_s, minutes):
    assert letters.minutes(eta_s) == minutes


@pytest.mark.parametrize("wrong", [{"key": ""}, {"to": "somebody"}, {"to": "++86"}])
def test_a_draft_without_a_key_or_a_number_is_a_defect(wrong):
    fields = {
        "key": "k", "sentence": "offer", "channel": Channel.SMS, "priority": Priority.FAMILY, "to": "120",
        "person": C1, "lang": "zh", "expires_at": NOW,
    }  # fmt: skip
    assert Draft(**fields).to == "120"
    with pytest.raises(AssertionError):
        Draft(**fields | wrong)
