"""Closing a month from its page: offered, counted by another process that says how far it is, taken up again."""

import sys
from datetime import date

import pytest

from dispatch.ids import StationId
from dispatch.rules.people import operator
from dispatch.rules.rights import Area, Role
from schedules.money.closing import Closing, count
from schedules.money.counting import Counting, Progress
from schedules.money.rules.ledger import Kind, Source, subsidy
from schedules.money.store.ledger import Books
from schedules.money.store.months import Months
from schedules.money.store.versions import Rule, Versions
from schedules.money.web.closing_api import closing_api
from schedules.money.web.closing_pages import closing_pages
from tests.builders import build_world
from tests.fakes.line import until
from tests.integration.registry_rig import RegistryRig

KEEPER = operator("keeper")
PATH = "/settlement/closing"
SEPTEMBER = {"month": "2026-09", "sure": "on"}
HALF = """
import json, threading
print(json.dumps({"done": 10_000, "of": 20_000}), flush=True)
threading.Event().wait()
"""
DEAD = "print('no such table: ledger_entries')"


API = "/api/v1/months"
NARROW = Area(frozenset({StationId("s1")}))


def program(text):
    """A process that takes its question and then does this."""
    return lambda: [sys.executable, "-c", f"import sys; sys.stdin.read()\n{text}"]


class Office(RegistryRig):
    """A world with two months of the ledger that are over, and the page that closes them."""

    def __init__(self, folder):
        self.world = world = build_world(folder)
        self.closing = Closing(world.transactions, world.reading, world.clock, world.calendar)
        self.counting = self.counter()
        self.unpriced = 0
        latest, unpriced = _Latest(self), lambda: self.unpriced
        super().__init__(folder, world=world, blueprints=[
            closing_pages(latest, unpriced), closing_api(latest, unpriced, transactions=world.transactions),
        ])  # fmt: skip
        world.transactions.run(self._fill)

    def counter(self, text=None):
        url = self.world.reading.url.render_as_string(hide_password=False)
        return Counting(self.closing, url, program=program(text) if text else None)

    def _fill(self, tx):
        Versions(tx.connection).keep(Rule(version="v1", policy_id="p", file="p.toml", content=""))
        for number, month in enumerate((9, 9, 10)):
            on = date(2026, month, 1)
            Books(tx.connection).enter(subsidy(
                entry_id=f"e{number}", source=Source(Kind.MEAL, f"m{number}"), version="v1", claim=f"r/{on}/{number}",
                on=on, layers={"city": 300}, owed_to="S1",
            ))  # fmt: skip

    def closed(self, month):
        with self.world.reading.connect() as connection:
            return Months(connection).get(month)


class _Latest:
    """Whichever counter the office has now: a restart makes another."""

    def __init__(self, office):
        self._office = office

    def __getattr__(self, name):
        return getattr(self._office.counting, name)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    office = Office(tmp_path_factory.mktemp("office"))
    yield office
    office.counting.stop()
    office.close()


def page(browser):
    return browser.get(PATH).get_data(as_text=True)


@pytest.mark.error_lines("month_not_counted")
def test_a_month_is_offered_counted_broken_off_taken_up_and_closed(office):
    keeper = office.person("keeper", Role.MANAGER)
    office.unpriced = 7
    offered = page(keeper)
    assert ("2026-09" in offered, "笔数: 2" in offered, "7 餐尚未计价" in offered) == (True, True, True)
    assert keeper.post(PATH, data={"month": "2026-10"}).status_code == 409, "the one before is open"

    unsure = keeper.post(PATH, data={"month": "2026-09"})
    assert (unsure.status_code, "请勾选" in unsure.get_data(as_text=True)) == (422, True)

    office.counting = office.counter(DEAD)
    assert keeper.post(PATH, data=SEPTEMBER).status_code == 303
    office.counting.wait(20)
    broken = page(keeper)
    assert "结账中断：no such table: ledger_entries" in broken
    assert "继续结账 2026-09" in broken

    office.counting = office.counter(HALF)
    assert keeper.post(PATH, data=SEPTEMBER).status_code == 303
    until(lambda: office.counting.now() == Progress(month="2026-09", done=10_000, of=20_000))
    shown = page(keeper)
    assert '<progress max="20000" value="10000">' in shown
    assert 'http-equiv="refresh"' in shown
    assert "10,000 / 20,000" in shown
    assert office.closed("2026-09") is None
    assert keeper.post(PATH, data=SEPTEMBER).status_code == 409, "it is being counted"
    office.counting.stop()
    office.counting.wait(20)
    assert office.counting.now().wrong

    office.counting = office.counter()
    assert keeper.post(PATH, data=SEPTEMBER).status_code == 303
    office.counting.wait(20)
    assert office.counting.now() is None
    assert office.closed("2026-09")["hash"] == count(office.world.reading, "2026-09").hash
    assert "2026-10" in page(keeper)
    office.closing.close("2026-10", by=KEEPER)
    assert "都已结账" in page(keeper)


def test_whoever_reviews_sees_it_and_closes_nothing(office):
    looker = office.person("looker", Role.REVIEWER)
    assert "<button" not in page(looker).partition("<main")[2]
    assert looker.post(PATH, data=SEPTEMBER).status_code == 403


# ------------------------------------------------------------------------------------------------ by a program


@pytest.mark.error_lines("month_not_counted")
def test_a_program_closes_a_month_by_the_same_steps(tmp_path):
    office = Office(tmp_path)
    clerk, narrow = office.person("clerk", Role.MANAGER), office.person("narrow", Role.MANAGER, area=NARROW)
    looker = office.person("looker", Role.REVIEWER)
    assert [each.get(API).status_code for each in (clerk, looker, narrow)] == [200, 200, 404]
    told = clerk.get(API).get_json()
    assert (told["items"], told["unpriced"], told["next"]["month"]) == ([], 0, "2026-09")
    assert (told["next"]["state"], told["next"]["entries"], told["next"]["hash"]) == ("waiting", 2, None)
    assert clerk.get(f"{API}/2026-10").get_json()["state"] == "open", "the one before comes first"
    assert clerk.get(f"{API}/soon").status_code == 404

    september = {"month": "2026-09", "sure": True}
    assert looker.post(API, json=september).status_code == 403
    assert narrow.post(API, json=september).status_code == 404
    assert clerk.post(API, json={"month": "2026-13", "sure": True}).status_code == 422
    unsure = clerk.post(API, json={"month": "2026-09"})
    assert (unsure.status_code, list(unsure.get_json()["errors"]["json"])) == (422, ["sure"])
    assert clerk.post(API, json={**september, "month": "2026-10"}).status_code == 409

    office.counting = office.counter(HALF)
    key = {"Idempotency-Key": "close-september"}
    begun = clerk.post(API, json=september, headers=key)
    assert (begun.status_code, begun.get_json()["state"]) == (202, "counting")
    until(lambda: office.counting.now().of == 20_000)
    half = clerk.get(f"{API}/2026-09").get_json()
    assert (half["state"], half["done"]) == ("counting", 10_000)
    again = clerk.post(API, json=september, headers=key)
    assert (again.status_code, again.headers["Idempotency-Replayed"], again.get_json()) == (202, "true", begun.get_json())  # noqa: E501  # fmt: skip
    assert clerk.post(API, json=september).status_code == 409, "it is being counted"
    office.counting.stop()
    office.counting.wait(20)
    broken = clerk.get(f"{API}/2026-09").get_json()
    assert (broken["state"], bool(broken["wrong"])) == ("broken_off", True)

    office.counting = office.counter()
    assert clerk.get(API).get_json()["next"]["state"] == "broken_off", "a restart remembers"
    assert clerk.post(API, json={"month": "2026-09"}).status_code == 202, "going on needs nobody to be sure again"
    office.counting.wait(20)
    closed = clerk.get(f"{API}/2026-09").get_json()
    assert (closed["state"], closed["done"], closed["before"]) == ("closed", 2, "")
    assert closed["hash"] == office.closed("2026-09")["hash"] == count(office.world.reading, "2026-09").hash
    assert clerk.post(API, json=september).get_json() == closed, "closing a closed month changes nothing"
    listed = clerk.get(API).get_json()
    assert (listed["items"], listed["next"]["month"]) == ([closed], "2026-10")
    office.close()
