"""What the siren makes of what it sees: every reason by itself, and what is no reason."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dispatch.clock import Instant
from dispatch.horn.judge import PATIENCE_S, WORDS, Judge, Limits, Reason
from dispatch.horn.settings import SirenSettings, read_orders
from dispatch.horn.signs import Beat, Signs

BEGAN_S = 1000.0
LIMITS = Limits(stale_s=30.0, started_s=BEGAN_S)


def at(steady_s):
    return Instant(wall=datetime(2026, 11, 21, tzinfo=UTC), steady_s=steady_s, boot="b")


def seen(steady_s, **more):
    """A look at which all is well, but for what is said."""
    well = Signs(at=at(steady_s), engine=Beat(steady_s=steady_s), watch=None)
    return replace(well, **more)


def test_it_rests_while_all_is_well():
    judge = Judge(LIMITS)
    assert [judge.weigh(seen(BEGAN_S + each)) for each in range(0, 600, 2)] == [[]] * 300


@pytest.mark.parametrize(("age_s", "reasons"), [(29.9, []), (30.1, [Reason.ENGINE])])
def test_a_beat_may_be_thirty_seconds_old(age_s, reasons):
    now_s = BEGAN_S + 100
    assert Judge(LIMITS).weigh(seen(now_s, engine=Beat(steady_s=now_s - age_s))) == reasons


@pytest.mark.parametrize("engine", [None, Beat(steady_s=None), Beat(steady_s=BEGAN_S - 500)])
def test_after_its_own_start_it_gives_the_engine_the_same_time(engine):
    judge = Judge(LIMITS)
    assert judge.weigh(seen(BEGAN_S + 30, engine=engine)) == []
    assert judge.weigh(seen(BEGAN_S + 31, engine=engine)) == [Reason.ENGINE]


@pytest.mark.parametrize(
    "reason",
    [Reason.DATABASE, Reason.UNKEPT, Reason.UNTAKEN, Reason.PROVIDERS, Reason.COURIER, Reason.GATEWAY],
)
def test_what_the_engine_worries_about_is_told_when_it_lasts(reason):
    since_s = BEGAN_S + 100
    patience_s = PATIENCE_S[reason]

    def looked(after_s):
        now_s = since_s + after_s
        return Judge(LIMITS).weigh(seen(now_s, engine=Beat(steady_s=now_s, worries={str(reason): since_s})))

    assert looked(patience_s - 0.1) == []
    assert looked(patience_s) == [reason]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"untaken": ("m",)}, Reason.UNTAKEN),
        ({"overdue": ("a",)}, Reason.OVERDUE),
        ({"unreadable": "no"}, Reason.UNREADABLE),
    ],
)
def test_what_it_sees_itself_must_last_as_well(told, reason):
    judge, now_s = Judge(LIMITS), BEGAN_S + 100
    assert judge.weigh(seen(now_s, **told)) == []
    assert judge.weigh(seen(now_s + PATIENCE_S[reason], **told)) == [reason]
    assert judge.weigh(seen(now_s + PATIENCE_S[reason] + 2)) == []
    assert judge.weigh(seen(now_s + PATIENCE_S[reason] + 4, **told)) == [], "it begins anew"


def test_everything_is_heard_within_a_minute():
    """The longest time before each reason, its patience, one look and one beat of 2 s each (PROMISES, I19)."""
    before_s = {Reason.UNTAKEN: 20, Reason.OVERDUE: 30, Reason.DATABASE: 5 + 5, Reason.COURIER: 20, Reason.ENGINE: 30}
    assert all(before_s.get(each, 0) + PATIENCE_S.get(each, 0) + 2 + 2 <= 60 for each in Reason)


def test_a_watch_that_was_killed_is_missed_after_a_minute_and_none_that_never_ran():
    now_s = BEGAN_S + 500
    assert Judge(LIMITS).weigh(seen(now_s, watch=Beat(steady_s=now_s - 59))) == []
    assert Judge(LIMITS).weigh(seen(now_s, watch=Beat(steady_s=now_s - 61))) == [Reason.WATCH]


def test_a_worry_it_does_not_know_is_none():
    now_s = BEGAN_S + 100
    assert Judge(LIMITS).weigh(seen(now_s, engine=Beat(steady_s=now_s, worries={"moon": BEGAN_S}))) == []


def test_mistakes_are_told_at_once_and_the_gravest_reason_first():
    assert Judge(LIMITS).weigh(seen(BEGAN_S + 40, engine=None), mistakes=True) == [Reason.ENGINE, Reason.MISTAKE]


def test_every_reason_has_words_in_both_languages():
    assert all({"zh", "en"} <= WORDS[each].keys() for each in Reason)


# ------------------------------------------------------------------------------------------------ settings


def orders(tmp_path, text="", **environ):
    path = tmp_path / "anling.toml"
    path.write_text(text, encoding="utf-8")
    return read_orders(path, environ)


def test_what_is_said_is_taken_and_the_rest_is_built_in(tmp_path):
    found = orders(tmp_path, '[siren]\nrelay = "/dev/relay"\nnumbers = ["+8613800000001"]\nmodem = "/dev/m"\n')
    assert found.mistakes == ()
    assert found.settings == SirenSettings(relay="/dev/relay", modem="/dev/m", numbers=("+8613800000001",))
    assert found.settings.outlets == ("relay", "modem")


def test_the_environment_has_the_last_word(tmp_path):
    environ = {"ANLING_SIREN__RELAY": "/dev/other", "ANLING_SIREN__STALE_S": "12.5", "ANLING_HOME": str(tmp_path)}
    found = orders(tmp_path, 'home = "elsewhere"\n[siren]\nrelay = "/dev/relay"\n', **environ)
    assert (found.settings.relay, found.settings.stale_s, found.home) == ("/dev/other", 12.5, tmp_path)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("relai = 'x'", "siren.relai"), ("relay = 7", "siren.relay"), ("relay_on = 'zz'", "siren.relay_on"),
        ("stale_s = 'soon'", "siren.stale_s"), ("every_s = 0", "siren.every_s"), ("numbers = ['12']", "siren.numbers"),
        ("modem = '/dev/m'", "siren.modem"), ("relay = ''", "nobody would hear"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_a_mistake_and_the_built_in_one_holds(tmp_path, written, told):
    found = orders(tmp_path, f"[siren]\n{written}\n")
    assert any(told in each for each in found.mistakes)
    assert found.settings.stale_s == 30.0


@pytest.mark.parametrize("text", ["[siren", "siren = 3"])
def test_nothing_that_is_written_stops_it(tmp_path, text):
    assert orders(tmp_path, text).mistakes


def test_a_database_that_is_no_file_is_left_to_the_engine(tmp_path):
    assert orders(tmp_path, 'database_url = "postgresql+psycopg://host/anling"').database is None
