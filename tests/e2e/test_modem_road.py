"""The whole program with a modem behind a provider that fails: asked and answered without any company."""

from collections.abc import Iterator

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rflink_of, until
from tests.fakes.modem import FakeModem, incoming
from tests.fakes.twilio_faults import EMPTY_503, HANG
from tests.fakes.twilio_standin import TwilioStandin

STEPS = policy("offer_nearest 30", "all_hands 60")
FIRST = phone_of(1)
NEXT_ROAD_S = 6.5


@pytest.fixture
def twilio() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


@pytest.fixture
def fake(tmp_path) -> Iterator[FakeModem]:
    with FakeModem(tmp_path) as fake:
        yield fake
        assert fake.wrong == []


@pytest.fixture
def rig(tmp_path, twilio, fake) -> Iterator[Rig]:
    environ = {
        "ANLING_MESSAGES__ORDER": "twilio,modem",
        "ANLING_PROVIDERS__MODEM__PORT": str(fake.path),
        "ANLING_PROVIDERS__TWILIO__TOTAL_DEADLINE_S": "2.0",
    }
    with Rig(tmp_path, district=district(carers=[FIRST]), escalation=STEPS, twilio=twilio, environ=environ) as running:
        yield running


def settled(rig: Rig) -> set[tuple[str, str]]:
    return {(each["provider"], each["outcome"]) for each in rig.rows("SELECT provider, outcome FROM attempts")}


@pytest.mark.parametrize("fault", [EMPTY_503, HANG], ids=["503", "black hole"])
def test_when_the_company_fails_the_modem_asks_and_brings_the_answer(rig, twilio, fake, fault):
    twilio.always = fault
    rig.start()
    until("the modem is ready", lambda: rig.logged("modem_ready"))
    rig.radio.press(rflink_of(1))
    until("the modem has asked", lambda: [to for to, _ in fake.sent() if to == FIRST], NEXT_ROAD_S)
    until("both roads are on file", lambda: {("twilio", "unknown"), ("modem", "taken")} <= settled(rig))
    alarm = rig.raised("H1")
    fake.receive(incoming(FIRST, "1"))
    rig.heard(alarm["id"], "accepted")
    until("it is out of the modem's memory", lambda: fake.stored["ME"] == {})
    rig.stop()
    assert rig.surprises() == []


def test_an_answer_that_came_while_the_service_was_dead_is_heard_when_it_lives_again(rig, twilio, fake):
    twilio.always = EMPTY_503
    rig.start()
    rig.radio.press(rflink_of(1))
    until("the modem has asked", fake.sent)
    alarm = rig.raised("H1")
    rig.kill()
    fake.receive(incoming(FIRST, "1"))
    rig.start()
    rig.heard(alarm["id"], "accepted")
    assert rig.kinds(alarm["id"]).count("accepted") == 1
    rig.stop()
