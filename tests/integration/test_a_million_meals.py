"""Every fen of a season of meals is explained, and a stranger who has only exports and rules finds the same."""

import json
import resource
import subprocess
import sys
from collections import Counter

import pytest

from schedules.money.store.ledger import ledger_postings
from schedules.money.store.months import Months
from tests.architecture.tree import ROOT
from tests.million import SENDS, Season

PROGRAM = ROOT / "config/recompute_money.py"
GROWTH_MIB = 250
"""What a season may take beyond the tests around it: a million meals would be gigabytes if they were held."""


def recount(season, ledgers, servings, dues=()):
    """Exit code, faults and what was counted."""
    more = ["--operators", *dues] if dues else []
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, *ledgers, "--meals", *servings, *more, "--policies", season.policies],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    at = done.stdout.find("{\n")
    return done.returncode, done.stdout[:at].splitlines(), json.loads(done.stdout[at:]) if at >= 0 else done.stderr


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    season = Season(tmp_path_factory.mktemp("season"), meals=600, changes=40, days=40)
    season.run()
    yield season, *season.export()
    season.world.close()


def explained(season, ledgers, servings):
    """What any season must come to; gives the numbers."""
    code, faults, told = recount(season, ledgers, servings, season.export_dues())
    assert (code, faults[:3]) == (0, [])
    assert told["meals"] == season.meals
    assert sum(told["fen"].values()) == 0
    with season.world.reading.connect() as connection:
        own = {row.account: row.fen for row in connection.exec_driver_sql(
            f"SELECT account, sum(amount_fen) AS fen FROM {ledger_postings.name} GROUP BY account"
        )}  # fmt: skip
        assert {month: Months(connection).get(month)["hash"] for month in season.months} == told["months"]
    assert own == told["fen"]
    assert season.seen.sent == SENDS * season.meals
    assert season.seen.repeated == (SENDS - 1) * season.meals
    return told


def test_every_fen_of_a_season_is_explained_by_a_stranger(season):
    told = explained(*season)
    reasons = season[0].seen.reasons
    assert reasons["ok"] > 150
    assert {"not_eligible", "limit_meal_type", "died", "too_late", "cancelled", "no_tier"} <= set(reasons)
    assert told["entries"] - told["live"] > 50
    assert told["fen"]["fund:account"] < 0


def altered(path, tmp_path, wanted, change):
    """A copy of an export in which the first line that is wanted was changed; and that line."""
    lines = path.read_text("utf-8").splitlines()
    place = next(place for place, line in enumerate(lines) if '"id"' in line and wanted(json.loads(line)))
    said = json.loads(lines[place])
    lines[place] = json.dumps(change(json.loads(lines[place])), sort_keys=True, ensure_ascii=False, separators=(",", ":"))  # noqa: E501  # fmt: skip
    copy = tmp_path / path.name
    copy.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return copy, said


def one_fen_more(entry):
    (first, fen), *rest = entry["postings"]
    (last, owed) = rest.pop()
    return entry | {"postings": [[first, fen - 1], *rest, [last, owed + 1]]}


def test_one_fen_that_was_moved_is_named_with_its_meal_and_its_month(season, tmp_path):
    whole, ledgers, servings = season
    wanted = lambda each: each["source"] and not each["late"]  # noqa: E731
    copy, entry = altered(ledgers[1], tmp_path, wanted, one_fen_more)
    code, faults, _ = recount(whole, [ledgers[0], copy, *ledgers[2:]], servings)
    assert code == 1
    assert any(each.startswith(f"{whole.months[1]}: ") for each in faults)
    assert any(entry["source"][1] in each for each in faults)
    assert len(faults) <= 3


@pytest.mark.parametrize(
    ("wanted", "change", "said"),
    [
        (lambda each: each["reason"] == "ok", lambda each: each | {"date": "2026-03-08"}, "counted again"),
        (lambda each: each["reason"] == "ok" and "born_on" in each["person"],
         lambda each: each | {"person": each["person"] | {"born_on": "1990-01-01"}}, "says the age"),
        (lambda each: each["reason"] == "ok", lambda each: each | {"used": each["used"] | {"week": 9}}, "used before"),
        (lambda each: each["reason"] == "ok" and not each["cancelled_at"],
         lambda each: each | {"cancelled_at": "2026-03-30T00:00:00+00:00"}, "counted again"),
        (lambda each: each["reason"] == "ok" and not each["cancelled_at"],
         lambda each: each | {"id": "nobody"}, "there is no meal"),
    ],
    ids=["another day", "another age", "meals before it", "cancelled", "another meal"],
)  # fmt: skip
def test_a_row_that_was_altered_is_named(season, tmp_path, wanted, change, said):
    whole, ledgers, servings = season
    copy, meal = altered(servings[1], tmp_path, wanted, change)
    code, faults, _ = recount(whole, ledgers, [servings[0], copy, *servings[2:]])
    assert code == 1
    assert any(meal["id"] in each and said in each for each in faults), faults[:3]


def test_meals_whose_facts_were_erased_are_told_and_those_after_them_still_agree(season, tmp_path):
    whole, ledgers, servings = season
    given = [json.loads(line) for line in servings[1].read_text("utf-8").splitlines()]
    often = Counter(each["resident"] for each in given if each["reason"] == "ok" and not each["cancelled_at"])
    [(resident, many)] = often.most_common(1)
    gone = {"person": None, "meal": None, "used": None}
    copy = tmp_path / "erased.jsonl"
    first = next(each["id"] for each in given if each["resident"] == resident and each["reason"] == "ok")
    copy.write_text(
        "".join(json.dumps(each | gone if each["id"] == first else each) + "\n" for each in given), encoding="utf-8"
    )
    code, faults, told = recount(whole, ledgers, [servings[0], copy, *servings[2:]])
    assert (code, faults, told["erased"]) == (0, [], 1)
    assert many > 3


@pytest.mark.drill
@pytest.mark.timeout(8 * 3600)
def test_a_million_meals_sent_ten_times_under_a_thousand_changes_of_rules(tmp_path):
    season = Season(tmp_path, meals=1_000_000, changes=1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    season.run()
    told = explained(season, *season.export())
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(season.figures(), f"{grown} MiB more at the peak")
    backs = told["entries"] - told["live"]
    assert backs // 2 >= 100_000
    assert grown < GROWTH_MIB
    season.world.close()
