"""A carer's own page by the address in a text: what stands on it, whose it is, and that no press works twice."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import update

from config.options import UploadSettings
from dispatch.links import Links
from dispatch.rules.people import carer
from dispatch.store.people import carers
from schedules.care.rules.presence import State
from schedules.duty.store import Shifts
from schedules.duty.store.swaps import Swaps
from schedules.orders.store.orders import Orders
from tests.builders import build_world
from tests.fakes.clamd import EVIL, Clamd
from tests.integration.carers_rig import (
    BY,
    Phone,
    carer_of,
    order_of,
    path_of,
    round_of,
    shift_of,
    skill,
    visit_of,
)
from tests.integration.rights_rig import OURS, Town

DAY = timedelta(days=1)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\xaeB`\x82"


@pytest.fixture(scope="module")
def clamd(tmp_path_factory):
    clamd = Clamd(tmp_path_factory.mktemp("clamd") / "clamd.ctl")
    yield clamd
    clamd.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory, clamd):
    town = Town(tmp_path_factory.mktemp("day"), uploads=UploadSettings(scanner=clamd.path, scan_s=60.0))
    yield town
    town.close()


@pytest.fixture
def phone(town):
    phone = Phone(town, path_of(town))
    phone.open()
    return phone


def test_a_link_names_nobody_until_a_button_was_pressed_in_this_browser(town, visit):
    phone = Phone(town, path_of(town))
    closed = phone.page()
    assert "本站" not in closed
    assert "本站小区 1-101" in phone.open().text
    assert "本站小区 1-101" in phone.page()
    assert "本站小区 1-101" not in Phone(town, phone.path).page()


def test_what_opens_no_page_says_so(town):
    client = town.app.test_client()
    found = client.get("/c/AAAAAAAAAAAAAAAAAAAAAA")
    assert (found.status_code, 'href="/c"' in found.text) == (404, True)
    path = path_of(town)
    assert client.post(path, data={"do": "open"}).status_code == 400, "a form of another site has no token"
    assert [client.get(f"/c/x{n}").status_code for n in range(11)][-1] == 429


def test_an_address_is_good_for_three_days_and_for_nobody_who_left(tmp_path):
    world = build_world(tmp_path)
    who = world.carer("C1").partition(":")[2]
    links = Links(world.reading, world.clock, secret="s" * 40)
    code = links.day(who)
    assert [links.open_day(each) for each in (code, Links(world.reading, world.clock, secret="t" * 40).day(who))] == [
        who, None,
    ]  # fmt: skip
    found = []
    for _ in range(4):
        found.append(links.open_day(code))
        world.clock.advance(86400)
    assert found == [who, who, who, None]
    assert links.day(who) != code
    world.transactions.run(lambda tx: tx.connection.execute(
        update(carers).where(carers.c.id == who).values(ended_at=tx.now)
    ))  # fmt: skip
    fresh = Links(world.reading, world.clock, secret="s" * 40)
    assert fresh.open_day(fresh.day(who)) is None
    world.close()


def test_a_text_to_a_carer_leads_to_their_own_page_and_an_alarms_does_not(town):
    who, links = carer_of(town, "C1"), town.house.links
    assert links.path_of(carer(who.id), None, None) == path_of(town)
    assert links.path_of(carer(who.id), town.ids[OURS]["alarm"], None) is None


@pytest.fixture
def visit(town):
    return visit_of(town)


def test_a_visit_is_signed_and_nothing_ticked_is_nothing_done(town, phone, visit):
    id_ = visit().id
    phone.press("begin", id_, lat="38.07", lng="114.49", accuracy="12")
    assert visit().state is State.BEGUN
    assert "助餐</label>" in phone.page(), "by name, not by code"
    form = phone.form("finish", id_)
    assert phone.send(**form).status_code == 303
    assert (visit().state, visit().items) == (State.FINISHED, ())
    other = Phone(town, path_of(town, "C3"))
    other.open()
    assert other.send(**{**form, "token": town.house.links.token("form", other.path[3:])}).status_code == 404


FAR, NEAR = {"lat": "38.0976", "lng": "114.49"}, {"lat": "38.0701", "lng": "114.49"}
"""Some 3 km from the home, and at it."""


@pytest.mark.parametrize(("where", "words"), [(FAR, "您签到时离老人家3069米"), ({}, "没有信息表明您在哪里签到")])
def test_whoever_signs_in_elsewhere_is_told_what_is_missing_and_mends_it_at_the_home(town, phone, visit, where, words):
    id_ = visit().id
    answer = phone.send(**{**phone.form("begin", id_), **where})
    assert answer.location.endswith("?said=begin_doubted")
    page = phone.client.get(answer.location).text
    assert "已签到，但还不能证明人在老人家里" in page
    assert words in page
    answer = phone.send(**{**phone.form("begin", id_), **NEAR})
    assert answer.location.endswith("?said=begin")
    assert words not in phone.client.get(answer.location).text
    answer = phone.send(**{**phone.form("finish", id_), **where})
    assert answer.location.endswith("?said=finish_doubted")
    assert "值守台核实之前，这次上门不计入" in phone.client.get(answer.location).text


def test_of_two_at_a_visit_each_has_the_form_of_what_they_have_not_done(town, phone):
    visit = visit_of(town, "C1", "C3")
    id_, other = visit().id, Phone(town, path_of(town, "C3"))
    other.open()
    phone.press("begin", id_, **NEAR)
    forms = [deed for deed in ("begin", "finish") if _offers(other, deed, id_)]
    assert forms == ["begin"], "somebody else is there; who has not come does not leave"
    other.press("begin", id_, **NEAR)
    phone.press("finish", id_, **NEAR)
    assert visit().state is State.BEGUN
    assert "您已签退，同事还在老人家里" in phone.page()
    assert not _offers(phone, "finish", id_)
    other.press("finish", id_, **NEAR)
    assert visit().state is State.FINISHED


def _offers(phone, deed, about):
    forms = re.findall(r"<form.*?</form>", phone.page(), re.S)
    return any(f'name="do" value="{deed}"' in each and about in each for each in forms)


# ------------------------------------------------------------------------------------------------ rounds


@pytest.fixture
def round_(town):
    return round_of(town)


def test_a_round_is_entered_by_whose_it_is_and_a_copy_is_no_second_try(town, phone, round_):
    form = phone.form("round", round_().id)
    assert phone.send(**{**form, "result": "needs", "means": "phone"}).status_code == 422
    phone.press("round", round_().id, result="not_met", means=str(round_().means[0]))
    assert round_().tries == 1
    other = Phone(town, path_of(town, "C3"))
    other.open()
    token = town.house.links.token("form", other.path[3:])
    assert other.send(**{**form, "token": token, "result": "well", "means": "phone"}).status_code == 404
    phone.press("round", round_().id, result="well", means=str(round_().means[0]))
    assert (round_().result, round_().done_by) == ("well", carer(carer_of(town, "C1").id))


# ------------------------------------------------------------------------------------------------ orders


@pytest.fixture(scope="module")
def skilled(town):
    skill(town)


def test_an_order_is_taken_with_its_door_and_reported_done(town, skilled, phone):
    order = order_of(town, "repair")
    section = next(each for each in phone.page().split("<section>") if order().id in each)
    assert ("1-101" in section, "本站老人" in section) == (False, False)
    phone.press("order_accept", order().id)
    section = next(each for each in phone.page().split("<section>") if order().id in each)
    assert ("1-101" in section, "本站老人" in section) == (True, True)
    phone.press("order_done", order().id)
    assert order().state == "done"


def test_an_order_that_is_left_is_no_longer_on_the_page_and_no_copy_takes_it_from_the_next(town, skilled, phone):
    order = order_of(town, "repair", days=6)
    phone.press("order_decline", order().id)
    assert (order().state, order().id in phone.page()) == ("waiting", False)
    other = Phone(town, path_of(town, "C3"))
    other.open()
    token = town.house.links.token("form", other.path[3:])
    for deed in ("order_accept", "order_decline", "order_done", "order_step"):
        assert other.send(do=deed, order=order().id, token=token).status_code == 404
    assert order().state == "waiting"


def test_a_copy_of_leaving_an_order_does_not_take_it_from_whoever_is_asked_next(town, skilled):
    able = update(carers).where(carers.c.code == "C3").values(skills=["repair"])
    town.house.transactions.run(lambda tx: tx.connection.execute(able))
    order = order_of(town, "repair", days=7)
    people = {carer(carer_of(town, code).id): code for code in ("C1", "C3")}
    first = order().provider
    phone = Phone(town, path_of(town, people[first]))
    phone.open()
    phone.press("order_decline", order().id)
    assert (order().state, {first, order().provider}) == ("offered", set(people))
    none = update(carers).where(carers.c.code == "C3").values(skills=[])
    town.house.transactions.run(lambda tx: tx.connection.execute(none))


def test_an_order_at_home_is_shown_by_signing_and_not_by_saying_so(town, skilled, phone):
    order = order_of(town, "errand")
    form = phone.press("order_accept", order().id)
    with pytest.raises(AssertionError, match="no button order_done"):
        phone.form("order_done", order().id)
    assert phone.send(**{**form, "do": "order_done"}).status_code == 409
    assert order().state == "accepted"


def test_the_steps_of_an_order_come_in_their_turn_and_keep_no_photo_that_nobody_calls_harmless(
    town, skilled, phone, clamd
):
    order, asked = order_of(town, "adaptation"), len(clamd.got)
    form = phone.press("order_accept", order().id)
    assert phone.send(**{**form, "do": "order_done"}).status_code == 409
    form = phone.form("order_step", order().id)
    assert (form["step"], order().step) == ("survey", "")
    assert phone.send(**form).status_code == 422, "this step asks for a photo"
    assert len(clamd.got) == asked, "a press without a file waits for no scanner"
    evil = phone.send(**form, photo=(BytesIO(PNG + EVIL), "a.png"))
    assert (evil.status_code, "扫描程序认为此文件含有恶意内容" in evil.text) == (422, True)
    clamd.answer = b"?"
    silent = phone.send(**form, photo=(BytesIO(PNG), "a.png"))
    clamd.answer = None
    assert (silent.status_code, "不带文件继续" in silent.text) == (409, True)
    assert all('value="order_step"' in each.text for each in (evil, silent)), "told on the page itself"
    assert order().step == ""
    for _ in range(2):
        assert phone.send(**form, photo=(BytesIO(PNG), "a.png")).status_code == 303
    with town.house.reading.connect() as connection:
        assert len(Orders(connection).photos(order().id)) == 1
    assert (order().step, phone.form("order_step", order().id)["step"]) == ("survey", "plan")


# ------------------------------------------------------------------------------------------------ shifts and swaps


def swap_about(town, shift_id):
    with town.house.reading.connect() as connection:
        return next(each for each in Swaps(connection).since(town.house.clock.now() - DAY) if each.shift_id == shift_id)


def test_a_swap_is_asked_and_answered_by_both_on_their_own_pages(town, phone):
    mine, theirs, third = shift_of(town, "C1", 3), shift_of(town, "C3", 5), shift_of(town, "C2", 6)
    me, other = carer_of(town, "C1"), carer_of(town, "C3")
    page = phone.page()
    assert (theirs in page, third in page) == (True, False), "colleagues of the same station only"
    both = {"shift": mine, "with": f"{other.id}/{theirs}"}
    form = phone.form("swap_ask")
    for wrong in ({"shift": theirs, "with": me.id}, {"shift": mine, "with": carer_of(town, "C2").id}):
        assert phone.send(**form, **wrong).status_code == 404
    assert phone.send(**form, shift=mine).status_code == 422
    phone.press("swap_ask", **both)
    swap = swap_about(town, mine)
    assert phone.send(**{**form, "do": "swap_yes"}, swap=swap.id).status_code == 404, "nobody answers their own"
    colleague = Phone(town, path_of(town, "C3"))
    colleague.open()
    foreign = {"do": "swap_withdraw", "swap": swap.id, "token": town.house.links.token("form", colleague.path[3:])}
    assert colleague.send(**foreign).status_code == 404, "nobody takes back what another asked"
    colleague.press("swap_yes", swap.id)
    assert swap_about(town, mine).state == "accepted"
    phone.press("swap_withdraw", swap.id)
    assert swap_about(town, mine).state == "withdrawn"
    assert colleague.send(**{**form, "token": town.house.links.token("form", colleague.path[3:]),
                             "do": "swap_no", "swap": swap.id}).status_code == 409  # fmt: skip


def test_what_speaks_against_a_swap_is_said_without_why_a_colleague_is_away(town, phone):
    mine, other = shift_of(town, "C1", 9), carer_of(town, "C3")
    with town.house.reading.connect() as connection:
        shift = Shifts(connection).get(mine)
    town.house.homecare.duty.absent.begin(other.id, "sick", shift.start_at, shift.end_at, by=BY)
    answer = phone.send(**phone.form("swap_ask"), shift=mine, **{"with": other.id})
    assert (answer.status_code, "sick" in answer.text, "病" in answer.text) == (409, False, False)
    assert f'value="{mine}" selected' in answer.text, "what was chosen stays chosen"
