"""Real `anling serve` processes for the measurements, and the same house wired in this process."""

import gc
import http.client
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from config.commands import change
from config.cores import LOOK_S, OneCore
from config.serve import SWITCH_S
from config.settings import Settings, load_settings
from config.wiring import House, build
from dispatch.clock import SystemClock
from dispatch.ids import new_id
from tests.architecture.tree import ROOT
from tests.bench.cpu import cpu_s
from tests.fakes.twilio_standin import ACCOUNT, TOKEN
from tests.ports import free_port

LOGIN = "bench"
READY_S = 60.0
IDLE_WITHIN_S, IDLE_SECONDS, IDLE_BELOW = 90.0, 3, 0.1
SENDER = "+15005550006"
_TOKENS = {"login": r'name="csrf_token"[^>]* value="([^"]+)"', "board": r'name="csrf-token" content="([^"]+)"'}


def write_settings(home: Path, *, base_url: str = "", gateways: Mapping[str, str] | None = None) -> Settings:
    """
    A settings file of its own in `home`; `base_url` is where Twilio is, without it the console takes the messages.

    `gateways` are serial lines: what each speaks, and where it is. No hour is quiet: figures are those of any hour.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "twilio-token").write_text(TOKEN, encoding="ascii")
    table = '[[gateways]]\nname = "{0}"\nprotocol = "{0}"\nport = "{1}"'
    lines = "\n".join(table.format(name, port) for name, port in (gateways or {}).items())
    (home / "anling.toml").write_text(
        f"""
home = "{home}"
database_url = "sqlite:///{home / "anling.db"}"
[web]
listen = "127.0.0.1:{free_port()}"
[messages]
order = ["{"twilio" if base_url else "console"}"]
receipt_limit_s = 0
codes = "always"
[messages.quiet]
from = "21:00"
until = "21:00"
[providers.twilio]
account_sid = "{ACCOUNT}"
from = "{SENDER}"
base_url = "{base_url or "http://127.0.0.1:9"}"
auth_token_file = "{home / "twilio-token"}"
[accounts]
second_factor = "optional"
[log]
level = "warning"
format = "json"
{lines}
""",
        encoding="utf-8",
    )
    return load_settings(home / "anling.toml", environ={})


@contextmanager
def house(home: Path, *, gateways: Mapping[str, str] | None = None) -> Iterator[House]:
    """Everything wired in this process, threads and memory treated as in `serve`; nothing runs but its writer."""
    built = build(write_settings(home, gateways=gateways), SystemClock(), new_id)
    before_s, cores = sys.getswitchinterval(), OneCore(SystemClock())
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    cores.start()
    try:
        # A service has chosen its core a second after it began.
        threading.Event().wait(1.5 * LOOK_S)
        yield built
    finally:
        cores.stop()
        gc.unfreeze()
        sys.setswitchinterval(before_s)
        built.stop()


class Service:
    """One `anling serve` on a database that is there already. Start it, end it or kill it, as often as wanted."""

    def __init__(self, settings: Settings, *, preload: Path | None = None) -> None:
        self.settings = settings
        self._preload = preload
        self._process: subprocess.Popen[bytes] | None = None
        self._out = (settings.home / "serve.log").open("ab")
        self.password = "bench-" + secrets.token_hex(8)

    def __enter__(self) -> "Service":
        change(self.settings, "user_add", login=LOGIN, name="值守", password=self.password, phone=None, lang="zh")
        self.key = change(self.settings, "key_add", name="gateway", scope="signals")["key"]
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            # Nobody ends what a `with` has not begun.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._out.close()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
        if self._preload is not None:
            environment["LD_PRELOAD"] = str(self._preload)
        command = [sys.executable, "-m", "config.main", "--config", str(self.settings.home / "anling.toml"), "serve"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self._out, stderr=self._out)

    def wait_ready(self) -> None:
        until, pause = time.monotonic() + READY_S, threading.Event()
        while time.monotonic() < until:
            assert self._process is not None
            assert self._process.poll() is None, (self.settings.home / "serve.log").read_text("utf-8")[-2000:]
            try:
                if Browser(self.settings.web.base_url).open("/readyz").status == 200:
                    return
            except (URLError, OSError):
                pause.wait(0.05)
        raise AssertionError("the service does not become ready")

    def wait_idle(self) -> None:
        """
        Until what a start sets going has ended: three seconds in which it took less than a tenth of a processor. What a
        start does to a press is measured by itself, in `restart`.
        """
        until, quiet, before_s = time.monotonic() + IDLE_WITHIN_S, 0, cpu_s(self.pid)
        while quiet < IDLE_SECONDS and time.monotonic() < until:
            threading.Event().wait(1.0)
            now_s = cpu_s(self.pid)
            quiet, before_s = (quiet + 1 if now_s - before_s < IDLE_BELOW else 0), now_s

    def kill(self) -> None:
        """kill -9, by its own number; returns when it is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def operator(self) -> "Browser":
        """A browser in which the operator has signed in."""
        browser = Browser(self.settings.web.base_url)
        form = {"csrf_token": browser.find("/login", _TOKENS["login"]), "login": LOGIN, "password": self.password}
        browser.open("/login", urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        browser.headers = {"X-CSRFToken": browser.find("/board", _TOKENS["board"]), "Content-Type": "application/json"}
        return browser

    def connection(self) -> http.client.HTTPConnection:
        """A kept-alive connection, for programs."""
        line = http.client.HTTPConnection(self.settings.web.host, self.settings.web.port, timeout=30)
        line.connect()
        line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line


class Browser:
    """Just enough of one: cookies and a token."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))
        self.headers: dict[str, str] = {}

    def open(self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
        return self._opener.open(Request(self._base_url + path, body, dict(headers or {})), timeout=10)

    def find(self, path: str, pattern: str) -> str:
        found = re.search(pattern, self.open(path).read().decode())
        assert found is not None, f"{path} has no token"
        return found[1]

    def ask(self, path: str, body: Any = None) -> tuple[int, Any]:
        """A GET, or a POST of JSON; the status and what came back."""
        try:
            data = None if body is None else json.dumps(body).encode()
            with self.open(path, data, self.headers) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            with error:
                return error.code, error.read().decode(errors="replace")


def copy_town(path: Path, home: Path) -> None:
    """The town's database for one more service."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, home / "anling.db")
