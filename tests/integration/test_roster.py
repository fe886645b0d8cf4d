"""The roster: over the API, on its page, and as a calendar on a telephone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from dispatch.rules.rights import Role
from dispatch.store.accounts import operators
from dispatch.web.app import create_app
from dispatch.web.options import WebOptions
from schedules.duty.desk import DutyDesk
from schedules.duty.rules import Hole, Shift, holes
from schedules.duty.rules.rest import Limits
from schedules.duty.web.shifts import calendars_blueprint, shifts_blueprint
from tests.builders import DISTRICT, NOON, PUBLIC_URL, build_world
from tests.builders import House as Base
from tests.integration.duty_rig import duty_views, office_over

API = "/api/v1/shifts"
TWO = DISTRICT.replace(
    "[[carers]]", '[[stations]]\ncode = "S2"\nname = "红星驿站"\nlat = 38.08\nlng = 114.50\n\n[[carers]]', 1
).replace('name = "Smith"\nphone = "+8613800000003"\nstation = "S1"', 'name = "Smith"\nphone = "+8613800000003"\nstation = "S2"')  # noqa: E501  # fmt: skip


class House(Base):
    """The web with a roster; `limits` is what people are owed, nothing unless it is said."""

    def __init__(self, world, *, limits=None) -> None:
        self._limits = limits or Limits()
        super().__init__(world)

    def _app(self, streams_max, panels):
        world = self.world
        self.office = office = office_over(world, approved=True, limits=self._limits)
        self.desk = DutyDesk(
            world.transactions, world.reading, world.clock, secret="s" * 40, changed=world.roster.forget,
            guard=office.guard,
        )  # fmt: skip
        blueprints = [
            shifts_blueprint(self.desk, world.clock, transactions=world.transactions),
            calendars_blueprint(self.desk, world.clock, world.calendar.tzinfo),
            *duty_views(office, self.desk),
        ]
        options = WebOptions(public_url=PUBLIC_URL, secret_key="k" * 32, secure_cookies=False)
        return create_app(blueprints, sign_in=self.sign_in, keys=self.keys, options=options, health=self)

    def facts(self):
        return {}

    def works_for(self, *codes: str, roles=(Role.MANAGER,)) -> None:
        """From now on the operator is one of these stations only."""
        stations = " ".join(self.world.id_of_station(each) for each in codes)
        values = {"stations": stations, "roles": " ".join(roles)}
        self.world.transactions.run(lambda tx: tx.connection.execute(operators.update().values(**values)))


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    world = build_world(tmp_path, district=TWO, on_duty=())
    built = House(world)
    yield built
    built.close()
    world.close()


def at(hours: float) -> str:
    return (NOON + timedelta(hours=hours)).isoformat()


def put(client, carer="C1", start=1.0, end=5.0, **more):
    return client.post(API, json={"carer": carer, "start": at(start), "end": at(end)}, **more)


def test_a_shift_put_in_is_on_duty_at_once_and_out_again(house):
    client = house.operators()
    made = put(client, start=-1)
    assert made.status_code == 201
    on_duty = house.world.roster.on_duty(NOON).until
    assert list(on_duty) == [made.json["carer"]]
    assert client.delete(f"{API}/{made.json['id']}").status_code == 204
    assert house.world.roster.on_duty(NOON).until == {}
    assert client.get(f"{API}/{made.json['id']}").status_code == 404


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({"carer": "C9"}, 422, "carer"),
        ({"end": at(1)}, 422, "end"),
        ({"end": at(30)}, 422, "end"),
        ({"start": at(24 * 500), "end": at(24 * 500 + 1)}, 422, "start"),
        ({"start": "2026-11-23T08:00:00"}, 422, "start"),
        ({"start": "0001-01-01T00:00:00+14:00", "end": at(1)}, 422, "start"),
        ({"note": "x"}, 422, "note"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(house, said, status, field):
    answer = house.operators().post(API, json={"carer": "C1", "start": at(1), "end": at(5), **said})
    assert answer.status_code == status
    assert field in answer.json["errors"]["json"]


def test_shifts_of_one_carer_do_not_overlap_and_may_touch(house):
    client = house.operators()
    first = put(client)
    assert put(client, start=4.99, end=6).status_code == 409
    touching = put(client, start=5, end=6)
    assert touching.status_code == 201
    assert put(client, "C2", start=2, end=3).status_code == 201
    moved = client.patch(f"{API}/{first.json['id']}", json={"end": at(5.5)})
    assert moved.status_code == 409
    moved = client.patch(f"{API}/{first.json['id']}", json={"end": at(4)})
    assert (moved.status_code, moved.json["id"], moved.json["sequence"]) == (200, first.json["id"], 1)


def test_two_people_do_not_overwrite_each_other(house):
    client = house.operators()
    made = put(client)
    address, tag = f"{API}/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    assert client.patch(address, json={"end": at(4)}, headers=tag).status_code == 200
    assert client.patch(address, json={"end": at(3)}, headers=tag).status_code == 412
    assert client.delete(address, headers=tag).status_code == 412
    fresh = {"If-Match": client.get(address).headers["ETag"]}
    assert client.delete(address, headers=fresh).status_code == 204


def test_the_same_request_again_is_one_shift(house):
    client = house.operators()
    key = {"Idempotency-Key": "one"}
    assert put(client, headers=key).json == put(client, headers=key).json
    assert len(client.get(API).json["items"]) == 1


def test_a_list_is_read_to_its_end_and_filtered(house):
    client = house.operators()
    for number in range(5):
        put(client, start=number * 5, end=number * 5 + 4)
    put(client, "C3", start=0, end=4)
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(API, query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        seen, cursor = seen + page["items"], page["next"]
    assert len({each["id"] for each in seen}) == len(seen) == 6
    assert len(client.get(API, query_string={"carer": "C3"}).json["items"]) == 1
    assert len(client.get(API, query_string={"station": "S1"}).json["items"]) == 5
    assert len(client.get(API, query_string={"start": at(10), "end": at(11)}).json["items"]) == 1
    assert client.get(API, query_string={"until": at(1)}).status_code == 422


def test_another_stations_shifts_do_not_exist(house):
    mine, client = put(house.operators()), house.operators()
    house.works_for("S2")
    assert client.get(API).json["items"] == []
    assert client.get(f"{API}/{mine.json['id']}").status_code == 404
    assert client.delete(f"{API}/{mine.json['id']}").status_code == 404
    assert put(client).status_code == 422
    assert put(client, "C3").status_code == 201
    page = client.get("/roster").text
    assert "李护理" not in page
    assert "Smith" in page
    house.works_for("S1", roles=(Role.OPERATOR,))
    assert put(client).status_code == 403


class Paper:
    """The page as somebody without a script uses it."""

    def __init__(self, house) -> None:
        self.client = house.operators()
        self.token = self.client.environ_base["HTTP_X_CSRFTOKEN"]

    def look(self) -> str:
        return self.client.get("/roster", query_string={"week": "2026-11-23", "station": "S1"}).text

    def send(self, path, **form):
        form = {"csrf_token": self.token, "week": "2026-11-23", "station": "S1", **form}
        return self.client.post(path, data={key.rstrip("_"): value for key, value in form.items()})


def test_a_week_is_planned_and_published_together(house):
    paper = Paper(house)
    page = paper.look()
    assert page.count("无人") >= 7
    carer = re.search(r'<option value="(\w+)">C1', page)[1]
    monday = {"carer": carer, "day": "2026-11-23"}
    assert paper.send("/roster/put", **monday, from_="08:00", until="20:00").status_code == 303
    assert paper.send("/roster/put", **monday, from_="20:00", until="08:00").status_code == 303
    assert house.desk.between(NOON, NOON + timedelta(days=14)) == []
    refused = paper.send("/roster/put", **monday, from_="19:00", until="21:00")
    assert refused.status_code == 409
    assert 'value="19:00"' in refused.text
    assert paper.send("/roster/publish").status_code == 303
    shifts = house.desk.between(NOON, NOON + timedelta(days=14))
    assert [(each.start_at, each.end_at) for each in shifts] == [
        (datetime(2026, 11, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 24, 0, tzinfo=UTC)),
    ]
    paper.send(f"/roster/take/{shifts[0].id}")
    assert house.desk.between(NOON, NOON + timedelta(days=14)) == shifts, "still in force until it is published"
    draft = re.search(r"/roster/drop/(\w+)", paper.look())[1]
    paper.send(f"/roster/drop/{draft}")
    paper.send(f"/roster/take/{shifts[0].id}")
    paper.send("/roster/publish")
    assert house.desk.between(NOON, NOON + timedelta(days=14)) == shifts[1:]


@pytest.mark.parametrize(("day", "first"), [("", ""), ("2026-11-31", "08:00"), ("9999-12-31", "08:00"), ("x", "8")])
def test_a_day_or_time_that_is_none_is_said_and_not_a_fault(house, day, first):
    paper = Paper(house)
    carer = re.search(r'<option value="(\w+)">C1', paper.look())[1]
    assert paper.send("/roster/put", carer=carer, day=day, from_=first, until="20:00").status_code == 422
    assert paper.client.get("/roster?week=9999-99-99&station=%00").status_code == 200


def feed_of(house, owner):
    return house.stranger().get(f"/calendar/{house.desk.code(owner)}.ics")


def test_a_carers_calendar_moves_with_the_shifts(house):
    client = house.operators()
    made = put(client).json
    put(client, "C2", start=6, end=7)
    put(client, start=24 * 300, end=24 * 300 + 1)
    answer = feed_of(house, f"carer:{made['carer']}")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/calendar")
    events = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
    assert len(events) == 2, "twelve months ahead, and nobody else's"
    zones = icalendar.Calendar.from_ical(answer.data).walk("VTIMEZONE")
    assert [str(each["TZID"]) for each in zones] == ["Asia/Shanghai"]
    assert events[0].decoded("dtstart") == NOON + timedelta(hours=1)
    again = house.stranger().get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    client.patch(f"{API}/{made['id']}", json={"end": at(4)})
    fresh = feed_of(house, f"carer:{made['carer']}")
    after = icalendar.Calendar.from_ical(fresh.data).walk("VEVENT")
    assert fresh.headers["ETag"] != answer.headers["ETag"]
    assert (str(after[0]["uid"]), int(after[0]["sequence"])) == (str(events[0]["uid"]), 1)
    assert after[0].decoded("dtend") == NOON + timedelta(hours=4)
    client.delete(f"{API}/{made['id']}")
    left = icalendar.Calendar.from_ical(feed_of(house, f"carer:{made['carer']}").data).walk("VEVENT")
    assert [str(each["uid"]) for each in left] == [str(events[1]["uid"])]


def test_a_stations_calendar_has_everybody_and_a_renewed_address_kills_the_old_one(house):
    client = house.operators()
    put(client)
    put(client, "C2", start=6, end=7)
    put(client, "C3")
    station = f"station:{house.world.id_of_station('S1')}"
    old = feed_of(house, station)
    titles = [str(each["summary"]) for each in icalendar.Calendar.from_ical(old.data).walk("VEVENT")]
    assert sorted(titles) == ["值班 李护理", "值班 王护理"]
    paper = Paper(house)
    assert paper.send(f"/roster/renew/{station.replace(':', '/')}").status_code == 303
    assert house.stranger().get(old.request.path).status_code == 404
    assert feed_of(house, station).status_code == 200


def test_guessing_addresses_of_calendars_finds_nothing(house):
    stranger = house.stranger()
    for guess in ("x", "A" * 22, "../etc", "%00", "A" * 4000, "é"):
        assert stranger.get(f"/calendar/{guess}.ics").status_code in {404, 400}


def test_holes_are_what_nobody_covers():
    def shift(start, end):
        return Shift(
            id=f"{start}", carer_id="C", start_at=NOON + timedelta(hours=start), end_at=NOON + timedelta(hours=end)
        )

    def hole(start, end):
        return Hole(start_at=NOON + timedelta(hours=start), end_at=NOON + timedelta(hours=end))

    day = NOON, NOON + timedelta(hours=24)
    assert holes([], *day) == [hole(0, 24)]
    assert holes([shift(-4, 2), shift(1, 6), shift(6, 8), shift(20, 30)], *day) == [hole(8, 20)]
    assert holes([shift(0, 24)], *day) == []
    assert holes([shift(2, 3), shift(30, 31)], *day) == [hole(0, 2), hole(3, 24)]
