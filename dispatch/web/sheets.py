"""`/sheet`: the duty sheet as a page, and the same whole in itself for a file that lies ready when all is dark."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

from flask import Blueprint, flash, redirect, render_template
from jinja2 import Environment, FileSystemLoader
from werkzeug.wrappers import Response

from dispatch.rules.dialling import as_dialled
from dispatch.rules.people import Person
from dispatch.rules.rights import Area, Right
from dispatch.web import words
from dispatch.web.access import area, caller, require
from dispatch.web.i18n import gettext, read_texts
from dispatch.web.i18n import words as words_of

HERE = Path(__file__).parent

Plain = dict[str, Any]


class Gathers(Protocol):
    """Who gathers one; `dispatch.dark.sheets.Gathering`."""

    def sheet(self, area: Area = ...) -> Plain: ...


class Files(Protocol):
    """Who files one; `dispatch.dark.sheets.Filing`."""

    def file(self, *, by: Person = ...) -> Path: ...


def sheet_blueprint(gathering: Gathers, filing: Files, *, shown: Callable[[Person, int], None]) -> Blueprint:
    """`/sheet`. `shown(by, homes)` writes down who has seen every door of their stations."""
    bp = Blueprint("sheet", __name__)

    @bp.get("/sheet")
    @require(Right.ALARMS_ACT)
    def page() -> str:
        told = gathering.sheet(area())
        shown(caller(), len(told["homes"]))
        return render_template("sheet.html", sheet=told, **_WORDS)

    @bp.post("/sheet")
    @require(Right.ALARMS_ACT)
    def file() -> Response:
        filing.file(by=caller())
        flash(gettext("Filed with the service's data."))
        return redirect("/sheet", 303)

    return bp


_WORDS: Plain = {"CAUSES": words.CAUSES, "STATES": words.STATES, "TALKS": words.TALKS, "SHAPES": words.SHAPES}


def sheet_on_paper(sheet: Plain, *, lang: str, zone: tzinfo) -> str:
    """The sheet as one HTML file with everything in it, in this language and the local time of this zone."""
    said = words_of(lang=lang, texts=read_texts())

    def at(iso: str | None, pattern: str = "%H:%M:%S") -> str:
        return datetime.fromisoformat(iso).astimezone(zone).strftime(pattern) if iso else "—"

    pages = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
    pages.filters.update(at=at, as_dialled=as_dialled)
    pages.globals.update(_=said.gettext, word=lambda told, code: said.gettext(told.get(str(code), str(code))))
    style = (HERE / "static" / "sheet.css").read_text(encoding="utf-8")
    return pages.get_template("sheet_file.html").render(sheet=sheet, lang=lang, style=style, **_WORDS)
