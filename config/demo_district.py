"""The demo's fictional district as text, with shifts relative to now."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.files import parse_toml_text
from devices.dialects import address_of

DISTRICT = Path(__file__).with_name("demo") / "district.toml"
PAST_DAYS = 32
ZONE = ZoneInfo("Asia/Shanghai")
_BUTTON = re.compile(r'protocol = "rflink", address = "[^"]+"')


def demo_text(now: datetime) -> str:
    """The district file with every carer on duty from yesterday for two days, so that somebody is there at any hour."""
    return _on_duty(now, hole=False)


def tonight_text(now: datetime) -> str:
    """The same with a hole in the coming night: from three to half past three only those on foot are on duty."""
    return _on_duty(now, hole=True)


def _on_duty(now: datetime, *, hole: bool) -> str:
    text = DISTRICT.read_text(encoding="utf-8")
    start, end = now - timedelta(days=1), now + timedelta(days=2)
    local = now.astimezone(ZONE)
    three = local.replace(hour=3, minute=0, second=0, microsecond=0) + timedelta(days=int(local.hour >= 2))
    shifts = []
    for carer in parse_toml_text(text, name="demo")["carers"]:
        if hole and carer["means"] != "foot":
            again = three + timedelta(minutes=30)
            shifts += [_shift(carer["code"], start, three), _shift(carer["code"], again, end)]
        else:
            shifts.append(_shift(carer["code"], start, end))
    return "\n".join([text, *shifts])


def past_text(now: datetime) -> str:
    """The same people, with the shifts of the month before: half of the carers by day, the others by night."""
    text = DISTRICT.read_text(encoding="utf-8")
    codes = [carer["code"] for carer in parse_toml_text(text, name="demo")["carers"]]
    morning = now.astimezone(ZONE).replace(hour=8, minute=0, second=0, microsecond=0)
    half_days = [morning - timedelta(hours=12 * back) for back in range(2 * PAST_DAYS, 3, -1)]
    shifts = [
        _shift(code, start, start + timedelta(hours=12))
        for turn, start in enumerate(half_days)
        for code in codes[turn % 2 :: 2]
    ]
    return "\n".join([text, *shifts])


def speaking(text: str, protocol: str) -> str:
    """
    The district with its radio buttons replaced by devices of another protocol, one for each; one line hears one radar.
    """
    if protocol == "rflink":
        return text
    numbers = count()
    return _BUTTON.sub(
        lambda _: f'protocol = "{protocol}", address = "{address_of(protocol, next(numbers))}"', text,
        count=1 if protocol == "bed" else 0,
    )  # fmt: skip


def buttons(text: str, protocol: str = "rflink") -> dict[str, str]:
    """The address of one button of each home that has one of this protocol, by the home's code."""
    return {
        home["code"]: device["address"]
        for home in _homes(text)
        for device in home.get("devices", [])
        if device["protocol"] == protocol
    }


def addresses(text: str) -> dict[str, str]:
    """The postal address of each home, by its code."""
    return {home["code"]: home["address"] for home in _homes(text)}


def _homes(text: str) -> Sequence[dict[str, Any]]:
    homes: Sequence[dict[str, Any]] = parse_toml_text(text, name="demo")["homes"]
    return homes


def _shift(carer: str, start: datetime, end: datetime) -> str:
    return f'[[shifts]]\ncarer = "{carer}"\nstart = {start.isoformat()}\nend = {end.isoformat()}\n'
