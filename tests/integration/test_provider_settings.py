"""From the settings file to a provider that works, and what is said where something is missing."""

import base64

import pytest

from config.callbacks import unfound_by_twilio
from config.doctor import LOOKS, examine
from config.options import OperatorSettings
from config.provider_options import HOOK_SECRET_MIN
from config.refusals import refuse_lacking
from config.settings import Settings, read_settings
from config.wiring_providers import make_provider
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.ids import new_id
from dispatch.messages.providers import PROVIDERS
from dispatch.messages.providers.console import ConsolePanel
from dispatch.messages.providers.provider import Listing
from dispatch.messages.sentences import SENTENCES

SECRET = "whsec_" + base64.b64encode(b"s3cret-" * 4).decode()
KEY, HOOK = "s3cret-key-of-aliyun", "s3cret-hook-of-aliyun-x"

WHOLE = {
    "aliyun": {"access_key_id": "LTAI5t", "sign_name": "安铃", "templates": {"offer": "SMS_1", "plain.en": "SMS_2"}},
    "console": {},
    "modem": {"port": "/dev/ttyUSB9"},
    "twilio": {"account_sid": "AC01", "from": "+15005550006"},
    "webhook": {"url": "https://messages.example/send"},
}
ENVIRON = {
    "ANLING_PROVIDERS__TWILIO__AUTH_TOKEN": "s3cret-token",
    "ANLING_PROVIDERS__ALIYUN__ACCESS_KEY_SECRET": KEY,
    "ANLING_PROVIDERS__ALIYUN__HOOK_SECRET": HOOK,
    "ANLING_PROVIDERS__WEBHOOK__SECRET": SECRET,
}


def settings(name: str, said: dict | None = None, **environ: str):
    written = {"messages": {"order": [name]}, "providers": {name: WHOLE[name] if said is None else said}}
    return read_settings(written, environ=environ)


def made(name: str, read):
    return make_provider(name, read, ConsolePanel(), SystemClock(), new_id)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_with_everything_said_it_is_ready(name):
    read = settings(name, **ENVIRON)
    provider = made(name, read)
    assert (provider.name, list(provider.lacking()), read.lacking()) == (name, [], {})
    refuse_lacking(read)


MISSING = {
    "aliyun": {"access_key_id", "access_key_secret", "sign_name", "templates", "hook_secret"},
    "console": set(),
    "modem": {"port"},
    "twilio": {"account_sid", "auth_token", "from"},
    "webhook": {"url", "secret"},
}


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_what_is_missing_is_said_by_key_with_its_cure_and_stops_the_start(name):
    read = settings(name, {})
    lacking = read.lacking()
    assert set(lacking) == {f"providers.{name}.{key}" for key in MISSING[name]}
    assert all(lacking.values())
    assert set(made(name, read).lacking()) == MISSING[name]
    if lacking:
        with pytest.raises(Misconfigured):
            refuse_lacking(read)


def test_every_provider_may_stand_in_the_order():
    read = read_settings({"messages": {"order": sorted(PROVIDERS)}}, environ={})
    assert set(read.messages.order) == set(PROVIDERS)


@pytest.mark.parametrize("secret", [KEY, HOOK, SECRET])
def test_secrets_show_nowhere(secret):
    read = read_settings({"providers": WHOLE | {"twilio": {}}}, environ=ENVIRON)
    assert secret not in repr(read)


@pytest.mark.parametrize(
    ("name", "said", "place", "word"),
    [
        ("webhook", {"url": "http://messages.example/send"}, "providers.webhook.url", "https://"),
        ("webhook", {"two_way": "yes"}, "providers.webhook.two_way", "true"),
        ("aliyun", {"templates": {"ofer": "SMS_1"}}, "providers.aliyun.templates", "sentence"),
        ("aliyun", {"templates": {"offer": "1"}}, "providers.aliyun.templates", "SMS_"),
        ("aliyun", {"access_key_secret": "x"}, "providers.aliyun.access_key_secret", "do not stand in this file"),
        ("modem", {"baud": 0}, "providers.modem.baud", "115200"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_cure(name, said, place, word):
    with pytest.raises(Misconfigured) as refused:
        settings(name, said)
    assert refused.value.place.startswith(place)
    assert word in refused.value.detail


@pytest.mark.parametrize("secret", ["whsec_short", "not base64!", "whsec_" + base64.b64encode(b"x" * 70).decode()])
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret):
    with pytest.raises(Misconfigured) as refused:
        settings("webhook", ANLING_PROVIDERS__WEBHOOK__SECRET=secret)
    assert refused.value.place == "providers.webhook.secret"
    assert secret not in refused.value.detail


def test_a_hook_secret_too_short_to_be_guessed_at_is_refused():
    with pytest.raises(Misconfigured):
        settings("aliyun", ANLING_PROVIDERS__ALIYUN__HOOK_SECRET="x" * (HOOK_SECRET_MIN - 1))


# ------------------------------------------------------------------------------------------------ doctor


def findings(read, name="_providers") -> dict[str, tuple[bool, str, str]]:
    (look,) = [each for each in LOOKS if each.__name__ == name]
    return {each.name: (each.well, each.seen, each.cure) for each in look(read)}


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_the_doctor_names_what_each_provider_lacks(name):
    well, seen, cure = findings(settings(name, {}))[f"provider {name}"]
    assert well is (not MISSING[name])
    for key in MISSING[name]:
        assert f"providers.{name}.{key}" in seen
    assert bool(cure) is bool(MISSING[name])


def test_the_doctor_says_that_nobody_on_watch_has_a_number():
    phones = OperatorSettings(phones=("+8613800000001",))
    assert findings(Settings(), "_duty_phones")["duty phones"][0] is False
    assert "operators.phones" in findings(Settings(), "_duty_phones")["duty phones"][2]
    assert findings(Settings(operators=phones), "_duty_phones")["duty phones"] == (True, "1 on file", "")


def test_the_doctor_looks_for_the_modem_itself():
    well, seen, cure = findings(settings("modem"))["modem"]
    assert (well, seen) == (False, "/dev/ttyUSB9")
    assert "plug it in" in cure


def test_the_doctor_names_the_sentences_without_a_template():
    well, seen, cure = findings(settings("aliyun", **ENVIRON))["aliyun templates"]
    assert not well
    assert seen.startswith(f"2 of {len(SENTENCES)} ")
    assert "details" in cure
    assert " offer," not in cure


def test_the_doctor_says_that_one_sender_has_to_do_for_everything():
    assert "notices_from" in findings(settings("twilio", **ENVIRON))["sender twilio"][2]
    own = WHOLE["twilio"] | {"notices_from": "+15005550007"}
    assert "sender twilio" not in findings(settings("twilio", own, **ENVIRON))
    assert made("twilio", settings("twilio", own, **ENVIRON))._settings.notices_from == "+15005550007"


@pytest.mark.parametrize(("abroad", "word"), [(True, "told no names"), (False, "told names")])
def test_the_doctor_says_what_a_provider_is_told(abroad, word):
    read = settings("twilio", WHOLE["twilio"] | {"cross_border": abroad}, **ENVIRON)
    assert findings(read)["border twilio"][1].startswith(word)
    assert made("twilio", read).capability("+8613800000001").cross_border is abroad


NOWHERE = [
    "",
    "http://127.0.0.1:8080",
    "http://localhost",
    "https://192.168.1.7",
    "http://[fd00::1]",
    "http://anling.lan",
]


def calls_back(public_url, *, base_url="https://api.twilio.com", order="twilio", poll_s=60):
    read = read_settings(
        {
            "web": {"public_url": public_url}, "messages": {"order": [order], "poll_s": poll_s},
            "providers": {**WHOLE, "twilio": WHOLE["twilio"] | {"base_url": base_url}},
        },
        environ=ENVIRON,
    )  # fmt: skip
    refuse_lacking(read)
    return unfound_by_twilio(read), findings(read)


@pytest.mark.parametrize("public_url", NOWHERE)
def test_twilio_that_cannot_find_us_is_said_with_what_is_lost(public_url, log_lines):
    lost, found = calls_back(public_url)
    (told,) = log_lines
    assert (told["event"], told["provider"], told["lost"]) == ("provider_cannot_call_back", "twilio", lost)
    assert (public_url or "http://127.0.0.1:8080") in lost
    assert "every 60 s" in lost
    well, seen, cure = found["callbacks twilio"]
    assert (well, seen) == (False, lost)
    assert "web.public_url" in cure
    assert "answers by text are lost" in calls_back(public_url, poll_s=0)[0]


@pytest.mark.parametrize(
    ("public_url", "more"),
    [
        ("https://anling.example", {}),
        ("http://8.8.8.8", {}),
        ("", {"base_url": "http://127.0.0.1:4010"}),
        ("", {"order": "modem"}),
    ],
)
def test_nothing_is_said_where_it_finds_us_or_is_not_asked(public_url, more, log_lines):
    lost, found = calls_back(public_url, **more)
    assert (lost, log_lines) == ("", [])
    assert "callbacks twilio" not in found


def test_the_doctor_runs_whole_without_any_credentials(tmp_path, capsys):
    written = {"home": str(tmp_path), "messages": {"order": sorted(set(PROVIDERS) - {"console"})}}
    assert examine(read_settings(written, environ={}), as_json=False) == 1
    told = capsys.readouterr().out
    assert all(f"✗ provider {name}" in told for name in set(PROVIDERS) - {"console"})


@pytest.mark.parametrize(
    ("gateway", "siren", "used_by"),
    [("/dev/ttyS9", "/dev/ttyUSB9", "the provider modem"), ("/dev/ttyUSB7", "/dev/ttyUSB7", "the gateway hall")],
)
def test_the_doctor_tells_of_a_siren_that_shares_its_line(tmp_path, gateway, siren, used_by):
    read = read_settings(
        {
            "home": str(tmp_path), "messages": {"order": ["modem"]}, "providers": WHOLE, "siren": {"modem": siren},
            "gateways": [{"name": "hall", "protocol": "rflink", "port": gateway}],
        },
        environ={},
    )  # fmt: skip
    (look,) = [each for each in LOOKS if each.__name__ == "_siren"]
    told = {each.name: (each.well, each.seen) for each in look(read)}
    assert told["siren line"] == (False, f"used by {used_by} as well")


@pytest.mark.parametrize(
    ("public_url", "keys"), [*((each, False) for each in NOWHERE), ("https://anling.example", True)]
)
def test_twilio_asks_for_keys_only_where_it_finds_us(public_url, keys):
    read = read_settings(
        {
            "web": {"public_url": public_url}, "messages": {"order": ["twilio"]},
            "providers": {**WHOLE, "twilio": WHOLE["twilio"] | {"base_url": "https://api.twilio.com"}},
        },
        environ=ENVIRON,
    )  # fmt: skip
    provider = made("twilio", read)
    assert (provider.capability("+447700900123").voice, provider.capability("+447700900123").keys) == (True, keys)
    provider.close()


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [("aliyun", "uplink_queue", "Alicom-Queue-1-SmsUp"), ("webhook", "poll_url", "https://messages.example/events")],
)
def test_who_can_be_asked_is_asked_where_the_settings_say_so(name, key, value, log_lines):
    for more, asked in (({}, False), ({key: value}, True)):
        read = read_settings(
            {"messages": {"order": [name]}, "providers": {**WHOLE, name: WHOLE[name] | more}}, environ=ENVIRON
        )
        provider = made(name, read)
        assert isinstance(provider, Listing) is asked
        provider.close()
        _, seen, cure = findings(read)[f"answers {name}"]
        assert seen.startswith("fetched") is asked
        assert (f"providers.{name}.{key}" in cure) is not asked
        log_lines.clear()
        refuse_lacking(read)
        said = [(each["event"], each["provider"], each["cure"]) for each in log_lines]
        assert said == ([] if asked else [("answers_not_fetched", name, f"set providers.{name}.{key}")])


def test_nothing_is_said_of_answers_where_a_receiver_carries_none(log_lines):
    one_way = {"messages": {"order": ["webhook"]}, "providers": {"webhook": WHOLE["webhook"] | {"two_way": False}}}
    read = read_settings(one_way, environ=ENVIRON)
    refuse_lacking(read)
    assert log_lines == []
    assert "answers webhook" not in findings(read)


def test_the_doctor_says_where_nobody_calls():
    silent = {name: "calls" in findings(settings(name, **ENVIRON)) for name in PROVIDERS}
    assert silent == {"aliyun": True, "console": False, "modem": True, "twilio": False, "webhook": True}
    assert "calls" not in findings(settings("webhook", WHOLE["webhook"] | {"voice": True}, **ENVIRON))
