"""
From a button nobody knows to a proven pendant in a real browser: two clicks, on an installer's phone, by keyboard too.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dispatch.rules.signal import Event
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.devices_rig import LOGIN, PASSWORD, DevicesRig, DevicesWeb

NEW = "EV1527:0bbbbb:01"
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1366, "height": 768}


@pytest.fixture(scope="module")
def web(tmp_path_factory) -> Iterator[DevicesWeb]:
    web = DevicesWeb(DevicesRig(tmp_path_factory.mktemp("devices")))
    yield web
    web.close()


@pytest.fixture(scope="module")
def url(web) -> Iterator[str]:
    with Site(web.app) as site:
        yield site.url


def signed_in(chromium: Browser, url: str, *, size: dict[str, int], lang: str) -> Page:
    context = chromium.new_context(viewport=size, reduced_motion="reduce", color_scheme="dark")
    context.add_cookies([{"name": "anling_lang", "value": lang, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/login")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda where: "/login" not in where)
    return page


def assert_sound(page: Page, width: int) -> None:
    found = violations(page)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("lang", "size", "address"),
    [("zh", PHONE, NEW), pytest.param("en", DESK, "EV1527:0ccccc:01", marks=pytest.mark.drill)],
)
def test_two_clicks_pair_a_stranger_and_its_press_proves_it(chromium, web, url, lang, size, address):
    said = {
        "zh": ("配对", "配对，并等待试按", "请现在按一下设备", "中心已收到试按"),
        "en": ("Pair", "Pair, and wait for the test press", "Press the device now", "The centre saw the test press"),
    }[lang]
    page = signed_in(chromium, url, size=size, lang=lang)
    page.goto(url + "/devices/new")
    web.rig.report(address, Event.BUTTON, protocol="rflink", rssi=-61.0)
    stranger = page.locator(".stranger", has_text=address)
    expect(stranger).to_contain_text("-61.0 dBm", timeout=60_000)  # the page asks again by itself
    assert_sound(page, size["width"])
    stranger.get_by_role("link", name=said[0], exact=True).click()
    assert_sound(page, size["width"])
    page.get_by_role("combobox").first.fill("R2")
    page.get_by_role("button", name=said[1]).press("Enter")
    expect(page.locator("main")).to_contain_text(said[2])
    assert_sound(page, size["width"])
    web.rig.hear(address=address)
    expect(page.locator("main")).to_contain_text(said[3], timeout=60_000)
    assert web.rig.alarms() == []
    page.goto(f"{url}/devices/pair?protocol=rflink&address={address}")
    page.get_by_role("combobox").first.fill("R1")
    page.get_by_role("button", name=said[1]).click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("combobox").first).to_have_value("R1")
    page.context.close()
