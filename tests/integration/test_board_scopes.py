"""A board is made once for everybody who sees the same, and never for two who do not."""

import json
import re

import pytest

from dispatch.rules.alarm import Outcome
from dispatch.rules.rights import DISTRICT, Area, Right, Role, rights_of
from dispatch.web.scope import Scope
from dispatch.web.shown import MARK
from tests.integration.board_rig import PASSWORD, BoardRig

WEST, EAST = Area(frozenset({"west"})), Area(frozenset({"east"}))
OPERATOR, REVIEWER = rights_of([Role.OPERATOR]), rights_of([Role.REVIEWER])
SCOPES = [
    Scope(lang, area, rights)
    for lang in ("zh", "en")
    for area in (DISTRICT, WEST, EAST, Area(frozenset({"west", "east"})))
    for rights in (OPERATOR, REVIEWER, OPERATOR | REVIEWER)
]


@pytest.fixture
def rig(tmp_path):
    built = BoardRig(tmp_path)
    yield built
    built.close()


@pytest.fixture
def district(rig) -> Scope:
    return Scope("zh", DISTRICT, rights_of(Role))


def shown(rig: BoardRig, scope: Scope):
    return rig.boards.shown(scope, rig.review.head())


def entered(rig: BoardRig, login: str, *roles: Role):
    """A browser in which a colleague with these roles has signed in."""
    rig.sign_in.add_operator(login, f"name-of-{login}", PASSWORD, roles=frozenset(roles))
    browser = rig.app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login").text)[1]
    assert browser.post("/login", data={"login": login, "password": PASSWORD, "csrf_token": token}).status_code == 303
    return browser


def test_two_scopes_never_share_a_rendering(rig):
    rig.press("H1", "R1")
    made = [shown(rig, each) for each in SCOPES]
    assert len({each.name for each in SCOPES}) == len(SCOPES)
    assert len({id(each) for each in made}) == len({each.version for each in made}) == len(SCOPES)


def test_the_same_scope_shares_one(rig):
    rig.press("H1", "R1")
    again = Scope("zh", Area(None), frozenset(set(OPERATOR)))
    assert shown(rig, again) is shown(rig, SCOPES[0])


def test_a_scope_sees_its_stations_and_what_belongs_to_nobody(rig):
    alarm = rig.press("H1", "R1")
    station = rig.review.board()[0]["station_id"]
    for area, rows in ((Area(frozenset({station})), [alarm]), (WEST, []), (DISTRICT, [alarm])):
        assert list(shown(rig, Scope("zh", area, OPERATOR)).rows) == rows


def test_nothing_of_whoever_asked_is_in_what_many_see(rig):
    alarm = rig.press("H1", "R1")
    first, second = entered(rig, "first-login", Role.OPERATOR), entered(rig, "second-login", Role.OPERATOR)
    first.get(f"/board?alarm={alarm}")
    told = json.dumps([vars_of(shown(rig, Scope("zh", DISTRICT, OPERATOR)))])
    assert "first-login" not in told
    page = second.get(f"/board?alarm={alarm}").text
    assert "second-login" in page
    assert "first-login" not in page
    assert MARK not in page, "every mark is filled in"
    tokens = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
    own = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
    assert tokens == {own}


def vars_of(board):
    return [board.rows, board.parts]


def test_who_is_in_charge_reads_it_of_themselves_and_colleagues_by_name(rig):
    alarm = rig.press("H1", "R1")
    first, second = entered(rig, "first-login", Role.OPERATOR), entered(rig, "second-login", Role.OPERATOR)
    token = re.search(r'name="csrf-token" content="([^"]+)"', first.get("/board").text)[1]
    taken = first.post(f"/api/v1/alarms/{alarm}/take", json={}, headers={"X-CSRFToken": token})
    assert taken.status_code == 200
    pages = [each.get(f"/board/live?alarm={alarm}").text for each in (first, second, first)]
    assert ["您自" in each for each in pages] == [True, False, True]
    assert "name-of-first-login" in pages[1]


def test_whoever_may_not_act_shares_nothing_with_whoever_may(rig):
    alarm = rig.press("H1", "R1")
    acts, reads = entered(rig, "acts-login", Role.OPERATOR), entered(rig, "reads-login", Role.REVIEWER)
    for _ in range(2):
        assert "钥匙盒" in acts.get(f"/board/live?alarm={alarm}").text
        assert "钥匙盒" not in reads.get(f"/board/live?alarm={alarm}").text
    assert Right.ALARMS_ACT not in REVIEWER


def test_what_is_shown_already_is_not_sent_again(rig):
    alarm = rig.press("H1", "R1")
    browser = entered(rig, "first-login", Role.OPERATOR)
    for address in ("/board/live", f"/board/live?alarm={alarm}", f"/board/live?alarm={alarm}&part=detail"):
        tag = browser.get(address).headers["ETag"]
        again = browser.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.get_data()) == (304, b"")
        rig.world.desk.note(alarm, f"news {address}", by=f"operator:{rig.operator.id}")
        rig.world.press("H1", "R1")
        fresh = browser.get(address, headers={"If-None-Match": tag})
        assert fresh.status_code == 200
        assert fresh.headers["ETag"] != tag


def test_of_the_open_alarms_those_that_something_happened_to_are_read_again(rig, district):
    first, second = rig.press("H1", "R1"), rig.press("H2", "R2")
    asked: list[object] = []
    whole = rig.review.board
    rig.review.board = lambda *args, only=None: asked.append(only) or whole(*args, only=only)
    before = shown(rig, district)
    rig.world.press("H1", "R1")
    after = shown(rig, district)
    assert asked[-1] == {first}
    assert before.rows[first] != after.rows[first]
    assert before.rows[second] is after.rows[second]
    assert {each["id"] for each in whole()} == set(after.rows)
    assert list(before.rows) == list(after.rows)


def test_an_alarm_that_is_closed_leaves_the_rows_and_stands_among_those_closed_lately(rig, district):
    alarm = rig.press("H1", "R1")
    assert list(shown(rig, district).rows) == [alarm]
    rig.world.desk.close(alarm, outcome=Outcome.FALSE_ALARM, by=f"operator:{rig.operator.id}")
    after = shown(rig, district)
    assert (list(after.rows), f"row-{alarm}" in after.parts["lately"]) == ([], True)
