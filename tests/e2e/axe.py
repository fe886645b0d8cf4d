"""What axe finds in a page."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe()
_LOOK = """() => axe.run(document, {resultTypes: ["violations"], reporter: "no-passes"})
    .then((found) => found.violations)"""
"""Only what is wrong comes back: the whole result of a page is large, and a minute goes by with all of them."""


def violations(page: Page) -> list[dict[str, Any]]:
    """
    As axe tells them, empty for a page in order. A press on a button is over when the next page begins to come, so the
    page is waited for.
    """
    page.wait_for_load_state("load")
    page.evaluate(_AXE.axe_script)
    found: list[dict[str, Any]] = page.evaluate(_LOOK)
    return found
