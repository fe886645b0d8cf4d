"""The pages of lists, roster and webhooks in a real browser: by keyboard, narrow and wide, in both languages."""

import tomllib
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from config.description import application
from config.district import read_district
from config.loading import load_into
from config.options import AccountSettings
from dispatch.accounts.sign_in import SignIn
from tests.builders import DISTRICT, LOGIN, PASSWORD
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.integration.test_lists import HEAD, xlsx

PHONE, DESK = {"width": 320, "height": 568}, {"width": 1366, "height": 768}


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Iterator[str]:
    app, house = application(tmp_path_factory.mktemp("service"), accounts=AccountSettings(second_factor="optional"))
    load_into(house.transactions, read_district(tomllib.loads(DISTRICT)))
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    sign_in = SignIn(house.transactions, house.reading, house.clock, hasher)
    sign_in.add_operator(LOGIN, "王芳", PASSWORD)
    sign_in.close()
    with Site(app) as site:
        yield site.url
    house.stop()


ZH_PHONE = pytest.param(("zh", PHONE), id="zh-phone")
EN_DESK = pytest.param(("en", DESK), id="en-desk")


@pytest.fixture(params=[ZH_PHONE, EN_DESK])
def page(request, chromium, base):
    lang, size = request.param
    locale = {"zh": "zh-CN", "en": "en-GB"}[lang]
    context = chromium.new_context(viewport=size, locale=locale, bypass_csp=True, color_scheme="dark")
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{base}/login")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    yield page
    assert wrong == []
    context.close()


def sound(page) -> None:
    """Nothing sticks out, and axe finds nothing."""
    page.wait_for_load_state("load")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], page.url
    found = violations(page)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == [], page.url


def test_a_list_with_a_mistake_and_one_without(page, base, tmp_path):
    page.goto(f"{base}/import")
    sound(page)
    for cells, count in (
        (["刘大妈", "110105194912310021", 13800138000.0, "A 1"], 1),
        (["刘大妈", None, None, "A 1"], 0),
    ):
        file = tmp_path / f"名册{count}.xlsx"
        file.write_bytes(xlsx([*HEAD, "备注"], [*cells, None, None, "<b>x</b>"]))
        page.goto(f"{base}/import")
        page.set_input_files("[name=file]", str(file))
        page.locator("main form button.main").first.click()
        sound(page)
        assert page.locator("main section.now.bad").count() == count
    page.locator("main section.now button.main").click()
    page.locator("p.notice.good").wait_for()
    sound(page)
    page.locator('form[action^="/import/undo/"] button').first.click()
    page.locator("p.notice.good").wait_for()


@pytest.mark.parametrize("page", [EN_DESK], indirect=True)
def test_a_shift_is_planned_and_published_by_keyboard(page, base):
    page.goto(f"{base}/roster")
    sound(page)
    page.locator('form[action="/roster/put"] button').focus()
    page.keyboard.press("Enter")
    page.locator('form[action="/roster/publish"] button').focus()
    sound(page)
    page.keyboard.press("Enter")
    page.locator("p.notice.good").wait_for()
    page.locator('form[action^="/roster/take/"] button').first.click()
    page.locator('form[action="/roster/publish"] button').click()
    page.locator("p.notice.good").wait_for()


@pytest.mark.parametrize("page", [ZH_PHONE], indirect=True)
def test_a_webhook_keeps_what_was_typed_and_shows_its_secret_when_asked(page, base):
    page.goto(f"{base}/webhooks")
    sound(page)
    page.fill("[name=name]", "<b>市平台</b>")
    page.fill("[name=url]", "https://127.0.0.1/hook")
    page.fill("[name=types]", "anling.alarm.*")
    page.locator("main form.card button.main").click()
    assert page.input_value("[name=name]") == "<b>市平台</b>"
    assert page.input_value("[name=types]") == "anling.alarm.*"
    sound(page)
    page.fill("[name=url]", "https://city.example/hook")
    page.locator("main form.card button.main").click()
    assert "whsec_" not in page.content()
    sound(page)
    page.locator('form[action$="/secret"] button').click()
    assert "whsec_" in page.locator("main").inner_text()
    page.locator('form[action$="/test"] button').click()
    sound(page)
