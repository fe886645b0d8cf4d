"""Named mistakes, put into the engine one at a time: each is found, and it is said by which promise."""

import pytest

from config.simulation.faults import ROUGH
from config.simulation.run import run
from tests.simulation.mutants import MUTANTS, mutated

SEEDS = range(1, 25)
DAYS = 0.12
"""So many bad days are given to a mistake to show itself; most do within the first."""

SHOWS = {
    "clock not mended": 2, "decliners asked again": 4, "no fallback": 6, "silence forgotten": 3,
    "repair ends by itself": 3, "nobody asks the resident": 2,
}  # fmt: skip
"""The bad day that shows a mistake first, where it is not the first one: it is looked at before the others."""

CAUGHT_BY = {
    "steps far apart": {"I1.deadline", "I1.final", "I1.all_hands"},
    "due forgotten on accept": {"I1.arrival", "I9.unwritten_change"},
    "no arrival clock": {"I1.arrival"},
    "accepted without compare": {"I6.two_coming", "I6.two_leads", "I6.too_many"},
    "acknowledged before commit": {"I3.not_on_file", "I4.count"},
    "copies not known": {"I4.copy_counted"},
    "joined later": {"I5.delayed", "I5.later", "I1.deadline", "I1.final"},
    "closed by timeout": {"I8.closed"},
    "sent again after taken": {"I10.sent_again"},
    "unknown is taken": {"I10.unknown_taken"},
    "claimed without lease": {"I10.claimed_twice"},
    "clock not mended": {"I12.untold_jump", "I1.all_hands", "I2.late"},
    "line missing": {"I6.out_of_nowhere", "I11.unwritten_change", "I9.version"},
    "decliners asked again": {"H2.asked_again"},
    "no fallback": {"I2.late", "I2.first_step", "I1.all_hands"},
    "answers dropped": {"I7.lost_reply"},
    "answers stumble": {"P6.wake_failed"},
    "silence forgotten": {"I15.case", "I15.silent", "I15.fault"},
    "repair ends by itself": {"I15.untested"},
    "nobody asks the resident": {"I15.unowned"},
    "arrival proves itself": {"I1.closing"},
}
"""Which promises may catch a mistake; those of another kind would be caught by luck."""


def caught(name: str) -> str | None:
    """The first promise that breaks with this mistake in the engine, None when it goes unnoticed."""
    with mutated(name):
        for seed in sorted(SEEDS, key=lambda seed: seed != SHOWS.get(name)):
            breach = run(DAYS, seed, faults=ROUGH).breach
            if breach is not None:
                return breach.promise
    return None


@pytest.mark.error_lines("wake_failed")
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_in_the_engine_is_found(name, record_property):
    promise = caught(name)
    record_property("caught_by", promise)
    assert promise is not None, f"nobody notices: {name}"
    assert promise in CAUGHT_BY[name]


def test_there_are_twelve_mistakes_at_least():
    assert len(MUTANTS) >= 12
    assert MUTANTS.keys() == CAUGHT_BY.keys()
