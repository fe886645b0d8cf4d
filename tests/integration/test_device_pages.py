"""The pages of devices and repairs: two clicks from a stranger to a pendant, without a script, in both languages."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from devices.upkeep.press_tests import Wanted
from dispatch.rules.signal import Event
from tests.integration.devices_rig import OPERATOR, DevicesRig, DevicesWeb, label

NEW = "EV1527:0bbbbb:01"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[DevicesWeb]:
    web = DevicesWeb(DevicesRig(tmp_path))
    yield web
    web.close()


def links(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]+)"', page)]


def test_from_a_stranger_to_a_proven_pendant_in_two_clicks(web):
    operator = web.operators()
    web.rig.report(NEW, Event.BUTTON, protocol="rflink", rssi=-61.0)
    listed = operator.get("/devices/new").text
    assert "0bbbbb" in listed
    assert "-61.0 dBm" in listed
    (first,) = [each for each in links(listed) if each.startswith("/devices/pair?")]
    form = operator.get(first).text
    assert NEW in form
    assert "R2 张桂兰" in form
    hidden = dict(re.findall(r'name="(protocol|address|gateway)" value="([^"]*)"', form))
    second = operator.post("/devices/pair", data={**hidden, "resident": "R2 张桂兰 红星里 2-101", "kind": "pendant"})
    assert second.status_code == 303
    waiting = operator.get(second.location).text
    assert "请现在按一下设备" in waiting
    assert 'http-equiv="refresh"' in waiting
    web.rig.hear(address=NEW)
    done = operator.get(second.location).text
    assert "中心已收到试按" in done
    assert 'http-equiv="refresh"' not in done
    assert web.rig.alarms() == []
    assert NEW not in operator.get("/devices/new").text


def test_a_name_is_enough_and_a_wrong_one_loses_nothing_that_was_typed(web):
    operator = web.operators()
    form = {
        "protocol": "rflink",
        "address": NEW,
        "kind": "wristband",
        "code": "B-77",
        "notify": "13800000001",
        "minutes": "30",
    }
    refused = operator.post("/devices/pair", data={**form, "resident": "张桂蓝"})
    assert (refused.status_code, "没有这位老人" in refused.text, "json" in refused.text) == (422, True, False)
    for kept in (
        'value="张桂蓝"',
        'value="wristband" selected',
        'value="B-77"',
        'value="13800000001"',
        'value="30" selected',
        NEW,
    ):
        assert kept in refused.text
    paired = operator.post("/devices/pair", data={**form, "resident": "张桂兰"})
    assert paired.status_code == 303
    assert "张桂兰" in operator.get(paired.location).text


def test_two_of_one_name_are_asked_back(web):
    with web.rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE residents SET name = '张桂兰'")
    form = {"protocol": "rflink", "address": NEW, "kind": "pendant", "resident": "张桂兰"}
    refused = web.operators().post("/devices/pair", data=form)
    assert (refused.status_code, "请填写编号" in refused.text) == (422, True)


def test_a_page_says_that_nothing_was_heard_and_that_a_press_is_an_alarm_now(web):
    operator = web.operators()
    form = {"protocol": "rflink", "address": NEW, "resident": "R2", "kind": "pendant"}
    at = operator.post("/devices/pair", data=form).location
    web.rig.world.clock.advance(121)
    page = operator.get(at).text
    assert "没有收到试按" in page
    assert 'http-equiv="refresh"' not in page
    assert "未验证" in page


def test_paired_twice_is_said_in_the_form_with_what_was_typed(web):
    operator = web.operators()
    said = {"protocol": "rflink", "address": "EV1527:0a1b2c:01", "resident": "R2", "kind": "smoke"}
    answer = operator.post("/devices/pair", data=said)
    assert answer.status_code == 409
    assert "/devices/D1" in links(answer.text)
    assert 'value="R2"' in answer.text
    assert re.search(r'<option value="smoke" selected', answer.text)


def test_every_list_has_its_count_and_its_rows(web):
    web.rig.hear(Event.LOW_BATTERY)
    web.rig.wake()
    operator = web.operators()
    page = operator.get("/devices?show=low_battery").text
    d1, d2 = (f"/devices/{web.rig.id_of(code)}" for code in ("D1", "D2"))
    assert d1 in links(page)
    assert d2 not in links(page)
    assert "电量低" in page
    assert d2 in links(operator.get("/devices?find=张桂").text)
    assert operator.get("/devices?show=nonsense").status_code == 200


@pytest.mark.parametrize("path", ["/devices", "/devices/new", "/devices/pair", "/devices/D1", "/repairs"])
def test_every_page_is_there_in_both_languages_and_needs_a_sign_in(web, path):
    assert web.operators("zh").get(path).status_code == 200
    english = web.operators("en").get(path)
    assert english.status_code == 200
    assert not re.search(r"%\(\w+\)s", english.text)
    assert web.stranger().get(path).status_code == 303


def test_what_is_done_on_the_page_of_a_device(web):
    operator = web.operators()
    at = "/devices/D1"
    assert operator.post(f"{at}/test", data={"minutes": "10", "purpose": "campaign"}).status_code == 303
    assert "请现在按一下设备" in operator.get(at).text
    assert operator.post(f"{at}/cancel").status_code == 303
    assert operator.post(f"{at}/lend", data={"resident": "R2", "back_on": "2026-12-01"}).status_code == 303
    assert web.rig.device("D1")["back_at"].startswith("2026-12-01T16:00")
    assert operator.post(f"{at}/return").status_code == 303
    assert operator.post(f"{at}/move", data={"resident": "R3"}).status_code == 303
    assert operator.post(f"{at}/report", data={"note": "按了没反应"}).status_code == 303
    assert operator.post(f"{at}/retire", data={"reason": "returned"}).status_code == 303
    page = operator.get(at).text
    for word in ("转移", "归还", "借出", "交回", "已停用", "王芳"):
        assert word in page
    assert "device_retired" in web.rig.kinds()


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/devices/pair", {"protocol": "rflink", "address": NEW, "kind": "pendant"}),
        ("/devices/pair", {"protocol": "rflink", "address": NEW, "kind": "pendant", "resident": "R99"}),
        ("/devices/pair", {"protocol": "rflink", "address": NEW, "kind": "pendant", "resident": "R1", "notify": "abc"}),
        ("/devices/D1/move", {"resident": "R99"}),
        ("/devices/D1/lend", {"resident": "R2", "back_on": "soon"}),
        ("/devices/D1/lend", {"resident": "R2"}),
        ("/devices/D1/retire", {"reason": "bored"}),
        ("/devices/D1/test", {"purpose": "fun"}),
    ],
)
def test_what_is_wrong_is_refused_in_words(web, path, form):
    answer = web.operators().post(path, data=form)
    assert answer.status_code == 422
    assert "请检查" in answer.text


def test_a_telephone_is_understood_as_people_type_it(web):
    form = {"protocol": "rflink", "address": NEW, "resident": "R2", "kind": "pendant", "notify": "137 0000 0005"}
    web.operators().post("/devices/pair", data=form)
    web.rig.hear(address=NEW)
    assert [text["sentence"] for text in web.rig.texts("+8613700000005")] == ["test_seen"]


def test_repairs_shows_what_is_broken_and_whom_to_ask(web):
    rig = web.rig
    rig.hear(Event.TELEMETRY)
    rig.campaigning.check()
    rig.repairing.report(rig.id_of("D1"), by="operator:x")
    rig.live(160, hearing=False)
    rig.world.clock.advance(5 * 3600)
    rig.wake()
    operator = web.operators()
    page = operator.get("/repairs").text
    for word in ("2026-11 试按：0 / 3", "网关 radio 收不到信号", "1户无人监听", "王秀英", "+8613800000101", "报修"):
        assert word in page
    check_id = rig.one("SELECT id FROM checks WHERE home_id IS NOT NULL AND state = 'asked'")
    assert operator.post(f"/repairs/check/{check_id}", data={"result": "well", "note": "好"}).status_code == 303
    case_id = rig.one("SELECT id FROM repairs")
    assert operator.post(f"/repairs/assign/{case_id}", data={"owner": "operators"}).status_code == 303
    assert rig.one("SELECT owner FROM repairs") == "operators"
    incident_id = rig.one("SELECT id FROM incidents WHERE gateway = 'radio'")
    assert operator.post(f"/repairs/dismiss/{incident_id}").status_code == 303
    assert "网关 radio" not in operator.get("/repairs").text


def test_the_homes_of_an_outage_are_listed_with_their_telephones(web):
    """Also when it is over: somebody may have pressed in vain."""
    web.rig.hear(Event.TELEMETRY)
    web.rig.live(300, hearing=False)
    web.rig.live(10)
    page = web.operators().get("/repairs").text
    assert "请逐户问安" in page
    assert "王秀英 柏林小区 3-2-501" in page
    assert "tel:+8613800000101" in page


def test_whoever_does_not_answer_is_raised_from_the_page(web):
    web.rig.repairing.report(web.rig.id_of("D1"), by="operator:x")
    web.rig.world.clock.advance(5 * 3600)
    web.rig.wake()
    check_id = web.rig.one("SELECT id FROM checks")
    web.operators().post(f"/repairs/check/{check_id}", data={"result": "no_answer"})
    assert [alarm["cause"] for alarm in web.rig.alarms()] == ["inactivity"]


def test_words_of_people_are_shown_as_words(web):
    web.rig.register.pair(label(NEW, code="<b>x"), web.rig.place(), Wanted(), by=OPERATOR)
    page = web.operators().get("/devices").text
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page
