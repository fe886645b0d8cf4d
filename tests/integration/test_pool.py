"""What one engine holds of a PostgreSQL's connections, and who waits for them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import text

from dispatch.errors import Busy
from dispatch.store import transactions as module
from dispatch.store.database import READING, WRITING, metadata, reading_engine, writing_engine
from dispatch.store.transactions import PLACES, Lane, PooledTransactions
from tests.builders import numbered_ids
from tests.fakes.clock import HandClock

ALLOWED = 100 - 3
"""What a PostgreSQL allows by itself: `max_connections` less `superuser_reserved_connections`."""

HELD = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
PATIENCE_S = 60


@pytest.fixture
def pooled(postgres):
    """Units of work on a PostgreSQL, over the pool of a service."""
    engine = writing_engine(postgres.database())
    metadata.create_all(engine)
    transactions = PooledTransactions(engine, HandClock(), numbered_ids())
    yield transactions
    transactions.close()


@contextmanager
def busy(transactions, lane):
    """As many units of this lane as may be at once hold their connection meanwhile."""
    begun, ended = threading.Barrier(PLACES[lane] + 1), threading.Event()

    def hold(_):
        begun.wait(PATIENCE_S)
        assert ended.wait(PATIENCE_S)

    with ThreadPoolExecutor(PLACES[lane]) as threads:
        running = [threads.submit(transactions.run, hold, lane=lane) for _ in range(PLACES[lane])]
        begun.wait(PATIENCE_S)
        try:
            yield
        finally:
            ended.set()
    assert [each.result() for each in running] == [None] * PLACES[lane]


def test_three_engines_find_room_in_a_server_as_it_comes():
    listening = 1
    assert 3 * (WRITING + READING + listening) <= ALLOWED


def test_two_hundred_at_once_share_the_connections_of_the_pool_and_each_is_done(pooled):
    with ThreadPoolExecutor(200) as threads:
        held = list(
            threads.map(lambda _: pooled.run(lambda tx: tx.connection.scalar(HELD), lane=Lane.PRESS), range(200))
        )
    assert (len(held), max(held) <= WRITING) == (200, True)


def test_readers_share_theirs_too(postgres):
    engine = reading_engine(postgres.database())

    def read(_):
        with engine.connect() as connection:
            return connection.scalar(HELD)

    with ThreadPoolExecutor(100) as threads:
        held = list(threads.map(read, range(100)))
    engine.dispose()
    assert (len(held), max(held) <= READING) == (100, True)


def test_a_press_is_kept_though_everything_else_waits_and_that_is_told_to_come_again(pooled, monkeypatch):
    monkeypatch.setattr(module, "LANE_WAIT_S", {Lane.EMERGENCY: 0.01, Lane.BULK: 0.01})
    with ExitStack() as stack:
        for lane in PLACES:
            stack.enter_context(busy(pooled, lane))
            with pytest.raises(Busy):
                pooled.run(lambda tx: None, lane=lane)
        assert pooled.run(lambda tx: "kept", lane=Lane.PRESS) == "kept"
    assert [pooled.run(lambda tx: "again", lane=lane) for lane in PLACES] == ["again", "again"]
