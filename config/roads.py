"""The commands about roads: exercises, and streets in the shadow."""

import json
import threading
from typing import Any

from config.commands import change
from config.settings import Settings

LOOK_S = 1.0
LIMIT_S = 240.0
"""An exercise ends by itself after two and a half minutes; so long somebody waits for its result."""


def begin_drill(settings: Settings, *, wait: bool, as_json: bool, **wanted: str) -> int:
    """
    Raises an exercise and waits for what comes of it; 1 if it failed.

    Raises:
        Refusal: there is no such path, or no exercise may be now.
    """
    row = change(settings, "drill", **wanted)
    pause, waited_s = threading.Event(), 0.0
    while wait and row["state"] == "running" and waited_s < LIMIT_S:
        pause.wait(LOOK_S)
        waited_s += LOOK_S
        listed = change(settings, "drill_list", most=20)["drills"]
        row = next((each for each in listed if each["id"] == row["id"]), row)
    print(json.dumps(row, ensure_ascii=False) if as_json else _line(row))
    return 0 if row["state"] == "passed" or not wait else 1


def show_drills(settings: Settings, *, as_json: bool) -> int:
    """The last exercises, and the paths that lack one; 1 if any does."""
    told = change(settings, "drill_list", most=50)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for row in told["drills"]:
            print(_line(row))
        for path in told["untested"]:
            print(f"untested  {path['gateway']} → {path['provider']} {path['channel']}  {path['passed_at'] or 'never'}")
    return 1 if told["untested"] else 0


def show_shadow(settings: Settings, *, most: int, as_json: bool) -> int:
    """How every street stands, and what would have been sent."""
    told = change(settings, "shadow_list", most=most)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    modes = {each["area"]: each["mode"] for each in told["switches"]}
    for street in ["*", *told["streets"]]:
        print(f"{modes.get(street) or modes.get('*') or 'live':>8}  {street}")
    for row in told["would_have"]:
        print(
            f"{row['posted_at']}  {row['number']}  {row['area']}  {row['sentence']} {row['channel']} → {row['person']}"
        )
    return 0


def _line(row: dict[str, Any]) -> str:
    lacking = f", not {row['lacking']}" if row["lacking"] else ""
    return f"{row['begun_at']}  {row['path']}  {row['state']}{lacking}"
