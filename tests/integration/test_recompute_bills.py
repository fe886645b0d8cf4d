"""Beds, bills, building and call fees are counted again from exports and rules alone, by a program of its own."""

import json
import subprocess
import sys
from datetime import date

import pytest

from config.money_commands import export_month
from schedules.money.beds.evidence import evidence
from schedules.money.beds.reckoning import Fitted
from schedules.money.closing import Closing
from schedules.money.rules.bills import Line
from tests.architecture.tree import ROOT
from tests.integration.money_rig import CLERK, MoneyRig
from tests.integration.test_bed_money import CITY, DEC, JAN, NOV, active, build, pass_to
from tests.unit.money.rig import SHIPPED

PROGRAM = ROOT / "config/recompute_money.py"
FEES = """
[policy]
id = "fees"
kind = "home_bed"
title = "服务费"
grade = "A"
effective_{when}
[eligible]
age_min = 60
[[service_fee_tier]]
ratio = "{ratio}"
[service_fee]
up_to = "300.00"
"""


def _rules(folder):
    rules = folder / "rules"
    rules.mkdir()
    for name in ("nat-voucher-2026", "hz-binjiang-call", "wh-retrofit-2021", "exclusions"):
        (rules / f"{name}.toml").write_text((SHIPPED / f"{name}.toml").read_text("utf-8"), "utf-8")
    (rules / "city.toml").write_text(CITY.format(once="household"), "utf-8")
    (rules / "fees.1.toml").write_text(FEES.format(when="to = 2026-11-15", ratio="0.50"), "utf-8")
    (rules / "fees.2.toml").write_text(FEES.format(when="from = 2026-11-16", ratio="1/3"), "utf-8")
    return rules


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Two months settled and closed, a third settled with corrections of the first."""
    folder = tmp_path_factory.mktemp("bills")
    rig = MoneyRig(folder, policies=_rules(folder), beds="city", visits="", calls="hz-binjiang-call")
    rig.money = rig.build(on_file=True)
    rig.fitted += [
        Fitted(resident_id=rig.world.resident(code), on=on)
        for code, on in (("R1", date(2026, 11, 15)), ("R2", date(2026, 11, 16)))
    ]  # fmt: skip
    for code in ("R2", "R3"):
        rig.world.transactions.run(lambda tx, code=code: tx.connection.exec_driver_sql(
            "UPDATE residents SET born_on = '1940-02-29', level = 'severe' WHERE id = ?", (rig.world.resident(code),)
        ))  # fmt: skip
    active(rig, until=date(2027, 1, 31), skip=[date(2026, 12, 9)])
    closing = Closing(rig.world.transactions, rig.world.reading, rig.world.clock, rig.world.calendar)
    withdrawn = _file(rig)
    pass_to(rig, date(2026, 12, 2))
    rig.settle(NOV)
    closing.close(NOV, by=CLERK)
    rig.withdraw(withdrawn)
    rig.settle(NOV)
    pass_to(rig, date(2027, 1, 2))
    rig.settle(DEC)
    closing.close(DEC, by=CLERK)
    # A visit that was proved late: the bed has its month after all, in January.
    rig.visits.add(rig.world.resident("R1"), date(2026, 12, 9))
    rig.settle(DEC)
    pass_to(rig, date(2027, 2, 2))
    rig.settle(JAN)
    files = []
    for month in (NOV, DEC, JAN):
        files.append(folder / f"{month}.jsonl")
        with files[-1].open("w", encoding="utf-8") as out:
            export_month(rig.world.reading, month, out, form="json")
    rows = [each for month in (NOV, DEC, JAN) for each in evidence(rig.money.reckoning, month)]
    yield files, rows, folder / "rules"
    rig.close()


def _file(rig):
    """Vouchers over their sum, fees across a change of the rule, building for a couple; gives one to take back."""
    withdrawn = rig.file(100_000, date(2026, 11, 3), resident="R2")
    rig.file(150_000, date(2026, 11, 20), resident="R2")
    rig.file(77_777, date(2026, 11, 20), resident="R2")
    seen = rig.visits.add(rig.world.resident("R3"), date(2026, 11, 5))
    rig.file(0, date(2026, 11, 6), kind="home", resident="R3", lines=[
        Line(number=1, on=date(2026, 11, 5), amount_fen=10_001, proof="visit", ref=seen.visit_id),
        Line(number=2, on=date(2026, 11, 6), amount_fen=10_000, proof="visit", ref="nobody"),
    ])  # fmt: skip
    for day, fen in ((14, 20_000), (17, 40_001), (18, 90_000)):
        lines = [Line(number=number, on=date(2026, 11, day + number), amount_fen=fen) for number in (0, 1)]
        rig.file(0, date(2026, 11, day + 1), resident="R3", scheme="fees", lines=lines)
    build(rig, "R2", date(2026, 11, 3))
    build(rig, "R3", date(2026, 11, 3))
    build(rig, "R1", date(2026, 11, 4), scheme="wh-retrofit-2021", kind="adaptation", fen=248_000)
    return withdrawn


def counted(tmp_path, files, rows, rules):
    bills = tmp_path / "bills.jsonl"
    bills.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, *files, "--bills", bills, "--policies", rules],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout[: done.stdout.find("{\n")].splitlines(), done.stdout + done.stderr


def test_beds_bills_building_and_calls_agree_to_the_fen(town, tmp_path):
    files, rows, rules = town
    code, faults, told = counted(tmp_path, files, rows, rules)
    assert (code, faults) == (0, []), told
    kinds = {kind: sum(each["kind"] == kind for each in rows) for kind in {each["kind"] for each in rows}}
    assert kinds == {"operating": 3, "institution": 5, "home": 1, "construction": 2, "adaptation": 1, "call": 5}
    assert json.loads(told[told.find("{\n") : told.rfind("}") + 1])["live"] >= 14


ALTERED = [
    ("construction", lambda each: each["already_paid"], {"already_paid": False}, "was paid before"),
    ("adaptation", lambda _each: True, {"prior_adaptation": True, "payer": "family"}, "counted again"),
    ("institution", lambda each: each["policy"] == "nat-voucher-2026", {"turn": "0", "lines": [[1, "2026-11-20", "1.00", ""]]}, "counted again"),  # noqa: E501
    ("home", lambda _each: True, {"lines": [[1, "2026-11-05", "100.01", "unproved"]]}, "counted again"),
    ("operating", lambda each: each["date"] == "2026-12-01", {"days": [["2026-12-01", True, 0, 0]]}, "says that it failed"),  # noqa: E501
    ("call", lambda each: each["date"] == "2026-11-15", {"date": "2026-11-16"}, "counted again"),
    ("call", lambda each: each["date"] == "2026-11-15", {"id": "nobody"}, "there is no bill"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "wanted", "change", "said"), ALTERED, ids=[f"{each[0]}: {each[3]}" for each in ALTERED]
)
def test_a_row_that_was_altered_is_named(town, tmp_path, kind, wanted, change, said):
    files, rows, rules = town
    row = next(each for each in rows if each["kind"] == kind and wanted(each))
    code, faults, told = counted(tmp_path, files, [each | change if each is row else each for each in rows], rules)
    assert code == 1, told
    assert any(row["id"] in each and said in each for each in faults), faults


def test_a_fen_that_was_moved_is_named(town, tmp_path):
    files, rows, rules = town
    about, *lines = files[0].read_text("utf-8").splitlines()
    entry = json.loads(lines[0])
    entry["postings"] = [[account, fen + (1 if fen > 0 else -1)] for account, fen in entry["postings"]]
    copy = tmp_path / "moved.jsonl"
    told = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    copy.write_text("\n".join([about, told, *lines[1:]]) + "\n", encoding="utf-8")
    code, faults, _ = counted(tmp_path, [copy, *files[1:]], rows, rules)
    assert code == 1
    assert any(each.startswith(f"{NOV}: ") for each in faults)
    assert any(entry["id"] in each for each in faults)
