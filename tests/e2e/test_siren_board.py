"""The board as a siren: it sounds by itself when the service stands still, and says what is wrong with it."""

import shutil
import signal

import pytest

from tests.e2e.rig import LOGIN, PASSWORD, Rig, district, phone_of

COUNT_TONES = """
window.tones = [];
const Real = window.OscillatorNode;
window.OscillatorNode = class extends Real {
  constructor(context, options) { super(context, options); window.tones.push(options.frequency); }
};
"""
"""Every tone that is really made, by its frequency."""

LOST_HZ = {700, 550, 400}
"""The falling tone of `sound.js`."""


@pytest.mark.drill
@pytest.mark.browser
def test_the_board_sounds_within_half_a_minute_when_the_engine_is_stopped(tmp_path, chromium):
    with Rig(tmp_path, district=district(carers=[phone_of(1)])) as rig:
        rig.add_operator()
        rig.start()
        browser = chromium.browser_type.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        context = browser.new_context(locale="zh-CN")
        context.add_init_script(COUNT_TONES)
        page = context.new_page()
        page.goto(f"{rig.url}/login")
        page.fill("[name=login]", LOGIN)
        page.fill("[name=password]", PASSWORD)
        page.click("main button.main")
        page.wait_for_selector('#line[data-state="online"]')
        page.click("#go-on-duty")
        page.click("#heard-yes")
        page.evaluate("window.tones.length = 0")
        rig.process.send_signal(signal.SIGSTOP)
        try:
            page.wait_for_selector("#lost:not([hidden])", timeout=25_000)
            page.wait_for_timeout(1_500)
            assert set(page.evaluate("window.tones")) >= LOST_HZ
        finally:
            rig.process.send_signal(signal.SIGCONT)
        browser.close()
