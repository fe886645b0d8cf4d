"""The pages of the registers: files, forms that two fill in at once, rights and areas, and what is written down."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from dispatch.ids import StationId
from dispatch.rules.alarm import Outcome
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.store.register_rows import CONTACTS, HOMES, RESIDENTS
from tests.integration.registry_rig import RegistryRig

MARKUP = '<script>alert("1")</script>=HYPERLINK("x")'


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RegistryRig]:
    rig = RegistryRig(tmp_path)
    yield rig
    rig.close()


def form_of(page: str, action: str) -> dict[str, str]:
    """What a browser would send of this form as it stands."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form is not None, f"no form {action}"
    found = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if said.get("type") != "checkbox" or " checked" in tag:
            found[unescape(said["name"])] = unescape(said.get("value", ""))
    found |= {
        name: unescape(text)
        for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form[0], re.DOTALL)
    }
    for name, options in re.findall(r'<select name="([^"]+)">(.*?)</select>', form[0], re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    return found


def edit(client, path: str, **typed) -> tuple[dict[str, str], str]:
    page = client.get(path).text
    return {**form_of(page, path), **typed}, path


def test_a_file_shows_what_an_operator_needs_and_no_number_in_full(rig):
    client = rig.person("wang", Role.OPERATOR)
    page = client.get("/residents/R1").text
    for shown in ("王秀英", "柏林小区 3-2-501", "钥匙盒 4711", "王女士", "王先生", "D1", "138****0101", "138****0201"):
        assert shown in page
    assert "13800000101" not in page
    assert "13800000201" not in page


def test_numbers_are_shown_for_a_reason_that_is_kept(rig):
    client = rig.person("wang", Role.OPERATOR)
    id_ = rig.id(RESIDENTS, "R1")
    refused = client.post(f"/residents/{id_}/unmask", data={"reason": " "})
    assert refused.status_code == 422
    assert "13800000101" not in refused.text
    shown = client.post(f"/residents/{id_}/unmask", data={"reason": "110 asks for it"})
    assert "+8613800000101" in shown.text
    assert "+8613800000201" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    ((line, note),) = rig.lines("numbers_shown")
    assert (line.by, note) == ("operator:wang", "110 asks for it")
    assert "1380000" not in line.body


def test_whoever_may_not_unmask_does_not(rig):
    client = rig.person("shen", Role.REVIEWER)
    page = client.get("/residents/R1")
    assert page.status_code == 200
    assert "/unmask" not in page.text
    assert client.post(f"/residents/{rig.id(RESIDENTS, 'R1')}/unmask", data={"reason": "curious"}).status_code == 403
    assert rig.lines("numbers_shown") == []


def test_a_read_file_is_written_down_once_in_ten_minutes_for_each_reader(rig):
    wang, li = rig.person("wang", Role.OPERATOR), rig.person("li", Role.OPERATOR)
    for client in (wang, wang, li):
        client.get("/residents/R1")
    wang.get("/residents/R2")
    assert [each.by for each, _ in rig.lines("resident_read")] == ["operator:wang", "operator:li", "operator:wang"]
    rig.world.clock.advance(601)
    wang.get("/residents/R1")
    assert len(rig.lines("resident_read")) == 4


def test_a_resident_is_added_changed_and_found(rig):
    client = rig.person("wang", Role.OPERATOR)
    form, path = edit(
        client, "/residents/new", name="解晓东", home="H1", phone="138 0000 0555", id_number="13010019450704502 5",
        plan="先打座机\r\n再打邻居", illness="青霉素过敏",
    )  # fmt: skip
    made = client.post(path, data=form)
    assert made.status_code == 303, made.text
    page = client.get(made.location).text
    known = client.post("/find", data={"id_number": "130100194507045025"})
    assert (known.status_code, known.location) == (303, made.location)
    nobody = client.post("/find", data={"id_number": "130100195001010014"})
    assert (nobody.status_code, 'value="130100195001010014"' in nobody.text) == (404, True)
    # One digit is wrong: said at the field, with what was typed, and not that nobody is known by it.
    slip = client.post("/find", data={"id_number": "130100194507045026"})
    assert (slip.status_code, 'id="wrong-id_number"' in slip.text, "校验位不对" in slip.text) == (422, True, True)
    assert ('value="130100194507045026"' in slip.text, 'class="none"' in slip.text) == (True, False)
    for shown in ("解晓东", "先打座机", "青霉素过敏", "130***********5025", "1945-07-04", "138****0555"):
        assert shown in page
    assert client.get("/find?q=xiexd").text.count("解晓东") == 1
    form, path = edit(client, f"{made.location}/edit", name="解小东")
    assert (form["phone"], form["plan"]) == ("", "先打座机\n再打邻居")
    # As a browser sends lines, also those of the field that says what stood there: nothing but the name has changed.
    form |= {name: text.replace("\n", "\r\n") for name, text in form.items()}
    assert client.post(path, data=form).status_code == 303
    again = client.get(made.location).text
    assert "解小东" in again
    assert "138****0555" in again
    (line, note) = rig.lines("resident_changed")[-1]
    assert '"fields":"name"' in line.body
    assert note == "name: 解晓东 → 解小东"


def test_a_station_is_offered_and_may_be_called_by_its_name(rig):
    client = rig.person("lead", Role.MANAGER)
    page = client.get("/carers/new").text
    offered = dict(
        re.findall(r'<option value="([^"]+)">([^<]+)</option>', page.partition('<datalist id="stations">')[2])
    )
    code, called = next(iter(offered.items()))
    form, path = edit(client, "/carers/new", name="李娜", station=called)
    assert client.post(path, data=form).status_code == 303
    assert f"<td>{called}</td>" in client.get("/carers").text
    form, path = edit(client, "/carers/new", name="李娜二", station="没有这个站")
    refused = client.post(path, data=form)
    assert (refused.status_code, 'id="wrong-station"' in refused.text, code in refused.text) == (422, True, True)


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("id_number", "130100194507045026", "校验位不对"),
        ("id_number", "1301001945", "17"),
        ("phone", "12", "电话"),
        ("home", "H77", "没有"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_typed_is_lost(rig, field, typed, why):
    client = rig.person("wang", Role.OPERATOR)
    form, path = edit(client, "/residents/new", **{"name": MARKUP, "home": "H1", "plan": "一\r\n二", field: typed})
    answer = client.post(path, data=form)
    assert answer.status_code == 422
    assert why in answer.text
    assert f'id="wrong-{field}"' in answer.text
    assert MARKUP not in answer.text
    kept = form_of(answer.text, path)
    assert (kept["name"], kept["plan"], kept[field]) == (MARKUP, "一\n二", typed)


def test_the_second_of_two_is_shown_both_and_loses_nothing(rig):
    wang, li = rig.person("wang", Role.OPERATOR), rig.person("li", Role.OPERATOR)
    path = f"/residents/{rig.id(RESIDENTS, 'R1')}/edit"
    first, _ = edit(wang, path, name="王秀瑛", illness="糖尿病")
    second, _ = edit(li, path, name="王绣英", plan="先打邻居")
    assert wang.post(path, data=first).status_code == 303
    both = li.post(path, data=second)
    assert both.status_code == 409
    form = form_of(both.text, path)
    assert (form["name"], form["plan"], form["illness"]) == ("王绣英", "先打邻居", "糖尿病")
    assert "王秀瑛" in both.text
    assert "theirs" in both.text
    assert li.post(path, data=form).status_code == 303
    page = li.get(f"/residents/{rig.id(RESIDENTS, 'R1')}").text
    for shown in ("王绣英", "先打邻居", "糖尿病"):
        assert shown in page


def test_markup_in_names_and_notes_stays_text(rig):
    client = rig.person("wang", Role.OPERATOR)
    id_ = rig.id(RESIDENTS, "R1")
    form, path = edit(client, f"/residents/{id_}/edit", name=MARKUP, plan=MARKUP, illness=MARKUP)
    assert client.post(path, data=form).status_code == 303
    client.post(f"/residents/{id_}/task", data={"note": MARKUP})
    for page in ("/residents", f"/residents/{id_}", "/follow-ups", "/find?q=script", f"/residents/{id_}/edit",
                 f"/homes/{rig.id(HOMES, 'H1')}"):  # fmt: skip
        text = client.get(page).text
        assert "<script>alert" not in text, page
    assert "&lt;script&gt;" in client.get(f"/residents/{id_}").text


def test_other_stations_people_are_not_there(rig):
    other = Area(frozenset({StationId(rig.world.id_of_station("S2"))}))
    client = rig.person("far", Role.OPERATOR, Role.MANAGER, area=other)
    r1, h1, k1 = rig.id(RESIDENTS, "R1"), rig.id(HOMES, "H1"), rig.id(CONTACTS, "H1/0")
    assert "王秀英" not in client.get("/residents").text
    assert "单田芳" in client.get("/residents").text
    for path in (f"/residents/{r1}", "/residents/R1", f"/residents/{r1}/edit", f"/homes/{h1}", f"/contacts/{k1}/edit",
                 "/carers/C1", "/carers/C1/edit", "/stations/S1", "/api/v1/residents/R1", "/api/v1/homes/H1",
                 "/api/v1/contacts/H1%2F0", "/api/v1/carers/C1", "/api/v1/stations/S1"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    for path in (f"/residents/{r1}/unmask", f"/residents/{r1}/away", f"/residents/{r1}/leave", f"/homes/{h1}/checked",
                 f"/contacts/{k1}/end"):  # fmt: skip
        form = {"reason": "curious", "found": "good", "kind": "away", "until_at": "2026-11-22T08:00", "why": "died"}
        assert client.post(path, data=form).status_code == 404, path
    assert client.get("/api/v1/find?q=wxy").json["items"] == []
    assert client.get("/api/v1/find?q=1121-001").json["items"] == []
    assert client.get("/api/v1/find?q=D1").json["items"] == []
    refused = client.post("/residents/new", data={"name": "新", "home": "H1"})
    assert refused.status_code == 422
    assert rig.lines("resident_read") == []


def test_what_a_role_may_not_change_has_no_door(rig):
    reviewer = rig.person("shen", Role.REVIEWER)
    assert reviewer.get("/residents/new").status_code == 403
    assert reviewer.post(f"/residents/{rig.id(RESIDENTS, 'R1')}/leave", data={"why": "died"}).status_code == 403
    assert "/edit" not in reviewer.get("/residents/R1").text
    operator = rig.person("wang", Role.OPERATOR)
    assert operator.get("/carers").status_code == 200
    assert operator.get("/carers/new").status_code == 403


def test_a_death_that_lies_ahead_or_is_told_as_something_else_is_asked_back(rig):
    client, name = rig.person("wang", Role.OPERATOR), rig.id(RESIDENTS, "R1")
    for slip, field in (
        ({"why": "died", "died_on": "2099-11-20"}, "died_on"),
        ({"why": "left", "died_on": "2026-11-01"}, "why"),
    ):
        answer = client.post(f"/residents/{name}/leave", data={**slip, "note": "家属来电"})
        assert (answer.status_code, f'id="wrong-{field}"' in answer.text, "家属来电" in answer.text) == (
            422,
            True,
            True,
        )
    assert client.post(f"/residents/{name}/leave", data={"why": "died", "died_on": "2026-11-01"}).status_code == 303


def test_devices_that_go_along_are_called_as_everywhere(rig):
    page = rig.person("wang", Role.OPERATOR).get("/residents/R1").text
    assert re.search(r'name="devices"[^>]*> D1 (?!pendant)', page)


def test_a_home_with_an_open_alarm_does_not_end(rig):
    client = rig.person("wang", Role.OPERATOR)
    alarm = rig.world.press("H1")
    home = rig.id(HOMES, "H1")
    assert client.post(f"/homes/{home}/end").status_code == 409
    rig.world.desk.close(alarm, outcome=Outcome.HELPED, by="operator:wang")
    assert client.post(f"/homes/{home}/end").status_code == 409  # Somebody lives there.


def test_a_contact_ends_and_comes_back_in_order(rig):
    client = rig.person("wang", Role.OPERATOR)
    contact = rig.id(CONTACTS, "H1/0")
    assert client.post(f"/contacts/{contact}/end").status_code == 303
    alarm = rig.world.press("H1")
    assert [each.name for each in rig.world.situations.propose(alarm).household.contacts] == ["王先生"]
    form, path = edit(client, "/contacts/new", name="新女儿", home="H1", order="1", phone="13800000333")
    assert client.post(path, data=form).status_code == 303
    assert client.post(f"/contacts/{contact}/restore").status_code == 422
    double, path = edit(client, "/contacts/new", name="又一个", home="H1", order="2", phone="13800000334")
    answer = client.post(path, data=double)
    assert answer.status_code == 422
    assert 'id="wrong-order"' in answer.text


def test_everything_is_there_in_english_and_without_a_script(tmp_path):
    rig = RegistryRig(tmp_path, lang="en")
    client = rig.person("wang", Role.OPERATOR, Role.MANAGER, lang="en")
    try:
        for path in ("/residents", "/homes", "/contacts", "/carers", "/stations", "/find?q=x", "/follow-ups",
                     "/residents/R1", "/homes/H1", "/residents/R1/edit", "/carers/new"):  # fmt: skip
            page = client.get(path)
            assert page.status_code == 200, path
            assert "<script" not in page.text
    finally:
        rig.close()


def test_a_task_is_handed_to_a_colleague_and_to_nobody_else(rig):
    client = rig.person("wang", Role.OPERATOR)
    rig.person("li", Role.OPERATOR)
    due = rig.world.clock.now() + timedelta(days=1)
    rig.following_up.open("R1", due_at=due, note="看门锁", by="operator:wang", area=DISTRICT)
    page = client.get("/follow-ups").text
    colleagues = dict(re.findall(r'<option value="(operator:[^"]+)">([^<]+)', page))
    assert not re.search(r'<option value="(?:carer|contact):', page)
    li = next(who for who, name in colleagues.items() if "li" in name)
    task = re.search(r"/follow-ups/([^/]+)/give", page)[1]
    assert client.post(f"/follow-ups/{task}/give", data={"owner": li}).status_code == 303
    assert json.loads(rig.lines("follow_up_given")[-1][0].body)["owner"] == li
    for nobody in ("", "operator:none", "carer:C1"):
        assert client.post(f"/follow-ups/{task}/give", data={"owner": nobody}).status_code == 422
    assert len(rig.lines("follow_up_given")) == 1


def test_each_contact_with_a_number_has_a_button_that_sends_the_booking_page(rig):
    page = rig.person("wang", Role.MANAGER).get("/residents/R1").text
    contact = re.search(r"/orders/link/(\w+)", page)
    assert contact is not None
    assert page.count('action="/orders/link/') == 2
    form = form_of(page, contact[0])
    assert form["resident"] == rig.world.resident("R1")
    assert form["csrf_token"]
    page = rig.person("li", Role.REVIEWER).get("/residents/R1").text
    assert "/orders/link/" not in page


def test_what_a_contact_may_be_told_is_kept_with_who_said_so_and_the_newest_holds(rig):
    client, name = rig.person("wang", Role.OPERATOR), rig.id(CONTACTS, "H1/0")
    path = f"/contacts/{name}/consent"
    assert path in client.get(f"/homes/{rig.id(HOMES, 'H1')}").text
    for given_by, may_know in (("王秀英", ["raised", "coming"]), ("<b>儿子</b>", [])):
        rig.world.clock.advance(60)
        assert client.post(path, data={"given_by": given_by, "may_know": may_know}).status_code == 303
        row, kept = rig.consents.of(name, DISTRICT)
        assert sorted(row["may_know"]) == sorted(may_know)
        assert (kept[0].given_by, sorted(kept[0].may_know)) == (given_by, sorted(may_know))
    assert len([line for line, _ in rig.lines("consent_kept") if line.by != "service"]) == 2
    page = client.get(path).text
    assert "&lt;b&gt;儿子&lt;/b&gt;" in page
    assert "王秀英" in page


def test_nobody_named_or_a_stage_that_is_none_keeps_nothing_and_what_was_typed_stays(rig):
    client, name = rig.person("wang", Role.OPERATOR), rig.id(CONTACTS, "H1/0")
    before = rig.consents.of(name, DISTRICT)
    answer = client.post(f"/contacts/{name}/consent", data={"given_by": " ", "may_know": ["there"]})
    assert answer.status_code == 422
    assert "请填写是谁同意的" in answer.text
    assert 'value="there" checked' in answer.text
    assert client.post(f"/contacts/{name}/consent", data={"given_by": "王", "may_know": ["all"]}).status_code == 422
    assert rig.consents.of(name, DISTRICT) == before


def test_a_program_keeps_what_a_contact_may_be_told(rig):
    client, name = rig.person("wang", Role.OPERATOR), rig.id(CONTACTS, "H1/0")
    said = {"given_by": "王秀英", "may_know": ["closed"]}
    answer = client.post(f"/api/v1/contacts/{name}/consent", json=said, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json["may_know"]) == (200, ["closed"])
    assert client.post(f"/api/v1/contacts/{name}/consent", json={**said, "may_know": ["x"]}).status_code == 422
