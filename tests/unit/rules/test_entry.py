"""A carer who cannot get in: who is told, and what goes on."""

from dataclasses import replace

import pytest

from dispatch.errors import AlarmClosed, NotFound, OfferGone
from dispatch.rules.alarm import OfferState, Role, State
from dispatch.rules.entry import no_entry
from dispatch.rules.people import Person, contact
from tests.unit.rules.test_alarm import C1, C2, DAUGHTER, SON, a_household, a_situation, an_alarm, an_offer, at


def keyed(*people):
    """The household where these contacts keep a key."""
    household = a_household()
    with_keys = tuple(replace(each, key_holder=contact(each.id) in people) for each in household.contacts)
    return replace(household, contacts=with_keys)


def going(**more):
    offer = an_offer(C1, OfferState.ACCEPTED, role=Role.LEAD, arrival_due_at=at(600))
    return a_situation(an_alarm(State.ACCEPTED, due_at=at(600), accepted_at=at(0)), offer, **more)


def told(decision):
    return [(each.sentence, str(each.channel), each.person) for each in decision.drafts]


def test_the_desk_is_paged_and_every_key_holder_told_the_first_by_a_call_too():
    decision = no_entry(going(household=keyed(DAUGHTER, SON)), C1, by=C1)
    assert told(decision)[1:] == [
        ("key_wanted", "sms", DAUGHTER), ("key_wanted", "sms", SON), ("key_wanted", "voice", DAUGHTER),
    ]  # fmt: skip
    assert told(decision)[0][0] == "page"
    assert [line.kind for line in decision.lines] == ["no_entry", "operator_paged"]
    assert dict(decision.lines[0].facts)["key_holders"] == 2


def test_the_alarm_goes_on_with_its_clocks():
    situation = going()
    after = no_entry(situation, C1, by=C1).alarm
    assert (after.state, after.due_at, after.version) == (State.ACCEPTED, at(600), situation.alarm.version + 1)


def test_without_key_holders_the_desk_is_paged_all_the_same():
    assert [sentence for sentence, _, _ in told(no_entry(going(), C1, by=C1))] == ["page"]


def test_a_key_holder_who_stands_at_the_door_is_not_asked_for_the_key():
    offer = an_offer(SON, OfferState.ACCEPTED, role=Role.LEAD, arrival_due_at=at(600))
    alarm = an_alarm(State.ACCEPTED, due_at=at(600), accepted_at=at(0))
    decision = no_entry(a_situation(alarm, offer, household=keyed(DAUGHTER, SON)), SON, by=SON)
    assert {person for sentence, _, person in told(decision) if sentence == "key_wanted"} == {DAUGHTER}


def test_only_who_is_going_can_be_at_the_door():
    with pytest.raises(NotFound):
        no_entry(going(), C2, by=C2)
    with pytest.raises(OfferGone):
        no_entry(a_situation(an_alarm(), an_offer(C1)), C1, by=C1)
    with pytest.raises(AlarmClosed):
        no_entry(a_situation(an_alarm(State.CLOSED), an_offer(C1)), C1, by=Person("carer:c1"))
