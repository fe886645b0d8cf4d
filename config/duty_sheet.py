"""The duty sheet straight from the database: for the command, when the service cannot be asked."""

import importlib
from typing import Any

from config.settings import Settings
from config.wiring_board import rota_of
from dispatch.clock import SystemClock
from dispatch.dark.sheets import Gathering
from dispatch.errors import Refusal
from dispatch.store.database import reading_engine
from dispatch.store.people import People
from dispatch.web.sheets import sheet_on_paper
from schedules.calendar import Calendar


class NoPrinter(Refusal):
    """A PDF is wanted where nothing can make one."""


def duty_sheet(settings: Settings, *, lang: str) -> str:
    """The sheet as one HTML file, as of now."""
    reading = reading_engine(settings.database_url)
    try:
        with reading.connect() as connection:
            _, zone = People(connection).district()
        gathering = Gathering(
            reading, SystemClock(), rota=lambda now: rota_of(reading, now), desk_phones=settings.operators.phones,
            emergency=settings.emergency.number or None,
        )  # fmt: skip
        return sheet_on_paper(gathering.sheet(), lang=lang, zone=Calendar(zone).tzinfo)
    finally:
        reading.dispose()


def as_pdf(page: str) -> bytes:
    """
    The same as PDF.

    Raises:
        NoPrinter: the extra `pdf` or the system's Pango is not there.
    """
    try:
        printer: Any = importlib.import_module("weasyprint")
    except (ImportError, OSError):
        raise NoPrinter("no PDF without the extra pdf (WeasyPrint and Pango); print the HTML from a browser") from None
    made: bytes = printer.HTML(string=page).write_pdf()
    return made
