"""Coverage out of the registers and the roster, and the command that tells it."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update

from config.main import cli
from dispatch.rules.travel import StraightLine
from dispatch.store.people import carers, homes
from dispatch.store.reach_tests import reach_tests
from dispatch.store.replies import replies
from schedules.coverage.picture import Terms, picture
from schedules.coverage.rules.reach import Reason
from tests.builders import NOON, build_world

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def world(tmp_path):
    """C1 alone is on duty, from 8 hours before noon to 16 hours after."""
    world = build_world(tmp_path, on_duty=("C1",))
    yield world
    world.close()


def put(world, statement):
    with world.writing.begin() as connection:
        connection.execute(statement)


def look(world, **terms):
    with world.reading.connect() as connection:
        return picture(connection, NOON, NOON + DAY, now=NOON, terms=Terms(**terms))


def reach_test(world, state: str, *, ago: timedelta, code="C1"):
    at = NOON - ago
    put(world, insert(reach_tests).values(
        id="t1", carer_id=world.id_of(carers, code), month="2026-11", phone="+8613800000001", state=state,
        asked_at=at, ended_at=at,
    ))  # fmt: skip


def test_the_roster_ends_at_four_in_the_morning_and_so_does_coverage(world):
    (gap,) = look(world).gaps(NOON, NOON + DAY, StraightLine())
    assert (gap.start_at, gap.end_at, gap.homes) == (NOON + 16 * HOUR, NOON + DAY, ("H1", "H2"))
    assert gap.reason is Reason.NOBODY_ON_DUTY


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"suspended": True}, Reason.NOBODY_ON_DUTY),
        ({"ended_at": NOON - DAY}, Reason.NOBODY_ON_DUTY),
        ({"phone": None}, Reason.NOBODY_REACHABLE),
        ({"opted_out": True}, Reason.NOBODY_REACHABLE),
        ({"base_lat": 38.2}, Reason.TOO_FAR),
    ],
)
def test_who_cannot_come_covers_nothing(world, changed, reason):
    put(world, update(carers).where(carers.c.code == "C1").values(**changed))
    first = look(world).gaps(NOON, NOON + DAY, StraightLine())[0]
    assert (first.reason, first.start_at) == (reason, NOON)


def test_a_home_that_is_served_no_longer_is_in_no_gap(world):
    put(world, update(homes).where(homes.c.code == "H2").values(ended_at=NOON - DAY))
    (gap,) = look(world).gaps(NOON, NOON + DAY, StraightLine())
    assert gap.homes == ("H1",)


def test_who_failed_the_monthly_test_covers_nothing(world):
    reach_test(world, "silent", ago=2 * DAY)
    found = look(world)
    assert found.silent == {"C1": "silent"}
    assert found.gaps(NOON, NOON + DAY, StraightLine())[0].reason is Reason.NOBODY_REACHABLE


@pytest.mark.parametrize(("ago", "silent"), [(34 * DAY, {}), (36 * DAY, {"C1": "answered_long_ago"})])
def test_an_answer_grows_old_where_tests_are_sent(world, ago, silent):
    reach_test(world, "answered", ago=ago)
    assert look(world, answered_within=35 * DAY).silent == silent
    assert look(world).silent == {}


def test_whoever_said_anything_since_was_reached(world):
    reach_test(world, "answered", ago=36 * DAY)
    put(world, insert(replies).values(
        id="r1", provider="console", key="k", voice=False, failures=0, sender="+8613800000001", text="1",
        person=world.carer("C1"), received_at=NOON - DAY,
    ))  # fmt: skip
    assert look(world, answered_within=35 * DAY).silent == {}


def test_whoever_was_never_asked_is_not_known_to_be_silent(world):
    assert look(world, answered_within=35 * DAY).silent == {}


def test_the_country_has_half_an_hour_and_a_home_belongs_to_its_community_or_its_station(world):
    put(world, update(homes).where(homes.c.code == "H1").values(community="山后村", station_id=None))
    put(world, update(homes).where(homes.c.code == "H2").values(station_id=world.id_of_station("S1"), lat=None))
    found = look(world, rural=frozenset({"山后村"}))
    assert [(each.community, each.limit_s) for each in found.dwellings] == [("山后村", 1800), ("柏林颐养驿站", 900)]
    assert found.unplaced == ["H2"]


# ------------------------------------------------------------------------------------------------- the command


@pytest.fixture
def told(world, tmp_path):
    file = tmp_path / "anling.toml"
    file.write_text(f'database_url = "sqlite:///{world.path / "anling.db"}"\nhome = "{tmp_path}"\n', encoding="utf-8")
    return lambda *words: CliRunner().invoke(cli, ["--config", str(file), "coverage", *words])


def test_a_covered_instant_exits_0_and_one_that_is_not_exits_1(told):
    covered, alone = told("--at", "2026-11-22T03:59:59", "--json"), told("--at", "2026-11-22T04:00", "--json")
    assert (covered.exit_code, json.loads(covered.output)["uncovered"]) == (0, [])
    assert alone.exit_code == 1
    assert [row["home"] for row in json.loads(alone.output)["uncovered"]] == ["H1", "H2"]


def test_days_ahead_tell_each_gap(told):
    answer = told("--ahead", "3", "--json")
    rows = json.loads(answer.output)["gaps"]
    assert (answer.exit_code, [row["count"] for row in rows]) == (1, [2])
    assert "nobody_on_duty" in told("--ahead", "3").output


@pytest.mark.parametrize("words", [["--at", "soon"], ["--at", "now", "--ahead", "2"], ["--ahead", "0"]])
def test_wrong_use_exits_2(told, words):
    assert told(*words).exit_code == 2


def test_without_a_database_nothing_is_claimed(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text(f'database_url = "sqlite:///{tmp_path / "none.db"}"\nhome = "{tmp_path}"\n', encoding="utf-8")
    assert CliRunner().invoke(cli, ["--config", str(file), "coverage"]).exit_code == 2


@pytest.mark.parametrize("text", ["barriers = 1", "[[barriers]]\nname = 'x'\nline = [[1, 2], [300, 2]]", "rivers = []"])
def test_a_wrong_file_of_barriers_is_refused_with_its_place(tmp_path, world, text):
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")
    file = tmp_path / "c.toml"
    file.write_text(
        f'database_url = "sqlite:///{world.path / "anling.db"}"\n[travel]\nbarriers = "{tmp_path / "b.toml"}"\n',
        encoding="utf-8",
    )
    answer = CliRunner().invoke(cli, ["--config", str(file), "coverage", "--at", "now"])
    assert answer.exit_code == 2
    assert "barriers" in answer.output or "rivers" in answer.output
