"""The gateway's loop, against a line that can be told everything a line may do."""

import threading

import pytest

from devices.backlog import BACKLOG_MAX, Backlog, Waiting
from devices.decoders.decoder import Frame
from devices.decoders.rflink import Rflink
from devices.gateway import Gateway
from devices.line import KEEPALIVE_S, Condition
from devices.ports.port import PortLost
from dispatch.clock import Instant, SystemClock
from dispatch.rules.signal import Event
from tests.fakes.clock import HandClock
from tests.fakes.line import Ears, FakeLine, LineDecoder, listening, until

PRESS = b"20;2A;EV1527;ID=0a1b2c;SWITCH=08;CMD=ON;\r\n"
NEXT = b"20;2B;EV1527;ID=0d0e0f;SWITCH=01;CMD=ON;\r\n"
OUTAGE = 1_000_000


class QuickClock(SystemClock):
    """Five seconds in one, so that nobody waits long for a second try."""

    def look(self) -> Instant:
        seen = super().look()
        return Instant(wall=seen.wall, steady_s=seen.steady_s * 5, boot=seen.boot)


class Scene:
    """A gateway with everything around it, and one journal of what happened in which order."""

    def __init__(self, *, decoder=LineDecoder, clock=None, plugged=True, on_state=None) -> None:
        self.journal: list[str] = []
        self.line = FakeLine(self.journal, plugged=plugged)
        self.ears = Ears(self.journal)
        self.clock = clock or QuickClock()
        self.conditions: list[Condition] = []
        self.gateway = Gateway(
            "east",
            lambda: self.line,
            decoder,
            self.ears,
            self.clock,
            lambda: b"pad",
            threading.Event(),
            on_state=on_state or (lambda state: self.conditions.append(state.condition)),
        )

    def kept(self, *lines: str) -> bool:
        return self.ears.kept == list(lines)

    def is_now(self, condition: Condition) -> bool:
        return self.gateway.state.condition is condition


# ------------------------------------------------------------------------------------------------ hearing


def test_a_frame_split_anywhere_is_heard_once_and_whole():
    scene = Scene(decoder=Rflink)
    with listening(scene.gateway):
        for cut in range(len(PRESS)):
            scene.line.say(PRESS[:cut], PRESS[cut:])
        until(lambda: len(scene.ears.kept) == len(PRESS))
    assert set(scene.ears.kept) == {PRESS.decode().strip()}


def test_half_a_frame_dies_with_its_line_and_the_next_frame_is_heard():
    """Unplugged after each number of bytes; the piece must not be glued to what comes after replugging (R2)."""
    scenes = [Scene(decoder=Rflink) for _ in range(1, len(PRESS) - 1)]
    with listening(*(scene.gateway for scene in scenes)):
        for count, scene in enumerate(scenes, start=1):
            scene.line.say(PRESS[:count])
            scene.line.unplug()
        for scene in scenes:
            until(lambda scene=scene: scene.is_now(Condition.LOST))
            scene.line.plug()
            scene.line.say(NEXT)
        for scene in scenes:
            until(lambda scene=scene: scene.ears.kept)
    # Without its line end the press is complete in the last two cases only for a reader that guesses; ours does not.
    assert {tuple(scene.ears.kept) for scene in scenes} == {(NEXT.decode().strip(),)}


def test_a_line_that_is_not_there_is_said_once_and_taken_when_it_appears(log_lines):
    scene = Scene(plugged=False)
    with listening(scene.gateway):
        until(lambda: scene.line.opened >= 2)
        assert scene.gateway.state.error == "no such line"
        scene.line.plug()
        scene.line.say(b"help\n")
        until(lambda: scene.kept("help"))
    assert scene.conditions == [Condition.LOST, Condition.CONNECTED]
    assert [line["event"] for line in log_lines] == ["gateway_lost", "gateway_connected"]


def test_a_line_that_dies_at_once_again_and_again_does_not_look_connected():
    """A child process without its radio stick starts and ends every second."""
    scene = Scene(clock=(clock := HandClock()))
    with listening(scene.gateway):
        until(lambda: scene.is_now(Condition.CONNECTED))
        for opened in range(1, 4):
            scene.line.unplug()
            until(lambda: scene.is_now(Condition.LOST) and "closed" in scene.journal[-1:])
            scene.line.plug()
            scene.journal.append("again")
            clock.advance(1.5)
            until(lambda opened=opened: scene.line.opened > opened)
        assert scene.conditions == [Condition.CONNECTED, Condition.LOST]
        clock.advance(6)
        until(lambda: scene.is_now(Condition.CONNECTED))


# ------------------------------------------------------------------------------------------------ keep, then answer


def test_a_sender_is_answered_only_after_its_frame_is_kept():
    scene = Scene()
    with listening(scene.gateway):
        scene.line.say(b"one\ntwo\nthr", b"ee\n")
        until(lambda: len(scene.line.written) == 3)
    assert scene.journal[:6] == ["kept one", "wrote ack one;", "kept two", "wrote ack two;", "kept three", "wrote ack three;"]  # noqa: E501  # fmt: skip


def test_nothing_follows_from_a_frame_before_its_sender_is_answered():
    scene = Scene()
    with listening(scene.gateway):
        scene.line.say(b"one\n")
        until(lambda: scene.ears.proceeded)
    assert scene.journal[: scene.ears.proceeded] == ["kept one", "wrote ack one;"]


def test_a_line_that_is_gone_before_the_answer_does_not_keep_back_what_follows():
    scene = Scene()
    scene.line.write = lambda data: (_ for _ in ()).throw(PortLost("gone"))
    with listening(scene.gateway):
        scene.line.say(b"one\n")
        until(lambda: scene.ears.proceeded)


def test_every_copy_is_answered_again():
    scene = Scene()
    with listening(scene.gateway):
        scene.line.say(b"help\n", b"help\n", b"help\n")
        until(lambda: scene.line.written == ["ack help;"] * 3)


@pytest.mark.error_lines("frame_not_kept")
def test_what_could_not_be_kept_is_tried_again_in_order_and_answered_then():
    scene = Scene()
    scene.ears.misses = 2
    with listening(scene.gateway):
        scene.line.say(b"one\ntwo\n", b"three\n")
        until(lambda: len(scene.line.written) == 3)
    assert [line for line in scene.journal if line != "closed"] == ["kept one", "wrote ack one;", "kept two", "wrote ack two;", "kept three", "wrote ack three;"]  # noqa: E501  # fmt: skip
    assert scene.gateway.state.waiting == 0


@pytest.mark.error_lines("frame_not_kept")
def test_the_line_is_read_on_while_nothing_can_be_kept():
    scene = Scene()
    scene.ears.misses = OUTAGE
    with listening(scene.gateway):
        for number in range(20):
            scene.line.say(f"one-way {number}\n".encode())
        until(lambda: scene.gateway.state.waiting == 20)
        assert "database is down" in scene.gateway.state.error
        scene.ears.misses = 0
        until(lambda: len(scene.ears.kept) == 20)
        until(lambda: scene.gateway.state.error == "")
    assert sorted(scene.ears.kept) == sorted(f"one-way {number}" for number in range(20))


@pytest.mark.error_lines("frame_not_kept")
def test_what_waits_is_kept_even_when_the_line_is_gone():
    scene = Scene()
    scene.ears.misses = OUTAGE
    with listening(scene.gateway):
        scene.line.say(b"one-way help\n")
        until(lambda: scene.gateway.state.waiting == 1)
        scene.line.unplug()
        until(lambda: scene.is_now(Condition.LOST))
        scene.ears.misses = 0
        until(lambda: scene.kept("one-way help"))


@pytest.mark.error_lines("frame_not_kept")
def test_an_answer_never_goes_out_on_another_connection():
    scene = Scene()
    scene.ears.misses = OUTAGE
    with listening(scene.gateway):
        scene.line.say(b"help\n")
        until(lambda: scene.gateway.state.waiting == 1)
        scene.line.unplug()
        until(lambda: scene.is_now(Condition.LOST))
        scene.line.plug()
        until(lambda: scene.line.opened == 2)
        scene.ears.misses = 0
        until(lambda: scene.kept("help"))
    assert scene.line.written == []


@pytest.mark.error_lines("frame_not_kept")
def test_a_late_answer_goes_to_the_newest_frame_only():
    """A late 06 would count for the message that the receiver has sent since."""
    scene = Scene(clock=(clock := HandClock()))
    scene.ears.misses = OUTAGE
    with listening(scene.gateway):
        scene.line.say(b"old\n")
        until(lambda: scene.gateway.state.waiting == 1)
        clock.advance(10)
        scene.line.say(b"new\n")
        until(lambda: scene.gateway.state.waiting == 2)
        scene.ears.misses = 0
        clock.advance(10)
        until(lambda: scene.kept("old", "new"))
        until(lambda: scene.line.written == ["ack new;"])


@pytest.mark.error_lines("frame_not_kept", "frames_never_kept")
def test_one_frame_that_can_never_be_kept_holds_up_no_other():
    scene = Scene()
    scene.ears.poison = {b"poison"}
    with listening(scene.gateway):
        scene.line.say(b"poison\n", b"one\n", b"two\n")
        until(lambda: scene.kept("one", "two"))
        scene.line.say(b"three\n")
        until(lambda: scene.kept("one", "two", "three"))
        assert scene.gateway.state.waiting == 1
    assert scene.line.written == ["ack one;", "ack two;", "ack three;"]


@pytest.mark.error_lines("frame_not_kept", "frames_never_kept")
def test_what_was_never_kept_is_in_the_log_at_the_end(log_lines):
    scene = Scene()
    scene.ears.misses = OUTAGE
    with listening(scene.gateway):
        scene.line.say(b"one-way help\n")
        until(lambda: scene.ears.tried)
    assert log_lines[-1]["raw"] == [b"one-way help".hex()]


def test_garbled_pieces_are_refused_one_by_one_after_what_was_kept():
    scene = Scene()
    with listening(scene.gateway):
        scene.line.say(b"?gar\nhelp\n?bled\n")
        until(lambda: len(scene.line.written) == 3)
    assert scene.journal[:4] == ["kept help", "wrote ack help;", "wrote nak;", "wrote nak;"]
    assert scene.gateway.state.tally.malformed == 2


# ------------------------------------------------------------------------------------------------ nothing ends the loop


def test_a_line_that_takes_no_answers_is_heard_as_before():
    scene = Scene()
    scene.line.blocked = True
    with listening(scene.gateway):
        scene.line.say(b"one\ntwo\n", b"three\n")
        until(lambda: scene.kept("one", "two", "three"))
        until(lambda: scene.gateway.state.unanswered == 3)
        scene.line.blocked = False
        scene.line.say(b"one\n")
        until(lambda: scene.line.written == ["ack one;"])
    assert scene.conditions[0] is Condition.CONNECTED


def test_a_line_lost_while_answering_loses_no_frame_and_hears_none_twice():
    scene = Scene()
    scene.line.deaf = True
    with listening(scene.gateway):
        scene.line.say(b"one\ntwo\n")
        until(lambda: scene.is_now(Condition.LOST))
        scene.line.deaf = False
        until(lambda: scene.kept("one", "two"))
        scene.line.say(b"three\n")
        until(lambda: scene.kept("one", "two", "three"))


@pytest.mark.error_lines("gateway_failed")
def test_a_decoder_that_breaks_is_replaced_and_the_next_press_is_heard():
    scene = Scene()
    with listening(scene.gateway):
        scene.line.say(b"!bug\n")
        scene.line.say(b"help\n")
        until(lambda: scene.kept("help"))
        assert scene.gateway.state.failures == 1
        assert scene.line.opened == 1


@pytest.mark.error_lines("gateway_failed")
def test_a_decoder_that_always_breaks_makes_the_line_look_lost_not_well():
    scene = Scene()
    with listening(scene.gateway):
        scene.line.say(*[b"!bug\n"] * 20)
        until(lambda: scene.is_now(Condition.LOST))
        assert "a decoder with a bug" in scene.gateway.state.error


@pytest.mark.error_lines("gateway_failed")
def test_a_listener_for_states_that_breaks_does_not_end_the_loop():
    def broken(state):
        raise RuntimeError("the board is gone")

    scene = Scene(on_state=broken)
    with listening(scene.gateway):
        scene.line.say(b"one\n")
        until(lambda: scene.kept("one"))
        scene.line.unplug()
        until(lambda: scene.is_now(Condition.LOST))
        scene.line.plug()
        scene.line.say(b"two\n")
        until(lambda: scene.kept("one", "two"))


# ------------------------------------------------------------------------------------------------ how it is


def test_a_quiet_line_is_spoken_to_and_called_silent_when_it_stays_quiet():
    scene = Scene(clock=(clock := HandClock()))
    with listening(scene.gateway):
        until(lambda: scene.is_now(Condition.CONNECTED))
        for minutes in (1, 2, 3):
            clock.advance(KEEPALIVE_S)
            until(lambda minutes=minutes: scene.line.written == ["anybody there?"] * minutes)
        until(lambda: scene.is_now(Condition.SILENT))
        assert scene.gateway.state.connected
        scene.line.say(b"yes\n")
        until(lambda: scene.is_now(Condition.CONNECTED))
    assert scene.gateway.state.last_heard_at == clock.now()


def test_bytes_without_any_frame_are_a_fault_within_a_minute():
    scene = Scene(clock=(clock := HandClock()), decoder=Rflink)
    with listening(scene.gateway):
        for _ in range(8):
            scene.line.say(b"\xf8\x80\x78\xf8\x00\xff\x80\x78")
        until(lambda: scene.line.reads > 8)
        clock.advance(61)
        until(lambda: scene.is_now(Condition.GARBLED))
        scene.line.say(b"\r\n" + PRESS)
        until(lambda: scene.is_now(Condition.CONNECTED))


def test_counts_survive_the_connection():
    scene = Scene()
    with listening(scene.gateway):
        scene.line.say(b"?one\n")
        until(lambda: scene.line.written)
        scene.line.unplug()
        until(lambda: scene.is_now(Condition.LOST))
        scene.line.plug()
        scene.line.say(b"?two\n")
        until(lambda: scene.gateway.state.tally.malformed == 2)


# ------------------------------------------------------------------------------------------------ the backlog


def waiting(number: int, event: Event, *, key: str = "", at_s: float = 0.0, answers: bool = False) -> Waiting:
    frame = Frame(event=event, raw=b"x", dedup_key=key or str(number), window_s=3.0, answers=answers)
    return Waiting(frame, number=number, line=1, at_s=at_s)


@pytest.mark.error_lines("frame_dropped")
def test_a_press_overtakes_a_full_backlog_of_faults():
    """R18. The faults that do not fit are counted, the press always fits."""
    backlog = Backlog("east")
    for number in range(BACKLOG_MAX):
        backlog.put(waiting(number, Event.TAMPER), failing=False)
    backlog.put(press := waiting(99_999, Event.BUTTON), failing=False)
    assert backlog.first() is press
    assert (len(backlog), backlog.dropped) == (BACKLOG_MAX, 1)


def test_copies_take_no_place_while_nothing_can_be_kept():
    """A stuck button every two seconds is one statement; after a pause it is a new one."""
    backlog = Backlog("east")
    for number, at_s in enumerate((0, 2, 4, 6, 20)):
        backlog.put(waiting(number, Event.BUTTON, key="stuck", at_s=at_s), failing=True)
    assert [each.number for each in backlog.all()] == [0, 4]


def test_copies_of_a_sender_that_waits_for_an_answer_are_all_held():
    backlog = Backlog("east")
    for number in range(3):
        backlog.put(waiting(number, Event.PRESS, key="same", answers=True), failing=True)
    assert len(backlog) == 3


@pytest.mark.error_lines("frame_not_kept")
def test_what_waits_when_the_service_ends_is_kept_before_it_does():
    """A restart on purpose must cost no press, though the disk was slow until just now."""
    scene = Scene(clock=HandClock())
    scene.ears.misses = 1
    with listening(scene.gateway):
        scene.line.say(b"help\n")
        until(lambda: scene.gateway.state.waiting == 1 and scene.ears.tried)
    assert scene.kept("help")
    assert scene.gateway.state.waiting == 0


@pytest.mark.error_lines("frame_not_kept", "frames_never_kept")
def test_one_frame_that_can_never_be_kept_keeps_no_other_from_its_last_try(log_lines):
    scene = Scene(clock=HandClock())
    scene.ears.poison = {b"poison"}
    with listening(scene.gateway):
        scene.line.say(b"poison\nhelp\n")
        until(lambda: scene.gateway.state.waiting == 2 and scene.ears.tried)
    assert scene.kept("help")
    assert log_lines[-1]["raw"] == [b"poison".hex()]
