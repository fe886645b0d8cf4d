"""Making and repeating offers, and the codes to answer them by."""

from dispatch.rules.alarm import OfferState
from dispatch.rules.offers import ask, lapse, withdraw
from dispatch.rules.reply import Action, parse
from tests.unit.rules.test_alarm import C1, C2, NOW, a_situation, an_offer, at


def test_a_first_offer_is_open_with_a_code_of_two_digits():
    offer, line = ask(a_situation(), C1, 90)
    assert (offer.person, offer.alarm_id, offer.state, offer.offered_at, offer.eta_s, offer.asked) == (
        C1, "a1", OfferState.OPEN, NOW, 90, 1,
    )  # fmt: skip
    assert 10 <= offer.code <= 99
    assert (line.kind, line.by, line.alarm_id, line.version) == ("offered", "service", "a1", None)
    assert dict(line.facts) == {"person": C1, "offer": offer.id, "eta_s": 90, "asked": 1}


def test_asked_again_it_is_the_same_offer_with_the_same_code():
    before = an_offer(C1, OfferState.LAPSED, eta_s=300, asked=2)
    offer, line = ask(a_situation(None, before), C1, None)
    assert (offer.id, offer.code, offer.state, offer.asked, offer.eta_s, offer.offered_at) == (
        before.id, 12, OfferState.OPEN, 3, 300, at(-30),
    )  # fmt: skip
    assert line.facts["asked"] == 3
    assert ask(a_situation(None, before), C1, 60)[0].eta_s == 60


def test_an_offer_to_somebody_else_is_another_one():
    offer, _ = ask(a_situation(None, an_offer(C1)), C2, 60)
    assert (offer.person, offer.asked) == (C2, 1)


def test_a_code_in_use_is_not_given_again_to_the_same_person():
    taken = set(range(10, 100)) - {10, 57, 99}
    ids = iter(f"{number:032x}" for number in range(1, 60))
    codes = {
        ask(a_situation(codes_taken={C1: taken, C2: {57}}, ids=lambda: next(ids)), C1, None)[0].code for _ in range(50)
    }
    assert codes == {10, 57, 99}


def test_another_persons_codes_are_free():
    everything = set(range(10, 100))
    alone, beside = (ask(a_situation(codes_taken=taken), C1, None)[0].code for taken in ({}, {C2: everything}))
    assert alone == beside


def test_codes_are_spread_by_the_offers_id_over_all_that_no_digit_pressed_twice_is():
    ids = iter(f"{number:032x}" for number in range(1, 2000))
    codes = {ask(a_situation(ids=lambda: next(ids)), C1, None)[0].code for _ in range(1500)}
    assert codes == set(range(10, 100)) - {11, 22, 33, 44}
    assert [code for code in codes if parse(str(code)).action is not None] == []


def test_with_all_of_two_digits_had_of_late_a_code_has_three_digits_and_cannot_be_taken_for_an_answer():
    ids = iter(f"{number:032x}" for number in range(1, 60))
    taken = {C1: set(range(10, 100))}
    codes = {ask(a_situation(codes_taken=taken, ids=lambda: next(ids)), C1, None)[0].code for _ in range(50)}
    assert all(100 <= code <= 999 for code in codes)
    assert [code for code in codes if parse(str(code)).action is not None] == []
    read = [parse(f"{code} 1") for code in codes]
    assert {(each.code, each.action) for each in read} == {(code, Action.ACCEPT) for code in codes}


def test_with_every_code_in_use_one_is_shared_rather_than_nobody_asked():
    everything = set(range(10, 1000))
    ids = iter(f"{number:032x}" for number in range(1, 60))
    codes = {ask(a_situation(codes_taken={C1: everything}, ids=lambda: next(ids)), C1, None)[0].code for _ in range(50)}
    assert codes <= everything
    assert len(codes) > 20, "spread all the same"


def test_an_offer_lapses_with_a_line_and_is_withdrawn_without():
    offer, line = lapse(an_offer(C1))
    assert (offer.state, line.kind, line.by, line.alarm_id) == (OfferState.LAPSED, "lapsed", "service", "a1")
    assert dict(line.facts) == {"person": C1, "offer": "o-carer:c1"}
    assert withdraw(an_offer(C1)).state is OfferState.WITHDRAWN
