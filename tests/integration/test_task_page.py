"""The carer's page of one alarm: what stands on it for whom and when, and that nothing happens by looking."""

import re

import pytest

from dispatch.links import Links
from dispatch.rules.alarm import OfferState, Outcome, Proof, State
from dispatch.rules.people import operator
from dispatch.store.replies import Replies
from dispatch.web.access import ACCESS
from dispatch.web.carer import MISSES_A_MINUTE, PRESSES_A_MINUTE
from tests.integration.pages_rig import PRIVATE, SECRET, PagesRig


@pytest.fixture
def rig(tmp_path):
    rig = PagesRig(tmp_path)
    yield rig
    rig.world.close()


def private(text):
    return [each for each in PRIVATE if each in text]


def test_before_acceptance_there_is_what_and_where_and_nothing_of_the_person(rig):
    alarm_id = rig.press()
    answer = rig.phone().look(rig.path(alarm_id))
    assert answer.status_code == 200
    assert "柏林小区" in answer.text
    assert "按铃求助" in answer.text or "求助" in answer.text
    assert private(answer.text) == []
    assert {"accept", "decline"} == set(re.findall(r'name="do" value="(\w+)"', answer.text))


def test_looking_changes_nothing_however_often(rig):
    alarm_id = rig.press()
    before = (rig.world.kinds(alarm_id), rig.world.offers(alarm_id), rig.world.messages())
    for each in ("", "?said=accept", "?do=accept", "?do=show&said=done"):
        assert rig.phone().client.get(rig.path(alarm_id) + each).status_code == 200
        assert rig.phone().client.head(rig.path(alarm_id) + each).status_code == 200
    assert (rig.world.kinds(alarm_id), rig.world.offers(alarm_id), rig.world.messages()) == before


def test_who_presses_i_go_has_it_and_sees_the_door(rig):
    alarm_id, phone = rig.press(), rig.phone()
    answer = phone.press(rig.path(alarm_id), "accept")
    assert answer.status_code == 303
    assert rig.offer(alarm_id).state is OfferState.ACCEPTED
    page = phone.look(answer.location).text
    assert private(page) == ["3-2-501", "钥匙盒 4711", "王秀英", "13800000101", "高血压"]
    assert "已接单" in page
    assert "answered" in rig.world.kinds(alarm_id)


def test_the_same_page_in_another_browser_hides_the_door_until_it_is_pressed_for(rig):
    alarm_id = rig.press()
    rig.phone().press(rig.path(alarm_id), "accept")
    other = rig.phone()
    assert private(other.look(rig.path(alarm_id)).text) == [], "a previewer learns nothing"
    shown = other.press(rig.path(alarm_id), "show")
    assert len(private(shown.text)) == len(PRIVATE)
    assert rig.world.kinds(alarm_id).count("entry_shown") == 1
    assert len(private(other.look(rig.path(alarm_id)).text)) == len(PRIVATE)


def test_without_cookies_everything_can_be_pressed(rig):
    alarm_id = rig.press()
    for deed in ("accept", "arrived", "done"):
        phone = rig.phone()
        phone.client = rig.app.test_client(use_cookies=False)
        assert phone.press(rig.path(alarm_id), deed, outcome="helped").status_code == 303
    assert rig.world.alarm(alarm_id).state is State.ATTENDED
    assert "reported_done" in rig.world.kinds(alarm_id)


def test_the_whole_way_by_buttons_and_the_desk_closes(rig):
    alarm_id, phone, path = rig.press(), rig.phone(), None
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    assert "已记下您到了" in phone.look(phone.press(path, "arrived").location).text
    assert rig.world.alarm(alarm_id).proof is Proof.CLAIMED
    page = phone.look(phone.press(path, "done", outcome="false_alarm").location).text
    assert "由值守台结案" in page
    assert rig.world.alarm(alarm_id).open, "only an operator closes"
    rig.world.desk.close(alarm_id, outcome=Outcome.FALSE_ALARM, by=operator("wang"))
    over = phone.look(path)
    assert over.status_code == 410
    assert "告警已结束" in over.text


def test_the_page_ends_with_the_alarm_and_says_nothing_of_it_any_more(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    token = re.search(r'name="token" value="([^"]+)"', phone.look(path).text)[1]
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=operator("wang"))
    late = phone.client.post(path, data={"token": token, "nonce": "n1", "do": "show"})
    for answer in (phone.look(path), late, rig.phone().look(path)):
        assert answer.status_code == 410
        assert "告警已结束" in answer.text
        assert 'href="tel:+8613800000009"' in answer.text, "who is told to phone the desk can"
        assert (private(answer.text), "柏林小区" in answer.text, 'name="do"' in answer.text) == ([], False, False)
    assert "entry_shown" not in rig.world.kinds(alarm_id)


def test_what_is_pressed_a_moment_too_late_is_kept_and_changes_nothing(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    token = re.search(r'name="token" value="([^"]+)"', phone.look(path).text)[1]
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=operator("wang"))
    before = rig.world.alarm(alarm_id)
    answer = phone.client.post(path, data={"token": token, "nonce": "n1", "do": "arrived"})
    assert phone.look(answer.location).status_code == 410
    assert (rig.world.alarm(alarm_id), rig.world.kinds(alarm_id)[-1]) == (before, "closed")
    with rig.world.reading.connect() as connection:
        assert Replies(connection).recent(1)[0].result == "closed"


def test_an_alarm_that_is_opened_again_has_its_page_again(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=operator("wang"))
    rig.world.desk.reopen(alarm_id, by=operator("wang"))
    assert phone.look(path).status_code == 200


def test_a_day_after_the_end_nobody_knows_its_code(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=operator("wang"))
    rig.world.clock.advance(24 * 3600 - 1)
    assert phone.look(path).status_code == 410
    rig.world.clock.advance(2)
    assert (phone.look(path).status_code, "tel:" in phone.look(path).text) == (404, False)


def test_who_declines_is_replaced_and_may_think_better_of_it(rig):
    alarm_id, phone = rig.press(), rig.phone()
    phone.press(rig.path(alarm_id), "decline")
    assert rig.offer(alarm_id).state is OfferState.DECLINED
    assert rig.offer(alarm_id, "C2").state is OfferState.OPEN
    phone.press(rig.path(alarm_id), "accept")
    assert rig.offer(alarm_id).state is OfferState.ACCEPTED


def test_whoever_is_not_going_never_sees_the_door_even_in_a_browser_that_has_pressed(rig):
    alarm_id, phone, other = rig.press(), rig.phone(), rig.phone()
    phone.press(rig.path(alarm_id), "decline")
    other.press(rig.path(alarm_id, "C2"), "accept")
    page = phone.look(rig.path(alarm_id)).text
    assert "已有人前往" in page
    assert private(page) == []
    assert 'name="do"' not in page
    phone.press(rig.path(alarm_id, "C2"), "show")
    assert private(phone.look(rig.path(alarm_id)).text) == []


def test_two_who_press_have_one_lead_and_the_second_is_told(rig):
    alarm_id = rig.press()
    first = rig.path(alarm_id)
    rig.world.advance(60)
    second = rig.path(alarm_id, "C2")
    one, two = rig.phone(), rig.phone()
    pages = {each: phone.look(path).text for each, (phone, path) in {"a": (one, first), "b": (two, second)}.items()}
    one.press(first, "accept")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', pages["b"]))
    answer = two.client.post(second, data={**fields, "do": "accept"})
    assert "已有人前往" in two.look(answer.location).text
    assert [each.person for each in rig.world.offers(alarm_id) if each.role] == [rig.world.carer("C1")]


def test_the_same_press_twice_is_one_answer(rig):
    alarm_id, phone = rig.press(), rig.phone()
    page = phone.look(rig.path(alarm_id)).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    for _ in range(3):
        phone.client.post(rig.path(alarm_id), data={**fields, "do": "decline"})
    assert rig.world.kinds(alarm_id).count("answered") == 1


# ------------------------------------------------------------------------------------------------ not in


def test_who_cannot_get_in_pages_the_desk_and_who_has_a_key(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    due_at = rig.world.alarm(alarm_id).due_at
    page = phone.look(phone.press(path, "no_entry").location).text
    assert "请在门口稍等" in page
    told = [(each.sentence, str(each.channel), each.to) for each in rig.world.messages(alarm_id)]
    assert ("page", "sms", "+8613800000009") in told
    assert ("key_wanted", "sms", "+8613800000202") in told
    assert ("key_wanted", "voice", "+8613800000202") in told
    assert "+8613800000201" not in [to for sentence, _, to in told if sentence == "key_wanted"], "she has no key"
    assert {"no_entry", "operator_paged"} <= set(rig.world.kinds(alarm_id))
    assert rig.world.alarm(alarm_id).state is State.ACCEPTED
    assert rig.world.alarm(alarm_id).due_at == due_at, "the arrival clock goes on"


def test_who_is_not_going_cannot_say_that_they_cannot_get_in(rig):
    alarm_id = rig.press()
    page = rig.phone().look(rig.path(alarm_id)).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    rig.phone().client.post(rig.path(alarm_id), data={**fields, "do": "no_entry"})
    assert "no_entry" not in rig.world.kinds(alarm_id)


# ------------------------------------------------------------------------------------------------ strangers


def test_codes_are_long_all_different_and_stand_nowhere(rig):
    alarm_id = rig.press()
    rig.world.advance(120)
    codes = {rig.links.task(each.id) for each in rig.world.offers(alarm_id)}
    assert len(codes) == len(rig.world.offers(alarm_id)) > 1
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", each) for each in codes), "128 bits"
    stored = b"".join(each.read_bytes() for each in rig.world.path.glob("anling.db*"))
    assert [each for each in codes if each.encode() in stored] == []


def test_a_code_nobody_has_opens_nothing_and_is_soon_too_often(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    wrong = path[:-1] + ("A" if path[-1] != "A" else "B")
    assert [phone.look(wrong).status_code for _ in range(MISSES_A_MINUTE + 2)] == [404] * MISSES_A_MINUTE + [429] * 2
    assert phone.look(path).status_code == 200, "who has a code is let in all the same"
    rig.world.clock.advance(61)
    assert phone.look(wrong).status_code == 404


def test_a_form_of_another_site_or_of_another_code_does_nothing(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', phone.look(path).text))
    bad = [
        ({"do": "accept"}, {}),
        ({**fields, "token": "x", "do": "accept"}, {}),
        ({**fields, "token": rig.links.token("form", "another"), "do": "accept"}, {}),
        ({**fields, "do": "accept"}, {"Sec-Fetch-Site": "cross-site"}),
    ]
    for form, headers in bad:
        assert phone.client.post(path, data=form, headers=headers).status_code == 400
    assert rig.offer(alarm_id).state is OfferState.OPEN
    assert "answered" not in rig.world.kinds(alarm_id)


def test_pressing_without_end_is_stopped(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    phone.press(path, "accept")
    codes = {phone.press(path, "no_entry").status_code for _ in range(PRESSES_A_MINUTE - 1)}
    assert codes == {303}
    assert phone.press(path, "no_entry").status_code == 429


def test_a_button_that_is_not_there_is_refused(rig):
    alarm_id, phone = rig.press(), rig.phone()
    path = rig.path(alarm_id)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', phone.look(path).text))
    assert phone.client.post(path, data={**fields, "do": "close"}).status_code == 404
    assert phone.client.post(path, data=fields).status_code == 404


@pytest.mark.parametrize("what", ["task", "family", "wrong"])
def test_nobody_keeps_indexes_frames_or_follows_a_page(rig, what):
    alarm_id = rig.press()
    path = {"task": rig.path(alarm_id), "family": rig.family_path(alarm_id), "wrong": "/t/nothing"}[what]
    answer = rig.phone().look(path)
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"], "default-src 'none' stands for it"
    assert "<script" not in answer.text
    assert not re.search(r'<(?:link|img|iframe)\b|src=|href="/static', answer.text), "one answer is all of it"
    assert len(answer.data) < 10_000


def test_every_page_says_who_may_call_it(rig):
    marks = {
        rule.rule: getattr(rig.app.view_functions[rule.endpoint], ACCESS, None)
        for rule in rig.app.url_map.iter_rules()
        if rule.rule.startswith(("/t/", "/c", "/f/"))
    }
    assert marks == {
        "/t/<code>": "code", "/f/<code>": "code", "/c": "public", "/c/code": "public", "/c/leave": "public",
    }  # fmt: skip


def test_a_carer_who_reads_english_reads_english(rig):
    alarm_id = rig.press()
    rig.world.advance(290)
    page = rig.phone().look(rig.path(alarm_id, "C3")).text
    assert "I am going" in page
    assert 'lang="en"' in page


def test_after_a_restart_old_links_still_open(rig):
    alarm_id = rig.press()
    path = rig.path(alarm_id)
    fresh = Links(rig.world.reading, rig.world.clock, secret=SECRET)
    assert fresh.open_task(path.removeprefix("/t/")) == rig.offer(alarm_id).id
    other = Links(rig.world.reading, rig.world.clock, secret="t" * 40)
    assert other.open_task(path.removeprefix("/t/")) is None


def test_with_the_clock_set_back_new_links_still_open(rig):
    old = rig.press()
    assert rig.phone().look(rig.path(old)).status_code == 200
    rig.world.clock.step_wall(-3600)
    new = rig.press("H2", "R2")
    path = f"/t/{rig.links.task(rig.world.offers(new)[0].id)}"
    rig.world.clock.advance(1)
    assert rig.phone().look(path).status_code == 200


def test_the_index_of_links_is_made_anew_once_a_day(rig):
    old = rig.press()
    path = rig.path(old)
    assert rig.phone().look(path).status_code == 200
    rig.world.clock.advance(9 * 86_400)
    assert rig.phone().look("/t/nothing").status_code == 404
    assert rig.links.open_task(path.removeprefix("/t/")) is None, "nobody answers a request of nine days ago"
