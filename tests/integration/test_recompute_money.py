"""Another program counts the ledger again from its exports and the policy files, and agrees to the fen."""

import json
import subprocess
import sys
from datetime import date, timedelta
from random import Random

import pytest

from config.main_money import POLICIES
from config.money_commands import export_month
from config.quoting import IMPLIED, quoting_of
from schedules.money.book import read_book
from schedules.money.keeping import rules_in
from schedules.money.rules.amounts import loose_fen
from schedules.money.rules.ledger import Kind, Source, reversal, subsidy
from schedules.money.store.ledger import Books
from tests.architecture.tree import ROOT
from tests.integration.ledger_rig import LedgerRig

PROGRAM = ROOT / "config/recompute_money.py"
MEALS = {
    "gz-meal-2025": "440104", "wuhu-2022": "340202001", "zengcheng-zhengguo-2020": "440118105",
    "sz-meal-2023": "440300",
    "sh-putuo-2025": "310107", "dandong-2024": "210600", "bj-meal-2022": "110101", "tj-meal-2024": "120101",
    "xiongan-nanwenying-2023": "130600", "taian-daiyue-2021": "370911", "nj-jianye-2022": "320105",
}  # fmt: skip
"""Rules of meals, each with where its people come from."""

MONTHS = ("2026-03", "2026-04", "2026-05")
COUNT = 400


def drawn(random, number):
    on = date(2026, 3, 1) + timedelta(days=random.randrange(85))
    born = date(1925 + random.randrange(45), random.choice([2, 7]), random.randrange(1, 29))
    policy = random.choice(list(MEALS))
    hukou = MEALS[policy] if random.random() < 0.9 else "999999"
    groups = ["dibao", "tekun_scattered", "in_institution", "basic_service_target", "lezi"]
    person = {
        "born_on": born.isoformat(), "hukou": hukou, "residence": hukou,
        "cats": random.sample(groups, random.randrange(3)),
    }  # fmt: skip
    meal = {
        "type": random.choice(["breakfast", "lunch", "dinner"]), "point": hukou, "workday": on.weekday() < 5,
        "price": random.choice(["7.5", "10.01", "12.00", "18.33"]), "delivery": random.random() < 0.2,
        "delivery_fee": "2.00",
    }  # fmt: skip
    return {
        "id": f"m{number}", "resident": f"r{number}" if number % 9 == 0 else f"r{number % 60}", "date": on.isoformat(),
        "canteen": f"c{number % 3}", "policy": policy, "person": person, "meal": meal,
        "cancelled": random.random() < 0.1,
    }  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Three months of meals as the service would enter them, closed one after the other, given out."""
    folder, random = tmp_path_factory.mktemp("money"), Random(7)
    rig, rules = LedgerRig(folder), rules_in(POLICIES)
    quoting = quoting_of(read_book(POLICIES, implied=IMPLIED))
    by_id = {rule.policy_id: rule.version for rule in rules.values()}
    servings = sorted((drawn(random, number) for number in range(COUNT)), key=lambda each: each["date"])
    had: list = []
    # Some tills send a month later; those diners ate nothing else.
    late = [each for each in servings if each["resident"] == f"r{each['id'][1:]}" and each["date"] < "2026-04"]
    for serving in [each for each in servings if each not in late] + late:
        on, closed = date.fromisoformat(serving["date"]), rig.closed
        if serving["date"][:7] > MONTHS[0] and closed is None:
            rig.close(MONTHS[0])
            closed = MONTHS[0]
        entry = entered(quoting, serving, had, by_id, on, closed)
        if entry is None:
            continue
        rig.transactions.run(lambda tx, entry=entry: Books(tx.connection, rules).enter(entry))
        if serving["cancelled"]:
            undone = reversal(entry, entry_id=f"back-{entry.id}", closed=closed)
            assert rig.enter(undone, undone, entry) == [True, False, False]
        else:
            had.append((serving["resident"], on, serving["meal"]["type"]))
    assert len(late) > 10
    for month in MONTHS[1:]:
        rig.close(month)
    files = []
    for month in MONTHS:
        with (folder / f"{month}.jsonl").open("w", encoding="utf-8") as out:
            assert export_month(rig.reading, month, out, form="json", policies=folder / "rules") > 20
        files.append(folder / f"{month}.jsonl")
    for each in ("exclusions.toml", "implications.toml"):
        (folder / "rules" / each).write_text((POLICIES / each).read_text("utf-8"), encoding="utf-8")
    for policy in MEALS:
        if not list((folder / "rules").glob(f"{policy}.*")):
            (folder / "rules" / f"{policy}.toml").write_text((POLICIES / f"{policy}.toml").read_text("utf-8"), encoding="utf-8")  # noqa: E501  # fmt: skip
    meals = folder / "meals.jsonl"
    meals.write_text("".join(json.dumps(each) + "\n" for each in servings), encoding="utf-8")
    yield files, meals, folder / "rules"
    rig.stop()


def entered(quoting, serving, had, by_id, on, closed):
    mine = [(day, kind) for who, day, kind in had if who == serving["resident"]]
    monday = on - timedelta(days=on.weekday())
    used = {"same_type_today": sum(each == (on, serving["meal"]["type"]) for each in mine),
            "today": sum(day == on for day, _ in mine), "week": sum(monday <= day for day, _ in mine)}  # fmt: skip
    if used["same_type_today"]:
        # Whatever the rule leaves open: the service gives one meal of a type and day.
        return None
    said = quoting.answer({**{key: serving[key] for key in ("id", "policy", "date", "person", "meal")}, "used": used})
    layers = {layer: loose_fen(amount) for layer, amount in said.get("layers", {}).items()}
    if not any(layers.values()):
        return None
    return subsidy(
        entry_id=f"e-{serving['id']}", source=Source(Kind.MEAL, serving["id"]), version=by_id[serving["policy"]],
        claim=f"{serving['resident']}/{serving['id']}", on=on, layers=layers, owed_to=serving["canteen"], closed=closed,
    )  # fmt: skip


def counted(*arguments):
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def test_a_stranger_agrees_exactly(town):
    files, meals, rules = town
    code, told, _ = counted(*files, "--meals", meals, "--policies", rules)
    assert code == 0, told
    assert sum(json.loads(told)["fen"].values()) == 0
    assert json.loads(told)["live"] > 60


def test_it_names_what_was_altered(town, tmp_path):
    files, meals, rules = town
    text = files[1].read_text("utf-8")
    line = next(each for each in text.splitlines() if '"meal"' in each and '"late":""' in each)
    name = json.loads(line)["id"]
    paid = json.loads(line) | {"postings": [[account, fen * 2] for account, fen in json.loads(line)["postings"]]}
    dear = tmp_path / "dear.jsonl"
    dear.write_text(
        text.replace(line, json.dumps(paid, sort_keys=True, ensure_ascii=False, separators=(",", ":"))),
        encoding="utf-8",
    )
    code, told, _ = counted(files[0], dear, files[2], "--meals", meals, "--policies", rules)
    assert code == 1
    assert f"entry {name} says" in told
    assert "2026-04: " in told
    short = tmp_path / "short.jsonl"
    short.write_text("".join(meals.read_text("utf-8").splitlines(keepends=True)[:-40]), encoding="utf-8")
    code, told, _ = counted(*files, "--meals", short, "--policies", rules)
    assert code == 1
    assert "there is no meal" in told


def test_a_month_that_is_left_out_breaks_the_chain(town):
    files, _, _ = town
    code, told, _ = counted(files[0], files[2])
    assert code == 1
    assert "2026-05 is not chained to 2026-03" in told
    assert counted(ROOT / "README.md")[0] == 2
