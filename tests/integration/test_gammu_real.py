"""The real gammu at the pretend modem: a driver that nobody here wrote knows it, and sends what our pager sends."""

import shutil
import subprocess
from pathlib import Path

import pytest

from devices.pager import Pager
from devices.ports import open_port
from dispatch.clock import SystemClock
from tests.fakes.modem import FakeModem
from tests.need import need

NUMBER = "+8613800138000"
SHORT = "【安铃】garden-edge 连不上服务台 20 秒，有 1 个呼叫：D2"
LONG = "【安铃】" + "网关连不上服务台，请打电话问候。" * 9


@pytest.fixture(autouse=True)
def _real_program():
    need(shutil.which("gammu"), "gammu not found: apt install gammu")


@pytest.fixture
def modem(tmp_path):
    with FakeModem(tmp_path) as modem:
        yield modem
        assert modem.wrong == []


def gammu(modem: FakeModem, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    settings = folder / "gammurc"
    settings.write_text(f"[gammu]\ndevice = {modem.path}\nconnection = at115200\n", encoding="ascii")
    command = ["gammu", "-c", str(settings), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.drill
def test_gammu_knows_a_modem_when_it_meets_one(modem, tmp_path):
    done = gammu(modem, tmp_path, "identify")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "text", [SHORT, pytest.param(LONG, marks=pytest.mark.drill)], ids=["one part", "several parts"]
)
def test_our_pager_says_to_a_modem_what_gammu_says(modem, tmp_path, text):
    done = gammu(modem, tmp_path, "sendsms", "TEXT", NUMBER, "-unicode", "-len", "400", "-text", text)
    assert done.returncode == 0, done.stdout + done.stderr
    theirs, modem.texts = list(modem.texts), []
    pager = Pager(lambda: open_port(str(modem.path), baud=115_200), (NUMBER,), SystemClock())
    pager.page(text)
    for _ in range(20):
        if pager.step() > 0:
            break
    pager._hang_up()
    assert modem.sent() == [(NUMBER, text)]
    assert [(each.to, each.part and each.part[1:]) for each in modem.texts] == [
        (each.to, each.part and each.part[1:]) for each in theirs
    ]
    assert "".join(each.text for each in theirs) == text
