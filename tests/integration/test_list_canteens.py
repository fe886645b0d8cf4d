"""Lists of canteens with their rules and tills: what is taken, what is named as wrong, and back again."""

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from config.lists.desk import ImportDesk
from config.lists.export import as_xlsx, listed
from config.lists.register import read_register
from dispatch.errors import Invalid
from dispatch.ids import StationId
from dispatch.rules.place import Position
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.people import stations
from schedules.meals.store.canteens import Canteens, canteen_rules, canteens, tills
from schedules.places.rules.place import Kind, ServicePoint
from schedules.places.store import ServicePoints
from tests.integration.test_lists import BY, Rig, found, xlsx

HEAD = [
    "食堂编号", "食堂名称", "类型", "区划代码", "所属驿站", "服务点编号", "营业时间", "助餐规则", "起始日期",
    "截止日期", "结算机",
]  # fmt: skip
ONE = [
    "K1", "柏林长者食堂", "食堂", "130102001001", "S1", "P1", "Mo-Su 06:30-13:00", "city", dt.date(2026, 1, 1), None,
    "T1、T2",
]  # fmt: skip
TWO = ["K2", "东里助餐点", "助餐点", 130102001002, None, None, None, None, None, None, None]
NEXT = ["K1", None, None, None, None, None, None, "city-2027", "2027-01-01", None, None]


class CanteenRig(Rig):
    """A district with a service point, and the meal rules of a city."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        point = ServicePoint(id="p1", code="P1", kind=Kind.CANTEEN, name="食堂", position=Position(38.05, 114.53))
        self.do(lambda connection: ServicePoints(connection).put(point, is_new=True))

    def do(self, work):
        return self.world.transactions.run(lambda tx: work(tx.connection))

    def new_desk(self, transactions=None) -> ImportDesk:
        world = self.world
        return ImportDesk(
            self.home, transactions or world.transactions, world.reading, world.clock, world.calendar, secret="s" * 40,
            changed=self.count, policies=lambda: ["city", "city-2027"],
        )  # fmt: skip

    def terms(self, code: str):
        with self.world.reading.connect() as connection:
            shelf = Canteens(connection)
            return [(each.policy, str(each.from_on), str(each.until_on)) for each in shelf.terms(shelf.get(code).id)]


@pytest.fixture
def rig(tmp_path) -> Iterator[CanteenRig]:
    rig = CanteenRig(tmp_path)
    yield rig
    rig.world.close()


def test_a_list_of_canteens_with_rules_and_tills(rig):
    rig.load(xlsx(HEAD, ONE, TWO, NEXT), "canteens")
    one, two = rig.rows(canteens)
    assert (one["code"], one["name"], one["kind"], one["area_code"], one["place"]) == (
        "K1", "柏林长者食堂", "canteen", "130102001001", "P1",
    )  # fmt: skip
    assert (two["kind"], two["area_code"], two["hours"], two["station_id"]) == ("point", "130102001002", "", None)
    assert [(each["code"], each["canteen_id"]) for each in rig.rows(tills)] == [("T1", one["id"]), ("T2", one["id"])]
    assert rig.terms("K1") == [("city", "2026-01-01", "2026-12-31"), ("city-2027", "2027-01-01", "None")]
    (line,) = rig.lines("list_imported")
    assert (line.by, (facts := json.loads(line.body))["kind"], facts["rows"]) == (BY, "canteens", 3)


def test_the_same_list_twice_is_as_good_as_once(rig):
    rig.load(xlsx(HEAD, ONE, TWO, NEXT), "canteens")
    before = rig.everything()
    assert rig.load(xlsx(HEAD, ONE, TWO, NEXT), "canteens").changes == []
    assert rig.everything() == before


def test_an_import_of_canteens_is_taken_back_whole(rig):
    rig.load(xlsx(HEAD, ONE), "canteens")
    before = rig.everything()
    moved = [*ONE[:1], "柏林新食堂", *ONE[2:]]
    done = rig.load(xlsx(HEAD, moved, TWO, [*NEXT[:1], "柏林新食堂", *NEXT[2:]]), "canteens")
    assert rig.rows(canteens)[0]["name"] == "柏林新食堂"
    assert rig.desk.undo(done.id, by=BY) == 0
    assert rig.everything() == before


BAD = [
    (["", *ONE[1:]], "missing"),
    ([ONE[0], None, *ONE[2:]], "missing"),
    ([*ONE[:2], "饭馆", *ONE[3:]], "no_canteen_kind"),
    ([*ONE[:3], "130102", *ONE[4:]], "no_area_code"),
    ([*ONE[:3], None, *ONE[4:]], "missing"),
    ([*ONE[:4], "S9", *ONE[5:]], "no_station"),
    ([*ONE[:5], "P9", *ONE[6:]], "no_service_point"),
    ([*ONE[:6], "早上", *ONE[7:]], "no_hours"),
    ([*ONE[:7], "elsewhere", *ONE[8:]], "no_rule"),
    ([*ONE[:7], None, *ONE[8:]], "missing"),
    ([*ONE[:8], None, *ONE[9:]], "missing"),
    ([*ONE[:8], "昨天", *ONE[9:]], "no_day"),
    ([*ONE[:9], "2025-12-31", *ONE[10:]], "rule_ends"),
    ([*ONE[:10], "T1、!"], "no_code"),
]


def test_every_bad_row_is_named_and_nothing_is_written(rig):
    before = rig.everything()
    for row, code in BAD:
        seen = rig.look(xlsx(HEAD, TWO, row), "canteens")
        assert [(at, told) for at, _, told in found(seen)] == [(3, code)]
        assert not seen.ready
        with pytest.raises(Invalid, match="nothing was imported"):
            rig.desk.commit(seen, by=BY)
    # Codes may not repeat in one file, whatever else is wrong: each bad row gets a canteen and a till of its own.
    rows = [
        [f"K{n}" if row[0] else "", *row[1:-1], row[-1].replace("T1、T2", f"T{n}")] for n, (row, _) in enumerate(BAD)
    ]
    every = found(rig.look(xlsx(HEAD, *rows), "canteens"))
    assert [(at, told) for at, _, told in every] == [(n, code) for n, (_, code) in enumerate(BAD, 2)]
    assert rig.everything() == before


def test_rows_that_contradict_each_other_or_the_register_are_named(rig):
    rig.load(xlsx(HEAD, ONE), "canteens")
    other = ["K2", "另一个", "食堂", "130102001002", None, None, None, None, None, None, "T1"]
    renamed = ["K1", "别的名字", *[None] * 9]
    seen = rig.look(xlsx(HEAD, ONE, ONE, renamed, other), "canteens")
    assert [(row, code) for row, _, code in found(seen)] == [(3, "twice"), (4, "differs"), (5, "till_taken")]
    early = ["K1", *[None] * 6, "city-2027", "2025-06-01", None, None]
    (problem,) = rig.look(xlsx(HEAD, early), "canteens").plan.problems
    assert (problem.code, dict(problem.more)) == (
        "two_rules", {"policy": "city-2027", "other": "city", "day": "2026-01-01"},
    )  # fmt: skip
    rig.load(xlsx(HEAD, [*early[:9], "2025-12-31", None]), "canteens")
    assert rig.terms("K1") == [("city-2027", "2025-06-01", "2025-12-31"), ("city", "2026-01-01", "None")]


def test_a_canteen_closed_for_good_is_not_opened_by_a_list(rig):
    rig.load(xlsx(HEAD, ONE), "canteens")
    rig.do(lambda connection: connection.execute(canteens.update().values(ended_at=rig.world.clock.now())))
    assert [code for _, _, code in found(rig.look(xlsx(HEAD, ONE), "canteens"))] == ["closed"]


def test_whoever_works_for_one_station_imports_its_canteens_only(rig):
    other = {"id": "s9", "code": "S9", "name": "别处", "lat": 38.0, "lng": 114.0, "version": 1, "lends": False}
    rig.do(lambda connection: connection.execute(insert(stations).values(**other)))
    mine = StationId(rig.do(lambda c: c.execute(select(stations.c.id).where(stations.c.code == "S1")).scalar_one()))
    area, theirs = Area(frozenset({mine})), [*ONE[:4], "S9", *ONE[5:]]
    assert [code for _, _, code in found(rig.look(xlsx(HEAD, ONE, TWO), "canteens", area=area))] == ["outside"]
    assert [code for _, _, code in found(rig.look(xlsx(HEAD, theirs), "canteens", area=area))] == ["outside"]
    rig.load(xlsx(HEAD, theirs), "canteens")
    assert [code for _, _, code in found(rig.look(xlsx(HEAD, ONE), "canteens", area=area))] == ["outside"]


def test_what_leaves_comes_back_unchanged(rig):
    rig.load(xlsx(HEAD, ONE, TWO, NEXT), "canteens")
    with rig.world.reading.connect() as connection:
        rows = listed(read_register(connection, DISTRICT, ""), "canteens", full=True, zone=rig.world.calendar.tzinfo)
    assert len(rows) == 4
    seen = rig.look(as_xlsx(rows, "canteens"), "canteens")
    assert (found(seen), seen.plan.changes, seen.plan.rows) == ([], [], 3)


def test_a_rule_that_does_not_come_from_here_stays_when_it_is_amended_since(rig):
    done = rig.load(xlsx(HEAD, ONE), "canteens")
    rig.do(lambda connection: connection.execute(canteen_rules.update().values(until_on=dt.date(2026, 6, 30))))
    # The rule was changed since, and the canteen is what it points to: both stay, the tills go.
    assert rig.desk.undo(done.id, by=BY) == 2
    assert (rig.terms("K1"), rig.rows(tills)) == ([("city", "2026-01-01", "2026-06-30")], [])
