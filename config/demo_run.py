"""
`anling demo`: a fictional district to play with; a pretend radio gateway on a pseudo-terminal speaks real frames to the
real service, whose messages appear on a page of telephones.
"""

import secrets
import shutil
import socket
import sys
import webbrowser
from pathlib import Path

from filelock import FileLock, Timeout

from config.admin import Commands
from config.commands import change
from config.databases import Ownership
from config.demo_district import addresses, buttons, past_text, speaking, tonight_text
from config.demo_month import live_a_month
from config.demo_past import give_past
from config.options import AccountSettings, GatewaySettings, LogSettings, OperatorSettings, RoundSettings, WebSettings
from config.serving import Serving
from config.settings import Settings
from config.told import Told
from devices.dialects import DIALECTS, calling
from devices.simulator import ROADS, Simulator
from dispatch.clock import SystemClock
from dispatch.web.phones import DemoControls

FIRST_PRESS_S = 12.0
LOGIN = "wang"
DUTY = "+8613800000120"
"""A pretend telephone of the people on watch, among those of the phones page."""

_WORDS = ("kite", "lotus", "plum", "river", "crane", "maple", "amber", "cedar")

_SAYS = {
    "zh": """
  安铃演示已就绪   {address}        值守员 {login} / {password}     （Ctrl-C 退出并清理）
  演示 —— 不会真的发短信，也不会打给任何人

  1  登录，点「上岗」，听到提示音
  2  约 12 秒后有一位老人按下按钮 —— 按 F2 接警，F4 再按 1 派人
  3  打开「手机」页 {address}/phones ，以护理员身份回复 1，看值守台变化
  4  下一条告警不要理它，看它自己升级：短信、电话、下一位、家属、全员
  5  在「手机」页按任何一家的按钮，让短信服务商拒收，或拔掉网关
  6  菜单：响应记录（有一夜很慢）、报表 → Excel、记录链 → 校验、老人、交接班、地图
""",
    "en": """
  The anling demo is ready   {address}        operator {login} / {password}     (Ctrl-C leaves and cleans up)
  Demo: no message leaves this machine

  1  Sign in, click "On duty", hear the tone
  2  In about 12 seconds an old person presses a button: F2 takes it, F4 then 1 sends a carer
  3  Open the phones {address}/phones , answer 1 as the carer and watch the board
  4  Leave the next alarm alone and watch it escalate: text, call, the next carer, family, everybody
  5  On the phones page press any home's button, make the provider refuse, unplug the gateway
  6  The menu: the response log (one night was slow), reports to Excel, verify the record, residents, handover, map
""",
}


def run_demo(*, lang: str, port: int, browser: bool, protocol: str = "rflink", road: str = "smooth") -> int:
    """
    Runs until Ctrl-C in ./demo-data, which is made anew and taken away again.

    `protocol` is what the pretend gateway speaks, of `DIALECTS`, and `road` how its line is, of `ROADS`.
    """
    home = Path("demo-data").resolve()
    held = _fresh(home)
    text, password = (
        speaking(tonight_text(SystemClock().now()), protocol),
        f"{secrets.choice(_WORDS)}-{secrets.randbelow(9000) + 1000}",
    )
    told = Told()
    with Simulator(home, DIALECTS[protocol](), name="radio", road=ROADS[road]) as radio:
        settings = _settings(home, radio.path, port, protocol)
        _begin(settings, text, password, protocol)
        # As a service does: a command in a second terminal hands its request over instead of writing beside us.
        owner = Ownership(settings)
        if not owner.take():
            sys.exit(f"anling: another process holds {home}; stop it first")
        people = _People(text, radio, protocol)
        serving = Serving(settings, demo=people.controls())
        serving.start(frozenset({"web", "engine", "gateway", "planner"}))
        address = f"http://127.0.0.1:{serving.port}"
        print(_SAYS[lang].format(address=address, login=LOGIN, password=password), flush=True)
        if browser:
            webbrowser.open(address)
        if not told.wait(FIRST_PRESS_S):
            people.press(people.first)
        told.wait()
        serving.stop()
        owner.release()
    shutil.rmtree(home, ignore_errors=True)
    held.release()
    return 0


def _begin(settings: Settings, text: str, password: str, protocol: str) -> None:
    """The district with its past: a month of alarms, the tests of its devices, and the account to sign in with."""
    now = SystemClock().now()

    def a_month_ago(commands: Commands) -> None:
        commands["load"](text=speaking(past_text(now), protocol), name="demo")
        commands["user_add"](login=LOGIN, name="王芳", password=password, phone=None, lang="zh")

    live_a_month(settings, a_month_ago, now)
    change(settings, "load", text=text, name="demo")
    give_past(settings)


class _People:
    """What may be done to the pretend gateway from the page."""

    def __init__(self, text: str, radio: Simulator, protocol: str) -> None:
        self._radio = radio
        self._calling = calling(protocol)
        self._buttons = buttons(text, protocol)
        self._addresses = addresses(text)
        self._plugged = True

    @property
    def first(self) -> str:
        return next(iter(self._buttons))

    def press(self, home: str, cause: str = "press") -> None:
        """Somebody presses the button of this home: real frames on the line."""
        self._radio.say(self._buttons[home], self._calling)

    def controls(self) -> DemoControls:
        homes = [(code, self._addresses[code]) for code in self._buttons]
        return DemoControls(
            homes=homes, press=self.press, plug=self._plug, unplug=self._unplug, is_plugged=lambda: self._plugged
        )

    def _plug(self) -> None:
        self._radio.plug()
        self._plugged = True

    def _unplug(self) -> None:
        self._radio.unplug()
        self._plugged = False


def _fresh(home: Path) -> FileLock:
    """An empty folder of our own, held while we live; never one that holds something else, or that a demo lives in."""
    mark = home / "demo"
    if home.exists() and not mark.exists():
        sys.exit(f"anling: {home} is not a demo's folder; move it away first")
    home.mkdir(parents=True, exist_ok=True)
    held = FileLock(mark)
    try:
        held.acquire(timeout=0)
    except Timeout:
        sys.exit(f"anling: another demo runs in {home}; stop it with Ctrl-C, or begin this one in another folder")
    for each in home.iterdir():
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        elif each != mark:
            each.unlink(missing_ok=True)
    return held


def _settings(home: Path, radio: Path, port: int, protocol: str) -> Settings:
    return Settings(
        database_url=f"sqlite:///{home / 'anling.db'}",
        home=home,
        web=WebSettings(listen=f"127.0.0.1:{port or _free_port()}"),
        gateways=(GatewaySettings(name="hall-radio", protocol=protocol, port=str(radio), baud=57600),),
        log=LogSettings(level="warning"),
        accounts=AccountSettings(second_factor="optional"),
        rounds=RoundSettings(wanted=True),
        operators=OperatorSettings(phones=(DUTY,)),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
