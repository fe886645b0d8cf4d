"""Corrected rules on their pages and over the API: listed, wanted, approved by another person, done."""

import pytest

from dispatch.ids import StationId
from dispatch.rules.rights import Area, Role
from schedules.money.corrections.rules.correction import State
from schedules.money.corrections.web.api import corrections_api
from schedules.money.corrections.web.pages import correction_pages
from tests.integration.registry_rig import RegistryRig
from tests.integration.test_rules_corrected_backwards import AFTER, BEFORE, NEW, City, week_later

PATH, API = "/settlement/corrections", "/api/v1/corrections"


@pytest.fixture
def office(tmp_path):
    """A week of meals whose rule was corrected, found, with pages over it."""
    city = City(tmp_path)
    week_later(city)
    city.eaten()
    city.write(NEW)
    city.begun_again().until(State.FOUND)
    office = RegistryRig(tmp_path, world=city.world, blueprints=[
        correction_pages(city.office.desk, names=dict, zone=city.world.calendar.tzinfo),
        corrections_api(city.office.desk, transactions=city.world.transactions),
    ])  # fmt: skip
    office.city = city
    yield office
    office.close()


def text(answer):
    return answer.get_data(as_text=True)


def test_a_list_is_wanted_by_one_approved_by_another_and_priced(office):
    desk, world = office.city.office.desk, office.world
    manager, reviewer = office.person("manager", Role.MANAGER), office.person("reviewer", Role.REVIEWER)
    both = office.person("both", Role.MANAGER, Role.REVIEWER)
    narrow = office.person("narrow", Role.MANAGER, Role.REVIEWER, area=Area(frozenset({StationId("s1")})))
    [one] = manager.get(API).get_json()["items"]
    mine = f"{PATH}/{one['id']}"
    assert (one["state"], one["differing"], one["before_fen"], one["after_fen"]) == ("found", 3, 600, 800)
    assert [each["first"] for each in one["versions"]] == ["2026-11-16"]

    assert "待决定" in text(manager.get(PATH))
    page = text(manager.get(mine))
    assert ("¥6.00 → ¥8.00" in page, "应退用餐人 ¥5.00" in page, "王**" in page or "王*英" in page) == (
        True,
        True,
        True,
    )
    assert ("全部重新计价" in page, "批准：全部" in page) == (True, False)
    for path in (PATH, mine, API, f"{API}/{one['id']}", f"{API}/{one['id']}/items"):
        assert narrow.get(path).status_code == 404, path
    assert narrow.post(f"{mine}/want", data={"note": "x"}).status_code == 404
    assert office.person("watch", Role.OPERATOR).get(PATH).status_code == 403

    first = manager.get(f"{API}/{one['id']}/items?limit=2").get_json()
    rest = manager.get(f"{API}/{one['id']}/items?limit=2&cursor={first['next']}").get_json()
    items = [*first["items"], *rest["items"]]
    assert [(each["before_fen"], each["after_fen"], each["paid_fen"], each["pays_fen"]) for each in items] == [
        (0, 400, 900, 500), (300, 400, 900, 800), (300, 0, 900, 1200),
    ]  # fmt: skip
    assert {each["state"] for each in items} == {"open"}

    silent = both.post(f"{mine}/want", data={"note": " "})
    assert silent.status_code == 422
    assert reviewer.post(f"{mine}/want", data={"note": "更正"}).status_code == 403
    assert reviewer.post(f"{mine}/approve").status_code == 409, "nobody wanted it"
    key = {"Idempotency-Key": "want-it"}
    wanted = both.post(f"{API}/{one['id']}/want", json={"note": "市里更正"}, headers=key)
    assert (wanted.status_code, wanted.get_json()["state"]) == (200, "wanted")
    again = both.post(f"{API}/{one['id']}/want", json={"note": "市里更正"}, headers=key)
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (wanted.get_json(), "true")
    assert both.post(f"{API}/{one['id']}/approve").status_code == 409, "whoever wanted it does not approve it"
    assert "提出人不能批准" in text(both.get(mine))
    refused = both.post(f"{mine}/approve")
    assert (refused.status_code, "提出人不能批准" in text(refused)) == (409, True)
    assert manager.post(f"{API}/{one['id']}/approve").status_code == 403

    page = text(reviewer.get(mine))
    assert ("市里更正" in page, "批准：全部重新计价" in page) == (True, True)
    assert reviewer.post(f"{mine}/approve").status_code == 303
    assert reviewer.post(f"{API}/{one['id']}/approve").status_code == 409, "it is approved"
    assert 'http-equiv="refresh"' in text(manager.get(mine))
    for _ in range(4):
        desk.check()
    assert office.city.fen() == AFTER
    page = text(manager.get(mine))
    assert ("已重新计价" in page, "4 / 4" in page, "<button" in page.partition("<main")[2]) == (True, True, False)
    done = manager.get(f"{API}/{one['id']}").get_json()
    assert (done["state"], done["done"], done["skipped"], done["note"]) == ("done", 4, 0, "市里更正")
    kinds = [each.kind for each in office.city.office.lines("correction_wanted")]
    assert kinds == ["correction_wanted"], "once, however often it was sent"
    assert "计价没有不同" in text(manager.get(PATH))
    assert world is office.city.world


def test_one_that_is_left_as_it_was_stays_so_and_says_why(office):
    manager = office.person("manager", Role.MANAGER)
    [one] = manager.get(API).get_json()["items"]
    left = manager.post(f"{PATH}/{one['id']}/decline", data={"note": "不溯及既往"})
    assert left.status_code == 303
    assert "不溯及既往" in text(manager.get(f"{PATH}/{one['id']}"))
    assert manager.post(f"{PATH}/{one['id']}/want", data={"note": "还是要"}).status_code == 409
    for _ in range(3):
        office.city.begun_again().desk.check()
    [newest] = office.city.office.desk.newest(2)
    assert (newest.correction.id, newest.correction.state) == (one["id"], State.DECLINED)
    assert office.city.fen() == BEFORE
