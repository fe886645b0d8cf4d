"""`anling doctor`: looks everything over and says, for each thing that is not well, what cures it."""

import http.client
import json
import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from config import doctor_files, doctor_machine, doctor_safety, doctor_upkeep, edge
from config.admin import is_served
from config.almanac import FAULT_DAYS
from config.callbacks import REMEDY, unfetched, unfound_by_twilio
from config.databases import known, newest, revision, sqlite_version
from config.findings import Finding
from config.holiday_files import FOLDER, own_folder, read_holidays
from config.settings import GatewaySettings, Settings
from config.wiring_desk import read_escalation
from devices.decoders import DECODERS
from devices.ports import PortLost, is_listener, open_listener, open_port, without_password
from dispatch.clock import SystemClock
from dispatch.errors import Refusal
from dispatch.horn.state import SIREN_BEAT_S, SirenState
from dispatch.messages.providers import PROVIDERS
from dispatch.messages.sentences import SENTENCES
from dispatch.store.database import is_sqlite, reading_engine, sqlite_file, sqlite_module
from dispatch.store.people import People
from dispatch.store.pulse import NotWritten
from dispatch.store.record import Record
from dispatch.web.reports import pdf
from schedules.duty.roster import Roster

DISK_FREE_MB = 500
"""Below this the service may soon be unable to make a press durable."""

CALLERS = frozenset({"console", "twilio"})
"""Providers that make calls whatever the settings say."""

YEAR_MIN = 2026
"""A machine without a clock battery boots in 1970; the program was written in this year."""


def examine(settings: Settings, *, as_json: bool) -> int:
    """Prints all findings; 0 when everything is well."""
    looks = EDGE_LOOKS if _is_edge_only(settings) else LOOKS
    findings = [finding for look in looks for finding in _looked(look, settings)]
    if as_json:
        print(json.dumps([asdict(each) for each in findings], ensure_ascii=False))
    else:
        for each in findings:
            cure = f"\n    → {each.cure}" if each.cure else ""
            print(f"{'✓' if each.well else '✗'} {each.name}: {each.seen}{cure}")
    return 0 if all(each.well for each in findings) else 1


def _looked(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> list[Finding]:
    """The findings of one look; a look that cannot be finished is a finding itself."""
    try:
        return list(look(settings))
    except (OSError, Refusal, ValueError, NotWritten, sqlite_module().DatabaseError) as error:
        seen = str(getattr(error, "orig", None) or error)
        return [
            Finding(name=look.__name__.strip("_"), well=False, seen=seen, cure=_FIRST.get(look.__name__, "mend this"))
        ]


_DAMAGED = "anling db check says what is broken; then anling db restore FOLDER"
_FIRST = {
    "_database": _DAMAGED, "_books": _DAMAGED, "_saved": "anling db backup", "_write_through": "mend the disk",
    "_escalation": "mend the file, then start the service again; until then it goes by what last stood here",
}  # fmt: skip


def _python(_: Settings) -> Iterator[Finding]:
    well = sys.version_info >= (3, 11)
    yield Finding(
        name="python", well=well, seen=platform.python_version(), cure="" if well else "install Python 3.11 or newer"
    )


def _sqlite(settings: Settings) -> Iterator[Finding]:
    if not is_sqlite(settings.database_url):
        return
    version, safe = sqlite_version()
    cure = (
        ""
        if safe
        else "one writer keeps it safe; install pysqlite3 (x86-64) or SQLite 3.51.3 to be past the WAL-reset bug"
    )
    yield Finding(name="sqlite", well=True, seen=f"{version}{'' if safe else ' (before 3.51.3)'}", cure=cure)


def _database(settings: Settings) -> Iterator[Finding]:
    path = sqlite_file(settings.database_url)
    if path is not None and not path.exists():
        yield Finding(
            name="database",
            well=False,
            seen=f"{path} is not there yet",
            cure="anling db upgrade, then anling load FILE",
        )
        return
    engine = reading_engine(settings.database_url)
    at = revision(engine)
    cure = "anling db upgrade" if at is None or at in known() else "they are newer: install the newer program"
    yield Finding(name="database", well=at == newest(), seen=f"tables at {at}", cure="" if at == newest() else cure)
    if at == newest():
        with engine.connect() as connection:
            people, head = People(connection), Record(connection).head()[0]
            homes, carers = len(people.homes()), len(people.carers())
        cure = "" if homes and carers else "anling load DISTRICT.toml"
        yield Finding(name="district", well=not cure, seen=f"{homes} homes, {carers} carers, {head} entries", cure=cure)
        on_duty = len(Roster(engine).on_duty(SystemClock().now()).until)
        cure = "" if on_duty else "nobody is on duty now: load shifts"
        yield Finding(name="roster", well=bool(on_duty), seen=f"{on_duty} carers on duty", cure=cure)
    engine.dispose()


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(each for each in (settings.home, *settings.home.resolve().parents, Path("/")) if each.exists())
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    well = free_mb >= DISK_FREE_MB
    yield Finding(name="disk", well=well, seen=f"{free_mb} MB free at {folder}", cure="" if well else "make room")


def _clock(_: Settings) -> Iterator[Finding]:
    now = SystemClock().now()
    well = now.year >= YEAR_MIN
    yield Finding(name="clock", well=well, seen=now.isoformat(), cure="" if well else "set the clock; start NTP")


def _escalation(settings: Settings) -> Iterator[Finding]:
    policies = read_escalation(settings).policies
    names = sorted({policy.name for policy in policies.by_cause.values()})
    yield Finding(name="escalation", well=True, seen=", ".join(names))


def _days_off(settings: Settings) -> Iterator[Finding]:
    """Whether the years that matter now and soon have their notice; the machine's own day is near enough."""
    table = read_holidays(own_folder(settings.duty.holidays, settings.home))
    missing = table.to_tell(SystemClock().now().date())
    seen = ", ".join(f"{year} is not on file: weekdays only" for year, _ in missing) or "on file"
    cure = f"copy the year's file into {settings.duty.holidays or settings.home / FOLDER}" if missing else ""
    yield Finding(name="days off", well=all(mark > FAULT_DAYS for _, mark in missing), seen=seen, cure=cure)


def _providers(settings: Settings) -> Iterator[Finding]:
    lacking = settings.lacking()
    for name in settings.messages.order:
        missing = {key: cure for key, cure in lacking.items() if key.startswith(f"providers.{name}.")}
        known = name in PROVIDERS
        seen = "ready" if known and not missing else f"lacks {', '.join(missing) or 'everything'}"
        yield Finding(name=f"provider {name}", well=known and not missing, seen=seen, cure=" ".join(missing.values()))
    yield from _about_providers(settings)
    if tuple(settings.messages.order) == ("console",):
        yield Finding(
            name="messages",
            well=True,
            seen="console only: nothing is sent to anybody",
            cure='set messages.order = ["twilio"]',
        )


def _duty_phones(settings: Settings) -> Iterator[Finding]:
    """Whether anybody on watch is told by telephone: the last step of an alarm, a late round, an uncovered hour."""
    n = len(settings.operators.phones)
    cure = "" if n else "set operators.phones: what is told to the people on watch reaches nobody, texts name no desk"
    yield Finding(name="duty phones", well=bool(n), seen=f"{n} on file", cure=cure)


def _about_providers(settings: Settings) -> Iterator[Finding]:
    """What the credentials alone do not say."""
    said, order = settings.providers, settings.messages.order
    if "modem" in order and said.modem.port.startswith("/"):
        cure = _device_cure(Path(said.modem.port))
        yield Finding(name="modem", well=not cure, seen=said.modem.port, cure=cure)
    if "aliyun" in order:
        without = sorted(set(SENTENCES) - {name.partition(".")[0] for name in said.aliyun.templates})
        seen = f"{len(SENTENCES) - len(without)} of {len(SENTENCES)} sentences have a template"
        cure = f"these go by the next provider: {', '.join(without)}" if without else ""
        yield Finding(name="aliyun templates", well=not without or len(order) > 1, seen=seen, cure=cure)
    if not set(order) & CALLERS and not ("webhook" in order and said.webhook.voice):
        cure = "add twilio, or a webhook with voice = true: whoever does not hear a text is not rung"
        yield Finding(name="calls", well=True, seen="no provider makes calls", cure=cure)
    if lost := unfound_by_twilio(settings):
        yield Finding(name="callbacks twilio", well=False, seen=lost, cure=REMEDY)
    if "twilio" in order and not said.twilio.notices_from:
        cure = "set providers.twilio.notices_from to a second number: Twilio knows no priorities within one"
        yield Finding(name="sender twilio", well=True, seen="one sender for emergencies and reminders", cure=cure)
    yield from _lost_answers(settings)
    abroad = {"twilio": said.twilio.cross_border, "webhook": said.webhook.cross_border}
    for name in (each for each in order if each in abroad):
        told = "told no names, addresses or illness" if abroad[name] else "told names, addresses and illness"
        cure = "" if abroad[name] else f"providers.{name}.cross_border = true, if it lies in another country"
        yield Finding(name=f"border {name}", well=True, seen=told, cure=cure)


def _lost_answers(settings: Settings) -> Iterator[Finding]:
    """Whether an answer whose webhook was lost is fetched; Twilio's and the modem's are, without a setting."""
    lost = unfetched(settings)
    answer = {"aliyun", "webhook"} if settings.providers.webhook.two_way else {"aliyun"}
    for name in (each for each in settings.messages.order if each in answer):
        seen = "lost where a webhook is lost" if name in lost else "fetched where a webhook was lost"
        cure = f"set {lost[name]}: a lost answer is a lost acceptance" if name in lost else ""
        yield Finding(name=f"answers {name}", well=True, seen=seen, cure=cure)


def _gateways(settings: Settings) -> Iterator[Finding]:
    if not settings.gateways:
        yield Finding(name="gateways", well=False, seen="none", cure="add [[gateways]] to the settings")
    for each in settings.gateways:
        known = each.protocol in DECODERS
        cure = "" if known else f"protocol is one of {', '.join(DECODERS)}"
        if is_listener(each.port):
            cure = cure or _listener_cure(each, running=is_served(settings.home))
        else:
            open_port(each.port, baud=each.baud, bytesize=each.bytesize, parity=each.parity, stopbits=each.stopbits)
        if known and each.port.startswith("/"):
            cure = _device_cure(Path(each.port))
        seen = f"{each.protocol} on {without_password(each.port)}"
        yield Finding(name=f"gateway {each.name}", well=not cure, seen=seen, cure=cure)


def _listener_cure(said: GatewaySettings, *, running: bool) -> str:
    """What keeps us from listening there. While the service runs, it has the address itself."""
    listener = open_listener(said.port, password=said.password)
    if running:
        return ""
    try:
        listener.open()
    except PortLost as lost:
        return f"{lost.reason}; the service tries again every second"
    finally:
        listener.close()
    return ""


def _device_cure(port: Path) -> str:
    if not port.exists():
        return f"{port} is not there: plug it in; the service connects when it appears"
    if not stat.S_ISCHR(port.stat().st_mode):
        return f"{port} is no serial device"
    return "" if os.access(port, os.R_OK | os.W_OK) else f"no right to open {port}: add the user to the group dialout"


def _edge(settings: Settings) -> Iterator[Finding]:
    """Only where the settings are those of an edge."""
    said = settings.edge
    if not said.url:
        return
    for key, cure in said.lacking().items():
        yield Finding(name=key, well=False, seen="missing", cure=cure)
    if said.key:
        wrong = edge.probe(settings)
        yield Finding(
            name="edge", well=not wrong, seen=wrong or f"{said.url} answers",
            cure=f"look at {said.url}, its certificate and edge.key" if wrong else "",
        )  # fmt: skip
    cure = _device_cure(Path(said.modem)) if said.modem.startswith("/") else ""
    seen = f"{len(said.pages)} numbers by {said.modem}" if said.modem else "nobody is paged when the service is silent"
    yield Finding(name="pager", well=bool(said.modem) and not cure, seen=seen, cure=cure or _PAGER_CURE[not said.modem])


_PAGER_CURE = {True: "plug in a modem; set edge.modem and edge.pages", False: ""}


def _siren(settings: Settings) -> Iterator[Finding]:
    """The siren is the last to know and the first to be forgotten: its settings, its lines, and whether it runs."""
    said = settings.siren
    if not said.own_lines and SirenState.read(settings.home, SystemClock()) is None:
        yield Finding(
            name="siren", well=True, seen="none: nobody hears it when the service itself is dead",
            cure="set siren.relay, siren.modem with siren.numbers, or siren.command, and run `anling siren`",
        )  # fmt: skip
        return
    for name, path in (("relay", said.relay), ("modem", said.modem)):
        cure = _device_cure(Path(path)) if path.startswith("/") else ""
        if path:
            yield Finding(name=f"siren {name}", well=not cure, seen=path, cure=cure)
    shared = [f"the gateway {each.name}" for each in settings.gateways if each.port in {said.relay, said.modem}]
    if "modem" in settings.messages.order and settings.providers.modem.port in {said.relay, said.modem} - {""}:
        # While the service hangs it still holds the modem, and that is when the siren needs one.
        shared.append("the provider modem")
    if shared:
        cure = "give the siren a line of its own"
        yield Finding(name="siren line", well=False, seen=f"used by {shared[0]} as well", cure=cure)
    seen, cure = _siren_alive(settings)
    yield Finding(name="siren", well=not cure, seen=seen, cure=cure)


def _siren_alive(settings: Settings) -> tuple[str, str]:
    """What its beat says, and the cure where it is not well."""
    state = SirenState.read(settings.home, SystemClock())
    if state is None or state.age_s > SIREN_BEAT_S:
        return "not running", "systemctl start anling-siren, or `anling siren` beside the service"
    wrong = [*state.mistakes, *(f"{name}: {fault}" for name, fault in state.faults.items())]
    if wrong:
        return "; ".join(wrong), "mend this, then `anling siren --test`"
    return (f"sounds: {', '.join(state.reasons)}" if state.reasons else "listens"), ""


def _running(settings: Settings) -> Iterator[Finding]:
    there = is_served(settings.home)
    yield Finding(
        name="service", well=True, seen="running" if there else "not running", cure="" if there else "anling serve"
    )


def _packages(_: Settings) -> Iterator[Finding]:
    yield from doctor_machine.packages(doctor_machine.Machine())
    yield from doctor_machine.parts(doctor_machine.Machine())


def _write_through(settings: Settings) -> Iterator[Finding]:
    yield from doctor_machine.write_through(settings, doctor_machine.Machine())


def _machine(settings: Settings) -> Iterator[Finding]:
    machine = doctor_machine.Machine()
    yield from doctor_machine.synchronised(machine)
    yield from doctor_machine.serial_ports(machine)
    yield from doctor_machine.modem_manager(settings, machine)
    yield from doctor_machine.brltty(machine)
    own = frozenset({pid for pid in [_pid_of(settings)] if pid is not None})
    yield from doctor_machine.second_process(settings, machine, own=own)
    yield from doctor_machine.certificates(settings, machine)


def _fonts(_: Settings) -> Iterator[Finding]:
    yield from doctor_machine.fonts(doctor_machine.Machine())
    yield from doctor_machine.pdf(possible=pdf.is_possible())


def _books(settings: Settings) -> Iterator[Finding]:
    yield from doctor_upkeep.books(settings, SystemClock())


def _saved(settings: Settings) -> Iterator[Finding]:
    yield from doctor_upkeep.saved(settings, SystemClock())


def _consoles(settings: Settings) -> Iterator[Finding]:
    running = is_served(settings.home)
    yield from doctor_upkeep.consoles(settings, _sounding(settings) if running else None)


def _sounding(settings: Settings) -> int | None:
    """What the running service says; None where it does not answer at once."""
    line = http.client.HTTPConnection(settings.web.host or "127.0.0.1", settings.web.port, timeout=1.0)
    try:
        line.request("GET", "/readyz")
        found = json.loads(line.getresponse().read())["consoles_sounding"]
        return int(found)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        line.close()


def _pid_of(settings: Settings) -> int | None:
    """The process of the running service, by its own beat."""
    try:
        return int(json.loads((settings.home / "engine.beat").read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_edge_only(settings: Settings) -> bool:
    """Settings of an edge, on a machine where no service has ever run."""
    path = sqlite_file(settings.database_url)
    return bool(settings.edge.url) and path is not None and not path.exists()


EDGE_LOOKS = (_python, _packages, _sqlite, _disk, _write_through, _clock, _machine, _gateways, _edge)
LOOKS = (
    _python, _packages, _sqlite, _database, _books, _saved, _disk, _write_through, _clock, _machine, _fonts,
    _escalation, doctor_files.room_files, _days_off, _providers, _duty_phones, _gateways, _edge, _siren, _running,
    _consoles, *doctor_safety.LOOKS,
)  # fmt: skip
