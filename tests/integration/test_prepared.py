"""Prepared statements beside SQLAlchemy's own execution: the same rows, types, counts and errors."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, InvalidRequestError, OperationalError

from dispatch.errors import SLIPS
from dispatch.store import prepared
from dispatch.store.alarms import _CODES_OF, _ENGAGED_OF, _OPEN_OF
from dispatch.store.database import Instant, Json, writing_engine
from dispatch.store.due import _FIRST, _IS_DUE, _TO_ALL, _TO_HEDGE, _TO_SEND
from dispatch.store.prepared import ROOMS, Prepared, counting, once
from tests.builders import build_world

NOON = datetime(2026, 11, 21, 12, 0, 0, 123_456, tzinfo=UTC)

things = Table(
    "things", MetaData(),
    Column("id", String(8), primary_key=True),
    Column("number", Integer), Column("share", Float), Column("yes", Boolean),
    Column("at", Instant), Column("day", Date), Column("what", Json), Column("raw", LargeBinary),
)  # fmt: skip
FULL = {
    "id": "a", "number": 3, "share": 0.25, "yes": True, "at": NOON, "day": date(1938, 3, 5),
    "what": {"门": ["1", None]}, "raw": b"\x00\xff",
}  # fmt: skip
EMPTY = {"id": "b"} | dict.fromkeys(set(FULL) - {"id"})
ADD = Prepared(insert(things))
ALL = Prepared(select(things).order_by(things.c.id))


@pytest.fixture
def connection(tmp_path):
    engine = writing_engine(f"sqlite:///{tmp_path / 'things.db'}", synchronous="OFF")
    things.create(engine)
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def test_what_was_written_is_read_as_sqlalchemy_reads_it(connection):
    ADD.on(connection, **FULL)
    ADD.on(connection, **EMPTY)
    ours, theirs = ALL.on(connection), connection.execute(select(things).order_by(things.c.id)).all()
    assert [row._asdict() for row in ours] == [dict(row._mapping) for row in theirs] == [FULL, EMPTY]
    assert type(ours.first().yes) is bool


def test_many_rows_go_in_one_call(connection):
    assert ADD.each(connection, [FULL, EMPTY]) == 2
    assert [row.id for row in ALL.on(connection)] == ["a", "b"]


def test_of_nothing_there_is_no_first_and_no_scalar(connection):
    rows = ALL.on(connection)
    assert (list(rows), rows.first(), rows.scalar()) == ([], None, None)


def test_an_update_sets_what_is_given_and_says_how_many_it_changed(connection):
    change = Prepared(update(things).where(things.c.id == bindparam("its_id")))
    ADD.on(connection, **FULL)
    assert change.on(connection, at=None, number=4, its_id="a").rowcount == 1
    assert change.on(connection, number=9, its_id="nobody").rowcount == 0
    row = ALL.on(connection).first()
    assert (row.at, row.number, row.share) == (None, 4, 0.25)


@pytest.mark.parametrize("count", [0, 1, 2, ROOMS[-2], ROOMS[-2] + 1, ROOMS[-1] + 3])
def test_a_list_of_any_length_finds_exactly_its_own(connection, count):
    ADD.each(connection, [EMPTY | {"id": f"t{number}"} for number in range(200)])
    among = Prepared(select(things.c.id).where(things.c.id.in_(bindparam("ids", expanding=True))))
    wanted = [f"t{number}" for number in range(count)]
    assert {row.id for row in among.on(connection, ids=wanted)} == set(wanted)


def test_a_constant_list_beside_values_keeps_its_place(connection):
    ADD.each(connection, [EMPTY | {"id": name, "number": number} for number, name in enumerate("abcd")])
    found = Prepared(
        select(things.c.id).where(
            things.c.number.in_((1, 2)),
            things.c.id.in_(bindparam("ids", expanding=True)),
            things.c.id != bindparam("but"),
        )
    )
    assert [row.id for row in found.on(connection, ids=["a", "b", "c", "d"], but="c")] == ["b"]


def test_what_a_statement_says_by_itself_is_written_out_whatever_it_is(connection):
    """Numbers and texts stand in the SQL, quoted; the rest keeps a place, and so does a text with a mark of a place."""
    ADD.each(connection, [EMPTY | {"id": name, "number": 1, "yes": True} for name in ("it's", "really?", "a")])
    said = select(things.c.id).where(things.c.number == 1, things.c.yes == True)  # noqa: E712
    found = Prepared(said.where(things.c.id.in_(["it's", "really?"]), things.c.id != bindparam("but")).limit(2))
    assert {row.id for row in found.on(connection, but="a")} == {"it's", "really?"}
    assert found._for(connection.dialect, {"but": "a"}).sql.count("?") == 2
    marked = Prepared(said.where(things.c.id != literal_column("'?'"), things.c.id == bindparam("name")))
    assert [row.id for row in marked.on(connection, name="a")] == ["a"]


def test_no_search_is_made_ready_anew_at_each_call(tmp_path):
    """SQLite asks its authorizer whenever it makes a statement ready: once, and not again with other values."""
    build_world(tmp_path).close()
    engine, again = writing_engine(f"sqlite:///{tmp_path / 'anling.db'}", synchronous="OFF"), []
    with engine.connect() as connection:
        prepared.make_all_ready(connection.dialect)
        searches = {ready.sql: ready for each in list(prepared._EVERY) for ready in each._ahead.values()}
        for sql, ready in searches.items():
            if sql.startswith("SELECT") and "things" not in sql:
                again += [sql] * is_made_again(connection.connection.driver_connection, sql, len(ready.binds))
    engine.dispose()
    assert len(searches) >= 100
    assert again == []


def is_made_again(driver, sql, places):
    """Whether a second run of this statement, with other values, has to be planned again."""
    asked = []
    driver.set_authorizer(lambda *what: asked.append(what) or 0)
    driver.execute(sql, [1] * places).fetchall()
    asked.clear()
    driver.execute(sql, [2] * places).fetchall()
    return bool(asked)


def test_what_must_happen_once_happens_once(connection):
    add = once(things)
    assert [add.on(connection, **EMPTY).rowcount for _ in range(2)] == [1, 0]


def test_counting_begins_at_one(connection):
    count = counting(things, "id", "number")
    assert [count.on(connection, id="x", number=1).scalar() for _ in range(3)] == [1, 2, 3]


def test_errors_are_sqlalchemys(connection):
    ADD.on(connection, **FULL)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        ADD.on(connection, **FULL)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        ADD.each(connection, [FULL])
    with pytest.raises(OperationalError, match="no such column"):
        Prepared(select(literal_column("nobody").label("n")).select_from(things)).on(connection)


def test_a_value_that_is_missing_is_an_error_and_never_a_null(connection):
    with pytest.raises(InvalidRequestError, match="its_id"):
        Prepared(select(things).where(things.c.id == bindparam("its_id"))).on(connection)


@pytest.mark.parametrize(
    ("statement", "values", "index"),
    [
        (_ENGAGED_OF, {"people": ["carer:1"], "but": "x"}, "USING COVERING INDEX ix_offers_engaged (person=?"),
        (_CODES_OF, {"people": ["carer:1"], "since": NOON}, "SEARCH offers USING INDEX ix_offers_person (person=?"),
        (_OPEN_OF, {"subject": "home:1"}, "USING INDEX ix_alarms_subject_open"),
        (_IS_DUE, {"now": NOON, "first": 0, "last": 2}, "ix_messages_due"),
        (_FIRST, {"now": NOON, "most": 16}, "ix_messages_due (priority=? AND rank=? AND due_at<?)"),
        (_TO_ALL, {"now": NOON, "most": 16}, "ix_messages_due (priority=? AND rank>?)"),
        (_TO_HEDGE, {"now": NOON, "most": 16}, "ix_messages_due (priority=?)"),
        (_TO_SEND, {"now": NOON, "most": 16, "first": 1, "last": 1}, "ix_messages_due (priority>? AND priority<?)"),
    ],
)
def test_what_every_alarm_asks_is_searched_for_and_not_scanned(tmp_path, statement, values, index):
    build_world(tmp_path).close()
    engine = writing_engine(f"sqlite:///{tmp_path / 'anling.db'}", synchronous="OFF")
    with engine.connect() as connection:
        statement.on(connection, **values)
        ready = statement._for(connection.dialect, values)
        plan = (
            connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {ready.sql}", ready.values(values)).fetchall()
        )
    engine.dispose()
    assert index in " ".join(row[3] for row in plan)
    assert "SCAN" not in " ".join(row[3] for row in plan)
    assert "TEMP B-TREE" not in " ".join(row[3] for row in plan), "nothing is sorted that stands in order"


def made_at_the_call(monkeypatch):
    """What is made ready from now on, as SQL."""
    made = []
    prepare = prepared._prepare
    monkeypatch.setattr(prepared, "_prepare", lambda *given: made.append(prepare(*given)) or made[-1])
    return made


def test_what_was_made_ready_ahead_is_not_made_again_whatever_the_order_of_its_values(connection, monkeypatch):
    add, find = Prepared(insert(things)), Prepared(select(things).where(things.c.id == bindparam("its_id")))
    among = Prepared(select(things.c.id).where(things.c.id.in_(bindparam("ids", expanding=True))))
    for each in (add, find, among):
        each.make_ready(connection.dialect)
    made = made_at_the_call(monkeypatch)
    add.on(connection, **FULL)
    add.on(connection, **dict(reversed(EMPTY.items())))
    assert find.on(connection, its_id="a").first()._asdict() == FULL
    for room in ROOMS:
        assert [row.id for row in among.on(connection, ids=["a"] * room)] == ["a"]
    assert made == []
    assert [row.id for row in among.on(connection, ids=["b"] * (ROOMS[-1] + 1))] == ["b"]
    assert len(made) == 1


def test_what_was_expected_wrongly_is_made_ready_when_called(connection, monkeypatch):
    add = Prepared(insert(things))
    change = Prepared(update(things).where(things.c.id == bindparam("its_id")))
    for each in (add, change):
        each.make_ready(connection.dialect)
    made = made_at_the_call(monkeypatch)
    add.on(connection, id="a", number=3)
    assert change.on(connection, its_id="a", number=4).rowcount == 1
    assert [(row.id, row.number, row.share) for row in ALL.on(connection)] == [("a", 4, None)]
    assert len(made) >= 2


def fail(error):
    raise error("a statement that cannot be built")


def test_all_that_is_loaded_is_made_ready_and_one_that_cannot_be_keeps_none_from_it(connection):
    unsayable = Prepared(lambda _: select(things).where(ColumnElement()))
    broken = [Prepared(lambda _, error=error: fail(error)) for error in (*SLIPS, ArgumentError)]
    sayable = Prepared(select(things.c.number))
    assert prepared.make_all_ready(connection.dialect) >= 100
    assert sayable._ahead
    assert not any(each._ahead for each in (unsayable, *broken))
