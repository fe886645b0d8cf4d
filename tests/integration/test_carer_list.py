"""A carer's list: in by a code that comes by text, never by guessing, and out again."""

import pytest

from dispatch.accounts.carers import TRIES_MAX
from dispatch.web.carer_list import CODES_AN_HOUR, TRIES_A_MINUTE
from tests.integration.pages_rig import PagesRig

PHONE = "+8613800000001"


@pytest.fixture
def rig(tmp_path):
    rig = PagesRig(tmp_path)
    yield rig
    rig.world.close()


def code_to(rig, phone=PHONE):
    return next(
        each.facts["number"] for each in rig.world.messages() if each.sentence == "page_code" and each.to == phone
    )


def come_in(rig, phone):
    phone.fill("/c", phone="138 0000 0001")
    return phone.fill("/c", "/c/code", phone=PHONE, code=code_to(rig))


def test_a_code_by_text_opens_the_list_and_every_task_is_on_it(rig):
    phone = rig.phone()
    assert come_in(rig, phone).status_code == 303
    assert "现在没有任务" in phone.look("/c").text
    alarm_id = rig.press()
    path = rig.path(alarm_id)
    page = phone.look("/c").text
    assert path in page
    assert "柏林小区" in page
    assert "3-2-501" not in page
    assert phone.press(path, "accept").status_code == 303
    assert "您正在前往" in phone.look("/c").text


def test_whoever_came_in_by_the_code_sees_the_door_of_what_they_accepted(rig):
    alarm_id = rig.press()
    path = rig.path(alarm_id)
    rig.phone().press(path, "accept")
    phone = rig.phone()
    come_in(rig, phone)
    assert "3-2-501" in phone.look(path).text


def test_a_code_works_once_and_not_for_long(rig):
    first, second = rig.phone(), rig.phone()
    come_in(rig, first)
    assert second.fill("/c", "/c/code", phone=PHONE, code=code_to(rig)).status_code == 400
    second.fill("/c", phone=PHONE)
    rig.world.clock.advance(601)
    assert second.fill("/c", "/c/code", phone=PHONE, code=code_to(rig)).status_code == 400


def test_a_code_has_five_tries(rig):
    phone = rig.phone()
    phone.fill("/c", phone=PHONE)
    right = code_to(rig)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(TRIES_MAX):
        assert phone.fill("/c", "/c/code", phone=PHONE, code=wrong).status_code == 400
    assert phone.fill("/c", "/c/code", phone=PHONE, code=right).status_code == 400


def test_guessing_from_one_place_is_stopped(rig):
    phone = rig.phone()
    codes = [
        phone.fill("/c", "/c/code", phone=f"+861380000{n:04}", code="1").status_code for n in range(TRIES_A_MINUTE + 1)
    ]
    assert codes == [400] * TRIES_A_MINUTE + [429]


def test_nobody_is_sent_codes_without_end(rig):
    phone = rig.phone()
    codes = [phone.fill("/c", phone=PHONE).status_code for _ in range(CODES_AN_HOUR + 1)]
    assert codes == [200] * CODES_AN_HOUR + [429]
    assert len([each for each in rig.world.messages() if each.sentence == "page_code"]) == CODES_AN_HOUR


def test_whoever_asks_in_a_carers_name_from_elsewhere_does_not_shut_them_out(rig):
    stranger, phone = rig.phone(), rig.phone()
    stranger.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    asked = [stranger.fill("/c", phone=PHONE).status_code for _ in range(CODES_AN_HOUR + 1)]
    assert asked[-1] == 429
    assert phone.fill("/c", phone=PHONE).status_code == 200
    for number in range(8, 11):
        stranger.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        asked += [stranger.fill("/c", phone=PHONE).status_code for _ in range(CODES_AN_HOUR)]
    assert asked.count(200) == 3 * CODES_AN_HOUR - 1, "and there is an end to it for the carer's telephone"


def test_nothing_says_whether_a_number_is_a_carers(rig):
    known = rig.phone().fill("/c", phone="13800000001")
    other = rig.phone().fill("/c", phone="13900000009")
    assert known.status_code == other.status_code == 200
    assert known.text.replace("13800000001", "").count("如果") == other.text.count("如果") == 1
    assert [each.to for each in rig.world.messages()] == [PHONE], "family has no list"


@pytest.mark.parametrize("typed", ["abc", "12345", "123456", "1380000000", "85012345"])
def test_what_is_no_number_is_said_at_once(rig, typed):
    answer = rig.phone().fill("/c", phone=typed)
    assert (answer.status_code, "这不是电话号码" in answer.text) == (400, True)
    assert list(rig.world.messages()) == []


@pytest.mark.parametrize("code", ["²³¹", "①②③④⑤⑥", "", "x", "१२३४५६", "9" * 5000])
def test_a_code_in_other_signs_is_a_code_that_does_not_fit(rig, code):
    phone = rig.phone()
    phone.fill("/c", phone=PHONE)
    answer = phone.fill("/c", "/c/code", phone=PHONE, code=code)
    assert answer.status_code == 400


def test_leaving_ends_the_visit_in_the_database_too(rig):
    phone = rig.phone()
    come_in(rig, phone)
    cookie = phone.client.get_cookie("anling_carer").value
    phone.fill("/c", "/c/leave")
    assert "您的手机号" in phone.look("/c").text
    phone.client.set_cookie("anling_carer", cookie)
    assert "您的手机号" in phone.look("/c").text


def test_a_visit_ends_with_the_shift(rig):
    phone = rig.phone()
    come_in(rig, phone)
    rig.world.clock.advance(12 * 3600 + 1)
    assert "您的手机号" in phone.look("/c").text


def test_a_form_without_its_token_does_nothing(rig):
    assert rig.phone().client.post("/c", data={"phone": PHONE}).status_code == 400
    assert list(rig.world.messages()) == []


def test_neither_code_nor_token_is_kept_as_it_is(rig):
    phone = rig.phone()
    come_in(rig, phone)
    token = phone.client.get_cookie("anling_carer").value
    stored = b"".join(each.read_bytes() for each in rig.world.path.glob("anling.db*"))
    assert token.encode() not in stored
