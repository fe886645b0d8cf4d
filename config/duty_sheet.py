"""The duty sheet straight from the database: for the command, when the service cannot be asked."""

import importlib
from collections.abc import Sequence
from typing import Any

from config.settings import Settings
from config.wiring_board import rota_of
from dispatch.clock import SystemClock
from dispatch.dark.sheets import Gathering, Made
from dispatch.errors import Refusal
from dispatch.store.database import reading_engine
from dispatch.store.people import People
from dispatch.web.sheets import sheet_on_paper
from schedules.calendar import Calendar


class NoPrinter(Refusal):
    """A PDF is wanted where nothing can make one."""


def duty_sheet(settings: Settings, *, lang: str) -> str:
    """The sheet as one HTML file, as of now."""
    return sheet_told(**what_it_needs(settings), lang=lang)["page"]


def what_it_needs(settings: Settings) -> dict[str, Any]:
    """What of the settings a sheet is made from, as plain values."""
    return {
        "database_url": settings.database_url, "phones": list(settings.operators.phones),
        "emergency": settings.emergency.number or None,
    }  # fmt: skip


def sheet_told(database_url: str, phones: Sequence[str], emergency: str | None, lang: str) -> Made:
    """The same from plain values, for a process of its own (`schedules.apart`)."""
    reading = reading_engine(database_url)
    try:
        with reading.connect() as connection:
            _, zone = People(connection).district()
        gathering = Gathering(
            reading, SystemClock(), rota=lambda now: rota_of(reading, now), desk_phones=phones, emergency=emergency
        )
        told = gathering.sheet()
        return {"page": sheet_on_paper(told, lang=lang, zone=Calendar(zone).tzinfo), "homes": len(told["homes"])}
    finally:
        reading.dispose()


def as_pdf(page: str) -> bytes:
    """
    The same as PDF.

    Raises:
        NoPrinter: WeasyPrint or the system's Pango is not there.
    """
    try:
        printer: Any = importlib.import_module("weasyprint")
    except (ImportError, OSError):
        raise NoPrinter(
            "no PDF without Pango: apt install libpango-1.0-0 libpangoft2-1.0-0; or print the HTML from a browser"
        ) from None
    made: bytes = printer.HTML(string=page).write_pdf()
    return made
