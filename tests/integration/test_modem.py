"""The dialog with a modem over a pseudo-terminal: texts handed over, and everything that goes wrong on the way."""

import pytest

from devices.ports import PortLost, open_port
from dispatch.clock import SystemClock
from dispatch.messages.modem.memory import Memory
from dispatch.messages.modem.modem import Fate, Modem, ModemFailed
from tests.fakes.modem import FakeModem

NUMBER = "+8613800138000"
TEXT = "急：3栋501 按下求助按钮🚑"


@pytest.fixture
def fake(tmp_path):
    with FakeModem(tmp_path) as fake:
        yield fake
        assert fake.wrong == []


@pytest.fixture
def port(fake):
    port = open_port(str(fake.path), baud=115_200)
    port.open()
    yield port
    port.close()


@pytest.fixture
def modem(port):
    return Modem(port, SystemClock(), network_s=2)


def test_a_text_is_handed_over_and_numbered(fake, modem):
    modem.prepare()
    assert modem.registered
    assert modem.send(NUMBER, TEXT, validity_s=600) == (1,)
    assert modem.send(NUMBER, TEXT) == (2,)
    assert fake.sent() == [(NUMBER, TEXT), (NUMBER, TEXT)]


def test_a_long_text_leaves_in_parts_that_belong_together(fake, modem):
    modem.prepare()
    long = "求助。" * 40
    assert modem.send(NUMBER, long) == (1, 2)
    assert fake.sent() == [(NUMBER, long)]
    assert modem.send(NUMBER, long) == (3, 4)
    assert len({each.part[0] for each in fake.texts}) == 2


def test_lines_of_its_own_between_command_and_answer_do_not_matter(fake, modem):
    fake.air.chatter = b'\r\n^BOOT:1,0\r\n+CMTI: "SM",3\r\n+QIND: SMS DONE\r\n'
    modem.prepare()
    assert modem.send(NUMBER, TEXT) == (1,)
    assert {(line.values["urc"], line.values["index"]) for line in modem.unasked} == {("CMTI", 3)}


def test_a_modem_left_in_the_middle_of_a_text_is_brought_back(fake, modem):
    """A process was killed behind the prompt: what comes next must not become part of somebody's text."""
    fake.begin_a_text()
    modem.prepare()
    modem.send(NUMBER, TEXT)
    assert fake.sent() == [(NUMBER, TEXT)]


def test_on_lte_alone_it_is_registered_too(fake, modem):
    fake.air.registered, fake.air.registered_lte = 2, 5
    modem.prepare()
    assert modem.state == {"reg": "roaming", "rssi": 21, "dbm": -71}


@pytest.mark.parametrize("unknown", [("AT+CREG",), ("AT+CEREG", "AT+CREG"), ("AT+CSQ",)])
def test_a_question_that_a_make_does_not_know_is_no_failure(fake, modem, unknown):
    fake.air.unknown = unknown
    fake.air.registered = 2
    modem.prepare()
    assert modem.send(NUMBER, TEXT) == (1,)


def test_searching_and_denied_are_told(fake, modem):
    fake.air.registered = 3
    modem.prepare()
    assert not modem.registered
    assert modem.state["reg"] == "denied"


@pytest.mark.parametrize(("sim", "word"), [("", "no SIM"), ("SIM PIN", "SIM PIN"), ("SIM PUK", "SIM PUK")])
def test_a_sim_that_cannot_be_used_is_said_and_no_pin_is_tried(fake, modem, sim, word):
    fake.air.sim = sim
    with pytest.raises(ModemFailed, match=word):
        modem.prepare()
    assert not any(command.startswith("AT+CPIN=") for command in fake.commands)


@pytest.mark.parametrize(
    ("refusal", "fate", "code", "recipient"),
    [
        ("+CMS ERROR: 38", Fate.REFUSED, 38, False),
        ("+CMS ERROR: 1", Fate.REFUSED, 1, True),
        ("+CMS ERROR: 332", Fate.UNKNOWN, 332, False),
        ("ERROR", Fate.REFUSED, None, False),
    ],
)
def test_a_refusal_says_whose_fault_it_is_and_the_next_text_leaves(fake, modem, refusal, fate, code, recipient):
    fake.air.refuse = [refusal]
    modem.prepare()
    with pytest.raises(ModemFailed) as failed:
        modem.send(NUMBER, TEXT)
    assert (failed.value.fate, failed.value.code, failed.value.blames_recipient) == (fate, code, recipient)
    assert NUMBER not in failed.value.reason
    modem.send(NUMBER, TEXT)
    assert fake.sent() == [(NUMBER, TEXT)]


def test_without_a_prompt_nothing_was_sent(fake, modem, monkeypatch):
    monkeypatch.setattr("dispatch.messages.modem.modem.ANSWER_S", 1.0)
    fake.air.no_prompt = 1
    modem.prepare()
    with pytest.raises(ModemFailed) as failed:
        modem.send(NUMBER, TEXT)
    assert failed.value.fate is Fate.NOT_SENT
    modem.prepare()
    modem.send(NUMBER, TEXT)
    assert fake.sent() == [(NUMBER, TEXT)]


def test_without_a_result_nobody_knows(fake, modem):
    fake.air.no_result = 1
    modem.prepare()
    with pytest.raises(ModemFailed) as failed:
        modem.send(NUMBER, TEXT)
    assert failed.value.fate is Fate.UNKNOWN


def test_a_text_of_which_a_part_has_left_is_not_simply_refused(fake, modem):
    fake.air.refuse = ["", "+CMS ERROR: 42"]
    modem.prepare()
    with pytest.raises(ModemFailed) as failed:
        modem.send(NUMBER, "求" * 100)
    assert (failed.value.fate, failed.value.code) == (Fate.UNKNOWN, 42)


def test_a_modem_that_says_nothing_is_given_up(fake, modem):
    fake.air.silent = True
    with pytest.raises(ModemFailed, match="did not answer"):
        modem.prepare()


def test_a_stick_that_is_pulled_is_a_lost_line(fake, modem):
    modem.prepare()
    fake.unplug()
    with pytest.raises(PortLost):
        modem.send(NUMBER, TEXT)


class Pieces:
    """A line that gives what it has in pieces of its own choice, whatever is written to it."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def read(self, timeout_s: float) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def write(self, data: bytes) -> None:
        pass


@pytest.mark.parametrize(
    "pieces",
    [
        (b'\r\nOK\r\n\r\n+CMTI: "ME",7\r\n',),
        (b'\r\n+CMTI: "ME",7\r\n\r\nOK\r\n',),
        (b"\r\nOK\r\n\r\n+CM", b'TI: "ME",7\r\n'),
    ],
    ids=["behind the answer", "before it", "cut in two"],
)
def test_what_comes_in_one_piece_with_an_answer_is_not_lost(pieces):
    modem = Modem(Pieces(*pieces), SystemClock())
    modem.ask("AT")
    modem.listen(0.0)
    assert [(line.values["urc"], line.values["index"]) for line in modem.unasked] == [("CMTI", 7)]


def test_what_comes_before_the_prompt_is_not_lost():
    modem = Modem(Pieces(b'\r\n+CDSI: "SR",3\r\n\r\n> ', b'\r\n+CMGS: 5\r\n\r\nOK\r\n+CMTI: "ME",1\r\n'), SystemClock())
    assert modem.send(NUMBER, TEXT) == (5,)
    assert [line.values["urc"] for line in modem.unasked] == ["CDSI", "CMTI"]


class Refusing:
    """A modem that refuses whatever it is asked about its memory, with this number."""

    def __init__(self, code: int | None) -> None:
        self._code = code

    def ask(self, command, within_s=5.0):
        raise ModemFailed(f"{command} was refused", fate=Fate.REFUSED, code=self._code)


@pytest.mark.parametrize("code", [None, 4, 303])
def test_a_make_that_knows_of_no_memory_has_no_texts_in_it(code):
    memory = Memory(Refusing(code))
    memory.prepare()
    assert memory.stored() == []


@pytest.mark.parametrize("code", [310, 314, 500])
def test_one_that_cannot_tell_just_now_is_no_such_make(code):
    """No SIM, SIM busy, unknown: an answer may wait there, so the line is begun anew until it tells."""
    memory = Memory(Refusing(code))
    memory.prepare()
    with pytest.raises(ModemFailed):
        memory.stored()
