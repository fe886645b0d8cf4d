"""A rule of bills that is corrected backwards: what of settled months is due otherwise, agreed to and booked."""

import json
import subprocess
import sys
from datetime import date

from config.money_commands import export_month
from dispatch.rules.people import operator
from schedules.money.beds.correcting import BillCorrections
from schedules.money.beds.evidence import evidence
from schedules.money.closing import Closing
from schedules.money.corrections.desk import CorrectionDesk
from schedules.money.corrections.rules.correction import State
from schedules.money.store.ledger import Books
from tests.integration.money_rig import CLERK, MoneyRig
from tests.integration.test_bed_money import DEC, NOV, pass_to
from tests.integration.test_recompute_bills import FEES, PROGRAM

INCOME = 'age_min = 60\nincome_max = "3000.00"'
RULE = FEES.replace("effective_{when}\n", "")


def told(rig, until):
    """A service that was begun again with the rules as they are: what it finds, or does."""
    rig.money = rig.build(on_file=True)
    desk = CorrectionDesk(
        rig.world.transactions, rig.world.reading, [BillCorrections(rig.world.reading, rig.money.settling)]
    )
    for _ in range(20):
        desk.check()
        newest = desk.newest(1)
        if newest and newest[0].correction.state is until:
            return desk, newest[0]
    raise AssertionError(newest)


def town_with(tmp_path, rule):
    """A district with this rule of fees, where R2 and R3 are old enough for it."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "fees.toml").write_text(rule, "utf-8")
    rig = MoneyRig(tmp_path, policies=rules, beds="", visits="", vouchers=[])
    rig.money = rig.build(on_file=True)
    for code in ("R2", "R3"):
        rig.world.transactions.run(lambda tx, code=code: tx.connection.exec_driver_sql(
            "UPDATE residents SET born_on = '1940-02-29' WHERE id = ?", (rig.world.resident(code),)
        ))  # fmt: skip
    return rig


def test_facts_that_are_written_after_a_month_was_booked_list_its_bills_and_nobody_elses(tmp_path):
    rig = town_with(tmp_path, RULE.format(ratio="0.50").replace("age_min = 60", INCOME))
    for code in ("R2", "R3"):
        rig.know(code, from_on=date(2026, 1, 1), income_fen=200_000)
    pass_to(rig, date(2026, 12, 2))
    for code in ("R2", "R3"):
        rig.file(40_000, date(2026, 11, 3), resident=code, scheme="fees")
    rig.settle(NOV)
    assert fen(rig, NOV)[0] == 40_000
    desk = desk_of(rig)
    for _ in range(3):
        desk.check()
    pass_to(rig, date(2026, 12, 5))
    # What is of a later month concerns nobody's November; what R2 had since October does, while the service runs.
    rig.know("R3", from_on=date(2026, 12, 1), income_fen=900_000)
    for _ in range(3):
        desk.check()
    assert desk.newest(1) == []
    rig.world.clock.advance(1)
    rig.know("R2", from_on=date(2026, 10, 15), income_fen=900_000)
    for _ in range(5):
        desk.check()
    [found] = desk.newest(9)
    [said] = found.correction.outdated
    assert (found.correction.state, said.who, said.old == said.new) == (State.FOUND, (rig.world.resident("R2"),), True)
    [(_, _, item)] = desk.items(found.correction.id, 0, 9)
    assert (item.resident_id, item.before_fen, item.after_fen) == (rig.world.resident("R2"), 20_000, 0)
    desk.want(found.correction.id, by=operator("manager"), note="更正")
    desk.approve(found.correction.id, by=operator("reviewer"))
    for _ in range(5):
        desk.check()
    assert desk.get(found.correction.id).correction.state is State.DONE
    assert fen(rig, NOV)[1] == 20_000
    for _ in range(3):
        desk_of(rig).check()
    assert [each.correction.state for each in desk.newest(9)][-1] is State.DONE
    assert State.FOUND not in {each.correction.state for each in desk.newest(9)}
    rig.close()


def desk_of(rig):
    corrections = BillCorrections(rig.world.reading, rig.money.settling)
    return CorrectionDesk(rig.world.transactions, rig.world.reading, [corrections])


def fen(rig, month):
    with rig.world.reading.connect() as connection:
        entries = list(Books(connection).entries(month))
    paid = sum(posting.amount_fen for each in entries for posting in each.postings if posting.amount_fen > 0)
    back = sum(posting.amount_fen for each in entries for posting in each.postings
               if posting.account.startswith("owed:"))  # fmt: skip
    return paid, back, sorted(each.late for each in entries)


def recounted(rig, folder, months):
    files = []
    folder.mkdir()
    for month in months:
        files.append(folder / f"{month}.jsonl")
        with files[-1].open("w", encoding="utf-8") as out:
            export_month(rig.world.reading, month, out, form="json", policies=folder / "kept")
    bills = folder / "bills.jsonl"
    rows = [each for month in months for each in evidence(rig.money.reckoning, month)]
    bills.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, *files, "--bills", bills, "--policies", rig.folder / "rules", "--kept",
         folder / "kept"], capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout[: done.stdout.find("{\n")].splitlines(), done.stderr


def test_bills_of_a_closed_and_an_open_month_are_booked_anew_and_what_is_the_same_stays(tmp_path):
    """
    Half of a bill, 300.00 a month at most, then three fifths.

    November, closed:  R2 400.00 + 100.00: 200.00 + 50.00 → 240.00 + 60.00      R3 700.00: 300.00 either way
    December, open:    R2 200.00: 100.00 → 120.00
    """
    rig = town_with(tmp_path, RULE.format(ratio="0.50"))
    pass_to(rig, date(2026, 12, 20))
    for resident, amount, on in (
        ("R2", 40_000, date(2026, 11, 3)), ("R2", 10_000, date(2026, 11, 20)), ("R3", 70_000, date(2026, 11, 5)),
        ("R2", 20_000, date(2026, 12, 5)),
    ):  # fmt: skip
        rig.file(amount, on, resident=resident, scheme="fees")
    rig.settle(NOV)
    Closing(rig.world.transactions, rig.world.reading, rig.world.clock, rig.world.calendar).close(NOV, by=CLERK)
    pass_to(rig, date(2027, 1, 2))
    rig.settle(DEC)
    assert (fen(rig, NOV)[0], fen(rig, DEC)[0]) == (55_000, 10_000)

    (tmp_path / "rules" / "fees.toml").write_text(RULE.format(ratio="0.60"), "utf-8")
    desk, found = told(rig, State.FOUND)
    listed = [(item.before_fen, item.after_fen, item.facts["month"]) for _, _, item in desk.items(found.correction.id, 0, 99)]  # noqa: E501  # fmt: skip
    assert sorted(listed) == [(5_000, 6_000, NOV), (10_000, 12_000, DEC), (20_000, 24_000, NOV)]
    desk.want(found.correction.id, by=operator("manager"), note="更正")
    desk.approve(found.correction.id, by=operator("reviewer"))
    desk, after = told(rig, State.NOTHING)
    done = desk.get(found.correction.id)
    assert (done.correction.state, done.tally.done, after.tally.items) == (State.DONE, 3, 0)

    assert fen(rig, NOV) == (55_000, 55_000, ["", "", ""]), "a closed month is what it was"
    _, owed, late = fen(rig, DEC)
    assert owed == 10_000 + 2_000 + 4_000 + 1_000
    assert late == ["", "", "", "corrected", "corrected", "corrected", "corrected"]
    assert recounted(rig, tmp_path / "told", [NOV, DEC])[:2] == (0, [])
    rig.close()
