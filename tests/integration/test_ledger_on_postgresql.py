"""The ledger on PostgreSQL: the database refuses change there too, and of two at one moment one has the meal."""

import threading
from datetime import date

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from dispatch.errors import Conflict
from dispatch.store.transactions import PooledTransactions
from schedules.money.rules.ledger import month_hash, reversal
from schedules.money.store.ledger import Books
from tests.integration.ledger_rig import FIRST, LedgerRig, meal


@pytest.fixture(scope="module")
def rig(postgres, tmp_path_factory):
    engine = create_engine(postgres.database(), pool_size=8)
    rig = LedgerRig(tmp_path_factory.mktemp("ledger"), engine, PooledTransactions)
    yield rig
    rig.stop()


def test_it_enters_closes_and_refuses_as_on_sqlite(rig):
    # Ids that a locale would order otherwise than their bytes.
    entries = [meal(number) for number in ("B", "a", "-c", "Z9")]
    back = reversal(entries[0], entry_id="eb-back")
    assert rig.enter(*entries, back, back) == [True] * 5 + [False]
    closed = rig.close("2025-11")
    assert closed.hash == month_hash("2025-11", [*entries, back], "")
    for table in ("ledger_entries", "ledger_postings", "ledger_closings", "ledger_months", "ledger_sums"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DBAPIError, match="append-only"), rig.writing.begin() as connection:
                connection.exec_driver_sql(statement)
    late = "INSERT INTO ledger_postings VALUES ('ea', 9, 'fund:city', -100)"
    with pytest.raises(DBAPIError, match="takes no more entries"), rig.writing.begin() as connection:
        connection.exec_driver_sql(late)


def test_of_many_tills_at_one_moment_one_has_the_meal(rig):
    day = (date(2025, 12, 9) - FIRST).days
    start, came = threading.Barrier(6), []

    def till(number):
        entry = meal(f"t{number}", day=day, claim="r1/2025-12-09/lunch")
        start.wait()
        try:
            came.append(rig.transactions.run(lambda tx: Books(tx.connection).enter(entry)))
        except Conflict:
            came.append("had")

    tills = [threading.Thread(target=till, args=[number]) for number in range(6)]
    for each in tills:
        each.start()
    for each in tills:
        each.join()
    assert sorted(came, key=str) == [True, *["had"] * 5]
    assert len(rig.all("2025-12")) == 1
