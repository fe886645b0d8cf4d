"""
Every route of the whole url map × everybody: what the mark and the table of rights say is what a request gets.

A new route is in the matrix by itself; one with an address to fill must say in ADDRESSES how, or the suite fails.
"""

import re
from collections.abc import Iterator

import pytest

from dispatch.rules.rights import RIGHTS, Right, Role
from dispatch.web.access import ACCESS, HOOKS
from tests.integration.rights_rig import MARKERS, OURS, THEIRS, Town

DEEDS = "accept, decline, attend, offer, close, reopen, note, emergency"

ADDRESSES = {
    "/alarms/<alarm_id>": "/alarms/{alarm}",
    f"/alarms/<alarm_id>/<any({DEEDS}):deed>": "/alarms/{alarm}/note",
    "/calls/<call_id>/<any(alarm, dismiss):what>": "/calls/{call}/dismiss",
    "/devices/<name>": "/devices/{device}",
    "/devices/<name>/report": "/devices/{device}/report",
    "/devices/<name>/<any(test, cancel, move, lend, return, retire):deed>": "/devices/{device}/return",
    "/repairs/assign/<id_>": "/repairs/assign/{repair}",
    "/repairs/<any(check, dismiss):deed>/<id_>": "/repairs/dismiss/{incident}",
    "/api/v1/alarms/<name>": "/api/v1/alarms/{alarm}",
    **{f"/api/v1/alarms/<name>/{deed}": f"/api/v1/alarms/{{alarm}}/{deed}"
       for deed in ("note", "reopen", "emergency", "close", "accept", "decline", "attend", "offer")},
    "/api/v1/calls/<call_id>/alarm": "/api/v1/calls/{call}/alarm",
    "/api/v1/calls/<call_id>/dismiss": "/api/v1/calls/{call}/dismiss",
    "/api/v1/devices/<name>": "/api/v1/devices/{device}",
    **{f"/api/v1/devices/<name>/{deed}": f"/api/v1/devices/{{device}}/{deed}"
       for deed in ("test", "cancel", "move", "lend", "return", "retire")},
    "/api/v1/repairs/<repair_id>": "/api/v1/repairs/{repair}",
    "/api/v1/repairs/<repair_id>/assign": "/api/v1/repairs/{repair}/assign",
    "/api/v1/checks/<check_id>/done": "/api/v1/checks/{check}/done",
    "/api/v1/incidents/<incident_id>": "/api/v1/incidents/{incident}",
    "/api/v1/incidents/<incident_id>/dismiss": "/api/v1/incidents/{incident}/dismiss",
    "/unmask": "/unmask?person=resident:{resident}",
}  # fmt: skip
"""How an address is filled with what belongs to a station; for these another station's thing answers 404."""

BODIES = {
    "/api/v1/alarms/<name>/accept": {"person": "C1"}, "/api/v1/alarms/<name>/decline": {"person": "C1"},
    "/api/v1/alarms/<name>/offer": {"person": "C1"}, "/api/v1/alarms/<name>/note": {"text": "x"},
    "/api/v1/alarms/<name>/attend": {"person": "C1", "proof": "voice"},
    "/api/v1/alarms/<name>/emergency": {"reference": "x"}, "/api/v1/alarms/<name>/close": {"outcome": "test"},
    "/api/v1/alarms/<name>/reopen": {}, "/api/v1/calls/<call_id>/alarm": {},
    "/api/v1/devices/<name>/test": {}, "/api/v1/devices/<name>/move": {"resident": "R1"},
    "/api/v1/devices/<name>/lend": {"resident": "R1", "back_at": "2030-01-01T00:00:00+08:00"},
    "/api/v1/devices/<name>/retire": {"reason": "lost"}, "/api/v1/repairs/<repair_id>/assign": {"owner": "operators"},
    "/api/v1/checks/<check_id>/done": {"result": "well"},
    "/api/v1/account/proof": {"password": "x" * 300},  # a wrong one would be 403 for a reason of its own
}  # fmt: skip
"""Bodies good enough to come past the schema, so that it is the station that answers 404."""

FORMS = {
    f"/alarms/<alarm_id>/<any({DEEDS}):deed>": {"text": "x"},
    "/devices/<name>/report": {}, "/repairs/assign/<id_>": {"owner": "operators"}, "/unmask": {"reason": "because"},
}  # fmt: skip

DISTRICT_ONLY = {
    "/phones", "/phones/live", "/roads/drill", "/roads/street", "/api/v1/gateways/<name>/frames",
    "/phones/<any(reply, key, receipt, fault, press, gateway):deed>",
}  # fmt: skip
"""What belongs to no station: 404 to whoever works for some stations only."""

NO_STATION = {
    "/api/v1/gateways/<name>/frames": "/api/v1/gateways/none/frames",
    "/phones/<any(reply, key, receipt, fault, press, gateway):deed>": "/phones/reply",
    "/users/<operator_id>/appoint": "/users/{spare}/appoint", "/users/<operator_id>/reset": "/users/{spare}/reset",
    "/users/<operator_id>/<any(disable, enable, factor, sessions):deed>": "/users/{spare}/enable",
    "/keys/<prefix>/revoke": "/keys/{key}/revoke",
    "/api/v1/users/<operator_id>": "/api/v1/users/{spare}",
    "/api/v1/users/<operator_id>/appoint": "/api/v1/users/{spare}/appoint",
    "/api/v1/users/<operator_id>/reset": "/api/v1/users/{spare}/reset",
    "/api/v1/users/<operator_id>/<any(disable, enable, factor, sessions):deed>": "/api/v1/users/{spare}/enable",
    "/api/v1/keys/<prefix>/revoke": "/api/v1/keys/{key2}/revoke",
}  # fmt: skip
"""Addresses of things that no station has."""

ENDS_SESSIONS = {"/account/sessions", "/account/factor"}
"""After these the browser is a new one."""

ABSENT = {
    "/api/v1/gateways/<name>/frames", "/api/v1/devices/<name>/cancel", "/keys/<prefix>/revoke",
    "/api/v1/keys/<prefix>/revoke",
}  # fmt: skip
"""Of these there may be nothing (left) in this small town: 404 also to whoever may see them."""

RIGHT = re.compile(r"right:(?P<right>[a-z.-]+)")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = Town(tmp_path_factory.mktemp("town"))
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


def address(town, rule: str, station: str) -> str:
    template = {**ADDRESSES, **NO_STATION}.get(rule, rule)
    return template.format(**town.ids[station], spare=town.spare.id)


def send(town, client, rule: str, method: str, station: str):
    """One request as a browser sends it, with all that a script or a form would."""
    path, headers = address(town, rule, station), {"X-CSRFToken": town.csrf, "Sec-Fetch-Site": "same-origin"}
    if method == "GET":
        answer = client.get(path)
    elif path.startswith("/api/"):
        answer = client.post(path, json=BODIES.get(rule, {}), headers=headers)
    else:
        form = {"csrf_token": town.csrf, **FORMS.get(rule, {})}
        if rule == "/unmask":
            path, form = "/unmask", {**form, "person": f"resident:{town.ids[station]['resident']}"}
        answer = client.post(path, data=form, headers=headers)
    answer.close()
    return answer


def is_page(rule: str) -> bool:
    return not rule.startswith("/api/")


def test_every_address_can_be_filled(town):
    """A new route that is not in the tables above stops here: say how it is filled, and whose it is."""
    known = {*ADDRESSES, *NO_STATION}
    public = {rule for rule, _, mark in routes(town) if right_of(mark) is None}
    assert {rule for rule, _, _ in routes(town) if "<" in rule} - known - public == set()
    assert known - {rule for rule, _, _ in routes(town)} == set()


def test_everything_is_marked_and_public_is_what_must_be(town):
    public = {rule for rule, _, mark in routes(town) if mark == "public"}
    assert public == {
        "/", "/login", "/login/code", "/login/sealed", "/login/enrol", "/activate", "/logout", "/lang", "/look", "/c",
        "/c/code", "/c/leave", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/docs",
    }  # fmt: skip


def test_strangers_are_sent_to_sign_in_everywhere(town):
    stranger = town.stranger()
    for rule, method, mark in routes(town):
        if right_of(mark) is not None:
            answer = send(town, stranger, rule, method, OURS)
            is_sent = answer.status_code == 303 and answer.headers["Location"].startswith("/login")
            assert is_sent if is_page(rule) else answer.status_code == 401, (rule, method, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_the_table_says_and_nothing_else(town, role):
    ours = town.browser(frozenset({role}), OURS)
    district = town.browser(frozenset({role}))
    for rule, method, mark in routes(town):
        right = right_of(mark)
        if right is None:
            continue
        if rule in ENDS_SESSIONS:
            ours = town.browser(frozenset({role}), OURS)
        status = send(town, ours, rule, method, OURS).status_code
        where = (str(role), rule, method, status)
        if rule in ENDS_SESSIONS:
            ours = town.browser(frozenset({role}), OURS)
        if right not in RIGHTS[role]:
            assert status == 403, where
            assert send(town, district, rule, method, OURS).status_code == 403, where
        elif rule in DISTRICT_ONLY:
            assert status == 404, where
            whole = send(town, district, rule, method, OURS).status_code
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
        if right is None or rule in ENDS_SESSIONS or rule in DISTRICT_ONLY:
            continue
        allowed = any(right in RIGHTS[each] for each in roles)
        assert (send(town, both, rule, method, OURS).status_code == 403) is not allowed, (rule, method)


def test_nobody_without_a_role_may_more_than_their_own_account(town):
    nobody = town.browser(frozenset(), OURS)
    for rule, method, mark in routes(town):
        right = right_of(mark)
        if right is not None and right is not Right.SIGNED_IN:
            assert send(town, nobody, rule, method, OURS).status_code == 403, (rule, method)


def test_nothing_of_another_station_is_in_any_answer(town):
    everything = town.browser(frozenset(Role) - {Role.ADMINISTRATOR}, OURS)
    for rule, method, mark in routes(town):
        if method != "GET" or right_of(mark) is None or rule in {"/api/v1/stream", "/events"}:
            continue
        for station in (OURS, THEIRS):
            text = everything.get(address(town, rule, station)).text
            found = [each for each in MARKERS if each in text]
            assert not found, (rule, station, found)


def test_the_district_sees_what_a_station_does_not(town):
    """So that the test above cannot pass because nothing is shown to anybody."""
    district = town.browser(frozenset(Role))
    seen = "".join(
        district.get(address(town, rule, THEIRS)).text
        for rule, method, mark in routes(town)
        if method == "GET" and right_of(mark) is not None and rule not in {"/api/v1/stream", "/events"}
    )
    shown = [each for each in MARKERS if each in seen]
    assert shown == [each for each in MARKERS if each not in {"13900000001"}]


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


def test_every_form_wants_its_token(town):
    client = town.browser(frozenset(Role))
    for rule, method, mark in routes(town):
        if method == "GET" or mark in {"code"} or (mark == "public" and rule.startswith("/api/")):
            continue
        path = address(town, rule, OURS)
        data = {"json": BODIES.get(rule, {})} if path.startswith("/api/") else {"data": FORMS.get(rule, {})}
        answer = client.post(path.partition("?")[0], **data, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 400, (rule, answer.status_code)
        forged = client.post(path.partition("?")[0], headers={"Sec-Fetch-Site": "cross-site", "X-CSRFToken": town.csrf})
        assert forged.status_code == 400, (rule, forged.status_code)
