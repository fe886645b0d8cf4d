"""The pages of duty in a real browser: the week, rotations, absences and swaps, under axe, wide and narrow, printed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from schedules.duty.rules.rest import Limits
from tests.builders import LOGIN, PASSWORD, build_world
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.duty_rig import BOSS, HOUR, MONDAY
from tests.integration.test_roster import TWO, House

NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1366, "height": 768}
WEEK = "?week=2026-11-23&station=S1"
HOLIDAYS = "?week=2026-09-28&station=S1"
PATHS = (f"/roster{WEEK}", f"/roster{HOLIDAYS}", "/roster/rotations", "/roster/absences", "/roster/swaps")


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    """A station with a tired carer, a sick one, a rotation that leaves something out, and a swap that waits."""
    world = build_world(tmp_path_factory.mktemp("roster"), district=TWO, on_duty=())
    house = House(world, limits=Limits(rest_h=8, break_h=4, day_h=12, days_in_row=6))
    office = house.office
    office.put("C1", 8, 20)
    office.put("C1", 25, 32)
    office.put("C2", 32, 44)
    given = office.put("C2", 80, 92)
    office.rotating.add(office.rotation("C1", "C2"), by=BOSS)
    office.absent.begin(office.carer("C2"), "sick", MONDAY + 30 * HOUR, MONDAY + 40 * HOUR, by=BOSS)
    swap = office.swapping.ask(given.id, office.carer("C1"), None, by=BOSS)
    office.swapping.answer(swap.id, yes=True, by=BOSS)
    with Site(house.app) as site:
        yield site.url
    house.close()
    world.close()


def signed_in(chromium: Browser, url: str, *, scheme="light", lang="zh", size=None) -> Page:
    context = chromium.new_context(color_scheme=scheme, viewport=size or WIDE, reduced_motion="reduce")
    context.add_cookies([{"name": "anling_lang", "value": lang, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/login")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda where: "/login" not in where)
    return page


@pytest.mark.parametrize(
    ("lang", "scheme", "size"), [("zh", "light", WIDE), ("en", "dark", NARROW)], ids=["zh-wide", "en-dark-narrow"]
)
def test_axe_finds_nothing_and_nothing_sticks_out(chromium, url, lang, scheme, size):
    page = signed_in(chromium, url, lang=lang, scheme=scheme, size=size)
    for path in PATHS:
        assert page.goto(url + path).status == 200
        for fold in page.locator("main details").all():
            fold.evaluate("each => { each.open = true; }")
        found = violations(page)
        assert [(path, each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    page.context.close()


def test_the_week_says_holes_tired_people_days_off_and_years_nobody_published(chromium, url):
    page = signed_in(chromium, url)
    page.goto(url + f"/roster{WEEK}")
    expect(page.locator("main")).to_contain_text("无人")
    expect(page.locator("main")).to_contain_text("至少要8小时")
    expect(page.locator("main")).to_contain_text("病假")
    expect(page.locator("main")).to_contain_text("2027年放假安排尚未录入")
    page.goto(url + f"/roster{HOLIDAYS}")
    expect(page.locator("main")).to_contain_text("国庆节放假")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="发布").is_visible()
    expect(page.locator("table")).to_be_visible()
    page.context.close()


def test_a_manager_plans_swaps_and_fills_without_a_mouse(chromium, url):
    page = signed_in(chromium, url)
    page.goto(url + "/roster/rotations")
    page.get_by_label("名称").fill("白班")
    page.get_by_label("周期").fill("08:00-20:00\n夜班")
    page.get_by_label("C1 李护理").fill("1")
    page.get_by_role("button", name="建立").press("Enter")
    expect(page.locator("[role=alert]")).to_contain_text("既不是")
    expect(page.get_by_label("名称")).to_have_value("白班")
    page.goto(url + "/roster/absences")
    page.get_by_label("谁顶班").first.select_option(index=0)
    page.get_by_role("button", name="顶班").first.press("Enter")
    page.goto(url + "/roster/swaps")
    page.get_by_role("button", name="批准").press("Enter")
    expect(page.locator("main")).to_contain_text("已生效")
    page.context.close()
