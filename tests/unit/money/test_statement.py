"""A statement's way to the money, and who may take it how far."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from dispatch.errors import Conflict
from dispatch.rules.people import Person, operator
from schedules.money.rules.statement import (
    WAYS,
    Deed,
    Kind,
    Objection,
    State,
    Statement,
    Step,
    barred,
    refuse_own_answer,
    taken,
)

ANNA, BO, CHEN, DORA = (operator(each) for each in ("anna", "bo", "chen", "dora"))
TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, tzinfo=UTC)
ROUND = (Deed.SUBMIT, Deed.PUBLISH, Deed.APPROVE, Deed.PAY)


def walk(
    *deeds: tuple[Deed, Person], objections: tuple[Objection, ...] = (), drawn: Person = DORA, second: bool = True
) -> Statement:
    """These steps one after the other, the days for objections over before each, on what `drawn` drew."""
    found = Statement(
        id="s", month="2026-10", kind=Kind.PAYEE, account="owed:K1", name="K1", station_id=None, amount_fen=1, entries=1
    )
    steps = [Step(id="d", statement_id="s", deed=Deed.DRAW, state=State.DRAFT, by=drawn, at=AT)]
    for number, (deed, by) in enumerate(deeds):
        today = TODAY + timedelta(days=30 * number)
        found = taken(
            found, deed, by=by, today=today, days=7, objections=objections, steps=steps, second_reviewer=second
        )
        steps.append(Step(id=str(number), statement_id="s", deed=deed, state=found.state, by=by, at=AT))
    return found


def test_of_all_casts_only_those_with_everybody_apart_reach_the_money():
    reached = set()
    for cast in product((ANNA, BO, CHEN), repeat=4):
        try:
            walk(*zip(ROUND, cast, strict=True))
        except Conflict:
            continue
        reached.add(cast)
    assert reached == {
        (one, two, three, payer)
        for one, two, three, payer in product((ANNA, BO, CHEN), repeat=4)
        if len({one, two, three}) == 3 and payer != three
    }


def test_whoever_drew_it_neither_publishes_nor_approves_it_however_often_it_goes_back():
    with pytest.raises(Conflict, match="drew"):
        walk((Deed.SUBMIT, ANNA), (Deed.PUBLISH, BO), drawn=BO)
    again = [(Deed.SUBMIT, ANNA), (Deed.SEND_BACK, BO), (Deed.SUBMIT, ANNA), (Deed.PUBLISH, CHEN)]
    with pytest.raises(Conflict, match="drew"):
        walk(*again, (Deed.APPROVE, BO), drawn=BO)
    assert walk((Deed.SUBMIT, ANNA), (Deed.PUBLISH, BO), (Deed.APPROVE, CHEN), drawn=ANNA).state is State.APPROVED


def test_two_people_can_do_it_where_no_second_reviewer_is_asked_for():
    reached = set()
    for drawn, *cast in product((ANNA, BO), repeat=5):
        try:
            walk(*zip(ROUND, cast, strict=True), drawn=drawn, second=False)
        except Conflict:
            continue
        reached.add((drawn, *cast))
    assert reached == {(ANNA, ANNA, BO, BO, ANNA), (BO, BO, ANNA, ANNA, BO)}


@pytest.mark.parametrize(
    ("deeds", "why"),
    [
        ([(Deed.SUBMIT, ANNA), (Deed.PUBLISH, ANNA)], "submitted"),
        ([(Deed.SUBMIT, ANNA), (Deed.PUBLISH, BO), (Deed.APPROVE, ANNA)], "submitted"),
        ([(Deed.SUBMIT, ANNA), (Deed.PUBLISH, BO), (Deed.APPROVE, BO)], "second reviewer"),
        ([(Deed.SUBMIT, ANNA), (Deed.PUBLISH, BO), (Deed.APPROVE, CHEN), (Deed.PAY, CHEN)], "does not pay"),
    ],
)
def test_each_pair_is_refused_with_its_own_sentence(deeds, why):
    with pytest.raises(Conflict, match=why):
        walk(*deeds)


def test_what_went_back_begins_anew_with_whoever_submits_it():
    again = [(Deed.SUBMIT, ANNA), (Deed.PUBLISH, BO), (Deed.WITHDRAW, BO), (Deed.SUBMIT, BO), (Deed.PUBLISH, ANNA)]
    assert walk(*again).state is State.PUBLISHED
    with pytest.raises(Conflict, match="submitted"):
        walk(*again, (Deed.APPROVE, BO))
    with pytest.raises(Conflict, match="published"):
        walk(*again, (Deed.APPROVE, ANNA))
    assert walk(*again, (Deed.APPROVE, CHEN)).state is State.APPROVED


def test_sending_back_and_withdrawing_is_anybodys_who_reviews():
    assert walk((Deed.SUBMIT, ANNA), (Deed.SEND_BACK, ANNA)).state is State.DRAFT
    assert barred(Deed.WITHDRAW, by=ANNA, steps=[]) is None


def test_nobody_answers_what_is_objected_to_their_own_statement():
    steps = [Step(id="1", statement_id="s", deed=Deed.SUBMIT, state=State.REVIEW, by=ANNA, at=AT)]
    with pytest.raises(Conflict, match="does not answer"):
        refuse_own_answer(ANNA, steps)
    refuse_own_answer(BO, steps)


def test_a_step_from_elsewhere_is_refused():
    for deed, (start, _) in WAYS.items():
        if start is not State.DRAFT:
            with pytest.raises(Conflict, match="does not take this step"):
                walk((deed, ANNA))
