"""A table of exclusions, or of what categories imply, that was changed alone: found, agreed to, and priced anew."""

from datetime import date

import pytest
from sqlalchemy import update

from dispatch.store.people import residents
from schedules.money.beds.correcting import BillCorrections
from schedules.money.corrections.desk import CorrectionDesk
from schedules.money.corrections.rules.correction import State
from schedules.money.rules.exclusions import Exclusion, Implications
from schedules.money.rules.facts import Person
from schedules.money.rules.outdated import Asked
from schedules.money.rules.policies import Policies
from schedules.money.rules.reading import read_policy
from schedules.money.rules.shared import Shared, conditions, reshared, says_otherwise
from schedules.money.store.shared import SharedRules
from tests.builders import build_world
from tests.integration.money_rig import MoneyRig
from tests.integration.operators_rig import OperatorsRig
from tests.integration.test_bed_money import DEC, pass_to
from tests.integration.test_bills_corrected_backwards import RULE
from tests.integration.test_operators import MARCH, rule
from tests.integration.test_rules_corrected_backwards import OLD, City, recount, week_later

BEFORE = [0, 300, 0, 300, 0]
NOBODY = [0, 0, 0, 0, 0]
EXCLUDED = '[[exclude]]\nscheme = "city"\nnot_with = ["bought"]\n'
POOR = OLD.replace("when = { age_min = 60 }", 'when = { cats_any = ["poor"] }', 1)


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path)
    yield world
    world.close()


def eaten(world, folder, *, rule, cats, **shared):
    """A city whose only diner is of these groups, with a week of meals."""
    world.transactions.run(lambda tx: tx.connection.execute(update(residents).values(cats=cats)))
    city = City(folder, rule=rule, world=world)
    share(city, **shared)
    city.begun_again().desk.check()
    week_later(city)
    city.eaten()
    return city


def share(city, **files):
    for name, text in files.items():
        (city.folder / f"{name}.toml").write_text(text, "utf-8")
    return city.begun_again()


def decided(office):
    office.decided(office.until(State.FOUND))
    return office.until(State.NOTHING)


def test_an_exclusion_that_is_written_later_takes_back_and_one_that_is_struck_out_gives_back(world, tmp_path):
    city = eaten(world, tmp_path, rule=OLD, cats=["bought"])
    assert city.fen() == BEFORE
    told = share(city, exclusions=EXCLUDED).until(State.FOUND)
    assert (told.tally.differing, told.tally.before_fen, told.tally.after_fen) == (2, 600, 0)
    assert {(each.policy, each.old == each.new, each.first) for each in told.correction.outdated} == {
        ("city", True, date(2026, 11, 16))
    }
    city.office.decided(told)
    city.office.until(State.NOTHING)
    assert city.fen() == NOBODY
    assert recount(tmp_path / "first", world, ["2026-11"], city.folder) == (0, [])
    # Nothing is found again, however often it starts, and the old table gives all of it back.
    share(city).desk.check()
    assert city.office.desk.newest(1)[0].correction.state is State.NOTHING
    decided(share(city, exclusions=EXCLUDED.replace("bought", "sold")))
    assert city.fen() == BEFORE
    assert recount(tmp_path / "second", world, ["2026-11"], city.folder) == (0, [])


def test_what_a_category_implies_later_prices_meals_otherwise(world, tmp_path):
    city = eaten(world, tmp_path, rule=POOR, cats=["scattered"], implications='[implies]\nscattered = ["tekun"]\n')
    assert city.fen() == NOBODY
    decided(share(city, implications='[implies]\nscattered = ["tekun"]\ntekun = ["poor"]\n'))
    assert city.fen() == BEFORE
    assert recount(tmp_path / "told", world, ["2026-11"], city.folder) == (0, [])


def test_what_is_about_another_rule_is_looked_for_nowhere(world, tmp_path):
    city = eaten(world, tmp_path, rule=OLD, cats=["bought"])
    other = '[[exclude]]\nscheme = "any_voucher"\nnot_with = ["bought"]\n'
    office = share(city, exclusions=other, implications='[implies]\nbought = ["paid"]\n')
    for _ in range(3):
        office.desk.check()
    assert office.desk.newest(5) == []


def test_a_table_with_a_mistake_is_no_other_table(world, tmp_path):
    city = eaten(world, tmp_path, rule=OLD, cats=["bought"], exclusions=EXCLUDED)
    assert city.fen() == NOBODY
    office = share(city)
    object.__setattr__(office.deciding.book, "policies", Policies((), everything="no table"))
    object.__setattr__(office.deciding.book, "exclusions", ())
    office.desk.check()
    assert office.desk.newest(5) == []
    with world.reading.connect() as connection:
        assert SharedRules(connection, "meal").changed_at() is None
    share(city).desk.check()
    assert city.office.desk.newest(1) == []


def test_bills_of_settled_months_are_looked_at_too(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/fees.toml").write_text(RULE.format(ratio="0.50"), "utf-8")
    rig = MoneyRig(tmp_path, policies=tmp_path / "rules", beds="", visits="", vouchers=[])
    pass_to(rig, date(2026, 12, 31))
    rig.money = rig.build(on_file=True)
    found = lambda: told(rig)  # noqa: E731
    assert found() is None
    rig.know(from_on=date(2026, 1, 1), schemes=("hospital",))
    rig.file(100_00, date(2026, 12, 8), scheme="fees")
    pass_to(rig, date(2027, 1, 3))
    rig.settle(DEC)
    (tmp_path / "rules/exclusions.toml").write_text('[[exclude]]\nscheme = "fees"\nnot_with = ["hospital"]\n', "utf-8")
    rig.money = rig.build(on_file=True)
    tally = found().tally
    assert tally.before_fen > 0
    assert (tally.differing, tally.after_fen) == (1, 0)
    rig.close()


def told(rig):
    """What a service that was begun again finds; None where there is nothing to be found."""
    desk = CorrectionDesk(
        rig.world.transactions, rig.world.reading, [BillCorrections(rig.world.reading, rig.money.settling)]
    )
    for _ in range(20):
        desk.check()
        newest = desk.newest(1)
        if newest and newest[0].correction.state is State.FOUND:
            return newest[0]
    return None


def test_money_of_stations_is_reckoned_again_for_months_that_were_booked(tmp_path):
    station = '[monthly]\nurban_per_person = "10.00"\n'
    rig = OperatorsRig(tmp_path, [rule("songxi", "station_operator", station)], people=4)
    rig.known = {f"r{number}": (lambda _day, cats=cats: Person(80, frozenset(cats)))
                 for number, cats in enumerate([[], ["bought"], [], []])}  # fmt: skip
    rig.term("songxi", "S1", "station", facts={"area": "urban"})
    rig.eat("A", MARCH[:2], 4)
    started(rig)
    rig.settle("2026-03")
    assert rig.booked("2026-03") == [("S1", 4_000, "")]
    assert rig.settle("2026-04") == (1, 0, 0)
    (rig.policies / "exclusions.toml").write_text('[[exclude]]\nscheme = "songxi"\nnot_with = ["bought"]\n', "utf-8")
    rig.open()
    started(rig)
    rig.settle("2026-04")
    assert rig.booked("2026-03") == [("S1", -4_000, ""), ("S1", 3_000, ""), ("S1", 4_000, "")]
    rig.close_down()


def started(rig):
    """What `CorrectionDesk` keeps at a start."""
    now = Shared.of(rig.book.exclusions, rig.book.implications)
    rig.world.transactions.run(lambda tx: SharedRules(tx.connection, "meal").keep(now, tx.now))
    rig.world.clock.advance(60)


# ------------------------------------------------------------------------------------------------ the comparison

POLICY = read_policy(
    """[policy]
id = "a"
kind = "meal"
title = "a"
grade = "A"
[eligible]
age_min = 60
[[tier]]
when = { any = [ { cats_all = ["x"] }, { any = [ { cats_none = ["y"] } ] } ] }
amount = "1.00"
""",
    "a.toml",
).policy
EMPTY = Shared.of((), Implications({}))


def shared(exclusions=(), **implied):
    tables = [Exclusion(scheme=scheme, not_with=tuple(words)) for scheme, *words in exclusions]
    return Shared.of(tables, Implications({cat: tuple(words) for cat, words in implied.items()}))


@pytest.mark.parametrize(
    ("now", "is_other"),
    [
        (shared([("a", "x")]), True), (shared([("any_meal", "z")]), True), (shared([("b", "a")]), True),
        (shared([("b", "x")]), False), (shared([("any_voucher", "x")]), False),
        (shared(c=["x"]), True), (shared(c=["y"]), True), (shared(c=["z"]), False), (shared(c=["d"], d=["x"]), True),
        (EMPTY, False),
    ],
)  # fmt: skip
def test_what_could_give_somebody_something_else(now, is_other):
    assert says_otherwise(EMPTY, now, POLICY) is is_other
    assert says_otherwise(now, EMPTY, POLICY) is is_other


def test_what_is_implied_matters_to_what_is_excluded():
    assert says_otherwise(shared([("a", "z")]), shared([("a", "z")], c=["z"]), POLICY)
    assert len(list(conditions(POLICY))) == 5


def test_it_is_the_same_however_it_is_written():
    one = shared([("a", "x", "y"), ("b", "z")], c=["x", "y"])
    assert one == shared([("b", "z"), ("a", "y", "x")], c=["y", "x"])
    assert Shared.read(one.plain()) == one
    assert Shared.read({"exclusions": [["a", ["x"]]], "implied": []}).mark == shared([("a", "x")]).mark


def test_a_rule_that_is_gone_or_not_in_force_any_more_is_left_out():
    asked = [Asked(policy=name, version="v", first=date(2026, 1, 1), last=date(2026, 1, 2)) for name in ("a", "b")]
    [found] = reshared(asked, [shared([("any_meal", "q")])], EMPTY, Policies([POLICY]))
    assert (found.policy, found.new) == ("a", POLICY.version)
