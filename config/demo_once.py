"""
`anling demo --once`: a real `serve` in a process of its own, one alarm from the radio frame to the closing.

The player is what people are: it presses the pendant on the radio line, lets the first carer's time pass, answers the
second one's call with a key, writes "3" on arrival, and closes at the board as a
signed-in operator. Every line that is printed is read back from the record.
"""

import json
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from config.commands import change
from config.demo_district import buttons, demo_text
from config.settings import Settings, load_settings
from devices.dialects import RflinkDialect
from devices.simulator import Simulator
from dispatch.clock import SystemClock
from dispatch.ids import AlarmId
from dispatch.review import Review
from dispatch.store.database import reading_engine

WANTED = ("raised", "offered", "lapsed", "offered", "called", "accepted", "attended", "closed")
"""What must have happened, in this order; other entries may stand between."""

LIMIT_S = 28.0
HOME = "H1"
PASSWORD = "demo-once-" + secrets.token_hex(4)

_POLICY = """
[[policies]]
name = "in seconds"
causes = ["press", "fall", "duress", "unclear", "hotline", "fire", "gas", "inactivity", "wandering", "water",
          "intrusion", "missed_visit"]
steps = [
    { step = "offer_nearest", wait_s = 2 },
    { step = "offer_nearest", wait_s = 2 },
    { step = "call_carer", wait_s = 10 },
    { step = "page_operator", wait_s = 5 },
    { step = "all_hands", wait_s = 10 },
]
"""


class NotPlayed(Exception):
    """Something that had to happen did not, in time."""


def play_once(*, as_json: bool, lang: str, refuse: bool) -> int:
    """Plays it; 0 only if everything in `WANTED` is in the record, in order."""
    with (
        tempfile.TemporaryDirectory(prefix="anling-demo-") as folder,
        Simulator(Path(folder), RflinkDialect()) as radio,
    ):
        settings = _prepare(Path(folder), radio.path, refuse=refuse)
        service = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "config.main", "--config", str(Path(folder) / "anling.toml"), "serve"],
            stdout=subprocess.DEVNULL,
        )
        try:
            return _Play(settings, radio, as_json=as_json, lang=lang).play()
        finally:
            service.terminate()
            service.wait(timeout=10)


def _prepare(home: Path, radio: Path, *, refuse: bool) -> Settings:
    """Settings, district and an operator, before the service starts."""
    (home / "escalation.toml").write_text(_POLICY, encoding="utf-8")
    (home / "token").write_text(secrets.token_urlsafe(24), encoding="ascii")
    (home / "anling.toml").write_text(
        f"""
home = "{home}"
database_url = "sqlite:///{home / "anling.db"}"
[accounts]
second_factor = "optional"

[web]
listen = "127.0.0.1:{_free_port()}"
[[gateways]]
name = "radio"
protocol = "rflink"
port = "{radio}"
baud = 57600
[escalation]
file = "{home / "escalation.toml"}"
[providers.console]
token_file = "{home / "token"}"
{'fault = "refuse"' if refuse else ""}
""",
        encoding="utf-8",
    )
    settings = load_settings(home / "anling.toml")
    change(settings, "load", text=demo_text(SystemClock().now()), name="demo")
    change(settings, "user_add", login="demo", name="王芳", password=PASSWORD, phone=None, lang="zh")
    return settings


class _Play:
    """The people around one alarm."""

    def __init__(self, settings: Settings, radio: Simulator, *, as_json: bool, lang: str) -> None:
        self._settings = settings
        self._radio = radio
        self._as_json = as_json
        self._lang = lang
        self._clock = SystemClock()
        self._until_s = self._clock.look().steady_s + LIMIT_S
        self._pause = threading.Event()
        self._review = Review(reading_engine(settings.database_url), lambda: self._clock.now().date())
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))

    def play(self) -> int:
        button = buttons(demo_text(self._clock.now()))[HOME]
        try:
            self._wait("the service answers", self._is_ready)
            self._radio.press(button)
            alarm_id = self._wait("an alarm is raised", self._alarm)
            call = self._wait("the second carer is called", lambda: self._call(alarm_id))
            self._say("voice", {"attempt_id": call["attempt"], "from": call["to"], "digits": "1"})
            self._wait("the carer has accepted", lambda: "accepted" in self._kinds(alarm_id))
            self._say("reply", {"from": call["to"], "text": "3"})
            self._wait("the carer has arrived", lambda: "attended" in self._kinds(alarm_id))
            self._close(alarm_id)
            self._wait("the alarm is closed", lambda: "closed" in self._kinds(alarm_id))
        except NotPlayed as missing:
            print(f"anling: {missing}", file=sys.stderr)
        return self._verdict()

    def _verdict(self) -> int:
        alarm_id = self._alarm()
        entries = [each for each in self._review.entries(0, 1000) if each["alarm"] == alarm_id] if alarm_id else []
        for entry in entries:
            if entry["kind"] in WANTED:
                self._tell(entry)
        return 0 if _in_order([entry["kind"] for entry in entries]) else 1

    def _tell(self, entry: Mapping[str, Any]) -> None:
        line = {
            "at": entry["at"], "event": entry["kind"], "alarm": entry["alarm"], "by": entry["by"],
            "detail": {key: value for key, value in entry["facts"].items() if value not in (None, "")},
        }  # fmt: skip
        if self._as_json:
            print(json.dumps(line, ensure_ascii=False), flush=True)
        else:
            words = _WORDS[entry["kind"]][0 if self._lang == "zh" else 1]
            print(f"{entry['at'][11:23]}  {words:<12}  {entry['by']}", flush=True)

    # ----------------------------------------------------------------------------------------- what is seen

    def _wait(self, what: str, seen: Callable[[], Any]) -> Any:
        while self._clock.look().steady_s < self._until_s:
            found = seen()
            if found:
                return found
            self._pause.wait(0.05)
        raise NotPlayed(f"it did not happen in time that {what}")

    def _is_ready(self) -> bool:
        try:
            return bool(self._browser.open(f"{self._settings.web.base_url}/readyz", timeout=2).status == 200)
        except (URLError, OSError):
            return False

    def _alarm(self) -> AlarmId | None:
        found = self._review.recent(1)
        return AlarmId(found[0]["id"]) if found else None

    def _kinds(self, alarm_id: AlarmId) -> list[str]:
        return [entry["kind"] for entry in self._review.story(alarm_id, "zh")["timeline"]]

    def _call(self, alarm_id: AlarmId) -> dict[str, str] | None:
        """The call to the carer whose turn it is, once the provider has taken it."""
        for message in self._review.story(alarm_id, "zh")["attempts"]:
            taken = [each for each in message["attempts"] if each["outcome"] == "taken"]
            if message["channel"] == "voice" and message["person"].startswith("carer:") and taken:
                return {"attempt": taken[-1]["id"], "to": message["to"]}
        return None

    # ----------------------------------------------------------------------------------------- what is done

    def _say(self, kind: str, form: Mapping[str, str]) -> None:
        """A carer answers: the same door as any provider's webhook."""
        token = self._settings.providers.console.token
        said = {"token": token, "id": secrets.token_hex(8), **form}
        self._post(f"/hooks/console/{kind}", urlencode(said), {"Content-Type": "application/x-www-form-urlencoded"})

    def _close(self, alarm_id: AlarmId) -> None:
        """The operator signs in and closes with an outcome."""
        csrf = _between(self._get("/login"), r'name="csrf_token" value="([^"]+)"')
        form = {"csrf_token": csrf, "login": "demo", "password": PASSWORD, "next": ""}
        self._post("/login", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        csrf = _between(self._get("/board"), r'name="csrf-token" content="([^"]+)"')
        headers = {"Content-Type": "application/json", "X-CSRFToken": csrf}
        self._post(f"/api/v1/alarms/{alarm_id}/close", json.dumps({"outcome": "helped", "note": "演示"}), headers)

    def _get(self, path: str) -> str:
        return str(self._browser.open(f"{self._settings.web.base_url}{path}", timeout=5).read().decode())

    def _post(self, path: str, body: str, headers: Mapping[str, str]) -> None:
        request = Request(f"{self._settings.web.base_url}{path}", body.encode(), dict(headers), method="POST")  # noqa: S310
        self._browser.open(request, timeout=10).read()


_WORDS = {
    "raised": ("告警", "raised"),
    "offered": ("已问", "offered"),
    "lapsed": ("无应答", "lapsed"),
    "called": ("已致电", "called"),
    "accepted": ("已接单", "accepted"),
    "attended": ("已到场", "attended"),
    "closed": ("已结束", "closed"),
}


def _in_order(kinds: list[str]) -> bool:
    rest = iter(kinds)
    return all(kind in rest for kind in WANTED)


def _between(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    if found is None:
        raise NotPlayed("the page holds its token")
    return found.group(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
