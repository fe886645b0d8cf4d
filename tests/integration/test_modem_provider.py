"""A modem as a road of messages: receipts, replies, and everything that happens to a stick in a machine."""

import threading
from collections.abc import Iterator

import pytest

from config.hearing import listen
from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers.modem import PARTS_WAIT_S, ModemProvider
from dispatch.messages.providers.provider import (
    Blame,
    Channel,
    Heard,
    Inbound,
    Outcome,
    Outgoing,
    Receipt,
    ReceiptKind,
)
from dispatch.rules.alarm import State
from tests.builders import House, build_world
from tests.fakes.clock import HurriedClock
from tests.fakes.modem import FakeModem, incoming, reported
from tests.integration.provider_rigs import modem_settings, until

CARER = "+8613800000001"
TEXT = "【安铃】急 柏林小区 跌倒 18:05 码12，回1接单"
LONG = "求助。" * 40


class Kept:
    """Who makes durable what was heard; `willing` says whether that works just now."""

    def __init__(self) -> None:
        self.willing = True
        self.asked = 0
        self.receipts: list[Receipt] = []
        self.replies: list[Inbound] = []

    def __call__(self, heard: Heard) -> bool:
        self.asked += 1
        if self.willing:
            self.receipts += heard.receipts
            self.replies += heard.replies
        return self.willing

    def texts(self) -> list[tuple[str, str]]:
        return [(each.sender, each.text) for each in self.replies]


@pytest.fixture
def fake(tmp_path) -> Iterator[FakeModem]:
    with FakeModem(tmp_path) as fake:
        yield fake
        assert fake.wrong == []


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def clock() -> HurriedClock:
    return HurriedClock()


@pytest.fixture
def modem(fake, kept, clock) -> Iterator[ModemProvider]:
    provider = ModemProvider(modem_settings(fake, clock=clock))
    provider.listen(kept)
    until(lambda: provider.state == "ready")
    yield provider
    provider.close()


def text(**more) -> Outgoing:
    said = {"attempt_id": AttemptId(new_id()), "channel": Channel.SMS, "to": CARER, "text": TEXT}
    return Outgoing(**(said | more))


# ------------------------------------------------------------------------------------------------ replies


def test_a_reply_comes_in_and_leaves_the_memory_once_it_is_kept(fake, modem, kept):
    fake.receive(incoming(CARER, "1"))
    until(lambda: kept.texts() == [(CARER, "1")])
    until(lambda: fake.stored["ME"] == {})


def test_what_came_while_nobody_listened_is_heard_at_the_start(fake, kept):
    fake.receive(incoming(CARER, "1 "))
    fake.receive(incoming("+8613800000002", "２"))
    provider = ModemProvider(modem_settings(fake))
    provider.listen(kept)
    until(lambda: sorted(kept.texts()) == [(CARER, "1 "), ("+8613800000002", "２")])
    provider.close()


def test_a_reply_that_could_not_be_kept_stays_where_it_is_and_comes_again_alike(fake, modem, kept, clock):
    kept.willing = False
    fake.receive(incoming(CARER, "1"))
    until(lambda: kept.asked)
    assert len(fake.stored["ME"]) == 1
    kept.willing = True
    clock.advance(2)
    until(lambda: kept.texts() == [(CARER, "1")])
    until(lambda: fake.stored["ME"] == {})


def test_a_copy_read_again_after_a_crash_has_the_same_key(fake, kept):
    """The process died between keeping and deleting: the key is what makes the second one harmless."""
    pdu = incoming(CARER, "1")
    keys = set()
    for _ in range(2):
        fake.receive(pdu)
        provider = ModemProvider(modem_settings(fake))
        provider.listen(kept)
        until(lambda: fake.stored["ME"] == {})
        provider.close()
        keys |= {each.key for each in kept.replies}
    assert len(kept.replies) == 2
    assert len(keys) == 1


def test_two_different_texts_of_one_person_have_two_keys(fake, modem, kept):
    fake.receive(incoming(CARER, "1", second=1))
    fake.receive(incoming(CARER, "1", second=2))
    until(lambda: len({each.key for each in kept.replies}) == 2)


@pytest.mark.parametrize(
    ("said", "kind", "known"),
    [
        ("13800000001", 0xA1, CARER),
        ("8613800000001", 0x81, CARER),
        ("013800000001", 0x81, CARER),
        ("008613800000001", 0x81, CARER),
        ("8613800000001", 0x91, CARER),
        ("447700900123", 0x91, "+447700900123"),
        ("10086", 0x81, "10086"),
    ],
)
def test_a_sender_is_known_however_the_network_writes_the_number(fake, modem, kept, said, kind, known):
    """An acceptance from a number that nobody knows would be an acceptance lost."""
    fake.receive(incoming(said, "1", kind=kind))
    until(lambda: kept.texts() == [(known, "1")])


def test_stopping_sends_those_away_who_wait(fake, kept):
    provider = ModemProvider(modem_settings(fake, network_s=1.0))
    provider.listen(kept)
    until(lambda: provider.state == "ready")
    fake.air.no_result = 1
    outcomes: list = []
    crowd = [threading.Thread(target=lambda: outcomes.append(provider.send(text()).outcome)) for _ in range(3)]
    for thread in crowd:
        thread.start()
    until(lambda: fake.texts)
    provider.close()
    for thread in crowd:
        thread.join()
    assert sorted(outcomes) == [Outcome.NOT_SENT, Outcome.NOT_SENT, Outcome.UNKNOWN]
    assert provider.send(text()).outcome is Outcome.NOT_SENT


def test_a_long_reply_is_one_reply_whatever_order_its_parts_come_in(fake, modem, kept):
    fake.receive(incoming(CARER, "没事了", part=(7, 2, 2)))
    fake.receive(incoming("+8613800000002", "1"))
    until(lambda: kept.texts() == [("+8613800000002", "1")])
    until(lambda: len(fake.stored["ME"]) == 1)  # The part waits in the memory, where no crash loses it.
    fake.receive(incoming(CARER, "4 ", part=(7, 2, 1)))
    until(lambda: (CARER, "4 没事了") in kept.texts())
    until(lambda: fake.stored["ME"] == {})
    assert len(kept.replies) == 2


def test_a_part_whose_others_never_come_is_heard_alone_at_last(fake, modem, kept, clock):
    fake.receive(incoming(CARER, "1", part=(9, 2, 1)))
    until(lambda: modem._parts_s)  # It has been seen once; the patience counts from there.
    assert kept.replies == []
    clock.advance(PARTS_WAIT_S)
    until(lambda: kept.texts() == [(CARER, "1")])


def test_a_full_memory_is_said_and_emptied(fake, modem, kept, log_lines, clock):
    fake.air.room = 3
    kept.willing = False
    for second in range(5):
        fake.receive(incoming(CARER, f"{second}", part=(5, 9, second + 1), second=second))
    until(lambda: len(fake.stored["ME"]) == 3)
    kept.willing = True
    clock.advance(31)
    until(lambda: fake.stored["ME"] == {})
    assert kept.texts() == [(CARER, "012")], "what came is heard; what found no room was lost on the air"
    assert "modem_memory_full" in {line["event"] for line in log_lines}


@pytest.mark.error_lines("modem_message_unreadable")
def test_garbage_in_the_memory_does_not_deafen_it(fake, modem, kept):
    fake.stored["ME"][1] = "00ZZ"
    fake.receive(incoming(CARER, "1"))
    until(lambda: kept.texts() == [(CARER, "1")])
    until(lambda: fake.stored["ME"] == {})


def test_a_reply_by_modem_accepts_an_alarm(tmp_path, fake):
    world = build_world(tmp_path)
    provider = ModemProvider(modem_settings(fake))
    house = House(world, providers={"modem": provider})
    listen(house.providers, world.answers, house.courier)
    until(lambda: provider.state == "ready")
    alarm = world.press()
    world.wake()
    for job in house.courier.claim(10, emergency=True):
        house.courier.carry(job)
    ((to, said), *_) = fake.sent()
    assert "回1接单" in said
    for _ in range(2):
        fake.receive(incoming(to, "1"))
    until(lambda: fake.stored["ME"] == {})
    world.wake()
    assert world.alarm(alarm).state is State.ACCEPTED
    assert world.kinds(alarm).count("accepted") == 1
    fake.report(reported(1, to, 0))
    until(
        lambda: "delivered" in {each["status"] for message in house.review.messages(9) for each in message["attempts"]}
    )
    provider.close()
    house.close()
    world.close()


# ------------------------------------------------------------------------------------------------ receipts


@pytest.mark.parametrize("away", [False, True], ids=["stored", "given away"])
def test_a_report_says_what_became_of_its_attempt(fake, modem, kept, away):
    fake.air.gives_reports_away = away
    first, second = text(), text()
    sent = [modem.send(each) for each in (first, second)]
    fake.report(reported(2, CARER, 0))
    until(lambda: kept.receipts)
    (receipt,) = kept.receipts
    assert (receipt.attempt_id, receipt.kind, receipt.provider_id) == (
        second.attempt_id, ReceiptKind.DELIVERED, sent[1].provider_id
    )  # fmt: skip
    until(lambda: fake.stored["SR"] == {})


def test_a_long_text_is_delivered_with_its_last_part_and_lost_with_the_first_that_is(fake, modem, kept):
    whole, half = text(text=LONG), text(text=LONG)
    modem.send(whole)
    modem.send(half)
    for number, status in ((1, 0), (3, 0), (2, 0), (4, 70)):
        fake.report(reported(number, CARER, status))
    until(lambda: len(kept.receipts) == 2)
    assert [(each.attempt_id, each.kind) for each in kept.receipts] == [
        (whole.attempt_id, ReceiptKind.DELIVERED), (half.attempt_id, ReceiptKind.UNDELIVERED)
    ]  # fmt: skip
    assert kept.receipts[1].blame is Blame.RECIPIENT


def test_a_report_of_nothing_we_sent_means_nothing(fake, modem, kept):
    modem.send(text())
    fake.report(reported(1, "+8613999999999", 0))
    fake.report(reported(77, CARER, 0))
    until(lambda: fake.stored["SR"] == {})
    fake.report(reported(1, "+8613800000001", 0))
    until(lambda: kept.receipts)
    assert len(kept.receipts) == 1


def test_a_network_that_still_tries_has_not_delivered(fake, modem, kept):
    modem.send(text())
    fake.report(reported(1, CARER, 0x30))
    until(lambda: kept.receipts)
    fake.report(reported(1, CARER, 0))
    until(lambda: len(kept.receipts) == 2)
    assert [each.kind for each in kept.receipts] == [ReceiptKind.SENT, ReceiptKind.DELIVERED]


def test_a_report_is_asked_for(fake, modem):
    assert modem.send(text()).outcome is Outcome.TAKEN
    assert any(command.startswith("AT+CNMI=") for command in fake.commands)
    assert fake.texts[0].wants_report


# ------------------------------------------------------------------------------------------------ a stick in a machine


def test_pulled_and_plugged_in_again_it_goes_on(fake, modem, kept, clock):
    fake.unplug()
    until(lambda: modem.state.startswith("the line is lost"))
    lost = modem.send(text())
    assert (lost.outcome, lost.blame) == (Outcome.NOT_SENT, Blame.PROVIDER)
    fake.plug()
    clock.advance(3)
    until(lambda: modem.state == "ready")
    assert modem.send(text()).outcome is Outcome.TAKEN
    fake.receive(incoming(CARER, "1"))
    until(lambda: kept.texts() == [(CARER, "1")])


def test_a_stick_that_was_never_there_is_waited_for(tmp_path, fake, kept):
    fake.unplug()
    clock = HurriedClock()
    provider = ModemProvider(modem_settings(fake, clock=clock))
    provider.listen(kept)
    assert provider.send(text()).outcome is Outcome.NOT_SENT
    fake.plug()
    clock.advance(3)
    until(lambda: provider.state == "ready")
    provider.close()


def test_pulled_in_the_middle_of_a_text_nobody_knows(fake, modem):
    fake.air.no_result = 1
    sent: list = []
    sender = threading.Thread(target=lambda: sent.append(modem.send(text())))
    sender.start()
    until(lambda: fake.texts)
    fake.unplug()
    sender.join()
    assert sent[0].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("registered", [0, 2, 3])
def test_without_a_network_a_text_goes_another_way_at_once_and_later_here_again(fake, modem, clock, registered):
    fake.air.registered = registered
    clock.advance(61)
    until(lambda: modem.state.startswith("not in a network"))
    sent = modem.send(text())
    assert (sent.outcome, sent.blame) == (Outcome.NOT_SENT, Blame.PROVIDER)
    assert fake.texts == []
    fake.air.registered = 1
    assert modem.send(text()).outcome is Outcome.TAKEN
    assert modem.state == "ready"


def test_a_weak_signal_is_said_before_it_matters(fake, modem, clock, log_lines):
    fake.air.rssi = 5
    clock.advance(61)
    until(lambda: "weak" in modem.state)
    assert modem.send(text()).outcome is Outcome.TAKEN
    assert "modem_not_ready" in {line["event"] for line in log_lines}


@pytest.mark.parametrize("sim", ["", "SIM PIN", "SIM PUK"])
def test_a_sim_that_cannot_be_used_is_said_and_nothing_is_sent(fake, kept, sim):
    fake.air.sim = sim
    provider = ModemProvider(modem_settings(fake))
    provider.listen(kept)
    assert provider.send(text()).outcome is Outcome.NOT_SENT
    assert "SIM" in provider.state
    provider.close()


def test_a_modem_without_memory_commands_still_sends(fake, kept):
    fake.air.unknown = ("AT+CNMI", "AT+CPMS", "AT+CMGL")
    provider = ModemProvider(modem_settings(fake))
    provider.listen(kept)
    until(lambda: "AT+CPMS?" in fake.commands)
    until(lambda: provider._swept_s > 0)
    assert provider.send(text()).outcome is Outcome.TAKEN
    assert fake.commands.count("ATE0") == 1, "it was not hung up on because it keeps nothing"
    provider.close()


def test_who_waits_too_long_behind_others_is_not_sent_and_is_told_in_time(fake, kept):
    """A hundred texts stand in the queue: each answer comes within the total, and none is sent after it."""
    fake.air.no_result = 3
    provider = ModemProvider(modem_settings(fake, total_deadline_s=0.8, network_s=0.6))
    outcomes: list = []
    crowd = [threading.Thread(target=lambda: outcomes.append(provider.send(text()).outcome)) for _ in range(12)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(outcomes) == 12
    until(provider._jobs.empty)
    assert len(fake.texts) <= outcomes.count(Outcome.UNKNOWN) + outcomes.count(Outcome.TAKEN)
    assert Outcome.NOT_SENT in outcomes
    provider.close()


def test_what_nobody_waits_for_any_more_is_not_sent_after_all(fake, kept, clock):
    """Its caller was told "not sent" and has sent it another way."""
    provider = ModemProvider(modem_settings(fake, clock=clock, total_deadline_s=0.3, network_s=3.0))
    provider.listen(kept)
    until(lambda: provider.state == "ready")
    clock.advance(5)
    fake.air.no_result = 1
    stuck = threading.Thread(target=provider.send, args=(text(),))
    stuck.start()
    until(lambda: fake.texts)
    late = provider.send(text(to="+8613800000002"))
    assert late.outcome is Outcome.NOT_SENT
    stuck.join()
    until(lambda: provider.send(text(to="+8613800000003")).outcome is Outcome.TAKEN)
    assert "+8613800000002" not in [each.to for each in fake.texts]
    provider.close()


def test_a_number_that_is_none_is_refused(modem):
    sent = modem.send(text(to="+"))
    assert (sent.outcome, sent.blame) == (Outcome.REFUSED, Blame.RECIPIENT)


@pytest.mark.error_lines("modem_failed")
def test_a_mistake_in_keeping_does_not_end_the_ear(fake, kept):
    class Wrong(Kept):
        def __call__(self, heard: Heard) -> bool:
            if self.asked == 0:
                self.asked += 1
                raise RuntimeError("a mistake")
            return super().__call__(heard)

    wrong, clock = Wrong(), HurriedClock()
    provider = ModemProvider(modem_settings(fake, clock=clock))
    provider.listen(wrong)
    fake.receive(incoming(CARER, "1"))
    until(lambda: wrong.asked)
    clock.advance(3)
    until(lambda: wrong.texts() == [(CARER, "1")])
    provider.close()
