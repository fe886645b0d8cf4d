"""The exchange's loop, against an address on which many say everything that many may say."""

import threading

import pytest

from devices.backlog import BACKLOG_MAX
from devices.conversations import Conversation, Conversations
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.exchange import GATHER_S, Exchange
from devices.line import Condition
from devices.ports.listener import SAID_MAX, Said
from tests.fakes.clock import HandClock
from tests.fakes.line import LineDecoder, listening, until
from tests.fakes.listener import FakeListener, SharedEars

OUTAGE = 1_000_000


class Scene:
    """An exchange with everything around it, and one journal of what happened in which order."""

    def __init__(self, *, decoder=LineDecoder, free=True, clock=None, **limits) -> None:
        self.journal: list[str] = []
        self.listener = FakeListener(self.journal, free=free)
        self.ears = SharedEars(self.journal)
        self.clock = clock or HandClock()
        self.conditions: list[Condition] = []
        self.exchange = Exchange(
            "yard",
            self.listener,
            decoder,
            self.ears,
            self.clock,
            lambda: b"pad",
            threading.Event(),
            on_state=lambda state: self.conditions.append(state.condition),
            **limits,
        )

    @property
    def state(self):
        return self.exchange.state

    def after(self, line: str) -> list[str]:
        """What happened after this."""
        return self.journal[self.journal.index(line) + 1 :]

    def happened(self, *lines: str) -> bool:
        return set(lines) <= set(self.journal)

    def pass_a_round(self) -> None:
        polls = self.listener.polls
        until(lambda: self.listener.polls >= polls + 2)


@pytest.fixture
def scene():
    """For most tests; the thread ends with it."""
    built = Scene()
    with listening(built.exchange):
        yield built


# ------------------------------------------------------------------------------------------------ hearing


def test_everybody_has_a_decoder_of_their_own(scene):
    """Two halves of each, one after the other: a decoder for all would hear `helfire`."""
    scene.listener.say("A", b"hel")
    scene.listener.say("B", b"fi")
    scene.listener.say("A", b"p\n")
    scene.listener.say("B", b"re\n")
    until(lambda: scene.ears.kept == ["help", "fire"])
    assert scene.state.talkers == 2


def test_who_comes_again_after_the_end_begins_anew(scene):
    scene.listener.say("A", b"hel", ended=True)
    scene.listener.say("A", b"p\n")
    until(lambda: scene.ears.kept == ["p"])


def test_each_answer_goes_to_whoever_said_it_and_only_after_it_is_kept(scene):
    scene.listener.say_together(Said("A", b"one\n"), Said("B", b"two\n"))
    until(lambda: scene.happened("told B ack two;"))
    assert scene.journal == ["kept one", "told A ack one;", "kept two", "told B ack two;"]


def test_nothing_follows_from_a_frame_before_its_sender_is_answered(scene):
    scene.listener.say("A", b"one\n")
    until(lambda: scene.ears.proceeded)
    assert scene.journal[: scene.ears.proceeded][-2:] == ["kept one", "told A ack one;"]


def test_every_copy_is_answered_again(scene):
    for _ in range(3):
        scene.listener.say("A", b"help\n")
    until(lambda: scene.journal.count("told A ack help;") == 3)


def test_life_signs_share_one_write_and_are_answered_after_it(scene):
    scene.listener.say_together(*[Said(number, f"low {number}\n".encode()) for number in range(5)])
    until(lambda: scene.happened("told 4 ack low 4;"))
    assert scene.journal[:5] == [f"taken low {number}" for number in range(5)]
    assert scene.journal[5] == "settled low 0 low 1 low 2 low 3 low 4"
    assert scene.journal[6:] == [f"told {number} ack low {number};" for number in range(5)]


def test_life_signs_of_several_looks_share_a_write():
    scene = Scene()
    for number in range(5):
        scene.listener.say(number, f"low {number}\n".encode())
    with listening(scene.exchange):
        until(lambda: scene.happened("told 4 ack low 4;"))
    assert [line for line in scene.journal if line.startswith("settled")] == ["settled low 0 low 1 low 2 low 3 low 4"]
    assert scene.listener.patience_s[5] == GATHER_S, "the last of them is not kept waiting for a whole look"


def test_whoever_never_stops_puts_off_no_write_for_ever():
    class Ticking(HandClock):
        def look(self):
            self.advance(0.001)
            return super().look()

    scene = Scene(clock=Ticking())
    for number in range(200):
        scene.listener.say("A", f"low {number}\n".encode())
    with listening(scene.exchange):
        until(lambda: scene.happened("told A ack low 199;"))
    settled = [line.split(" low ") for line in scene.journal if line.startswith("settled")]
    assert max(map(len, settled)) < 50


def test_a_life_sign_nobody_waits_for_does_not_write_by_itself():
    """It is in the sightings, which are written down once a second."""

    class OneWay(LineDecoder):
        def _frame(self, line):
            frame = super()._frame(line)
            object.__setattr__(frame, "answers", False)
            return frame

    scene = Scene(decoder=OneWay)
    with listening(scene.exchange):
        scene.listener.say("A", b"low\n")
        until(lambda: scene.happened("taken low"))
        scene.pass_a_round()
    assert scene.journal == ["taken low", "dismissed A", "closed"]


def test_help_goes_before_the_life_signs_that_came_first(scene):
    flood = [Said(number, b"low\n" * 2) for number in range(100)]
    scene.listener.say_together(*flood, Said("A", b"help\n"))
    until(lambda: scene.happened("told A ack help;"))
    assert scene.journal[:2] == ["kept help", "told A ack help;"]


def test_garbled_pieces_are_refused_after_what_was_kept(scene):
    scene.listener.say("A", b"?gar\nhelp\n?bled\n")
    until(lambda: scene.journal.count("told A nak;") == 2)
    assert scene.journal == ["kept help", "told A ack help;", "told A nak;", "told A nak;"]
    assert scene.state.tally.malformed == 2


# ------------------------------------------------------------------------------------------------ receipts


def test_a_receipt_is_given_when_everything_in_the_piece_is_durable(scene):
    scene.listener.say("A", b"low\nhelp\nlow again\n", receipt=7)
    until(lambda: scene.happened("confirmed 7 3"))
    assert scene.journal[-1] == "confirmed 7 3"
    assert scene.journal.index("settled low low again") < scene.journal.index("confirmed 7 3")


def test_a_piece_without_a_frame_has_its_receipt_at_once(scene):
    scene.listener.say("A", b"hel", receipt=1)
    until(lambda: scene.happened("confirmed 1 0"))


@pytest.mark.error_lines("frame_not_kept")
def test_no_receipt_for_what_could_not_be_kept(scene):
    scene.ears.misses = OUTAGE
    scene.listener.say("A", b"one-way help\n", receipt=7)
    scene.listener.say("A", b"", receipt=8)
    until(lambda: scene.happened("confirmed 8 0"))
    assert "confirmed 7 1" not in scene.journal
    scene.ears.misses = 0
    scene.clock.advance(10)
    until(lambda: scene.happened("confirmed 7 1"))


@pytest.mark.error_lines("frame_not_kept")
def test_help_that_cannot_be_kept_is_known_until_it_is_kept(scene):
    scene.ears.misses = OUTAGE
    assert not scene.exchange.help_waits
    scene.listener.say("A", b"one-way help\n", receipt=7)
    until(lambda: scene.exchange.help_waits)
    scene.ears.misses = 0
    scene.clock.advance(10)
    until(lambda: scene.happened("confirmed 7 1"))
    assert not scene.exchange.help_waits


@pytest.mark.error_lines("frame_not_kept")
def test_a_copy_that_waits_for_a_receipt_gets_its_own(scene):
    """A broker says a message again after a break; both of its messages must be confirmed."""
    scene.ears.misses = OUTAGE
    scene.listener.say("A", b"one-way help\n", receipt=7)
    scene.listener.say("A", b"one-way help\n", receipt=8)
    until(lambda: scene.state.waiting == 2)
    scene.ears.misses = 0
    scene.clock.advance(10)
    until(lambda: scene.happened("confirmed 7 1", "confirmed 8 1"))


@pytest.mark.error_lines("frame_not_kept", "frame_dropped", "frames_never_kept")
def test_no_receipt_for_what_was_dropped():
    scene = Scene()
    with listening(scene.exchange):
        scene.ears.misses = OUTAGE
        scene.listener.say("A", b"one-way help\n")
        until(lambda: scene.state.waiting == 1)
        for first in range(0, BACKLOG_MAX, 100):
            scene.listener.say("B", b"".join(b"help %d\n" % number for number in range(first, first + 100)))
        scene.listener.say("C", b"low\n", receipt=7)
        until(lambda: scene.state.dropped == 2)
        scene.ears.misses = 0
        scene.clock.advance(10)
        until(lambda: scene.state.waiting == 0)
    assert not scene.happened("confirmed 7 1")


# ------------------------------------------------------------------------------------------------ a database that fails


@pytest.mark.error_lines("frame_not_kept")
def test_everybody_is_heard_on_while_nothing_can_be_kept(scene):
    scene.ears.misses = OUTAGE
    for number in range(20):
        scene.listener.say(number, f"help {number}\n".encode())
    until(lambda: scene.state.waiting == 20)
    assert "database is down" in scene.state.error
    scene.ears.misses = 0
    scene.clock.advance(10)
    until(lambda: len(scene.ears.kept) == 20)
    until(lambda: scene.state.error == "")


@pytest.mark.error_lines("frame_not_kept")
def test_life_signs_whose_write_failed_are_answered_after_the_one_that_succeeds(scene):
    scene.ears.unsettled = 1
    scene.listener.say_together(Said("A", b"low\n"), Said("B", b"low b\n"))
    until(lambda: scene.state.waiting == 2)
    scene.pass_a_round()
    assert not [line for line in scene.journal if line.startswith("told")]
    scene.clock.advance(1)
    until(lambda: scene.happened("told A ack low;", "told B ack low b;"))
    assert scene.journal.count("taken low") == 1, "what was taken is not counted twice"
    assert scene.state.waiting == 0


@pytest.mark.error_lines("frame_not_kept")
def test_one_frame_that_can_never_be_kept_holds_up_no_life_sign_of_its_round(scene):
    """After three tries it lets others go first: then the life sign is taken, and this one fails before the write."""
    scene.ears.poison = {b"one-way poison"}
    scene.listener.say_together(Said("A", b"one-way poison\n"), Said("B", b"low\n"))
    until(lambda: scene.state.waiting == 2)
    until(lambda: scene.clock.advance(1) and scene.happened("told B ack low;"))
    assert scene.journal.count("taken low") == 1
    scene.ears.poison = set()
    until(lambda: scene.clock.advance(1) and scene.happened("kept one-way poison"))


@pytest.mark.error_lines("frame_not_kept", "frames_never_kept")
def test_a_life_sign_that_cannot_be_taken_leaves_those_before_it_waiting_not_lost(scene):
    scene.ears.poison = {b"low bad"}
    scene.listener.say_together(Said("A", b"low good\n"), Said("B", b"low bad\n"))
    until(lambda: scene.state.waiting == 2)
    until(lambda: scene.clock.advance(1) and scene.happened("told A ack low good;"))
    assert scene.journal.count("taken low good") == 1


@pytest.mark.error_lines("frame_not_kept")
def test_a_late_answer_goes_to_the_newest_of_this_talker_only(scene):
    scene.ears.misses = OUTAGE
    scene.listener.say("A", b"old\n")
    until(lambda: scene.state.waiting == 1)
    scene.clock.advance(10)
    scene.listener.say_together(Said("A", b"new\n"), Said("B", b"other\n"))
    until(lambda: scene.state.waiting == 3)
    scene.ears.misses = 0
    scene.clock.advance(10)
    until(lambda: len(scene.ears.kept) == 3)
    until(lambda: scene.happened("told A ack new;", "told B ack other;"))
    assert "told A ack old;" not in scene.journal


@pytest.mark.error_lines("frame_not_kept")
def test_copies_that_took_no_place_do_not_keep_a_conversation_open(scene):
    scene.ears.misses = OUTAGE
    scene.listener.say("A", b"one-way help\n")
    until(lambda: scene.state.waiting == 1)
    scene.listener.say("A", b"one-way help\n", ended=True)
    scene.pass_a_round()
    assert scene.state.waiting == 1
    scene.ears.misses = 0
    scene.clock.advance(10)
    until(lambda: scene.happened("dismissed A"))


# ------------------------------------------------------------------------------------------------ nobody spoils it


@pytest.mark.error_lines("conversation_failed")
def test_a_decoder_that_breaks_ends_its_own_conversation_and_no_other(scene):
    scene.listener.say("B", b"hel")
    scene.listener.say("A", b"!bug\n", receipt=3)
    scene.listener.say("B", b"p\n")
    until(lambda: scene.ears.kept == ["help"])
    assert scene.happened("dismissed A", "confirmed 3 0")
    assert "dismissed B" not in scene.journal
    assert scene.state.failures == 1


@pytest.mark.error_lines("conversation_failed", "gateway_failed")
def test_a_port_that_breaks_while_a_failure_is_mended_does_not_end_the_loop():
    class Broken(FakeListener):
        def dismiss(self, talker):
            raise RuntimeError("a port with a bug")

    scene = Scene()
    scene.exchange._listener = scene.listener = Broken(scene.journal)
    with listening(scene.exchange):
        scene.listener.say("A", b"!bug\n")
        scene.listener.say("B", b"help\n")
        until(lambda: scene.ears.kept == ["help"])
        # Nobody is left to be dismissed at the end.
        scene.listener.dismiss = lambda talker: None


@pytest.mark.error_lines("conversation_failed")
def test_many_decoders_that_break_do_not_lose_the_address(scene):
    for number in range(10):
        scene.listener.say(number, b"!bug\n")
    scene.listener.say("A", b"help\n")
    until(lambda: scene.ears.kept == ["help"])
    assert scene.conditions == [Condition.CONNECTED]


@pytest.mark.error_lines("conversation_failed")
def test_an_answer_that_breaks_ends_its_own_conversation_and_no_other():
    class Speechless(LineDecoder):
        def acknowledge(self, frame, at, pad):
            if frame.raw == b"bug":
                raise RuntimeError("a decoder with a bug")
            return super().acknowledge(frame, at, pad)

    scene = Scene(decoder=Speechless)
    with listening(scene.exchange):
        scene.listener.say_together(Said("B", b"hel"), Said("A", b"bug\n", receipt=3), Said("C", b"one\n"))
        scene.listener.say("B", b"p\n")
        until(lambda: scene.happened("told B ack help;", "told C ack one;"))
    assert scene.ears.kept == ["bug", "one", "help"]
    assert scene.happened("dismissed A", "confirmed 3 1")


@pytest.mark.error_lines("gateway_failed")
def test_a_listener_for_states_that_breaks_ends_no_conversation():
    scene = Scene()

    def broken(state):
        raise RuntimeError("the board is gone")

    scene.exchange._on_state = broken
    with listening(scene.exchange):
        scene.listener.say("A", b"hel")
        scene.listener.say("A", b"p\n")
        until(lambda: scene.ears.kept == ["help"])


def test_whoever_ended_is_answered_and_then_dismissed(scene):
    """A sender closes its own side of the connection and waits for its answer."""
    scene.listener.say_together(Said("A", b"help\n"), Said("A", b"", ended=True))
    until(lambda: scene.happened("dismissed A"))
    assert scene.journal == ["kept help", "told A ack help;", "dismissed A"]
    assert scene.state.talkers == 0


@pytest.mark.parametrize("last", [b"?gar\n", b"help\n?bled\n"])
def test_whoever_ended_is_refused_what_was_garbled_and_then_dismissed(scene, last):
    scene.listener.say("A", last, ended=True)
    until(lambda: scene.happened("dismissed A"))
    assert scene.journal[-2:] == ["told A nak;", "dismissed A"]


def test_whoever_hung_up_behind_something_garbled_is_refused_it(scene):
    scene.listener.say_together(Said("A", b"?gar\n"), Said("A", b"", ended=True))
    until(lambda: scene.happened("dismissed A"))
    assert scene.journal == ["told A nak;", "dismissed A"]


@pytest.mark.error_lines("conversation_failed")
def test_a_refusal_that_breaks_ends_its_own_conversation_and_no_other():
    scene = Scene(decoder=NeverRefuses)
    with listening(scene.exchange):
        scene.listener.say("A", b"?gar\n", receipt=1)
        until(lambda: scene.happened("dismissed A", "confirmed 1 0"))
        scene.listener.say("B", b"help\n")
        until(lambda: scene.happened("told B ack help;"))


class NeverRefuses(LineDecoder):
    def refuse(self, data):
        raise RuntimeError("no word for it")


def test_who_is_quiet_for_too_long_is_dismissed_and_nobody_sooner():
    scene = Scene(idle_s=600.0)
    with listening(scene.exchange):
        scene.listener.say("A", b"one\n")
        until(lambda: scene.happened("told A ack one;"))
        scene.clock.advance(300)
        scene.listener.say("B", b"two\n")
        until(lambda: scene.happened("told B ack two;"))
        scene.clock.advance(299)
        scene.pass_a_round()
        assert scene.state.talkers == 2
        scene.clock.advance(2)
        until(lambda: scene.state.talkers == 1)
        assert scene.happened("dismissed A")
        assert "dismissed B" not in scene.journal


def test_when_there_is_no_room_strangers_go_first_and_the_longest_quiet_of_them():
    scene = Scene(talkers_max=3)
    with listening(scene.exchange):
        scene.listener.say("known", b"one\n")
        scene.listener.say("stranger 1", b"hm")
        scene.listener.say("stranger 2", b"hm")
        scene.listener.say("stranger 1", b"hm")
        scene.listener.say("new", b"two\n")
        until(lambda: scene.happened("told new ack two;"))
        assert scene.happened("dismissed stranger 2")
        assert "dismissed stranger 1" not in scene.journal
        assert "dismissed known" not in scene.journal
        assert (scene.state.talkers, scene.state.refused) == (3, 1)


def test_a_stranger_whom_nobody_understands_is_sent_away_and_a_known_talker_is_not():
    scene = Scene()
    with listening(scene.exchange):
        scene.listener.say("known", b"one\n")
        for _ in range(FRAME_BYTES_MAX // 4096 + 1):
            scene.listener.say("known", b"x" * 4096)
            scene.listener.say("stranger", b"x" * 4096)
        until(lambda: scene.happened("dismissed stranger"))
        assert "dismissed known" not in scene.journal


def test_whole_messages_nobody_understands_are_no_reason_to_send_anybody_away(scene):
    """A broker has topics that mean nothing to us, and says them all day."""
    for number in range(FRAME_BYTES_MAX // 4096 + 2):
        scene.listener.say("A", b"x" * 4096, receipt=number)
    scene.listener.say("A", b"\nhelp\n", receipt="last")
    until(lambda: scene.happened("confirmed last 2"))
    assert scene.state.refused == 0


def test_more_than_may_wait_can_be_said_at_once(scene):
    """A storm: whatever one look brings is delivered before more of it is read than the backlog holds."""
    scene.listener.say_together(*[Said(number, b"low\n" * 20) for number in range(SAID_MAX)])
    until(lambda: sum(line.startswith("told") for line in scene.journal) == 20 * SAID_MAX)
    assert scene.state.dropped == 0


@pytest.mark.error_lines("frame_not_kept")
def test_nobody_is_dismissed_while_something_of_theirs_waits():
    scene = Scene(idle_s=600.0)
    with listening(scene.exchange):
        scene.ears.misses = OUTAGE
        scene.listener.say("A", b"help\n")
        until(lambda: scene.state.waiting == 1)
        scene.clock.advance(601)
        scene.pass_a_round()
        assert scene.state.talkers == 1
        scene.ears.misses = 0
        scene.clock.advance(10)
        until(lambda: scene.happened("told A ack help;", "dismissed A"))


def test_what_all_have_said_half_has_a_bound_and_who_says_little_is_spared():
    conversations = Conversations(pending_max=100_000)
    known = [Conversation(number=n, talker=n, decoder=LineDecoder(), heard_s=0.0, frames=1) for n in range(3)]
    for each in known:
        conversations.add(each)
    conversations.note(known[0], count=60_000, frames=0, at_s=1.0)
    conversations.note(known[1], count=30_000, frames=0, at_s=1.0)
    assert not conversations.overruns(known[1])
    conversations.note(known[1], count=30_000, frames=0, at_s=1.0)
    assert conversations.overruns(known[1])
    conversations.note(known[2], count=4_000, frames=0, at_s=1.0)
    assert not conversations.overruns(known[2])
    conversations.remove(known[0])
    assert not conversations.overruns(known[1])


# ------------------------------------------------------------------------------------------------ how it is


def test_an_address_somebody_else_has_is_said_once_and_taken_when_it_is_free(log_lines):
    scene = Scene(free=False)
    with listening(scene.exchange):
        until(lambda: scene.listener.opened == 1)
        assert scene.state.error == "somebody else has the address"
        scene.clock.advance(1)
        until(lambda: scene.listener.opened == 2)
        scene.listener.free()
        scene.clock.advance(1)
        scene.listener.say("A", b"help\n")
        until(lambda: scene.ears.kept == ["help"])
    assert scene.conditions == [Condition.LOST, Condition.CONNECTED]
    assert [line["event"] for line in log_lines] == ["gateway_lost", "gateway_connected"]


@pytest.mark.error_lines("frame_not_kept")
def test_a_lost_address_ends_every_conversation_and_loses_no_frame():
    scene = Scene()
    with listening(scene.exchange):
        scene.ears.misses = OUTAGE
        scene.listener.say("A", b"help\nhal")
        until(lambda: scene.state.waiting == 1)
        scene.listener.lose()
        until(lambda: scene.state.condition is Condition.LOST)
        assert scene.state.talkers == 0
        scene.listener.free()
        scene.clock.advance(10)
        until(lambda: scene.listener.opened == 2)
        scene.ears.misses = 0
        scene.clock.advance(10)
        scene.listener.say("A", b"f\n")
        until(lambda: scene.ears.kept == ["help", "f"])
    assert "told A ack help;" not in scene.journal, "an answer never goes out on another connection"


def test_quiet_is_no_fault_unless_somebody_said_it_was():
    patient, strict = Scene(), Scene(silent_s=180.0)
    with listening(patient.exchange, strict.exchange):
        for scene in (patient, strict):
            until(lambda scene=scene: scene.state.condition is Condition.CONNECTED)
            scene.clock.advance(100_000)
        until(lambda: strict.state.condition is Condition.SILENT)
        patient.pass_a_round()
        assert patient.state.condition is Condition.CONNECTED
        strict.listener.say("A", b"help\n")
        until(lambda: strict.state.condition is Condition.CONNECTED)


def test_noise_is_a_fault_only_while_nobody_was_ever_understood():
    scene = Scene()
    with listening(scene.exchange):
        scene.listener.say("stranger", b"x" * 100)
        until(lambda: scene.state.talkers == 1)
        scene.clock.advance(61)
        until(lambda: scene.state.condition is Condition.GARBLED)
        scene.listener.say("A", b"help\n")
        until(lambda: scene.state.condition is Condition.CONNECTED)
        scene.listener.say("stranger", b"x" * 100)
        scene.pass_a_round()
        scene.clock.advance(61)
        scene.pass_a_round()
        assert scene.conditions == [Condition.CONNECTED, Condition.GARBLED, Condition.CONNECTED]
