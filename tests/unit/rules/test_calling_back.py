"""Whether and how the resident is told that somebody comes."""

import dataclasses

import pytest

from dispatch.rules.alarm import OfferState, State
from dispatch.rules.calling_back import call_back
from dispatch.rules.message import Channel
from dispatch.rules.people import Talk
from dispatch.rules.signal import Cause
from dispatch.rules.talks import QUIET
from tests.unit.rules.test_alarm import C1, a_household, a_situation, an_alarm, an_offer, backup

LEAD = an_offer(C1, OfferState.ACCEPTED, eta_s=301)
MOBILE, LINE, FOREIGN = "+8613800000101", "+8631187654321", "+447700900123"


def told(*talk, phone=MOBILE, cause=Cause.PRESS, offer=LEAD, language=None):
    household = a_household()
    (resident,) = household.residents
    resident = dataclasses.replace(resident, talk=talk, phone=phone, language=language)
    alarm = an_alarm(State.ACCEPTED, cause=cause)
    situation = a_situation(alarm, offer, household=dataclasses.replace(household, residents=(resident,)))
    drafts, lines = call_back(situation, offer)
    assert len(drafts) == len(lines)
    return drafts[0] if drafts else None


@pytest.mark.parametrize(("talk", "phone", "sentence", "channel"), [
    ((), MOBILE, "coming", Channel.VOICE),
    ((Talk.PHONE,), MOBILE, "coming", Channel.VOICE),
    ((Talk.HARD_OF_HEARING,), MOBILE, "coming", Channel.SMS),
    ((Talk.HARD_OF_HEARING,), FOREIGN, "coming", Channel.SMS),
    ((Talk.HARD_OF_HEARING,), LINE, "coming", Channel.VOICE),
    ((Talk.HARD_OF_HEARING, Talk.DEMENTIA), LINE, "coming_simple", Channel.VOICE),
    ((Talk.NO_VOICE,), MOBILE, "coming_keys", Channel.VOICE),
    ((Talk.NO_VOICE, Talk.HARD_OF_HEARING), MOBILE, "coming", Channel.SMS),
    ((Talk.DEMENTIA,), MOBILE, "coming_simple", Channel.VOICE),
    ((Talk.DEMENTIA, Talk.NO_VOICE), MOBILE, "coming_keys", Channel.VOICE),
])  # fmt: skip
def test_each_is_told_as_it_suits_them(talk, phone, sentence, channel):
    draft = told(*talk, phone=phone)
    assert (draft.sentence, draft.channel, draft.answerable) == (sentence, channel, sentence == "coming_keys")


@pytest.mark.parametrize("others", [(), (Talk.HARD_OF_HEARING,), (Talk.NO_VOICE,), (Talk.DEMENTIA,)])
def test_who_must_not_be_phoned_is_not_written_to_either(others):
    assert told(Talk.DO_NOT_PHONE, *others) is None


@pytest.mark.parametrize("cause", list(Cause))
def test_no_telephone_rings_where_it_would_do_harm(cause):
    assert (told(cause=cause) is None) == (cause in QUIET)
    assert {Cause.DURESS, Cause.GAS, Cause.FIRE, Cause.INTRUSION} == QUIET


def test_only_on_a_line_and_only_for_bad_ears_is_it_said_slowly():
    assert told(Talk.HARD_OF_HEARING, phone=LINE).facts == {"minutes": 6, "slowly": 1}
    assert told(Talk.HARD_OF_HEARING).facts == {"minutes": 6}
    assert told().facts == {"minutes": 6}


def test_a_backup_is_not_announced():
    assert told(offer=backup(C1)) is None


@pytest.mark.parametrize(("language", "lang"), [(None, "zh"), ("zh", "zh"), ("yue", "zh"), ("en", "en")])
def test_in_the_language_of_the_resident(language, lang):
    assert told(language=language).lang == lang


def test_without_a_telephone_or_a_resident_nobody_is_told():
    assert told(phone=None) is None
    two = a_household().residents * 2
    household = a_household(residents=(two[0], dataclasses.replace(two[1], id="r2")))
    situation = a_situation(an_alarm(State.ACCEPTED, resident_id=None), LEAD, household=household)
    assert call_back(situation, LEAD) == ((), ())
