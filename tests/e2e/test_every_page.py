"""
Every page there is, in a real browser: both languages, a telephone and a desk, nothing complained, nothing foreign.

The pages are those of the running service with the demo's district. A page whose address has a part that changes needs
a line in `ADDRESSES`; without it the first test fails, so that no page is forgotten.
"""

import re
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import BrowserContext, Page
from waitress import wasyncore
from waitress.server import create_server

from config.demo_past import give_past
from config.district import read_district
from config.lists.commands import import_desk
from config.loading import load_into
from config.pages import Pages
from config.secret import secret_key
from config.settings import read_settings
from config.wiring import House, build
from dispatch.accounts.sign_in import SignIn
from dispatch.clock import SystemClock
from dispatch.ids import AlarmId, CarerId, HomeId, new_id
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import Person, operator
from dispatch.rules.rights import DISTRICT
from dispatch.rules.signal import Cause
from dispatch.store.accounts import Accounts
from dispatch.store.alarms import Alarms
from dispatch.store.people import People
from dispatch.subscribers.book import Asked
from dispatch.web.i18n import read_texts
from dispatch.web.reports import charts
from schedules.care.assessing import Said
from schedules.care.beds import Form
from schedules.care.rules.bed import Deed
from schedules.care.rules.plan import Line, Pattern
from schedules.care.rules.presence import Way, Which
from schedules.care.rules.visit import Source, Wanted
from schedules.care.visiting import Said as Signed
from schedules.duty.desk import DutyDesk
from schedules.meals.rules.handover import Count, Stage
from schedules.meals.rules.serving import By, MealType, Presented
from schedules.meals.store.diners import Facts
from schedules.money.anomalies.rules.draw import Lot, seed_of
from schedules.money.anomalies.rules.judging import Case, Check, Draw
from schedules.money.anomalies.rules.serving import Code, Finding, Severity
from schedules.money.anomalies.store.checks import Checks
from schedules.money.anomalies.store.findings import Findings as MoneyFindings
from schedules.money.beds.filing import Asked as Bill
from schedules.money.rules.bills import Line as BillLine
from schedules.orders.ordering import Asking
from schedules.rounds.extra import Called
from tests.architecture.tree import ROOT
from tests.e2e.axe import violations
from tests.fakes.plans import planned_once
from tests.ledger_goods import settled

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
NOT_LOOKED_AT = ("/api/", "/static/", "/hooks/")
REDIRECTS = {302, 303}
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
    names: Mapping[str, str]
    """By what stands in an address: the name or code of one that exists."""

    are_pages: dict[str, bool] = field(default_factory=dict)


ADDRESSES: dict[str, Callable[[World], str]] = {
    "/<any(carers, stations):register>/<name>": lambda world: f"/carers/{world.names['carer']}",
    "/alarms/<alarm_id>": lambda world: f"/alarms/{world.alarm}",
    "/beds/<name>": lambda world: f"/beds/{world.names['bed']}",
    **{
        f"/beds/<name>/{part}": lambda world, part=part: f"/beds/{world.names['bed']}/{part}"
        for part in ("form", "month", "plan", "print")
    },
    "/beds/<name>/papers/<paper_id>": lambda world: f"/beds/{world.names['bed']}/papers/{world.names['paper']}",
    "/settlement/<statement_id>": lambda world: f"/settlement/{world.names['statement']}",
    **{
        f"/settlement/<statement_id>/{part}": lambda world, part=part: f"/settlement/{world.names['statement']}/{part}"
        for part in ("print", "notice", "list.xlsx")
    },
    "/settlement/corrections/<correction_id>": lambda _: "/settlement/corrections/correction-1",
    "/settlement/residents/<name>": lambda world: f"/settlement/residents/{world.names['resident']}?month=2024-01",
    "/c/<code>": lambda world: world.names["day_link"],
    "/calendar/<code>.ics": lambda world: f"/calendar/{world.names['calendar']}.ics",
    "/carers/<name>/edit": lambda world: f"/carers/{world.names['carer']}/edit",
    "/contacts/<name>/consent": lambda world: f"/contacts/{world.names['contact']}/consent",
    "/contacts/<name>/edit": lambda world: f"/contacts/{world.names['contact']}/edit",
    "/devices/<name>": lambda world: f"/devices/{world.names['device']}",
    "/f/<code>": lambda world: world.names["family_link"],
    "/money/beds/residents/<name>": lambda world: f"/money/beds/residents/{world.names['resident']}",
    "/money/bills/<bill_id>": lambda world: f"/money/bills/{world.names['bill']}?month={world.names['bill_month']}",
    "/homes/<name>": lambda world: f"/homes/{world.names['home']}",
    "/homes/<name>/edit": lambda world: f"/homes/{world.names['home']}/edit",
    "/import/<token>": lambda world: f"/import/{world.names['import']}?kind=residents",
    "/planning/<plan_id>": lambda world: f"/planning/{world.names['plan']}",
    "/f/<code>/orders": lambda world: world.names["family_link"] + "/orders",
    "/findings/money/<finding_id>": lambda world: f"/findings/money/{world.names['money_finding']}",
    "/orders/<order_id>": lambda world: f"/orders/{world.names['order']}",
    "/orders/<order_id>/photos/<photo_id>": lambda world: f"/orders/{world.names['order']}",
    "/meals/diner/<resident>": lambda world: f"/meals/diner/{world.names['resident']}",
    "/rounds/residents/<name>": lambda world: f"/rounds/residents/{world.names['resident']}",
    "/reports/chart/<name>.svg": lambda world: f"/reports/chart/{world.names['chart']}.svg",
    "/residents/<name>": lambda world: f"/residents/{world.names['resident']}",
    "/residents/<name>/edit": lambda world: f"/residents/{world.names['resident']}/edit",
    "/review/<alarm_id>": lambda world: f"/review/{world.names['closed']}",
    "/stations/<name>/edit": lambda world: f"/stations/{world.names['station']}/edit",
    "/surveys/<survey_id>": lambda world: f"/surveys/{world.names['survey']}",
    "/t/<code>": lambda world: world.names["carer_link"],
    "/visits/<visit_id>": lambda world: f"/visits/{world.names['visit']}",
    "/visits/<visit_id>/photos/<photo_id>": lambda world: f"/visits/{world.names['visit']}",
    "/webhooks/<webhook_id>": lambda world: f"/webhooks/{world.names['webhook']}",
}
"""For each address with a part that changes: one that leads somewhere."""

QUERIES: dict[str, Callable[[World], str]] = {
    "/unmask": lambda world: f"?person=contact:{world.names['contact']}",
}
"""What a page has to be asked with."""

GONE = {"/setup"}
"""Not there in a service that is set up: its answer, the page of refusals, is looked at all the same."""


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("every-page")
    said = {
        "home": str(home), "database_url": f"sqlite:///{home / 'anling.db'}",
        "accounts": {"second_factor": "optional"}, "satisfaction": {"surveys": True},
    }  # fmt: skip
    settings = read_settings(said, environ={})
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
    thread.join(timeout=60)
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
    """Something has happened: one alarm open and offered, one in charge, one closed, a handover, a survey, a list."""
    with house.reading.connect() as connection:
        people, by = People(connection), operator(Accounts(connection).operators()[0].id)
        homes, contacts, carers, residents = people.homes(), people.contacts(), people.carers(), people.residents()
        station = people.stations()[0]
    kin = next(each for each in contacts if each.may_know)
    others = [each for each in homes if each.id != kin.home_id]
    first = house.desk.raise_by_hand(Cause.FALL, by=by, home_id=kin.home_id)
    second, third = (house.desk.raise_by_hand(Cause.PRESS, by=by, home_id=each.id) for each in others[:2])
    for each in (first, second):
        house.desk.wake(each)
    house.console.claiming.take(second, by=by)
    house.desk.close(third, outcome=Outcome.HELPED, by=by)
    house.console.watch.begin(by=by, note="夜里停过电")
    house.after.surveying.check()
    house.homecare.coverage.watch.check()
    with house.reading.connect() as connection:
        offer = Alarms(connection).offers_of(first)[0]
    secret = secret_key(house.settings.home)
    duty = DutyDesk(house.transactions, house.reading, house.clock, secret=secret, changed=house.forget)
    bed, paper = _bed(house, residents[0].id, by)
    names = {
        "bed": bed,
        "paper": paper,
        **_billed(house, residents[0].code, by),
        **_fed(house, residents[0].code, by),
        "calendar": duty.code(f"carer:{carers[0].id}"),
        "carer": carers[0].code,
        "carer_link": f"/t/{house.links.task(offer.id)}",
        "day_link": f"/c/{house.links.day(carers[0].id)}",
        "chart": next(iter(charts.NAMES)),
        "closed": str(third),
        "contact": str(kin.id),
        "device": "D1",
        "family_link": f"/f/{house.links.family(first, kin.id)}",
        "home": homes[0].code,
        "import": import_desk(house).upload("编号,姓名\n".encode(), "老人.csv", by=by),
        "plan": planned_once(house, residents, carers),
        "order": _ordered(house, residents[0].code, by),
        "money_finding": _remarkable(house, residents[0].id),
        "resident": residents[0].code,
        "station": station.code,
        "statement": settled(house, {station.code: residents[0].id}, by=by)[station.code][0],
        "survey": house.after.surveying.list(DISTRICT)[0]["survey"].id,
        "visit": _visited(house, carers[0].id, kin.home_id),
        "webhook": house.webhooks.book.add(Asked(name="区平台", url="https://platform.example/hook"), by=by).id,
    }
    return World(house=house, pages=pages, app=app, url=url, alarm=first, names=names)


def _bed(house: House, resident: str, by: Person) -> tuple[str, str]:
    """A bed in service with a plan, everything that its page shows, and a paper."""
    beds, today = house.homecare.beds, house.calendar.day_of(house.clock.now())
    bed = beds.life.apply(resident, beds.default, by=by, area=DISTRICT)
    said = Said(standard="gbt42195-2022", assessed_on=today, org="评估一所", score=50, adjustments=["dementia"])
    step = beds.assessing.assess(bed, said, by=by, area=DISTRICT)
    line = Line(code="a", pattern=Pattern.WEEKLY, times=7, start=time(9), by=time(10), minutes=60, items=("B01", "B30"))
    beds.plans.change(bed, [line], base=0, urgent=False, by=by, area=DISTRICT)
    for deed, who in ((Deed.FIRST_REVIEW, "operator:a"), (Deed.APPROVE, "operator:b"), (Deed.BUILD, by),
                      (Deed.ACCEPT, by), (Deed.ACTIVATE, by)):  # fmt: skip
        form = Form(org="服务一所", opinion="同意", agreed_from=today, agreed_until=today)
        beds.life.step(bed, deed, form, by=who, area=DISTRICT)
    return bed, beds.filing.file(bed, step, name="评估表.pdf", content=b"%PDF-1", by=by, area=DISTRICT)


def _billed(house: House, resident: str, by: Person) -> dict[str, str]:
    """A bill of last month by the voucher, with two lines."""
    on = house.calendar.day_of(house.clock.now()).replace(day=1) - timedelta(days=1)
    lines = [BillLine(number=n, on=on, amount_fen=100 * n) for n in (1, 2)]
    asked = Bill(
        kind="institution", scheme="nat-voucher-2026", resident=resident, on=on, provider="颐养院", lines=lines
    )  # fmt: skip
    row = house.homecare.bedmoney.filing.file(asked, by=by, area=DISTRICT)
    return {"bill": row["id"], "bill_month": row["month"]}


def _fed(house: House, resident: str, by: Person) -> dict[str, str]:
    """A canteen with a till, meals by its rule and without one, an order, counts that differ."""
    meals, now = house.homecare.meals, house.clock.now()
    today = house.calendar.day_of(now)
    said = {"code": "K1", "name": "柏林食堂", "area_code": "430105001001", "hours": "Mo-Su 06:00-20:00"}
    for code, rules in (("K1", [{"policy": "cs-kaifu-2020", "from_on": date(2020, 1, 1)}]), ("K2", [])):
        meals.desk.put({**said, "code": code, "rules": rules}, by=by, area=DISTRICT)
        meals.desk.put_till(f"T-{code}", code, by=by, area=DISTRICT)
    meals.desk.put_diner(resident, Facts(hukou="430105001001"), card_number="c", by=by, area=DISTRICT)
    eaten = {"meal_type": MealType.LUNCH, "served_at": now, "price_fen": 1200, "by": By.CARD, "who": "c"}
    meals.catering.serve([Presented(till=f"T-{code}", ref=code, **eaten) for code in ("K1", "K2")], by=by)
    meals.ordering.order(resident, "K1", today, MealType.DINNER, delivery=True, by=by, area=DISTRICT)
    count = Count(stage=Stage.SENT, count=0, why="路上打翻")
    meals.ordering.count("K1", today, MealType.DINNER, count, by=by, area=DISTRICT)
    return {}


def _ordered(house: House, resident: str, by: Person) -> str:
    """A service is booked, and extra rounds are called."""
    today = house.calendar.day_of(house.clock.now())
    house.homecare.rounds.desk.classify(resident, "high", why="高龄独居", by=by, area=DISTRICT)
    house.homecare.rounds.desk.ask_for(resident, note="邻居说没见到人", by=by, area=DISTRICT)
    called = Called(occasion="heat", level="orange", from_on=today, until_on=today + timedelta(days=1))
    house.homecare.rounds.extras.call(called, by=by, area=DISTRICT)
    start = house.calendar.start_of(today + timedelta(days=10)) + timedelta(hours=10)
    asking = Asking(resident=resident, service="adaptation", start_at=start, note="卫生间要加扶手")
    return house.homecare.rounds.ordering.take(asking, by=by, area=DISTRICT).id


def _remarkable(house: House, resident: str) -> str:
    """A finding about public money, and a check on site that was drawn."""
    day, now = date(2026, 3, 2), house.clock.now()
    found = Finding(
        code=Code.TWO_CANTEENS, key="two", severity=Severity.HIGH, first=day, last=day, canteen="c1",
        resident=resident, operator="operator:a", evidence=("m1", "m2"), amount_fen=600,
        figures={"metres": 7020, "seconds": 600, "other_canteen": "c2", "count": 2},
    )  # fmt: skip
    case = Case(id="case-1", found=found, station=None, found_at=now)
    lot = Lot(kind="meal", id="m3", place="c1", resident=resident, on=day)
    draw = Draw(month="2026-03", seed=seed_of("2026-03", "ab"), ledger_hash="ab", settled=100, drawn_at=now)
    check = Check(id="check-1", month=draw.month, lot=lot, station=None)
    house.transactions.run(lambda tx: MoneyFindings(tx.connection).keep(case))
    house.transactions.run(lambda tx: Checks(tx.connection).keep(draw, [check]))
    return case.id


def _visited(house: House, carer_id: CarerId, home_id: HomeId) -> str:
    """A visit with everything on its page: an entry at the desk, and what speaks against it."""
    now = house.clock.now()
    with house.reading.connect() as connection:
        resident = next(each for each in People(connection).residents() if each.home_id == home_id)
    wanted = Wanted(
        key="plan:1", source=Source.PLAN, home_id=home_id, resident_id=resident.id, on=house.calendar.day_of(now),
        start_from=now, start_by=now + timedelta(minutes=1), minutes=60, items=("B01",), usual=(carer_id,),
    )  # fmt: skip

    class Wants:
        def wanted(self, day: date) -> list[Wanted]:
            return [wanted] if day == wanted.on else []

    visiting = house.homecare.visits.visiting
    house.homecare.visits.sources.append(Wants())
    house.homecare.visits.planning.plan(wanted.on)
    id_ = next(each.id for each in visiting.on(wanted.on))
    for which in (Which.BEGIN, Which.FINISH):
        visiting.sign(id_, Signed(
            key=which, which=which, way=Way.OFFICE, by=operator("x"), carer_id=carer_id, reason="手机没电",
        ))  # fmt: skip
    visiting.add_photo(id_, "a" * 64, taken_at=None, by=operator("x"))
    visiting.wake(id_)
    return id_


def addresses(world: World) -> list[str]:
    """One address for every page; KeyError for one that nobody has given an address."""
    rules = [rule for rule in world.app.url_map.iter_rules() if "GET" in rule.methods]  # type: ignore[attr-defined]
    looked = [rule for rule in rules if not rule.rule.startswith(NOT_LOOKED_AT) and not rule.rule.endswith(PARTS)]
    fixed = {rule.rule for rule in looked if not rule.arguments}
    changing = {ADDRESSES[rule.rule](world) for rule in looked if rule.arguments}
    return sorted(fixed - set(QUERIES) | changing | {path + asked(world) for path, asked in QUERIES.items()})


def test_every_page_has_an_address_to_be_looked_at(world):
    assert {"/board", "/wall", "/map", "/alarms", "/handover", "/sheet", "/paper"} <= set(addresses(world))


def test_an_address_that_is_not_needed_any_more_is_noticed(world):
    rules = {rule.rule for rule in world.app.url_map.iter_rules()}
    assert set(ADDRESSES) - rules == set()


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.drill)])
def test_every_page_in_this_language_at_a_telephone_and_at_a_desk(world, chromium, lang, half):
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
        wrong |= {path: found for path in mine[half::2] if (found := _look(context, page, world, path))}
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
    hear = lambda told: said.append(f"console: {told.text}") if _is_complaint(told, path) else None  # noqa: E731
    broke = lambda error: said.append(f"script: {error}")  # noqa: E731
    asked = lambda request: said.append(f"foreign: {request.url}") if not _ours(request.url, world) else None  # noqa: E731
    if not _is_page(context, world, path):
        return []
    page.on("console", hear)
    page.on("pageerror", broke)
    page.on("request", asked)
    page.set_viewport_size(PHONE)
    answer = page.goto(world.url + path, wait_until="load")
    if answer is None or (answer.status >= 400) != (path in GONE):
        said.append(f"answers {answer and answer.status}")
    if page.evaluate("document.querySelectorAll('h1').length") < 1:
        said.append("no h1")
    if not page.title().strip():
        said.append("no title")
    said += _sideways(page)
    page.set_viewport_size(DESK)
    said += _sideways(page)
    try:
        said += [f"axe: {each['id']} {each['nodes'][0]['target']}" for each in violations(page)]
    finally:
        for name, listener in (("console", hear), ("pageerror", broke), ("request", asked)):
            page.remove_listener(name, listener)
    return said + _sideways_in_english(page)


def _is_page(context: BrowserContext, world: World, path: str) -> bool:
    """Not the stream, nor a file, nor what only leads on; asked once for both languages."""
    if path not in world.are_pages:
        answer = None if path == "/events" else context.request.get(world.url + path, max_redirects=0, timeout=120_000)
        kind = answer.headers.get("content-type", "") if answer is not None else ""
        world.are_pages[path] = answer is not None and answer.status not in REDIRECTS and kind.startswith("text/html")
    return world.are_pages[path]


def _is_complaint(told, path: str) -> bool:
    """Not that a page of 10 kB has no icon of its own, which a browser then asks for; nor that what is gone is gone."""
    is_expected = told.location.get("url", "").endswith(("/favicon.ico", *GONE & {path}))
    return told.type in {"error", "warning"} and not is_expected


def _sideways(page: Page) -> list[str]:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"scrolls {over} px sideways at {page.viewport_size['width']}"] if over > 0 else []


_IN_ENGLISH = """async () => {
  document.cookie = "anling_lang=en; path=/";
  const told = await (await fetch(location.href)).text();
  document.cookie = "anling_lang=zh; path=/";
  const page = new DOMParser().parseFromString(told, "text/html");
  document.body.replaceWith(document.adoptNode(page.body));
  return page.documentElement.lang;
}"""


def _sideways_in_english(page: Page) -> list[str]:
    """
    English is longer: the same page in English under the styles that are there already, which costs a tenth of loading
    it. All the rest of English is looked at by the drill.
    """
    page.set_viewport_size(PHONE)
    lang = page.evaluate(_IN_ENGLISH)
    # Pages for carers and families speak the language of whose they are.
    is_theirs = urlsplit(page.url).path.startswith(SCRIPTLESS)
    return [f"in English {each}" for each in _sideways(page)] + ([] if is_theirs or lang == "en" else ["no English"])


def _ours(url: str, world: World) -> bool:
    return url.startswith((world.url, "data:", "blob:"))


# ------------------------------------------------------------------------------------------------ words

REVIEWED = (
    "/meals?review=1",
    "/money/bills?month={bill_month}",
    "/money/beds?month={bill_month}",
    "/till/list?till=T-K1&meal=lunch&price=12.00",
)
LATIN = re.compile(r"[A-Za-z][a-z]+(?:[ _][A-Za-z]+)*\Z")
HAN, WORD = re.compile("[\u4e00-\u9fff]"), re.compile(r"(?<![\w.-])[A-Za-z_]{3,}(?![\w.-])")
OURS = frozenset(
    {"xlsx", "csv", "xls", "ods", "city", "district", "town", "Excel", "PDF", "CSV", "JSON", "Ctrl", "WGS"}
)
"""Words that are data: what a city calls its funds, and kinds of files."""

KEYS = frozenset({"Enter", "Esc", "Shift", "Ctrl"})
FORMS = frozenset(
    {"Excel", "PDF", "PNG", "JPEG", "CSV", "JSON", "xlsx", "xls", "csv", "ods", "https", "Standard", "Webhooks"}
)
CODES = frozenset({
    "wangfang", "anling", "backup", "holidays", "lifting", "nurse", "first_aid", "rflink", "surgard", "alarms",
    "devices", "read", "signals", "till", "eper", "urban", "paper",
})  # fmt: skip
"""What is typed or configured as it stands: commands, folders, skills, protocols, scopes of keys, bands."""

COLUMNS = frozenset({"code", "name", "kind", "lat", "lng", "address", "phone", "hours", "offers"})
"""How a list of places is written, on the page that takes it."""

DATA = frozenset({"English", "中文", "同意", "编号", "姓名", "operator", "助餐"}) | KEYS | FORMS | CODES
"""
What is the same in both: languages are called by their own names, an opinion is what somebody wrote, columns are what
stands above them in a file, people whom nobody knows are references, services are called as their list calls them.
"""


class _Texts(HTMLParser):
    """The text nodes that people see, but for codes and for what says that it is in the other language."""

    def __init__(self, lang: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._lang = lang
        self._within: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in {"input", "link", "meta", "br", "hr", "img"}:
            is_foreign = (dict(attributes).get("lang") or self._lang).partition("-")[0] != self._lang
            self._within.append((tag, is_foreign or tag in {"script", "style", "code"}))

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(is_left_out for _, is_left_out in self._within):
            self.found |= {part.strip(" ·▲△●○✓✕–—:：（）()") for part in re.split(r"[·,，;；]", data)} - {""}


def test_no_page_has_a_word_of_the_other_language(world):
    chinese = read_texts()["zh"]
    theirs = {"zh": {said for said in chinese if "%(" not in said and chinese[said] != said},
              "en": {said for said in chinese.values() if "%(" not in said and said.strip()}}  # fmt: skip
    paths = [path for path in addresses(world) if path not in {"/events", *GONE}]
    paths += [path.format(**world.names) for path in REVIEWED]
    wrong: dict[str, set[str]] = {}
    for lang in ("zh", "en"):
        client = _browser_of(world, lang)
        for path in paths:
            answer = client.get(path)
            if answer.mimetype != "text/html" or answer.status_code in REDIRECTS:
                continue
            parser = _Texts(lang)
            parser.feed(answer.text)
            strange = parser.found & theirs[lang]
            if lang == "zh":
                strange |= {text for text in parser.found if LATIN.match(text)} - OURS
                strange |= {word for text in parser.found if HAN.search(text) for word in WORD.findall(text)}
            strange -= COLUMNS if path == "/places" else set()
            if answer.status_code != 200 or strange - DATA:
                wrong[f"{lang} {path} {answer.status_code}"] = strange - DATA
    assert wrong == {}


def _browser_of(world: World, lang: str):
    client = world.app.test_client()  # type: ignore[attr-defined]
    client.set_cookie("anling_lang", lang)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)[1]
    form = {"login": LOGIN, "password": PASSWORD, "csrf_token": token}
    assert client.post("/login", data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    return client
