"""Telling copies from statements, and a sender from its ghosts."""

import pytest

from devices.decoders.decoder import Frame
from devices.rules.burst import Heard, Windows, bursts, likeliest, without_ghosts
from dispatch.rules.signal import Event


def heard(model: str, at_s: float = 0.0, *, event: Event = Event.BUTTON, role: str | None = None) -> Heard:
    frame = Frame(event=event, raw=b"", address=f"{model}:1:2", alternatives=(f"{model}:1",), dedup_key=model)
    return Heard(frame=frame, at_s=at_s, role=role)


def test_a_held_button_is_one_press_however_long():
    windows = Windows()
    assert [windows.seen("a", at_s, 3.0) for at_s in (0.0, 2.9, 5.8, 8.7)] == [False, True, True, True]
    assert not windows.seen("a", 11.7, 3.0)


def test_a_window_that_does_not_slide_ends_at_its_time_after_the_first():
    windows = Windows()
    at = [0.0, 30.0, 59.9, 60.0, 90.0]
    assert [windows.seen("a", at_s, 60.0, sliding=False) for at_s in at] == [False, True, True, False, True]


def test_other_statements_are_not_copies():
    windows = Windows()
    assert not windows.seen("a", 0.0, 3.0)
    assert not windows.seen("b", 0.0, 3.0)


def test_a_copy_may_come_late_from_another_gateway():
    windows = Windows()
    assert not windows.seen("a", 10.0, 3.0)
    assert windows.seen("a", 9.5, 3.0)
    assert windows.seen("a", 12.9, 3.0)


def test_without_a_window_nothing_is_a_copy():
    windows = Windows()
    assert not any(windows.seen("beat", 0.0, 0.0) for _ in range(3))
    assert len(windows) == 0


def test_what_could_not_be_kept_counts_as_new_when_repeated():
    windows = Windows()
    one = heard("A")
    assert not windows.seen(one.frame.dedup_key, 0.0, 60.0)
    windows.forget("A")
    assert not windows.seen("A", 4.0, 60.0)
    windows.forget("never heard")


def test_the_memory_is_bounded_and_forgets_the_oldest():
    windows = Windows(remembered_max=2)
    for key in "abc":
        windows.seen(key, 0.0, 3.0)
    assert len(windows) == 2
    assert windows.seen("c", 1.0, 3.0)
    assert not windows.seen("a", 1.0, 3.0)


def test_a_frame_knows_its_own_window():
    frame = Frame(event=Event.BUTTON, raw=b"", dedup_key="k", window_s=3.0)
    windows = Windows()
    assert [windows.heard(frame, at_s) for at_s in (0.0, 2.0, 4.0, 8.0)] == [False, True, True, False]


def test_a_burst_ends_with_a_second_of_silence():
    at = [0.0, 0.06, 1.0, 2.5, 2.6]
    assert [len(group) for group in bursts(heard("A", at_s) for at_s in at)] == [3, 2]
    assert bursts([]) == []


def test_who_is_registered_silences_the_ghosts_even_when_outnumbered():
    mine = heard("Mine", role="pendant")
    assert without_ghosts([heard("Ghost")] * 9 + [mine]) == [mine]


def test_a_stray_among_many_is_left_out_and_a_double_decode_is_not():
    many, also_many, stray = [heard("A")] * 12, [heard("B")] * 12, heard("C", event=Event.TELEMETRY)
    assert without_ghosts([stray, *many, *also_many]) == [*many, *also_many]
    assert without_ghosts([stray]) == [stray]
    assert without_ghosts([]) == []


def test_a_frame_that_says_nothing_is_a_ghost_beside_one_that_does():
    nothing = heard("N", event=Event.IGNORE)
    assert without_ghosts([nothing, heard("A")]) == [heard("A")]
    assert without_ghosts([nothing]) == [nothing]


@pytest.mark.parametrize(
    ("burst", "key"),
    [
        ([], None),
        ([heard("G", event=Event.AMBIGUOUS)], "G"),
        ([heard("G", event=Event.AMBIGUOUS)] * 3 + [heard("A")], "A"),
        ([heard("A"), heard("B"), heard("B")], "B"),
    ],
)
def test_the_likeliest_sender_says_what_it_is_and_says_it_often(burst, key):
    assert likeliest(burst) == key
