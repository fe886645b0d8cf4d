"""
What every worker of a test run would do over again at its beginning, done once: each prepares its share of the files.

    worker 0 ── compiles files 0, 5, 10 … ─┐
    worker 1 ── compiles files 1, 6, 11 … ─┼─▶ byte code on disk ──▶ every worker collects and finds it there
    worker 2 ── …                          ┘

In a fresh clone that is 20 s of the processor, for each worker. Nobody waits for anybody: a file that another worker
has not come to yet is compiled twice, as it would be anyway.
"""

from collections.abc import Iterable
from compileall import compile_file
from pathlib import Path
from types import ModuleType

import pytest
from _pytest.assertion import rewrite
from hypothesis.internal.constants_ast import constants_from_module

CODE = ("config", "devices", "dispatch", "schedules")


def prepare_share(config: pytest.Config, *, share: int, shares: int) -> None:
    """Compiles every file that is share `share` of `shares`: tests with their asserts rewritten, the rest as it is."""
    tests = [file for arg in config.args for file in _tests_at(config.rootpath / arg.partition("::")[0])]
    for file in _share(tests, share, shares):
        _rewrite(config, file)
    if len(tests) < 2 * shares:
        return
    for file in _share((each for name in CODE for each in (config.rootpath / name).rglob("*.py")), share, shares):
        compile_file(file, quiet=2)
        _note_constants(file)


def _tests_at(path: Path) -> Iterable[Path]:
    return path.rglob("test_*.py") if path.is_dir() else [path]


def _share(files: Iterable[Path], share: int, shares: int) -> list[Path]:
    """Long files are spread first, so that no share is much longer than another."""
    return sorted(set(files), key=lambda file: (-file.stat().st_size, file))[share::shares]


def _rewrite(config: pytest.Config, file: Path) -> None:
    """Does what pytest does when it imports a test, but for importing it; it has no public name for that."""
    pyc = rewrite.get_cache_dir(file) / f"{file.stem}{rewrite.PYC_TAIL}"
    if rewrite._read_pyc(file, pyc) is None and rewrite.try_makedirs(pyc.parent):
        source_hash, code = rewrite._rewrite_test(file, config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, pyc)


def _note_constants(file: Path) -> None:
    """Hypothesis tries the constants of the code, and keeps on disk which a file has."""
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    constants_from_module(module)
