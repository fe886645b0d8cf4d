"""The search, the queue and the draw over a real database: each finding once, each decision with a name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from config.anomalies_options import AnomalySettings
from config.wiring_anomalies import build_anomalies
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import StationId
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.people import residents
from dispatch.store.record import entries
from schedules.money.anomalies.rules.draw import rank, seed_of
from schedules.money.anomalies.rules.judging import Result, State
from schedules.money.anomalies.rules.serving import Canteen, Code, Delivery, Serving
from schedules.money.anomalies.store.findings import Wanted
from tests.builders import build_world
from tests.integration.test_operators import at
from tests.integration.test_stations_counted_again import Rig as Stations

BY, OTHER = operator("reviewer"), operator("other")
HASH = "ab" * 32
DAY = timedelta(days=1)


class Meals:
    """Servings as the canteens' own shelf would give them."""

    def __init__(self, station):
        self.all, self.photos = [], {}
        self.station = station

    def add(self, day, resident, *, canteen="c1", hour=11, minute=0, **changes):
        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=8)
        told = {"till": "t1", "operator": "o1", "meal": "lunch", "price_fen": 1200, "subsidy_fen": 300, "way": "card"}
        made = Serving(id=f"m{len(self.all)}", resident=resident, canteen=canteen, served_at=moment,
                       received_at=moment, day=day, **told | changes)  # fmt: skip
        self.all.append(made)
        return made

    def served(self, start, end):
        return [each for each in self.all if start <= each.day < end]

    def counts(self, start, end):
        days = sorted({(each.day, each.canteen) for each in self.served(start, end)})
        return [(*key, sum((each.day, each.canteen) == key for each in self.all)) for key in days]

    def canteens(self, _start, _end):
        return {"c1": Canteen(id="c1", station=self.station), "c2": Canteen(id="c2")}

    def used_before(self, photos, day):
        return {each: self.photos[each] for each in photos if each in self.photos}


class Rig:
    def __init__(self, folder):
        self.world = world = build_world(folder)
        self.anomalies = build_anomalies(
            AnomalySettings(), world.transactions, world.reading, world.clock, world.calendar
        )
        self.searching, self.desk = self.anomalies.searching, self.anomalies.desk
        with world.reading.connect() as connection:
            self.station = connection.exec_driver_sql("SELECT id FROM stations").scalars().first()
        self.searching.meals = self.meals = Meals(self.station)
        self.hashes = {}
        self.searching.month_hash = self.hashes.get
        self.today = world.calendar.day_of(world.clock.now())
        self.resident = world.resident("R1")

    def died(self, day):
        self.world.transactions.run(lambda tx: tx.connection.execute(
            residents.update().where(residents.c.id == self.resident).values(died_on=day)
        ))  # fmt: skip

    def open(self, area=DISTRICT, **wanted):
        return self.desk.some(Wanted(**wanted), area)

    def kinds(self):
        with self.world.reading.connect() as connection:
            found = connection.execute(entries.select().where(entries.c.kind.like("money_%")))
            return [row.kind for row in found.all()]


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


def test_yesterday_is_looked_at_once_and_what_is_found_is_kept_once(rig):
    yesterday = rig.today - DAY
    rig.died(yesterday - DAY)
    rig.meals.add(yesterday, rig.resident)
    rig.searching.check()
    rig.searching.check()
    [case] = rig.open()
    assert (case.found.code, case.found.evidence, case.found.amount_fen) == (Code.AFTER_DEATH, ("m0",), 300)
    assert case.station == rig.station
    assert rig.searching.look("by-hand", yesterday, rig.today) == 0
    assert len(rig.open()) == 1
    assert rig.kinds() == ["money_finding"]


def test_what_a_till_sends_later_is_seen_when_its_day_is_looked_at_again(rig):
    day = rig.today - DAY
    rig.died(day - DAY)
    rig.searching.check()
    rig.meals.add(day, rig.resident)
    rig.searching.check()
    assert rig.open() == []
    rig.world.clock.advance(3 * 86400)
    rig.searching.check()
    assert [each.found.first for each in rig.open()] == [day]


def test_the_month_before_is_looked_at_from_its_second_day_on(rig):
    first = rig.today.replace(day=1)
    before = (first - DAY).replace(day=1)
    for number in range(40):
        rig.meals.add(before + number % 20 * DAY, f"r{number}", way="phone", operator="o1")
    rig.searching.check()
    assert [each.found.code for each in rig.open()] == [Code.ONE_OPERATOR]
    # It goes on, and is the same finding with more behind it.
    for number in range(10):
        rig.meals.add(before + number * DAY, f"s{number}", way="phone", operator="o1")
    assert rig.searching.look("by-hand", before, first) == 0
    assert [each.found.figures["count"] for each in rig.open()] == [50]


def test_a_look_that_fails_keeps_no_other_from_its_turn(rig):
    day, served = rig.today - DAY, rig.meals.served
    rig.died(day - DAY)
    rig.meals.add(day, rig.resident)

    def spoilt(start, end):
        if end - start == DAY and start != day:
            raise ValueError("a row that nobody can read")
        return served(start, end)

    rig.meals.served = spoilt
    with pytest.raises(ValueError, match="nobody can read"):
        rig.searching.check()
    assert [each.found.code for each in rig.open()] == [Code.AFTER_DEATH]
    rig.hashes |= {"2025-11": HASH, "2025-12": HASH}
    rig.searching.closed_months = lambda: ["2025-11", "2025-12"]
    rig.meals.served = lambda start, end: spoilt(start, end) if start < date(2025, 12, 1) else []
    with pytest.raises(ValueError, match="nobody can read"):
        rig.searching.settled()
    rig.searching.settled()
    with pytest.raises(ValueError, match="nobody can read"):
        rig.searching.settled()
    assert rig.desk.drawn("2025-12", DISTRICT)


def test_every_closed_month_is_looked_at_once_more_and_drawn_however_late_it_was_closed(rig):
    first = date(2025, 11, 3)
    rig.died(first - DAY)
    rig.meals.add(first, rig.resident)
    rig.searching.settled()
    rig.searching.check()
    assert rig.open() == []
    rig.hashes |= {"2025-11": HASH, "2025-12": HASH}
    rig.searching.closed_months = lambda: ["2025-12", "2025-11"]
    rig.searching.settled()
    [case] = rig.open()
    assert (case.found.code, case.found.evidence) == (Code.AFTER_DEATH, ("m0",))
    assert rig.desk.drawn("2025-11", DISTRICT).draw.settled == 1
    with pytest.raises(NotFound):
        rig.desk.drawn("2025-12", DISTRICT)
    # One month a turn; then nothing is left.
    looked = []
    rig.meals.counts = lambda start, end: looked.append(end) or []
    for _ in range(3):
        rig.searching.settled()
    assert looked == [date(2025, 12, 1)]
    assert rig.desk.drawn("2025-12", DISTRICT).draw.settled == 0


def test_a_month_that_could_not_be_looked_at_is_looked_at_again(rig):
    rig.hashes["2025-11"] = HASH
    rig.searching.closed_months = lambda: ["2025-11"]
    served, rig.meals.served = rig.meals.served, None
    with pytest.raises(TypeError):
        rig.searching.settled()
    rig.meals.served = served
    rig.died(date(2025, 11, 1))
    rig.meals.add(date(2025, 11, 3), rig.resident)
    rig.searching.settled()
    assert [each.found.code for each in rig.open()] == [Code.AFTER_DEATH]


def test_a_photo_of_an_earlier_month_is_known(rig):
    rig.meals.photos["cd" * 32] = "m-old"
    rig.meals.add(rig.today - DAY, "r", delivery=Delivery(photo="cd" * 32))
    rig.searching.check()
    assert [each.found.figures["used_for"] for each in rig.open()] == ["m-old"]


def test_a_named_person_decides_and_the_record_says_so(rig):
    rig.died(rig.today - 3 * DAY)
    rig.meals.add(rig.today - DAY, rig.resident)
    rig.searching.check()
    [case] = rig.open()
    for to, note, fen in ((State.RECOVERED, "退回", 0), (State.CONFIRMED, " ", 0), (State.CONFIRMED, "属实", 5)):
        with pytest.raises(Invalid):
            rig.desk.judge(case.id, to, by=BY, area=DISTRICT, note=note, recovered_fen=fen)
    rig.desk.judge(case.id, State.CONFIRMED, by=BY, area=DISTRICT, note="属实")
    done = rig.desk.judge(case.id, State.RECOVERED, by=OTHER, area=DISTRICT, note="已退回", recovered_fen=300)
    assert rig.desk.get(case.id, DISTRICT) == done
    assert (done.judged_by, done.recovered_fen, done.note) == (OTHER, 300, "已退回")
    assert rig.desk.tally(DISTRICT) == {State.RECOVERED: (1, 300)}
    with pytest.raises(Conflict):
        rig.desk.judge(case.id, State.EXPLAINED, by=BY, area=DISTRICT, note="弄错了")
    assert rig.kinds() == ["money_finding", "money_finding_judged", "money_finding_judged"]
    # What is decided stays decided, whatever is found again.
    rig.meals.add(rig.today - DAY, rig.resident, meal="dinner")
    rig.searching.look("by-hand", rig.today - DAY, rig.today)
    assert rig.desk.get(case.id, DISTRICT) == done
    assert [each.found.code for each in rig.open()] == []


def test_another_station_sees_nothing_of_it(rig):
    rig.died(rig.today - 3 * DAY)
    rig.meals.add(rig.today - DAY, rig.resident)
    rig.meals.add(rig.today - DAY, "nobody", canteen="c2", hour=22)
    rig.searching.check()
    mine, theirs = Area(frozenset({StationId(rig.station)})), Area(frozenset({StationId("elsewhere")}))
    assert len(rig.open()) == 2
    [case] = rig.open(mine)
    assert rig.open(theirs) == []
    with pytest.raises(NotFound):
        rig.desk.get(case.id, theirs)
    with pytest.raises(NotFound):
        rig.desk.judge(case.id, State.EXPLAINED, by=BY, area=theirs, note="x")


def test_a_closed_month_is_drawn_once_and_anybody_can_draw_it_again(rig):
    before = (rig.today.replace(day=1) - DAY).replace(day=1)
    month = f"{before:%Y-%m}"
    for number in range(250):
        rig.meals.add(before + number % 28 * DAY, f"r{number}", minute=number % 60)
    rig.meals.add(before, "x", canteen="c2")
    rig.meals.add(before, "y", delivery=Delivery())
    rig.meals.add(before, "z", subsidy_fen=0)
    assert rig.searching.draw(month) is None
    rig.hashes[month] = HASH
    rig.searching.check()
    drawn = rig.desk.drawn(month, DISTRICT)
    assert rig.searching.draw(month) is None
    assert drawn.draw.settled == 252
    assert drawn.draw.seed == seed_of(month, HASH)
    eaten = sorted((each for each in drawn.checks if each.lot.kind == "meal" and each.lot.place == "c1"),
                   key=lambda each: rank(drawn.draw.seed, each.lot))  # fmt: skip
    assert len(eaten) == 3
    assert sorted((each.lot.place, each.lot.kind) for each in drawn.checks if each not in eaten) == [
        ("c1", "delivery"), ("c2", "meal")
    ]  # fmt: skip
    assert "money_checks_drawn" in rig.kinds()


def test_a_check_has_one_result_and_counts(rig):
    before = (rig.today.replace(day=1) - DAY).replace(day=1)
    month = f"{before:%Y-%m}"
    rig.hashes[month] = HASH
    for number in range(150):
        rig.meals.add(before + number % 28 * DAY, f"r{number}")
    rig.searching.draw(month)
    one, two = rig.desk.drawn(month, DISTRICT).checks
    with pytest.raises(Invalid):
        rig.desk.check(one.id, Result.WRONG, by=BY, area=DISTRICT)
    rig.desk.check(one.id, Result.WRONG, by=BY, area=DISTRICT, note="没有来")
    rig.desk.check(two.id, Result.RIGHT, by=BY, area=DISTRICT)
    with pytest.raises(Conflict):
        rig.desk.check(one.id, Result.RIGHT, by=BY, area=DISTRICT)
    assert rig.desk.drawn(month, DISTRICT).per_myriad == 2 * 10_000 // 150
    assert rig.desk.drawn(month, Area(frozenset())).checks == []
    with pytest.raises(NotFound):
        rig.desk.drawn("2020-01", DISTRICT)


def test_a_file_with_a_mistake_is_told_and_not_used(rig, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text("[burst]\npeople = 3\n", encoding="utf-8")
    world = rig.world
    for path, said in ((file, "burst.seconds: missing"), (tmp_path / "none.toml", "cannot be read")):
        with capture_logs() as logs:
            made = build_anomalies(
                AnomalySettings(rules=str(path)), world.transactions, world.reading, world.clock, world.calendar
            )
        [told] = [each for each in logs if each["event"] == "room_file_refused"]
        assert (told["log_level"], told["room"]) == ("error", "anomalies")
        assert said in told["why"]
        assert made.desk.lacking == told["why"]


def test_without_thresholds_nothing_counts_as_looked_at_and_months_are_drawn_all_the_same(rig, tmp_path):
    world = rig.world
    with capture_logs():
        blind = build_anomalies(
            AnomalySettings(rules=str(tmp_path / "none.toml")), world.transactions, world.reading, world.clock,
            world.calendar,
        )  # fmt: skip
    yesterday, month = rig.today - DAY, f"{rig.today.replace(day=1) - DAY:%Y-%m}"
    rig.died(yesterday - DAY)
    rig.meals.add(yesterday, rig.resident)
    blind.searching.meals, blind.searching.month_hash = rig.meals, {month: HASH}.get
    blind.searching.closed_months = lambda: [month]
    blind.searching.check()
    blind.searching.settled()
    assert rig.open() == []
    assert list(blind.desk.months()) == [month]
    rig.searching.check()
    assert [each.found.code for each in rig.open()] == [Code.AFTER_DEATH]


def test_a_month_ends_where_the_next_begins(rig):
    days = []
    rig.meals.counts = lambda start, end: []
    rig.meals.served = lambda start, end: days.append(start) or []
    rig.searching.look("x", date(2026, 2, 1), date(2026, 3, 1))
    assert (days[0], days[-1], len(days)) == (date(2026, 2, 1), date(2026, 2, 28), 28)


def test_a_search_of_one_day_knows_the_visits_that_lasted_into_it(rig):
    yesterday = rig.today - DAY
    Stations.visited(rig, "night", rig.resident, at(yesterday - DAY, 23, 40))
    Stations.visited(rig, "other", rig.world.resident("R2"), at(yesterday, 0, 10))
    assert rig.searching.look("by-hand", yesterday, rig.today) == 1
    [case] = rig.open()
    assert (case.found.code, case.found.evidence) == (Code.VISITS_OVERLAP, ("night", "other"))
