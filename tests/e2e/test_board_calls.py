"""Calls that ring in, on the board in a real browser: seen at once, judged with one key, in both languages."""

import time

import pytest
from playwright.sync_api import expect

from dispatch.rules.calls import Judgement, News, Rang
from dispatch.store.calls import Calls
from tests.e2e.test_board_browser import (  # noqa: F401  fixtures of the board
    HEARD_WITHIN_S,
    assert_clean,
    context,
    page,
    rig,
    served,
    signed_in,
    watched,
)

RESIDENT, DAUGHTER, STRANGER = "+8613800000101", "+8613800000201", "+8613912345678"
LOOKED_AT_MS = 1700
"""A card must have stood for a moment before a key judges it."""

KEY_UNDER_A_CALL = """
new MutationObserver((_, watching) => {
  if (!document.querySelector("#calls .call")) return;
  watching.disconnect();
  setTimeout(() => dispatchEvent(new KeyboardEvent("keydown", {code: "F6", key: "F6", shiftKey: true, bubbles: true})));
}).observe(document.body, {childList: true, subtree: true});
"""
"""Shift and F6, pressed as soon as a call is on the board."""


def ring_in(rig, sender, key="CA1", *more):  # noqa: F811
    news = [Rang(key=key, news=each, sender=sender, to="+1") for each in (News.CAME, *more)]
    rig.world.calls.receive("twilio", news)
    rig.settle()


def on_file(rig):  # noqa: F811
    with rig.world.reading.connect() as connection:
        return Calls(connection).recent(10)


def test_a_call_is_on_the_board_at_once_and_one_key_makes_it_an_alarm(page, rig):  # noqa: F811
    began = time.monotonic()
    ring_in(rig, RESIDENT)
    card = page.locator("#calls .call")
    card.wait_for()
    assert time.monotonic() - began < HEARD_WITHIN_S
    expect(card).to_contain_text("王秀英")
    expect(card).to_contain_text("柏林小区 3-2-501")
    page.wait_for_timeout(LOOKED_AT_MS)
    page.keyboard.press("F6")
    expect(page.locator("#rows [data-alarm]")).to_have_count(1)
    expect(page.locator("#calls .call")).to_have_count(0)
    (call,) = on_file(rig)
    assert (call.judged, rig.world.alarm(call.alarm_id).home_id) == (Judgement.ALARM, rig.world.home())


def test_with_shift_it_is_none(page, rig):  # noqa: F811
    ring_in(rig, STRANGER)
    expect(page.locator("#calls .call")).to_contain_text("未知号码")
    page.wait_for_timeout(LOOKED_AT_MS)
    page.keyboard.press("Shift+F6")
    expect(page.locator("#calls .call")).to_have_count(0)
    assert on_file(rig)[0].judged is Judgement.NO_ALARM


def test_a_call_that_slips_under_the_key_is_not_judged(page, rig):  # noqa: F811
    # A busy machine may show the card long before a key pressed from outside arrives.
    page.evaluate(KEY_UNDER_A_CALL)
    ring_in(rig, STRANGER)
    expect(page.locator("#calls .call")).to_have_count(1)
    expect(page.locator("#said")).to_have_text("刚有新来电，请先看清。")
    assert on_file(rig)[0].judged is None


def test_a_missed_call_is_an_alarm_with_its_number(page, rig):  # noqa: F811
    ring_in(rig, DAUGHTER, "CA1", News.ENDED)
    row = page.locator("#rows [data-alarm]")
    expect(row).to_contain_text("未接来电")
    row.click()
    expect(page.locator("[id^=calls-]")).to_contain_text(DAUGHTER.removeprefix("+86"))
    expect(page.locator("#facts")).to_contain_text("未接1")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (320, 640)])
@pytest.mark.parametrize(("lang", "words"), [("zh", "转为告警"), ("en", "Raise the alarm")])
def test_calls_fit_and_can_be_read_by_everybody(chromium, served, rig, width, height, lang, words):  # noqa: F811
    ring_in(rig, RESIDENT)
    ring_in(rig, "anonymous", "CA2", News.TAKEN)
    context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")  # noqa: F811
    context.add_cookies([{"name": "anling_lang", "value": lang, "url": served.url}])
    page = signed_in(context, served)  # noqa: F811
    expect(page.locator("#calls .call")).to_have_count(2)
    expect(page.locator("#calls .call button").first).to_contain_text(words)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(
        "[...document.querySelectorAll('#calls button')].every((each) => each.getBoundingClientRect().height >= 43.5)"
    )
    assert_clean(page)
    context.close()


def test_without_a_script_a_form_does_it(chromium, served, rig):  # noqa: F811
    ring_in(rig, RESIDENT)
    context = chromium.new_context(java_script_enabled=False)  # noqa: F811
    page = context.new_page()  # noqa: F811
    page.goto(f"{served.url}/login")
    page.fill("[name=login]", "wangfang")
    page.fill("[name=password]", "月亮船-7-铃铛")
    page.click("main button.main")
    page.locator("#calls button").first.click()
    expect(page.locator("#rows [data-alarm]")).to_have_count(1)
    assert on_file(rig)[0].judged is Judgement.ALARM
    context.close()
