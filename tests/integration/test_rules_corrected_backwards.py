"""
Rules that are corrected backwards when months were priced, and closed, by what they said before: everything that they
price otherwise is found, agreed to by two people, priced anew, and a stranger who has only exports finds the same.
"""

import itertools
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta

import pytest

from config.district_phones import typed_number
from config.money_commands import export_month
from config.money_servings import export_servings
from config.quoting import IMPLIED
from dispatch.errors import Conflict, Invalid
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.record import Record
from schedules.holidays import Holiday, Holidays, Year
from schedules.meals.catering import Catering
from schedules.meals.correcting import MealCorrections
from schedules.meals.deciding import Deciding
from schedules.meals.store.diners import EVER, Diners, Facts
from schedules.meals.store.priced import Priced
from schedules.meals.store.servings import Servings
from schedules.money.book import read_book
from schedules.money.closing import Closing
from schedules.money.corrections.desk import CorrectionDesk
from schedules.money.corrections.rules.correction import State
from schedules.money.keeping import rules_in
from schedules.money.rules.ledger import Kind, Source
from schedules.money.rules.reading import read_policy
from schedules.money.store.ledger import Books
from tests.builders import build_world
from tests.integration.meals_rig import TILLS, Canteens, at
from tests.integration.test_a_million_meals import PROGRAM
from tests.million import FIRST, Season

DAYS = 400
MANAGER, REVIEWER = operator("manager"), operator("reviewer")


class Office:
    """A service that was started again with the files as they are now."""

    def __init__(self, world, policies, *, is_workday=lambda day: day.weekday() < 5, days_mark=lambda: ""):
        self.world, self.policies = world, policies
        self.book, texts = read_book(policies, implied=IMPLIED), rules_in(policies)
        assert not self.book.faults
        self.deciding = Deciding(self.book, is_workday=is_workday, days_mark=days_mark)
        self.books = lambda connection: Books(connection, texts)
        self.meals = MealCorrections(world.reading, self.deciding, books=self.books)
        self.desk = CorrectionDesk(world.transactions, world.reading, [self.meals])

    def until(self, *states):
        """Lets it go on until the newest correction stands so."""
        for _ in range(500):
            self.desk.check()
            newest = self.desk.newest(1)
            if newest and newest[0].correction.state in states:
                return newest[0]
        raise AssertionError(newest)

    def decided(self, told):
        self.desk.want(told.correction.id, by=MANAGER, note="财政局更正")
        self.desk.approve(told.correction.id, by=REVIEWER)
        return told

    def lines(self, kind):
        with self.world.reading.connect() as connection:
            return [each for each in Record(connection).after(0, 1_000_000) if each.kind == kind]


def corrected(folder):
    """Amounts of some versions are others, in the same files; others end earlier, and go on in a file of their own."""
    files = sorted(folder.glob("rule-*.toml"))
    for path in files[2::3]:
        path.write_text(_dearer(path.read_text("utf-8")), "utf-8")
    for path in files[1::3]:
        text = path.read_text("utf-8")
        policy = read_policy(text, path.name).policy
        first, last = policy.effective_from or FIRST, policy.effective_to or FIRST + timedelta(days=DAYS)
        middle = first + (last - first) // 2
        if first < middle < last:
            bare = re.sub(r"effective_(from|to) = .*\n", "", text)
            old = f"effective_from = {first}\neffective_to = {middle}\n"
            new = f"effective_from = {middle + timedelta(days=1)}\neffective_to = {last}\n"
            path.write_text(bare.replace('grade = "A"\n', f'grade = "A"\n{old}'), "utf-8")
            path.with_suffix(".new.toml").write_text(
                _dearer(bare.replace('grade = "A"\n', f'grade = "A"\n{new}')), "utf-8"
            )


def _dearer(text):
    return re.sub(r'amount = "(\d+)\.', lambda found: f'amount = "{int(found[1]) + 1}.', text)


def recount(folder, world, months, policies):
    """Exit code and faults of the program that reads exports and files alone."""
    folder.mkdir()
    said = {"ledger": [], "meals": []}
    for month in months:
        said["ledger"].append(folder / f"ledger-{month}.jsonl")
        with said["ledger"][-1].open("w", encoding="utf-8") as out:
            export_month(world.reading, month, out, form="json", policies=folder / "kept")
        said["meals"].append(folder / f"meals-{month}.jsonl")
        with said["meals"][-1].open("w", encoding="utf-8") as out:
            export_servings(world.reading, month, out)
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, *said["ledger"], "--meals", *said["meals"], "--policies", policies,
         "--kept", folder / "kept"], capture_output=True, text=True, check=False,
    )  # fmt: skip
    at = done.stdout.find("{\n")
    return done.returncode, done.stdout[:at].splitlines() if at >= 0 else [done.stderr]


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    season = Season(tmp_path_factory.mktemp("backwards"), meals=250, changes=12, days=40)
    season.run()
    corrected(season.policies)
    yield season
    season.world.close()


def test_a_season_is_priced_anew_and_a_stranger_agrees(season, tmp_path):
    world, office = season.world, Office(season.world, season.policies)
    code, faults = recount(tmp_path / "before", world, season.months, season.policies)
    assert code == 1
    assert len(faults) > 15
    with world.reading.connect() as connection:
        hashes = {month: Books(connection).lines(month, "", 10_000) for month in season.months}

    told = office.until(State.FOUND)
    assert told.tally.differing > 15
    assert told.tally.before_fen != told.tally.after_fen
    listed = office.desk.items(told.correction.id, 0, 10_000)
    assert len(listed) == told.tally.differing
    assert (
        sum(item.after_fen - item.before_fen for _, _, item in listed) == told.tally.after_fen - told.tally.before_fen
    )
    assert told.tally.back_fen - told.tally.short_fen == sum(item.paid_fen - item.pays_fen for _, _, item in listed)

    with pytest.raises(Conflict):
        office.desk.approve(told.correction.id, by=REVIEWER)
    office.desk.want(told.correction.id, by=MANAGER, note="财政局更正")
    with pytest.raises(Conflict):
        office.desk.approve(told.correction.id, by=MANAGER)
    office.desk.approve(told.correction.id, by=REVIEWER)
    after = office.until(State.NOTHING, State.FOUND)
    assert after.correction.state is State.NOTHING, "a second look finds nothing left"
    done = office.desk.get(told.correction.id)
    assert (done.correction.state, done.tally.done, done.tally.skipped) == (State.DONE, told.tally.items, 0)
    assert len(office.lines("meal_repriced")) == told.tally.differing

    # Closed months are what they were; everything stands in the open one, with its reason.
    with world.reading.connect() as connection:
        assert hashes == {month: Books(connection).lines(month, "", 10_000) for month in season.months}
        opened = f"{world.calendar.day_of(world.clock.now()):%Y-%m}"
        entries = list(Books(connection).entries(opened))
        assert {each.late for each in entries} >= {"corrected"}
        given = sum(-posting.amount_fen for each in entries for posting in each.postings
                    if posting.account.startswith("fund:") and each.late == "corrected")  # fmt: skip
    assert given == told.tally.after_fen - told.tally.before_fen
    assert recount(tmp_path / "after", world, [*season.months, opened], season.policies) == (0, [])

    # A start with the same files finds nothing more, and asks nobody again.
    again = Office(world, season.policies)
    for _ in range(3):
        again.desk.check()
    assert again.desk.newest(1)[0].correction.id == after.correction.id


# ------------------------------------------------------------------------------------------------ a small city, by hand

OLD = """
[policy]
id = "city"
kind = "meal"
title = "本市助餐"
grade = "A"
[limit]
meals_per_week = 2
[[tier]]
when = { age_min = 60 }
group = "city"
amount = "3.00"
min_price = "10.00"
[[delivery]]
when = { age_min = 80 }
amount = "1.00"
"""
NEW = OLD.replace('"3.00"', '"4.00"').replace('"10.00"', '"8.00"')
ON = "2026-11-{}"
MEALS = [
    # day, meal, till, price: by the old rule → by the new one, of two meals a week
    ("16 11:30", "lunch", "till-A", 900),  # below 10.00: nothing → 4.00
    ("17 11:30", "lunch", "till-A", 1200),  # 3.00 → 4.00
    ("17 12:00", "lunch", "till-B", 1200),  # the same meal again: nothing, as before
    ("18 11:30", "lunch", "till-A", 1200),  # 3.00 → nothing: the third of the week now
    ("19 11:30", "lunch", "till-B", 700),  # nothing either way: the third of the week before, as after
]
BEFORE = [0, 300, 0, 300, 0]
AFTER = [400, 400, 0, 0, 0]


class City(Canteens):
    """Canteens A and B by one rule, over the ledger on file; R1 is 88."""

    def __init__(self, folder, *, rule=OLD, world=None):
        self.folder = folder / "policies"
        self.folder.mkdir()
        self.write(rule)
        super().__init__(world or build_world(folder), policies=self.folder)
        for code in "AB":
            self.open(code)
        self.office = self.begun_again()

    def write(self, *rules):
        for number, text in enumerate(rules):
            (self.folder / f"city-{number}.toml").write_text(text, "utf-8")

    def begun_again(self):
        """The service starts anew with the files as they are."""
        self.office = office = Office(self.world, self.folder)
        self.book, self.deciding = office.book, office.deciding
        self.catering = Catering(
            self.world.transactions, self.world.clock, self.world.calendar, office.deciding, books=office.books,
            id_numbers=lambda: self.ids, e164=typed_number,
        )  # fmt: skip
        return office

    def eaten(self, meals=MEALS):
        for when, kind, till, price in meals:
            moment = at(ON.format(when))
            self.world.clock.advance(max(0.0, (moment - self.world.clock.now()).total_seconds() + 1))
            self.eat(ON.format(when), kind=kind, till=till, price=price)

    def rows(self):
        with self.world.reading.connect() as connection:
            found = [each for each, *_ in Servings(connection).between(date(2026, 11, 1), date(2026, 12, 31))]
        return sorted(found, key=lambda each: each.received_at)

    def fen(self):
        return [sum(each.answer.money.funds.values()) for each in self.rows()]

    def sums(self, *months):
        """Fen by account, and why entries are late, of these months."""
        fen, late = Counter(), Counter()
        with self.world.reading.connect() as connection:
            for month in months:
                for each in Books(connection).entries(month):
                    late[each.late] += 1
                    fen.update({posting.account: posting.amount_fen for posting in each.postings})
        return {account: each for account, each in fen.items() if each}, dict(late)


@pytest.fixture
def city(tmp_path):
    city = City(tmp_path)
    yield city
    city.world.close()


def week_later(city):
    """A world that is at noon of the 21st goes back to before the week."""
    city.world.clock.step_wall((at("2026-11-16 09:00") - city.world.clock.now()).total_seconds())
    city.world.transactions.run(lambda tx: None)


def test_what_one_meal_gains_another_loses_within_the_week_and_the_open_month(city, tmp_path):
    week_later(city)
    city.eaten()
    assert city.fen() == BEFORE
    city.write(NEW)
    told = city.begun_again().until(State.FOUND)
    assert (told.tally.differing, told.tally.before_fen, told.tally.after_fen) == (3, 600, 800)
    # 9.00 → 5.00, 9.00 → 8.00: 5.00 back. The 18th: 9.00 paid, 12.00 due.
    # The second lunch of the 17th has the same, and counts one meal more before it.
    assert (told.tally.back_fen, told.tally.short_fen, told.tally.items) == (500, 300, 4)
    city.office.decided(told)
    assert city.office.until(State.NOTHING)
    assert city.fen() == AFTER
    assert [each.differs_fen for each in city.rows()] == [400, 100, 0, -300, 0]
    assert city.sums("2026-11") == ({"fund:city": -800, "owed:A": 800}, {"": 6})
    versions = {each.answer.version for each in city.rows() if each.answer.is_aided}
    assert versions == {city.book.policies.versions("city")[0].version}
    assert recount(tmp_path / "told", city.world, ["2026-11"], city.folder) == (0, [])
    # A meal that was priced anew can still be cancelled, once, and gives back what it has now.
    for _ in range(2):
        city.catering.cancel("till-A", city.rows()[0].ref, by=TILLS)
    assert city.sums("2026-11")[0] == {"fund:city": -400, "owed:A": 400}


def test_a_closed_month_is_put_right_in_the_open_one_with_its_reason(city, tmp_path):
    week_later(city)
    city.eaten()
    city.world.clock.advance(20 * 86_400)
    closing = Closing(city.world.transactions, city.world.reading, city.world.clock, city.world.calendar)
    closed = closing.close("2026-11", by=MANAGER)
    city.write(NEW)
    city.begun_again()
    city.office.decided(city.office.until(State.FOUND))
    city.office.until(State.NOTHING)
    assert city.sums("2026-11") == ({"fund:city": -600, "owed:A": 600}, {"": 2})
    assert city.sums("2026-12") == ({"fund:city": -200, "owed:A": 200}, {"corrected": 4})
    assert recount(tmp_path / "told", city.world, ["2026-11", "2026-12"], city.folder) == (0, [])
    assert closing.known("2026-11")["hash"] == closed.hash


OFF = OLD.replace("meals_per_week = 2", 'meals_per_week = 2\ndays = "workday"')
MID_AUTUMN = Year(
    number=2026, source="国办发明电", holidays=(
        Holiday(name="fair", first=date(2026, 11, 17), last=date(2026, 11, 17), worked=(date(2026, 11, 21),)),
    )
)  # fmt: skip
"""A Tuesday off, and the Saturday after it worked."""


def test_days_off_that_are_published_late_price_anew_what_was_told_otherwise(city, tmp_path):
    days = Holidays()

    def begun():
        office = Office(city.world, city.folder, is_workday=days.is_workday, days_mark=lambda: days.mark)
        city.office, city.deciding, city.catering._deciding = office, office.deciding, office.deciding
        return office

    week_later(city)
    city.write(OFF)
    begun()
    city.eaten([*MEALS[:4], ("21 11:30", "lunch", "till-A", 1200)])
    assert city.fen() == [0, 300, 0, 300, 0]
    assert [each.answer.reason for each in city.rows()][-1] == "not_workday"
    for _ in range(3):
        city.office.desk.check()
    assert city.office.desk.newest(1) == []
    # The year's file comes while the service runs: nothing is begun anew.
    days.renew([MID_AUTUMN])
    told = city.office.until(State.FOUND)
    assert (told.tally.differing, told.tally.before_fen, told.tally.after_fen) == (2, 600, 600)
    city.office.decided(told)
    assert city.office.until(State.NOTHING)
    assert city.fen() == [0, 0, 0, 300, 300]
    assert recount(tmp_path / "told", city.world, ["2026-11"], city.folder) == (0, [])
    for office in (city.office, begun()):
        for _ in range(3):
            office.desk.check()
        assert len(office.desk.newest(9)) == 2


LOCAL = OLD.replace("when = { age_min = 60 }", 'when = { age_min = 60, hukou = "1301" }')
HERE, THERE = {"hukou": "130102001001"}, {"hukou": "320102001001"}


def moved(city, day, facts):
    city.world.clock.advance(1)
    city.desk.put_diner("R1", Facts(**facts), since=day, by=TILLS, area=DISTRICT)


def test_a_move_that_is_written_down_late_holds_from_its_day_on(city, tmp_path):
    week_later(city)
    city.write(LOCAL)
    city.begun_again()
    moved(city, None, HERE)
    city.eaten()
    assert city.fen() == [0, 300, 0, 300, 0]
    for _ in range(3):
        city.office.desk.check()
    assert city.office.desk.newest(1) == []
    # They have been registered elsewhere since the 18th, and somebody says so on the 19th; nothing is begun anew.
    moved(city, date(2026, 11, 18), THERE)
    told = city.office.until(State.FOUND)
    [said] = told.correction.outdated
    assert (said.old, said.who, said.first) == (said.new, (city.world.resident("R1"),), date(2026, 11, 18))
    assert (told.tally.differing, told.tally.before_fen, told.tally.after_fen) == (1, 300, 0)
    city.office.decided(told)
    assert city.office.until(State.NOTHING)
    assert city.fen() == [0, 300, 0, 0, 0]
    assert recount(tmp_path / "told", city.world, ["2026-11"], city.folder) == (0, [])
    # A meal that comes in now is asked with the facts of its day: on the 17th they were registered here.
    city.eat(ON.format("17 18:00"), kind="dinner")
    city.eat(ON.format("18 18:00"), kind="dinner")
    assert city.fen()[-2:] == [300, 0]
    assert recount(tmp_path / "late", city.world, ["2026-11"], city.folder) == (0, [])
    for _ in range(3):
        city.begun_again().desk.check()
    assert len(city.office.desk.newest(9)) == 2
    [line] = [each for each in city.office.lines("diner_kept") if '"2026-11-18"' in each.body]
    assert "320102" not in line.body


def test_a_move_that_was_dated_wrongly_is_dated_again_and_what_was_written_last_holds(city):
    week_later(city)
    city.write(LOCAL)
    city.begun_again()
    moved(city, None, HERE)
    city.eaten()
    moved(city, date(2026, 11, 18), THERE)
    moved(city, date(2026, 11, 17), THERE)
    told = city.office.until(State.FOUND)
    assert (told.tally.differing, told.tally.after_fen) == (2, 0)
    moved(city, date(2026, 11, 16), HERE)
    for _ in range(6):
        city.office.desk.check()
    assert city.office.desk.get(told.correction.id).correction.state is State.VOID
    assert city.office.desk.newest(1)[0].correction.state is State.NOTHING
    with pytest.raises(Invalid, match="still to come"):
        moved(city, date(2026, 11, 20), THERE)


def test_what_is_changed_today_changes_no_meal_of_this_morning_and_a_card_changes_nothing(city):
    week_later(city)
    city.write(LOCAL)
    city.begun_again()
    moved(city, None, HERE)
    city.eaten(MEALS[:2])
    before = city.office.meals.mark(), city.office.meals.beside()
    moved(city, None, THERE)
    moved(city, date(2026, 11, 17), THERE)
    city.desk.put_diner("R1", Facts(**THERE), card_number="62220001", by=TILLS, area=DISTRICT)
    for _ in range(3):
        city.office.desk.check()
    assert (city.office.meals.mark(), city.office.meals.beside()) == before
    assert city.office.desk.newest(1) == []
    with city.world.reading.connect() as connection:
        held = Diners(connection).changes(city.world.resident("R1"))
    assert [(each.from_on, each.facts.hukou, each.is_back) for each in held] == [
        (EVER, HERE["hukou"], False), (date(2026, 11, 17), THERE["hukou"], False),
    ]  # fmt: skip


def test_only_whom_it_is_about_are_looked_at_again(city):
    week_later(city)
    city.write(LOCAL)
    city.begun_again()
    city.eaten()
    moved(city, date(2026, 11, 17), HERE)
    [said] = city.office.meals.outdated()
    with city.world.reading.connect() as connection:
        shelf = Priced(connection)
        assert shelf.diners({"city"}, said.first, "", 5, said.who) == [city.world.resident("R1")]
        assert shelf.diners({"city"}, said.first, "", 5, {"nobody"}) == []


def test_days_off_of_no_concern_to_any_rule_are_looked_at_by_nobody(city):
    days = Holidays()
    office = Office(city.world, city.folder, is_workday=days.is_workday, days_mark=lambda: days.mark)
    week_later(city)
    city.eaten()
    before = office.meals.mark()
    days.renew([MID_AUTUMN])
    assert (office.meals.beside(), office.meals.mark()) == ("", before)
    assert office.meals.outdated() == []


def test_ending_a_rule_for_a_new_one_to_come_prices_nothing_otherwise(city, tmp_path):
    week_later(city)
    city.eaten()
    ended = 'grade = "A"\neffective_to = 2026-11-30'
    begun = 'grade = "A"\neffective_from = 2026-12-01'
    city.write(OLD.replace('grade = "A"', ended), NEW.replace('grade = "A"', begun))
    for _ in range(3):
        city.begun_again().desk.check()
    assert city.office.desk.newest(5) == []
    assert recount(tmp_path / "told", city.world, ["2026-11"], city.folder) == (0, [])


def test_a_rule_that_ended_earlier_than_was_thought_takes_back_what_it_gave(city, tmp_path):
    week_later(city)
    city.eaten()
    city.write(OLD.replace('grade = "A"', 'grade = "A"\neffective_to = 2026-11-17'))
    told = city.begun_again().until(State.FOUND)
    assert (told.tally.differing, told.tally.before_fen, told.tally.after_fen) == (1, 300, 0)
    city.office.decided(told)
    city.office.until(State.NOTHING)
    assert city.fen() == [0, 300, 0, 0, 0]
    assert recount(tmp_path / "told", city.world, ["2026-11"], city.folder) == (0, [])


def test_the_rules_change_again_before_anybody_decided_or_while_it_is_done(city):
    week_later(city)
    city.eaten()
    city.write(NEW)
    first = city.begun_again().until(State.FOUND)
    city.write(NEW.replace('"4.00"', '"5.00"'))
    second = city.begun_again().until(State.FOUND)
    assert city.office.desk.get(first.correction.id).correction.state is State.VOID
    assert second.tally.after_fen == 1000
    city.office.decided(second)
    # Approved, and then the files change before it is begun: what was agreed to is not what would be given.
    city.write(NEW)
    third = city.begun_again().until(State.FOUND)
    done = city.office.desk.get(second.correction.id)
    assert (done.correction.state, done.tally.skipped) == (State.DONE, 4)
    city.office.decided(third)
    city.office.until(State.NOTHING)
    assert city.fen() == AFTER


def test_a_meal_that_is_cancelled_or_comes_in_meanwhile_is_left_for_the_next_list(city, tmp_path):
    week_later(city)
    city.eaten()
    city.write(NEW)
    told = city.begun_again().until(State.FOUND)
    city.catering.cancel("till-A", city.rows()[1].ref, by=TILLS)
    # It came in late, for a day before: by the new rule, and by what the others had by the old one.
    city.eat(ON.format("18 17:30"), till="till-B", kind="dinner")
    city.office.decided(told)
    following = city.office.until(State.FOUND)
    assert following.correction.id != told.correction.id
    city.office.decided(following)
    city.office.until(State.NOTHING)
    assert recount(tmp_path / "told", city.world, ["2026-11"], city.folder) == (0, [])


def test_meals_that_waited_for_their_rule_are_counted_again_too(city, tmp_path):
    """They count against limits from the day on which they were priced, as the service took them."""
    week_later(city)
    city.write(OLD.replace('grade = "A"', 'grade = "A"\neffective_from = 2026-11-18'))
    city.begun_again()
    city.eaten()
    assert [each.answer.reason for each in city.rows()] == ["not_in_force"] * 3 + ["ok", "below_min_price"]
    city.write(OLD)
    city.begun_again()
    city.world.clock.advance(60)
    priced, left = city.catering.price_waiting(since=date(2026, 11, 1), by=TILLS)
    assert (len(priced), left) == (3, 0)
    assert city.fen() == [0, 300, 0, 300, 0]
    for _ in range(3):
        city.office.desk.check()
    assert city.office.desk.newest(1) == []
    code, faults = recount(tmp_path / "told", city.world, ["2026-11"], city.folder)
    assert (code, faults) == (0, [])


class Killed(BaseException):
    """The process is gone."""


def test_killed_at_every_commit_it_goes_on_and_nothing_is_done_twice(city):
    """
    From the start that notices to the look afterwards. Each process dies at its second commit or, as the first of a
    start only looks which rules there are, at its third.
    """
    week_later(city)
    city.eaten()
    city.write(NEW)
    transactions, kills = city.world.transactions, 0
    before = transactions._before_commit
    stood, last = None, 2
    for _ in range(30):
        commits = itertools.count(1)

        def die(commits=commits, last=last):
            if next(commits) == last:
                raise Killed

        transactions._before_commit = die
        office = city.begun_again()
        try:
            for _ in range(4):
                office.desk.check()
        except Killed:
            kills += 1
        transactions._before_commit = before
        whole(city)
        [newest, *_] = office.desk.newest(1)
        state = newest.correction.state
        stands = newest.correction.id, state, newest.tally.done
        stood, last = stands, 3 if stands == stood else 2
        if state is State.NOTHING:
            break
        if state is State.FOUND:
            office.decided(newest)
    assert kills >= 6
    assert city.fen() == AFTER
    assert len(office.lines("meal_repriced")) == 3
    assert [each.correction.state for each in office.desk.newest(9)] == [State.NOTHING, State.DONE]
    assert city.sums("2026-11") == ({"fund:city": -800, "owed:A": 800}, {"": 6})


def whole(city):
    """Whoever looks in between: the ledger gives for each meal what its row says, and no meal of a day twice."""
    rows = city.rows()
    for each in rows:
        with city.world.reading.connect() as connection:
            entry = Books(connection).live(Source(Kind.MEAL, each.id))
        given = -sum(one.amount_fen for one in entry.postings if one.amount_fen < 0) if entry else 0
        assert given == sum(each.answer.money.funds.values())
    assert len({each.on for each in rows if each.answer.is_aided}) == sum(each.answer.is_aided for each in rows)
