"""Settings: read once, checked whole, refused with the key's name and a remedy."""

import itertools
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schemas import full_keys
from config.settings import Settings, load_settings, read_settings
from config.settings_schema import SettingsSchema
from dispatch.errors import Misconfigured
from dispatch.rules.dialling import as_dialled, dialled

DEFAULT_TOML = Path(__file__).resolve().parents[3] / "config" / "default.toml"
GATEWAY = {"name": "hall", "protocol": "rflink", "port": "/dev/ttyUSB0"}
TOKEN = "ANLING_PROVIDERS__TWILIO__AUTH_TOKEN"


def refusal(written=None, **environ) -> Misconfigured:
    with pytest.raises(Misconfigured) as refused:
        read_settings(written or {}, environ=environ)
    return refused.value


def settings(written=None, **environ) -> Settings:
    return read_settings(written or {}, environ=environ)


def uncommented() -> str:
    """The default file with every key in force."""
    text = DEFAULT_TOML.read_text(encoding="utf-8")
    return re.sub(r"^#(?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)


def keys_in(table, at="") -> set[str]:
    found = set()
    for key, value in table.items():
        rows = value if isinstance(value, list) and value and isinstance(value[0], dict) else None
        if rows is not None:
            found |= keys_in(rows[0], f"{at}{key}.*.")
        elif isinstance(value, dict) and f"{at}{key}" not in full_keys(SettingsSchema()):
            found |= keys_in(value, f"{at}{key}.")
        else:
            found.add(f"{at}{key}")
    return found


def test_every_key_is_documented_and_every_documented_key_exists():
    assert keys_in(tomllib.loads(uncommented())) == set(full_keys(SettingsSchema()))


def test_the_documented_defaults_are_the_real_ones():
    assert load_settings(DEFAULT_TOML, environ={}) == settings()


def test_every_documented_key_has_a_comment_above_it():
    lines = DEFAULT_TOML.read_text(encoding="utf-8").splitlines()
    bare = [
        line for above, line in itertools.pairwise(lines)
        if re.match(r"#?[a-z_]+ = ", line) and not above.startswith("# ")
    ]  # fmt: skip
    assert bare == []


def test_the_example_of_the_contract_is_understood(tmp_path):
    file = tmp_path / "anling.toml"
    file.write_text(
        """
        database_url = "sqlite:///var/anling.db"
        [web]
        listen = "127.0.0.1:8080"
        public_url = "https://anling.example"
        [[gateways]]
        name = "hall-radio"
        protocol = "rflink"
        port = "/dev/ttyUSB0"
        baud = 57600
        [messages]
        order = ["twilio", "console"]
        [providers.twilio]
        account_sid = "AC0123"
        from = "+15005550006"
        base_url = "https://api.twilio.com"
        """,
        encoding="utf-8",
    )
    read = load_settings(None, environ={"ANLING_CONFIG": str(file), TOKEN: "s3cret"})
    assert read.gateways[0].baud == 57600
    assert read.messages.order == ("twilio", "console")
    assert read.providers.twilio.sender == "+15005550006"
    assert read.providers.twilio.auth_token == "s3cret"
    assert read.web.base_url == "https://anling.example"


@pytest.mark.parametrize("scanner", ["/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310", ""])
def test_a_scanner_is_where_no_name_has_to_be_looked_up(scanner):
    assert settings({"uploads": {"scanner": scanner}}).uploads.scanner == scanner


@pytest.mark.parametrize("scanner", ["clamd.example:3310", "localhost:3310", "127.0.0.1", "127.0.0.1:0", "clamd.ctl"])
def test_a_scanner_that_cannot_be_reached_in_time_is_refused(scanner):
    assert refusal({"uploads": {"scanner": scanner}}).place == "uploads.scanner"


def test_the_command_line_names_the_file_before_the_environment_does(tmp_path):
    (tmp_path / "a.toml").write_text('[log]\nlevel = "debug"\n', encoding="utf-8")
    read = load_settings(tmp_path / "a.toml", environ={"ANLING_CONFIG": str(tmp_path / "absent.toml")})
    assert read.log.level == "debug"


def test_the_environment_has_the_last_word():
    read = settings(
        {"web": {"listen": "127.0.0.1:1", "threads": 40}, "gateways": [dict(GATEWAY)]},
        ANLING_WEB__LISTEN="[::1]:9000",
        ANLING_GATEWAYS__0__BAUD="57600",
        ANLING_MESSAGES__ORDER="twilio, console",
        ANLING_NEAREST__WEIGHTS__NURSE="2.5",
        ANLING_PROVIDERS__CONSOLE__FAULT="refuse",
        ANLING_DATABASE_URL="postgresql+psycopg://anling@db/anling",
    )
    assert (read.web.host, read.web.port, read.web.threads) == ("::1", 9000, 40)
    assert read.web.streams_max == 32
    assert read.gateways[0].baud == 57600
    assert read.messages.order == ("twilio", "console")
    assert read.nearest.weights == {"nurse": 2.5}
    assert read.providers.console.fault == "refuse"
    assert read.database_url.startswith("postgresql+psycopg://")


def test_a_gateway_may_come_from_the_environment_alone():
    environ = {f"ANLING_GATEWAYS__0__{key.upper()}": value for key, value in GATEWAY.items()}
    assert read_settings({}, environ=environ).gateways[0].name == "hall"


def test_an_empty_variable_says_nothing():
    assert settings(ANLING_HOME="", ANLING_WEB__LISTEN="") == settings()


def test_variables_of_others_are_left_alone():
    assert settings(ANLING_TEST_ALL="1", ANLING_CONFIG="x", PATH="/bin", A__B="c") == settings()


def test_the_embedded_database_lies_in_the_folder_of_data():
    assert settings(ANLING_HOME="/srv/anling").database_url == "sqlite:////srv/anling/anling.db"


@pytest.mark.parametrize(
    ("written", "place", "word"),
    [
        ({"webb": {}}, "webb", "Did you mean web"),
        ({"web": {"listne": "x"}}, "web.listne", "Did you mean listen"),
        ({"web": 3}, "web", "Invalid"),
        ({"web": {"listen": "8080"}}, "web.listen", "127.0.0.1:8080"),
        ({"web": {"listen": "host:99999"}}, "web.listen", "127.0.0.1:8080"),
        ({"web": {"public_url": "anling.example"}}, "web.public_url", "https://"),
        ({"web": {"public_url": "https://anling.example/"}}, "web.public_url", "slash"),
        ({"web": {"threads": 1.5}}, "web.threads", "number of threads"),
        ({"web": {"threads": True}}, "web.threads", "number of threads"),
        ({"web": {"threads": 10}}, "web.streams_max", "8 below web.threads"),
        ({"gateways": [GATEWAY, {**GATEWAY, "name": "b", "port": 0}]}, "gateways.1.port", "/dev/ttyUSB0"),
        ({"gateways": [{"name": "a", "protocol": "rflink"}]}, "gateways.0.port", "Missing"),
        ({"gateways": [GATEWAY, GATEWAY]}, "gateways.1.name", "before this one"),
        ({"gateways": [{**GATEWAY, "parity": "X"}]}, "gateways.0.parity", '"N"'),
        ({"gateways": GATEWAY}, "gateways", "list"),
        ({"messages": {"order": []}}, "messages.order", "names of providers"),
        ({"messages": {"order": ["pigeon"]}}, "messages.order.0", "names of providers"),
        ({"messages": {"order": ["twilio", "twilio"]}}, "messages.order", "twice"),
        ({"providers": {"twilio": {"total_deadline_s": float("nan")}}}, "providers.twilio.total_deadline_s", "seconds"),
        ({"providers": {"twillio": {}}}, "providers.twillio", "Did you mean twilio"),
        ({"providers": {"twilio": {"account_sid": "XX1"}}}, "providers.twilio.account_sid", "begins with AC"),
        ({"nearest": {"rings_s": [500, 200]}}, "nearest.rings_s", "three"),
        ({"nearest": {"weights": {"nurse": "a lot"}}}, "nearest.weights.nurse", "numbers by name"),
        ({"operators": {"phones": ["13800000001"]}}, "operators.phones.0", "E.164"),
        ({"operators": {"desk_phone": "1380000000"}}, "operators.desk_phone", "as people dial it"),
        ({"edge": {"pages": ["120"]}}, "edge.pages.0", "E.164"),
        ({"edge": {"name": "a b"}}, "edge.name", "dashes"),
        ({"edge": {"lang": "fr"}}, "edge.lang", "zh"),
        ({"edge": {"spool_mb": 0}}, "edge.spool_mb", "megabytes"),
        ({"emergency": {"number": "one-two-oh"}}, "emergency.number", "120"),
        ({"watch": {"every_s": 0}}, "watch.every_s", "above 0"),
        ({"log": {"level": "loud"}}, "log.level", "debug"),
        ({"database_url": "mysql://x"}, "database_url", "postgresql+psycopg"),
        ({"home": ""}, "home", "folder"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_a_remedy(written, place, word):
    refused = refusal(written)
    assert refused.place == place
    assert word in refused.detail


def test_everything_that_is_wrong_is_named_at_once():
    detail = refusal({"web": {"listen": "x"}, "log": {"level": "loud"}}).detail
    assert "Also wrong: log.level" in detail


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("ANLING_WEB__LISTNE", "x", "web.listne"),
        ("ANLING_WEBB__LISTEN", "x", "webb.listen"),
        ("ANLING_GATEWAYS__PORT", "x", "gateways.port"),
        ("ANLING_GATEWAYS__7__PORT", "x", "gateways.7.port"),
        ("ANLING_WEB__LISTEN__HOST", "x", "web.listen.host"),
        ("ANLING_NEAREST__WEIGHTS", "x", "nearest.weights"),
        ("ANLING_WEB__", "x", "web."),
    ],
)
def test_a_variable_that_fits_no_key_is_named(name, value, place):
    refused = refusal(**{name: value})
    assert refused.place == f"{place} (from {name})"


def test_a_bad_value_of_the_environment_is_named_like_one_of_the_file():
    assert refusal(ANLING_WEB__THREADS="many").place == "web.threads"


@pytest.mark.parametrize(
    ("url", "well"),
    [
        ("https://anling.example", True),
        ("https://anling.example:8443/garden", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://anling.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://anling.example/", False),
        ("ftp://anling.example", False),
        ("anling.example", False),
    ],
)
def test_a_machines_key_goes_over_tls_or_does_not_leave_the_machine(url, well):
    written = {"edge": {"url": url}}
    if well:
        assert settings(written).edge.url == url
    else:
        assert refusal(written).place == "edge.url"


def test_an_edge_says_what_it_lacks():
    lacks = settings({"edge": {"pages": ["+8613800000001"]}}).edge.lacking()
    assert set(lacks) == {"edge.name", "edge.url", "edge.key", "edge.modem"}
    whole = {"name": "garden-edge", "url": "https://anling.example", "modem": "/dev/ttyUSB2"}
    assert settings({"edge": whole}, ANLING_EDGE__KEY="al_1.s3cret").edge.lacking() == {}
    assert "s3cret" not in repr(settings({"edge": whole}, ANLING_EDGE__KEY="al_1.s3cret"))


def test_secrets_do_not_stand_in_the_file():
    refused = refusal({"providers": {"twilio": {"auth_token": "s3cret"}}})
    assert refused.place == "providers.twilio.auth_token"
    assert TOKEN in refused.detail
    assert "s3cret" not in refused.detail


def test_a_secret_may_lie_in_a_file_of_its_own(tmp_path):
    (tmp_path / "token").write_text("s3cret\n", encoding="utf-8")
    written = {"providers": {"twilio": {"auth_token_file": str(tmp_path / "token")}}}
    assert settings(written).providers.twilio.auth_token == "s3cret"
    assert settings(written, **{TOKEN: "newer"}).providers.twilio.auth_token == "newer"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path):
    written = {"providers": {"twilio": {"auth_token_file": str(tmp_path / "absent")}}}
    assert refusal(written).place == "providers.twilio.auth_token_file"


def test_secrets_never_show():
    read = settings(
        {"gateways": [dict(GATEWAY)]},
        **{TOKEN: "s3cret-1"},
        ANLING_PROVIDERS__TWILIO__ALTERNATE_AUTH_TOKEN="s3cret-2",
        ANLING_DATABASE_URL="postgresql+psycopg://anling:s3cret-3@db/anling",
    )
    shown = repr(read) + str(read)
    assert not re.search("s3cret|5ec4e7", shown)


def test_what_a_provider_in_the_order_lacks_is_said_by_key():
    lacks = settings({"messages": {"order": ["twilio", "console"]}}).lacking()
    assert set(lacks) == {
        "providers.twilio.account_sid",
        "providers.twilio.auth_token",
        "providers.twilio.from",
    }
    assert TOKEN in lacks["providers.twilio.auth_token"]


def test_a_provider_that_is_not_in_the_order_lacks_nothing():
    assert settings().lacking() == {}


def test_a_provider_with_its_credentials_lacks_nothing():
    twilio = {"account_sid": "AC01", "messaging_service_sid": "MG01"}
    read = settings({"messages": {"order": ["twilio"]}, "providers": {"twilio": twilio}}, **{TOKEN: "t"})
    assert read.lacking() == {}


@pytest.mark.parametrize(
    ("operators", "dials"),
    [
        ({}, ""), ({"phones": ["+8613800000001", "+8613800000002"]}, "13800000001"),
        ({"phones": ["+8613800000001"], "desk_phone": "0311-88888888"}, "031188888888"),
        ({"desk_phone": "+15005550006"}, "+15005550006"), ({"phones": ["+1000000"]}, "+1000000"),
    ],
)  # fmt: skip
def test_the_desk_is_called_as_people_dial_it_at_its_own_number_or_the_first_of_the_watch(operators, dials):
    assert dialled(settings({"operators": operators}).operators.desk) == dials


@pytest.mark.parametrize(
    "number",
    ["+8613800000001", "+8619912345678", "+8631188888888", "+861088888888", "+8675512345678", "+864001234567",
     "+868001234567", "0311-88888888", "（010）88888888", "13800000001", "400-123-4567"],
)  # fmt: skip
def test_a_number_is_dialled_as_the_numbering_plan_has_it(number):
    parsed = phonenumbers.parse(number, "CN")
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert dialled(number) == "".join(char for char in national if char.isdigit())
    assert as_dialled(number) == (dialled(number) if number.startswith("+") else number)


@pytest.mark.parametrize("shown", ["+86*********01", "138****0001", "—", "", "console"])
def test_what_is_masked_or_no_number_is_shown_as_it_is(shown):
    assert as_dialled(shown) == shown


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        settings().home = Path("elsewhere")
    with pytest.raises(TypeError):
        settings({"nearest": {"weights": {"a": 1}}}).nearest.weights["a"] = 2
    assert all(not isinstance(getattr(settings(), one.name), list | dict) for one in fields(Settings))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Misconfigured, match=r"absent\.toml"):
        load_settings(tmp_path / "absent.toml", environ={})


@pytest.mark.parametrize("content", [b"\xff\xfe", b"listen = ", b"a = 1\na = 2", b"a" * 10, b"x = " + b"9" * 5000])
def test_a_file_that_is_not_toml_is_refused(tmp_path, content):
    (tmp_path / "broken.toml").write_bytes(content)
    with pytest.raises(Misconfigured, match=r"broken\.toml"):
        load_settings(tmp_path / "broken.toml", environ={})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.times()
NAMES = st.sampled_from(sorted({part for key in full_keys(SettingsSchema()) for part in key.split(".")})) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_no_file_makes_anything_but_settings_or_a_refusal(written):
    try:
        assert isinstance(read_settings(written, environ={}), Settings)
    except Misconfigured as refused:
        assert refused.place  # noqa: PT017


@given(st.lists(NAMES, min_size=1, max_size=4), st.text(max_size=10))
def test_no_environment_makes_anything_but_settings_or_a_refusal(parts, value):
    try:
        assert read_settings({}, environ={"ANLING_" + "__".join(parts).upper(): value})
    except Misconfigured as refused:
        assert refused.place  # noqa: PT017


def test_a_map_names_its_tiles_or_is_drawn_by_itself():
    assert settings({}).map.tiles == ""
    assert settings({"map": {"tiles": "/tiles/{z}/{x}/{y}.png", "datum": "gcj02"}}).map.datum == "gcj02"
    for tiles in (
        "https://t.example/{z}/{x}.png",
        "javascript:{z}{x}{y}",
        "https://t.example/{z}/{x}/{y};script-src *",
    ):
        with pytest.raises(Misconfigured) as refused:
            settings({"map": {"tiles": tiles}})
        assert refused.value.place == "map.tiles"
