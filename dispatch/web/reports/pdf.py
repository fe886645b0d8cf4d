"""
The printable month as PDF, by WeasyPrint, which needs Pango from the system. Without either, the page
says how to print from the browser instead.
"""

import ctypes
import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import structlog

PANGO = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0")
"""What the library opens of the system, by the names they have on Debian."""

STYLE = Path(__file__).parents[1] / "static" / "report_print.css"

log = structlog.get_logger()


class NoPdf(Exception):
    """The library or what it needs of the system is not there, or does not fit."""


@cache
def _weasyprint() -> ModuleType | None:
    """The library; None where it or Pango is not there. Loaded at the first PDF, because it takes its time."""
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError) as missing:
        # OSError: the library is there, and Pango is not.
        log.warning("pdf_not_possible", why=str(missing).splitlines()[0][:200])
        return None


@cache
def is_possible() -> bool:
    """
    Whether this machine makes PDFs. The library is looked for and not loaded, which takes two thirds of a second: the
    first look at the reports after a start waited for that. Where Pango is called otherwise, loading decides.
    """
    if importlib.util.find_spec("weasyprint") is None:
        return _weasyprint() is not None
    try:
        for each in PANGO:
            ctypes.CDLL(each)
    except OSError:
        return _weasyprint() is not None
    return True


def pdf_of(page: str) -> bytes:
    """
    The page as PDF, fonts embedded. Nothing but pictures inside the page itself is loaded.

    Raises:
        NoPdf: this machine makes none; `is_possible` knows it mostly beforehand.
    """
    library = _weasyprint()
    if library is None:
        raise NoPdf("no PDF without WeasyPrint and Pango")
    only_data = library.urls.URLFetcher(allowed_protocols={"data"})
    html = library.HTML(string=page, url_fetcher=only_data, media_type="print")
    made: bytes = html.write_pdf(stylesheets=[library.CSS(filename=str(STYLE))])
    return made
