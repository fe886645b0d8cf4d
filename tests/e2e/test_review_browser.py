"""The response log in a real browser: from the queue to the second person's signature, and out of the house in two."""

from collections.abc import Iterator

import openpyxl
import pytest
from playwright.sync_api import Page

from tests.builders import PASSWORD
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.log_rig import ANNA, BORIS, LogRig

PHONE, DESKTOP = {"width": 320, "height": 640}, {"width": 1366, "height": 768}


class Served:
    """A log behind a server, with a case that waits and one that is in order."""

    def __init__(self, folder, lang):
        self.rig = LogRig(folder, lang=lang)
        self.late = self.rig.live_through(resident="R1", there_s=1200, closed_s=1300, note="在卫生间摔倒，已扶起")
        self.rig.live_through("H9", resident="R9")
        self.rig.follow()
        self._site = Site(self.rig.app).__enter__()
        self.url = self._site.url

    def close(self):
        self._site.__exit__()
        self.rig.close()


PLACES = pytest.mark.parametrize(
    ("served", "size", "scheme"),
    [("zh", DESKTOP, "light"), ("en", PHONE, "dark")],
    indirect=["served"],
    ids=["desk", "phone"],
)
"""Each language, width and scheme once."""


@pytest.fixture
def served(request, tmp_path) -> Iterator[Served]:
    running = Served(tmp_path, getattr(request, "param", "zh"))
    yield running
    running.close()


def signed_in(chromium, served, login, size, **more) -> Page:
    context = chromium.new_context(viewport=size, **more)
    page = context.new_page()
    page.errors = []
    page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{served.url}/login?next=/review")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.main")
    page.goto(f"{served.url}/review")
    return page


def fits(page: Page, size) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    found = violations(page)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []


@PLACES
def test_from_the_queue_to_the_second_signature_without_a_script(chromium, served, size, scheme):
    anna = signed_in(chromium, served, ANNA, size, java_script_enabled=False, color_scheme=scheme)
    anna.click(f'table a[href="/review/{served.late}"]')
    anna.select_option("[name=cause]", "carer_late")
    anna.select_option("[name=measure]", "talk")
    anna.fill("textarea[name=text]", "路上堵车，改走小路")
    anna.click("form[action$='/findings'] button")
    assert anna.locator(".finding").count() == 1
    assert anna.locator("form[action$='/sign']").count() == 0
    boris = signed_in(chromium, served, BORIS, size, java_script_enabled=False)
    boris.click(f'table a[href="/review/{served.late}"]')
    boris.click("form[action$='/sign'] button")
    boris.goto(f"{served.url}/review")
    assert boris.locator(f'table a[href="/review/{served.late}"]').count() == 0
    assert [each.kind for each in served.rig.entries()].count("review_signed") == 1
    for page in (anna, boris):
        page.context.close()


@PLACES
def test_every_page_fits_and_axe_finds_nothing(chromium, served, size, scheme):
    page = signed_in(chromium, served, ANNA, size, color_scheme=scheme, bypass_csp=True)
    for path in ("/review", "/review?stage=any&since=2026-11-01", "/review?resident=nobody", f"/review/{served.late}",
                 "/record", "/review/print?stage=any"):  # fmt: skip
        page.goto(served.url + path)
        fits(page, size)
    assert page.errors == []
    page.context.close()


def test_excel_and_the_proof_take_two_clicks_each(chromium, served, tmp_path):
    page = signed_in(chromium, served, ANNA, DESKTOP)
    page.click(".nav summary")
    page.click('.nav a[href="/review"]')
    with page.expect_download() as waiting:
        page.click("button[value=xlsx]")
    waiting.value.save_as(tmp_path / "t.xlsx")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0].max_row == 4
    page.goto(f"{served.url}/record")
    page.click("form[action='/record/verify'] button")
    page.wait_for_selector("#verified.good")
    page.context.close()
