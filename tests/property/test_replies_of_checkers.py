"""
What strangers would try who check the reading of answers (`tests/data/replies_of_checkers.toml`): how each list is
read, in a table; nothing may be misread, and a floor holds how much is understood.
"""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from dispatch.rules.reply import Action
from tests.property.reading import parse

LISTS = tomllib.loads((Path(__file__).parent.parent / "data" / "replies_of_checkers.toml").read_text(encoding="utf-8"))
FLOORS = {"E": 0.99, "F": 0.99, "G": 0.99, "H": 0.985, "I": 0.985}
"""Of the texts that have one meaning, how many are read so; the rest is asked back."""


def texts(name):
    """Meaning and text of one list; its new lines are written as signs."""
    return [
        (meant, line.replace("⏎", "\n")) for meant, lines in LISTS[name].items() for line in lines.split("\n") if line
    ]


def may_be(meant):
    """The actions that are right: none where it must be asked back."""
    return {Action(each) for each in meant.removeprefix("open_").split("_or_") if each != "unclear"}


def table(name):
    """What was meant, and how often it was read as what."""
    counts = Counter((meant, str(parse(text).action or "asked")) for meant, text in texts(name))
    rows = sorted({meant for meant, _ in counts})
    return "\n".join(f"{name} {row:>24} " + str({got: n for (m, got), n in counts.items() if m == row}) for row in rows)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_nothing_is_misread(name, capsys):
    with capsys.disabled():
        print(f"\n{table(name)}")
    read = ((meant, parse(text).action, text) for meant, text in texts(name))
    assert [each for each in read if each[1] is not None and each[1] not in may_be(each[0])] == []


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_what_has_one_meaning_is_understood(name):
    said = [(meant, text) for meant, text in texts(name) if meant in set(Action)]
    missed = [(meant, text) for meant, text in said if parse(text).action != meant]
    assert len(said) - len(missed) >= FLOORS[name] * len(said), missed


@pytest.mark.parametrize("name", sorted(LISTS))
def test_each_text_has_one_place(name):
    said = [text for _, text in texts(name)]
    assert len(said) == len(set(said)) >= 200
