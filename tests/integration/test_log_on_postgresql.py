"""The log on PostgreSQL: followed, searched, exported from one look, signed by one of two at once, counted over."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, insert, select

from dispatch.errors import Conflict
from dispatch.logbook.reviewing import Reviewing
from dispatch.logbook.stories import Stories
from dispatch.logbook.verifying import Verifier
from dispatch.review import Review
from dispatch.rules.review import Breach, FindingCause, Stage
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import metadata
from dispatch.store.log_search import EntryFilter, EntrySearch, Filter, Search
from dispatch.store.logbook import Log, breaches_of, one_look
from dispatch.store.record import Record
from dispatch.store.transactions import PooledTransactions
from tests.integration.log_rig import ANNA, BORIS, DESK, LogRig


@pytest.fixture(scope="module")
def city(postgres, tmp_path_factory):
    """A small log lived through on SQLite, its entries and registers copied to a PostgreSQL of its own."""
    rig = LogRig(tmp_path_factory.mktemp("log"))
    rig.late = rig.live_through(resident="R1", there_s=1200, closed_s=1300, note="在卫生间摔倒")
    rig.well = rig.live_through("H9", resident="R9")
    engine = create_engine(postgres.database(), pool_size=20)
    metadata.create_all(engine)
    with rig.world.reading.connect() as source, engine.begin() as target:
        for table in metadata.sorted_tables:
            rows = [dict(row._mapping) for row in source.execute(select(table))]
            if rows and not table.name.startswith("log_"):
                target.execute(insert(table), rows)
    world = rig.world
    world.transactions.close()
    world.transactions, old, world.reading = PooledTransactions(engine, world.clock, world.ids), world.reading, engine
    rig.follower = rig.another_follower()
    rig.reviewing = Reviewing(world.transactions, rig.follower, world.calendar.day_of)
    rig.stories = Stories(engine, Review(engine, lambda: None), rig.follower)
    rig.verifier = Verifier(engine, world.transactions, world.clock)
    rig.follow()
    yield rig
    rig.close()
    old.dispose()


def test_it_is_followed_and_searched_as_on_sqlite(city):
    at = city.world.alarm(city.late).raised_at
    day = {"since": at, "until": at + timedelta(days=1)}
    area = Area(frozenset({city.world.id_of_station("S1")}))
    with city.world.reading.connect() as connection:
        search = Search(connection, DISTRICT)
        row = Log(connection).row(city.late)
        assert breaches_of(row["breaches"]) == (Breach.ON_SITE,)
        for wanted in ({"text": "卫生间", **day}, {"breach": Breach.ON_SITE}, {"stages": (Stage.OPEN,), **day}):
            assert [each["alarm_id"] for each in search.page(Filter(**wanted), 9)] == [city.late]
        assert [each["alarm_id"] for each in search.page(Filter(), 9)] == [city.well, city.late]
        assert [each["alarm_id"] for each in Search(connection, area).page(Filter(), 9)] == [city.late]
        assert len(EntrySearch(connection, area).page(EntryFilter(kind="closed", **day), 9).rows) == 1
    with one_look(city.world.reading) as connection:
        search = Search(connection, DISTRICT)
        assert search.totals(Filter())["alarms"] == len(list(search.all(Filter(), 99))) == 2


def test_of_two_who_sign_at_once_one_is_told(city):
    """On the alarm that went well: the late one stays open to be searched."""
    city.reviewing.find(
        city.well, by=city.people[ANNA], area=DISTRICT, cause=FindingCause.IN_ORDER, text="一切正常"
    )  # fmt: skip
    results, gate = [], threading.Barrier(2)

    def work(by):
        gate.wait()
        try:
            city.reviewing.sign(city.well, by=city.people[by], area=DISTRICT)
            results.append("signed")
        except Conflict:
            results.append("late")

    threads = [threading.Thread(target=work, args=(by,)) for by in (BORIS, DESK)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(results) == ["late", "signed"]
    with city.world.reading.connect() as connection:
        kinds = [each.kind for each in Record(connection).of_alarm(city.well)]
    assert kinds.count("review_signed") == 1
    assert city.stories.story(city.well, DISTRICT).proof.is_whole


def test_the_chain_is_counted_over(city):
    assert city.verifier.begin(city.people[ANNA], wait_s=20).is_whole
