"""What families are told, by text and on their page: what was allowed, in their order, and never why."""

import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.people import operator
from dispatch.store.people import consents
from tests.integration.pages_rig import PEOPLE, PRIVATE, PagesRig

DAUGHTER, SON = "+8613800000201", "+8613800000202"


@pytest.fixture
def rig(tmp_path):
    rig = PagesRig(tmp_path)
    yield rig
    rig.world.close()


def news(rig):
    found = [(each.sentence, each.to) for each in rig.world.messages() if each.sentence.startswith("family_")]
    return list(reversed(found))


def test_a_family_hears_each_stage_once_and_only_what_it_may_know(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    assert news(rig) == [("family_raised", DAUGHTER)]
    phone.press(path, "accept")
    phone.press(path, "arrived")
    rig.world.advance(60)
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=operator("wang"))
    assert news(rig) == [
        ("family_raised", DAUGHTER), ("family_coming", DAUGHTER), ("family_there", DAUGHTER),
        ("family_closed", DAUGHTER), ("family_closed", SON),
    ]  # fmt: skip


def test_steps_and_further_presses_are_no_news(rig):
    alarm_id = rig.press()
    rig.world.advance(100)
    rig.world.press()
    rig.world.wake()
    assert news(rig) == [("family_raised", DAUGHTER)]
    assert rig.world.alarm(alarm_id).press_count == 2


def test_a_carer_who_gives_up_is_news_again(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    phone.press(path, "decline")
    assert news(rig) == [("family_raised", DAUGHTER), ("family_coming", DAUGHTER), ("family_raised", DAUGHTER)]


def test_no_letter_to_a_family_says_why_who_or_where(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    for each in rig.world.messages(alarm_id):
        if each.sentence.startswith("family_"):
            assert {name for name, value in each.facts.items() if value} <= {"place", "at"}


def test_without_consent_nobody_is_told_anything(tmp_path):
    rig = PagesRig(
        tmp_path, district=PEOPLE.replace('may_know = ["raised", "coming", "there", "closed"]', "may_know = []")
    )
    alarm_id, phone = rig.press(), rig.phone()
    path, family = rig.path(alarm_id), rig.family_path(alarm_id)
    phone.press(path, "accept")
    assert news(rig) == []
    assert phone.look(family).status_code == 404
    rig.world.close()


def test_who_allowed_what_and_when_is_kept_and_the_newest_holds(rig):
    later = PEOPLE.replace(
        '2026-11-01T09:00:00+08:00, may_know = ["raised"', '2026-11-02T09:00:00+08:00, may_know = ["closed", "raised"'
    )
    withdrawn = PEOPLE.replace(
        '2026-11-01T09:00:00+08:00, may_know = ["raised", "coming", "there", "closed"]',
        "2026-11-03T09:00:00+08:00, may_know = []",
    )
    assert later != PEOPLE != withdrawn
    for each in (PEOPLE, withdrawn, PEOPLE):
        rig.world.load(each)
    with rig.world.reading.connect() as connection:
        kept = connection.execute(consents.select().order_by(consents.c.contact_id, consents.c.given_at)).all()
    assert [(row.given_by, len(row.may_know)) for row in kept] == [("王秀英", 4), ("王秀英", 0), ("王秀英", 1)]
    rig.press()
    assert news(rig) == [], "what was withdrawn is not taken back by an older file"


def test_the_page_says_how_far_it_is_and_ends_a_day_after(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path, family = rig.path(alarm_id), rig.family_path(alarm_id)
    assert "正在派人" in phone.look(family).text
    phone.press(path, "accept")
    assert "已有人在路上" in phone.look(family).text
    phone.press(path, "arrived")
    page = phone.look(family).text
    assert "已有人到达" in page
    assert [each for each in PRIVATE if each in page] == []
    assert "求助" in page
    rig.world.desk.close(alarm_id, outcome=Outcome.HOSPITAL, by=operator("wang"))
    over = phone.look(family).text
    assert "已经结束" in over
    assert "医" not in over
    rig.world.clock.advance(24 * 3600 + 1)
    assert phone.look(family).status_code == 404


def test_who_may_know_the_end_only_sees_nothing_before(rig):
    alarm_id, phone = rig.press(), rig.phone()
    son = rig.family_path(alarm_id, "H1/1")
    assert phone.look(son).status_code == 404
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=operator("wang"))
    assert "已经结束" in phone.look(son).text


def test_a_contact_who_is_going_is_not_told_that_somebody_is(rig):
    alarm_id = rig.press()
    rig.world.advance(250)
    daughter = rig.world.contact("H1/0")
    assert any(each.person == daughter for each in rig.world.offers(alarm_id))
    rig.world.desk.accept(alarm_id, daughter, by=daughter)
    assert ("family_coming", DAUGHTER) not in news(rig)
