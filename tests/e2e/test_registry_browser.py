"""Finding a resident from the board, counted in keys; and the pages of the registers under axe, wide and narrow."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dispatch.registry.leaving import Why
from dispatch.rules.absences import Kind
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.register_rows import HOMES, RESIDENTS, RegisterRows
from tests.e2e.axe import violations
from tests.e2e.test_board_browser import Served, Watched
from tests.integration.board_rig import LOGIN, PASSWORD, BoardRig
from tests.integration.registry_rig import at

NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1366, "height": 768}
KEYS_MAX = 6
"""`/`, 3–4 letters, Enter (ECOSYSTEM, 7.5)."""


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    rig = BoardRig(tmp_path_factory.mktemp("registry"))
    served = Served(rig)
    yield served
    served.stop()
    rig.close()


def signed_in(chromium, served, *, scheme="light", lang="zh", size=WIDE) -> Page:
    context = chromium.new_context(color_scheme=scheme, viewport=size, reduced_motion="reduce")
    context.add_cookies([{"name": "anling_lang", "value": lang, "url": served.url}])
    page = context.new_page()
    page.goto(f"{served.url}/login")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/board")
    return page


@pytest.mark.parametrize("keys", [["/", *"wxy", "Enter"], ["Control+k", *"0101", "Enter"]], ids=["initials", "phone"])
def test_a_caller_is_found_by_a_few_keys_and_the_board_stays_open(chromium, served, keys):
    assert len(keys) <= KEYS_MAX
    page = signed_in(chromium, served)
    watched = Watched(page.context, served.url)
    page.locator("#line[data-state=online]").wait_for()
    with page.context.expect_page() as opened:
        for key in keys:
            page.keyboard.press(key)
    file = opened.value
    expect(file.locator("h1")).to_contain_text("王秀英")
    expect(page.locator("h1.unseen")).to_have_text("值守台")
    assert (watched.errors, watched.foreign) == ([], [])
    page.context.close()


def test_what_fits_nothing_is_said_and_markup_in_names_stays_text(chromium, served):
    page = signed_in(chromium, served)
    page.locator("#line[data-state=online]").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("qqq")
    expect(page.locator("#found-none")).to_be_visible()
    page.fill("#find", "")
    page.keyboard.type("wxy")
    expect(page.locator("#found-files a").first).to_contain_text("王秀英")
    expect(page.locator("#found-none")).to_be_hidden()
    page.context.close()


@pytest.fixture(scope="module")
def paths(served) -> list[str]:
    """Pages with something of everything on them."""
    rig, work, by = served.rig, served.rig.registers, operator("o1")
    work.absent.begin("R1", Kind.HOSPITAL, from_at=None, until_at=at(0.5), by=by, area=DISTRICT)
    work.leaving.leave("R3", Why.DIED, by=by, area=DISTRICT)
    work.following_up.check_keys("H1", "bad", by=by, area=DISTRICT)
    rig.press("H1", "R1")
    with rig.world.reading.connect() as connection:
        shelf = RegisterRows(connection)
        r1, h1 = (shelf.one(kind, code, DISTRICT)["id"] for kind, code in ((RESIDENTS, "R1"), (HOMES, "H1")))
    return ["/residents", f"/residents/{r1}", f"/residents/{r1}/edit", f"/homes/{h1}", "/follow-ups", "/find?q=w",
            "/carers/new", "/residents/R3"]  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "scheme", "size"), [("zh", "light", WIDE), ("en", "dark", NARROW)], ids=["zh-wide", "en-dark-narrow"]
)
def test_axe_finds_nothing_and_nothing_sticks_out(chromium, served, paths, lang, scheme, size):
    page = signed_in(chromium, served, lang=lang, scheme=scheme, size=size)
    watched = Watched(page.context, served.url)
    for path in paths:
        page.goto(served.url + path)
        for fold in page.locator("main details").all():
            fold.evaluate("each => { each.open = true; }")
        found = violations(page)
        assert [(path, each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    assert (watched.errors, watched.foreign) == ([], [])
    page.context.close()


def test_a_form_is_filled_in_by_keyboard_and_comes_back_with_what_was_typed(chromium, served):
    page = signed_in(chromium, served)
    page.goto(f"{served.url}/residents/new?home=H2")
    page.get_by_label("姓名").fill("仇大娘")
    page.get_by_label("身份证号").fill("130100194507045026")
    page.keyboard.press("Enter")
    expect(page.locator(".wrong")).to_contain_text("校验位不对")
    expect(page.get_by_label("姓名")).to_have_value("仇大娘")
    page.get_by_label("身份证号").fill("130100194507045025")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("仇大娘")
    page.context.close()
