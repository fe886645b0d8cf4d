"""Aliyun: what is on the wire, what its codes mean, and how a text in doubt is found again."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from dispatch.ids import AttemptId, new_id
from dispatch.messages.providers.aliyun import NAMED, AliyunProvider, AliyunSettings
from dispatch.messages.providers.aliyun_hooks import e164
from dispatch.messages.providers.aliyun_outcomes import blame_of
from dispatch.messages.providers.aliyun_sign import canonical_query, signed_headers
from dispatch.messages.providers.provider import Blame, Channel, Outcome, Outgoing, ReceiptKind
from tests.fakes import twilio_faults
from tests.fakes.clock import NOON, HandClock
from tests.fakes.http_standin import HttpStandin
from tests.fakes.twilio_faults import Fault
from tests.integration.provider_rigs import HOOK_SECRET, KEY_ID, KEY_SECRET, LIMITS, AliyunApi

TO = "+8613800000123"
PARAMS = {"place": "柏林小区 3&栋", "cause": "跌倒", "at": "18:05", "minutes": "5", "code": "12", "presses": "-"}


@dataclass
class There:
    """A provider and the server it talks to."""

    api: AliyunApi
    standin: HttpStandin
    provider: AliyunProvider


@pytest.fixture
def there() -> Iterator[There]:
    api = AliyunApi()
    with ExitStack() as stack:
        standin = stack.enter_context(HttpStandin(api))
        provider = AliyunProvider(
            AliyunSettings(
                access_key_id=KEY_ID, access_key_secret=KEY_SECRET, sign_name="安铃", hook_secret=HOOK_SECRET,
                templates={"offer": "SMS_1", "offer.en": "SMS_1E", "plain": "SMS_2"}, base_url=standin.base_url,
                clock=HandClock(), nonce=new_id, limits=LIMITS,
            )
        )  # fmt: skip
        stack.callback(provider.close)
        yield There(api, standin, provider)


def text(**more) -> Outgoing:
    said = {"attempt_id": AttemptId(new_id()), "channel": Channel.SMS, "to": TO, "text": "急 柏林小区 跌倒"}
    return Outgoing(**(said | {"sentence": "offer", "params": PARAMS} | more))


# ------------------------------------------------------------------------------------------------ on the wire


def test_the_published_example_of_the_signature_comes_out():
    """The example on Aliyun's page of the signature: its key, its nonce, its time, its result."""
    headers = signed_headers(
        key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
        host="ecs.cn-shanghai.aliyuncs.com",
        action="RunInstances",
        version="2014-05-26",
        params={"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    assert headers["Authorization"].endswith("06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


def test_a_query_is_sorted_and_encoded_as_it_is_signed():
    query = canonical_query({"b": "a b*~", "a": "急+/", "A": "&="})
    assert query == "A=%26%3D&a=%E6%80%A5%2B%2F&b=a%20b%2A~"


def test_a_text_leaves_with_template_variables_and_the_attempts_name(there):
    message = text()
    assert there.provider.send(message).outcome is Outcome.TAKEN
    (sent,) = there.api.sent
    assert (sent["PhoneNumbers"], sent["SignName"], sent["TemplateCode"]) == ("13800000123", "安铃", "SMS_1")
    assert json.loads(sent["TemplateParam"]) == PARAMS
    assert sent["OutId"] == message.attempt_id
    assert "text" not in json.dumps(sent)


def test_each_request_has_a_nonce_of_its_own(there):
    for _ in range(2):
        there.provider.send(text())
    assert len({asked.headers["x-acs-signature-nonce"] for asked in there.standin.asked}) == 2


@pytest.mark.parametrize(("sentence", "lang", "template"), [("offer", "en", "SMS_1E"), ("plain", "en", "SMS_2")])
def test_a_template_in_the_language_comes_first(there, sentence, lang, template):
    there.provider.send(text(sentence=sentence, lang=lang))
    assert there.api.sent[0]["TemplateCode"] == template


@pytest.mark.parametrize("more", [{"sentence": "details"}, {"sentence": ""}, {"to": "+447700900123"},
                                  {"channel": Channel.VOICE}, {"to": "120"}])  # fmt: skip
def test_what_it_has_no_template_or_road_for_is_refused_before_anything_leaves(there, more):
    sent = there.provider.send(text(**more))
    assert (sent.outcome, sent.blame) == (Outcome.REFUSED, Blame.CONFIG)
    assert there.standin.asked == []


def test_a_wrong_key_is_a_matter_of_settings(there):
    wrong = AliyunProvider(replace(there.provider._settings, access_key_secret="wrong"))
    sent = wrong.send(text())
    wrong.close()
    assert (sent.outcome, sent.blame, sent.code) == (Outcome.REFUSED, Blame.CONFIG, "SignatureDoesNotMatch")


# ------------------------------------------------------------------------------------------------ what codes mean


@pytest.mark.parametrize(
    ("code", "outcome", "blame"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", Outcome.REFUSED, Blame.RECIPIENT),
        ("isv.BUSINESS_LIMIT_CONTROL", Outcome.REFUSED, Blame.RECIPIENT),
        ("isv.AMOUNT_NOT_ENOUGH", Outcome.REFUSED, Blame.CONFIG),
        ("isv.SMS_TEMPLATE_ILLEGAL", Outcome.REFUSED, Blame.CONFIG),
        ("isv.PARAM_NOT_SUPPORT_URL", Outcome.REFUSED, Blame.CONFIG),
        ("isp.RAM_PERMISSION_DENY", Outcome.REFUSED, Blame.CONFIG),
        ("isv.NEVER_HEARD_OF", Outcome.REFUSED, Blame.CONFIG),
        ("Throttling.User", Outcome.NOT_SENT, Blame.PROVIDER),
        ("isp.SYSTEM_ERROR", Outcome.UNKNOWN, Blame.PROVIDER),
        ("InternalError", Outcome.UNKNOWN, Blame.PROVIDER),
    ],
)
def test_a_business_error_comes_with_http_200_and_is_none_the_less_one(there, code, outcome, blame):
    there.api.codes.append(code)
    sent = there.provider.send(text())
    assert (sent.outcome, sent.blame, sent.code, sent.http_status) == (outcome, blame, code, 200)
    assert "13800000123" not in sent.detail


def test_no_unknown_code_condemns_a_number():
    assert blame_of("isv.WHO_KNOWS") is Blame.CONFIG
    assert blame_of("") is Blame.PROVIDER


@pytest.mark.parametrize(
    "body", ["{}", '{"Code": "OK"}', '{"Code": "OK", "BizId": ""}', '{"Code": null}', '{"Code": 7}']
)
def test_an_answer_that_names_nothing_is_taken_for_nothing_certain(there, body):
    there.standin.will(Fault(how="status", status=200, body=body))
    sent = there.provider.send(text())
    assert sent.outcome in {Outcome.UNKNOWN, Outcome.REFUSED}
    assert (sent.outcome is Outcome.REFUSED) is ("7" in body)


# ------------------------------------------------------------------------------------------------ found again


def test_a_text_in_doubt_is_found_by_the_attempts_name(there):
    message = text()
    there.standin.will(twilio_faults.RESET)
    assert there.provider.send(message).outcome is Outcome.UNKNOWN
    found = there.provider.look_up(message, None, NOON)
    assert (found.outcome, found.kind) == (Outcome.TAKEN, ReceiptKind.DELIVERED)
    assert found.provider_id == f"{NAMED}{message.attempt_id}"


def test_another_text_to_the_same_number_is_not_it(there):
    there.provider.send(text())
    assert there.provider.look_up(text(), None, NOON).outcome is Outcome.NOT_SENT


def test_what_cannot_be_asked_is_not_said_to_be_absent(there):
    there.standin.will(twilio_faults.EMPTY_503)
    assert there.provider.look_up(text(), None, NOON) is None
    there.api.codes.append("isp.SYSTEM_ERROR")
    assert there.provider.look_up(text(), None, NOON) is None


def test_a_full_page_without_it_says_nothing(there):
    for _ in range(50):
        there.api.sent.append({"PhoneNumbers": "13800000123", "OutId": new_id()})
    assert there.provider.look_up(text(), None, NOON) is None


@pytest.mark.parametrize(
    ("since", "days"),
    [
        (datetime(2026, 3, 2, 15, 59, 58, tzinfo=UTC), ["20260302", "20260303"]),
        (datetime(2026, 3, 2, 16, 0, 1, tzinfo=UTC), ["20260303"]),
        (datetime(2026, 3, 2, 12, 0, tzinfo=UTC), ["20260302"]),
    ],
)
def test_days_are_those_of_beijing_and_midnight_loses_nothing(there, since, days):
    there.provider.look_up(text(), None, since)
    assert [asked.query["SendDate"] for asked in there.standin.asked] == days


@pytest.mark.parametrize("number", ["13800000001", "8613800000001", "+8613800000001"])
def test_a_number_is_told_in_one_way(number):
    assert e164(number) == "+8613800000001"
