"""The first run in a real browser, on a service of its own, with and without a script, and what axe says of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Error

from devices.dialects import RflinkDialect
from devices.simulator import Simulator
from tests.e2e.axe import violations
from tests.e2e.rig import ROOT, until
from tests.ports import free_port

PHONE, DESK = {"width": 320, "height": 640}, {"width": 1366, "height": 768}


@pytest.fixture
def service(tmp_path) -> Iterator[tuple[str, str]]:
    """A service nobody has set up: its address and its code."""
    port = free_port()
    said = {"ANLING_HOME": str(tmp_path), "ANLING_WEB__LISTEN": f"127.0.0.1:{port}", "ANLING_LOG__FORMAT": "json"}
    out = tmp_path / "log"
    with out.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.main", "serve"], cwd=ROOT, env={**os.environ, **said}, stdout=log
        )

    def lines():
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines() if line.endswith("}")]

    until("the service is ready", lambda: any(line["event"] == "service_ready" for line in lines()))
    code = next(line["code"] for line in lines() if line["event"] == "setup_waits")
    yield f"http://127.0.0.1:{port}", code
    process.terminate()
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("lang", "size", "script"), [pytest.param("zh", PHONE, False, marks=pytest.mark.drill), ("en", DESK, True)]
)
def test_six_steps_in_a_browser(chromium, service, tmp_path, lang, size, script):
    base, code = service
    locale = {"zh": "zh-CN", "en": "en-GB"}[lang]
    context = chromium.new_context(viewport=size, locale=locale, java_script_enabled=script, bypass_csp=True)
    page, foreign, errors = context.new_page(), [], []
    context.on("request", lambda request: foreign.append(request.url) if not request.url.startswith(base) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))

    def well(step: int) -> None:
        assert page.locator("h1").inner_text().startswith(f"{step} ·")
        assert page.locator("html").bounding_box()["width"] <= size["width"]
        if script:
            found = violations(page)
            assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []

    page.goto(base)
    well(1)
    for name, text in (("code", code), ("name", "王芳"), ("login", "wang"), ("password", "a long enough sentence")):
        page.fill(f"[name={name}]", text)
    page.click("main button.main")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.fill("[name=code]", pyotp.TOTP(secret).now())
    page.click("main button.main")
    page.click("main a.main")
    well(2)
    for name, text in (("district", "示范区"), ("station", "柏林驿站"), ("place", "38.0712，114.4903")):
        page.fill(f"[name={name}]", text)
    page.click("main button.main")
    well(3)
    with Simulator(tmp_path, RflinkDialect(), name="radio") as radio:
        page.fill("[name=other]", str(radio.path.resolve()))
        page.fill("[name=name]", "hall-radio")
        page.click("button[formaction]")
        page.wait_for_selector("#heard")
        radio.press("EV1527:0a1b2c:01")
        # By the script, or without one by the page that loads itself again.
        page.wait_for_selector("#heard.good", timeout=60_000)
        well(3)
        page.click("form[action='/setup/gateway'] button.main")
        well(4)
        page.click("form[action='/setup/messages-done'] button")
        well(5)
        page.fill("[name=phones]", "13800000009")
        page.click("form[action='/setup/hearers'] button")
        well(6)
        # Whoever is just going does not send a script any more: the page that asked must know by itself how to wait.
        page.route("**/setup.js", lambda route: route.abort())
        page.click("form[action='/setup/restart'] button")
        if script:
            # The page waits for the service, and goes on by itself.
            page.wait_for_selector("ul.checks", timeout=60_000)
        until("the service is back", lambda: _is_back(page, base))
        page.click("form[action='/setup/try'] button")
        until("the canary came through", lambda: _greens(page, base) >= 4)
    page.click("form[action='/setup/finish'] button")
    assert page.url == f"{base}/board"
    assert page.goto(f"{base}/setup").status == 404
    page.goto(f"{base}/alive")
    if script:
        assert violations(page) == []
    assert (foreign, errors) == ([], [])
    context.close()


def _is_back(page, base) -> bool:
    try:
        page.goto(f"{base}/setup?step=6")
    except Error:
        # Nobody answers while it begins anew.
        return False
    return page.locator("form[action='/setup/restart']").count() == 0 and page.locator(".checks").count() == 1


def _greens(page, base) -> int:
    page.goto(f"{base}/setup?step=6")
    return int(page.locator(".checks .good").count())
