"""
What the settings file may say: every key with its type, its limits and what to write instead of a wrong value.

`config/settings.py` applies it.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from config.options import (
    BreakerSettings,
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
    QuietSettings,
    ReachSettings,
    Settings,
    SirenSettings,
    WatchSettings,
    WebSettings,
)
from config.schemas import say
from config.settings_anomalies import AnomalySchema
from config.settings_bedmoney import BedMoneySchema
from config.settings_beds import BedsSchema
from config.settings_care import VisitSchema
from config.settings_coverage import CoverageSchema, TravelSchema
from config.settings_duty import DutySchema
from config.settings_encryption import refuse_weak
from config.settings_fields import PathField, Section, is_url, must, seconds, text, truth, whole
from config.settings_lines import LINES_IN, refuse_shared_lines
from config.settings_meals import MealSchema
from config.settings_office import (
    AccountSchema,
    EncryptionSchema,
    FigureSchema,
    MapSchema,
    OutgoingSchema,
    PrivacySchema,
    ReviewSchema,
    SatisfactionSchema,
    UploadSchema,
)
from config.settings_planning import PlanningSchema
from config.settings_providers import ProviderSchema
from config.settings_rounds import OrderSchema, RoundSchema
from config.settings_serving import ServingSchema
from config.settings_settlement import SettlementSchema
from config.settings_upkeep import AliveSchema, BackupSchema
from config.settings_welfare import WelfareSchema
from devices.ports import check_address

_NAME = validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_NAME_OR_NOTHING = validate.Regexp(r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?\Z")


def _is_number(typed: str) -> bool:
    # Loaded only where somebody wrote one: a start waits for nothing that it does not need.
    from config.district_phones import typed_number

    return typed_number(typed) is not None


_NUMBER_OR_NONE = must(lambda typed: not typed or _is_number(typed), "Not a telephone number.")
_PHONE = validate.Regexp(r"^\+[1-9][0-9]{6,14}\Z")
_CLOCK = validate.Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")


def _is_listen(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and len(port) <= 5 and port.isascii() and port.isdigit() and int(port) <= 65_535


def _is_private(text: str) -> bool:
    """The key of a machine goes over TLS, or does not leave the machine."""
    here = is_url(text) and urlsplit(text).hostname in {"localhost", "127.0.0.1", "::1"}
    return is_url(text) and not text.endswith("/") and (here or text.startswith("https://"))


def _port(text: str) -> None:
    try:
        check_address(text)
    except ValueError as wrong:
        raise ValidationError(f"Not a port: {wrong}.") from None


_LISTEN = must(_is_listen, "Not an address to listen on.")
_URL = must(lambda text: text == "" or (is_url(text) and not text.endswith("/")), "Not an address of the web.")
_SERVICE = must(lambda text: text == "" or _is_private(text), "Not a private way to the service.")
_HEX_KEY = must(
    lambda text: len(text) in {0, 32, 48, 64} and not set(text.lower()) - set("0123456789abcdef"),
    "Not a key of 16, 24 or 32 bytes in hexadecimal.",
)
_BYTES = must(
    lambda text: len(text) % 2 == 0 and not set(text.lower()) - set("0123456789abcdef"), "Not bytes in hexadecimal."
)
_UP_TO_TEN = validate.Range(min=0, max=10, min_inclusive=False)
_SILENCE = must(lambda seconds: seconds == 0 or 30 <= seconds <= 170, "Not a time after which 180 s can be kept.")


STREAMS_MIN = 8
"""Boards that a service must have room for."""


class _WebSchema(Section):
    value = WebSettings
    listen = text('host and port, like "127.0.0.1:8080"', _LISTEN)
    public_url = text('the address carers see, like "https://anling.example", without a slash at the end', _URL)
    threads = whole("a number of threads from 1 to 4096")
    streams_max = whole("a number at least 8 below web.threads")
    trusted_proxy = text("the address of the proxy in front, or nothing")
    hsts_subdomains = truth("true or false")

    @validates_schema
    def _streams_leave_room(self, data: dict[str, Any], **_: Any) -> None:
        threads = data.get("threads", WebSettings().threads)
        if data.get("streams_max", STREAMS_MIN) > threads - 8:
            raise ValidationError("Live streams would hold the threads that pages need.", "streams_max")

    @post_load
    def _made(self, loaded: dict[str, Any], **more: Any) -> Any:
        """Who has set fewer threads and said nothing of streams gets as many as there is room for."""
        room = loaded.get("threads", WebSettings().threads) - 8
        loaded.setdefault("streams_max", min(WebSettings().streams_max, room))
        return super()._made(loaded, **more)


class _GatewaySchema(Section):
    value = GatewaySettings
    name = text("a name of its own in letters, digits, dots and dashes", _NAME, required=True)
    protocol = text('the name of a decoder, like "rflink"', _NAME, required=True)
    port = text('a serial port like "/dev/ttyUSB0", or a stream like "tcp-listen://0.0.0.0:5000"',
                 validate.Length(min=1), _port, required=True)  # fmt: skip
    baud = whole("the line's speed, like 57600", validate.Range(min=50, max=4_000_000))
    bytesize = whole("5, 6, 7 or 8", validate.OneOf([5, 6, 7, 8]))
    parity = text('"N", "E", "O", "M" or "S"', validate.OneOf(list("NEOMS")))
    stopbits = fields.Float(validate=validate.OneOf([1.0, 1.5, 2.0]), metadata=say("1, 1.5 or 2"))
    profile = text('the name of a code table, like "standard"', _NAME)
    codes = fields.Dict(keys=fields.String(), values=fields.String(), metadata=say('a table like { "140" = "press" }'))
    station = text("the code of a station in the district file, or nothing")
    password = text("the password of the user in the port's address", secret=True)
    silent_s = seconds("seconds, or 0", validate.Range(min=0))
    key = text("32, 48 or 64 hexadecimal digits, or nothing", _HEX_KEY, secret=True)

    @validates_schema
    def _users_have_passwords(self, data: dict[str, Any], **_: Any) -> None:
        port = urlsplit(data.get("port", ""))
        if port.scheme == "sip-listen" and port.username and not port.password and not data.get("password"):
            raise ValidationError("The user in the port's address has no password, so nobody could report.", "password")


class _EdgeSchema(Section):
    value = EdgeSettings
    name = text("a name of its own in letters, digits, dots and dashes, or nothing", _NAME_OR_NOTHING)
    url = text('the address of the service, like "https://anling.example", without a slash at the end', _SERVICE)
    key = text("a key of the service with the scope signals", validate.Length(max=200), secret=True)
    ca_file = text("the path of a file of certificates, or nothing")
    spool = text("the path of a file, or nothing")
    spool_mb = whole("megabytes from 4 to 100000", validate.Range(min=4, max=100_000))
    pages = fields.List(fields.String(validate=_PHONE), metadata=say('telephones in E.164, like ["+8613800000001"]'))
    modem = text('a serial port like "/dev/ttyUSB2", or nothing')
    modem_baud = whole("the line's speed, like 115200", validate.Range(min=50, max=4_000_000))
    lang = text('"zh" or "en"', validate.OneOf(["zh", "en"]))


class _DeviceSchema(Section):
    value = DeviceSettings
    file = PathField(validate=must(lambda path: path != Path(), "No file."), metadata=say("the path of a TOML file"))
    forwarding_silent_s = seconds("seconds from 30 to 170, or 0 for never", _SILENCE)


class _BreakerSchema(Section):
    value = BreakerSettings
    failures = whole("a number of failures from 1 to 100", validate.Range(min=1, max=100))
    window_s = seconds("seconds above 0")
    open_s = seconds("seconds above 0, and not above open_max_s")
    open_max_s = seconds("seconds above 0")

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        usual = BreakerSettings()
        if data.get("open_s", usual.open_s) > data.get("open_max_s", usual.open_max_s):
            raise ValidationError("It is longer than open_max_s.", "open_s")


class _QuietSchema(Section):
    value = QuietSettings
    begin = text('a time of day, like "21:00"', _CLOCK, data_key="from")
    end = text('a time of day, like "08:00"', _CLOCK, data_key="until")
    kinds = fields.List(
        fields.String(validate=validate.OneOf(["family", "reminder", "report"])),
        metadata=say('of family, reminder and report those that can wait, like ["reminder", "report"]'),
    )
    spread_s = seconds("seconds, or 0", validate.Range(min=0))


def _limits() -> fields.Field[Any]:
    pair = fields.List(fields.Integer(strict=True, validate=validate.Range(min=1)), validate=validate.Length(equal=2))
    return fields.List(pair, metadata=say("pairs of a count and of seconds, like [[1, 180], [8, 7200]]"))


class _LimitSchema(Section):
    value = LimitSettings
    confirmation = _limits()
    family = _limits()
    reminder = _limits()
    report = _limits()


class _MessageSchema(Section):
    value = MessageSettings
    order = fields.List(
        fields.String(validate=validate.OneOf(["aliyun", "console", "modem", "twilio", "webhook"])),
        validate=[validate.Length(min=1), must(lambda names: len(set(names)) == len(names), "A name stands twice.")],
        metadata=say('names of providers, each once, like ["twilio"]'),
    )
    codes = text('"always" or "when_needed"', validate.OneOf(["always", "when_needed"]))
    emergency_workers = whole("a number of threads from 1 to 4096")
    notice_workers = whole("a number of threads from 1 to 4096")
    hedge_s = seconds("seconds, or 0 for never", validate.Range(min=0))
    receipt_limit_s = seconds("seconds, or 0 for never", validate.Range(min=0))
    poll_s = seconds("seconds, or 0 for never", validate.Range(min=0))
    breaker = fields.Nested(_BreakerSchema)
    quiet = fields.Nested(_QuietSchema)
    limits = fields.Nested(_LimitSchema)


class _EscalationSchema(Section):
    value = EscalationSettings
    file = PathField(validate=must(lambda path: path != Path(), "No file."), metadata=say("the path of a TOML file"))


class _NearestSchema(Section):
    value = NearestSettings
    weights = fields.Dict(keys=fields.String(), values=fields.Float(), metadata=say("a table of numbers by name"))
    rings_s = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=0)),
        validate=validate.Length(equal=3),
        metadata=say("three whole numbers of seconds, like [0, 120, 300]"),
    )


class _OperatorSchema(Section):
    value = OperatorSettings
    phones = fields.List(fields.String(validate=_PHONE), metadata=say('telephones in E.164, like ["+8613800000001"]'))
    desk_phone = text('a telephone as people dial it, like "0311-88888888"', _NUMBER_OR_NONE)


class _EmergencySchema(Section):
    value = EmergencySettings
    number = text('digits, like "120"', validate.Regexp(r"^[0-9]{3,6}\Z"))


class _WatchSchema(Section):
    value = WatchSettings
    every_s = seconds("seconds above 0")


class _SirenSchema(Section):
    value = SirenSettings
    sound_console_s = seconds("seconds above 0")
    command = text("a program and its arguments, or nothing")
    relay = text("the serial port of the relay, or nothing")
    relay_baud = whole("a speed in baud", validate.Range(min=50, max=4_000_000))
    relay_on = text("bytes in hexadecimal, as a00101a2", _BYTES)
    relay_off = text("bytes in hexadecimal, as a00100a1", _BYTES)
    relay_alive = text("bytes in hexadecimal, or nothing", _BYTES)
    modem = text("the serial port of a modem, or nothing")
    modem_baud = whole("a speed in baud", validate.Range(min=50, max=4_000_000))
    numbers = fields.List(text("a telephone as +8613800000000", _PHONE))
    lang = text('"zh" or "en"', validate.OneOf(["zh", "en"]))
    every_s = seconds("seconds above 0, 10 at most", _UP_TO_TEN)
    stale_s = seconds("seconds above 0")
    untaken_s = seconds("seconds above 0")
    again_s = seconds("seconds above 0")


class _ReachSchema(Section):
    value = ReachSettings
    monthly = fields.Boolean(metadata=say("true or false"))
    from_hour = whole("an hour from 0 to 23", validate.Range(min=0, max=23))
    until_hour = whole("an hour from 1 to 24", validate.Range(min=1, max=24))

    @validates_schema
    def _hours_fit(self, data: dict[str, Any], **_: Any) -> None:
        usual = ReachSettings()
        if data.get("from_hour", usual.from_hour) >= data.get("until_hour", usual.until_hour):
            raise ValidationError({"until_hour": ["It must come after from_hour."]})


class _DrillSchema(Section):
    value = DrillSettings
    every_h = fields.Float(validate=validate.Range(min=0), metadata=say("hours, 0 for none"))
    by = text("the login of the operator who orders them")
    untested_days = whole("days above 0")

    @validates_schema
    def _is_ordered(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("every_h") and not data.get("by"):
            raise ValidationError({"by": ["A named person orders exercises: write an operator's login."]})


class _LogSchema(Section):
    value = LogSettings
    level = text('"debug", "info", "warning" or "error"', validate.OneOf(["debug", "info", "warning", "error"]))
    format = text('"auto", "json" or "console"', validate.OneOf(["auto", "json", "console"]))


class SettingsSchema(Section):
    value = Settings
    database_url = text(
        '"sqlite:///var/anling.db" or "postgresql+psycopg://user@host/name"',
        validate.Regexp(r"^(sqlite:///.+|postgresql\+psycopg://.*)\Z"),
    )
    home = PathField(validate=must(lambda path: path != Path(), "No folder."), metadata=say("the path of a folder"))
    web = fields.Nested(_WebSchema)
    map = fields.Nested(MapSchema)
    gateways = fields.List(fields.Nested(_GatewaySchema))
    edge = fields.Nested(_EdgeSchema)
    devices = fields.Nested(_DeviceSchema)
    messages = fields.Nested(_MessageSchema)
    providers = fields.Nested(ProviderSchema)
    escalation = fields.Nested(_EscalationSchema)
    nearest = fields.Nested(_NearestSchema)
    operators = fields.Nested(_OperatorSchema)
    accounts = fields.Nested(AccountSchema)
    emergency = fields.Nested(_EmergencySchema)
    watch = fields.Nested(_WatchSchema)
    siren = fields.Nested(_SirenSchema)
    reach = fields.Nested(_ReachSchema)
    drills = fields.Nested(_DrillSchema)
    duty = fields.Nested(DutySchema)
    backup = fields.Nested(BackupSchema)
    alive = fields.Nested(AliveSchema)
    coverage = fields.Nested(CoverageSchema)
    travel = fields.Nested(TravelSchema)
    rounds = fields.Nested(RoundSchema)
    anomalies = fields.Nested(AnomalySchema)
    orders = fields.Nested(OrderSchema)
    satisfaction = fields.Nested(SatisfactionSchema)
    privacy = fields.Nested(PrivacySchema)
    encryption = fields.Nested(EncryptionSchema)
    uploads = fields.Nested(UploadSchema)
    webhooks = fields.Nested(OutgoingSchema)
    figures = fields.Nested(FigureSchema)
    planning = fields.Nested(PlanningSchema)
    meals = fields.Nested(MealSchema)
    welfare = fields.Nested(WelfareSchema)
    review = fields.Nested(ReviewSchema)
    beds = fields.Nested(BedsSchema)
    bedmoney = fields.Nested(BedMoneySchema)
    serving = fields.Nested(ServingSchema)
    settlement = fields.Nested(SettlementSchema)
    visits = fields.Nested(VisitSchema)
    log = fields.Nested(_LogSchema)

    @post_load
    def _made(self, loaded: dict[str, Any], **more: Any) -> Any:
        """The embedded database lies in the folder of data, unless it was said to be elsewhere."""
        loaded.setdefault("database_url", f"sqlite:///{loaded.get('home', Settings().home)}/anling.db")
        made: Settings = super()._made(loaded, **more)
        refuse_weak(made)
        return made

    @validates_schema
    def _gateways_differ(self, data: dict[str, Any], **_: Any) -> None:
        names = [gateway.name for gateway in data.get("gateways", ())]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise ValidationError({"gateways": {index: {"name": [f"A gateway before this one is called {name}."]}}})

    @validates_schema
    def _lines_differ(self, data: dict[str, Any], **_: Any) -> None:
        usual = Settings()
        refuse_shared_lines(**{name: data.get(name, getattr(usual, name)) for name in LINES_IN})
