"""The report pages and their files, as a reviewer, a manager of one station and a program meet them."""

import io
import re
import shutil
import subprocess

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import event

from config.recompute_figures import recount
from config.records import export
from dispatch.figures import counted
from dispatch.rules.alarm import Outcome
from dispatch.rules.rights import DISTRICT, Role
from dispatch.store.record import Record
from dispatch.web.reports import excel, pdf
from dispatch.web.reports.labels import FIGURES, PARTS
from tests.integration.reports_rig import Reports
from tests.need import need

MONTH = "2026-11"


@pytest.fixture
def rig(tmp_path):
    rig = Reports(tmp_path)
    rig.played(arrive_s=600)
    rig.played(arrive_s=1000)
    rig.played("H2", arrive_s=None, outcome=Outcome.FALSE_ALARM)
    rig.line("satisfaction", score=5, of=5, team="T1")
    rig.to_next_month()
    yield rig.signed_in()
    rig.close()


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def post(rig, path, **values):
    form = {"csrf_token": token(rig.client.get("/reports").text), **values}
    return rig.client.post(path, data=form, headers={"Sec-Fetch-Site": "same-origin"})


def test_the_other_program_counts_what_a_played_month_shows(rig):
    told = rig.client.get("/api/v1/reports/kpi").json
    out = io.StringIO()
    export(rig.world.reading, out)
    assert recount(out.getvalue().splitlines(), told) == told
    assert told["month"] == MONTH, "last month by default"
    assert told["figures"]["onsite_15_rate"] == {"k": 1, "n": 3, "rate": 0.3333}
    assert set(FIGURES) == set(told["figures"]), "every figure has a name, every name a figure"
    assert set(PARTS) == set(told["by"])


def _first(rig):
    return rig.client.get("/api/v1/reports/calls").json["items"][0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_there_in_both_languages(rig, lang):
    rig.client.set_cookie("anling_lang", lang)
    for path in ("/reports", "/reports/print", "/reports?month=2026-12", "/reports/calls?figure=onsite_p90"):
        answer = rig.client.get(path)
        assert answer.status_code == 200, path
        assert "<script" not in answer.text.replace("</script", "")
    chart = rig.client.get("/reports/chart/hours.svg")
    assert chart.mimetype == "image/svg+xml"
    assert b"<script" not in chart.data
    assert "style-src 'unsafe-inline'" in chart.headers["Content-Security-Policy"]


ODD = {
    "/reports?month=2026-13": 422, "/reports?month=x": 422, "/reports?month=9999-12": 422,
    "/reports/calls?figure=nothing": 422, "/reports/calls?part=door&of=3": 422,
    "/reports/calls?show=x": 422, "/reports/calls?page=-1": 200, "/reports/calls?page=99999999": 200,
    "/reports/chart/x.svg": 404, "/reports/chart/hours.svg?theme=x": 404,
    "/api/v1/reports/kpi?month=2026-00": 422, "/api/v1/reports/calls?figure=x": 422,
    "/api/v1/reports/trend?month=0001-01": 422, "/reports/monthly.xlsx?month=2031-01": 200,
}  # fmt: skip


def test_what_makes_no_sense_is_refused_and_breaks_nothing(rig):
    assert {path: rig.client.get(path).status_code for path in ODD} == ODD


def test_a_number_opens_its_alarms(rig):
    told = rig.client.get("/api/v1/reports/kpi").json
    ids = {name: rig.client.get(f"/api/v1/reports/calls?figure=onsite_15_rate&show={name}").json["items"]
           for name in ("met", "missed", "all")}  # fmt: skip
    assert {name: len(each) for name, each in ids.items()} == {"met": 1, "missed": 2, "all": 3}
    assert sorted(ids["met"] + ids["missed"]) == sorted(ids["all"])
    page = rig.client.get("/reports/calls?figure=onsite_15_rate&show=missed").text
    assert all(f"/alarms/{each}" in page for each in ids["missed"])
    station = told["by"]["station"][0]["of"]
    listed = rig.client.get(f"/api/v1/reports/calls?part=station&of={station}").json
    assert listed["count"] == told["by"]["station"][0]["figures"]["calls_total"]["n"]


# ------------------------------------------------------------------------------------------------ signing


def test_what_was_signed_stays_and_shows_when_the_figures_have_changed(rig):
    page = rig.client.get("/reports").text
    digest = re.search(r'name="digest" value="(\w+)"', page)[1]
    assert post(rig, "/reports/sign", month=MONTH, digest=digest).status_code == 303
    signed = rig.client.get(f"/api/v1/reports/signed?month={MONTH}").json["items"]
    assert [(each["digest"], each["differs"]) for each in signed] == [(digest, [])]
    assert "王芳" in rig.client.get("/reports").text
    with rig.world.reading.connect() as connection:
        lines = Record(connection).after(0, 10_000)
    (line,) = [each for each in lines if each.kind == "report_signed"]
    assert line.by.startswith("operator:")
    assert digest in line.body
    alarm = rig.client.get("/api/v1/reports/calls?figure=false_alarms").json["items"][0]
    rig.world.desk.emergency_called(alarm, reference="1", by=line.by)
    (after,) = rig.client.get(f"/api/v1/reports/signed?month={MONTH}").json["items"]
    assert "figures.linked_120.n" in after["differs"]
    assert after["figures"] == signed[0]["figures"]
    again = post(rig, "/reports/sign", month=MONTH, digest=digest)
    assert again.status_code == 409, "somebody who looked at other figures does not sign these"


def test_a_program_on_behalf_of_a_person_signs_once_and_no_machine_does(rig):
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRFToken": token(rig.client.get("/reports").text),
               "Idempotency-Key": "k1"}  # fmt: skip
    answers = [rig.client.post("/api/v1/reports/signed", json={"month": MONTH}, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert len(rig.client.get(f"/api/v1/reports/signed?month={MONTH}").json["items"]) == 1
    key = rig.keys.new_key("bureau", "read reports")
    alone = rig.app.test_client()
    refused = alone.post("/api/v1/reports/signed", json={"month": MONTH}, headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code in {401, 403}


def test_a_month_that_is_not_over_is_not_signed(rig):
    assert post(rig, "/reports/sign", month="2026-12", digest="x").status_code == 409
    assert rig.client.post("/reports/sign", data={"month": MONTH}).status_code in {400, 403}


def test_who_works_for_one_station_sees_it_alone_and_signs_nothing(rig):
    station = rig.client.get("/api/v1/reports/kpi").json["by"]["station"][0]["of"]
    _only(rig, (Role.REVIEWER,), station)
    told = rig.client.get("/api/v1/reports/kpi").json
    assert told["stations"] == [station]
    assert [row["of"] for row in told["by"]["station"]] == [station]
    assert post(rig, "/reports/sign", month=MONTH, digest="x").status_code == 403
    assert rig.client.get("/reports").status_code == 200
    _only(rig, (Role.REVIEWER,), "elsewhere")
    assert rig.client.get("/api/v1/reports/kpi").json["figures"]["calls_total"]["n"] == 0
    assert rig.client.get("/api/v1/reports/calls").json["count"] == 0
    _only(rig, (Role.OPERATOR,), "")
    assert rig.client.get("/reports").status_code == 403
    assert rig.client.get("/reports/monthly.xlsx").status_code == 403


def _only(rig, roles, station):
    """What an administrator would set."""
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE operators SET roles = ?, stations = ?", (" ".join(map(str, roles)), station))


def test_a_program_reads_with_its_key(rig):
    key = rig.keys.new_key("bureau", "read")
    stranger = rig.app.test_client()
    answer = stranger.get("/api/v1/reports/kpi", headers={"Authorization": f"Bearer {key}"})
    assert answer.json["figures"]["calls_total"]["n"] == 3
    wrong = rig.keys.new_key("other", "signals")
    assert stranger.get("/api/v1/reports/kpi", headers={"Authorization": f"Bearer {wrong}"}).status_code == 403


# ------------------------------------------------------------------------------------------------ files


def test_the_workbook_is_read_by_two_programs_and_has_no_formula(rig):
    content = rig.client.get("/reports/monthly.xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(content))
    other = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheetnames == other.sheet_names
    assert "说明" in book.sheetnames
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    calls = book["明细"]
    assert calls["A1"].value.endswith(MONTH)
    rows = list(calls.iter_rows(min_row=4, values_only=True))
    assert len(rows) == 4
    assert rows[-1][:2] == ("合计", 3)
    assert {type(row[9]) for row in rows[:3]} <= {int, float, str, type(None)}
    figures = {row[0]: row[1] for row in book["汇总"].iter_rows(min_row=4, values_only=True)}
    assert figures["呼叫总数"] == 3
    assert figures["15 分钟内到场率"] == pytest.approx(0.3333)
    head = rig.client.get("/api/v1/reports/kpi").json["head"]["hash"]
    assert any(head in str(row[1]) for row in book["说明"].iter_rows(values_only=True))


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_becomes_a_formula(evil):
    assert excel.guarded(evil) == f"'{evil}"
    assert excel.guarded("红星里-3") == "红星里-3"


def test_rows_that_do_not_add_up_are_not_given_out(rig):
    report = rig.figures.report(MONTH, DISTRICT)
    calls = rig.figures.calls(MONTH, DISTRICT)
    maker = excel.Maker(district="x", by="y", at=rig.world.clock.now())
    said = type("Said", (), {"gettext": lambda self, text, **values: text % values if values else text})()
    with pytest.raises(excel.Uneven):
        excel.workbook(report, calls[1:], {}, names={}, said=said, maker=maker, zone=rig.figures.zone)


@pytest.mark.parametrize(("lang", "words"), [("zh", "应急呼叫月报"), ("en", "Monthly report of emergency calls")])
def test_the_pdf_has_real_text_and_its_own_fonts(rig, tmp_path, lang, words):
    need(pdf.is_possible(), "Pango not found: apt install libpango-1.0-0 libpangoft2-1.0-0")
    need(shutil.which("pdftotext"), "pdftotext not found: apt install poppler-utils")
    rig.client.set_cookie("anling_lang", lang)
    file = tmp_path / "report.pdf"
    file.write_bytes(rig.client.get("/reports/monthly.pdf", headers={"Accept-Language": lang}).data)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert words in text
    assert "示范区" in text
    fonts = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts
    assert all("Noto" in line and line.split()[-5] == "yes" for line in fonts), "embedded, and Noto in the margins too"


def test_without_pango_the_page_says_print_from_the_browser(rig, monkeypatch):
    monkeypatch.setattr(pdf, "is_possible", lambda: False)
    assert "monthly.pdf" not in rig.client.get("/reports").text
    answer = rig.client.get("/reports/monthly.pdf")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/reports/print?month={MONTH}")


def test_the_page_loads_no_library_of_pdfs_and_one_that_does_not_load_leads_to_the_browser(rig, monkeypatch):
    loaded = []
    monkeypatch.setattr(pdf, "_weasyprint", lambda: loaded.append(1))
    need(pdf.is_possible(), "WeasyPrint or Pango not found: apt install libpango-1.0-0")
    loaded.clear()
    pdf.is_possible.cache_clear()
    assert "monthly.pdf" in rig.client.get("/reports").text
    assert loaded == []
    answer = rig.client.get("/reports/monthly.pdf")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/reports/print?month={MONTH}")
    assert loaded == [1]


def test_last_month_is_counted_before_anybody_asks(rig):
    rig.figures.keep_ready()
    asked = []
    event.listen(rig.world.reading, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert rig.figures.report(MONTH, DISTRICT)
    assert asked
    assert not any("ORDER BY r.at" in each for each in asked)


def test_the_months_of_the_trend_are_counted_before_anybody_asks_and_leave_last_months_calls(rig, monkeypatch):
    asked, slow_s, gathers = [], [1.0], counted.gather

    def slowly(*told):
        asked.append(told[1])
        rig.world.clock.advance(slow_s[0])
        return gathers(*told)

    monkeypatch.setattr(counted, "gather", slowly)
    rig.figures.keep_ready()
    rig.figures.keep_ready()
    assert len(asked) == 2, "a month that takes long is counted by itself"
    monkeypatch.setattr(rig.figures, "_count_behind", lambda months, area: behind.extend(months))
    behind: list[str] = []
    # A page that would wait for long counts nothing itself.
    known = [told is not None for _, told in rig.figures.trend(rig.figures.last_month(), DISTRICT)]
    assert (len(asked), known, len(behind)) == (2, [False] * 10 + [True] * 2, 10)
    slow_s[0] = 0.0
    rig.figures.keep_ready()
    assert len(asked) == counted.YEAR
    assert all(told for _, told in rig.figures.trend(rig.figures.last_month(), DISTRICT))
    rig.figures.calls(rig.figures.last_month(), DISTRICT)
    assert len(asked) == counted.YEAR


def test_what_is_kept_waits_for_no_other_count(rig):
    figures = rig.figures
    month = figures.last_month()
    kept = figures.report(month, DISTRICT)
    with figures._counting:
        # Somebody counts another month, for as long as it takes.
        assert figures.report(month, DISTRICT) is kept
        assert isinstance(figures.calls(month, DISTRICT), list)
