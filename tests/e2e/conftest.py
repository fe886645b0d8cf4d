"""One real browser in each worker for all modules that look at pages."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.need import need

PATIENCE_MS = 90_000
"""How long a page is waited for: no promise, only the end of a failing test. The library's own 30 s have been too short
on a machine with much else to do."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def _browser() -> Iterator[Browser]:
    """Begun by the first test that looks at a page: each start takes two seconds of the processor."""
    path = shutil.which("chromium")
    need(path, "chromium not found: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        _make_patient(browser)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium(_browser: Browser) -> Iterator[Browser]:
    """The browser without anybody's pages: what a module has left open is closed behind it and asks no more."""
    yield _browser
    for context in _browser.contexts:
        context.close()


def _make_patient(browser: Browser) -> None:
    """Every context that is made from now on waits so long for clicks, pages and selectors."""
    make = browser.new_context

    def new_context(**options: Any) -> BrowserContext:
        context = make(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    setattr(browser, "new_context", new_context)  # noqa: B010  a method of this one object
