"""Whole numbers: in an open alarm for whoever helps, else for a reason that is kept; and that every opening is kept."""

import re

import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.rights import Role
from dispatch.store.record import Record
from tests.integration.rights_rig import OURS, THEIRS, Town

NUMBER, MASKED = "+8613800000101", "+86*********01"
DIALLED = NUMBER.removeprefix("+86")
"""As pages show it, and part of every other form: what must not be there is looked for by this."""


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path)
    yield made
    made.close()


def kept(town, kind: str):
    with town.house.reading.connect() as connection:
        record = Record(connection)
        found = [each for each in record.after(0, 5000) if each.kind == kind]
        notes = record.notes_of([each.note_hash for each in found if each.note_hash])
    return [(each.by, each.body, notes.get(each.note_hash or "")) for each in found]


def test_whoever_helps_sees_numbers_and_door_while_the_alarm_is_open(town):
    alarm, operator = town.ids[OURS]["alarm"], town.browser(frozenset({Role.OPERATOR}), OURS)
    page = operator.get(f"/alarms/{alarm}").text
    assert NUMBER in page
    assert "钥匙1100" in page
    told = operator.get(f"/api/v1/alarms/{alarm}").json
    assert (told["resident_file"]["phone"], told["home_file"]["entry"]) == (NUMBER, "钥匙1100")


def test_whoever_reviews_sees_neither(town):
    alarm, reviewer = town.ids[OURS]["alarm"], town.browser(frozenset({Role.REVIEWER}), OURS)
    page = reviewer.get(f"/alarms/{alarm}").text
    assert DIALLED not in page
    assert "钥匙1100" not in page
    assert MASKED in page
    told = reviewer.get(f"/api/v1/alarms/{alarm}").json
    assert (told["resident_file"]["phone"], told["home_file"]["entry"]) == (MASKED, "")


def test_whoever_may_not_act_is_offered_no_act(town):
    alarm = town.ids[OURS]["alarm"]
    acts = (f"/alarms/{alarm}/note", f"/alarms/{alarm}/close", f"/alarms/{alarm}/take", f"/alarms/{alarm}/offer")
    page = town.browser(frozenset({Role.REVIEWER}), OURS).get(f"/board?alarm={alarm}").text
    assert [each for each in acts if f'action="{each}"' in page] == []
    page = town.browser(frozenset({Role.OPERATOR}), OURS).get(f"/board?alarm={alarm}").text
    assert [each for each in acts if f'action="{each}"' not in page] == []


def test_once_it_is_closed_nobody_does(town):
    alarm, operator = town.ids[OURS]["alarm"], town.browser(frozenset({Role.OPERATOR}), OURS)
    town.house.desk.close(alarm, outcome=Outcome.TEST, by=f"operator:{town.spare.id}")
    for path in (f"/alarms/{alarm}", f"/api/v1/alarms/{alarm}"):
        text = operator.get(path).text
        assert not [each for each in (DIALLED, "钥匙1100") if each in text], path


def test_opening_an_alarm_or_a_device_is_kept_with_the_page(town):
    alarm, operator = town.ids[OURS]["alarm"], town.browser(frozenset({Role.OPERATOR}), OURS)
    for _ in range(3):
        operator.get(f"/board?alarm={alarm}")
    operator.get("/api/v1/residents")
    town.reads.close()
    me, resident = f"operator:{town.operator(frozenset({Role.OPERATOR}), OURS).id}", town.ids[OURS]["resident"]
    assert sorted(kept(town, "resident_read")) == [
        (me, '{"page":"/api/v1/residents","resident":"list:residents"}', None),
        (me, f'{{"page":"/board","resident":"{resident}"}}', None),
    ]


def test_a_whole_number_costs_a_reason_that_is_kept_with_the_name(town):
    operator, resident = town.browser(frozenset({Role.OPERATOR}), OURS), town.ids[OURS]["resident"]
    asked = operator.get(f"/unmask?person=resident:{resident}").text
    assert "本站老人" in asked
    assert DIALLED not in asked
    form = {"csrf_token": town.csrf, "person": f"resident:{resident}"}
    refused = operator.post("/unmask", data={**form, "reason": "x"})
    assert refused.status_code == 422
    assert DIALLED not in refused.text
    shown = operator.post("/unmask", data={**form, "reason": "女儿来电核对"})
    assert DIALLED in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    ((by, body, note),) = kept(town, "unmasked")
    assert by == f"operator:{town.operator(frozenset({Role.OPERATOR}), OURS).id}"
    assert resident in body
    assert note == "女儿来电核对"
    assert DIALLED not in body
    assert DIALLED not in operator.get(f"/unmask?person=resident:{resident}").text


@pytest.mark.parametrize("person", ["", "resident:", "operator:x", "resident:' OR 1=1 --", "carer:nobody", "x" * 900])
def test_nobody_is_unmasked_who_is_not_there(town, person):
    operator = town.browser(frozenset({Role.OPERATOR}), OURS)
    answer = operator.post("/unmask", data={"csrf_token": town.csrf, "person": person, "reason": "because"})
    assert answer.status_code in {404, 422}
    assert kept(town, "unmasked") == []


def test_unmasking_wants_a_fresh_proof(town):
    operator, resident = town.browser(frozenset({Role.OPERATOR}), OURS), town.ids[OURS]["resident"]
    with town.house.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE sessions SET proved_at = proved_at - 601000000")
    form = {"csrf_token": town.csrf, "person": f"resident:{resident}", "reason": "because"}
    answer = operator.post("/unmask", data=form)
    assert answer.status_code == 403
    assert re.search(r'name="reason" value="because"', answer.text)
    assert DIALLED not in answer.text
    assert kept(town, "unmasked") == []


def test_whole_numbers_and_new_numbers_want_a_fresh_proof_in_the_registers_too(town):
    operator, resident = town.browser(frozenset({Role.OPERATOR}), OURS), town.ids[OURS]["resident"]
    with town.house.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE sessions SET proved_at = proved_at - 601000000")
    headers = {"X-CSRFToken": town.csrf, "If-Match": "*"}
    path = f"/api/v1/residents/{resident}"
    assert operator.post(f"{path}/unmask", json={"reason": "because"}, headers=headers).status_code == 403
    for phone in ("+8613800000999", None):
        assert operator.patch(path, json={"phone": phone}, headers=headers).status_code == 403
    assert operator.patch(path, json={"language": "zh"}, headers=headers).status_code == 200


def test_a_list_that_may_change_every_number_wants_a_fresh_proof(town):
    manager = town.browser(frozenset({Role.MANAGER}), OURS)
    wanted = {"kind": "carers", "columns": {}, "datum": "wgs84"}
    headers = {"X-CSRFToken": town.csrf}
    commits = (
        lambda: manager.post("/api/v1/imports/files/none/commit", json=wanted, headers=headers),
        lambda: manager.post("/import/none", data={"csrf_token": town.csrf, "kind": "carers"}),
    )
    assert [each().status_code for each in commits] == [404, 404], "with a fresh proof there is merely no such file"
    with town.house.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE sessions SET proved_at = proved_at - 601000000")
    assert [each().status_code for each in commits] == [403, 403]


def test_no_person_of_another_station_is_sent_or_named(town):
    operator, alarm = town.browser(frozenset({Role.OPERATOR}), OURS), town.ids[OURS]["alarm"]
    headers = {"X-CSRFToken": town.csrf}
    theirs = operator.post(f"/api/v1/alarms/{alarm}/offer", json={"person": "C2"}, headers=headers)
    assert theirs.status_code == 422
    nobody = operator.post(f"/api/v1/alarms/{alarm}/offer", json={"person": "C9"}, headers=headers)
    assert theirs.json["errors"].keys() == nobody.json["errors"].keys()
    slip = {"alarm": alarm, "person": "C2", "accepted_at": "2026-01-01T00:00:00+08:00"}
    assert operator.post("/api/v1/paper", json=slip, headers=headers).status_code == 422
    raised = operator.post("/api/v1/alarms", json={"cause": "hotline", "home": "H2"}, headers=headers)
    assert raised.status_code == 422
    paired = {"protocol": "rflink", "address": "EV1527:0a1b2f:01", "home": "H2"}
    installer = town.browser(frozenset({Role.INSTALLER}), OURS)
    assert installer.post("/api/v1/devices", json=paired, headers=headers).status_code == 422
    device = town.ids[OURS]["device"]
    moved = installer.post(f"/api/v1/devices/{device}/move", json={"resident": "R2"}, headers=headers)
    assert moved.status_code == 422


def test_an_alarm_of_nobody_is_everybodys(town):
    home = town.ids[THEIRS]["home"]
    with town.house.writing.begin() as connection:
        connection.exec_driver_sql(f"UPDATE homes SET station_id = NULL WHERE id = '{home}'")
    operator = town.browser(frozenset({Role.OPERATOR}), OURS)
    assert operator.get(f"/alarms/{town.ids[THEIRS]['alarm']}").status_code == 200
    assert len(operator.get("/api/v1/alarms").json["items"]) == 2
    assert operator.get(f"/api/v1/devices/{town.ids[THEIRS]['device']}").status_code != 200
