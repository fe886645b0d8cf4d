"""
Every page there is, in a real browser: both languages, a telephone and a desk, nothing complained, nothing foreign.

The pages are those of the running service with the demo's district. A page whose address has a part that changes needs
a line in `ADDRESSES`; without it the first test fails, so that no page is forgotten.
"""

import shutil
import threading
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from waitress import wasyncore
from waitress.server import create_server

from config.demo_past import give_past
from config.district import read_district
from config.loading import load_into
from config.pages import Pages
from config.settings import read_settings
from config.wiring import House, build
from dispatch.accounts.sign_in import SignIn
from dispatch.clock import SystemClock
from dispatch.ids import AlarmId, new_id
from dispatch.rules.people import operator
from dispatch.rules.signal import Cause
from dispatch.store.alarms import Alarms
from dispatch.store.people import People
from tests.architecture.tree import ROOT
from tests.need import need

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
NOT_LOOKED_AT = ("/api/", "/static/", "/hooks/")
KNOWN = {("/devices/new", "meta-refresh")}
"""Whoever pairs a device waits for its press with both hands full: the page asks again by itself, script or not."""

SCRIPTLESS = ("/t/", "/f/", "/c")
PARTS = ("/live",)
"""What a script merges into a page: looked at with it."""


@dataclass
class World:
    """The service behind a port, and what stands in addresses."""

    house: House
    pages: Pages
    app: object
    url: str
    alarm: AlarmId
    device: str
    carer_link: str
    family_link: str


ADDRESSES: dict[str, Callable[[World], str]] = {
    "/alarms/<alarm_id>": lambda world: f"/alarms/{world.alarm}",
    "/devices/<name>": lambda world: f"/devices/{world.device}",
    "/t/<code>": lambda world: world.carer_link,
    "/f/<code>": lambda world: world.family_link,
}
"""For each address with a part that changes: one that leads somewhere."""


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("every-page")
    settings = read_settings({"home": str(home), "database_url": f"sqlite:///{home / 'anling.db'}"}, environ={})
    _fill(settings)
    house = build(settings, SystemClock(), new_id)
    pages = Pages(house)
    app = pages.app(secret_key="k" * 40)
    server = create_server(app, host="127.0.0.1", port=0, threads=16)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            wasyncore.loop(timeout=0.05, map=server._map, count=1)
        server.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(server._map)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield _lived(house, pages, app, f"http://127.0.0.1:{server.effective_port}")
    pages.bell.stop()
    over.set()
    thread.join(timeout=10)
    house.stop()


def _fill(settings) -> None:
    house = build(settings, SystemClock(), new_id)
    load_into(
        house.transactions,
        read_district(tomllib.loads((ROOT / "config" / "demo" / "district.toml").read_text(encoding="utf-8"))),
    )
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    sign_in = SignIn(house.transactions, house.reading, house.clock, cheap)
    sign_in.add_operator(LOGIN, "王芳", PASSWORD)
    sign_in.close()
    house.stop()
    give_past(settings)


def _lived(house: House, pages: Pages, app: object, url: str) -> World:
    """Something has happened: one alarm open and offered, one closed, a handover, a claim."""
    with house.reading.connect() as connection:
        homes, contacts = People(connection).homes(), People(connection).contacts()
    by, kin = operator("someone"), next(each for each in contacts if each.may_know)
    other = next(each for each in homes if each.id != kin.home_id)
    first = house.desk.raise_by_hand(Cause.FALL, by=by, home_id=kin.home_id)
    second = house.desk.raise_by_hand(Cause.PRESS, by=by, home_id=other.id)
    for each in (first, second):
        house.desk.wake(each)
    house.console.claiming.take(second, by=by)
    house.console.watch.begin(by=by, note="夜里停过电")
    with house.reading.connect() as connection:
        offer = Alarms(connection).offers_of(first)[0]
    return World(
        house=house, pages=pages, app=app, url=url, alarm=first, device="D1",
        carer_link=f"/t/{house.links.task(offer.id)}", family_link=f"/f/{house.links.family(first, kin.id)}",
    )  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    need(path, "chromium not found: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        yield browser
        browser.close()


def addresses(world: World) -> list[str]:
    """One address for every page; KeyError for one that nobody has given an address."""
    rules = [rule for rule in world.app.url_map.iter_rules() if "GET" in rule.methods]  # type: ignore[attr-defined]
    looked = [rule for rule in rules if not rule.rule.startswith(NOT_LOOKED_AT) and not rule.rule.endswith(PARTS)]
    fixed = {rule.rule for rule in looked if not rule.arguments}
    changing = {ADDRESSES[rule.rule](world) for rule in looked if rule.arguments}
    return sorted(fixed | changing)


def test_every_page_has_an_address_to_be_looked_at(world):
    assert {"/board", "/wall", "/map", "/alarms", "/handover", "/sheet", "/paper"} <= set(addresses(world))


def test_an_address_that_is_not_needed_any_more_is_noticed(world):
    rules = {rule.rule for rule in world.app.url_map.iter_rules()}
    assert set(ADDRESSES) - rules == set()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_in_this_language_at_a_telephone_and_at_a_desk(world, chromium, lang):
    wrong: dict[str, list[str]] = {}
    for scriptless in (False, True):
        # Pages for carers and families let no script run at all: axe's neither, unless their policy is passed by.
        context = chromium.new_context(
            viewport=DESK, locale={"zh": "zh-CN", "en": "en-GB"}[lang], reduced_motion="reduce", bypass_csp=scriptless
        )
        context.add_cookies([{"name": "anling_lang", "value": lang, "url": world.url}])
        page = context.new_page()
        if not scriptless:
            _sign_in(page, world)
        mine = [path for path in addresses(world) if path.startswith(SCRIPTLESS) == scriptless]
        wrong |= {path: found for path in mine if (found := _look(context, page, world, path))}
        context.close()
    assert wrong == {}


def _sign_in(page: Page, world: World) -> None:
    page.goto(f"{world.url}/login")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.main")
    page.wait_for_url("**/board")


def _look(context: BrowserContext, page: Page, world: World, path: str) -> list[str]:
    """What is wrong with one page; nothing for what is none."""
    said: list[str] = []
    hear = lambda told: said.append(f"console: {told.text}") if _is_complaint(told) else None  # noqa: E731
    broke = lambda error: said.append(f"script: {error}")  # noqa: E731
    asked = lambda request: said.append(f"foreign: {request.url}") if not _ours(request.url, world) else None  # noqa: E731
    kind = context.request.get(world.url + path, max_redirects=0, timeout=5000) if path != "/events" else None
    if kind is None or kind.status in {302, 303} or not kind.headers.get("content-type", "").startswith("text/html"):
        return []
    page.on("console", hear)
    page.on("pageerror", broke)
    page.on("request", asked)
    page.set_viewport_size(PHONE)
    page.goto(world.url + path, wait_until="load")
    if page.evaluate("document.querySelectorAll('h1').length") < 1:
        said.append("no h1")
    if not page.title().strip():
        said.append("no title")
    said += _sideways(page)
    page.set_viewport_size(DESK)
    said += _sideways(page)
    try:
        found = Axe().run(page).response["violations"]
        said += [f"axe: {each['id']} {each['nodes'][0]['target']}" for each in found if (path, each["id"]) not in KNOWN]
    finally:
        for name, listener in (("console", hear), ("pageerror", broke), ("request", asked)):
            page.remove_listener(name, listener)
    return said


def _is_complaint(told) -> bool:
    """Not that a page of 10 kB has no icon of its own, which a browser then asks for."""
    return told.type in {"error", "warning"} and not told.location.get("url", "").endswith("/favicon.ico")


def _sideways(page: Page) -> list[str]:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"scrolls {over} px sideways at {page.viewport_size['width']}"] if over > 0 else []


def _ours(url: str, world: World) -> bool:
    return url.startswith((world.url, "data:", "blob:"))
