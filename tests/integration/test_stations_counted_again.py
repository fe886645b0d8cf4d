"""Money that stations have by visits: whose a home and a canteen were on a day, and what a stranger finds of it."""

import json
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from config.money_visits import export_visits
from dispatch.errors import Invalid
from dispatch.registry.leaving import Carried
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.moves import RegisterMoves, belonged
from dispatch.store.people import carers, homes, residents
from dispatch.store.record import Record
from dispatch.store.register_rows import HOMES, RegisterRows
from schedules.care.store.of_stations import StationVisits
from schedules.care.store.visit_points import visit_findings
from schedules.care.store.visits import visit_carers, visits
from schedules.meals.desk import MealDesk
from schedules.money.beds.store import People
from schedules.money.rules.facts import Person
from tests.builders import build_world
from tests.integration.beds_rig import BedsRig
from tests.integration.meals_rig import AREA, Canteens
from tests.integration.meals_rig import at as instant
from tests.integration.operators_rig import OperatorsRig
from tests.integration.test_operators import MARCH, STATION, VISITS, at, recount, rule

KEEPER = operator("keeper")
SLAB = rule(
    "lanxi", "station_operator", '[slab]\nmetric = "meals_per_month"\nrates = [ { from = 1, per_unit = "1.00" } ]\n'
)
AGED = rule(
    "huxi",
    "station_operator",
    '[eligible]\nage_min = 70\n[slab]\nmetric = "visits_per_month"\nrates = [ { from = 1, per_unit = "8.00" } ]\n',
)


class Rig(OperatorsRig):
    """With the visits that are on file."""

    def open(self):
        super().open()
        object.__setattr__(self.reckoning.others, "visited", self._own)

    @contextmanager
    def _own(self):
        with self.world.reading.connect() as connection:
            yield StationVisits(connection, self.world.calendar.day_of)

    def visited(self, id_, resident, begun, *, minutes=60, findings=(), carer="C1", counts=True, home="H1", **more):
        """A visit as it stands once it was looked at."""

        def work(tx):
            homes_ = {row.code: row.id for row in tx.connection.execute(select(homes))}
            ended = None if more.get("state") == "begun" else begun + timedelta(minutes=minutes)
            row = {
                "id": id_, "key": id_, "source": "plan", "code": 100, "home_id": homes_[home], "resident_id": resident,
                "on": self.world.calendar.day_of(begun), "start_from": begun, "start_by": begun, "minutes": 60,
                "least_minutes": None, "planned": [], "skills": [], "carers": 1, "medical": False, "usual": [],
                "not_with": [], "state": "finished", "chase": 0, "due_at": None, "failures": 0, "begun_at": begun,
                "finished_at": ended, "counted_on": self.world.calendar.day_of(begun), "items": [], "reason": None,
                "alarm_id": None, "judged_at": tx.now, "counts": counts, "sound": True,
            }  # fmt: skip
            tx.connection.execute(insert(visits), row | more)
            who = tx.connection.execute(select(carers.c.id).where(carers.c.code == carer)).scalar_one()
            tx.connection.execute(insert(visit_carers), {
                "visit_id": id_, "carer_id": who, "sent": True, "begun_at": begun, "finished_at": ended,
            })  # fmt: skip
            for code, resolution in findings:
                said = {"resolved_by": "chief", "resolved_at": tx.now} if resolution else {}
                tx.connection.execute(insert(visit_findings), {
                    "id": f"{id_}-{code}", "visit_id": id_, "code": code, "evidence": {}, "found_at": tx.now,
                    "resolution": resolution, **said,
                })  # fmt: skip

        self.world.transactions.run(work)

    def exported(self, folder, month, change=lambda each: each):
        path = folder / f"visits-{month}"
        with path.open("w", encoding="utf-8") as out:
            export_visits(self.world.reading, month, out)
        lines = [change(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
        path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
        return path

    def home_to(self, station, day):
        """On a day the home H1 is given to another station."""
        self.until(day)

        def work(tx):
            changes = {"station_id": self.stations[station]}
            shelf = RegisterRows(tx.connection)
            id_ = shelf.one(HOMES, "H1", DISTRICT)["id"]
            RegisterMoves(tx.connection).note(homes, id_, changes, tx.now)
            shelf.change(HOMES, id_, changes)

        self.world.transactions.run(work)

    def canteen_to(self, code, station, day):
        self.until(day)
        desk = MealDesk(
            self.world.transactions, self.world.reading, self.world.clock, self.world.calendar, id_numbers=lambda: None,
            policies=list,
        )  # fmt: skip
        desk.put({"code": code, "area_code": "130102001001", "station": station}, by=KEEPER, area=DISTRICT)


@pytest.fixture
def rig(tmp_path, request):
    rig = Rig(tmp_path, getattr(request, "param", [VISITS, STATION, SLAB, AGED]), start=date(2026, 3, 1))
    yield rig
    rig.close_down()


def recounted(rig, folder, month="2026-03", visit=lambda each: each, due=lambda each: each):
    """Faults, when the lines of visits and dues were altered so."""
    path = rig.exported(folder, month, visit)
    return recount(rig, folder, [month], lambda lines: [due(each) for each in lines], ["--visits", path])[0]


def filled(rig):
    """Six visits of which four count at S1 (two at 8.00 make 2 and more: 32.00), one of them begun before midnight."""
    rig.known = {f"r{number}": (lambda _day, age=66 + number: Person(age)) for number in range(9)}
    rig.term("luxi", "S1", "station")
    rig.visited("v1", "r1", at(date(2026, 2, 28), 23, 59))
    rig.visited("v2", "r1", at(date(2026, 3, 1), 0, 0))
    rig.visited("v3", "r5", at(date(2026, 3, 31), 23, 30))
    rig.visited("v4", "r6", at(date(2026, 3, 9), 9), findings=[("no_witness", "accepted"), ("burst", "cleared")])
    rig.visited("v5", "r6", at(date(2026, 3, 10), 9), findings=[("too_far", None)], counts=False)
    rig.visited("v6", "r6", at(date(2026, 3, 11), 9), findings=[("too_short", "rejected")], counts=False)
    rig.visited("v7", "r6", at(date(2026, 3, 12), 9), state="begun", due_at=at(date(2026, 3, 12), 12), counts=False)
    rig.visited("v8", "r7", at(date(2026, 3, 9), 12))
    rig.until(date(2026, 4, 10))


def test_a_stranger_finds_by_the_visits_what_a_station_is_due(rig, tmp_path):
    filled(rig)
    rig.term("huxi", "S1", "station")
    rig.term("songxi", "S1", "station", facts={"area": "urban"})
    # 4 visits at 8.00; those of whoever is 70: 3; and four people at 12.50, of whom r1 is 67, older than 60.
    assert rig.due("2026-03") == [
        ("S1", "slab", "3", 2_400), ("S1", "slab", "4", 3_200), ("S1", "station", "4", 5_000),
    ]  # fmt: skip
    rig.close("2026-03")
    assert recounted(rig, tmp_path) == []


@pytest.mark.parametrize(
    ("visit", "named"),
    [
        (lambda each: each | {"counts": True}, "visit v5: says True"),
        (lambda each: each | ({"findings": []} if each["id"] == "v6" else {}), "visit v6: says False"),
        (lambda each: each | ({"begun_at": "2026-03-31T17:00:00+00:00"} if each["id"] == "v3" else {}),
         "visit v3: says 2026-03-31, and began on 2026-04-01"),
        (lambda each: each | ({"station": "elsewhere"} if each["id"] == "v2" else {}), "counted again 3"),
        (lambda each: each | ({"carers": [[each["carers"][0][0], "2026-03-09T01:30:00+00:00", "2026-03-09T02:30:00+00:00"]]} if each["id"] == "v8" else {}),  # noqa: E501
         "at the same time, and both count"),
    ],
    ids=["one more counts", "what was rejected", "another day", "another station", "at two places"],
)  # fmt: skip
def test_a_visit_that_was_altered_is_named(rig, tmp_path, visit, named):
    filled(rig)
    rig.close("2026-03")
    assert recounted(rig, tmp_path) == []
    faults = recounted(rig, tmp_path, visit=visit)
    assert any(named in each for each in faults), faults


def test_visits_that_a_line_of_dues_claims_are_not_believed(rig, tmp_path):
    filled(rig)
    rig.close("2026-03")
    padded = lambda each: each | ({"visits": {"2026-03-02": 99}, "says": [[each["says"][0][0], "99"]]} if "visits" in each else {})  # noqa: E501, E731  # fmt: skip
    assert any("says that 99 was counted, counted again 4" in each for each in recounted(rig, tmp_path, due=padded))


def test_a_home_and_a_canteen_that_changed_their_station_count_for_each_on_its_days(rig, tmp_path):
    rig.known = {f"r{number}": (lambda _day: Person(80)) for number in range(40)}
    for station in ("S1", "S2"):
        rig.term("luxi", station, "station")
        rig.term("lanxi", station, "station")
    rig.canteen_to("B", "S1", date(2026, 3, 2))
    rig.eat("A", [*MARCH[:4], *MARCH[20:22]], 2)
    rig.eat("B", MARCH[:4], 3, first=10)
    for number, day in enumerate((1, 14, 15, 16, 31)):
        rig.visited(f"v{number}", "r1", at(date(2026, 3, day), 9))
    rig.home_to("S2", date(2026, 3, 15))
    rig.canteen_to("A", "S2", date(2026, 3, 21))
    rig.until(date(2026, 4, 5))
    # Visits: two before the 15th at S1, three from then on at S2. Meals: 8 + 12 at S1, 4 from the 21st on at S2.
    expected = [
        ("S1", "slab", "2", 1_600), ("S1", "slab", "20", 2_000), ("S2", "slab", "3", 2_400), ("S2", "slab", "4", 400),
    ]  # fmt: skip
    assert rig.due("2026-03") == expected
    rig.close("2026-03")
    assert recounted(rig, tmp_path) == []
    # What moves in April changes nothing of March.
    rig.canteen_to("A", "S1", date(2026, 4, 6))
    rig.home_to("S1", date(2026, 4, 6))
    assert rig.due("2026-03") == expected
    rig.until(date(2026, 5, 5))
    assert rig.settle("2026-04")[1] == 0
    (tmp_path / "again").mkdir()
    assert recounted(rig, tmp_path / "again") == []


def test_days_of_a_canteen_that_was_lent_are_no_other_days(rig, tmp_path):
    rig.term("lanxi", "S1", "station")
    rig.eat("A", MARCH, 1)
    rig.canteen_to("A", "S2", date(2026, 3, 10))
    rig.canteen_to("A", "S1", date(2026, 3, 20))
    rig.until(date(2026, 4, 5))
    assert rig.due("2026-03") == [("S1", "slab", "21", 2_100)]
    rig.close("2026-03")
    wider = lambda each: each | ({"moved": {"A": [["2026-03-01", "2026-03-31"]]}} if "moved" in each else {})  # noqa: E731
    assert recounted(rig, tmp_path) == []
    assert any("counted again 31" in each for each in recounted(rig, tmp_path, due=wider))


def test_a_meal_that_comes_late_is_asked_with_the_community_that_the_canteen_was_in_on_its_day(tmp_path):
    world = build_world(tmp_path)
    town = Canteens(world)
    town.open("A")
    world.clock.advance((instant("2026-11-21T13:00:00") - world.clock.now()).total_seconds())
    town.open("A", area_code="130199001001")
    [late, today] = town.serve(town.meal("2026-11-20T12:00:00"), town.meal("2026-11-21T12:00:00"))
    points = [each.serving.answer.asked["point"] for each in (late, today)]
    assert points == [AREA, "130199001001"]
    world.close()


def test_whose_the_home_was_that_a_resident_lived_in(tmp_path):
    rig = BedsRig(tmp_path)
    world, resident = rig.world, rig.world.resident("R1")
    with world.reading.connect() as connection:
        at_first = connection.execute(select(homes.c.station_id).where(homes.c.code == "H1")).scalar_one()
        elsewhere = connection.execute(select(homes.c.station_id, homes.c.code).where(homes.c.station_id != at_first)).first()  # noqa: E501  # fmt: skip
    world.clock.advance(10 * 86_400)
    rig.leaving.move("R1", elsewhere.code, Carried(), by=KEEPER, area=DISTRICT)
    with world.reading.connect() as connection:
        known = People(connection).known([resident], world.calendar.day_of)[resident]
    assert known.station_on(date(2026, 11, 30)) == at_first
    assert known.station_on(date(2026, 12, 1)) == elsewhere.station_id == known.row["station_id"]
    rig.close()


def test_a_move_that_is_dated_back_holds_from_its_day_and_what_was_written_last_before_all(tmp_path):
    rig = BedsRig(tmp_path)
    world, resident = rig.world, rig.world.resident("R1")
    with world.reading.connect() as connection:
        known = {row.code: row.id for row in connection.execute(select(homes.c.code, homes.c.id))}
        lived = connection.execute(select(residents.c.home_id).where(residents.c.id == resident)).scalar_one()

    def moved(home, since=None):
        world.clock.advance(10 * 86_400)
        rig.leaving.move("R1", home, Carried(), by=KEEPER, area=DISTRICT, since=since)

    def homes_on(*days):
        with world.reading.connect() as connection:
            moves = RegisterMoves(connection).of("residents", "home_id", world.calendar.day_of)[resident]
            now = connection.execute(select(residents.c.home_id).where(residents.c.id == resident)).scalar_one()
        return [belonged(moves, date(2026, *day), now) for day in days]

    first, second = [code for code, id_ in known.items() if id_ != lived][:2]
    moved(first, date(2026, 11, 25))
    assert homes_on((11, 24), (11, 25), (12, 1)) == [lived, known[first], known[first]]
    moved(second)
    assert homes_on((11, 24), (12, 10), (12, 11)) == [lived, known[first], known[second]]
    # Somebody finds out that they had gone there before they were ever said to be at the first.
    moved(first)
    moved(second, date(2026, 11, 23))
    assert homes_on((11, 22), (11, 23), (12, 25)) == [lived, known[second], known[second]]
    with world.reading.connect() as connection:
        lines = [each for each in Record(connection).after(0, 9_999) if each.kind == "resident_moved"]
    assert ['"since":"2026-11-23"' in each.body for each in lines] == [False, False, False, True]
    rig.close()


def test_where_a_row_belonged_on_a_day():
    moves = [(date(2026, 3, 10), "S1"), (date(2026, 3, 20), None), (date(2026, 3, 20), "S3")]
    days = {1: "S1", 9: "S1", 10: None, 19: None, 20: "S2", 31: "S2"}
    assert {day: belonged(moves, date(2026, 3, day), "S2") for day in days} == days
    assert belonged((), date(2026, 3, 1), "S2") == "S2"


def test_what_is_written_as_it_was_is_no_move(rig):
    def work(tx):
        shelf = RegisterMoves(tx.connection)
        one = tx.connection.execute(select(residents)).mappings().first()
        shelf.note(residents, one["id"], {"name": "x", "home_id": one["home_id"]}, tx.now)
        shelf.note(residents, "nobody", {"home_id": "h"}, tx.now)
        tx.connection.execute(update(residents).values(name="x"))
        return shelf.of("residents", "home_id", rig.world.calendar.day_of)

    assert rig.world.transactions.run(work) == {}


def test_visits_of_something_that_is_no_month_are_refused(rig, tmp_path):
    with pytest.raises(Invalid):
        rig.exported(tmp_path, "2026-13")
