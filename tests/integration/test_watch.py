"""The watch over real databases: nothing broken in a clean history, and each promise broken on purpose is named."""

import json
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from config.simulation.sieve import Sieve
from config.simulation.written import Written
from dispatch.store.audit import Unreadable
from dispatch.store.database import reading_engine, sqlite_module
from dispatch.watch.auditor import HASH, RECENT_S, SIGNALS_BACK, Auditor, Broken, limits
from dispatch.watch.loop import Beat, siren, watch
from dispatch.watch.predicates import PREDICATES
from tests.architecture.tree import ROOT
from tests.fakes.clock import HandClock
from tests.integration.watch_plants import (
    PLANTS,
    SECOND,
    case,
    check,
    device,
    double_carer,
    incident,
    last_step_too_late,
    no_due,
    set_due,
    silent_for,
    unchained,
)
from tests.integration.watch_rig import MEANT, Books, History, copied, spoilable

FIRST, LATER = "at the first look", "at the next look"
PASS_MS_MAX = 20
"""A pass takes half a millisecond on an idle machine; a busy one may be slow, a scan of a table shows all the same."""


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    history = History(tmp_path_factory.mktemp("clean"))
    history.play()
    history.world.close()
    return history


@pytest.fixture(scope="module")
def server(postgres):
    """A database of PostgreSQL."""
    engine = create_engine(postgres.database())
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request, history, tmp_path):
    """The clean history, ready to be spoilt."""
    path = history.world.path / "anling.db"
    if request.param == "sqlite":
        engine = spoilable(path, tmp_path)
    else:
        engine = request.getfixturevalue("server")
        copied(path, engine)
    yield Books(engine, history.world.clock, history.alarms)
    if request.param == "sqlite":
        engine.dispose()


def test_a_clean_and_eventful_history_breaks_no_promise_at_any_step(history):
    assert set(history.alarms) == set(MEANT)
    assert history.broken == []


def test_nothing_is_broken_in_the_books_before_they_are_spoilt(books):
    auditor = Auditor(books.engine, books.clock)
    assert auditor.pass_() == []
    assert auditor.pass_() == []


# ------------------------------------------------------------------------------------------------ breaking promises

AT_A_FULL_LOOK = ("I15.unwatched", "I15.silent", "I15.fault")
SEEN = {name: [FIRST] for name in AT_A_FULL_LOOK} | {
    "I11.gap": [FIRST],
    "I11.chain": [FIRST],
    "I11.rewritten": [LATER],
    HASH: [LATER],
}
"""What was long ago is seen at a full look only; what needs a memory, by one who has looked before."""

MEMORY = {"I11.rewritten", HASH}

CASES = [
    pytest.param(name, plant, when, id=f"{name}-{number}-{when}".replace(" ", "_"))
    for name, plants in PLANTS.items()
    for number, plant in enumerate(plants)
    for when in SEEN.get(name, [FIRST, LATER])
]


def test_every_promise_is_broken_by_somebody_here():
    assert set(PLANTS) == {each.name for each in PREDICATES} | {HASH}


def test_every_promise_is_said_in_both_languages():
    assert all(each.english.endswith(".") and each.chinese.endswith("。") for each in PREDICATES)
    assert len({each.name for each in PREDICATES}) == len(PREDICATES)


@pytest.mark.parametrize(("name", "plant", "when"), CASES)
def test_a_broken_promise_is_named_with_what_broke_it_and_nothing_else(books, name, plant, when):
    auditor = Auditor(books.engine, books.clock)
    if when == LATER:
        assert auditor.pass_() == []
    id_ = plant(books)
    assert {(each.promise, each.id) for each in auditor.pass_()} == {(name, id_)}


EXCUSES = {
    "an open case": lambda books: check(books, case(books)),
    "an incident of its gateway": incident,
    "an incident of the edge": lambda books: incident(books, gateway="edge"),
    "a gateway that was deaf": lambda books: books.sql(
        "INSERT INTO deafness (gateway, start, \"end\") VALUES ('radio', :s, :e)",
        s=books.now - 15000 * SECOND, e=books.now - 5000 * SECOND,
    ),
    "a gateway that was not heard since": lambda books: books.sql(
        "UPDATE gateways SET heard_at = :at, dismissed_at = NULL", at=books.now - 12000 * SECOND
    ),
    "an interval it does not have": lambda books: books.sql("UPDATE vigils SET silent_s = NULL"),
    "the end of its use": lambda books: books.sql(
        "UPDATE devices SET retired_at = :at WHERE id = :id", at=books.now, id=device(books)
    ),
}  # fmt: skip


@pytest.mark.parametrize("excuse", EXCUSES)
def test_silence_is_excused_by_whoever_owns_it_and_by_nobody_having_listened(books, excuse):
    silent_for(20000)(books)
    EXCUSES[excuse](books)
    assert Auditor(books.engine, books.clock).pass_() == []


# ------------------------------------------------------------------------------------------------ the sieve


class Sifted:
    """The spoilt books looked at as the simulation looks: at what may be broken by what was written, and by time."""

    def __init__(self, books, path):
        self.books, self.written = books, Written(path)
        books.engine.dispose()
        self.written.heed(books.engine)
        self.file = sqlite_module().connect(str(path), isolation_level=None)
        self.number = 0
        self.sieve = Sieve(self.ask, self.written, PREDICATES, self.values())

    def ask(self, sql, values):
        return self.file.execute(sql, values).fetchall()

    def values(self):
        now = self.books.now
        more = {"since_us": now - RECENT_S * SECOND, "tail": SIGNALS_BACK, "overlap_us": 0}
        return limits(now, 0) | more | dict.fromkeys(("from_number", "to_number", "seen_number", "seen_hash"), 0)

    def look(self):
        cursor = self.file.execute("SELECT * FROM entries WHERE number > ? ORDER BY number", (self.number,))
        names = [each[0] for each in cursor.description]
        entries = [dict(zip(names, row, strict=True)) for row in cursor]
        self.number = entries[-1]["number"] if entries else self.number
        return {(each.promise, each.id) for each in self.sieve.read(entries) + self.sieve.look(self.values())}

    def whole(self):
        return {(each.promise, each.id) for each in self.sieve.whole(self.ask, self.values())}

    def close(self):
        self.file.close()
        self.written.close()


@pytest.fixture
def sifted(history, tmp_path):
    engine = spoilable(history.world.path / "anling.db", tmp_path)
    look = history.world.clock.look()
    clock = HandClock(look.wall, steady=look.steady_s, boot=look.boot)
    sifted = Sifted(Books(engine, clock, history.alarms), tmp_path / "spoilt.db")
    yield sifted
    sifted.close()
    engine.dispose()


@pytest.mark.parametrize(("name", "plant"), [case.values[:2] for case in CASES if case.values[2] == LATER])
def test_the_sieve_lets_nothing_through_that_the_watch_finds_at_its_next_look(sifted, name, plant):
    auditor = Auditor(sifted.books.engine, sifted.books.clock)
    assert (auditor.pass_(), sifted.look(), sifted.look()) == ([], set(), set())
    id_ = plant(sifted.books)
    assert sifted.look() == {(each.promise, each.id) for each in auditor.pass_()} == {(name, id_)}
    assert name in MEMORY or sifted.whole() == {(name, id_)}


@pytest.mark.parametrize(("name", "plant"), [(name, plant) for name in AT_A_FULL_LOOK for plant in PLANTS[name]])
def test_the_sieve_finds_all_that_a_full_look_finds_when_it_looks_at_the_whole(sifted, name, plant):
    id_ = plant(sifted.books)
    sifted.look()
    assert sifted.whole() == {(name, id_)}


def test_what_only_time_breaks_is_found_although_nothing_was_written(sifted):
    assert sifted.look() == set()
    auditor = Auditor(sifted.books.engine, sifted.books.clock)
    assert auditor.pass_() == []
    sifted.books.clock.advance(1900)
    found = sifted.look()
    assert found == {(each.promise, each.id) for each in auditor.pass_()}
    assert "I2.late" in {promise for promise, _ in found}


def test_a_clock_that_is_set_back_has_every_promise_looked_at(sifted):
    """What was due by now is too far away again by then, although nobody has written anything."""
    books = sifted.books
    moved = "UPDATE alarms SET stepped_at = :then, due_at = :now WHERE id = :id"
    books.sql(moved, then=books.now - 300 * SECOND, now=books.now, id=books.alarms["asked"])
    assert sifted.look() == set()
    books.clock.step_wall(-900)
    assert ("I1.deadline", books.alarms["asked"]) in sifted.look()


def final_broken(books):
    return {each.id for each in Auditor(books.engine, books.clock).pass_() if each.promise == "I1.final"}


def test_the_300_seconds_are_not_measured_across_a_moved_clock(books):
    id_ = last_step_too_late(books)
    assert final_broken(books) == {id_}
    books.say("clock_jumped", wall_s=-10)
    assert final_broken(books) == set()
    books.sql("UPDATE alarms SET due_at = :due WHERE id = :id", due=books.now + 300 * SECOND, id=id_)
    assert final_broken(books) == {id_}


# ------------------------------------------------------------------------------------------------ the auditor


@pytest.fixture
def here(history, tmp_path):
    """The clean history on SQLite, with a clock of its own."""
    engine = spoilable(history.world.path / "anling.db", tmp_path)
    look = history.world.clock.look()
    yield Books(engine, HandClock(look.wall, steady=look.steady_s, boot=look.boot), history.alarms)
    engine.dispose()


def test_lateness_is_not_held_against_an_engine_that_has_just_started(here):
    set_due("there", -600)(here)
    for up_s, names in [(4, []), (5, ["I2.late"])]:
        up_at = here.clock.now() - timedelta(seconds=up_s)
        found = Auditor(here.engine, here.clock, started_at=lambda up_at=up_at: up_at).pass_()
        assert [each.promise for each in found] == names


def test_what_is_old_is_found_again_every_hour(here):
    auditor = Auditor(here.engine, here.clock)
    auditor.pass_()
    number = unchained(here)
    assert auditor.pass_() == []
    here.clock.advance(3600)
    assert ("I11.chain", number) in {(each.promise, each.id) for each in auditor.pass_()}


def test_years_are_gone_through_in_slices(here, monkeypatch):
    monkeypatch.setattr("dispatch.watch.auditor.SLICE", 7)
    number = unchained(here)
    assert [each.id for each in Auditor(here.engine, here.clock).pass_()] == [number]


def test_a_pass_is_cheap_enough_for_every_step_of_a_simulation(here):
    auditor = Auditor(here.engine, here.clock)
    auditor.pass_()
    took = []
    for _ in range(50):
        began = time.perf_counter()
        auditor.pass_()
        took.append(time.perf_counter() - began)
    assert sorted(took)[25] * 1000 < PASS_MS_MAX


def test_books_that_cannot_be_read_are_a_finding(tmp_path):
    reading = reading_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(Unreadable):
        Auditor(reading, HandClock()).pass_()
    reading.dispose()


def test_the_watch_brings_none_of_the_code_it_watches_into_its_process():
    code = (
        "import dispatch.watch.loop, sys; "
        "print([name for name in sys.modules if name.startswith(('dispatch.rules', 'dispatch.desk', 'dispatch.mess'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------------------------------------ anling watch


class Out(list):
    def write(self, line):
        self.append(line)

    def flush(self):
        pass


def test_one_look_says_that_all_is_well_and_ends_with_0(here):
    out = Out()
    assert watch(here.engine, here.clock, out=out, once=True) == 0
    assert out == ["ok every promise is kept\n"]


def test_one_look_names_what_is_broken_and_ends_with_1(here):
    id_ = no_due(here)
    out = Out()
    assert watch(here.engine, here.clock, out=out, once=True, as_json=True) == 1
    told = [json.loads(line) for line in out]
    assert [(line["event"], line["promise"], line["id"]) for line in told] == [("broken", "I1.due", id_)]


def test_rounds_tell_changes_only_and_sound_the_siren_for_what_is_new(here, tmp_path):
    out, sounded, stopping = Out(), [], threading.Event()
    rounds = iter([lambda: None, lambda: no_due(here), lambda: None, lambda: mend(here), stopping.set])

    def progress():
        next(rounds)()

    beat = Beat(tmp_path / "watch.beat", here.clock)
    code = watch(
        here.engine, here.clock, out=out, every_s=0, beat=beat, sound=sounded.append, progress_s=progress,
        stopping=stopping,
    )  # fmt: skip
    id_ = here.alarms["asked"]
    assert out == [
        "ok every promise is kept\n", f"broken I1.due {id_}: open, and never looked at again\n",
        f"mended I1.due {id_}\n", "ok every promise is kept\n",
    ]  # fmt: skip
    assert [[each.promise for each in new] for new in sounded] == [["I1.due"]]
    assert code == 0
    assert beat.age_s() == 0


def mend(books):
    set_due("asked", 1)(books)


def test_an_engine_without_progress_and_books_out_of_reach_are_findings(tmp_path):
    reading = reading_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    out = Out()
    assert watch(reading, HandClock(), out=out, once=True, as_json=True, progress_s=lambda: 61.0) == 1
    assert [json.loads(line)["promise"] for line in out] == ["I19.unreadable", "I19.no_progress"]
    reading.dispose()


def test_a_heartbeat_grows_old_and_does_not_outlive_the_boot(tmp_path):
    clock = HandClock()
    beat = Beat(tmp_path / "watch.beat", clock)
    assert beat.age_s() is None
    beat.write()
    clock.advance(30)
    clock.step_wall(-3600)
    assert beat.age_s() == 30
    clock.reboot("boot2")
    assert beat.age_s() == float("inf")
    beat.path.write_text("{}", encoding="utf-8")
    assert beat.age_s() is None


def test_the_siren_is_a_command_without_a_shell(tmp_path):
    told = tmp_path / "told"
    script = "import sys; open(sys.argv[1], 'w').write(' '.join(sys.argv[2:]))"
    siren(f'"{sys.executable}" -c "{script}" "{told}; $HOME"')([])
    assert (tmp_path / "told; $HOME").read_text() == ""
    siren(f'"{sys.executable}" -c "{script}" "{told}"')([Broken(promise="I1.due", id="x", what="")])
    assert told.read_text() == "I1.due"
    siren("")([])


@pytest.mark.error_lines("siren_failed")
@pytest.mark.parametrize("command", ["/nowhere/siren", f"{sys.executable} -c raise(SystemExit(3))"])
def test_a_siren_that_fails_is_logged_and_stops_nothing(command, log_lines):
    siren(command)([])
    assert [line["event"] for line in log_lines] == ["siren_failed"]


def test_the_years_do_not_slow_a_short_look(here):
    """Ten thousand alarms of long ago, each with its signals, offers and letters, are not touched by a short look."""
    auditor = Auditor(here.engine, here.clock)
    auditor.pass_()
    with here.engine.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {auditor._all.text}"), auditor._values(1, 1)).all()
    whole = [row[3] for row in plan if row[3].startswith("SCAN ") and "USING" not in row[3]]
    assert set(whole) <= {"SCAN a", "SCAN x", "SCAN n", "SCAN g", "SCAN CONSTANT ROW"}


@pytest.mark.parametrize(("apart_s", "broken"), [(5, False), (60, True)])
def test_of_two_acceptances_side_by_side_either_may_say_that_there_is_another(books, apart_s, broken):
    id_ = double_carer(books)
    first = books.offer("coming", "role = 'lead'")
    at = books.one("SELECT answered_at FROM offers WHERE id = :id", id=id_) - apart_s * SECOND
    books.sql("UPDATE offers SET answered_at = :at WHERE id = :id", at=at, id=first)
    said = "UPDATE entries SET body = REPLACE(body, '{', :both) WHERE alarm_id = :alarm AND kind = 'accepted'"
    books.sql(said, both='{"both":1,', alarm=books.alarms["coming"])
    found = {each.id for each in Auditor(books.engine, books.clock).pass_() if each.promise == "I6.double_carer"}
    assert found == ({id_} if broken else set())
