"""
Lists of answers written whole before the parser was looked at again (`tests/data/replies_at_first_look.toml`): what was
meant and what was read, in a table. Nothing may be misread, and a floor holds how much is understood.
"""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from dispatch.rules.reply import parse

LISTS = tomllib.loads(
    (Path(__file__).parent.parent / "data" / "replies_at_first_look.toml").read_text(encoding="utf-8")
)
FLOORS = {"M": 0.93, "N": 0.82, "O": 0.79, "P": 0.95, "Q": 0.8, "R": 0}
"""Of the texts that have one meaning, how many are read so; the rest is asked back."""


def texts(name):
    """Meaning, text and the code that must be heard, of one list."""
    for place in LISTS[name].values():
        for meant, lines in place.items():
            for line in lines.strip("\n").split("\n"):
                text, _, code = line.replace("⏎", "\n").partition(" → ")
                yield meant, text, int(code) if code else None


def judged(meant, text, code):
    """Right, asked back, or wrong; where it must be asked back, to do so is right."""
    read = parse(text)
    if read.action is None:
        return "right" if meant == "unclear" or meant.startswith("open_") else "asked"
    may_be = meant.removeprefix("open_").split("_or_")
    _, _, outcome = may_be[0].partition("done_")
    fits = read.action in (may_be if not outcome else ["done"]) and (not outcome or read.outcome in {None, outcome})
    return "right" if fits and (code is None or read.code == code) else "wrong"


def table(name):
    """What was meant, and how often it was read as what."""
    return confusion(name, ((meant, str(parse(text).action or "asked")) for meant, text, _ in texts(name)))


def confusion(name, read):
    """A line for each thing meant, out of pairs of what was meant and what it was read as."""
    counts = Counter(read)
    rows = sorted({meant for meant, _ in counts})
    return "\n".join(f"{name} {row:>26} " + str({got: n for (m, got), n in counts.items() if m == row}) for row in rows)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_nothing_is_misread(name, capsys):
    with capsys.disabled():
        print(f"\n{table(name)}")
    assert [each for each in texts(name) if judged(*each) == "wrong"] == []


@pytest.mark.parametrize("name", sorted(LISTS))
def test_what_has_one_meaning_is_understood(name):
    said = [each for each in texts(name) if each[0] != "unclear" and not each[0].startswith("open_")]
    missed = [each for each in said if judged(*each) != "right"]
    assert len(said) - len(missed) >= FLOORS[name] * len(said), missed
