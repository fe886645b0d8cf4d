"""Rules out of text, and questions to them, for tests."""

import json
from pathlib import Path

from config.quoting import IMPLIED, quoting_of
from schedules.money.book import read_book
from schedules.money.rules.reading import read_policy

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "config" / "policies"
CASES = [json.loads(line) for line in (ROOT / "tests/cases/quotes.jsonl").read_text("utf-8").splitlines()]


def quoting(folder=SHIPPED, **more):
    return quoting_of(read_book(folder, implied=IMPLIED), **more)


def folder_of(path, **files):
    """A folder with these policy files; a text without [policy] gets a meal's."""
    for name, text in files.items():
        head = "" if "[policy]" in text or "exclude]]" in text or "[implies]" in text else HEAD.format(name=name)
        (path / f"{name}.toml").write_text(head + text, "utf-8")
    return path


HEAD = """
[policy]
id = "{name}"
kind = "meal"
title = "规则 {name}"
grade = "A"
"""


def policy(text, name="a-city"):
    """The policy, which must be without fault."""
    read = read_policy(text if "[policy]" in text else HEAD.format(name=name) + text, f"{name}.toml")
    assert read.policy is not None, [str(fault) for fault in read.faults]
    return read.policy


def faults(text, name="a-city"):
    read = read_policy(text if "[policy]" in text else HEAD.format(name=name) + text, f"{name}.toml")
    assert (read.policy is None) == bool(read.faults)
    return [str(fault) for fault in read.faults]


def doubts(text, name="a-city"):
    return [str(doubt) for doubt in read_policy(HEAD.format(name=name) + text, f"{name}.toml").doubts]


def meal_case(name, person, price, *, kind="lunch", used=None, date=None, **meal):
    case = {"id": "x", "policy": name, "person": person, "meal": {"type": kind, "price": price, **meal}}
    return {**case, **({"used": used} if used else {}), **({"date": date} if date else {})}
