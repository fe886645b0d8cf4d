"""History, handover, map, wall, duty sheet and paper, by a browser without a script."""

import json
import os
import re
import stat
import subprocess
import sys
from datetime import timedelta

import pytest

from dispatch.dark.sheets import NAME
from dispatch.rules.rights import Area, Role
from dispatch.rules.signal import Cause
from dispatch.store.people import homes
from tests.architecture.tree import ROOT
from tests.builders import DISTRICT
from tests.integration.board_rig import PASSWORD, BoardRig
from tests.integration.test_board_pages import EVIL, HAN, LATIN, Words
from tests.integration.test_claims import api, entered

PAGES = ("/alarms", "/map", "/wall", "/handover", "/sheet", "/paper")


@pytest.fixture
def rig(tmp_path):
    built = BoardRig(tmp_path)
    built.second = built.sign_in.add_operator("linaaa", "李娜", PASSWORD)
    yield built
    built.close()


@pytest.fixture
def wang(rig):
    return entered(rig, "wangfang")


@pytest.fixture
def li(rig):
    return entered(rig, "linaaa")


def post(browser, path, **form):
    return browser.post(path, data={"csrf_token": browser.token, **form})


def local(rig, minutes_ago):
    at = rig.world.clock.now() - timedelta(minutes=minutes_ago)
    return at.astimezone(rig.world.calendar.tzinfo).strftime("%Y-%m-%dT%H:%M")


def last_of(rig, kind):
    with rig.world.reading.connect() as connection:
        rows = connection.exec_driver_sql("SELECT body FROM entries WHERE kind = ? ORDER BY number", (kind,)).all()
    return [json.loads(row[0]) for row in rows]


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_sign_in(rig, path):
    assert rig.app.test_client().get(path).status_code == 303


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.INSTALLER, Role.ADMINISTRATOR])
def test_the_sheet_is_for_those_on_watch(rig, role):
    rig.sign_in.add_operator("other1", "他人", PASSWORD, roles=frozenset({role}))
    browser = rig.app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login").text)[1]
    browser.post("/login", data={"login": "other1", "password": PASSWORD, "csrf_token": token})
    for path in ("/sheet", "/paper", "/handover"):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize(("lang", "strange"), [("zh", LATIN), ("en", HAN)])
def test_no_page_mixes_its_languages(rig, wang, lang, strange):
    rig.press("H1", "R1")
    wang.set_cookie("anling_lang", lang)
    known = ("English", "Smith", "paper", "中文", "王", "李", "张", "赵", "柏林", "红星", "示范区", "钥匙盒")
    for path in PAGES:
        words = [word for text in Words(wang.get(path).text).found for word in strange.findall(text)]
        assert {word for word in words if not any(name in word for name in known)} == set(), path


# ------------------------------------------------------------------------------------------------ history


def test_history_is_filtered_by_day_state_cause_and_name(rig, wang):
    first = rig.press("H1", "R1", Cause.FALL)
    api(wang, f"{first}/close", outcome="helped")
    second = rig.press("H2", "R2")
    number = {each: rig.world.alarm(each).number for each in (first, second)}

    def listed(query):
        page = wang.get(f"/alarms?{query}").text
        return [name for name in number.values() if f">{name}</a>" in page]

    assert listed("") == [number[first], number[second]]
    assert listed("state=closed") == [number[first]]
    assert listed("cause=press") == [number[second]]
    assert listed("outcome=helped&q=柏林") == [number[first]]
    assert listed("q=张桂兰") == [number[second]]
    assert listed("q=%25") == []
    assert listed(f"q={number[second]}") == [number[second]]
    assert listed("from=2026-11-21&to=2026-11-21") == [number[first], number[second]]
    assert listed("to=2026-11-20") == []
    assert listed("from=2026-11-22") == []
    assert listed(f"by=operator:{rig.operator.id}") == [number[first]]


@pytest.mark.parametrize("query", ["from=yesterday", "state=lost", "cause=x", "cursor=abc", "to=0001-01-01"])
def test_a_filter_that_makes_no_sense_is_refused(wang, query):
    assert wang.get(f"/alarms?{query}").status_code == 422


def test_history_goes_on_page_by_page_without_a_gap_or_a_repeat(rig, wang, monkeypatch):
    monkeypatch.setattr("dispatch.web.history.PAGE", 3)
    made = []
    for _ in range(8):
        alarm_id = rig.press("H1", "R1")
        api(wang, f"{alarm_id}/close", outcome="test")
        made.append(rig.world.alarm(alarm_id).number)
    seen, path = [], "/alarms?state=closed"
    while path:
        page = wang.get(path).text
        seen += re.findall(r'<a class="number" href="/alarms/\w+">([^<]+)</a>', page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        path = more[1].replace("&amp;", "&") if more else None
    assert seen == made[::-1]


# ------------------------------------------------------------------------------------------------ whose it is


@pytest.fixture
def elsewhere(rig):
    """Somebody who works for another station than that of the first home."""
    rig.world.load('[district]\nname = "示范区"\n[[stations]]\ncode = "S2"\nname = "西站"\n')
    area = Area(frozenset({rig.world.id_of_station("S2")}))
    rig.sign_in.add_operator("westie", "西西", PASSWORD, area=area)
    with rig.world.writing.begin() as connection:
        connection.execute(homes.update().values(station_id=rig.world.id_of_station("S1")))
    return entered(rig, "westie")


def test_another_stations_alarms_homes_and_people_are_not_there(rig, elsewhere):
    alarm_id = rig.press("H1", "R1")
    assert rig.world.alarm(alarm_id).station_id == rig.world.id_of_station("S1")
    for path in ("/board", "/alarms", "/map", "/map.json", "/wall", "/wall.json", "/handover", "/sheet", "/paper"):
        page = elsewhere.get(path).text
        for private in ("柏林小区", "王秀英", "李护理", "钥匙盒", rig.world.alarm(alarm_id).number):
            assert private not in page, (path, private)
    assert elsewhere.get(f"/alarms/{alarm_id}").status_code == 404
    assert post(elsewhere, "/paper", alarm=alarm_id, closed_at=local(rig, 0), outcome="test").status_code == 422
    slip = {"home": "H1", "raised_at": rig.world.clock.now().isoformat()}
    answer = elsewhere.post("/api/v1/paper", json=slip, headers={"X-CSRFToken": elsewhere.token})
    assert (answer.status_code, list(answer.json["errors"]["json"])) == (422, ["home"])
    assert rig.world.alarm(alarm_id).open


# ------------------------------------------------------------------------------------------------ map and wall


def test_the_map_knows_what_is_open_and_who_is_on_duty(rig, wang):
    alarm_id = rig.press("H1", "R1", Cause.FALL)
    told = wang.get("/map.json").json
    assert [(each["id"], each["shape"], each["where"]) for each in told["alarms"]] == [
        (alarm_id, "◆", "柏林小区 3-2-501")
    ]
    assert {each["name"] for each in told["carers"]} == {"李护理", "王护理", "Smith"}
    assert [each["name"] for each in told["streets"]] == ["柏林小区", "红星里"]
    assert "李护理" in wang.get("/map").text


def test_the_wall_shows_no_name_no_door_and_no_number(rig, wang):
    rig.press("H1", "R1", Cause.FALL)
    for path in ("/wall", "/wall/live", "/wall.json"):
        page = wang.get(path).text
        assert "柏林小区" in page
        for private in ("3-2-501", "王秀英", "李护理", "钥匙盒", "1380000"):
            assert private not in page, (path, private)
    assert wang.get("/wall.json").json["carers"] == []
    assert wang.get("/wall.json").json["homes"] == []


# ------------------------------------------------------------------------------------------------ handover


def test_the_watch_is_signed_by_two_and_claims_go_along(rig, wang, li):
    mine, free = rig.press("H1", "R1"), rig.press("H2", "R2")
    api(wang, f"{mine}/take")
    assert post(wang, "/handover", note="东里停电，留意").status_code == 303
    page = li.get("/handover").text
    assert "东里停电，留意" in page
    assert rig.world.alarm(mine).number in page
    id_ = re.search(r'action="/handover/(\w+)/take"', page)[1]
    assert 'action="/handover/' not in wang.get("/handover").text.replace('action="/handover"', "")
    assert post(wang, f"/handover/{id_}/take").status_code == 409
    assert post(li, f"/handover/{id_}/take").status_code == 303
    assert post(li, f"/handover/{id_}/take").status_code == 409
    assert rig.world.kinds(mine)[-1] == "claim_passed_on"
    assert "claim_passed_on" not in rig.world.kinds(free)
    assert rig.claiming.of(mine)[0].by == f"operator:{rig.second.id}"
    assert last_of(rig, "watch_handed_over")[0]["open"] == 2
    assert len(last_of(rig, "watch_taken")) == 1
    assert NAME.fullmatch(last_of(rig, "sheet_filed")[0]["file"])


def test_a_handover_stands_although_its_sheet_cannot_be_written(rig, wang):
    (rig.world.path / "sheets").write_text("in the way")
    assert post(wang, "/handover", note="").status_code == 303
    assert len(last_of(rig, "watch_handed_over")) == 1


def test_an_unknown_handover_is_not_there(wang):
    assert post(wang, "/handover/nothing/take").status_code == 404


# ------------------------------------------------------------------------------------------------ the duty sheet


def test_the_sheet_has_what_is_needed_in_the_dark_and_who_saw_it_is_known(rig, wang):
    rig.press("H1", "R1")
    page = wang.get("/sheet").text
    for needed in ("柏林小区 3-2-501", "钥匙盒 4711", "王女士", "13800000201", "李护理", "13800000001",
                   "柏林颐养驿站", "120", "119", "110", "13800000009"):  # fmt: skip
        assert needed in page
    assert "+86" not in page, "a telephone on a desk has no plus"
    assert last_of(rig, "sheet_shown") == [{"homes": 2}]


def test_a_sheet_is_filed_at_each_change_of_shift_for_nobody_elses_eyes(rig):
    filing, folder = rig.console.filing, rig.world.path / "sheets"
    filing.check()
    filing.check()
    filed = sorted(folder.iterdir())
    assert len(filed) == 1
    assert stat.S_IMODE(filed[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    page = filed[0].read_text(encoding="utf-8")
    assert "钥匙盒 4711" in page
    assert "值班单" in page
    assert re.findall(r'(?:src|href)="', page) == []
    rig.world.clock.advance(16 * 3600 + 1)
    filing.check()
    assert len(list(folder.iterdir())) == 2


def test_old_sheets_are_deleted_and_foreign_files_left(rig):
    folder = rig.world.path / "sheets"
    for _ in range(4):
        rig.console.filing.file()
        rig.world.clock.advance(86400)
    (folder / "mine.html").write_text("x")
    rig.world.clock.advance(3 * 86400)
    rig.console.filing.file()
    names = sorted(each.name for each in folder.iterdir())
    assert len([name for name in names if NAME.fullmatch(name)]) == 2
    assert "mine.html" in names


def test_hostile_names_stay_text_on_paper(tmp_path):
    rig = BoardRig(tmp_path, district=DISTRICT.replace("王女士", "<script>window.pwned=1</script>"))
    try:
        page = rig.console.filing.file().read_text(encoding="utf-8")
        assert "<script" not in page
        assert "&lt;script&gt;" in page
    finally:
        rig.close()


def test_the_command_prints_the_sheet_while_the_service_does_not_run(rig):
    out = rig.world.path / "sheet.html"
    command = [sys.executable, "-m", "config.main", "sheet", "--out", str(out)]
    environment = {**os.environ, "ANLING_HOME": str(rig.world.path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "钥匙盒 4711" in out.read_text(encoding="utf-8")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


# ------------------------------------------------------------------------------------------------ paper


def test_a_whole_case_on_paper_keeps_both_times_and_asks_nobody(rig, wang):
    answer = post(
        wang, "/paper", home="H1", cause="fall", raised_at=local(rig, 90), person=rig.world.carer("C1"),
        accepted_at=local(rig, 88), arrived_at=local(rig, 70), proof="voice", closed_at=local(rig, 30),
        outcome="helped", note="停电时的来电",
    )  # fmt: skip
    assert answer.status_code == 303
    alarm_id = answer.location.rpartition("/")[2]
    alarm, now = rig.world.alarm(alarm_id), rig.world.clock.now()
    times = [alarm.raised_at, alarm.accepted_at, alarm.attended_at, alarm.closed_at]
    assert times == [now - timedelta(minutes=each) for each in (90, 88, 70, 30)]
    assert (alarm.outcome, alarm.state) == ("helped", "closed")
    told = rig.review.story(alarm_id, "zh")["timeline"]
    assert {each["at"] for each in told} == {now.isoformat()}
    assert [each["kind"] for each in told if not each["facts"].get("happened_at")] == ["raised"]
    assert [each["kind"] for each in told if each["version"]] == [
        "raised", "paper_dated", "accepted", "attended", "closed",
    ]  # fmt: skip
    rig.settle()
    assert [each for each in rig.world.messages(alarm_id) if each.state == "sent"] == []
    page = wang.get(f"/alarms/{alarm_id}").text
    assert "停电时的来电" in page
    assert page.count("发生于") == len(told) - 1


def test_what_is_still_open_on_paper_is_an_alarm_in_earnest(rig, wang):
    answer = post(wang, "/paper", home="H1", cause="press", raised_at=local(rig, 20))
    alarm_id = answer.location.rpartition("/")[2]
    alarm = rig.world.alarm(alarm_id)
    assert alarm.raised_at == rig.world.clock.now() - timedelta(minutes=20)
    rig.settle()
    assert rig.world.offers(alarm_id) != ()
    assert rig.world.alarm(alarm_id).state == "offered"


def test_one_who_said_yes_and_did_not_come_is_asked_after_at_once(rig, wang):
    alarm_id = rig.press("H1", "R1")
    rig.world.clock.advance(40 * 60)
    form = {"alarm": alarm_id, "person": rig.world.carer("C2"), "accepted_at": local(rig, 39)}
    assert post(wang, "/paper", **form).status_code == 303
    assert rig.world.alarm(alarm_id).due_at == rig.world.clock.now()
    rig.settle()
    assert "not_arrived" in rig.world.kinds(alarm_id)


def test_an_alarm_that_is_known_is_closed_with_the_time_it_ended(rig, wang):
    alarm_id = rig.press("H1", "R1")
    rig.world.clock.advance(3600)
    assert post(wang, "/paper", alarm=alarm_id, closed_at=local(rig, 20), outcome="nobody_home").status_code == 303
    assert rig.world.alarm(alarm_id).closed_at == rig.world.clock.now() - timedelta(minutes=20)
    again = post(wang, "/paper", alarm=alarm_id, closed_at=local(rig, 10), outcome="helped")
    assert again.status_code == 422
    assert rig.world.alarm(alarm_id).outcome == "nobody_home"


def test_a_note_on_a_slip_is_kept_whatever_else_it_says(rig, wang):
    alarm_id = rig.press("H1", "R1")
    rig.world.clock.advance(600)
    form = {"alarm": alarm_id, "person": rig.world.carer("C1"), "arrived_at": local(rig, 10), "note": "门开着"}
    assert post(wang, "/paper", **form).status_code == 303
    assert rig.world.alarm(alarm_id).attended_at == rig.world.alarm(alarm_id).raised_at
    assert "门开着" in wang.get(f"/alarms/{alarm_id}").text


def test_a_refused_slip_keeps_every_word_and_nothing_else(rig, wang):
    head = rig.review.head()
    answer = post(
        wang, "/paper", home="H1", raised_at=local(rig, -5), note="看不清的字", closed_at="morgen", outcome=""
    )
    assert answer.status_code == 422
    assert "看不清的字" in answer.text
    answer = post(wang, "/paper", home="H1", raised_at=local(rig, -5), note="看不清的字")
    assert "这个时间还没有到" in answer.text
    assert 'value="H1"' in answer.text
    assert "看不清的字" in answer.text
    assert rig.review.head() == head


def test_a_home_with_an_open_alarm_gets_no_second_one_from_paper(rig, wang):
    alarm_id = rig.press("H1", "R1")
    presses = rig.world.alarm(alarm_id).press_count
    answer = post(wang, "/paper", home="H1", raised_at=local(rig, 5), closed_at=local(rig, 1), outcome="helped")
    assert answer.status_code == 422
    assert "请写在那条告警上" in answer.text
    assert rig.world.alarm(alarm_id).press_count == presses
    assert rig.world.alarm(alarm_id).open


def test_a_program_types_nothing_in_and_a_person_does_so_once(rig, wang):
    key = {"X-CSRFToken": wang.token, "Idempotency-Key": "slip-1"}
    body = {"home": "H1", "raised_at": rig.world.clock.now().isoformat(), "cause": "fall"}
    answers = [wang.post("/api/v1/paper", json=body, headers=key) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert rig.app.test_client().post("/api/v1/paper", json=body).status_code == 401
    naive = wang.post(
        "/api/v1/paper", json={**body, "raised_at": "2026-11-21T10:00:00"}, headers={"X-CSRFToken": wang.token}
    )
    assert naive.status_code == 422


def test_whatever_is_written_on_paper_stays_text(rig, wang):
    alarm_id = rig.press("H1", "R1")
    post(wang, "/handover", note=EVIL[0])
    post(wang, "/paper", alarm=alarm_id, closed_at=local(rig, 0), outcome="helped", note=EVIL[1])
    refused = post(wang, "/paper", home=EVIL[1], note=EVIL[0], raised_at=EVIL[2])
    for page in (wang.get("/handover").text, wang.get(f"/alarms/{alarm_id}").text, refused.text):
        assert "<script>window" not in page
        assert "<img src=x" not in page
