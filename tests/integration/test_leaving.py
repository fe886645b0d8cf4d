"""Dying, leaving, moving house; what people have to do afterwards; keys looked at; false alarms that ask a visit."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from devices.store.dwellings import at_home
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.registry.leaving import Carried, Why
from dispatch.review import Review
from dispatch.rules.absences import Kind as Away
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.follow_ups import FollowUps
from dispatch.store.people import People
from dispatch.store.register_rows import CONTACTS, HOMES, RESIDENTS, RegisterRows
from tests.integration.registry_rig import OPERATOR, RegistryRig, at

DAY = 86_400


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RegistryRig]:
    rig = RegistryRig(tmp_path)
    yield rig
    rig.close()


def to_do(rig, kind=None):
    with rig.world.reading.connect() as connection:
        return [each for each in FollowUps(connection).to_do(100) if kind in {None, each.kind.value}]


def household(rig, code="H1"):
    with rig.world.reading.connect() as connection:
        return People(connection).household(rig.world.home(code))


def died(rig, resident="R1"):
    rig.leaving.leave(resident, Why.DIED, died_on=date(2026, 11, 20), by=OPERATOR, area=DISTRICT, note="家属来电")


def devices(rig, home):
    with rig.world.reading.connect() as connection:
        return [each["code"] for each in at_home(connection, home)]


def test_a_death_stops_everything_at_once_and_opens_what_people_do(rig):
    rig.absent.begin("R1", Away.HOSPITAL, from_at=None, until_at=at(24), by=OPERATOR, area=DISTRICT)
    died(rig)
    (resident,) = household(rig).residents
    assert (resident.is_served, resident.ended_why, resident.died_on) == (False, "died", date(2026, 11, 20))
    assert sorted((each.kind.value, each.about) for each in to_do(rig)) == [
        ("collect_device", "D1"), ("quiet_contact", ""),
    ]  # fmt: skip
    (quiet,) = to_do(rig, "quiet_contact")
    assert quiet.owner == OPERATOR
    assert rig.absent.next_due() is None
    assert rig.world.messages() == []
    with pytest.raises(Conflict):
        died(rig)


def test_a_press_after_a_death_still_raises_and_no_machine_writes_to_the_family(rig):
    died(rig)
    alarm = rig.world.press("H1", "R1")
    rig.world.advance(3600)
    asked = {each.person.partition(":")[0] for each in rig.world.messages(alarm)}
    assert "carer" in asked
    assert "contact" not in asked
    story = Review(rig.world.reading, lambda: at(0).date()).story(alarm, "zh")
    assert story["resident_file"]["ended"] == "died"
    assert [each["name"] for each in story["home_file"]["contacts"]] == ["王女士", "王先生"]


def test_before_that_the_same_press_asks_the_family(rig):
    alarm = rig.world.press("H1", "R1")
    rig.world.advance(3600)
    assert "contact" in {each.person.partition(":")[0] for each in rig.world.messages(alarm)}


def test_whoever_lives_on_in_the_home_is_the_one_it_rings_for(rig):
    died(rig, "R2")
    assert household(rig, "H2").resident(None).code == "R3"
    assert [each.about for each in to_do(rig, "collect_device")] == ["D2"]


def test_a_mistake_is_taken_back(rig):
    died(rig)
    rig.leaving.resume("R1", by=OPERATOR, area=DISTRICT, note="打错了")
    assert household(rig).residents[0].is_served
    assert household(rig).residents[0].died_on is None


def test_moving_takes_along_what_was_said_and_the_open_alarm_goes_on_where_it_is(rig):
    alarm = rig.world.press("H1", "R1")
    with rig.world.reading.connect() as connection:
        (device,) = at_home(connection, rig.id(HOMES, "H1"))
    carried = Carried(devices=[device["id"]], contacts=[rig.id(CONTACTS, "H1/1")], entry=False)
    new = rig.leaving.move(
        "R1", {"address": "新华路18-602", "code": "H5", "entry": "物业", "lat": 38.05, "lng": 114.5}, carried,
        by=OPERATOR, area=DISTRICT,
    )  # fmt: skip
    assert devices(rig, new) == ["D1"]
    assert devices(rig, rig.id(HOMES, "H1")) == []
    assert [each.name for each in household(rig, "H5").contacts] == ["王先生"]
    assert household(rig, "H5").home.entry == "物业"
    story = Review(rig.world.reading, lambda: at(0).date()).story(alarm, "zh")
    assert (story["address"], story["name"], story["state"]) == ("柏林小区 3-2-501", "王秀英", "raised")
    rig.world.wake()
    assert rig.world.alarm(alarm).state.value == "offered"
    assert household(rig, "H1").home.ended_at is None, "somebody is needed there"
    assert rig.world.press("H5", "R1") != alarm
    rig.world.desk.close(alarm, outcome=Outcome.HELPED, by=operator("o1"))
    assert rig.world.alarm(alarm).state.value == "closed"


def test_the_old_home_ends_when_nobody_is_left_and_what_stays_there_is_collected(rig):
    rig.leaving.move("R1", "H2", Carried(), by=OPERATOR, area=DISTRICT)
    assert household(rig, "H1").home.ended_at is not None
    assert [each.about for each in to_do(rig, "collect_device")] == ["D1"]
    assert household(rig, "H1").contacts != ()
    alarm = rig.world.press("H1", "R1")
    assert rig.world.alarm(alarm).home_id == rig.id(HOMES, "H1")


def test_where_others_stay_the_contacts_stay_theirs_too(rig):
    son = {"name": "儿子", "home_id": rig.id(HOMES, "H2"), "phone": "+8613800000777"}
    id_ = rig.registry.add(CONTACTS, son, by=OPERATOR, area=DISTRICT)
    rig.leaving.move("R2", "H1", Carried(contacts=[id_]), by=OPERATOR, area=DISTRICT)
    assert [each.name for each in household(rig, "H2").contacts] == ["儿子"]
    assert [each.name for each in household(rig, "H1").contacts] == ["王女士", "王先生", "儿子"]
    assert household(rig, "H2").home.ended_at is None


def test_a_move_that_cannot_be_made_changes_nothing(rig):
    for home, wrong in (("H1", Conflict), ("H77", NotFound)):
        with pytest.raises(wrong):
            rig.leaving.move("R1", home, Carried(), by=OPERATOR, area=DISTRICT)
    with pytest.raises(Invalid):
        rig.leaving.move("R1", "H2", Carried(devices=["nothing"]), by=OPERATOR, area=DISTRICT)
    assert rig.lines("resident_moved") == []
    assert [each.code for each in household(rig).residents] == ["R1"]


# ------------------------------------------------------------------------------------------------ false alarms


def false_alarm(rig, resident="R1", home="H1", outcome=Outcome.FALSE_ALARM):
    alarm = rig.world.press(home, resident)
    rig.world.clock.advance(60)
    rig.world.desk.close(alarm, outcome=outcome, by=operator("o1"))
    rig.following_up.look(rig.world.clock.now())


def test_the_third_false_alarm_in_a_month_asks_for_one_visit(rig):
    for _ in range(2):
        false_alarm(rig)
    false_alarm(rig, outcome=Outcome.HELPED)
    false_alarm(rig, "R2", "H2")
    assert to_do(rig, "false_alarms") == []
    false_alarm(rig)
    (visit,) = to_do(rig, "false_alarms")
    assert visit.resident_id == rig.world.resident("R1")
    for _ in range(2):
        false_alarm(rig)
    rig.following_up.done(visit.id, note="换了按钮", by=OPERATOR, area=DISTRICT)
    false_alarm(rig)
    assert to_do(rig, "false_alarms") == []
    rig.world.clock.advance(31 * DAY)
    for _ in range(3):
        false_alarm(rig)
    assert len(to_do(rig, "false_alarms")) == 1


def test_nobody_is_visited_for_false_alarms_who_is_not_served_any_more(rig):
    for _ in range(2):
        false_alarm(rig)
    died(rig)
    false_alarm(rig)
    assert to_do(rig, "false_alarms") == []


# ------------------------------------------------------------------------------------------------ keys


def test_a_way_in_is_looked_at_every_half_year(rig):
    look = lambda: rig.following_up.look(rig.world.clock.now())  # noqa: E731
    look()
    (first,) = to_do(rig, "key_check")
    assert first.home_id == rig.id(HOMES, "H1")
    look()
    assert len(to_do(rig, "key_check")) == 1
    rig.following_up.check_keys("H1", "good", by=OPERATOR, area=DISTRICT)
    assert to_do(rig, "key_check") == []
    rig.world.clock.advance(179 * DAY)
    look()
    assert to_do(rig, "key_check") == []
    rig.world.clock.advance(1 * DAY)
    look()
    assert len(to_do(rig, "key_check")) == 1


def test_a_way_in_that_does_not_open_is_something_to_do_within_hours(rig):
    rig.following_up.check_keys("H1", "bad", by=OPERATOR, area=DISTRICT, note="密码换了")
    (task,) = to_do(rig, "other")
    assert (task.about, task.due_at - rig.world.clock.now()) == ("key_bad", timedelta(hours=2))
    with pytest.raises(Invalid):
        rig.following_up.check_keys("H1", "perhaps", by=OPERATOR, area=DISTRICT)


def test_what_is_done_is_done_once_with_a_word_about_it(rig):
    died(rig)
    (quiet,) = to_do(rig, "quiet_contact")
    with pytest.raises(Invalid):
        rig.following_up.done(quiet.id, note="  ", by=OPERATOR, area=DISTRICT)
    rig.following_up.done(quiet.id, note="和女儿谈过", by=OPERATOR, area=DISTRICT)
    with pytest.raises(Conflict):
        rig.following_up.done(quiet.id, note="又一次", by=OPERATOR, area=DISTRICT)
    ((line, note),) = rig.lines("follow_up_done")
    assert (line.by, note) == (OPERATOR, "和女儿谈过")


def test_rows_are_never_gone(rig):
    before = [rig.id(RESIDENTS, code) for code in ("R1", "R2")]
    died(rig)
    rig.leaving.move("R2", "H1", Carried(), by=OPERATOR, area=DISTRICT)
    with rig.world.reading.connect() as connection:
        assert [RegisterRows(connection).one(RESIDENTS, each, DISTRICT)["id"] for each in before] == before


def test_a_new_district_is_not_asked_to_look_at_every_way_in_at_once(rig, monkeypatch):
    monkeypatch.setattr("dispatch.registry.follow_ups.KEY_CHECKS_OPEN", 2)
    for number in range(4):
        home = {"code": f"K{number}", "address": f"新村 {number}", "entry": "钥匙盒"}
        rig.registry.add(HOMES, home, by=OPERATOR, area=DISTRICT)
    look = lambda: rig.following_up.look(rig.world.clock.now())  # noqa: E731
    look()
    look()
    assert len(to_do(rig, "key_check")) == 2
    rig.following_up.check_keys("H1", "good", by=OPERATOR, area=DISTRICT)
    look()
    assert len(to_do(rig, "key_check")) == 2
