"""
The large patterns of answers: each is made through here, so that whoever kept them made can be asked first.

Rules keep nothing themselves. Whoever starts a process may name a maker, which gives for each text the very pattern
that `re.compile` would give (`config/patterns.py`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Make = Callable[[str], re.Pattern[str]]


@dataclass(slots=True)
class _Making:
    make: Make = re.compile


_MAKING = _Making()


def made(text: str) -> re.Pattern[str]:
    """The pattern of this text."""
    return _MAKING.make(text)


def make_by(make: Make) -> None:
    """From now on patterns come from this maker: it gives, and raises, what `re.compile` does."""
    _MAKING.make = make
