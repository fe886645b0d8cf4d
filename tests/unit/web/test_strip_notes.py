"""What the strip of the board says leads to where it is seen to."""

from types import SimpleNamespace

from config.pages_registry import absence_notes
from tests.fakes.clock import NOON, HandClock


def test_absences_lead_to_the_list_of_who_is_away():
    absent = SimpleNamespace(notices=lambda _now: (1, 2))
    house = SimpleNamespace(clock=HandClock(NOON), registers=SimpleNamespace(absent=absent))
    notes = absence_notes(house)
    assert [(each.count, each.path) for each in notes] == [(1, "/follow-ups"), (2, "/follow-ups")]
