"""
The settings as values: frozen, with the defaults that hold when nothing is said.

`config/settings.py` reads and checks them; `config/default.toml` tells an installer what each is for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from config.anomalies_options import AnomalySettings as AnomalySettings
from config.bedmoney_options import BedMoneySettings as BedMoneySettings
from config.beds_options import BedSettings as BedSettings
from config.care_options import VisitSettings as VisitSettings
from config.coverage_options import CoverageSettings, TravelSettings
from config.duty_options import DutySettings as DutySettings
from config.meal_options import MealSettings as MealSettings
from config.office_options import AccountSettings as AccountSettings
from config.office_options import EncryptionSettings as EncryptionSettings
from config.office_options import FigureSettings as FigureSettings
from config.office_options import MapSettings as MapSettings
from config.office_options import OutgoingSettings as OutgoingSettings
from config.office_options import PrivacySettings as PrivacySettings
from config.office_options import ReviewSettings as ReviewSettings
from config.office_options import SatisfactionSettings as SatisfactionSettings
from config.office_options import UploadSettings as UploadSettings
from config.planning_options import PlanningSettings as PlanningSettings
from config.provider_options import AliyunSettings, ModemSettings, WebhookSettings
from config.rounds_options import OrderSettings as OrderSettings
from config.rounds_options import RoundSettings as RoundSettings
from config.serving_options import ServingSettings as ServingSettings
from config.settlement_options import SettlementSettings as SettlementSettings
from config.upkeep_options import AliveSettings as AliveSettings
from config.upkeep_options import BackupSettings as BackupSettings
from config.welfare_options import WelfareSettings as WelfareSettings
from dispatch.horn.settings import SirenSettings as SirenSettings

_ESCALATION = Path(__file__).with_name("escalation.toml")
_DEVICES = Path(__file__).with_name("devices.toml")
_AUTH_TOKEN_REMEDY = "Set ANLING_PROVIDERS__TWILIO__AUTH_TOKEN, or name a file in auth_token_file."  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """
    Where pages are served. `public_url` is the address that carers and providers see, without a slash at the end; empty
    means the address listened on. `streams_max` live streams hold a thread each and stay below `threads`.
    `hsts_subdomains`: browsers are told to reach no name below that of `public_url` without https either.
    """

    listen: str = "127.0.0.1:8080"
    public_url: str = ""
    threads: int = 144
    streams_max: int = 64
    trusted_proxy: str = ""
    hsts_subdomains: bool = True

    @property
    def host(self) -> str:
        """The interface listened on, without the brackets of an IPv6 address."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The TCP port listened on; 0 lets the machine choose."""
        return int(self.listen.rpartition(":")[2])

    @property
    def base_url(self) -> str:
        """What links and signature checks are built from: never the request's own host."""
        return self.public_url or f"http://{self.listen}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """
    One gateway wired to this service. `port` is any pyserial URL, or `exec:…` or `stdin:` and
    so on. `profile` names a receiver's code table; `codes` (code → event) goes on top of it. `station` is the code of
    the station that answers for devices nobody has registered. `password` is that of the user whom `port` names.
    `silent_s`: quiet for so long, it counts as silent; 0 is what the kind of port has by itself. `key` is the AES key
    of encrypted messages.
    """

    name: str
    protocol: str
    port: str = field(repr=False)
    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1.0
    profile: str = "standard"
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    station: str = ""
    password: str = field(default="", repr=False)
    silent_s: float = 0.0
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """
    What `anling gateway` needs: it hears the gateways of these settings and forwards to the service at `url`.

    `spool` is the file that keeps what was heard; empty means in the folder of data. `pages` are paged by the modem on
    the line `modem` when the service cannot be reached.
    """

    name: str = ""
    url: str = ""
    key: str = field(default="", repr=False)
    ca_file: str = ""
    spool: str = ""
    spool_mb: int = 64
    pages: tuple[str, ...] = ()
    modem: str = ""
    modem_baud: int = 115_200
    lang: str = "zh"

    def lacking(self) -> dict[str, str]:
        """What it cannot forward without: key to remedy."""
        lacks = {}
        if not self.name:
            lacks["edge.name"] = 'Write a name of its own, like "garden-edge".'
        if not self.url:
            lacks["edge.url"] = 'Write the address of the service, like "https://anling.example".'
        if not self.key:
            lacks["edge.key"] = (
                "Make one on the service with `anling key add NAME --scope signals`; set ANLING_EDGE__KEY, "
                "or name a file in edge.key_file."
            )
        if self.pages and not self.modem:
            lacks["edge.modem"] = (
                "Write the serial port of the modem that pages these numbers, or take edge.pages away."
            )
        return lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """
    How devices are looked after: the file that says so, and after how many seconds without a word a forwarding gateway
    counts as deaf; 0 for never.
    """

    file: Path = _DEVICES
    forwarding_silent_s: float = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings:
    """When a road to people is held to be in doubt, and for how long: see `rules.breaker.BreakerLimits`."""

    failures: int = 3
    window_s: float = 60.0
    open_s: float = 15.0
    open_max_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietSettings:
    """Between two times of day what is named in `kinds` waits, and leaves afterwards within `spread_s` seconds."""

    begin: str = "21:00"
    end: str = "08:00"
    kinds: tuple[str, ...] = ("reminder", "report")
    spread_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How many messages of a kind one contact gets: pairs of a count and of seconds."""

    confirmation: tuple[tuple[int, int], ...] = ((120, 60), (600, 3600))
    family: tuple[tuple[int, int], ...] = ((1, 180), (3, 1200), (8, 7200))
    reminder: tuple[tuple[int, int], ...] = ((1, 900), (6, 86_400))
    report: tuple[tuple[int, int], ...] = ((2, 86_400),)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettings:
    """
    How messages leave. `order` is the order of fail-over; emergencies have workers of their own.

    `hedge_s`: a provider that has not answered by then gets a second beside it. `receipt_limit_s`: what was taken and
    has no receipt by then counts as not received. `poll_s`: how often providers are asked for replies. All in seconds,
    0 for never.
    How messages leave. `order` is the order of fail-over; emergencies have workers of their own. `codes` says whether
    an offer names its code `always` or only `when_needed`.
    """

    order: tuple[str, ...] = ("console",)
    codes: str = "when_needed"
    emergency_workers: int = 24
    notice_workers: int = 4
    hedge_s: float = 3.0
    receipt_limit_s: float = 30.0
    poll_s: float = 60.0
    breaker: BreakerSettings = BreakerSettings()
    quiet: QuietSettings = QuietSettings()
    limits: LimitSettings = LimitSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """
    The account at Twilio. `sender` is the key `from`; `notices_from` sends what is no emergency. Two tokens may be
    good at once, for rotation.
    """

    account_sid: str = ""
    sender: str = ""
    messaging_service_sid: str = ""
    voice_from: str = ""
    notices_from: str = ""
    base_url: str = "https://api.twilio.com"
    total_deadline_s: float = 6.0
    cross_border: bool = False
    machine_detection: bool = True
    auth_token: str = field(default="", repr=False)
    alternate_auth_token: str = field(default="", repr=False)

    def lacking(self) -> dict[str, str]:
        """What this account cannot send without: key to remedy."""
        lacks = {}
        if not self.account_sid:
            lacks["account_sid"] = "Write the account's SID, which begins with AC."
        if not self.auth_token:
            lacks["auth_token"] = _AUTH_TOKEN_REMEDY
        if not (self.sender or self.messaging_service_sid):
            lacks["from"] = "Write a sending number in E.164, or a messaging_service_sid."
        return lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """
    The embedded default: messages are shown on the phone page of the console. `fault` goes wrong on purpose from the
    start; `token` lets a program beside the service answer for people, drawn at random when empty.
    """

    fault: str = "none"
    token: str = field(default="", repr=False)

    def lacking(self) -> dict[str, str]:
        """Nothing: the console is always ready."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What each message provider needs."""

    aliyun: AliyunSettings = field(default_factory=AliyunSettings)
    console: ConsoleSettings = ConsoleSettings()
    modem: ModemSettings = field(default_factory=ModemSettings)
    twilio: TwilioSettings = TwilioSettings()
    webhook: WebhookSettings = field(default_factory=WebhookSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationSettings:
    """The file of escalation policies."""

    file: Path = _ESCALATION


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestSettings:
    """
    How the nearest carer is judged. `weights` replace figures of the built-in formula by name (the wiring refuses names
    that the formula does not know); `rings_s` is what each ring of candidates costs in seconds of travel.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    rings_s: tuple[int, ...] = (0, 120, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """
    The telephones of the people on watch, E.164, paged when nobody else answers; `desk_phone` is what others call.
    """

    phones: tuple[str, ...] = ()
    desk_phone: str = ""

    @property
    def desk(self) -> str:
        """The number by which people call the desk; empty where there is none."""
        return self.desk_phone or next(iter(self.phones), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencySettings:
    """The public emergency number that an operator is told to call."""

    number: str = "120"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """The independent auditor: seconds between two passes."""

    every_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachSettings:
    """
    The monthly test of each carer's telephone: whether there is one, and the local hours between which it is sent.
    """

    monthly: bool = False
    from_hour: int = 9
    until_hour: int = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillSettings:
    """
    Exercises by themselves: a path every `every_h` hours (0: none), ordered by the operator with this login, between
    the hours of the reach tests. A path not shown to work for `untested_days` is told on the board.
    """

    every_h: float = 0.0
    by: str = ""
    untested_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The log on standard output: `format` is json, console, or auto (console on a terminal)."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that was set, checked. `home` is the folder of data; the database's address may hold a password."""

    database_url: str = field(default="sqlite:///var/anling.db", repr=False)
    home: Path = Path("var")
    web: WebSettings = WebSettings()
    map: MapSettings = field(default_factory=MapSettings)
    gateways: tuple[GatewaySettings, ...] = ()
    edge: EdgeSettings = EdgeSettings()
    devices: DeviceSettings = DeviceSettings()
    messages: MessageSettings = MessageSettings()
    providers: ProviderSettings = ProviderSettings()
    escalation: EscalationSettings = EscalationSettings()
    nearest: NearestSettings = NearestSettings()
    operators: OperatorSettings = OperatorSettings()
    accounts: AccountSettings = field(default_factory=AccountSettings)
    emergency: EmergencySettings = EmergencySettings()
    watch: WatchSettings = WatchSettings()
    siren: SirenSettings = field(default_factory=SirenSettings)
    reach: ReachSettings = ReachSettings()
    drills: DrillSettings = DrillSettings()
    duty: DutySettings = field(default_factory=DutySettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    alive: AliveSettings = field(default_factory=AliveSettings)
    coverage: CoverageSettings = field(default_factory=CoverageSettings)
    travel: TravelSettings = field(default_factory=TravelSettings)
    rounds: RoundSettings = field(default_factory=RoundSettings)
    anomalies: AnomalySettings = field(default_factory=AnomalySettings)
    orders: OrderSettings = field(default_factory=OrderSettings)
    satisfaction: SatisfactionSettings = field(default_factory=SatisfactionSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    encryption: EncryptionSettings = field(default_factory=EncryptionSettings)
    uploads: UploadSettings = field(default_factory=UploadSettings)
    webhooks: OutgoingSettings = field(default_factory=OutgoingSettings)
    figures: FigureSettings = field(default_factory=FigureSettings)
    planning: PlanningSettings = field(default_factory=PlanningSettings)
    meals: MealSettings = field(default_factory=MealSettings)
    welfare: WelfareSettings = field(default_factory=WelfareSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    beds: BedSettings = field(default_factory=BedSettings)
    bedmoney: BedMoneySettings = field(default_factory=BedMoneySettings)
    serving: ServingSettings = field(default_factory=ServingSettings)
    settlement: SettlementSettings = field(default_factory=SettlementSettings)
    visits: VisitSettings = field(default_factory=VisitSettings)
    log: LogSettings = LogSettings()

    def lacking(self) -> dict[str, str]:
        """
        What a provider named in `messages.order` still needs: full key to remedy, empty when all is there.

        Not part of the checking, because `doctor` and `decode` run without credentials; the start of the service asks.
        """
        return {
            f"providers.{name}.{key}": remedy
            for name in self.messages.order
            for key, remedy in getattr(self.providers, name).lacking().items()
        }
