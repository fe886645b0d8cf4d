"""Reports in a real browser: both languages, phone and desk, dark, no script; two clicks to last month's Excel."""

import io
from collections.abc import Iterator

import openpyxl
import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.rights import DISTRICT
from tests.builders import LOGIN, PASSWORD
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.reports_rig import Reports

PHONE, DESK = {"width": 320, "height": 640}, {"width": 1366, "height": 768}


@pytest.fixture(scope="module", params=["zh", "en"])
def served(request, tmp_path_factory) -> Iterator[tuple[Reports, str, str]]:
    rig = Reports(tmp_path_factory.mktemp("reports"), lang=request.param)
    for late in range(6):
        rig.played(accept_s=10 + late * 5, arrive_s=500 + late * 150)
    rig.played("H2", arrive_s=None, outcome=Outcome.FALSE_ALARM)
    rig.line("satisfaction", score=5, of=5, team="T1")
    rig.to_next_month()
    with Site(rig.app) as site:
        yield rig, site.url, request.param
    rig.close()


def signed_in(chromium, base, lang, size, **more):
    locale = {"zh": "zh-CN", "en": "en-GB"}[lang]
    context = chromium.new_context(viewport=size, locale=locale, bypass_csp=more.pop("bypass_csp", False), **more)
    page = context.new_page()
    page.goto(f"{base}/login")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{base}/reports")
    return context, page


def test_last_months_excel_is_two_clicks_from_the_menu_without_a_script(chromium, served):
    _, base, lang = served
    context, page = signed_in(chromium, base, lang, DESK, java_script_enabled=False)
    page.locator(".menu.nav summary").click()
    page.locator(".menu.nav a[href='/reports']").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    assert download.value.suggested_filename.endswith("2026-11_v1.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    assert len(book.sheetnames) >= 6
    context.close()


@pytest.mark.parametrize(
    ("served", "size", "scheme"), [("zh", PHONE, "light"), ("en", DESK, "dark")], ids=["zh-phone", "en-dark"],
    indirect=["served"],
)  # fmt: skip
def test_axe_finds_nothing_and_nothing_sticks_out(chromium, served, size, scheme):
    _, base, lang = served
    context, page = signed_in(chromium, base, lang, size, bypass_csp=True, color_scheme=scheme)
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for path in ("/reports", "/reports/calls?figure=onsite_rate&show=missed", "/reports/print"):
        answer = page.goto(base + path)
        assert answer is not None
        assert answer.ok, answer.status
        assert (page.locator("img").count() > 0) == ("calls" not in path)
        for picture in page.locator("img").all():
            assert picture.evaluate("each => each.complete && each.naturalWidth > 0"), picture.get_attribute("src")
            assert picture.get_attribute("alt")
        found = violations(page)
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
        if "print" not in path:
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert errors == []
    assert all(url.startswith((base, "data:")) for url in asked), "nothing comes from elsewhere"
    context.close()


def test_a_number_opens_its_alarms_and_the_charts_are_dark_in_the_dark(chromium, served):
    rig, base, lang = served
    context, page = signed_in(chromium, base, lang, DESK, color_scheme="dark")
    assert "theme=dark" in page.locator("#trend img").first.evaluate("each => each.currentSrc")
    page.locator(".kpi a").first.click()
    numbers = page.locator("tbody th a")
    assert numbers.count() == rig.figures.report("2026-11", DISTRICT)["figures"]["calls_valid"]["n"]
    assert numbers.first.get_attribute("href").startswith("/alarms/")
    context.close()
