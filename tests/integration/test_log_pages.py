"""`/review` and `/record` by the forms of a browser without a script; the same on the wire; the files they give."""

import csv
import io
import json
import re
from urllib.parse import unquote

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from config.verify_record import walk
from tests.integration.log_rig import ANNA, BORIS, DESK, LogRig

EVERY = "operator reviewer manager installer administrator"


both = pytest.mark.parametrize("rig", ["zh", "en"], indirect=True)


@pytest.fixture
def rig(request, tmp_path):
    rig = LogRig(tmp_path, lang=getattr(request, "param", "zh"))
    rig.late = rig.live_through(resident="R1", there_s=1200, closed_s=1300, note="在卫生间摔倒 <b>")
    rig.well = rig.live_through("H9", resident="R9", note="=1+1")
    rig.follow()
    yield rig
    rig.close()


@pytest.fixture
def anna(rig):
    return rig.browser(ANNA)


def kinds(rig):
    return [each.kind for each in rig.entries()]


def sheet(answer):
    assert answer.status_code == 200, answer.text
    return openpyxl.load_workbook(io.BytesIO(answer.data))


# ------------------------------------------------------------------------------------------------ looking


@both
def test_the_first_page_is_the_queue(rig, anna):
    page = anna.get("/review").text
    assert f"/review/{rig.late}" in page
    assert f"/review/{rig.well}" not in page
    assert f"/review/{rig.well}" in anna.get("/review?stage=any").text


@both
def test_lists_name_nobody_whole(rig, anna):
    for path in ("/review?stage=any", "/review/print?stage=any"):
        page = anna.get(path).text
        assert "王*英" in page
        assert "王秀英" not in page
        assert "3-2-501" not in page
    assert rig.reads == [], "a list is no file"


@both
def test_a_story_is_told_and_that_it_was_read_is_kept(rig, anna):
    page = anna.get(f"/review/{rig.late}").text
    assert "在卫生间摔倒 &lt;b&gt;" in page
    assert "王秀英" in page
    assert rig.reads == [(rig.people[ANNA], f"resident:{rig.world.resident('R1')}")]
    assert ("未被改动" in page) or ("unaltered" in page)


def test_a_story_is_told_from_the_record_not_from_rows_that_may_change(rig, anna):
    before = anna.get(f"/review/{rig.late}").text
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alarms SET cause = 'fire', outcome = 'died', closed_by = 'operator:x'")
        connection.exec_driver_sql("UPDATE offers SET state = 'declined', role = NULL")
    story = re.compile(r"<section.*</section>", re.DOTALL)
    assert story.search(anna.get(f"/review/{rig.late}").text)[0].count("<li") == story.search(before)[0].count("<li")
    assert re.search(r"<h1>.*</h1>", anna.get(f"/review/{rig.late}").text)[0] == re.search(r"<h1>.*</h1>", before)[0]


@pytest.mark.parametrize(
    "query",
    ["resident=R1", "cause=press&outcome=helped&station=S1", "breach=on_site", "stage=waiting", "carer=C1&station=S1",
     "since=2026-11-21&until=2026-11-21&station=S1"],
)  # fmt: skip
def test_the_address_keeps_the_filter(rig, anna, query):
    page = anna.get(f"/review?{query}").text
    assert f"/review/{rig.late}" in page
    assert f"/review/{rig.well}" not in page
    form = dict(each.split("=") for each in query.split("&"))
    sent = anna.post("/review/find", data=form).headers["Location"]
    assert dict(each.split("=") for each in sent.partition("?")[2].split("&")) == form


@pytest.mark.parametrize(
    "query",
    ["resident=nobody", "station=S77", "since=2026-13-01", "cause=nonsense", "since=2026-11-22&until=2026-11-21",
     "cursor=0", "stage=x", "strange=1", "until=9999-12-31"],
)  # fmt: skip
def test_a_filter_that_is_none_finds_nothing_and_breaks_nothing(anna, query):
    answer = anna.get(f"/review?{query}")
    assert answer.status_code == 200
    assert 'class="wide log"' not in answer.text


@both
def named(rig, table, code, name):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET name = ? WHERE code = ?", (name, code))


@pytest.mark.parametrize("typed", ["C1", "赵春梅", " 赵春梅 "])
def test_a_carer_is_meant_by_code_or_name_and_stands_in_the_address_by_code(rig, anna, typed):
    named(rig, "carers", "C1", "赵春梅")
    found = anna.post("/review/find", data={"carer": typed})
    assert (found.status_code, found.location) == (303, "/review?carer=C1")
    assert 'value="C1"' in anna.get(found.location).text


@pytest.mark.parametrize(("path", "field"), [("/review/find", "carer"), ("/record/find", "who")])
def test_a_name_that_nobody_or_several_have_is_asked_back_with_what_was_typed(rig, anna, path, field):
    for code in ("C1", "C2"):
        named(rig, "carers", code, "赵春梅")
    several = anna.post(path, data={field: "赵春梅", "since": "2026-11-01"})
    assert several.status_code == 422
    assert "C1 赵春梅 · C2 赵春梅" in several.text
    assert {'value="赵春梅"', 'value="2026-11-01"'} <= set(re.findall(r'value="[^"]*"', several.text))
    nobody = anna.post(path, data={field: "没有人"})
    assert nobody.status_code == 422
    assert 'value="没有人"' in nobody.text


def test_while_somebody_types_a_few_carers_are_offered(rig, anna):
    named(rig, "carers", "C2", "赵春梅")
    assert anna.get("/review/carers?q=春").json == {"items": [{"code": "C2", "name": "赵春梅"}]}
    assert "C2" in [each["code"] for each in anna.get("/review/carers?q=c").json["items"]]
    assert anna.get("/review/carers?q=%25").json == anna.get("/review/carers").json == {"items": []}
    rig.limit_to(ANNA, roles=EVERY, stations=["S2"])
    assert anna.get("/review/carers?q=春").json == {"items": []}
    assert anna.post("/review/find", data={"carer": "C2"}).status_code == 422


def test_the_record_is_narrowed_to_a_carer_or_contact_by_name(rig, anna):
    named(rig, "carers", "C1", "赵春梅")
    found = anna.post("/record/find", data={"who": "赵春梅", "kind": "accepted"})
    assert found.location == f"/record?kind=accepted&by=carer%3A{rig.world.carer('C1').removeprefix('carer:')}"
    assert 'name="who" value="C1"' in anna.get(found.location).text
    with rig.world.reading.connect() as connection:
        code, id_ = connection.exec_driver_sql("SELECT code, id FROM contacts").first()
    assert anna.post("/record/find", data={"who": code}).location == f"/record?by=contact%3A{id_}"


def test_nobody_is_listed_to_be_chosen_from(rig, anna):
    """A register of thousands was read whole for each of these pages."""
    named(rig, "carers", "C2", "赵春梅")
    for path in ("/review", "/review?stage=any", "/record"):
        assert "赵春梅" not in anna.get(path).text


def test_what_is_printed_says_its_filter_in_words_and_when_it_is_empty(rig, anna):
    page = anna.get("/review/print?cause=gas&stage=open&since=2026-11-01").text
    assert "原因 燃气" in page
    assert "cause=" not in page.split("<main")[1].replace("?cause=gas", "")
    assert "没有符合条件的" in page


def test_words_stand_in_no_address(rig, anna):
    answer = anna.post("/review/find", data={"text": "卫生间", "stage": "any"})
    assert "卫生间" not in unquote(answer.headers["Location"])
    page = anna.get(answer.headers["Location"]).text
    assert f"/review/{rig.late}" in page
    assert f"/review/{rig.well}" not in page
    shared = rig.browser(BORIS).get(answer.headers["Location"]).text
    assert "type them again" in shared or "请重新输入" in shared
    assert "卫生间" not in shared


def test_pages_go_on_with_the_filter(rig, anna):
    for _ in range(60):
        rig.live_through()
    rig.follow()
    page = anna.get("/review?station=S1").text
    [older] = re.findall(r'rel="next" href="([^"]+)"', page)
    assert "station=S1" in older
    assert f"/review/{rig.late}" in anna.get(older.replace("&amp;", "&")).text


# ------------------------------------------------------------------------------------------------ two persons


@both
def test_queue_story_finding_signature(rig, anna):
    form = {
        "cause": "carer_late",
        "measure": "talk",
        "station": "S1",
        "follow_up_on": "2026-11-21",
        "text": "路上堵",
        "seen": "0",
    }
    assert anna.post(f"/review/{rig.late}/findings", data=form).status_code == 303
    page = anna.get(f"/review/{rig.late}").text
    assert "路上堵" in page
    assert f'action="/review/{rig.late}/sign"' not in page
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    assert anna.post(f"/review/{rig.late}/sign", data={"seen": seen}).status_code == 403
    boris = rig.browser(BORIS)
    assert f'action="/review/{rig.late}/sign"' in boris.get(f"/review/{rig.late}").text
    assert f"/review/{rig.late}#findings" in boris.get("/review").text, "the follow-up is due today"
    assert boris.post(f"/review/{rig.late}/sign", data={"seen": seen}).status_code == 303
    [done] = re.findall(r'action="(/review/[^"]+/done)"', boris.get(f"/review/{rig.late}").text)
    assert boris.post(done, data={"text": "好了"}).status_code == 303
    own = [each for each in kinds(rig) if each != "signed_in"]
    assert own[-3:] == ["finding_made", "review_signed", "follow_up_done"]
    assert f"/review/{rig.late}" not in boris.get("/review").text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"cause": "carer_late", "seen": "0"}, 422),
        ({"cause": "nonsense", "text": "长长的话", "seen": "0"}, 422),
        ({"cause": "carer_late", "text": "长长的话", "follow_up_on": "2020-01-01", "seen": "0"}, 422),
        ({"cause": "carer_late", "text": "长长的话", "station": "S77", "seen": "0"}, 422),
        ({"cause": "carer_late", "text": "长长的话", "seen": "7"}, 409),
    ],
)
def test_a_refused_finding_loses_nothing_that_was_typed(rig, anna, form, status):
    answer = anna.post(f"/review/{rig.late}/findings", data=form)
    assert answer.status_code == status
    assert form.get("text", "") in answer.text
    assert 'role="alert"' in answer.text
    assert "finding_made" not in kinds(rig)


# ------------------------------------------------------------------------------------------------ files


@both
def test_excel_has_masked_cells_a_checked_total_and_what_it_is(rig, anna):
    answer = anna.post("/review/export", data={"kind": "xlsx", "stage": "any"})
    book = sheet(answer)
    table, about = book.worksheets
    cells = [str(cell.value) for row in table.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for row in table.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert "138****0101" in cells
    assert not [each for each in cells if "王秀英" in each or "13800000101" in each or "3-2-501" in each]
    assert "示范区" in table["A1"].value
    assert "安娜" in table["A1"].value
    assert table.max_row == 2 + 2 + 1
    assert str(table.cell(5, 1).value).endswith("2")
    facts = [row[1].value for row in about.iter_rows()]
    head = next(each for each in rig.entries()[::-1] if each.kind != "log_exported")
    assert f"{head.number} {head.hash}" in facts
    assert "2" in facts
    name = unquote(answer.headers["Content-Disposition"])
    assert re.search(r"示范区_\w[\w ]+_.+_r\d+\.xlsx", name)
    last = rig.entries()[-1]
    assert (last.kind, last.by, json.loads(last.body)["rows"]) == ("log_exported", rig.people[ANNA], 2)


def test_whole_names_need_the_right_and_a_reason(rig, anna):
    full = {"kind": "csv", "stage": "any", "full": "1"}
    assert anna.post("/review/export", data=full).status_code == 422
    answer = anna.post("/review/export", data={**full, "reason": "审计抽查"})
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert "王秀英" in rows[3 - 1 + 0]
    assert "13800000101" in rows[2]
    assert [each for row in rows for each in row if each.startswith("'=HYPERLINK")]
    assert json.loads(rig.entries()[-1].body)["full"] == "yes"
    assert rig.review.entries(len(rig.entries()) - 1, 1)[0]["note_hash"]
    rig.limit_to(ANNA, roles="reviewer")
    assert anna.post("/review/export", data={**full, "reason": "审计抽查"}).status_code == 403


def test_another_program_reads_the_same_file(rig, anna):
    answer = anna.post("/api/v1/review/export", json={"kind": "xlsx"})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert len(rows) == 5
    assert not [each for row in rows for each in row if str(each)[:1] in {"=", "+", "-", "@"}]


def test_only_what_fits_is_exported(rig, anna):
    table = sheet(anna.post("/review/export", data={"kind": "xlsx", "station": "S1"})).worksheets[0]
    assert table.max_row == 4
    table = sheet(anna.post("/review/export", data={"kind": "xlsx", "queue": "1"})).worksheets[0]
    assert table.max_row == 4


# ------------------------------------------------------------------------------------------------ the record


@both
def test_the_record_is_verified_by_one_button(rig, anna):
    assert anna.post("/record/verify").status_code == 303
    rig.verifier._thread.join()
    page = anna.get("/record").text
    assert "now good" in page
    assert rig.verifier.latest.head in page, "the head that was found is kept to compare with"


def test_a_broken_record_is_told_in_red(rig, anna):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_refuse_update")
        connection.exec_driver_sql("UPDATE entries SET kind = 'closed' WHERE number = 5")
    anna.post("/record/verify")
    rig.verifier._thread.join()
    assert "now bad" in anna.get("/record").text


def test_every_entry_is_shown_also_one_without_a_sentence(rig, anna):
    rig.live_through()
    page = anna.get("/record").text
    assert "limits_set" in page
    assert "operator_added" in anna.get("/record?kind=operator_added").text
    assert (
        "operator_added"
        not in anna.get(f"/record?alarm={rig.late}").text.partition("</form>")[2].partition("<table")[2]
    )


@pytest.mark.parametrize("query", ["kind=a'b", "before=0", "since=x", "alarm=" + "x" * 99])
def test_a_filter_of_the_record_that_is_none_is_refused(anna, query):
    assert anna.get(f"/record?{query}").status_code == 422


def test_the_whole_record_leaves_the_house_with_a_chain_that_fits(rig, anna):
    answer = anna.post("/record/export")
    count, head, why = walk(answer.text.splitlines())
    before, taken = rig.entries()[-2:]
    assert (why, count, head) == (None, before.number, before.hash)
    assert (taken.kind, json.loads(taken.body)) == ("record_exported", {"entries": count, "head": head})
    assert "卫生间" not in answer.text


# ------------------------------------------------------------------------------------------------ who may


def test_a_stranger_gets_nothing(rig):
    stranger = rig.app.test_client()
    for path in ("/review", f"/review/{rig.late}", "/record", "/review/print"):
        assert stranger.get(path).status_code in {302, 303}
    for path in ("/api/v1/review", f"/api/v1/review/{rig.late}", "/api/v1/record/verify"):
        assert stranger.get(path).status_code == 401


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        ("operator", set()),
        ("installer", set()),
        ("administrator", {"see"}),
        ("manager", {"see", "export"}),
        ("reviewer", {"see", "export", "review"}),
    ],
)
def test_each_role_may_what_the_table_says(rig, anna, roles, may):
    rig.limit_to(ANNA, roles=roles)
    asked = {
        "see": anna.get("/review").status_code, "export": anna.post("/record/export").status_code,
        "review": anna.post(f"/review/{rig.late}/findings", data={"cause": "in_order"}).status_code,
    }  # fmt: skip
    assert {name for name, status in asked.items() if status != 403} == may
    assert set(asked.values()) <= {200, 303, 403}


def test_another_station_is_not_there(rig, anna):
    rig.limit_to(ANNA, roles="reviewer", stations=("S2",))
    assert f"/review/{rig.late}" not in anna.get("/review?stage=any").text
    assert f"/review/{rig.well}" in anna.get("/review?stage=any").text
    finding = {"cause": "in_order"}
    answers = [
        anna.get(f"/review/{rig.late}"), anna.post(f"/review/{rig.late}/findings", data=finding),
        anna.post(f"/review/{rig.late}/sign"), anna.get(f"/api/v1/review/{rig.late}"),
        anna.post(f"/api/v1/review/{rig.late}/findings", json=finding), anna.post("/record/export"),
    ]  # fmt: skip
    assert [each.status_code for each in answers] == [404] * len(answers)
    assert sheet(anna.post("/review/export", data={"kind": "xlsx", "stage": "any"})).worksheets[0].max_row == 4
    assert {each["alarm"] for each in anna.get("/api/v1/record").json["items"]} == {rig.well}
    assert rig.reads == []


# ------------------------------------------------------------------------------------------------ on the wire


def test_programs_do_everything_that_pages_do(rig, anna):
    [item] = anna.get("/api/v1/review?stage=waiting").json["items"]
    assert (item["alarm_id"], item["breaches"], item["name"]) == (rig.late, ["on_site"], "王*英")
    [found] = anna.post("/api/v1/review/search", json={"text": "卫生间"}).json["items"]
    assert found["alarm_id"] == rig.late
    made = anna.post(
        f"/api/v1/review/{rig.late}/findings", json={"cause": "other", "text": "x", "follow_up_on": "2026-11-21"}
    )
    assert (made.status_code, made.json["stage"]) == (201, "found")
    [due] = anna.get("/api/v1/review/follow-ups").json["items"]
    boris = rig.browser(BORIS)
    seen = {"seen": made.json["act_number"]}
    assert boris.post(f"/api/v1/review/{rig.late}/sign", json={"seen": 1}).status_code == 409
    assert boris.post(f"/api/v1/review/{rig.late}/sign", json=seen).json["stage"] == "signed"
    done = boris.post(f"/api/v1/review/{rig.late}/findings/{due['id']}/done", json={})
    assert done.json["findings"][0]["done_by"] == rig.people[BORIS]
    anna.post("/api/v1/record/verify")
    rig.verifier._thread.join()
    assert anna.get("/api/v1/record/verify").json["state"] == "whole"


def test_a_key_reads_masked_and_signs_nothing(rig):
    key = rig.machine()
    story = key.get(f"/api/v1/review/{rig.late}").json
    assert [each["note"] for each in story["timeline"] if each["note_hash"]] == [None]
    assert key.get("/api/v1/review?limit=1").json["next"]
    assert key.post(f"/api/v1/review/{rig.late}/findings", json={"cause": "in_order"}).status_code == 401
    assert rig.machine("signals").get("/api/v1/review").status_code == 403


def test_a_finding_posted_twice_with_one_key_is_one(rig, anna):
    send = {"json": {"cause": "in_order"}, "headers": {"Idempotency-Key": "k1"}}
    answers = [anna.post(f"/api/v1/review/{rig.late}/findings", **send) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert kinds(rig).count("finding_made") == 1


def test_the_record_on_the_wire_is_narrowed_by_kind_person_alarm_and_time(rig, anna):
    def numbers(query):
        return [each["number"] for each in anna.get(f"/api/v1/record?{query}").json["items"]]

    closed = [each.number for each in rig.entries() if each.kind == "closed"]
    assert numbers("kind=closed") == closed
    assert numbers(f"kind=closed&alarm={rig.late}") == closed[:1]
    assert numbers("kind=closed&since=2026-11-21T00:00:00%2B08:00") == closed
    assert numbers("kind=closed&until=2026-11-21T00:00:00%2B08:00") == []
    assert numbers(f"by={rig.people[DESK].replace(':', '%3A')}&after={closed[0]}")[-1] == closed[1]
    assert numbers(f"after={2**63 - 1}") == []
    first = anna.get("/api/v1/record?limit=2")
    assert first.json["next"] == "2"
    assert 'rel="next"' in first.headers["Link"]
