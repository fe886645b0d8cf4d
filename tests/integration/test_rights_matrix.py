"""
Every route of the whole url map × everybody: what the mark and the table of rights say is what a request gets.

A new route is in the matrix by itself; one with an address to fill must say in ADDRESSES how, or the suite fails.
"""

import io
import re
import zipfile
from collections.abc import Iterator

import pytest

from dispatch.rules.rights import RIGHTS, WHOLE, Right, Role
from dispatch.rules.signal import Cause
from dispatch.web.access import ACCESS, HOOKS
from dispatch.web.account.words import SCOPES
from tests.integration.rights_addresses import (
    ABSENT,
    ADDRESSES,
    BODIES,
    DISTRICT_ONLY,
    ENDS_SESSIONS,
    FORMS,
    FULL,
    KEPT,
    NO_STATION,
    REFUSED_TO_NARROW,
    STREAMS,
)
from tests.integration.rights_goods import another_shift, furnish
from tests.integration.rights_rig import MARKERS, OURS, THEIRS, Town

SHUT = Right.SETTINGS
"""What it opens is the wizard of the first run, which is nowhere (404) in a town that has accounts."""

RIGHT = re.compile(r"right:(?P<right>[a-z.-]+)")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = Town(tmp_path_factory.mktemp("town"))
    furnish(made)
    yield made
    made.close()


def routes(town) -> Iterator[tuple[str, str, str]]:
    """Rule, method and mark of every view but the providers' hooks, whose signature is checked instead."""
    for rule in town.app.url_map.iter_rules():
        if rule.rule.startswith((HOOKS, "/static/")):
            continue
        view = town.app.view_functions[rule.endpoint]
        kind = getattr(view, "view_class", None)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            part = getattr(kind, method.lower()) if kind else view
            yield rule.rule, method, getattr(part, ACCESS)


def right_of(mark: str) -> Right | None:
    found = RIGHT.match(mark)
    return Right(found["right"]) if found else None


def address(town, rule: str, station: str, *, full: bool = False) -> str:
    tables = {**ADDRESSES, **NO_STATION, **(FULL if full else {})}
    template = tables.get(rule, rule)
    return template.format(**town.ids[station], spare=town.spare.id)


def send(town, client, rule: str, method: str, station: str, *, kept: bool = False):
    """One request as a browser sends it, with all that a script or a form would; `kept` leaves things as they are."""
    path, headers = address(town, rule, station), {"X-CSRFToken": town.csrf, "Sec-Fetch-Site": "same-origin"}
    if method == "DELETE" and "webhook" in path:
        path = "/api/v1/webhooks/none"
    if method == "GET":
        answer = client.get(path)
    elif path.startswith("/api/"):
        body = {**BODIES, **(KEPT if kept else {})}.get(rule, {}) if method == "POST" else {}
        # A version that was never there: whatever comes past the station is not changed.
        answer = client.open(path, method=method, json=body, headers={**headers, "If-Match": '"0"'})
    else:
        form = {"csrf_token": town.csrf, **FORMS.get(rule, {})}
        if rule == "/unmask":
            path, form = "/unmask", {**form, "person": f"resident:{town.ids[station]['resident']}"}
        answer = client.post(path, data=form, headers=headers)
    answer.close()
    return answer


def is_page(rule: str) -> bool:
    return not rule.startswith("/api/")


def is_whole(rule: str, method: str, right: Right) -> bool:
    """Whether this is the district's, and no station's."""
    return rule in DISTRICT_ONLY or right in WHOLE or (rule in REFUSED_TO_NARROW and method == "POST")


def test_every_address_can_be_filled(town):
    """A new route that is not in the tables above stops here: say how it is filled, and whose it is."""
    known = {*ADDRESSES, *NO_STATION}
    public = {rule for rule, _, mark in routes(town) if right_of(mark) is None}
    assert {rule for rule, _, _ in routes(town) if "<" in rule} - known - public == set()
    assert known - {rule for rule, _, _ in routes(town)} == set()


def test_a_key_can_be_made_for_whatever_an_address_asks_a_key_for_and_for_nothing_else(town):
    asked = {mark.partition("key:")[2] for _, _, mark in routes(town)} - {""}
    assert asked == set(SCOPES)


def test_everything_is_marked_and_public_is_what_must_be(town):
    public = {rule for rule, _, mark in routes(town) if mark == "public"}
    assert public == {
        "/", "/login", "/login/code", "/login/sealed", "/login/enrol", "/activate", "/logout", "/lang", "/look", "/c",
        "/c/code", "/c/leave", "/c/visits", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/docs",
        # The first run: `/setup` asks for its right once there is an account; before, for the code that was printed.
        "/setup", "/setup/administrator",
    }  # fmt: skip


def test_strangers_are_sent_to_sign_in_everywhere(town):
    stranger = town.stranger()
    for rule, method, mark in routes(town):
        if right_of(mark) is SHUT:
            assert send(town, stranger, rule, method, OURS).status_code == 404, rule
        elif right_of(mark) is not None:
            answer = send(town, stranger, rule, method, OURS)
            is_sent = answer.status_code == 303 and answer.headers["Location"].startswith("/login")
            # Whoever sent a form is told that it was not kept, and what it said.
            is_told = method == "POST" and answer.status_code == 401 and 'href="/login"' in answer.text
            right = is_sent or is_told if is_page(rule) else answer.status_code == 401
            assert right, (rule, method, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_the_table_says_and_nothing_else(town, role):
    ours = town.browser(frozenset({role}), OURS)
    district = town.browser(frozenset({role}))
    town.ids[OURS]["shift"] = another_shift(town, OURS, days=40 + list(Role).index(role))
    for rule, method, mark in routes(town):
        right = right_of(mark)
        if right is None or right is SHUT:
            continue
        if rule in ENDS_SESSIONS:
            ours = town.browser(frozenset({role}), OURS)
        status = send(town, ours, rule, method, OURS, kept=True).status_code
        where = (str(role), rule, method, status)
        if rule in ENDS_SESSIONS:
            ours = town.browser(frozenset({role}), OURS)
        if right not in RIGHTS[role]:
            assert status == 403, where
            # Whoever works for the whole district is asked for the same right; a page of each is enough to see it.
            if method == "GET" and is_page(rule):
                assert send(town, district, rule, method, OURS).status_code == 403, where
        elif is_whole(rule, method, right):
            assert status in ({403, 404} if rule in REFUSED_TO_NARROW else {404}), where
            whole = send(town, district, rule, method, OURS, kept=True).status_code
            assert whole not in ({401, 403} if rule in ABSENT else {401, 403, 404}), where
            assert whole < 500, where
        else:
            assert status not in {401, 403}, where
            assert status < 500, where
            assert status != 404 or rule in ABSENT, where


@pytest.mark.parametrize("role", list(Role))
def test_another_stations_things_are_not_there(town, role):
    theirs = town.browser(frozenset({role}), THEIRS)
    for rule, method, mark in routes(town):
        right = right_of(mark)
        if rule in ADDRESSES and right in RIGHTS[role]:
            status = send(town, theirs, rule, method, OURS).status_code
            assert status == 404, (str(role), rule, method, status)


def test_several_roles_are_their_sum(town):
    roles = frozenset({Role.REVIEWER, Role.INSTALLER})
    both = town.browser(roles, OURS)
    for rule, method, mark in routes(town):
        right = right_of(mark)
        if right is None or right is SHUT or rule in ENDS_SESSIONS or is_whole(rule, method, right):
            continue
        allowed = any(right in RIGHTS[each] for each in roles)
        assert (send(town, both, rule, method, OURS, kept=True).status_code == 403) is not allowed, (rule, method)


def test_nobody_without_a_role_may_more_than_their_own_account(town):
    nobody = town.browser(frozenset(), OURS)
    for rule, method, mark in routes(town):
        right = right_of(mark)
        if right not in {None, SHUT, Right.SIGNED_IN}:
            assert send(town, nobody, rule, method, OURS).status_code == 403, (rule, method)


def shown(town, client, rule: str, station: str) -> str:
    """Everything that is readable in the answer, packed or not."""
    content = client.get(address(town, rule, station, full=True)).get_data()
    return unpacked(content)


def unpacked(content: bytes) -> str:
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "".join(packed.read(name).decode(errors="replace") for name in packed.namelist())


def looked_at(town) -> list[str]:
    """Every page and answer that is asked for with GET by people, but the endless ones."""
    found = {rule for rule, method, mark in routes(town) if method == "GET" and right_of(mark) is not None}
    # The PDF is the printable page, which is looked at, in a form in which nothing could be found.
    return sorted(found - STREAMS - {"/reports/monthly.pdf"})


def taken_away(town, client) -> dict[str, str]:
    """What POSTs answer with data: lists, the log, searches."""
    answers = {}
    for rule in (f"/export/{kind}" for kind in ("residents", "carers", "devices", "shifts", "canteens")):
        for form in ({"format": "csv"}, {"format": "csv", "reason": "because"}, {"format": "xlsx"}):
            answers[f"{rule} {form}"] = client.post(rule, data={**form, "csrf_token": town.csrf})
    for full in ("", "1"):
        form = {"csrf_token": town.csrf, "kind": "csv", "full": full, "reason": "because"}
        answers[f"/review/export {full}"] = client.post("/review/export", data=form)
    headers = {"X-CSRFToken": town.csrf}
    answers["/api/v1/review/export"] = client.post("/api/v1/review/export", json={"kind": "xlsx"}, headers=headers)
    answers["/api/v1/review/search"] = client.post("/api/v1/review/search", json={"text": "note"}, headers=headers)
    assert {name: each.status_code for name, each in answers.items() if each.status_code != 200} == {}
    return {name: unpacked(each.get_data()) for name, each in answers.items()}


def test_nothing_of_another_station_is_in_any_answer(town):
    everything = town.browser(frozenset(Role), OURS)
    for rule in looked_at(town):
        for station in (OURS, THEIRS):
            text = shown(town, everything, rule, station)
            found = [each for each in MARKERS if each in text]
            assert not found, (rule, station, found)


def test_nothing_of_another_station_is_taken_away(town):
    ours = taken_away(town, town.browser(frozenset(Role), OURS))
    assert {name: found for name, text in ours.items() if (found := [each for each in MARKERS if each in text])} == {}
    whole = "".join(taken_away(town, town.browser(frozenset(Role))).values())
    assert [each for each in ("邻站老人", "邻站护理", "13900000101", "13900000001") if each not in whole] == []


def test_the_district_sees_what_a_station_does_not(town):
    """So that the tests above cannot pass because nothing is shown to anybody."""
    district = town.browser(frozenset(Role))
    seen = "".join(shown(town, district, rule, THEIRS) for rule in looked_at(town))
    assert [each for each in MARKERS if each not in seen] == []


def test_a_board_hears_of_its_own_alarms_only(town):
    ours, alarms = town.browser(frozenset({Role.OPERATOR}), OURS), town.ids
    answer = ours.get("/events", headers={"Last-Event-ID": "0"})
    heard = ""
    for piece in answer.response:
        heard += piece if isinstance(piece, str) else piece.decode()
        if "event: beat" in heard and alarms[OURS]["alarm"] in heard:
            break
    answer.close()
    assert alarms[OURS]["alarm"] in heard
    assert alarms[THEIRS]["alarm"] not in heard
    assert not [each for each in MARKERS if each in heard]


def test_a_board_is_told_of_changes_to_its_own_rows_only(town):
    answer = town.browser(frozenset({Role.OPERATOR}), OURS).get("/events?board=1", buffered=False)
    pieces, heard = iter(answer.response), ""
    while "event: beat" not in heard:
        heard += next(pieces).decode()
    # Theirs first, so that it would have been told by the time ours is.
    pressed = {
        station: town.house.desk.raise_by_hand(
            Cause.FALL, by=f"operator:{town.spare.id}", home_id=town.ids[station]["home"]
        )
        for station in (THEIRS, OURS)
    }
    town.pages.bell.ring()
    while f"row-{pressed[OURS]}" not in heard:
        heard += next(pieces).decode()
    answer.close()
    assert pressed[THEIRS] not in heard
    assert not [each for each in MARKERS if each in heard]


def test_every_form_wants_its_token(town):
    client = town.browser(frozenset(Role))
    for rule, method, mark in routes(town):
        is_program = mark == "public" and rule.startswith("/api/")
        is_first_run = right_of(mark) is SHUT or rule == "/setup/administrator"
        if method == "GET" or mark == "code" or is_program or is_first_run:
            continue
        path = address(town, rule, OURS)
        data = {"json": BODIES.get(rule, {})} if path.startswith("/api/") else {"data": FORMS.get(rule, {})}
        answer = client.post(path.partition("?")[0], **data, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 400, (rule, answer.status_code)
        forged = client.post(path.partition("?")[0], headers={"Sec-Fetch-Site": "cross-site", "X-CSRFToken": town.csrf})
        assert forged.status_code == 400, (rule, forged.status_code)
