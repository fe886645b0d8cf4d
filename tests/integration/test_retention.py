"""What is old goes by rule, what is evidence stays, and nothing shorter than the law is taken for a rule."""

import json
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from config.records import verify
from config.retention import read_retention
from dispatch.errors import Misconfigured
from dispatch.privacy import inventory
from dispatch.privacy.retention import Retention
from dispatch.rules.retention import NEVER, read_rules
from dispatch.store.database import metadata
from tests.integration.privacy_rig import PrivacyRig
from tests.integration.satisfaction_rig import HOUR

FILE = Path("config/retention.toml")
YEARS = timedelta(days=4 * 366)


@pytest.fixture
def rig(tmp_path):
    rig = PrivacyRig(tmp_path)
    rig.live()
    rig.retention = Retention(rig.world.transactions, rig.world.reading, rig.world.clock, rules=read_retention(FILE))
    yield rig
    rig.close()


def all_of(rig, table):
    with rig.world.reading.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(metadata.tables[table]))]


def test_nothing_is_due_today_and_a_dry_run_changes_nothing(rig):
    assert [each for each in rig.retention.due() if each.rows] == []
    assert rig.retention.check() == {}
    rig.world.clock.advance(YEARS.total_seconds())
    before = all_of(rig, "messages")
    assert {each.rule.table for each in rig.retention.due() if each.rows} >= {"messages", "attempts", "replies"}
    assert all_of(rig, "messages") == before


def test_what_is_old_goes_and_the_evidence_stays(rig):
    entries, alarms = all_of(rig, "entries"), all_of(rig, "alarms")
    planned = {each.rule.table: each.rows for each in rig.retention.due()}
    rig.world.clock.advance(YEARS.total_seconds())
    planned = {each.rule.table: each.rows for each in rig.retention.due() if each.rows}
    assert rig.retention.check() == planned
    assert {row["text"] for row in all_of(rig, "attempts")} == {""}
    assert {(row["to"], str(row["facts"])) for row in all_of(rig, "messages")} == {("", "{}")}
    assert [row for row in all_of(rig, "entries") if row in entries] == entries
    assert all_of(rig, "alarms") == alarms
    assert verify(rig.world.reading).good
    assert json.loads(rig.lines("retention_followed")[0].body) == planned
    assert rig.retention.check() == {}, "nothing is done twice"


def test_what_is_a_day_too_young_stays(rig):
    with rig.world.writing.begin() as connection:
        table = metadata.tables["messages"]
        now = rig.world.clock.now()
        ids = [row.id for row in connection.execute(select(table.c.id).order_by(table.c.id))]
        connection.execute(update(table).values(posted_at=now))
        connection.execute(update(table).where(table.c.id == ids[0]).values(posted_at=now - timedelta(days=1097)))
        connection.execute(update(table).where(table.c.id == ids[1]).values(posted_at=now - timedelta(days=1095)))
    assert rig.retention.check()["messages"] == 1
    assert [row["to"] == "" for row in sorted(all_of(rig, "messages"), key=lambda row: row["id"])][:2] == [True, False]


def rules(**changes):
    rule = {"kind": "k", "table": "receipts", "age": "received_at", "days": 200, "source": "a law", **changes}
    return {"rules": [rule]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"days": 30}, "too few"),
        ({"table": "entries"}, "may touch"),
        ({"table": "nothing"}, "may touch"),
        ({"age": "posted_at"}, "no column"),
        ({"source": " "}, "source"),
        ({"blank": {"key": "unique"}}, "unique"),
    ],
)
def test_a_rule_that_is_not_in_order_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        read_rules(rules(**changes), inventory())


@pytest.mark.parametrize("table", sorted(NEVER))
def test_evidence_has_no_rule(table):
    assert table not in {each["table"] for each in tomllib.loads(FILE.read_text())["rules"]}


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(Misconfigured):
        read_retention(tmp_path / "missing.toml")


def test_logs_are_kept_for_six_months(rig):
    rig.world.clock.advance(180 * 24 * HOUR)
    assert not {each.rule.table for each in rig.retention.due() if each.rows} & {"receipts", "sessions"}
