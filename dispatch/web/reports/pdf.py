"""
The printable month as PDF, by WeasyPrint (extra `pdf`), which needs Pango from the system. Without either, the page
says how to print from the browser instead.
"""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

import structlog

STYLE = Path(__file__).parents[1] / "static" / "report_print.css"

log = structlog.get_logger()


@cache
def _weasyprint() -> ModuleType | None:
    """The library; None where it or Pango is not there. Loaded at the first PDF, because it takes its time."""
    try:
        return importlib.import_module("weasyprint")
    except (ImportError, OSError) as missing:
        # OSError: the library is there, and Pango is not.
        log.warning("pdf_not_possible", why=str(missing).splitlines()[0][:200])
        return None


def is_possible() -> bool:
    """Whether this machine makes PDFs."""
    return _weasyprint() is not None


def pdf_of(page: str) -> bytes:
    """
    The page as PDF, fonts embedded. Nothing but pictures inside the page itself is loaded.

    Raises:
        RuntimeError: this machine makes none; ask `is_possible` first.
    """
    library = _weasyprint()
    if library is None:
        raise RuntimeError("no PDF without the extra pdf and Pango")
    only_data = library.urls.URLFetcher(allowed_protocols={"data"})
    html = library.HTML(string=page, url_fetcher=only_data, media_type="print")
    made: bytes = html.write_pdf(stylesheets=[library.CSS(filename=str(STYLE))])
    return made
