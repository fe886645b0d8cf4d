"""
The shape of our requests against Twilio's own description of its API (OpenAPI), served by Prism.

Twilio ships the description with its command line's library; Prism (Stoplight, Apache-2.0) refuses what does not fit it
with 422, and answers the rest with the description's examples. Calls with `StatusCallbackEvent` cannot be asked: Prism
takes no form with a list in it (stoplightio/prism #2473).
"""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers.provider import Channel, Outcome, Outgoing
from dispatch.messages.providers.twilio import TwilioProvider, TwilioSettings
from tests.fakes.twilio_standin import ACCOUNT, TOKEN
from tests.integration.npm_rig import fetched, wait_for
from tests.ports import free_port

PRISM, DESCRIPTION = "@stoplight/prism-cli@5.14.2", "@twilio/cli-core@8.3.2"
TO = "+447700900123"


@pytest.fixture(scope="module")
def prism(tmp_path_factory) -> Iterator[str]:
    entry = fetched(PRISM, "@stoplight/prism-cli/dist/index.js")
    description = fetched(DESCRIPTION, "@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json")
    port, out = free_port(), tmp_path_factory.mktemp("prism") / "out"
    with out.open("wb") as sink:
        process = subprocess.Popen(
            ["node", str(entry), "mock", "-h", "127.0.0.1", "-p", str(port), str(description)],
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(process, port, out)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=[None, "MG" + "0" * 32], ids=["a number", "a service"])
def twilio(prism, request) -> Iterator[TwilioProvider]:
    provider = TwilioProvider(
        TwilioSettings(
            account_sid=ACCOUNT, auth_token=TOKEN, from_="+15005550006", messaging_service_sid=request.param,
            public_url="https://anling.example", base_url=prism,
        )
    )  # fmt: skip
    yield provider
    provider.close()


def text(**more) -> Outgoing:
    said = {"attempt_id": AttemptId(new_id()), "channel": Channel.SMS, "to": TO, "text": "【安铃】急 跌倒 回1接单🚑"}
    return Outgoing(**(said | more))


@pytest.mark.parametrize("more", [{}, {"validity_s": 1}, {"validity_s": 99_999}, {"seq": 3}, {"text": "x" * 1600}])
def test_a_text_fits_the_description(twilio, more):
    sent = twilio.send(text(**more))
    assert (sent.outcome, sent.http_status, sent.detail) == (Outcome.TAKEN, 201, "")
    assert sent.provider_id


def test_looking_up_and_listing_fit_the_description(twilio):
    sid = "SM" + "0" * 32
    assert twilio.look_up(text(), sid, datetime.now(UTC)).outcome is Outcome.TAKEN
    assert twilio.look_up(text(), None, datetime.now(UTC)) is not None
    assert twilio.fetch(datetime.now(UTC) - timedelta(hours=1)) is not None


def test_what_does_not_fit_is_refused(prism):
    """Or the tests above would pass whatever we send."""
    url = f"{prism}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    form = {"To": TO, "From": "+15005550006", "Body": "x", "ValidityPeriod": "soon"}
    assert requests.post(url, data=form, auth=(ACCOUNT, TOKEN), timeout=5).status_code == 422
    assert requests.post(url, data=form | {"ValidityPeriod": "60"}, timeout=5).status_code == 401
