"""Whoever reads the log or the record at night finds every word of it in the runbook, and nothing there is gone."""

import ast
import re
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

from dispatch.watch.auditor import HASH
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.roads import ROADS
from tests.architecture.tree import ROOT, files, name_of, nodes

RUNBOOK = ROOT / "docs" / "runbook.md"
NIGHT = ROOT / "docs" / "runbook.zh.md"

LOGGERS = {"log", "_log"}
LEVELS = {"debug": 0, "info": 0, "warning": 0, "error": 0, "exception": 0, "critical": 0, "log": 1}
"""What writes a line of the log, and where among its arguments the event stands."""

LINE = "dispatch.rules.record.Line"
WATCHED = re.compile(r'promise="(I19\.\w+)"')
NAME = re.compile(r"`([a-zA-Z0-9_.…]+)`")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Speakers = dict[str, tuple[int, str]]
"""Functions that hand a word on, by full name: where it stands among their arguments, and what it is called there."""


class Words:
    """
    Every constant that reaches a place where words are written, also by way of functions that only hand it on.

    A word put together at run time is told with `…` in the place of what is not known here.
    """

    def __init__(self, direct: str) -> None:
        """`direct` is `log` or `record`: what counts as writing by itself."""
        self._direct = direct
        self._speakers: Speakers = {}
        self.found: dict[str, str] = {}
        known = -1
        while known != len(self._speakers):
            known = len(self._speakers)
            for path in files(".py"):
                self._read(path)

    def _read(self, path: Path) -> None:
        module, named = name_of(path).removesuffix(".py").replace("/", "."), _imported(path)
        for function, calls in _functions(path):
            for call in calls:
                argument = self._argument(call, module, named)
                if argument is not None:
                    self._take(argument, function, f"{module}.{function.name}", name_of(path))

    def _argument(self, call: ast.Call, module: str, named: dict[str, str]) -> ast.expr | None:
        func = call.func
        if self._direct == "log" and _level(func) is not None:
            return _nth(call, _level(func) or 0)
        # `partial(log.error, "periodic_failed")` is a line written later.
        if self._direct == "log" and isinstance(func, ast.Name) and func.id == "partial" and call.args:
            level = _level(call.args[0])
            return None if level is None else _nth(call, level + 1)
        full = _full_name(func, module, named)
        if self._direct == "record" and full == LINE:
            return next((keyword.value for keyword in call.keywords if keyword.arg == "kind"), None)
        if full in self._speakers:
            at, keyword_name = self._speakers[full]
            given = next((keyword.value for keyword in call.keywords if keyword.arg == keyword_name), None)
            return given or _nth(call, at)
        return None

    def _take(self, argument: ast.expr, function: Function, full: str, where: str) -> None:
        parameters = [each.arg for each in (*function.args.posonlyargs, *function.args.args) if each.arg != "self"]
        if isinstance(argument, ast.Name) and argument.id in parameters:
            self._speakers[full] = (parameters.index(argument.id), argument.id)
            return
        words = list(_constants(argument, function))
        assert words, f"{where}:{argument.lineno}: a word that cannot be read here"
        self.found |= dict.fromkeys(words, where)


@cache
def _imported(path: Path) -> dict[str, str]:
    return {
        each.asname or each.name: f"{node.module}.{each.name}"
        for node in nodes(path) if isinstance(node, ast.ImportFrom) and node.module for each in node.names
    }  # fmt: skip


@cache
def _functions(path: Path) -> list[tuple[Function, list[ast.Call]]]:
    """Every function of a file with the calls in it."""
    functions = [node for node in nodes(path) if isinstance(node, Function)]
    return [(each, [node for node in ast.walk(each) if isinstance(node, ast.Call)]) for each in functions]


def _level(func: ast.expr) -> int | None:
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in LOGGERS:
        return LEVELS.get(func.attr)
    return None


def _full_name(func: ast.expr, module: str, named: dict[str, str]) -> str:
    if isinstance(func, ast.Name):
        return named.get(func.id, f"{module}.{func.id}")
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        owner = module if func.value.id == "self" else named.get(func.value.id, "?")
        return f"{owner}.{func.attr}"
    return "?"


def _nth(call: ast.Call, at: int) -> ast.expr | None:
    return call.args[at] if at < len(call.args) else None


def _constants(value: ast.expr, function: Function) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _constants(value.body, function)
        yield from _constants(value.orelse, function)
    elif isinstance(value, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in value.values)
    elif isinstance(value, ast.Name):
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == value.id for target in node.targets
            ):
                yield from _constants(node.value, function)


@cache
def written(direct: str) -> Set[str]:
    """Every word that the code writes into the `log` or the `record`."""
    return Words(direct).found.keys()


def told(heading: str) -> set[str]:
    """The names in the first column of the tables below a heading, up to the next heading of the same kind."""
    text = RUNBOOK.read_text(encoding="utf-8")
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert part, f"the runbook has no part called {heading}"
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in NAME.findall(row)}


def test_every_event_of_the_log_is_in_the_runbook_and_none_that_is_gone():
    assert told("What the log says") == written("log")


def test_every_kind_of_entry_is_in_the_runbook_and_none_that_is_gone():
    assert told("What the record says") == written("record")


def test_every_promise_of_the_watch_is_in_the_runbook_and_none_that_is_gone():
    loop = (ROOT / "dispatch" / "watch" / "loop.py").read_text(encoding="utf-8")
    watched = {each.name for each in (*PREDICATES, *ROADS)} | {HASH} | set(WATCHED.findall(loop))
    assert told("What the watch says") == watched


def test_the_words_are_really_looked_for():
    """Among them one that a function hands on, one chosen of two and one put together at run time."""
    assert {"service_ready", "wake_failed", "periodic_failed", "clock_jumped"} <= written("log")
    assert {"raised", "not_closed", "heard_…", "step_taken", "console_sounds"} <= written("record")


def test_what_operators_read_at_night_names_only_what_there_is():
    loop = (ROOT / "dispatch" / "watch" / "loop.py").read_text(encoding="utf-8")
    watched = {each.name for each in (*PREDICATES, *ROADS)} | {HASH} | set(WATCHED.findall(loop))
    known = written("log") | written("record") | watched
    text = NIGHT.read_text(encoding="utf-8")
    named = {name for row in text.splitlines() if row.startswith("| `") for name in NAME.findall(row.split("|")[1])}
    assert named <= known
    # What the watch finds, and what waits for the day, is told in Chinese as well.
    by_day = {name for row in RUNBOOK.read_text(encoding="utf-8").splitlines() if "**by day**" in row
              for name in NAME.findall(row.split("|")[1])}  # fmt: skip
    assert by_day
    assert watched | by_day <= named
