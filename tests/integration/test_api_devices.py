"""Devices, repairs, checks, incidents and campaigns over the API."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.rules.signal import Event
from tests.integration.devices_rig import DevicesRig, DevicesWeb

API = "/api/v1"
NEW = "EV1527:0bbbbb:01"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[DevicesWeb]:
    web = DevicesWeb(DevicesRig(tmp_path))
    yield web
    web.close()


@pytest.fixture
def installer(web):
    return web.machine("devices read")


def pair(client, **more):
    said = {"protocol": "rflink", "address": NEW, "resident": "R2", **more}
    return client.post(f"{API}/devices", json={name: value for name, value in said.items() if value is not None})


def test_a_device_is_paired_tested_and_proven(web, installer):
    answer = pair(installer, notify="+8613700000005")
    assert answer.status_code == 201
    device = answer.json
    assert (device["home_code"], device["resident_code"], device["proven_at"]) == ("H2", "R2", None)
    assert [test["state"] for test in device["tests"]] == ["waiting"]
    web.rig.hear(address=NEW)
    device = installer.get(f"{API}/devices/{device['code']}").json
    assert device["proven_at"] is not None
    assert [test["state"] for test in device["tests"]] == ["seen"]
    assert [hearing["gateway"] for hearing in device["hearings"]] == ["radio"]
    assert web.rig.alarms() == []


def test_paired_twice_is_a_conflict_that_says_so(installer):
    pair(installer)
    answer = pair(installer)
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:anling:problem:already-paired"
    assert "P4" in answer.json["detail"]


def test_the_same_request_again_is_the_same_pairing(installer):
    headers = {"Idempotency-Key": "one"}
    said = {"protocol": "rflink", "address": NEW, "resident": "R2"}
    first = installer.post(f"{API}/devices", json=said, headers=headers)
    again = installer.post(f"{API}/devices", json=said, headers=headers)
    assert (first.status_code, again.status_code, first.json["id"]) == (201, 201, again.json["id"])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"address": None}, "address"),
        ({"resident": "R99"}, "resident"),
        ({"resident": None}, "resident"),
        ({"home": "H9", "resident": None}, "home"),
        ({"home": "H1"}, "resident"),
        ({"minutes": 61}, "minutes"),
        ({"minutes": 0}, "minutes"),
        ({"notify": "call me"}, "notify"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(installer, wrong, field):
    answer = pair(installer, **wrong)
    assert answer.status_code == 422
    assert field in answer.json["errors"]["json"]


def test_a_home_shared_by_all_may_be_given_alone(installer):
    answer = pair(installer, resident=None, home="H2")
    assert (answer.status_code, answer.json["resident"]) == (201, None)


def test_the_register_is_listed_in_pages_and_by_what_is_wrong(web, installer):
    web.rig.hear(Event.LOW_BATTERY)
    first = installer.get(f"{API}/devices?limit=2").json
    rest = installer.get(f"{API}/devices?limit=2&cursor={first['next']}").json
    assert sorted(each["code"] for each in first["items"] + rest["items"]) == ["D1", "D2", "D3"]
    assert rest["next"] is None
    low = installer.get(f"{API}/devices?show=low_battery").json["items"]
    assert [(each["code"], each["battery_low"]) for each in low] == [("D1", True)]
    found = installer.get(f"{API}/devices", query_string={"find": "张桂"}).json["items"]
    assert [each["code"] for each in found] == ["D2"]
    assert installer.get(f"{API}/devices?show=nonsense").status_code == 422


def test_it_is_moved_lent_brought_back_and_keeps_its_history(web, installer):
    at = f"{API}/devices/D1"
    back_at = (web.rig.world.clock.now() + timedelta(days=2)).isoformat()
    assert installer.post(f"{at}/move", json={"resident": "R3"}).json["resident_code"] == "R3"
    assert installer.post(f"{at}/lend", json={"resident": "R1", "back_at": back_at}).json["resident_code"] == "R1"
    device = installer.post(f"{at}/return").json
    assert device["resident_code"] == "R3"
    assert [each["reason"] for each in device["history"]] == [None, "brought_back", "lent", "moved"]


def test_a_test_is_begun_and_called_off(installer):
    at = f"{API}/devices/D1"
    device = installer.post(f"{at}/test", json={"purpose": "campaign", "minutes": 5}).json
    assert [(test["state"], test["purpose"]) for test in device["tests"]] == [("waiting", "campaign")]
    assert installer.post(f"{at}/test", json={}).status_code == 409
    assert installer.post(f"{at}/cancel").json["tests"][0]["state"] == "cancelled"
    assert installer.post(f"{at}/cancel").status_code == 404


def test_only_a_person_takes_a_device_away(web, installer):
    at = f"{API}/devices/D1/retire"
    assert installer.post(at, json={"reason": "returned"}).status_code == 401
    operator = web.operators()
    assert operator.post(at, json={"reason": "broken"}).status_code == 409
    assert operator.post(at, json={"reason": "returned"}).json["retired_at"] is not None


def test_a_complaint_opens_a_case_that_a_test_press_ends(web, installer):
    case = installer.post(f"{API}/repairs", json={"device": "D1", "note": "按了没反应"})
    assert case.status_code == 201
    assert (case.json["device"], case.json["faults"], len(case.json["checks"])) == ("D1", ["reported"], 1)
    owner = f"station:{web.rig.world.id_of_station('S1')}"
    assert case.json["owner"] == owner
    at = f"{API}/repairs/{case.json['id']}"
    assert installer.post(f"{at}/assign", json={"owner": "operators"}).json["owner"] == "operators"
    assert installer.post(f"{at}/assign", json={"owner": "nobody"}).status_code == 422
    installer.post(f"{API}/devices/D1/test", json={})
    web.rig.hear()
    assert installer.get(at).json["test_id"] is not None
    assert installer.get(f"{API}/repairs?open=true").json["items"] == []
    assert [each["id"] for each in installer.get(f"{API}/repairs").json["items"]] == [case.json["id"]]


def test_cases_are_listed_in_pages(web, installer):
    for code in ("D1", "D2", "D3"):
        installer.post(f"{API}/repairs", json={"device": code})
        web.rig.world.clock.advance(1)
    first = installer.get(f"{API}/repairs?limit=2").json
    rest = installer.get(f"{API}/repairs?limit=2&cursor={first['next']}").json
    assert [each["device"] for each in first["items"] + rest["items"]] == ["D3", "D2", "D1"]
    assert installer.get(f"{API}/repairs?cursor=nonsense").status_code == 422


def test_an_operator_does_a_check_and_what_comes_of_it_is_told(web, installer):
    installer.post(f"{API}/repairs", json={"device": "D1"})
    (check,) = installer.get(f"{API}/checks").json["items"]
    at = f"{API}/checks/{check['id']}/done"
    assert installer.post(at, json={"result": "well"}).status_code == 401
    operator = web.operators()
    alarm_id = operator.post(at, json={"result": "no_answer"}).json["alarm"]
    assert [alarm["id"] for alarm in web.rig.alarms()] == [alarm_id]
    assert operator.post(at, json={"result": "well"}).status_code == 409


def test_machines_see_no_telephone_whole(web, installer):
    installer.post(f"{API}/repairs", json={"device": "D1"})
    assert "+8613800000101" not in installer.get(f"{API}/repairs").text
    assert "+8613800000101" in web.operators().get(f"{API}/repairs").text


def test_an_incident_names_its_homes_and_is_dismissed_by_a_person(web, installer):
    web.rig.hear(Event.TELEMETRY)
    web.rig.live(10)
    web.rig.live(160, hearing=False)
    items = installer.get(f"{API}/incidents?open=true").json["items"]
    radio = next(each for each in items if each["gateway"] == "radio")
    assert radio["homes"] == ["H1"]
    at = f"{API}/incidents/{radio['id']}"
    assert [check["state"] for check in installer.get(at).json["checks"]] == ["waiting"]
    assert installer.post(f"{at}/dismiss").status_code == 401
    assert web.operators().post(f"{at}/dismiss").json["ended_by"].startswith("operator:")
    assert installer.get(f"{API}/incidents/nobody").status_code == 404


def test_the_running_campaign_says_how_far_it_is(web, installer):
    web.rig.campaigning.check()
    web.rig.hear()
    (month,) = installer.get(f"{API}/campaigns").json["items"]
    assert (month["id"], month["covered"], month["of"]) == ("2026-11", 1, 3)


READING = ["/devices", "/devices/D1", "/repairs", "/checks", "/incidents", "/campaigns"]


@pytest.mark.parametrize("path", READING)
def test_who_may_look(web, path):
    assert web.machine("read").get(API + path).status_code == 200
    assert web.operators().get(API + path).status_code == 200
    assert web.machine("signals").get(API + path).status_code == 403
    assert web.stranger().get(API + path).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/devices", "/devices/D1/test", "/devices/D1/cancel", "/devices/D1/move", "/devices/D1/lend", "/devices/D1/return",
     "/repairs", "/repairs/x/assign"],
)  # fmt: skip
def test_who_may_act(web, path):
    assert web.machine("read").post(API + path, json={}).status_code == 403
    assert web.stranger().post(API + path, json={}).status_code in {400, 401, 403}


def test_what_is_not_there_is_not_found(web, installer):
    for path in ("/devices/nobody", "/repairs/nobody"):
        assert installer.get(API + path).status_code == 404
    assert installer.post(f"{API}/devices/nobody/test", json={}).status_code == 404


def test_the_document_has_every_address(web):
    paths = web.stranger().get(f"{API}/openapi.json").json["paths"]
    wanted = ["/devices", "/devices/{name}", "/devices/{name}/test", "/devices/{name}/retire", "/repairs", "/checks",
              "/incidents/{incident_id}/dismiss", "/campaigns"]  # fmt: skip
    assert {f"{API}{path}" for path in wanted} <= set(paths)
