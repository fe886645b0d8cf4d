"""Visits in a real browser: a narrow phone and a desk, dark and light, a carer who presses without a script."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.accounts.carers import _hash
from dispatch.ids import HomeId
from dispatch.rules.people import carer
from dispatch.rules.rights import Role
from dispatch.store.people import People
from dispatch.store.visits import CarerVisits
from dispatch.web.carer_list import VISIT_COOKIE
from schedules.care.rules.presence import State, Way, Which
from schedules.care.rules.visit import Source, Wanted
from schedules.care.visiting import Said
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.rights_rig import OURS, Town

NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1366, "height": 768}


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[Town, str]]:
    town = Town(tmp_path_factory.mktemp("visits"))
    with Site(town.app) as site:
        yield town, site.url
    town.close()


def plan(town, key="plan:1"):
    house, now = town.house, town.house.clock.now()
    with house.reading.connect() as connection:
        who = next(each for each in People(connection).carers() if each.code == "C1")
    own = town.ids[OURS]
    wanted = Wanted(
        key=key, source=Source.PLAN, home_id=HomeId(own["home"]), resident_id=own["resident"],
        on=house.calendar.day_of(now), start_from=now - timedelta(minutes=9), start_by=now + timedelta(seconds=1),
        minutes=60, items=("B01",), usual=(who.id,),
    )  # fmt: skip

    class Wants:
        def wanted(self, day):
            return [wanted] if day == wanted.on else []

    house.homecare.visits.sources[:] = [Wants()]
    house.homecare.visits.planning.plan(wanted.on)
    return next(each for each in house.homecare.visits.visiting.on(wanted.on) if each.wanted.key == key), who


def cookies_of(town, client, base):
    return [{"name": each.key, "value": each.value, "url": base} for each in client._cookies.values()]


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_desks_see_visits_without_a_finding_of_axe(served, chromium, size, scheme):
    town, base = served
    visit, who = plan(town, f"plan:{scheme}")
    for which in (Which.BEGIN, Which.FINISH):
        town.house.homecare.visits.visiting.sign(visit.id, Said(
            key=f"{visit.id}{which}", which=which, way=Way.OFFICE, by="operator:x", carer_id=who.id, reason="没电",
        ))  # fmt: skip
    town.house.homecare.visits.visiting.wake(visit.id)
    client = town.browser(frozenset({Role.OPERATOR, Role.REVIEWER}))
    context = chromium.new_context(viewport=size, bypass_csp=True, color_scheme=scheme)
    context.add_cookies(cookies_of(town, client, base))
    page = context.new_page()
    for path in ("/visits", "/visits?by=carer", "/visits/findings", f"/visits/{visit.id}"):
        page.goto(base + path)
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert violations(page) == []
    context.close()


def test_a_carer_presses_without_a_script(served, chromium):
    town, base = served
    visit, who = plan(town, "plan:press")
    town.house.transactions.run(lambda tx: CarerVisits(tx.connection).begin(
        _hash("token"), carer(who.id), tx.now + timedelta(hours=1), tx.now
    ))  # fmt: skip
    context = chromium.new_context(viewport=NARROW, java_script_enabled=False, bypass_csp=True)
    context.add_cookies([{"name": VISIT_COOKIE, "value": "token", "url": base}])
    page = context.new_page()
    page.goto(f"{base}/c/visits")
    form = page.locator("form.sign", has=page.locator(f"input[value='{visit.id}']"))
    form.locator("button[value=begin]").click()
    found = next(each for each in town.house.homecare.visits.visiting.on(visit.wanted.on) if each.id == visit.id)
    assert found.state is State.BEGUN
    assert page.locator("html").bounding_box()["width"] <= NARROW["width"]
    context.close()


def test_a_carers_telephone_tells_where_it_is(served, chromium):
    town, base = served
    visit, who = plan(town, "plan:where")
    town.house.transactions.run(lambda tx: CarerVisits(tx.connection).begin(
        _hash("other"), carer(who.id), tx.now + timedelta(hours=1), tx.now
    ))  # fmt: skip
    context = chromium.new_context(
        viewport=NARROW, geolocation={"latitude": 38.0701, "longitude": 114.4902, "accuracy": 21},
        permissions=["geolocation"],
    )  # fmt: skip
    context.add_cookies([{"name": VISIT_COOKIE, "value": "other", "url": base}])
    page = context.new_page()
    page.goto(f"{base}/c/visits")
    form = page.locator("form.sign", has=page.locator(f"input[value='{visit.id}']"))
    form.locator("button[value=begin]").click()
    page.wait_for_url("**said=begin")
    client = town.browser(frozenset({Role.OPERATOR}))
    point = client.get(f"/api/v1/visits/{visit.id}").json["points"][0]
    assert (point["lat"], point["lng"], point["accuracy_m"]) == (38.0701, 114.4902, 21)
    context.close()
    again = chromium.new_context(viewport=NARROW, bypass_csp=True)
    again.add_cookies([{"name": VISIT_COOKIE, "value": "other", "url": base}])
    page = again.new_page()
    page.goto(f"{base}/c/visits")
    assert violations(page) == []
    again.close()
