"""Twilio's provider against everything a network may do, over real sockets: what it says of every failure."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dispatch.messages.providers.provider import Blame, Channel, Outcome
from dispatch.messages.providers.twilio import TwilioProvider
from tests.fakes import twilio_faults
from tests.fakes.twilio_faults import Fault, refuse, too_many
from tests.fakes.twilio_standin import TwilioStandin
from tests.integration.twilio_rig import HURRIED, SETTINGS, TEXT, provider_towards, text, towards
from tests.need import need
from tests.ports import free_port


@pytest.fixture
def standin() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


@pytest.fixture
def twilio(standin) -> Iterator[TwilioProvider]:
    with provider_towards(standin, **HURRIED) as provider:
        yield provider


# ------------------------------------------------------------------------------------------------ what became of it


_REFUSALS = [
    (refuse(21211), "21211", Blame.RECIPIENT),
    (refuse(21610), "21610", Blame.RECIPIENT),
    (refuse(21614), "21614", Blame.RECIPIENT),
    (refuse(21606), "21606", Blame.CONFIG),
    (refuse(21408), "21408", Blame.CONFIG),
    (refuse(21611), "21611", Blame.PROVIDER),
    (refuse(20404, 404), "20404", Blame.CONFIG),
    (refuse(29999), "29999", Blame.PROVIDER),
    (refuse(29999, 403), "29999", Blame.CONFIG),
    (Fault(how="problem", status=400, code=21211), "21211", Blame.RECIPIENT),
    (Fault(how="status", status=404, body="<html>"), None, Blame.CONFIG),
    (Fault(how="status", status=422), None, Blame.PROVIDER),
]


@pytest.mark.parametrize(("fault", "code", "blame"), _REFUSALS)
def test_a_refusal_says_whose_fault_it_is(twilio, standin, fault, code, blame):
    standin.will(fault)
    sent = twilio.send(text())
    assert (sent.outcome, sent.code, sent.blame) == (Outcome.REFUSED, code, blame)


def test_a_wrong_token_is_a_matter_of_settings(standin):
    sent = towards(standin.base_url, auth_token="wrong")
    assert (sent.outcome, sent.code, sent.http_status, sent.blame) == (Outcome.REFUSED, "20003", 401, Blame.CONFIG)


def test_over_the_rate_is_certainly_not_sent_and_keeps_the_pause(twilio, standin):
    standin.will(too_many("7"))
    sent = twilio.send(text())
    assert (sent.outcome, sent.code, sent.retry_after_s) == (Outcome.NOT_SENT, "20429", 7.0)


SLACK_S = 15.0
"""What a busy machine may add: whoever waited for a drip to its end would wait for 24 s or more."""

_UNKNOWNS = {
    name: getattr(twilio_faults, name)
    for name in (
        "HANG", "DRIP", "DRIP_HEADERS", "CLOSE", "RESET", "HALF_BODY", "ERROR_500", "EMPTY_503", "REDIRECT", "HTML_201",
    )
} | {
    "empty 201": Fault(how="status", status=201),
    "a list": Fault(how="status", status=201, body="[]"),
    "no sid": Fault(how="status", status=201, body="{}"),
    "a flood": Fault(how="status", status=201, body="x" * 3_000_000),
    "problem 500": Fault(how="problem", status=500, code=21211),
    "500 with a recipient's code": refuse(21211, 500),
}  # fmt: skip


@pytest.mark.parametrize("name", _UNKNOWNS)
def test_when_it_may_have_been_sent_that_is_what_it_says(twilio, standin, name):
    standin.will(_UNKNOWNS[name])
    began = time.monotonic()
    sent = twilio.send(text())
    assert sent.outcome is Outcome.UNKNOWN
    assert sent.provider_id is None
    assert time.monotonic() - began < HURRIED["total_deadline_s"] + SLACK_S
    assert len(standin.creates()) == 1, "nothing is ever sent twice"


@pytest.mark.parametrize("channel", list(Channel))
def test_after_a_failure_the_next_one_is_taken(twilio, standin, channel):
    standin.will(twilio_faults.RESET, twilio_faults.DRIP_HEADERS)
    for _ in range(2):
        assert twilio.send(text(channel=channel)).outcome is Outcome.UNKNOWN
    assert twilio.send(text(channel=channel)).outcome is Outcome.TAKEN


def test_a_refused_connection_is_certainly_not_sent():
    assert towards(f"http://127.0.0.1:{free_port()}").outcome is Outcome.NOT_SENT


def test_a_name_that_is_not_known_is_certainly_not_sent(monkeypatch):
    def nobody(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    sent = towards("http://twilio.invalid")
    assert sent.outcome is Outcome.NOT_SENT
    assert "NameResolutionError" in sent.detail


def test_a_failed_handshake_is_certainly_not_sent(standin):
    sent = towards(standin.base_url.replace("http:", "https:"))
    assert sent.outcome is Outcome.NOT_SENT
    assert "SSLError" in sent.detail
    assert standin.creates() == []


def test_an_address_that_is_none_is_certainly_not_sent():
    assert towards("http://").outcome is Outcome.NOT_SENT


def test_a_server_that_does_not_accept_is_certainly_not_sent():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        sent = towards(f"http://127.0.0.1:{full.getsockname()[1]}", **HURRIED)
        for one in crowd:
            one.close()
    assert sent.outcome is Outcome.NOT_SENT
    assert "ConnectTimeout" in sent.detail


def test_a_name_server_that_hangs_is_certainly_not_sent(monkeypatch, standin):
    asked, go_on, ask = threading.Event(), threading.Event(), socket.getaddrinfo

    def slow(*args, **more):
        asked.set()
        go_on.wait(60)
        return ask(*args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    sent = towards(standin.base_url, **HURRIED)
    assert (asked.is_set(), sent.outcome) == (True, Outcome.NOT_SENT)
    go_on.set()
    threading.Event().wait(0.3)
    assert standin.creates() == [], "what was said to be not sent never leaves later"


def test_a_hundred_hung_calls_do_not_hold_up_the_next_one(standin):
    standin.always = twilio_faults.DRIP_HEADERS
    provider = TwilioProvider(replace(SETTINGS, base_url=standin.base_url, calls_max=8, **HURRIED))
    outcomes, took = [], []

    def one():
        began = time.monotonic()
        outcomes.append(provider.send(text()).outcome)
        took.append(time.monotonic() - began)

    crowd = [threading.Thread(target=one) for _ in range(100)]
    for thread in crowd:
        thread.start()
    one()
    for thread in crowd:
        thread.join()
    assert max(took) < HURRIED["total_deadline_s"] + SLACK_S
    assert outcomes.count(Outcome.UNKNOWN) == len(standin.creates()) == 8
    assert outcomes.count(Outcome.NOT_SENT) == 93
    standin.always = None
    assert provider.send(text()).outcome is Outcome.TAKEN, "the hung ones were broken off and gave up their places"
    provider.close()


def test_many_threads_share_one_provider(standin):
    sent: dict[str, str | None] = {}

    def one(number):
        sent[f"{TEXT} {number}"] = twilio.send(text(text=f"{TEXT} {number}")).provider_id

    with provider_towards(standin) as twilio:
        crowd = [threading.Thread(target=one, args=(number,)) for number in range(24)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
    assert sent == {made["body"]: made["sid"] for made in standin.made}


# ------------------------------------------------------------------------------------------------ over TLS


@pytest.fixture
def over_tls(standin, tmp_path, monkeypatch) -> TwilioStandin:
    """The stand-in behind TLS, with a certificate that the environment vouches for."""
    need(shutil.which("openssl"), "openssl not found: apt install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {certificate} -days 2 -subj /CN=localhost"
    subprocess.run([*make.split(), "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    standin.encrypt(context)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    return standin


def test_over_tls_a_text_is_taken(over_tls):
    with provider_towards(over_tls, trust_env=True) as provider:
        assert [provider.send(text()).outcome for _ in range(2)] == [Outcome.TAKEN, Outcome.TAKEN]


def test_a_certificate_nobody_vouches_for_is_certainly_not_sent(over_tls):
    assert towards(over_tls.base_url, trust_env=False).outcome is Outcome.NOT_SENT
    assert over_tls.creates() == []


@pytest.mark.parametrize("name", ["HANG", "DRIP", "DRIP_HEADERS", "CLOSE", "RESET", "HALF_BODY"])
def test_over_tls_what_may_have_been_sent_is_unknown_and_gives_up_its_place(over_tls, name):
    over_tls.will(getattr(twilio_faults, name))
    with provider_towards(over_tls, trust_env=True, calls_max=1, **HURRIED) as provider:
        assert provider.send(text()).outcome is Outcome.UNKNOWN
        assert provider.send(text()).outcome is Outcome.TAKEN
