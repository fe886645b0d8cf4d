"""The ledger on file does what the ledger of the rules does, and the database itself keeps anybody from changing it."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy.exc import DBAPIError

from config.main_money import POLICIES
from config.money_commands import export_month
from dispatch.errors import Conflict, Invalid, NotFound, Refusal
from dispatch.store.record import Record
from schedules.money.closing import Counted, count
from schedules.money.keeping import rules_in
from schedules.money.rules.ledger import Kind, Ledger, Source, balances, canonical, month_hash, reversal
from schedules.money.store.ledger import Books
from schedules.money.store.versions import Versions
from tests.integration.ledger_rig import KEEPER, LedgerRig, meal

TABLES = {
    "ledger_entries": "late = 'x'", "ledger_postings": "amount_fen = 1", "ledger_closings": '"by" = \'x\'',
    "ledger_months": "hash = 'x'", "ledger_sums": "amount_fen = 1", "policy_versions": "content = 'x'",
}  # fmt: skip


@pytest.fixture
def rig(tmp_path):
    rig = LedgerRig(tmp_path)
    yield rig
    rig.stop()


def run(rig, statement):
    with rig.writing.begin() as connection:
        connection.exec_driver_sql(statement)


def outcome(work):
    """What came of it, so that two ledgers can be compared."""
    try:
        return work()
    except Refusal as refusal:
        return type(refusal).__name__, refusal.detail


@pytest.mark.parametrize("seed", range(6))
def test_it_says_yes_and_no_as_the_rules_do_and_comes_to_the_same_hash(rig, seed):
    random, ledger, made = Random(seed), Ledger(), []
    for number in range(60):
        entry = _some(random, number, ledger, made)
        for _ in range(random.choice([1, 1, 10])):
            told = outcome(lambda entry=entry: ledger.enter(entry))
            assert outcome(lambda entry=entry: rig.enter(entry)[0]) == told
            made += [entry] if told is True else []
        if random.random() < 0.05 and made:
            month = min({each.month for each in made} - set(ledger.hashes), default="2025-11")
            told = outcome(lambda month=month: ledger.close(month))
            assert outcome(lambda month=month: rig.close(month).hash) == told
    assert rig.closed == ledger.closed
    months = sorted({each.month for each in ledger})
    assert [canonical(each) for month in months for each in rig.all(month)] == [
        canonical(each) for each in sorted(ledger, key=lambda each: (each.month, each.id))
    ]
    assert sum(balances(each for month in months for each in rig.all(month)).values()) == 0
    with rig.reading.connect() as connection:
        for each in made:
            live = Books(connection).live(each.claim)
            taken = {one.reverses for one in made if one.reverses}
            assert (live is not None) is any(
                one.claim == each.claim and one.id not in taken and one.source for one in made
            )


def _some(random, number, ledger, made):
    """A meal, the same again, a twin of another, or the reversal of one."""
    what = random.random()
    if made and what < 0.3:
        return (
            reversal(random.choice(made), entry_id=f"b{number}", closed=ledger.closed)
            if what < 0.25
            else random.choice(made)
        )
    claim = f"r{random.randrange(20)}/lunch" if what < 0.6 else None
    return meal(number, day=random.randrange(70), fen=random.randrange(1, 900), closed=ledger.closed, claim=claim)


def test_what_is_on_file_is_what_was_entered_and_is_found_by_claim_and_source(rig):
    first = meal(1)
    assert rig.enter(first, first) == [True, False]
    with rig.reading.connect() as connection:
        books = Books(connection)
        assert books.entry("e1") == books.live(first.claim) == books.live(Source(Kind.MEAL, "m1")) == first
        assert books.live("m1") is books.live(Source(Kind.VISIT, "m1")) is books.entry("e2") is None
    with pytest.raises(Conflict, match="other content"):
        rig.enter(meal(1, fen=301))
    with pytest.raises(NotFound, match="no entry e9"):
        rig.enter(replace(reversal(first, entry_id="b1"), reverses="e9"))


@pytest.mark.parametrize("table", TABLES)
def test_the_database_itself_refuses_to_change_what_is_there(rig, table):
    rig.enter(meal(1))
    rig.close("2025-11")
    for statement in (f"UPDATE {table} SET {TABLES[table]}", f"DELETE FROM {table}",
                      f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"):  # fmt: skip
        with pytest.raises(DBAPIError, match=r"append-only|takes no more"):
            run(rig, statement)
    assert [each.id for each in rig.all("2025-11")] == ["e1"]


def test_the_database_itself_lets_nothing_more_into_a_closed_month(rig):
    rig.enter(meal(1))
    rig.close("2025-11")
    with pytest.raises(DBAPIError, match="takes no more entries"):
        run(rig, "INSERT INTO ledger_entries SELECT 'e2', \"on\", month, 'c', source_kind, 's', version, NULL, late "
                 "FROM ledger_entries")  # fmt: skip
    with pytest.raises(DBAPIError, match="takes no more entries"):
        run(rig, "INSERT INTO ledger_postings VALUES ('e1', 9, 'fund:city', -100)")


def test_of_two_tills_at_one_moment_one_has_the_meal(rig):
    """Both looked before either wrote, as two writers of a PostgreSQL do."""
    claim = "r1/2025-11-20/lunch"

    class Blind(Books):
        looked = 0

        def _refuse(self, entry):
            keys = super()._refuse(entry)
            if not self.looked:
                self.looked = 1
                Books(self._connection).enter(meal(1, claim=claim))
            return keys

    def work(tx):
        with pytest.raises(Conflict, match="was had with entry e1"):
            Blind(tx.connection).enter(meal(2, claim=claim))
        assert not Blind(tx.connection).enter(meal(1, claim=claim))

    rig.transactions.run(work)
    assert [each.id for each in rig.all("2025-11")] == ["e1"]


def test_closing_a_month_anchors_its_hash_in_the_record_and_adds_up_who_is_owed(rig):
    one, two = meal(1), meal(2, payee="canteen-2", fen=900)
    rig.enter(one, two, meal(3, day=20), reversal(one, entry_id="b1"))
    seen = []
    closed = rig.close("2025-11", progress=lambda done, of: seen.append((done, of)))
    assert closed.hash == month_hash("2025-11", [one, two, reversal(one, entry_id="b1")], "")
    assert closed.sums == {
        ("owed:canteen-1", ""): (0, 2), ("owed:canteen-2", ""): (0, 1),
        ("owed:canteen-1", "fund:city"): (0, 2), ("owed:canteen-1", "fund:town"): (0, 2),
        ("owed:canteen-2", "fund:city"): (900, 1), ("owed:canteen-2", "fund:town"): (300, 1),
    }  # fmt: skip
    assert seen[-1] == (3, 3)
    after = rig.close("2025-12")
    assert after.before == closed.hash
    with rig.reading.connect() as connection:
        lines = Record(connection).after(0, 100)
    assert [each.kind for each in lines] == ["ledger_closing_begun", "ledger_month_closed"] * 2
    assert closed.hash in lines[1].body
    assert lines[1].by == "operator:keeper"
    with pytest.raises(Conflict, match="2025-12 is closed"):
        rig.close("2025-11")


def test_a_closing_that_was_broken_off_keeps_the_month_shut_and_is_taken_up_again(rig):
    rig.enter(meal(1))
    rig.closing.begin("2025-11", by=KEEPER)
    rig.closing.begin("2025-11", by=KEEPER)
    with pytest.raises(Conflict, match="2025-11 is closed; book it in 2025-12"):
        rig.enter(meal(2))
    late = meal(2, closed=rig.closed)
    assert rig.enter(late) == [True]
    assert (late.month, late.late) == ("2025-12", "late")
    with pytest.raises(Conflict, match="was begun and not ended"):
        rig.close("2025-12")
    counted = Counted.of(count(rig.reading, "2025-11").plain())
    assert rig.closing.end(counted, by=KEEPER) == rig.closing.end(counted, by=KEEPER)
    with pytest.raises(Conflict, match="is closed"):
        rig.closing.end(replace(counted, hash="0" * 64), by=KEEPER)
    rig.closing.begin("2025-12", by=KEEPER)
    with pytest.raises(Conflict, match="behind another month"):
        rig.closing.end(replace(count(rig.reading, "2025-12"), before="x"), by=KEEPER)


def test_a_month_is_closed_when_it_is_over_in_order_and_with_its_rules_kept(rig):
    with pytest.raises(Invalid):
        rig.close("2025-13")
    with pytest.raises(Conflict, match=r"2026-06 is not over; .* first of 2026-07"):
        rig.close("2026-06")
    # 16:00 UTC is midnight in Shanghai.
    rig.clock.wall = datetime(2026, 6, 30, 16, tzinfo=UTC)
    rig.enter(meal(1, day=20), meal(2, version="v2"))
    with pytest.raises(Conflict, match="2025-11 has entries and is open"):
        rig.close("2025-12")
    with pytest.raises(Conflict, match="versions v2 were used and not kept"):
        rig.close("2025-11")
    rig.keep("v2")
    assert rig.close("2025-11").entries == rig.close("2025-12").entries == 1
    assert rig.close("2026-06").entries == 0


def test_counting_in_small_pieces_comes_to_the_same(rig):
    rig.enter(*(meal(number, fen=number + 3) for number in range(25)))
    assert len({count(rig.reading, "2025-11", piece=piece).hash for piece in (1, 5, 24, 25, 26)}) == 1


def test_what_does_not_balance_is_not_closed_over(rig):
    rig.enter(meal(1))
    run(rig, "INSERT INTO ledger_postings VALUES ('e1', 9, 'owed:thief', 100)")
    with pytest.raises(Conflict, match="not whole: 2025-11 cannot be closed"):
        rig.close("2025-11")


def test_a_rule_is_kept_with_the_first_money_that_is_given_by_it(rig):
    rules = rules_in(POLICIES)
    version = next(each.version for each in rules.values() if each.policy_id == "wuhu-2022")

    def work(tx):
        return Books(tx.connection, rules).enter(meal(1, version=version))

    assert rig.transactions.run(work)
    with rig.reading.connect() as connection:
        text = Versions(connection).get(version)
    assert text == (POLICIES / "wuhu-2022.toml").read_text("utf-8")
    assert rig.closing.keep(rules) == []
    other = next(each.version for each in rules.values() if each.policy_id == "gz-meal-2025")
    rig.enter(meal(2, version=other))
    assert rig.closing.keep(rules) == [other]
    assert rig.close("2025-11").entries == 2


def test_a_month_is_given_out_and_says_its_hash(rig, tmp_path):
    rig.enter(meal(1), meal(2), reversal(meal(1), entry_id="b1"))
    with pytest.raises(NotFound):
        export_month(rig.reading, "2025-10", io.StringIO(), form="json")
    out, table = io.StringIO(), io.StringIO()
    hash_ = rig.close("2025-11").hash
    assert export_month(rig.reading, "2025-11", out, form="json", policies=tmp_path / "rules") == 3
    about, *lines = out.getvalue().splitlines()
    assert json.loads(about) == {"about": "2025-11", "before": "", "hash": hash_, "entries": 3}
    assert lines == [canonical(each) for each in rig.all("2025-11")]
    assert [each.name for each in (tmp_path / "rules").iterdir()] == ["p.v1.toml"]
    export_month(rig.reading, "2025-11", table, form="csv")
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    assert sum(int(row["amount_fen"]) for row in rows) == 0
    assert len(rows) == 9
