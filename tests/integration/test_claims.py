"""Two operators at one desk: who is in charge is known to both, and never costs the old person a step."""

import re

import pytest

from dispatch.rules.claims import HOLD_S
from tests.integration.board_rig import PASSWORD, BoardRig

LI = "linaaa"


@pytest.fixture
def rig(tmp_path):
    built = BoardRig(tmp_path)
    built.second = built.sign_in.add_operator(LI, "李娜", PASSWORD)
    yield built
    built.close()


def entered(rig, login):
    browser = rig.app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login").text)[1]
    form = {"login": login, "password": PASSWORD, "csrf_token": token}
    assert browser.post("/login", data=form).status_code == 303
    browser.token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/board").text)[1]
    return browser


@pytest.fixture
def wang(rig):
    return entered(rig, "wangfang")


@pytest.fixture
def li(rig):
    return entered(rig, LI)


def api(browser, path, **body):
    return browser.post(f"/api/v1/alarms/{path}", json=body, headers={"X-CSRFToken": browser.token})


def form(browser, path, **fields):
    return browser.post(f"/alarms/{path}", data={"csrf_token": browser.token, **fields})


def test_a_claim_is_seen_by_everybody_and_stands_in_the_record(rig, wang, li):
    alarm_id = rig.press("H1", "R1")
    assert api(wang, f"{alarm_id}/take").status_code == 200
    page = li.get(f"/board?alarm={alarm_id}").text
    assert re.search(r"王芳自\d\d:\d\d:\d\d起负责", page)
    assert f'data-held="operator:{rig.operator.id}"' in page
    assert "您自" in wang.get(f"/board?alarm={alarm_id}").text
    assert "claimed" in rig.world.kinds(alarm_id)


def test_the_second_to_take_is_told_who_has_it(rig, wang, li):
    alarm_id = rig.press("H1", "R1")
    api(wang, f"{alarm_id}/take")
    refused = api(li, f"{alarm_id}/take")
    assert refused.status_code == 409
    assert refused.json["detail"] == "王芳正在负责。按 Shift+F2 说明原因后可接管。"
    assert api(li, f"{alarm_id}/take", over=True).status_code == 422
    assert api(li, f"{alarm_id}/take", over=True, reason="她去接电话了").status_code == 200
    assert rig.world.kinds(alarm_id)[-1] == "taken_over"
    assert "她去接电话了" in wang.get(f"/board?alarm={alarm_id}").text


def test_a_claim_never_keeps_the_escalation_waiting(rig, wang):
    first, second = rig.press("H1", "R1"), rig.press("H2", "R2")
    api(wang, f"{first}/take")
    before, after = rig.world.alarm(first), rig.world.alarm(second)
    assert (before.due_at, before.step, before.version) == (after.due_at, after.step, after.version)
    for _ in range(12):
        rig.world.advance(35)
        rig.settle()
    assert rig.world.alarm(first).step == rig.world.alarm(second).step > 1
    assert rig.world.kinds(first).count("step_taken") == rig.world.kinds(second).count("step_taken")


def test_a_hold_goes_with_its_console_and_the_record_says_so(rig, wang, li):
    alarm_id = rig.press("H1", "R1")
    api(wang, f"{alarm_id}/take")
    for _ in range(4):
        rig.world.clock.advance(HOLD_S / 2)
        wang.get("/board/live")
        rig.claiming.check()
    assert "claim_lapsed" not in rig.world.kinds(alarm_id)
    rig.world.clock.advance(HOLD_S)
    rig.claiming.check()
    rig.claiming.check()
    assert rig.world.kinds(alarm_id).count("claim_lapsed") == 1
    assert api(li, f"{alarm_id}/take").status_code == 200


def test_a_hold_lasts_from_the_last_question_of_its_board(rig, wang):
    alarm_id = rig.press("H1", "R1")
    api(wang, f"{alarm_id}/take")
    wang.get("/board/live")
    rig.world.clock.advance(12)
    wang.get("/board/live")
    rig.world.clock.advance(HOLD_S - 1)
    rig.claiming.check()
    assert "claim_lapsed" not in rig.world.kinds(alarm_id), "two questions may be 12 s apart, and each counts"


def test_what_is_given_back_is_anybodys(rig, wang, li):
    alarm_id = rig.press("H1", "R1")
    api(wang, f"{alarm_id}/take")
    api(li, f"{alarm_id}/leave")
    assert api(li, f"{alarm_id}/take").status_code == 409
    api(wang, f"{alarm_id}/leave")
    assert api(li, f"{alarm_id}/take").status_code == 200


def test_the_plan_is_ticked_step_by_step_each_in_the_record(rig, wang):
    alarm_id = rig.press("H1", "R1")
    assert api(wang, f"{alarm_id}/tick", step="call").status_code == 200
    api(wang, f"{alarm_id}/tick", step="call")
    form(wang, f"{alarm_id}/tick", step="family", done="true")
    api(wang, f"{alarm_id}/tick", step="family", done=False)
    assert api(wang, f"{alarm_id}/tick", step="dance").status_code == 422
    assert form(wang, f"{alarm_id}/tick", step="dance").status_code == 422
    assert [kind for kind in rig.world.kinds(alarm_id) if kind.startswith("step_")][-3:] == [
        "step_ticked", "step_ticked", "step_unticked",
    ]  # fmt: skip
    page = wang.get(f"/board?alarm={alarm_id}").text
    assert page.count('aria-pressed="true">已通话') == 1
    assert page.count('aria-pressed="true">已告知家属') == 0


def test_without_a_script_it_is_taken_and_taken_over_by_forms(rig, wang, li):
    alarm_id = rig.press("H1", "R1")
    assert form(wang, f"{alarm_id}/take").status_code == 303
    assert form(li, f"{alarm_id}/take").status_code == 409
    assert form(li, f"{alarm_id}/take", over="true", reason="换班").status_code == 303
    assert form(li, f"{alarm_id}/leave").status_code == 303


def test_everybody_is_asked_once_however_often_it_is_said(rig, wang):
    alarm_id = rig.press("H1", "R1")
    assert len(rig.world.offers(alarm_id)) == 1
    answers = [api(wang, f"{alarm_id}/offer", everybody=True) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert {each.person for each in rig.world.offers(alarm_id)} == {
        rig.world.carer(code) for code in ("C1", "C2", "C3")
    }
    assert all(each.asked == 1 for each in rig.world.offers(alarm_id))
    assert rig.world.kinds(alarm_id).count("asked_everybody") == 1
    assert form(wang, f"{alarm_id}/offer", person="everybody").status_code == 303
    assert rig.world.kinds(alarm_id).count("asked_everybody") == 1


def test_who_has_said_no_is_left_alone_and_who_let_it_lapse_is_asked_again(rig, wang):
    alarm_id = rig.press("H1", "R1")
    first = rig.world.offers(alarm_id)[0].person
    rig.world.desk.decline(alarm_id, first, by=first)
    rig.world.advance(61)
    lapsed = {each.person for each in rig.world.offers(alarm_id) if each.state == "lapsed"}
    assert lapsed
    api(wang, f"{alarm_id}/offer", everybody=True)
    now = {each.person: each for each in rig.world.offers(alarm_id)}
    assert now[first].state == "declined"
    assert all(now[person].state == "open" and now[person].asked == 2 for person in lapsed)


def test_asking_everybody_names_nobody_and_nobody_is_asked_about_what_is_over(rig, wang):
    alarm_id = rig.press("H1", "R1")
    assert api(wang, f"{alarm_id}/offer", everybody=True, person="C1").status_code == 422
    assert api(wang, f"{alarm_id}/offer").status_code == 422
    api(wang, f"{alarm_id}/close", outcome="test")
    assert api(wang, f"{alarm_id}/offer", everybody=True).status_code == 409


def test_the_third_false_alarm_of_the_month_is_said_on_the_card(rig, wang):
    for _ in range(3):
        alarm_id = rig.press("H1", "R1")
        api(wang, f"{alarm_id}/close", outcome="false_alarm")
    alarm_id = rig.press("H1", "R1")
    assert "本月此处误报已3次" in wang.get(f"/board?alarm={alarm_id}").text
    other = rig.press("H2", "R2")
    assert "本月此处误报" not in wang.get(f"/board?alarm={other}").text


def test_the_list_tells_what_waits_longest_and_what_was_closed_lately(rig, wang):
    closed = rig.press("H1", "R1")
    api(wang, f"{closed}/close", outcome="helped")
    first = rig.press("H2", "R2")
    rig.world.clock.advance(5)
    second = rig.press("H1", "R1")
    page = wang.get("/board").text
    assert f'id="take" href="/board?alarm={first}"' in page
    assert '<span class="count longest">' in page
    assert re.search(rf'id="closed">\s*<li id="row-{closed}">', page)
    api(wang, f"{first}/take")
    assert f'id="take" href="/board?alarm={second}"' in wang.get("/board").text
    assert wang.get(f"/board?alarm={second}").text.count('aria-current="true"') == 1
