"""
Languages: message ids are English sentences, the Chinese ones are in `translations/zh.po`, read once at the start.

The language of a request is what this browser chose, else what the operator chose, else `Accept-Language`, else the
default (zh). Flask's `g` carries it, so that a template and a view say `_("…")` and nothing else.

A sentence that is data and translated later is marked with `N_("…")`, so that the tests find it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import Flask, g, has_app_context
from werkzeug.datastructures import LanguageAccept

LANGS: Mapping[str, str] = {"zh": "中文", "en": "English"}
"""What can be chosen, each by its own name."""

TRANSLATIONS = Path(__file__).with_name("translations")

Catalogue = Mapping[str, str]
Texts = Mapping[str, Catalogue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One request's language and its catalogue."""

    lang: str
    catalogue: Catalogue

    def gettext(self, text: str, **values: Any) -> str:
        """The sentence in this language, with `%(name)s` filled in; the English one where there is no translation."""
        found = self.catalogue.get(text) or text
        return found % values if values else found


ENGLISH = Words(lang="en", catalogue={})


@cache
def read_texts(folder: Path = TRANSLATIONS) -> Texts:
    """
    The catalogues, language → sentences; English needs none. Read by name, so that another language is a file.

    Read once in a process: a catalogue takes a fifth of a second, and every sheet for a dark night asks for it.
    """
    return {"en": {}} | {path.stem: _catalogue(path) for path in sorted(folder.glob("*.po"))}


def words(*, lang: str, texts: Texts) -> Words:
    return Words(lang=lang, catalogue=texts.get(lang, {}))


def chosen_lang(choices: Iterable[str | None], accept: LanguageAccept, default: str) -> str:
    """The first choice that is a language of ours, else the browser's best, else the default."""
    for choice in choices:
        if choice in LANGS:
            return str(choice)
    for wanted, _quality in accept:
        if wanted.partition("-")[0].lower() in LANGS:
            return wanted.partition("-")[0].lower()
    return default


def current_words() -> Words:
    """This request's words; English outside of one."""
    found: Words = g.get("words", ENGLISH) if has_app_context() else ENGLISH
    return found


def gettext(text: str, **values: Any) -> str:
    """The sentence in the language of this request."""
    return current_words().gettext(text, **values)


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    """The sentence for `n` things. Chinese has one form, kept under the id of the many."""
    return _form(one, many, n) % {"n": n, **values}


def _form(one: str, many: str, n: int) -> str:
    return one if n == 1 and current_words().lang == "en" else current_words().gettext(many)


_ = gettext


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Marks a sentence that is kept as data and translated when it is shown."""
    return text


_LATER = N_("from the next page on")


def later(lang: str) -> str:
    """When a language that is chosen now begins to hold, in that language: a page that answered a form stays."""
    return words(lang=lang, texts=read_texts()).gettext(_LATER)


def install(app: Flask) -> None:
    """Gives templates `_`, `ngettext`, `{% trans %}` and `lang()`; Jinja fills in what stands in a sentence."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, _form, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(lang=lambda: current_words().lang, langs=LANGS, later=later)


def _catalogue(path: Path) -> Catalogue:
    with path.open("rb") as file:
        messages = read_po(file, locale=path.stem)
    return {str(each.id): str(each.string) for each in messages if each.id and each.string and not each.fuzzy}
