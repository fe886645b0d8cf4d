# ruff: noqa: F401, F811 -- the fixtures of the board's browser are used here too
"""
The keys of each flow of the board, counted in a real browser (ECOSYSTEM, 7.5), and two operators at once.

`Keys` presses and counts. A flow that needs one more than promised fails, and so does one that is not done after them.
"""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.test_board_browser import (
    Served,
    Watched,
    assert_clean,
    context,
    online,
    opened,
    page,
    rig,
    served,
    signed_in,
    until,
    watched,
)
from tests.integration.board_rig import PASSWORD


class Keys:
    """Presses keys and buttons on one page, and fails when they are more than the flow may take."""

    def __init__(self, page: Page, most: int) -> None:
        self._page = page
        self._most = most
        self.count = 0

    def press(self, key: str) -> None:
        self._used()
        self._page.keyboard.press(key)

    def click(self, selector: str) -> None:
        self._used()
        self._page.click(selector)

    def _used(self) -> None:
        self.count += 1
        assert self.count <= self._most, f"more than {self._most} keys"


@pytest.fixture
def alarm_id(page, rig):
    made = rig.press("H1", "R1")
    page.wait_for_selector(f"#row-{made}")
    return made


def test_on_duty_takes_two(page, rig):
    keys = Keys(page, 2)
    keys.click("#go-on-duty")
    keys.click("#heard-yes")
    expect(page.locator("#sound-state")).to_have_text("声音正常")
    until(page, "window.anling.heard")
    assert rig.consoles.sounding() == 1


def test_taken_takes_one(page, rig, alarm_id):
    Keys(page, 1).press("F2")
    expect(page.locator(f"#charge-{alarm_id}")).to_contain_text("您自")
    assert rig.claiming.of(alarm_id)[0].by == f"operator:{rig.operator.id}"


def test_a_carer_asked_by_hand_takes_three(page, rig, alarm_id):
    keys = Keys(page, 3)
    keys.press("F2")
    expect(page.locator(f"#alarm-{alarm_id}")).to_be_visible()
    second = page.locator(".candidates [data-person]").nth(1).get_attribute("data-person")
    keys.press("F4")
    keys.press("2")
    expect(page.locator("#said")).to_have_text("已完成。")
    assert second in {each.person for each in rig.world.offers(alarm_id)}


def test_everybody_asked_takes_two(page, rig, alarm_id):
    keys = Keys(page, 2)
    keys.press("F2")
    expect(page.locator(f"#alarm-{alarm_id}")).to_be_visible()
    keys.press("Shift+F4")
    expect(page.locator(".timeline")).to_contain_text("已询问全部在岗人员")
    assert len(rig.world.offers(alarm_id)) == 3


def test_talking_takes_two(page, alarm_id):
    keys = Keys(page, 2)
    keys.press("F2")
    expect(page.locator(f"#alarm-{alarm_id}")).to_be_visible()
    keys.press("F9")
    expect(page.locator(".calls [data-called] a")).to_be_focused()
    assert page.locator(".calls [data-called] a").get_attribute("href") == "tel:+8613800000101"


def test_closing_takes_three(page, rig, alarm_id):
    opened(page, alarm_id)
    keys = Keys(page, 3)
    keys.press("F8")
    keys.press("2")
    keys.press("Enter")
    expect(page.locator(f"#alarm-{alarm_id}")).to_have_attribute("data-state", "closed")
    assert rig.world.alarm(alarm_id).outcome == "false_alarm"


def test_the_sheet_for_120_takes_one(page, alarm_id):
    opened(page, alarm_id)
    Keys(page, 1).press("Shift+F9")
    expect(page.locator(".sheet120 .huge")).to_have_text("柏林小区 3-2-501")


def test_muting_takes_one_and_ends_by_itself(page):
    page.click("#go-on-duty")
    page.click("#heard-yes")
    Keys(page, 1).press("Shift+F8")
    expect(page.locator("#sound-state")).to_contain_text("静音 01:5")


def test_one_key_more_than_promised_is_noticed(page):
    keys = Keys(page, 1)
    keys.press("Escape")
    with pytest.raises(AssertionError, match="more than 1"):
        keys.press("Escape")


# ------------------------------------------------------------------------------------------------ two at once


@pytest.fixture
def li(chromium, served, rig) -> Page:
    """A second operator, in a browser of her own."""
    rig.second = rig.sign_in.add_operator("linaaa", "李娜", PASSWORD)
    opened_: BrowserContext = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = opened_.new_page()
    page.goto(f"{served.url}/login")
    page.fill("[name=login]", "linaaa")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.main")
    page.wait_for_url("**/board")
    online(page)
    yield page
    opened_.close()


def test_the_second_sees_what_the_first_does_and_takes_another(page, li, rig, alarm_id):
    rig.world.clock.advance(1)
    other = rig.press("H2", "R2")
    li.wait_for_selector(f"#row-{other}")
    page.keyboard.press("F2")
    expect(li.locator(f"#row-{alarm_id} .held")).to_have_text("⚑ 王芳")
    li.keyboard.press("F2")
    expect(li.locator(f"#charge-{other}")).to_contain_text("您自")
    li.click(f"#row-{alarm_id} a")
    expect(li.locator(f"#charge-{alarm_id}")).to_contain_text("王芳自")
    li.keyboard.press("Shift+F2")
    li.keyboard.type("王芳去接120电话")
    li.keyboard.press("Enter")
    expect(page.locator(f"#charge-{alarm_id}")).to_contain_text("李娜自")
    expect(page.locator(".timeline")).to_contain_text("王芳去接120电话")


def test_both_at_the_same_moment_one_has_it_and_the_other_is_told(page, li, rig, alarm_id, watched):
    li.wait_for_selector(f"#row-{alarm_id}")
    rig.claiming.take(alarm_id, by=f"operator:{rig.second.id}")
    # Her claim has not come to this board yet: nothing has rung.
    page.keyboard.press("F2")
    expect(page.locator("#said")).to_contain_text("李娜正在负责")
    expect(page.locator(f"#charge-{alarm_id}")).to_contain_text("李娜自")
    assert [text for text in watched.errors if "409" not in text] == []
    watched.errors.clear()


def test_both_send_the_same_carer_and_the_carer_hears_it_once(page, li, rig, alarm_id):
    opened(page, alarm_id)
    opened(li, alarm_id)
    for each in (page, li):
        each.keyboard.press("Shift+F4")
    expect(page.locator(".timeline")).to_contain_text("已询问全部在岗人员")
    expect(li.locator("#said")).to_have_text("已完成。")
    assert [each.asked for each in rig.world.offers(alarm_id)] == [1, 1, 1]
    assert rig.world.kinds(alarm_id).count("asked_everybody") == 1


def test_the_map_opens_an_alarm_by_keyboard_and_loads_nothing_foreign(page, rig, alarm_id):
    page.click("#map-box > summary")
    mark = page.locator(f'[data-mark="{alarm_id}"]')
    expect(mark).to_be_visible()
    expect(mark).to_have_attribute("aria-label", "已派 求助, 柏林小区 3-2-501")
    assert_clean(page)
    mark.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#alarm-{alarm_id}")).to_be_visible()


def test_forced_colours_and_a_still_screen_lose_nothing(chromium, served, rig, alarm_id):
    opened_ = chromium.new_context(
        forced_colors="active",
        reduced_motion="reduce",
        viewport={"width": 320, "height": 640},
    )
    seen = Watched(opened_, served.url)
    page = signed_in(opened_, served)
    opened(page, alarm_id)
    for part in (f"#charge-{alarm_id}", ".badge", ".ticks button", ".address"):
        expect(page.locator(part).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("getComputedStyle(document.querySelector('.row-alarm .shape')).animationName") == "none"
    assert seen.errors == []
    opened_.close()
