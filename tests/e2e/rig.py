"""
A real service for the end-to-end tests: its own folder, district file, port, pretend gateways and provider.

    Rig ── anling serve (a process of its own: warm.py) ── pseudo-terminals ── Simulator
                                                              └─ loopback HTTP ───── TwilioStandin

Nothing in it knows the inside of the service: it is driven by frames, webhooks, HTTP and commands, and looked at
through HTTP, commands and the database, opened for reading.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from sqlalchemy import Engine, create_engine, text

from config.commands import change
from config.settings import load_settings
from devices.dialects import RflinkDialect, SurgardDialect
from devices.simulator import Simulator
from tests.e2e.warm import Program, warm
from tests.fakes.twilio_standin import ACCOUNT, TOKEN, TwilioStandin
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
SENDER = "+15005550006"
LOGIN, PASSWORD = "wangfang", "a long enough passphrase"
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")

STOP_S = 30.0
"""How long a clean stop may take on a busy machine; an idle one needs a tenth of a second."""

START_S = 120.0
"""How long a start may take on a busy machine; an idle one needs a second."""

PATIENCE_S = 60.0
"""How long something is waited for that an idle machine does at once: no promise, only the end of a failing test."""

CAUSES = [
    "press", "fall", "duress", "unclear", "hotline", "fire", "gas", "inactivity", "wandering", "water", "intrusion",
    "missed_visit",
]  # fmt: skip


def policy(*steps: str) -> str:
    """An escalation file with one policy for everything: `policy("offer_nearest 2", "all_hands 60")`."""
    rows = [f'{{ step = "{name}", wait_s = {wait_s} }}' for name, wait_s in (each.split() for each in steps)]
    return f'[[policies]]\nname = "of the test"\ncauses = {json.dumps(CAUSES)}\nsteps = [{", ".join(rows)}]\n'


def until(what: str, seen: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
    """Waits until something is there and gives it back. Looks are counted: a machine may stand still for minutes."""
    pause = threading.Event()
    for _ in range(int(within_s / 0.05)):
        if found := seen():
            return found
        pause.wait(0.05)
    raise AssertionError(f"it did not happen within {within_s} s that {what}")


def rest(seconds: float) -> None:
    """Lets so much time pass."""
    threading.Event().wait(seconds)


# ------------------------------------------------------------------------------------------------ the district


def rflink_of(number: int) -> str:
    return f"EV1527:{0x0A1000 + number:06x}:01"


def account_of(number: int) -> str:
    return f"{4000 + number}"


def phone_of(number: int) -> str:
    """Numbers kept for drama by Ofcom: answers to them come back."""
    return f"+447700900{number:03}"


def district(*, homes: int = 1, carers: Sequence[str] = (), more: str = "", now: datetime | None = None) -> str:
    """
    A district file: carers C1, C2, … with these telephones ("" for none), the first the nearest to every home; homes
    H1, H2, … with a radio pendant D1, … and a receiver account A1, ….
    """
    at = now or datetime.now(UTC)
    parts = ['[district]\nname = "示范区"\ntimezone = "Asia/Shanghai"\n']
    parts.append('[[stations]]\ncode = "S1"\nname = "柏林颐养驿站"\nlat = 38.0712\nlng = 114.4903\n')
    for number, phone in enumerate(carers, 1):
        parts.append(
            f'[[carers]]\ncode = "C{number}"\nname = "护理{number}"\nphone = "{phone}"\nstation = "S1"\n'
            f"lat = {38.0720 + 0.0002 * number:.4f}\nlng = 114.4920\n"
        )
        start, end = at - timedelta(days=1), at + timedelta(days=2)
        parts.append(f'[[shifts]]\ncarer = "C{number}"\nstart = {start.isoformat()}\nend = {end.isoformat()}\n')
    parts += [_home(number) for number in range(1, homes + 1)]
    return "\n".join([*parts, more])


def _home(number: int) -> str:
    return f"""
[[homes]]
code = "H{number}"
address = "柏林小区 {number}-2-501"
lat = 38.0720
lng = 114.4920
entry = "钥匙盒 47{number:02}"
residents = [{{ code = "R{number}", name = "王秀英", born_on = 1938-03-05, phone = "+8613800000101" }}]
devices = [
    {{ code = "D{number}", kind = "pendant", protocol = "rflink", address = "{rflink_of(number)}" }},
    {{ code = "A{number}", kind = "pendant", protocol = "surgard", address = "{account_of(number)}" }},
]
"""


# ------------------------------------------------------------------------------------------------ the service


class Rig:
    """One service with its surroundings. Use as a context manager; whatever it started ends with it."""

    def __init__(
        self,
        folder: Path,
        *,
        district: str | None = None,
        escalation: str | None = None,
        twilio: TwilioStandin | None = None,
        radio: bool = True,
        receiver: bool = False,
        database_url: str | None = None,
        roles: str | None = None,
        more: str = "",
        environ: Mapping[str, str] | None = None,
        abroad: bool = False,
        cold: bool = False,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url or f"sqlite:///{folder / 'anling.db'}"
        self.config = folder / "anling.toml"
        self.twilio = twilio
        self.abroad = abroad
        self.cold = cold or "LD_PRELOAD" in (environ or {})
        self.token = secrets.token_urlsafe(12)
        self.roles = roles
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANLING_")},
            "PYTHONPATH": str(ROOT),
            "PYTHONFAULTHANDLER": "1",
            "ANLING_PROVIDERS__CONSOLE__TOKEN": self.token,
            "ANLING_PROVIDERS__TWILIO__AUTH_TOKEN": TOKEN,
            **(environ or {}),
        }
        self.processes: list[subprocess.Popen[bytes] | Program] = []
        self._after = contextlib.ExitStack()
        self._engine: Engine | None = None
        self.radio = self._simulator("radio", RflinkDialect()) if radio else None
        self.receiver = self._simulator("receiver", SurgardDialect()) if receiver else None
        self._write_config(escalation, more)
        if district is not None:
            self.load(district)

    def __enter__(self) -> "Rig":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        if self._engine is not None:
            self._engine.dispose()
        self._after.close()

    def _simulator(self, name: str, dialect: Any) -> Simulator:
        return self._after.enter_context(Simulator(self.folder, dialect, name=name))

    def _write_config(self, escalation: str | None, more: str) -> None:
        parts = [f'home = "{self.folder}"\ndatabase_url = "{self.database_url}"\n']
        head, _, tables = more.partition("[")
        parts += [
            head,
            f'[web]\nlisten = "127.0.0.1:{self.port}"\n[log]\nformat = "json"\n',
            '[accounts]\nsecond_factor = "optional"\n',
        ]
        for name, protocol, simulator in (("radio", "rflink", self.radio), ("receiver", "surgard", self.receiver)):
            if simulator is not None:
                parts.append(
                    f'[[gateways]]\nname = "{name}"\nprotocol = "{protocol}"\nport = "{simulator.path}"\nbaud = 57600\n'
                )
        if escalation is not None:
            (self.folder / "escalation.toml").write_text(escalation, encoding="utf-8")
            parts.append(f'[escalation]\nfile = "{self.folder / "escalation.toml"}"\n')
        if self.twilio is not None:
            parts.append(
                f'[messages]\norder = ["twilio"]\ncodes = "always"\n'
                f"[providers.twilio]\ncross_border = {str(self.abroad).lower()}\n"
                f'account_sid = "{ACCOUNT}"\nfrom = "{SENDER}"\n'
                f'base_url = "{self.twilio.base_url}"\n'
            )
        parts.append(f"[{tables}" if tables else "")
        self.config.write_text("".join(parts), encoding="utf-8")

    # -------------------------------------------------------------------------------------- before it runs

    def load(self, district: str) -> dict[str, Any]:
        """Loads a district by the same function as the command, without a process of its own."""
        return self.change("load", text=district, name="district.toml")

    def change(self, command: str, **arguments: Any) -> dict[str, Any]:
        return change(load_settings(self.config, environ=self.environ), command, **arguments)

    def add_operator(self) -> None:
        self.change("user_add", login=LOGIN, name="王芳", password=PASSWORD, phone=None, lang="zh")

    def key(self, scope: str) -> str:
        """A key for a machine."""
        return str(self.change("key_add", name=f"test {scope}", scope=scope)["key"])

    # -------------------------------------------------------------------------------------- the process

    def start(self, *, ready: bool = True) -> "Rig":
        """Starts `serve`, and waits until it answers unless told otherwise."""
        roles = ["--roles", self.roles] if self.roles else []
        self.processes.append(self.spawn("serve", *roles))
        if ready:
            until("the service answers", self.is_ready, START_S)
        return self

    def spawn(self, *arguments: str, log: str = "service") -> "subprocess.Popen[bytes] | Program":
        arguments = ("--config", str(self.config), *arguments)
        with (
            Path(os.devnull).open("rb") as nothing,
            (self.folder / f"{log}.out").open("ab") as out,
            (self.folder / f"{log}.err").open("ab") as errors,
        ):
            if self.cold:
                command = [sys.executable, "-m", "config.main", *arguments]
                return subprocess.Popen(
                    command, cwd=self.folder, env=self.environ, stdin=nothing, stdout=out, stderr=errors
                )
            return warm().start(arguments, cwd=self.folder, env=self.environ, files=[nothing, out, errors])

    @property
    def process(self) -> "subprocess.Popen[bytes] | Program":
        return self.processes[-1]

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM, within_s: float = 2 * STOP_S) -> float:
        """Asks it to stop, and holds it to exit 0; the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            # Abort makes it tell where each of its threads stands.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"it did not stop within {within_s} s: {self.stderr()[-12000:]}") from None
        assert code == 0, f"it ended with {code}: {self.stderr()[-2000:]}"
        return time.monotonic() - began

    def is_ready(self) -> bool:
        assert self.process.poll() is None, f"it ended by itself: {self.stderr()[-2000:]}"
        try:
            return self.get("/readyz", timeout=2)[0] == 200
        except OSError:
            return False

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        written = (self.folder / "service.out").read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for each in written if each.startswith("{") for line in _parsed(each)]

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("event") == event]

    def stderr(self) -> str:
        return (self.folder / "service.err").read_text(encoding="utf-8", errors="replace")

    def surprises(self, *provoked: str) -> list[dict[str, Any]]:
        """Error lines of its log but for those provoked on purpose, and tracebacks on standard error."""
        errors = [line for line in self.lines() if line.get("level") in {"error", "critical"}]
        told = [{"stderr": self.stderr()[-3000:]}] if "Traceback" in self.stderr() else []
        return [line for line in errors if line["event"] not in provoked] + told

    # -------------------------------------------------------------------------------------- commands

    def anling(self, *arguments: str, stdin: str = "", timeout: float = 240) -> "subprocess.CompletedProcess[str]":
        """A command, as a person would type it."""
        arguments = ("--config", str(self.config), *arguments)
        if not self.cold:
            return warm().run(arguments, cwd=self.folder, env=self.environ, stdin=stdin, timeout=timeout)
        command = [sys.executable, "-m", "config.main", *arguments]
        return subprocess.run(
            command, check=False, cwd=self.folder, env=self.environ, input=stdin, capture_output=True, text=True,
            timeout=timeout,
        )  # fmt: skip

    def assert_sound(self, within_s: float = PATIENCE_S) -> None:
        """The record fits together and no promise is broken; what is merely late for now may catch up."""
        verdict = self.anling("record", "verify")
        assert verdict.returncode == 0, verdict.stdout
        end = time.monotonic() + within_s
        while (watched := self.anling("watch", "--once")).returncode:
            assert time.monotonic() < end, watched.stdout + watched.stderr
            rest(0.5)

    # -------------------------------------------------------------------------------------- HTTP

    def get(self, path: str, *, key: str | None = None, timeout: float = 10) -> tuple[int, str]:
        return _ask(Request(self.url + path, headers=_bearer(key)), timeout)

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> tuple[int, Any]:
        sent = {"Content-Type": "application/json", **_bearer(key), **headers}
        status, answer = _ask(Request(self.url + path, json.dumps(body).encode(), sent, method="POST"), 20)
        return status, json.loads(answer) if answer.startswith(("{", "[")) else answer

    def post_raw(self, path: str, body: bytes, *, key: str | None = None) -> tuple[int, bytes]:
        sent = {"Content-Type": "application/octet-stream", **_bearer(key)}
        status, answer = _ask(Request(self.url + path, body, sent, method="POST"), 20)
        return status, answer.encode()

    def post_form(self, path: str, form: Mapping[str, str], **headers: str) -> tuple[int, str]:
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return _ask(Request(self.url + path, urlencode(form).encode(), sent, method="POST"), 20)

    def metric(self, name: str, of: str | None = None) -> float | None:
        """One figure of /metrics."""
        label = f'{{of="{of}"}}' if of else ""
        found = re.search(rf"^anling_{name}{re.escape(label)} (\S+)$", self.get("/metrics")[1], re.M)
        return float(found[1]) if found else None

    def sign_in(self) -> "Operator":
        return Operator(self.url)

    # -------------------------------------------------------------------------------------- the database, read only

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Reads beside the service."""
        if self._engine is None:
            url = self.database_url
            path = url.removeprefix("sqlite:///")
            self._engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true" if path != url else url)
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(text(statement), values)]

    def write(self, statement: str, **values: Any) -> None:
        """Spoils the database of a service that does not run."""
        engine = create_engine(self.database_url)
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()

    def one(self, statement: str, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self.rows(statement, **values)
        return next(iter(rows[0].values())) if rows else None

    def alarm(self, home: str | None = None) -> dict[str, Any] | None:
        """The newest alarm of a home (of nobody's home: None)."""
        whose = "h.code = :home" if home else "a.home_id IS NULL"
        found = self.rows(
            f"SELECT a.* FROM alarms a LEFT JOIN homes h ON h.id = a.home_id WHERE {whose} ORDER BY a.raised_at DESC",
            **({"home": home} if home else {}),
        )
        return found[0] if found else None

    def raised(self, home: str | None = None, within_s: float = PATIENCE_S) -> dict[str, Any]:
        return until(f"an alarm is raised for {home}", lambda: self.alarm(home), within_s)

    def kinds(self, alarm_id: str | None = None) -> list[str]:
        """The kinds of entries in the record, in order."""
        which, values = ("WHERE alarm_id = :id", {"id": alarm_id}) if alarm_id else ("", {})
        found = self.rows(f"SELECT kind FROM entries {which} ORDER BY number", **values)
        return [row["kind"] for row in found]

    def heard(self, alarm_id: str, kind: str, within_s: float = PATIENCE_S) -> None:
        until(f"the record says {kind}", lambda: kind in self.kinds(alarm_id), within_s)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        rows = self.rows("SELECT * FROM entries WHERE kind = :kind ORDER BY number", kind=kind)
        return [{**row, "facts": json.loads(row["body"])} for row in rows]

    def messages(self, alarm_id: str | None = None) -> list[dict[str, Any]]:
        which, values = ("WHERE alarm_id = :id", {"id": alarm_id}) if alarm_id else ("", {})
        return self.rows(f"SELECT * FROM messages {which} ORDER BY posted_at, id", **values)

    # -------------------------------------------------------------------------------------- the provider

    def made(
        self, to: str, *, kind: str = "Messages", containing: str = "", within_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """The first text (or call) the stand-in took for this number, waited for."""
        assert self.twilio is not None

        def look() -> dict[str, Any] | None:
            found = reversed(self.twilio.listed(kind, to))  # type: ignore[union-attr]
            return next((each for each in found if containing in (each["body"] or "")), None)

        return until(f"the provider has {kind} with {containing!r} for {to}", look, within_s)

    def reply(self, sender: str, body: str) -> tuple[int, str]:
        """A carer texts back: signed, to the service's own hook."""
        assert self.twilio is not None
        return self.twilio.reply(f"{self.url}/hooks/twilio/reply", sender=sender, to=SENDER, body=body)


class Operator:
    """Somebody signed in at the board, by HTTP as a browser does it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))
        page = self.get("/login")
        csrf = found_in(page, r'name="csrf_token" value="([^"]+)"')
        form = {"csrf_token": csrf, "login": LOGIN, "password": PASSWORD, "next": ""}
        self._open(Request(f"{url}/login", urlencode(form).encode(), method="POST"))
        self._csrf = found_in(self.get("/board"), r'name="csrf-token" content="([^"]+)"')

    def get(self, path: str) -> str:
        return self._open(Request(self._url + path))

    def post(self, path: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._csrf}
        return json.loads(self._open(Request(self._url + path, json.dumps(body).encode(), headers, method="POST")))

    def send(self, path: str, form: Mapping[str, str]) -> str:
        """A form of a page, as a browser without a script sends it; the page that follows."""
        sent = urlencode({"csrf_token": self._csrf, **form}).encode()
        return self._open(Request(self._url + path, sent, method="POST"))

    def _open(self, request: Request) -> str:
        with self._browser.open(request, timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())


def found_in(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    assert found is not None, f"nothing like {pattern} in the page"
    return found[1]


def sent_more_than_once(rig: Rig, twilio: TwilioStandin) -> dict[str, tuple[int, list[str]]]:
    """
    Messages that reached the provider more than once, with how often and the outcomes of their attempts on file.

    Everything the provider has is first traced to its attempt by the callback address it was given: a message without
    an attempt on file would have been sent before it was written down.
    """
    everything = [made for made in twilio.made if made["direction"] != "inbound"]
    attempts = {row["id"]: row for row in rig.rows("SELECT * FROM attempts")}
    arrived: dict[str, int] = {}
    for made in everything:
        attempt_id = found_in(made["_params"]["StatusCallback"], r"[?&]a=([0-9a-f-]+)")
        assert attempt_id in attempts, "sent without an attempt on file"
        message_id = attempts[attempt_id]["message_id"]
        arrived[message_id] = arrived.get(message_id, 0) + 1
    outcomes: dict[str, list[str]] = {}
    for row in sorted(attempts.values(), key=lambda each: each["seq"]):
        outcomes.setdefault(row["message_id"], []).append(row["outcome"])
    return {id_: (count, outcomes[id_]) for id_, count in arrived.items() if count > 1}


def _bearer(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


_OPENER = build_opener(ProxyHandler({}))


def _ask(request: Request, timeout: float) -> tuple[int, str]:
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except URLError as error:
        raise OSError(str(error.reason)) from None


def _parsed(line: str) -> Iterator[dict[str, Any]]:
    """A line of the log; the last one of a killed service may be half a line."""
    with contextlib.suppress(ValueError):
        yield json.loads(line)
