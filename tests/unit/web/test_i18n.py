"""Every sentence of the pages is there in Chinese."""

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment
from werkzeug.datastructures import LanguageAccept

from dispatch.web.i18n import TRANSLATIONS, chosen_lang, read_texts, words
from dispatch.web.look import Look, look_of
from tests.architecture.tree import files, name_of, tree_of

MARKS = {"_", "N_", "gettext"}
PLACES = re.compile(r"%\((\w+)\)")
CHINESE = read_texts()["zh"]


def said_in_python(path: Path) -> list[str]:
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    found = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in MARKS and call.args]
    plural = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "ngettext"]
    texts = [call.args[0] for call in found] + [call.args[1] for call in plural]
    return [text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)]


def said_in_template(path: Path) -> list[str]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found = []
    for _line, call, said in environment.extract_translations(path.read_text(encoding="utf-8")):
        # None is data, marked with N_ where it stands, or a value that fills a sentence; of a plural the second counts.
        texts = [text for text in (said if isinstance(said, tuple) else (said,)) if text is not None]
        found += texts[1:] if call == "ngettext" else texts
    return found


def sentences() -> dict[str, str]:
    """Sentence → where it stands."""
    templates = [path for path in files(".html") if "templates" in path.parts]
    pages = [path for path in files(".py") if "web" in path.parts]
    found = {text: name_of(path) for path in pages for text in said_in_python(path)}
    return found | {text: name_of(path) for path in templates for text in said_in_template(path)}


def test_every_sentence_has_its_chinese():
    assert len(sentences()) > 40
    assert {text: place for text, place in sentences().items() if not CHINESE.get(text)} == {}


def test_every_translation_fills_in_the_same_places():
    assert [text for text, said in CHINESE.items() if set(PLACES.findall(text)) != set(PLACES.findall(said))] == []


def test_every_catalogue_is_read_by_its_name():
    assert {path.stem for path in TRANSLATIONS.glob("*.po")} <= set(read_texts())


def test_a_sentence_without_a_translation_stays_english():
    assert words(lang="zh", texts={"zh": {}}).gettext("Wait %(n)s s", n=3) == "Wait 3 s"


@pytest.mark.parametrize(
    ("choices", "accept", "lang"),
    [
        (["en", "zh"], [("zh", 1)], "en"),
        ([None, "en"], [("zh", 1)], "en"),
        (["xx", None], [("en-GB", 1)], "en"),
        ([None], [("de", 1), ("zh-TW", 0.5)], "zh"),
        ([None], [("de", 1)], "zh"),
        ([None], [], "zh"),
    ],
)
def test_the_language_is_chosen_in_order(choices, accept, lang):
    assert chosen_lang(choices, LanguageAccept(accept), "zh") == lang


@pytest.mark.parametrize("cookie", [None, "", "dark", "pink-110", "-", 'dark"><script>-125x'])
def test_a_strange_look_is_the_plain_one(cookie):
    assert look_of(cookie).size == 100
    assert look_of(cookie).theme in {"auto", "dark"}


def test_a_look_comes_back_from_its_cookie():
    assert look_of(Look(theme="dark", size=150).cookie).classes == "theme-dark size-150"
