"""
What the settings file may say: every key with its type, its limits and what to write instead of a wrong value.

`config/settings.py` applies it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, post_load, pre_load, validate, validates_schema

from config.options import (
    BreakerSettings,
    ConsoleSettings,
    DeviceSettings,
    DrillSettings,
    EdgeSettings,
    EmergencySettings,
    EscalationSettings,
    GatewaySettings,
    LimitSettings,
    LogSettings,
    MessageSettings,
    NearestSettings,
    OperatorSettings,
    ProviderSettings,
    QuietSettings,
    ReachSettings,
    Settings,
    SirenSettings,
    TwilioSettings,
    WatchSettings,
    WebSettings,
)
from config.provider_options import AliyunSettings, ModemSettings, WebhookSettings
from config.schemas import Table, by_key, is_secret, say
from devices.ports import check_address
from dispatch.messages.providers.standard_webhooks import secret_bytes
from dispatch.messages.sentences import LANGUAGES, SENTENCES

_SECRET_MAX = 4096
_NAME = validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_NAME_OR_NOTHING = validate.Regexp(r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?\Z")
_PHONE = validate.Regexp(r"^\+[1-9][0-9]{6,14}\Z")
_CLOCK = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_POSITIVE = validate.Range(min=0, min_inclusive=False)
_WITHIN_LEASE = validate.Range(min=0, min_inclusive=False, max=14)
"""The courier holds a message for 15 s; a call that took longer would be taken for lost and made twice."""

_COUNT = validate.Range(min=1, max=4096)


def _is_listen(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and len(port) <= 5 and port.isascii() and port.isdigit() and int(port) <= 65_535


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _is_private(text: str) -> bool:
    """The key of a machine goes over TLS, or does not leave the machine."""
    here = _is_url(text) and urlsplit(text).hostname in {"localhost", "127.0.0.1", "::1"}
    return _is_url(text) and not text.endswith("/") and (here or text.startswith("https://"))


def _is_receiver(text: str) -> bool:
    """What is signed is not thereby hidden: over TLS, or to this machine itself."""
    here = _is_url(text) and urlsplit(text).hostname in {"localhost", "127.0.0.1", "::1"}
    return text == "" or here or (_is_url(text) and text.startswith("https://"))


def _is_sentence(name: str) -> bool:
    sentence, _, lang = name.partition(".")
    return sentence in SENTENCES and lang in {"", *LANGUAGES}


def _is_signing(text: str) -> bool:
    try:
        return text == "" or bool(secret_bytes(text))
    except ValueError:
        return False


def _must(holds: Any, what: str) -> Any:
    """A validator from a predicate, with a sentence of its own."""

    def check(value: Any) -> None:
        if not holds(value):
            raise ValidationError(what)

    return check


def _port(text: str) -> None:
    try:
        check_address(text)
    except ValueError as wrong:
        raise ValidationError(f"Not a port: {wrong}.") from None


_LISTEN = _must(_is_listen, "Not an address to listen on.")
_URL = _must(lambda text: text == "" or (_is_url(text) and not text.endswith("/")), "Not an address of the web.")
_SERVICE = _must(lambda text: text == "" or _is_private(text), "Not a private way to the service.")
_SIGNING = _must(_is_signing, "Not a secret of Standard Webhooks.")
_HOOK_SECRET = validate.Regexp(r"^([0-9A-Za-z_-]{22,200})?\Z", error="Too short, or with other signs.")
_HEX_KEY = _must(
    lambda text: len(text) in {0, 32, 48, 64} and not set(text.lower()) - set("0123456789abcdef"),
    "Not a key of 16, 24 or 32 bytes in hexadecimal.",
)


_BYTES = _must(
    lambda text: len(text) % 2 == 0 and not set(text.lower()) - set("0123456789abcdef"), "Not bytes in hexadecimal."
)
_UP_TO_TEN = validate.Range(min=0, max=10, min_inclusive=False)
_SILENCE = _must(lambda seconds: seconds == 0 or 30 <= seconds <= 170, "Not a time after which 180 s can be kept.")


def _text(remedy: str, *checks: Any, secret: bool = False, **more: Any) -> fields.String:
    return fields.String(validate=list(checks), metadata=say(remedy, secret=secret), **more)


def _whole(remedy: str, check: Any = _COUNT) -> fields.Integer:
    return fields.Integer(strict=True, validate=check, metadata=say(remedy))


def _truth(remedy: str) -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, metadata=say(remedy))


def _seconds(remedy: str, check: Any = _POSITIVE) -> fields.Float:
    return fields.Float(validate=check, metadata=say(remedy))


class _PathField(fields.String):
    """A path, kept as one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return Path(super()._deserialize(value, attr, data, **more))


class _Section(Table):
    """A table of the settings."""

    @pre_load
    def _secrets_read(self, data: Any, **_: Any) -> Any:
        """A secret may lie in a file of its own, as systemd's credentials do; the environment has the last word."""
        if not isinstance(data, Mapping):
            return data
        read = dict(data)
        for key, wanted in by_key(self).items():
            if is_secret(wanted) and f"{key}_file" in read:
                path = read.pop(f"{key}_file")
                read.setdefault(key, _secret(path, f"{key}_file"))
        return read


def _secret(path: Any, key: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")[:_SECRET_MAX].strip()
    except (OSError, ValueError, TypeError):
        what = "The file of the secret cannot be read. Check its path and who may read it."
        raise ValidationError(what, key) from None


class _WebSchema(_Section):
    value = WebSettings
    listen = _text('host and port, like "127.0.0.1:8080"', _LISTEN)
    public_url = _text('the address carers see, like "https://anling.example", without a slash at the end', _URL)
    threads = _whole("a number of threads from 1 to 4096")
    streams_max = _whole("a number at least 8 below web.threads")
    trusted_proxy = _text("the address of the proxy in front, or nothing")

    @validates_schema
    def _streams_leave_room(self, data: dict[str, Any], **_: Any) -> None:
        threads = data.get("threads", WebSettings().threads)
        if data.get("streams_max", WebSettings().streams_max) > threads - 8:
            raise ValidationError("Live streams would hold the threads that webhooks need.", "streams_max")


class _GatewaySchema(_Section):
    value = GatewaySettings
    name = _text("a name of its own in letters, digits, dots and dashes", _NAME, required=True)
    protocol = _text('the name of a decoder, like "rflink"', _NAME, required=True)
    port = _text('a serial port like "/dev/ttyUSB0", or a stream like "tcp-listen://0.0.0.0:5000"',
                 validate.Length(min=1), _port, required=True)  # fmt: skip
    baud = _whole("the line's speed, like 57600", validate.Range(min=50, max=4_000_000))
    bytesize = _whole("5, 6, 7 or 8", validate.OneOf([5, 6, 7, 8]))
    parity = _text('"N", "E", "O", "M" or "S"', validate.OneOf(list("NEOMS")))
    stopbits = fields.Float(validate=validate.OneOf([1.0, 1.5, 2.0]), metadata=say("1, 1.5 or 2"))
    profile = _text('the name of a code table, like "standard"', _NAME)
    codes = fields.Dict(keys=fields.String(), values=fields.String(), metadata=say('a table like { "140" = "press" }'))
    station = _text("the code of a station in the district file, or nothing")
    password = _text("the password of the user in the port's address", secret=True)
    silent_s = _seconds("seconds, or 0", validate.Range(min=0))
    key = _text("32, 48 or 64 hexadecimal digits, or nothing", _HEX_KEY, secret=True)

    @validates_schema
    def _users_have_passwords(self, data: dict[str, Any], **_: Any) -> None:
        port = urlsplit(data.get("port", ""))
        if port.scheme == "sip-listen" and port.username and not port.password and not data.get("password"):
            raise ValidationError("The user in the port's address has no password, so nobody could report.", "password")


class _EdgeSchema(_Section):
    value = EdgeSettings
    name = _text("a name of its own in letters, digits, dots and dashes, or nothing", _NAME_OR_NOTHING)
    url = _text('the address of the service, like "https://anling.example", without a slash at the end', _SERVICE)
    key = _text("a key of the service with the scope signals", validate.Length(max=200), secret=True)
    ca_file = _text("the path of a file of certificates, or nothing")
    spool = _text("the path of a file, or nothing")
    spool_mb = _whole("megabytes from 4 to 100000", validate.Range(min=4, max=100_000))
    pages = fields.List(fields.String(validate=_PHONE), metadata=say('telephones in E.164, like ["+8613800000001"]'))
    modem = _text('a serial port like "/dev/ttyUSB2", or nothing')
    modem_baud = _whole("the line's speed, like 115200", validate.Range(min=50, max=4_000_000))
    lang = _text('"zh" or "en"', validate.OneOf(["zh", "en"]))


class _DeviceSchema(_Section):
    value = DeviceSettings
    file = _PathField(validate=_must(lambda path: path != Path(), "No file."), metadata=say("the path of a TOML file"))
    forwarding_silent_s = _seconds("seconds from 30 to 170, or 0 for never", _SILENCE)


class _BreakerSchema(_Section):
    value = BreakerSettings
    failures = _whole("a number of failures from 1 to 100", validate.Range(min=1, max=100))
    window_s = _seconds("seconds above 0")
    open_s = _seconds("seconds above 0, and not above open_max_s")
    open_max_s = _seconds("seconds above 0")

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        usual = BreakerSettings()
        if data.get("open_s", usual.open_s) > data.get("open_max_s", usual.open_max_s):
            raise ValidationError("It is longer than open_max_s.", "open_s")


class _QuietSchema(_Section):
    value = QuietSettings
    begin = _text('a time of day, like "21:00"', _CLOCK, data_key="from")
    end = _text('a time of day, like "08:00"', _CLOCK, data_key="until")
    kinds = fields.List(
        fields.String(validate=validate.OneOf(["family", "reminder", "report"])),
        metadata=say('of family, reminder and report those that can wait, like ["reminder", "report"]'),
    )
    spread_s = _seconds("seconds, or 0", validate.Range(min=0))


def _limits() -> fields.Field[Any]:
    pair = fields.List(fields.Integer(strict=True, validate=validate.Range(min=1)), validate=validate.Length(equal=2))
    return fields.List(pair, metadata=say("pairs of a count and of seconds, like [[1, 180], [8, 7200]]"))


class _LimitSchema(_Section):
    value = LimitSettings
    confirmation = _limits()
    family = _limits()
    reminder = _limits()
    report = _limits()


class _MessageSchema(_Section):
    value = MessageSettings
    order = fields.List(
        fields.String(validate=validate.OneOf(["aliyun", "console", "modem", "twilio", "webhook"])),
        validate=[validate.Length(min=1), _must(lambda names: len(set(names)) == len(names), "A name stands twice.")],
        metadata=say('names of providers, each once, like ["twilio"]'),
    )
    codes = _text('"always" or "when_needed"', validate.OneOf(["always", "when_needed"]))
    emergency_workers = _whole("a number of threads from 1 to 4096")
    notice_workers = _whole("a number of threads from 1 to 4096")
    hedge_s = _seconds("seconds, or 0 for never", validate.Range(min=0))
    receipt_limit_s = _seconds("seconds, or 0 for never", validate.Range(min=0))
    poll_s = _seconds("seconds, or 0 for never", validate.Range(min=0))
    breaker = fields.Nested(_BreakerSchema)
    quiet = fields.Nested(_QuietSchema)
    limits = fields.Nested(_LimitSchema)


class _ConsoleSchema(_Section):
    value = ConsoleSettings
    fault = _text(
        '"none", "refuse", "hang", "unknown" or "not_sent"',
        validate.OneOf(["none", "refuse", "hang", "unknown", "not_sent"]),
    )
    token = _text("at least 20 random letters, or nothing", validate.Length(max=200), secret=True)


class _TwilioSchema(_Section):
    value = TwilioSettings
    account_sid = _text("the account's SID, which begins with AC", validate.Regexp(r"^(AC[0-9A-Za-z]+)?\Z"))
    sender = _text("a number of yours in E.164, like +15005550006", data_key="from")
    voice_from = _text("a number of yours that may call, in E.164; without it the sending number calls")
    messaging_service_sid = _text("a SID that begins with MG, or nothing", validate.Regexp(r"^(MG[0-9A-Za-z]+)?\Z"))
    base_url = _text('"https://api.twilio.com", or a local stand-in', _must(_is_url, "Not an address of the web."))
    total_deadline_s = _seconds("seconds above 0")
    cross_border = _truth("true where the residents live in another country")
    machine_detection = fields.Boolean(metadata=say("true or false"))
    auth_token = _text("the account's auth token", secret=True)
    alternate_auth_token = _text("the other auth token while tokens are being rotated", secret=True)


class _AliyunSchema(_Section):
    value = AliyunSettings
    access_key_id = _text("the id of an access key", validate.Regexp(r"^[0-9A-Za-z.]{0,64}\Z"))
    access_key_secret = _text("the secret of that access key", secret=True)
    sign_name = _text("the approved signature, without brackets", validate.Length(max=20))
    templates = fields.Dict(
        keys=fields.String(validate=_must(_is_sentence, "There is no such sentence.")),
        values=fields.String(validate=validate.Regexp(r"^SMS_[0-9A-Za-z]{1,40}\Z")),
        metadata=say('a table of approved templates by sentence, like { offer = "SMS_123456789" }'),
    )
    hook_secret = _text("at least 22 random letters, digits, - and _", _HOOK_SECRET, secret=True)
    base_url = _text(
        '"https://dysmsapi.aliyuncs.com", or a local stand-in', _must(_is_url, "Not an address of the web.")
    )
    total_deadline_s = _seconds("seconds above 0, at most 14", _WITHIN_LEASE)


class _ModemSchema(_Section):
    value = ModemSettings
    port = _text('a serial port like "/dev/ttyUSB2", or nothing')
    baud = _whole("the line's speed, like 115200", validate.Range(min=50, max=4_000_000))
    total_deadline_s = _seconds("seconds above 0, at most 14", _WITHIN_LEASE)
    country = _text('a calling code, like "86"', validate.Regexp(r"^[1-9][0-9]{0,2}\Z"))


class _WebhookSchema(_Section):
    value = WebhookSettings
    url = _text('an address like "https://messages.example/send"', _must(_is_receiver, "Not an address of the web."))
    secret = _text("whsec_ and the base64 of 24 to 64 random bytes", _SIGNING, secret=True)
    alternate_secret = _text("the other secret while secrets are being rotated", _SIGNING, secret=True)
    sms = _truth("true or false")
    voice = _truth("true or false")
    two_way = _truth("true or false")
    urls = _truth("true or false")
    receipts = _truth("true or false")
    cross_border = _truth("true where the residents live in another country")
    total_deadline_s = _seconds("seconds above 0, at most 14", _WITHIN_LEASE)


class _ProviderSchema(_Section):
    value = ProviderSettings
    aliyun = fields.Nested(_AliyunSchema)
    console = fields.Nested(_ConsoleSchema)
    modem = fields.Nested(_ModemSchema)
    twilio = fields.Nested(_TwilioSchema)
    webhook = fields.Nested(_WebhookSchema)


class _EscalationSchema(_Section):
    value = EscalationSettings
    file = _PathField(validate=_must(lambda path: path != Path(), "No file."), metadata=say("the path of a TOML file"))


class _NearestSchema(_Section):
    value = NearestSettings
    weights = fields.Dict(keys=fields.String(), values=fields.Float(), metadata=say("a table of numbers by name"))
    rings_s = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=0)),
        validate=validate.Length(equal=3),
        metadata=say("three whole numbers of seconds, like [0, 120, 300]"),
    )


class _OperatorSchema(_Section):
    value = OperatorSettings
    phones = fields.List(fields.String(validate=_PHONE), metadata=say('telephones in E.164, like ["+8613800000001"]'))


class _EmergencySchema(_Section):
    value = EmergencySettings
    number = _text('digits, like "120"', validate.Regexp(r"^[0-9]{3,6}\Z"))


class _WatchSchema(_Section):
    value = WatchSettings
    every_s = _seconds("seconds above 0")


class _SirenSchema(_Section):
    value = SirenSettings
    sound_console_s = _seconds("seconds above 0")
    command = _text("a program and its arguments, or nothing")
    relay = _text("the serial port of the relay, or nothing")
    relay_baud = _whole("a speed in baud", validate.Range(min=50, max=4_000_000))
    relay_on = _text("bytes in hexadecimal, as a00101a2", _BYTES)
    relay_off = _text("bytes in hexadecimal, as a00100a1", _BYTES)
    relay_alive = _text("bytes in hexadecimal, or nothing", _BYTES)
    modem = _text("the serial port of a modem, or nothing")
    modem_baud = _whole("a speed in baud", validate.Range(min=50, max=4_000_000))
    numbers = fields.List(_text("a telephone as +8613800000000", _PHONE))
    lang = _text('"zh" or "en"', validate.OneOf(["zh", "en"]))
    every_s = _seconds("seconds above 0, 10 at most", _UP_TO_TEN)
    stale_s = _seconds("seconds above 0")
    untaken_s = _seconds("seconds above 0")
    again_s = _seconds("seconds above 0")


class _ReachSchema(_Section):
    value = ReachSettings
    monthly = fields.Boolean(metadata=say("true or false"))
    from_hour = _whole("an hour from 0 to 23", validate.Range(min=0, max=23))
    until_hour = _whole("an hour from 1 to 24", validate.Range(min=1, max=24))

    @validates_schema
    def _hours_fit(self, data: dict[str, Any], **_: Any) -> None:
        usual = ReachSettings()
        if data.get("from_hour", usual.from_hour) >= data.get("until_hour", usual.until_hour):
            raise ValidationError({"until_hour": ["It must come after from_hour."]})


class _DrillSchema(_Section):
    value = DrillSettings
    every_h = fields.Float(validate=validate.Range(min=0), metadata=say("hours, 0 for none"))
    by = _text("the login of the operator who orders them")
    untested_days = _whole("days above 0")

    @validates_schema
    def _is_ordered(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("every_h") and not data.get("by"):
            raise ValidationError({"by": ["A named person orders exercises: write an operator's login."]})


class _LogSchema(_Section):
    value = LogSettings
    level = _text('"debug", "info", "warning" or "error"', validate.OneOf(["debug", "info", "warning", "error"]))
    format = _text('"auto", "json" or "console"', validate.OneOf(["auto", "json", "console"]))


class SettingsSchema(_Section):
    value = Settings
    database_url = _text(
        '"sqlite:///var/anling.db" or "postgresql+psycopg://user@host/name"',
        validate.Regexp(r"^(sqlite:///.+|postgresql\+psycopg://.*)\Z"),
    )
    home = _PathField(validate=_must(lambda path: path != Path(), "No folder."), metadata=say("the path of a folder"))
    web = fields.Nested(_WebSchema)
    gateways = fields.List(fields.Nested(_GatewaySchema))
    edge = fields.Nested(_EdgeSchema)
    devices = fields.Nested(_DeviceSchema)
    messages = fields.Nested(_MessageSchema)
    providers = fields.Nested(_ProviderSchema)
    escalation = fields.Nested(_EscalationSchema)
    nearest = fields.Nested(_NearestSchema)
    operators = fields.Nested(_OperatorSchema)
    emergency = fields.Nested(_EmergencySchema)
    watch = fields.Nested(_WatchSchema)
    siren = fields.Nested(_SirenSchema)
    reach = fields.Nested(_ReachSchema)
    drills = fields.Nested(_DrillSchema)
    log = fields.Nested(_LogSchema)

    @post_load
    def _made(self, loaded: dict[str, Any], **more: Any) -> Any:
        """The embedded database lies in the folder of data, unless it was said to be elsewhere."""
        loaded.setdefault("database_url", f"sqlite:///{loaded.get('home', Settings().home)}/anling.db")
        return super()._made(loaded, **more)

    @validates_schema
    def _gateways_differ(self, data: dict[str, Any], **_: Any) -> None:
        names = [gateway.name for gateway in data.get("gateways", ())]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ValidationError({"gateways": {index: {"name": [f"A gateway before this one is called {name}."]}}})
