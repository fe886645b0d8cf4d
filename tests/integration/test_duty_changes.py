"""Rotations, absences, stand-ins and swaps: on file, on the roster, in the record, and never at an alarm's cost."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from dispatch.errors import Conflict, Invalid, NotFound, Stale
from dispatch.rules.alarm import OfferState
from dispatch.store.people import carers
from schedules.duty.desk import DutyDesk
from schedules.duty.guard import Clashing
from schedules.duty.rotating import Rotating
from schedules.duty.rules.rest import Limits, Why
from tests.integration.duty_rig import BOSS, DAYS, HOUR, MONDAY, NIGHTS, Office, office_in


@pytest.fixture
def office(tmp_path):
    made = office_in(tmp_path)
    yield made
    made.world.close()


def desk_of(office: Office) -> DutyDesk:
    world = office.world
    return DutyDesk(
        world.transactions, world.reading, world.clock, secret="s" * 40, changed=world.roster.forget, guard=office.guard
    )


# ------------------------------------------------------------------------------------------------ rotations


def test_a_rotation_lays_two_weeks_and_extends_by_what_is_missing(office):
    made = office.rotating.add(office.rotation("C1", "C2", "C3"), by=BOSS)
    assert office.shifts("C1")[:2] == [(8, 20), (44, 56)]
    assert office.shifts("C2")[:2] == [(20, 32), (80, 92)]
    laid = office.shifts()
    assert max(end for _, end in laid) <= 24 * 12 + 32, "two weeks from Saturday"
    assert office.rotating.extend() == 0
    assert office.shifts() == laid
    office.world.clock.advance(7 * 86400)
    assert office.rotating.extend() > 0
    assert office.shifts()[: len(laid)] == laid
    assert [each.id for each, _ in office.rotating.all()] == [made.id]
    assert "rotation_laid" in office.kinds()


def test_what_was_changed_by_hand_stays_when_the_rotation_goes_on_changes_and_ends(office):
    made = office.rotating.add(office.rotation("C1", cycle=((DAYS,),)), by=BOSS)
    desk = desk_of(office)
    first, second, third = desk.between(MONDAY, MONDAY + 3 * 24 * HOUR)
    desk.take(first.id, by=BOSS)
    desk.move(second.id, start=None, end=second.end_at - HOUR, carer=None, by=BOSS)
    office.rotating.extend()
    assert office.shifts("C1")[:2] == [(32, 43), (56, 68)]
    office.rotating.change(made.id, lambda old: replace(old, cycle=((NIGHTS,),)), version=1, by=BOSS)
    assert office.shifts("C1")[:2] == [(32, 43), (68, 80)], "the third is at night now, and the first stays out"
    assert desk.get(third.id).sequence == 1
    office.rotating.end(made.id, date(2026, 11, 22), by=BOSS)
    assert office.shifts("C1") == [(32, 43)]
    with pytest.raises(Stale):
        office.rotating.change(made.id, lambda old: old, version=1, by=BOSS)
    with pytest.raises(Invalid):
        office.rotating.end(made.id, date(2026, 11, 1), by=BOSS)
    with pytest.raises(NotFound):
        office.rotating.end("nothing", date(2026, 11, 24), by=BOSS)


class Meanwhile:
    """Transactions between two of which somebody else does something."""

    def __init__(self, transactions, deed, *, after: int) -> None:
        self._transactions, self._deed, self._left = transactions, deed, after

    def run(self, work, **more):
        if self._left == 0:
            self._deed()
        self._left -= 1
        return self._transactions.run(work, **more)


def test_what_somebody_does_while_a_rotation_is_laid_stays(office):
    made = office.rotating.add(office.rotation("C1", cycle=((DAYS,), ())), by=BOSS)
    world, desk = office.world, desk_of(office)
    first, second = desk.between(MONDAY, MONDAY + 3 * 24 * HOUR)

    def meddle() -> None:
        desk.take(first.id, by=BOSS)
        desk.move(second.id, start=None, end=second.end_at - HOUR, carer=None, by=BOSS)

    meanwhile = Meanwhile(world.transactions, meddle, after=1)
    other = Rotating(
        meanwhile, world.reading, world.clock, guard=office.guard, weeks=2, changed=lambda: None
    )  # fmt: skip
    other.change(made.id, lambda old: replace(old, cycle=((NIGHTS,), ())), version=1, by=BOSS)
    assert office.shifts("C1")[:2] == [(56, 67), (116, 128)]
    other.end(made.id, date(2026, 11, 22), by=BOSS)
    assert office.shifts("C1") == [(56, 67)]


def test_a_turn_that_cannot_be_is_left_out_told_and_tried_again(office):
    other = office.put("C1", 6, 10)
    office.rotating.add(office.rotation("C1", cycle=((DAYS,),)), by=BOSS)
    told = [(each.turn.day.day, each.why) for each in office.rotating.skipped()]
    assert told[0] == (23, "overlap")
    assert (28, "week") in told, "sixty hours are enough"
    assert (32, 44) in office.shifts("C1")
    desk_of(office).take(other.id, by=BOSS)
    office.rotating.extend()
    assert (8, 20) in office.shifts("C1")


def test_a_rotation_with_a_reason_goes_against_rest_but_not_against_another_shift(office):
    office.put("C1", 6, 10)
    week = office.rotation("C1", cycle=((DAYS,),))
    office.rotating.add(lambda id_: replace(week(id_), reason="只有一个人"), by=BOSS)
    assert [(each.turn.day.day, each.why) for each in office.rotating.skipped()] == [(23, "overlap")]
    assert office.shifts("C1")[1:7] == [(24 * day + 8, 24 * day + 20) for day in range(1, 7)]


def test_whoever_works_here_no_longer_is_laid_no_shifts(office):
    office.rotating.add(office.rotation("C1", "C2"), by=BOSS)
    before = office.shifts("C2")
    ended = carers.update().where(carers.c.id == office.carer("C1")).values(ended_at=office.world.clock.now())
    office.world.transactions.run(lambda tx: tx.connection.execute(ended))
    office.rotating.extend()
    assert office.shifts("C1") == []
    assert office.shifts("C2") == before


# ------------------------------------------------------------------------------------------------ rest


def test_what_speaks_against_a_shift_is_refused_and_named_and_passes_with_a_reason_that_is_kept(office):
    desk, mine = desk_of(office), office.put("C1", 8, 20)
    at = {"start": MONDAY + 24 * HOUR, "end": MONDAY + 30 * HOUR}
    for reason in (None, "", " x "):
        with pytest.raises(Clashing) as refused:
            desk.put(office.carer("C1"), at["start"] + HOUR, at["end"], by=BOSS, reason=reason)
        assert [(each.why, each.other.id) for each in refused.value.clashes] == [(Why.REST, mine.id)]
    made = desk.put(office.carer("C1"), at["start"] + HOUR, at["end"], by=BOSS, reason="没有别人")
    assert (25, 30) in office.shifts("C1")
    assert "shift_forced" in office.kinds()
    with pytest.raises(Clashing):
        desk.put(office.carer("C1"), made.start_at, made.end_at, by=BOSS, reason="twice the same")
    with pytest.raises(Clashing):
        desk.move(mine.id, start=None, end=mine.end_at + HOUR, carer=None, by=BOSS)
    assert desk.move(mine.id, start=None, end=mine.end_at - 5 * HOUR, carer=None, by=BOSS).sequence == 1


def test_a_draft_keeps_its_reason_until_it_is_published(office):
    desk = desk_of(office)
    office.put("C1", 8, 20)
    with pytest.raises(Clashing):
        desk.draft_put(office.carer("C1"), MONDAY + 19 * HOUR, MONDAY + 22 * HOUR, by=BOSS)
    desk.draft_put(office.carer("C1"), MONDAY + 19 * HOUR, MONDAY + 22 * HOUR, by=BOSS, reason="缺人")
    assert desk.publish(lambda _: True, by=BOSS) == 1
    assert office.shifts("C1") == [(8, 20), (19, 22)]
    desk.draft_put(office.carer("C2"), MONDAY + 8 * HOUR, MONDAY + 20 * HOUR, by=BOSS)
    office.put("C2", 10, 12)
    with pytest.raises(Clashing):
        desk.publish(lambda _: True, by=BOSS)
    assert office.shifts("C2") == [(10, 12)]


# ------------------------------------------------------------------------------------------------ absences


def test_an_absence_takes_its_carer_off_duty_and_names_the_holes(office):
    office.put("C1", 8, 20)
    office.put("C1", 32, 44)
    office.put("C2", 8, 14)
    told = office.absent.begin(office.carer("C1"), "sick", MONDAY + 10 * HOUR, MONDAY + 40 * HOUR, by=BOSS)
    assert office.shifts("C1") == [(8, 10), (40, 44)]
    hours = [((each.start_at - MONDAY) / HOUR, (each.end_at - MONDAY) / HOUR) for each in told.vacancies]
    assert hours == [(10, 20), (32, 40)]
    holes = [((each.start_at - MONDAY) / HOUR, (each.end_at - MONDAY) / HOUR) for each in told.holes]
    assert holes == [(14, 20), (32, 40)], "until 14 o'clock a colleague is there"
    with pytest.raises(Conflict):
        office.absent.begin(office.carer("C1"), "leave", MONDAY + 39 * HOUR, MONDAY + 50 * HOUR, by=BOSS)
    with pytest.raises(Clashing):
        desk_of(office).put(office.carer("C1"), MONDAY + 20 * HOUR, MONDAY + 22 * HOUR, by=BOSS)
    assert {"carer_absent", "shifts_changed"} <= set(office.kinds())


def test_somebody_fills_what_is_left_open_once(office):
    office.put("C1", 8, 20)
    (window,) = office.absent.begin(office.carer("C1"), "sick", MONDAY, MONDAY + 24 * HOUR, by=BOSS).vacancies
    made = office.absent.fill(window.id, office.carer("C2"), by=BOSS)
    assert (office.shifts("C1"), office.shifts("C2")) == ([], [(8, 20)])
    assert office.absent.stand_ins([made]) == {made.id: office.carer("C1")}
    with pytest.raises(Conflict):
        office.absent.fill(window.id, office.carer("C3"), by=BOSS)
    desk_of(office).take(made.id, by=BOSS)
    office.absent.fill(window.id, office.carer("C3"), by=BOSS)
    assert office.shifts("C3") == [(8, 20)]
    with pytest.raises(NotFound):
        office.absent.fill("nothing", office.carer("C3"), by=BOSS)


def test_a_window_is_filled_for_what_is_left_of_it(office):
    office.put("C1", -12, -2)
    office.put("C1", 8, 20)
    told = office.absent.begin(office.carer("C1"), "sick", MONDAY - 12 * HOUR, MONDAY + 24 * HOUR, by=BOSS)
    office.world.clock.advance(45 * 3600)
    with pytest.raises(Conflict):
        office.absent.fill(told.vacancies[0].id, office.carer("C2"), by=BOSS)
    office.absent.fill(told.vacancies[1].id, office.carer("C2"), by=BOSS)
    assert office.shifts("C2") == [(9, 20)]


def test_whoever_comes_back_early_has_their_duty_again_where_nobody_stands_in(office):
    for day in range(3):
        office.put("C1", 24 * day + 8, 24 * day + 20)
    told = office.absent.begin(office.carer("C1"), "sick", MONDAY, MONDAY + 72 * HOUR, by=BOSS)
    office.absent.fill(told.vacancies[2].id, office.carer("C2"), by=BOSS)
    back = office.absent.end(told.absence.id, MONDAY + 38 * HOUR, by=BOSS)
    assert office.shifts("C1") == [(38, 44)], "Monday is over, half of Tuesday is left, Wednesday is somebody else's"
    assert back.absence.until_at == MONDAY + 38 * HOUR
    with pytest.raises(Invalid):
        office.absent.end(told.absence.id, MONDAY + 50 * HOUR, by=BOSS)


def test_an_absence_that_never_began_is_forgotten_with_its_windows(office):
    office.put("C1", 8, 20)
    told = office.absent.begin(office.carer("C1"), "leave", MONDAY, MONDAY + 24 * HOUR, by=BOSS)
    assert office.absent.end(told.absence.id, office.world.clock.now(), by=BOSS) is None
    assert office.shifts("C1") == [(8, 20)]
    assert office.absent.between(MONDAY, MONDAY + 24 * HOUR) == []
    with pytest.raises(NotFound):
        office.absent.get(told.absence.id)


@pytest.mark.parametrize(
    ("kind", "start", "end"), [("asleep", 0, 9), ("sick", 9, 9), ("sick", 0, 24 * 400), ("sick", -24 * 60, 9)]
)
def test_an_absence_that_cannot_be_is_refused(office, kind, start, end):
    with pytest.raises(Invalid):
        office.absent.begin(office.carer("C1"), kind, MONDAY + start * HOUR, MONDAY + end * HOUR, by=BOSS)


# ------------------------------------------------------------------------------------------------ standing in


def test_a_stand_in_splits_the_shift_and_the_roster_follows_at_once(office):
    shift = office.put("C1", 8, 20)
    at = MONDAY + 12 * HOUR
    assert set(office.world.roster.on_duty(at).until) == {office.carer("C1")}
    made = office.absent.stand_in(shift.id, office.carer("C2"), MONDAY + 11 * HOUR, MONDAY + 13 * HOUR, by=BOSS)
    assert set(office.world.roster.on_duty(at).until) == {office.carer("C2")}
    assert (office.shifts("C1"), office.shifts("C2")) == ([(8, 11), (13, 20)], [(11, 13)])
    assert office.absent.stand_ins([made]) == {made.id: office.carer("C1")}
    with pytest.raises(Invalid):
        office.absent.stand_in(shift.id, office.carer("C2"), MONDAY + 12 * HOUR, MONDAY + 13 * HOUR, by=BOSS)
    with pytest.raises(Invalid):
        office.absent.stand_in(shift.id, office.carer("C1"), MONDAY + 8 * HOUR, MONDAY + 9 * HOUR, by=BOSS)
    office.put("C3", 10, 12)
    with pytest.raises(Clashing):
        office.absent.stand_in(shift.id, office.carer("C3"), MONDAY + 9 * HOUR, MONDAY + 11 * HOUR, by=BOSS)
    assert office.shifts("C1") == [(8, 11), (13, 20)]


# ------------------------------------------------------------------------------------------------ swaps


def texts_to(office: Office, code: str) -> list[str]:
    phone = f"+861380000000{code[1]}"
    return [each.sentence for each in office.world.messages() if each.to == phone][::-1]


def test_both_agree_by_text_and_the_shifts_change_hands(office):
    mine, theirs = office.put("C1", 8, 20), office.put("C2", 32, 44)
    swap = office.swapping.ask(mine.id, office.carer("C2"), theirs.id, by=BOSS)
    assert texts_to(office, "C2") == ["swap_asked"]
    office.says("C2", f"{swap.code}1")
    assert (office.shifts("C1"), office.shifts("C2")) == ([(32, 44)], [(8, 20)])
    assert office.swapping.get(swap.id).state == "done"
    assert set(office.world.roster.on_duty(MONDAY + 9 * HOUR).until) == {office.carer("C2")}
    assert texts_to(office, "C1")[-1] == texts_to(office, "C2")[-1] == "swap_done"
    desk = desk_of(office)
    assert [desk.get(each.id).sequence for each in (mine, theirs)] == [1, 1], "calendars move it too"


def test_a_swap_may_be_a_gift_and_may_be_declined_or_withdrawn(office):
    mine = office.put("C1", 8, 20)
    swap = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    office.says("C2", "2")
    assert office.swapping.get(swap.id).state == "declined"
    assert texts_to(office, "C1") == ["swap_over"]
    again = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    office.swapping.withdraw(again.id, by=BOSS)
    office.says("C2", f"{again.code}1")
    assert office.shifts("C1") == [(8, 20)]
    last = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    office.swapping.answer(last.id, yes=True, by=BOSS)
    assert (office.shifts("C1"), office.shifts("C2")) == ([], [(8, 20)])
    with pytest.raises(Conflict):
        office.swapping.answer(last.id, yes=True, by=BOSS)


def test_nobody_answers_in_time_and_nothing_has_changed(office):
    mine = office.put("C1", 8, 20)
    swap = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    assert office.swapping.next_due() == office.world.clock.now() + 24 * HOUR
    office.world.clock.advance(23 * 3600)
    assert office.swapping.due(office.world.clock.now(), 9) == []
    office.world.clock.advance(3601)
    for id_ in office.swapping.due(office.world.clock.now(), 9):
        office.swapping.wake(id_)
    assert office.swapping.get(swap.id).state == "expired"
    assert office.swapping.next_due() is None
    assert office.shifts("C1") == [(8, 20)]


def test_the_check_is_made_again_when_it_takes_effect(office):
    mine = office.put("C1", 8, 20)
    swap = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    office.put("C2", 19, 23)
    with pytest.raises(Clashing):
        office.swapping.answer(swap.id, yes=True, by=BOSS)
    office.says("C2", f"{swap.code}1")
    refused = office.swapping.get(swap.id)
    assert (refused.state, refused.why) == ("refused", "overlap")
    assert office.shifts("C1") == [(8, 20)]
    with pytest.raises(Clashing):
        office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)


def test_a_shift_that_changed_since_is_not_swapped(office):
    mine = office.put("C1", 8, 20)
    swap = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    desk_of(office).move(mine.id, start=None, end=mine.end_at - HOUR, carer=None, by=BOSS)
    office.says("C2", f"{swap.code}1")
    assert (office.swapping.get(swap.id).state, office.swapping.get(swap.id).why) == ("refused", "changed")
    assert office.shifts("C1") == [(8, 19)]
    office.world.clock.advance(60 * 3600)
    with pytest.raises(Conflict):
        office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)


def test_a_shift_in_return_that_changed_since_is_not_swapped_either(office):
    mine, theirs = office.put("C1", 8, 20), office.put("C2", 56, 68)
    swap = office.swapping.ask(mine.id, office.carer("C2"), theirs.id, by=BOSS)
    desk_of(office).move(theirs.id, start=None, end=theirs.end_at - HOUR, carer=None, by=BOSS)
    office.says("C2", f"{swap.code}1")
    assert (office.swapping.get(swap.id).state, office.swapping.get(swap.id).why) == ("refused", "changed")
    assert (office.shifts("C1"), office.shifts("C2")) == ([(8, 20)], [(56, 67)])


def test_a_manager_agrees_too_where_the_house_wants_it(tmp_path):
    office = office_in(tmp_path, approved=True)
    mine = office.put("C1", 8, 20)
    swap = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    with pytest.raises(Conflict):
        office.swapping.decide(swap.id, yes=True, by=BOSS)
    office.says("C2", "1")
    assert office.swapping.get(swap.id).state == "accepted"
    assert office.shifts("C1") == [(8, 20)]
    office.put("C2", 19, 23)
    with pytest.raises(Clashing):
        office.swapping.decide(swap.id, yes=True, by=BOSS)
    office.swapping.decide(swap.id, yes=True, by=BOSS, reason="都说好了")
    assert office.shifts("C2") == [(8, 20), (19, 23)]
    assert "shift_forced" in office.kinds()
    other = office.swapping.ask(office.put("C1", 56, 68).id, office.carer("C3"), None, by=BOSS)
    office.says("C3", "1")
    office.swapping.decide(other.id, yes=False, by=BOSS)
    assert office.swapping.get(other.id).state == "refused"
    office.world.close()


def test_a_swap_that_cannot_be_is_not_asked(office):
    mine, theirs = office.put("C1", 8, 20), office.put("C2", 32, 44)
    with pytest.raises(Invalid):
        office.swapping.ask(mine.id, office.carer("C1"), None, by=BOSS)
    with pytest.raises(Invalid):
        office.swapping.ask(mine.id, office.carer("C3"), theirs.id, by=BOSS)
    with pytest.raises(NotFound):
        office.swapping.ask("nothing", office.carer("C3"), None, by=BOSS)
    office.swapping.ask(mine.id, office.carer("C2"), theirs.id, by=BOSS)
    with pytest.raises(Conflict):
        office.swapping.ask(theirs.id, office.carer("C3"), None, by=BOSS)


def test_the_asker_is_owed_rest_beside_the_shift_in_return_too(office):
    mine, theirs, after = office.put("C1", 8, 20), office.put("C2", 43, 50), office.put("C1", 56, 64)
    with pytest.raises(Clashing) as refused:
        office.swapping.ask(mine.id, office.carer("C2"), theirs.id, by=BOSS)
    assert [(each.why, each.other.id) for each in refused.value.clashes] == [(Why.REST, after.id)]
    assert office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS).state == "asked"


def test_an_answer_to_an_alarm_is_never_taken_for_one_to_a_swap(tmp_path):
    office = office_in(tmp_path, on_duty=("C2",))
    mine = office.put("C1", 8, 20)
    swap = office.swapping.ask(mine.id, office.carer("C2"), None, by=BOSS)
    alarm = office.world.press("H1")
    office.world.wake()
    office.says("C2", "1")
    assert [each.state for each in office.world.offers(alarm)] == [OfferState.ACCEPTED]
    assert office.swapping.get(swap.id).state == "asked"
    office.says("C2", f"{swap.code}1")
    assert office.swapping.get(swap.id).state == "done", "with its own code it is clear even now"
    office.world.close()


# ------------------------------------------------------------------------------------------------ open alarms


@pytest.mark.parametrize("answered", [False, True])
def test_an_open_alarm_loses_nobody_when_its_responders_shift_is_taken_away(tmp_path, answered):
    office = office_in(tmp_path, on_duty=("C1",), limits=Limits())
    world = office.world
    alarm = world.press("H1")
    world.wake()
    if answered:
        office.says("C1", "1")
    now = world.clock.now()
    told = office.absent.begin(office.carer("C1"), "sick", now, now + timedelta(days=2), by=BOSS)
    assert told.holes, "nobody is left, and that is said"
    assert world.roster.on_duty(now).until == {}
    world.muster.refresh(now)
    if not answered:
        office.says("C1", "1")
    assert [(each.person, each.state) for each in world.offers(alarm)] == [(world.carer("C1"), OfferState.ACCEPTED)]
    office.says("C1", "3")
    assert world.alarm(alarm).state == "attended"
    world.close()


def test_the_next_who_is_asked_comes_from_the_shifts_as_they_are_by_then(tmp_path):
    office = office_in(tmp_path, on_duty=("C1",), limits=Limits())
    world = office.world
    alarm = world.press("H1")
    world.wake()
    now = world.clock.now()
    told = office.absent.begin(office.carer("C1"), "sick", now, now + timedelta(days=2), by=BOSS)
    office.absent.fill(told.vacancies[0].id, office.carer("C2"), by=BOSS)
    world.muster.refresh(now)
    office.says("C1", "2")
    world.advance(300)
    assert world.carer("C2") in {each.person for each in world.offers(alarm)}
    world.close()
