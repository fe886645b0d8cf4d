"""The demo's fictional district as text, with shifts relative to now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.files import parse_toml_text

DISTRICT = Path(__file__).with_name("demo") / "district.toml"


def demo_text(now: datetime) -> str:
    """The district file with every carer on duty from yesterday for two days, so that somebody is there at any hour."""
    text = DISTRICT.read_text(encoding="utf-8")
    shifts = [_shift(carer["code"], now) for carer in parse_toml_text(text, name="demo")["carers"]]
    return "\n".join([text, *shifts])


def buttons(text: str) -> dict[str, str]:
    """The address of one radio button of each home that has one, by the home's code."""
    return {
        home["code"]: device["address"]
        for home in _homes(text)
        for device in home.get("devices", [])
        if device["protocol"] == "rflink"
    }


def addresses(text: str) -> dict[str, str]:
    """The postal address of each home, by its code."""
    return {home["code"]: home["address"] for home in _homes(text)}


def _homes(text: str) -> Sequence[dict[str, Any]]:
    homes: Sequence[dict[str, Any]] = parse_toml_text(text, name="demo")["homes"]
    return homes


def _shift(carer: str, now: datetime) -> str:
    start, end = now - timedelta(days=1), now + timedelta(days=2)
    return f'[[shifts]]\ncarer = "{carer}"\nstart = {start.isoformat()}\nend = {end.isoformat()}\n'
