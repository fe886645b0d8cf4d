"""The project's own files, for tests that read them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "devices", "dispatch", "schedules")


def files(*suffixes: str, folders: tuple[str, ...] = ROOMS) -> list[Path]:
    """Every file with one of the suffixes in the folders, caches left out."""
    return [path for folder in sorted(folders) for path in _below(folder) if path.suffix in suffixes]


@cache
def _below(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    """The path as people say it: from the top of the project, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of the syntax tree of a file: walking costs as much as parsing, and most tests here walk."""
    return tuple(ast.walk(tree_of(path)))


@cache
def imports(path: Path) -> frozenset[str]:
    """The full name of every module that a file imports, anywhere in it."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def attributes(path: Path) -> frozenset[str]:
    """The last two parts of every dotted name in a file, and `module.name` of every `from module import name`."""
    return frozenset(_attributes(path))


def _attributes(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            yield f"{node.value.attr}.{node.attr}"  # datetime.datetime.now reads as datetime.now
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
