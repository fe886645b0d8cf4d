"""The books tell the truth: every command, key, page and file they name is there."""

import re
import tomllib
from functools import cache

import click
import pytest

from config.main import cli
from config.schemas import full_keys
from config.settings_schema import SettingsSchema
from dispatch.web import nav
from tests.architecture.tree import ROOT

BOOKS = [
    ROOT / "docs" / name for name in ("operators.md", "operators.zh.md", "installers.md", "runbook.md", "runbook.zh.md")
]
WORDS = re.compile(r"(?<![\w./])anling (?!anling)((?:[a-z]+ ?)+)((?:--[a-z-]+(?: [A-Z]+)? ?)*)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.S)
LINK = re.compile(r"\]\(([^)#]+)?(#[^)]+)?\)")
KEY = re.compile(r"`((?:web|backup|alive|edge|siren|messages|drills|devices|operators)\.[a-z_]+)`")


@cache
def commands() -> dict[str, click.Command]:
    """Every command by its words."""
    found: dict[str, click.Command] = {}

    def walk(group: click.Group, at: str) -> None:
        for name, command in group.commands.items():
            found[f"{at}{name}"] = command
            if isinstance(command, click.Group):
                walk(command, f"{at}{name} ")

    walk(cli, "")
    return found


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.name)
def test_every_command_with_its_options_is_one_that_there_is(book):
    told = WORDS.findall("\n".join(CODE.findall(book.read_text(encoding="utf-8"))))
    assert told or book.name.startswith("operators")
    for words, options in told:
        parts = words.split()
        name = next((" ".join(parts[:n]) for n in (2, 1) if " ".join(parts[:n]) in commands()), None)
        if name is None:
            pytest.fail(f"{book.name}: anling {words}")
        command = commands()[name]
        if name == "siren":
            continue
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(re.findall(r"--[a-z-]+", options)) <= known, (book.name, name)


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(book):
    for path, anchor in LINK.findall(book.read_text(encoding="utf-8")):
        if path.startswith(("http:", "https:")):
            continue
        target = (book.parent / path).resolve() if path else book
        assert target.exists(), (book.name, path)
        if anchor and target.suffix == ".md":
            text = target.read_text(encoding="utf-8")
            named = f'id="{anchor[1:]}"' in text
            headings = {_slug(each) for each in re.findall(r"^#+ (.+)$", text, re.M)}
            assert named or anchor[1:] in headings, (book.name, path, anchor)


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.name)
def test_every_setting_is_one_that_there_is(book):
    known = set(full_keys(SettingsSchema()))
    named = set(KEY.findall(book.read_text(encoding="utf-8")))
    assert named - known - {each.removesuffix("_file") for each in known} == set()


@pytest.mark.parametrize("book", BOOKS[:3], ids=lambda path: path.name)
def test_every_page_is_one_that_there_is(book):
    pages = {place.path for group in nav.GROUPS for place in group.places} | {"/setup", "/alive", "/devices"}
    named = set(re.findall(r"`(/[a-z]+)`", book.read_text(encoding="utf-8")))
    assert named
    assert named <= pages


def test_toml_in_the_books_is_toml():
    for book in BOOKS:
        for text in re.findall(r"```toml\n(.*?)```", book.read_text(encoding="utf-8"), re.S):
            assert tomllib.loads(text) is not None


def test_both_languages_of_the_operators_book_have_the_same_chapters():
    english, chinese = (re.findall(r"^(#+) ", book.read_text(encoding="utf-8"), re.M) for book in BOOKS[:2])
    assert english == chinese
