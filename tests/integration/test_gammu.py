"""
Short messages against gammu, a program that others wrote: it sends through the pretend modem, and reads out of it.

Its own dialog takes a second or two each time, so there are few of these.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.messages.modem.pdu import Deliver, read, submit
from tests.fakes.modem import FakeModem, incoming
from tests.need import need

GAMMU = shutil.which("gammu")
TO = "+8613800138000"
OFFER = "【安铃】急 柏林小区 跌倒 18:05 码12，回1接单，2去不了"
LONG = "已接单：柏林小区 3-2-501 进门：钥匙盒 4711 王秀英 重听🚑 " * 3


@pytest.fixture
def fake(tmp_path) -> Iterator[FakeModem]:
    need(GAMMU, "gammu not found: apt install gammu")
    with FakeModem(tmp_path) as fake:
        yield fake
        assert fake.wrong == []


def gammu(fake: FakeModem, *arguments: str) -> str:
    settings = Path(fake.path).with_name("gammurc")
    settings.write_text(f"[gammu]\ndevice={fake.path}\nconnection=at115200\nsynchronizetime=no\ngammucoding=utf8\n")
    done = subprocess.run(
        [str(GAMMU), "-c", str(settings), *arguments], capture_output=True, timeout=240, check=True, text=True,
        stdin=subprocess.DEVNULL, env=os.environ | {"LC_ALL": "C.UTF-8"}, encoding="utf-8",
    )  # fmt: skip
    return done.stdout


def body_of(unit: str) -> str:
    """Alphabet, length and body of a SUBMIT: what is left when centre, number and validity are taken off."""
    octets = bytes.fromhex(unit)[1 + bytes.fromhex(unit)[0] :]
    first, rest = octets[0], octets[2:]
    rest = rest[2 + (rest[0] + 1) // 2 + 1 :]
    coding, rest = rest[0], rest[2:] if first & 0x18 else rest[1:]
    body = bytearray(rest)
    if first & 0x40:
        body[4] = 0  # Which reference ties the parts together is everybody's own choice.
    return f"{coding:02x} {body.hex()}"


@pytest.mark.parametrize("text", [OFFER, LONG], ids=["one part", "parts"])
def test_our_units_are_those_of_gammu(fake, text):
    gammu(fake, "sendsms", "TEXT", TO, "-unicode", "-len", "400", "-text", text)
    assert [body_of(unit) for unit in fake.units] == [body_of(each.pdu) for each in submit(TO, text)]


def test_gammu_and_we_read_the_same_out_of_one_modem(fake):
    units = [
        incoming("+8613800000001", "1 接单🚑", second=7),
        incoming("+8613800000002", "没事", part=(3, 2, 1)),
        incoming("+8613800000002", "了", part=(3, 2, 2)),
    ]
    for unit in units:
        fake.receive(unit)
    told = gammu(fake, "getallsms")
    ours = [read(unit) for unit in units]
    assert all(isinstance(each, Deliver) and each.sender in told and each.text in told for each in ours)
    assert "20:00:07 2026 +0800" in told
    assert ours[0].sent_at is not None
    assert f"{ours[0].sent_at:%H:%M:%S}" == "12:00:07"
