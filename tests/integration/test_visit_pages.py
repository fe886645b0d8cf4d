"""Visits on pages and on the wire: a desk's entry and its second person, a carer's own page, what a key may tell."""

import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from dispatch.accounts.keys import Keys
from dispatch.ids import CallId, HomeId, new_id
from dispatch.rules.calls import Call, CallState
from dispatch.rules.people import carer
from dispatch.rules.rights import Role
from dispatch.store.calls import Calls
from dispatch.store.people import People
from dispatch.store.visits import CarerVisits
from dispatch.web.carer_list import VISIT_COOKIE
from schedules.care.rules.presence import State
from schedules.care.rules.visit import Source, Wanted
from schedules.care.store.visit_points import Findings, Points
from schedules.duty.store.away import CarerAbsence, CarerAbsences
from tests.integration.rights_rig import OURS, Town

WATCH, REVIEW = frozenset({Role.OPERATOR}), frozenset({Role.REVIEWER})
HOUR = timedelta(hours=1)
EXIF = b"Exif\x00\x00II*\x00" + b"2020:01:02 03:04:05\x00" + b"\x00" * 40
JPEG = b"\xff\xd8\xff\xe1" + (len(EXIF) + 2).to_bytes(2, "big") + EXIF + b"\xff\xda\x00\x02\x11\x22\xff\xd9"
"""As a telephone writes it: when it was taken, then the picture, which is no real one."""


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("visits"))
    yield town
    town.close()


@pytest.fixture
def visit(town):
    """One that begins now, of R1 by C1."""
    house, now = town.house, town.house.clock.now()
    wanted = Wanted(
        key=f"plan:{uuid4().hex}", source=Source.PLAN, home_id=HomeId(town.ids[OURS]["home"]),
        resident_id=town.ids[OURS]["resident"], on=house.calendar.day_of(now), start_from=now, start_by=now + HOUR,
        minutes=60, items=("B01", "B02"), usual=(_carer(town, "C1").id,),
    )  # fmt: skip

    class Wants:
        def wanted(self, day):
            return [wanted] if day == wanted.on else []

    house.homecare.visits.sources[:] = [Wants()]
    house.homecare.visits.planning.plan(wanted.on)
    return lambda: next(each for each in house.homecare.visits.visiting.on(wanted.on) if each.wanted.key == wanted.key)


def _carer(town, code):
    with town.house.reading.connect() as connection:
        return next(each for each in People(connection).carers() if each.code == code)


def post(client, town, path, **form):
    return client.post(path, data={"csrf_token": town.csrf, **form})


def judge_all(town):
    visiting = town.house.homecare.visits.visiting
    for id_ in visiting.due(town.house.clock.now(), 100):
        visiting.wake(id_)


def on_the_wire(town, scopes="visits visits:read"):
    key = Keys(town.house.transactions, town.house.reading, town.house.clock).new_key("app", scopes)
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(("hours", "shown"), [((-1, 3), True), ((0.5, 3), False), ((-2, 0.5), False)])
def test_a_visit_of_somebody_who_is_absent_through_its_time_is_marked(town, visit, hours, shown):
    """As long as it can still begin while they are there, it is theirs."""
    wanted, absence = visit().wanted, uuid4().hex
    row = CarerAbsence(
        id=absence, carer_id=visit().carer_ids[0], kind="sick", from_at=wanted.start_from + hours[0] * HOUR,
        until_at=wanted.start_from + hours[1] * HOUR, by="operator:x", kept_at=wanted.start_from,
    )  # fmt: skip
    town.house.transactions.run(lambda tx: CarerAbsences(tx.connection).add(row))
    page = town.browser(WATCH).get(f"/visits?day={wanted.on}").text
    town.house.transactions.run(lambda tx: CarerAbsences(tx.connection).end(absence, row.from_at))
    assert ("Visits of carers who are absent then" in page, "▲ is absent then" in page) == (shown, shown)
    assert "sick" not in page, "why somebody is away is nobody's here"


def test_a_day_shows_what_is_planned_and_who_goes(town, visit):
    page = town.browser(WATCH).get("/visits")
    assert "本站小区 1-101" in page.text
    assert "C1 本站护理" in page.text
    assert "C1 本站护理" in town.browser(WATCH).get("/visits?by=carer").text
    assert town.browser(WATCH).get("/visits?day=1066-10-14").status_code == 200
    one = town.browser(WATCH, OURS).get(f"/visits/{visit().id}")
    assert "本站老人" in one.text


def test_a_desk_enters_and_a_second_person_agrees(town, visit):
    desk, review = town.browser(WATCH), town.browser(REVIEW)
    id_, day = visit().id, visit().wanted.on.isoformat()
    form = {"carer": "C1", "which": "begin", "day": day, "at": "08:00", "entry": new_id(), "reason": "手机没电"}
    assert 'value="begin" selected' in desk.get(f"/visits/{id_}").text, "nobody has come yet"
    refused = post(desk, town, f"/visits/{id_}/entry", **{**form, "reason": " ", "at": "09:30"})
    assert refused.status_code == 422
    assert 'value="09:30"' in refused.text
    assert post(desk, town, f"/visits/{id_}/entry", **form).status_code == 303
    post(desk, town, f"/visits/{id_}/entry", **form)
    page = desk.get(f"/visits/{id_}").text
    assert ('<details class="card"' in page, 'value="begin" selected' in page) == (False, False), (
        "what comes next is signing out"
    )
    post(desk, town, f"/visits/{id_}/entry", **{**form, "which": "finish", "at": "09:00", "entry": new_id()})
    page = desk.get(f"/visits/{id_}").text
    assert page.index('<details class="card"') < page.index(f'action="/visits/{id_}/entry"'), (
        "nothing is left to be entered"
    )
    judge_all(town)
    with town.house.reading.connect() as connection:
        points = Points(connection).of([id_])
        codes = {each.code for each in Findings(connection).of([id_])}
    assert [each.way for each in points] == ["office", "office"]
    assert "office_entry" in codes
    assert not visit().counts
    assert post(desk, town, f"/visits/{id_}/approve", point=points[0].id).status_code == 403
    for each in points:
        assert post(review, town, f"/visits/{id_}/approve", point=each.id).status_code == 303
    judge_all(town)
    assert "office_entry" not in {each["code"] for each in _findings(town, review, id_) if each["resolution"] is None}
    queue = review.get("/visits/findings")
    assert queue.status_code == 200


def _findings(town, client, id_):
    return client.get(f"/api/v1/visits/{id_}").json["findings"]


def test_a_finding_is_judged_on_its_page_and_once(town, visit):
    review, id_ = town.browser(REVIEW), visit().id
    headers = on_the_wire(town)
    client = town.app.test_client()
    client.post(f"/api/v1/visits/{id_}/begin", json={"carer": "C1", "lat": 38.07, "lng": 114.49}, headers=headers)
    client.post(f"/api/v1/visits/{id_}/finish", json={"carer": "C1", "lat": 38.07001, "lng": 114.49}, headers=headers)
    judge_all(town)
    short = next(each for each in _findings(town, review, id_) if each["code"] == "too_short")
    assert "too_short" not in review.get("/visits/findings").text
    page = review.get(f"/visits/{id_}")
    assert "Shorter than asked for" in page.text
    assert post(review, town, f"/visits/{id_}/judge", finding=short["id"], resolution="maybe").status_code == 422
    assert post(review, town, f"/visits/{id_}/judge", finding=short["id"], resolution="rejected").status_code == 303
    again = post(review, town, f"/visits/{id_}/judge", finding=short["id"], resolution="accepted", note="写了很久")
    assert (again.status_code, "Somebody has resolved this finding." in again.text) == (409, True)


def test_cancelling_and_sending_on_the_page(town, visit):
    desk, id_ = town.browser(WATCH, OURS), visit().id
    assert post(desk, town, f"/visits/{id_}/assign", carer=["C3", ""]).status_code == 303
    assert visit().carer_ids == (_carer(town, "C3").id,)
    assert post(desk, town, f"/visits/{id_}/assign", carer="C2").status_code == 422
    assert post(desk, town, f"/visits/{id_}/cancel", reason="").status_code == 422
    assert post(desk, town, f"/visits/{id_}/cancel", reason="family").status_code == 303
    assert visit().state is State.CANCELLED
    assert post(desk, town, f"/visits/{id_}/cancel", reason="family").status_code == 409


def test_a_key_tells_what_carers_do_and_the_same_again_is_one(town, visit):
    headers, client, id_ = on_the_wire(town), town.app.test_client(), visit().id
    body = {"carer": "C1", "lat": 38.0714, "lng": 114.4960, "datum": "gcj02", "accuracy_m": 12}
    first = client.post(f"/api/v1/visits/{id_}/begin", json=body, headers=headers)
    assert (first.status_code, first.json["state"]) == (200, "begun")
    point = first.json["points"][0]
    # What a Chinese map shows lies some 500 m away from where it is.
    assert (point["way"], point["from_home_m"] < 150) == ("page", True)
    assert len(client.post(f"/api/v1/visits/{id_}/begin", json=body, headers=headers).json["points"]) == 1
    photo = {"sha256": "a" * 64, "taken_at": "2026-11-22T09:00:00+08:00"}
    assert client.post(f"/api/v1/visits/{id_}/photo", json=photo, headers=headers).json["photos"][0]["age_s"] > 0
    assert client.post(f"/api/v1/visits/{id_}/photo", json={"sha256": "A"}, headers=headers).status_code == 422
    wrong = client.post(f"/api/v1/visits/{id_}/finish", json={"carer": "nobody"}, headers=headers)
    assert (wrong.status_code, list(wrong.json["errors"]["json"])) == (422, ["carer"])
    listed = client.get("/api/v1/visits?state=begun&carer=C1", headers=headers).json["items"]
    assert id_ in {each["id"] for each in listed}
    assert client.get("/api/v1/visits/none", headers=headers).status_code == 404


def test_a_call_from_the_home_proves_the_place_and_one_from_elsewhere_nothing(town, visit):
    desk, id_ = town.browser(WATCH), visit().id
    call_ids = {number: CallId(new_id()) for number in ("+8613800000101", "+8613900000101")}

    def ring(tx):
        for number, call_id in call_ids.items():
            Calls(tx.connection).add(Call(
                id=call_id, provider="p", key=call_id, sender=number, to="", state=CallState.ANSWERED, came_at=tx.now,
                due_at=None,
            ))  # fmt: skip

    town.house.transactions.run(ring)
    headers = {"X-CSRFToken": town.csrf}
    for number, status in (("+8613900000101", 422), ("+8613800000101", 200)):
        body = {"carer": "C1", "call": call_ids[number]}
        answer = desk.post(f"/api/v1/visits/{id_}/begin", json=body, headers=headers)
        assert answer.status_code == status, answer.text
    assert answer.json["points"][0]["way"] == "landline"
    alone = desk.post(f"/api/v1/visits/{id_}/begin", json={"carer": "C1", "way": "landline"}, headers=headers)
    assert alone.status_code == 422
    typed = desk.post(f"/api/v1/visits/{id_}/finish", json={"carer": "C1", "reason": "忘了"}, headers=headers)
    assert typed.json["points"][-1]["way"] == "office"


def test_a_carer_signs_on_their_own_page(town, visit):
    who = _carer(town, "C1")
    town.house.transactions.run(lambda tx: CarerVisits(tx.connection).begin(
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", carer(who.id), tx.now + HOUR, tx.now
    ))  # fmt: skip
    client = town.stranger()
    assert client.get("/c/visits").status_code == 303
    client.set_cookie(VISIT_COOKIE, "test")
    page = client.get("/c/visits")
    assert "本站小区 1-101" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    nonce = re.search(r'name="nonce" value="(\w+)"', page.text)[1]
    form = {"visit": visit().id, "nonce": nonce, "do": "begin", "lat": "38.07", "lng": "114.49", "accuracy": "15.7"}
    assert post(client, town, "/c/visits", **form).status_code == 303
    assert post(client, town, "/c/visits", **form).status_code == 303
    assert visit().state is State.BEGUN
    picture = (io.BytesIO(JPEG), "a.jpg")
    assert post(client, town, "/c/visits", visit=visit().id, do="photo", photo=picture).status_code == 303
    done = {**form, "nonce": new_id(), "do": "finish", "item": "B01", "lat": "", "lng": ""}
    assert post(client, town, "/c/visits", **done).status_code == 303
    assert (visit().state, visit().items) == (State.FINISHED, ("B01",))
    with town.house.reading.connect() as connection:
        begin, finish = Points(connection).of([visit().id])
        photo = Points(connection).photos_of(visit().id)[0]
    assert (begin.way, begin.accuracy_m, begin.position.lat, finish.position) == ("page", 16, 38.07, None)
    assert photo.taken_at.isoformat() == "2020-01-01T19:04:05+00:00"
    address = f"/visits/{visit().id}/photos/{photo.id}"
    desk = town.browser(REVIEW)
    assert address in desk.get(f"/visits/{visit().id}").text
    shown = desk.get(address)
    assert (shown.data, shown.mimetype) == (b"\xff\xd8\xff\xda\x00\x02\x11\x22\xff\xd9", "image/jpeg")
    assert desk.get(f"/visits/{visit().id}/photos/none").status_code == 404
    other = (io.BytesIO(b"\x00\x00\x00\x18ftypheic"), "b.heic")
    answer = post(client, town, "/c/visits", visit=visit().id, do="photo", photo=other)
    assert (answer.status_code, answer.location) == (303, "/c/visits?said=print")
    paper = (io.BytesIO(b"%PDF-1.7\n"), "c.jpg")
    assert post(client, town, "/c/visits", visit=visit().id, do="photo", photo=paper).status_code == 409
    with town.house.reading.connect() as connection:
        assert len(Points(connection).photos_of(visit().id)) == 2
    assert post(client, town, "/c/visits", **{**done, "nonce": "x"}).status_code == 400
    assert post(client, town, "/c/visits", visit="none", do="begin").status_code == 404
