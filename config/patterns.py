"""
The patterns of people's answers as Python has made them, kept beside its own compiled code.

    python -m config.patterns        makes them ahead, where whoever starts may not write beside the code

Making them takes 1.6 s of the processor at each start, and it is the same each time. Python keeps no patterns, but what
it makes of one is a list of numbers (`re._compiler`, private): that list is kept in `__pycache__`, where the compiled
code of the same modules lies, under the same trust and the same rules (`PYTHONDONTWRITEBYTECODE`,
`PYTHONPYCACHEPREFIX`). The engine of patterns looks each list over before it takes it.

Whatever is not as expected - another Python, another text, a damaged file, a folder that cannot be written to - costs
what it cost before: the pattern is made by `re.compile` (docs/adr/0098).
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import orjson

from dispatch.rules.phrases import lessons, making

NAME = "patterns"

_MISMATCHES = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RuntimeError)
"""What may be raised where the file or the private parts of `re` are not as they were."""

Program = tuple[int, Sequence[int], int]
"""Flags, code and number of groups of a pattern whose groups have no names."""


class Kept:
    """
    Makes patterns, by what an earlier process kept where it can. From any thread.

    `path` is where they are kept; None where nothing is.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._used: dict[str, Program] = {}
        self.made = 0

    @cached_property
    def _known(self) -> Mapping[str, Program]:
        # Read when the first pattern is asked for: until then whoever starts has better to do.
        return _read(self._path) if self._path is not None else {}

    def __call__(self, text: str) -> re.Pattern[str]:
        """The pattern that `re.compile` makes of this text."""
        known = self._known.get(text)
        with suppress(*_MISMATCHES):
            if known is not None:
                return self._taken(text, known)
        self.made += 1
        with suppress(ImportError, *_MISMATCHES):
            if self._path is not None and (program := _program(text)) is not None:
                return self._taken(text, program)
        return re.compile(text)

    def keep(self, *, asked: bool = False) -> None:
        """
        Writes down what was used in this process, if anything of it was made in it. A file is whole or not there.

        `asked` writes also where Python was told to write no compiled code.
        """
        if self._path is None or not self.made or (sys.dont_write_bytecode and not asked):
            return
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        # Whoever starts goes on without: what is not kept is made anew next time.
        with suppress(OSError, ImportError, *_MISMATCHES):
            body = orjson.dumps({"of": _python(), "programs": dict(self._used)})
            self._path.parent.mkdir(exist_ok=True)
            beside.write_bytes(sha256(body).hexdigest().encode() + b"\n" + body)
            beside.replace(self._path)
        self.made = 0

    def _taken(self, text: str, program: Program) -> re.Pattern[str]:
        pattern = _pattern(text, program)
        self._used[text] = program
        return pattern


def take_over() -> Kept:
    """From now on this process makes its patterns by what earlier ones kept; `keep` writes down what was new."""
    kept = Kept(_place())
    making.make_by(kept)
    return kept


def _place() -> Path | None:
    """Beside the compiled module that makes patterns; None where Python keeps no compiled code."""
    with suppress(NotImplementedError):
        return Path(cache_from_source(making.__file__)).with_suffix(f".{NAME}")
    return None


def _python() -> str:
    """Whose lists of numbers these are: exactly this build of Python."""
    engine: Any = import_module("_sre")
    return f"{sys.implementation.cache_tag} {sys.version} {engine.MAGIC} {engine.CODESIZE}"


def _read(path: Path) -> dict[str, Program]:
    """What is kept there, by text; nothing where it is missing, damaged or another Python's."""
    with suppress(OSError, ImportError, *_MISMATCHES):
        digest, _, body = path.read_bytes().partition(b"\n")
        if digest.decode() == sha256(body).hexdigest():
            told = orjson.loads(body)
            return dict(told["programs"]) if told["of"] == _python() else {}
    return {}


def _program(text: str) -> Program | None:
    """What `re.compile` makes of it, before it hands it to the engine; None of a pattern with names."""
    parser: Any = import_module("re._parser")
    compiler: Any = import_module("re._compiler")
    parsed = parser.parse(text, 0)
    if parsed.state.groupdict:
        return None
    return parsed.state.flags, compiler._code(parsed, 0), parsed.state.groups - 1


def _pattern(text: str, program: Program) -> re.Pattern[str]:
    """The engine's pattern. Raises RuntimeError where it finds the code not in order."""
    engine: Any = import_module("_sre")
    flags, code, groups = program
    pattern: re.Pattern[str] = engine.compile(text, flags, code, groups, {}, (None,) * (groups + 1))
    return pattern


def make_all() -> None:
    """All patterns of answers, made and kept."""
    kept = take_over()
    for learn in lessons():
        learn()
    kept.keep(asked=True)


if __name__ == "__main__":
    make_all()
