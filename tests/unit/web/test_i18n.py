"""Every sentence of the pages is there in Chinese."""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask, g, render_template_string
from jinja2 import Environment
from werkzeug.datastructures import LanguageAccept

from dispatch.web.i18n import TRANSLATIONS, chosen_lang, install, ngettext, read_texts, words
from dispatch.web.look import Look, look_of
from tests.architecture.tree import files, name_of, tree_of

MARKS = {"_", "N_", "gettext"}
PLACES = re.compile(r"%\((\w+)\)")
COUNTED = re.compile(
    r"%\((?!by|who|whom|was_by|person|name|month|policy|phone|limit|new)\w+\)s (?:[a-z]+ )?([a-z]+s|people)\b"
)
"""A number and what there are so many of; placeholders of names and days are followed by verbs."""

NOT_COUNTED = {"as", "does", "less"}
ALWAYS_MANY = {
    "Again: %(cause)s, %(presses)s times now",
    "%(who)s would be on duty %(found)s days in a row from %(day)s, with %(new)s and %(other)s; %(limit)s is the most.",
    (
        "%(who)s would be on duty %(found)s nights in a row from %(day)s, with %(new)s and %(other)s; "
        "%(limit)s is the most."
    ),
}
"""Never said of one."""

CHINESE = read_texts()["zh"]


def said_in_python(path: Path) -> list[tuple[str, str]]:
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    found = [(call.func.id, call.args[0]) for call in calls if call.func.id in MARKS and call.args]
    found += [(call.func.id, call.args[1]) for call in calls if call.func.id == "ngettext"]
    return [
        (name, text.value) for name, text in found if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]


def said_in_template(path: Path) -> list[tuple[str, str]]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found = []
    for _line, call, said in environment.extract_translations(path.read_text(encoding="utf-8")):
        # None is data, marked with N_ where it stands, or a value that fills a sentence; of a plural the second counts.
        texts = [text for text in (said if isinstance(said, tuple) else (said,)) if text is not None]
        found += [(call, text) for text in (texts[1:] if call == "ngettext" else texts)]
    return found


def said() -> list[tuple[str, str, str]]:
    """What marks it, the sentence, where it stands; of a plural the sentence for many."""
    templates = [path for path in files(".html") if "templates" in path.parts]
    pages = [path for path in files(".py") if "web" in path.parts or path.parts[-2] == "config"]
    places = [(path, said_in_python) for path in pages] + [(path, said_in_template) for path in templates]
    return [(mark, text, name_of(path)) for path, read in places for mark, text in read(path)]


def sentences() -> dict[str, str]:
    """Sentence → where it stands."""
    return {text: place for _mark, text, place in said()}


def test_every_sentence_has_its_chinese():
    assert len(sentences()) > 40
    assert {text: place for text, place in sentences().items() if not CHINESE.get(text)} == {}


def test_every_translation_fills_in_the_same_places():
    assert [text for text, said in CHINESE.items() if set(PLACES.findall(text)) != set(PLACES.findall(said))] == []


def test_what_is_counted_has_a_singular():
    counted = [(text, place, found) for mark, text, place in said() if mark != "ngettext"
               for found in COUNTED.findall(text) if found not in NOT_COUNTED]  # fmt: skip
    assert [(text, place) for text, place, _ in counted if text not in ALWAYS_MANY] == []


def test_one_is_said_as_one():
    app = Flask(__name__)
    install(app)
    page = '{{ ngettext("pressed once", "pressed %(n)s times", n, n=n) }}'
    with app.app_context():
        for lang, spoken in (("en", ["pressed once", "pressed 2 times"]), ("zh", ["已按1次", "已按2次"])):
            g.words = words(lang=lang, texts={"en": {}, "zh": {"pressed %(n)s times": "已按%(n)s次"}})
            assert [render_template_string(page, n=n) for n in (1, 2)] == spoken
            assert [ngettext("pressed once", "pressed %(n)s times", n) for n in (1, 2)] == spoken


def test_no_two_filters_of_pages_have_one_name():
    """All rooms teach one environment: the second of a name takes the first away, on every page."""
    pages = [path for path in files(".py") if "web" in path.parts]
    calls = [(node, path) for path in pages for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    taught = [
        (keyword.arg, name_of(path))
        for call, path in calls if ast.unparse(call.func).endswith("filters.update") for keyword in call.keywords
    ]  # fmt: skip
    assert len(taught) > 20
    own = {
        (name, "dispatch/web/sheets.py") for name in ("at", "as_dialled")
    }  # An environment of its own, for sheets that are filed.
    names = [name for name, place in taught if (name, place) not in own]
    assert [name for name in set(names) if names.count(name) > 1] == []


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
