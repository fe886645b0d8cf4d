"""The pages of accounts in a real browser: the way in by two steps, one's account, everybody's, machines' keys."""

import os
import re
from collections.abc import Iterator

import pyotp
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Page

from dispatch import ids
from dispatch.accounts.keys import Keys
from dispatch.accounts.policy import AccountPolicy
from dispatch.accounts.sign_in import SignIn
from dispatch.clock import SystemClock
from dispatch.rules.rights import Role
from dispatch.store.database import reading_engine, writing_engine
from dispatch.store.transactions import SerialTransactions
from dispatch.web.app import create_app
from dispatch.web.options import WebOptions
from tests.e2e.axe import violations
from tests.e2e.site import Site
from tests.kept import lay_tables

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"
PHONE, DESK = {"width": 320, "height": 568}, {"width": 1366, "height": 768}
SHOTS = os.environ.get("ANLING_SHOTS", "")


class Well:
    def facts(self):
        return {}


@pytest.fixture
def served(request, tmp_path) -> Iterator[str]:
    url = f"sqlite:///{tmp_path}/anling.db"
    engine = writing_engine(url)
    lay_tables(engine, tmp_path / "anling.db")
    clock = SystemClock()
    transactions, reading = SerialTransactions(engine, clock, ids.new_id), reading_engine(url)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    door = SignIn(transactions, reading, clock, hasher, policy=AccountPolicy(second_factor=True), secret="s" * 40)
    lang = request.node.callspec.params["lang"][:2]
    door.add_operator(LOGIN, "王芳", PASSWORD, lang=lang, roles=frozenset({Role.ADMINISTRATOR}))
    keys = Keys(transactions, reading, clock)
    keys.new_key("一号网关", "signals", gateways=["hall"])
    options = WebOptions(public_url="http://127.0.0.1", secret_key="k" * 32, secure_cookies=False)
    app = create_app([], sign_in=door, keys=keys, options=options, health=Well())
    with Site(app) as site:
        yield site.url
    door.close()


def looked_at(page: Page, name: str) -> None:
    """Nothing sticks out, and axe finds nothing."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    found = violations(page)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == [], name


@pytest.mark.parametrize(
    ("lang", "size", "scheme"), [("zh-CN", PHONE, "light"), ("en-GB", DESK, "dark")], ids=["zh-phone", "en-desk-dark"]
)
def test_the_way_in_and_every_page_of_accounts(chromium, served, lang, size, scheme):
    # The policy lets no foreign script run, axe's neither.
    context = chromium.new_context(viewport=size, locale=lang, color_scheme=scheme, bypass_csp=True)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{served}/login")
    looked_at(page, f"login-{lang}")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/enrol")
    looked_at(page, f"enrol-{lang}")
    totp = pyotp.TOTP(page.locator(".secret").inner_text().replace(" ", ""))
    page.locator("form[action='/login/enrol'] [name=code]").fill(totp.now())
    page.keyboard.press("Enter")
    page.wait_for_selector(".codes")
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    looked_at(page, f"codes-{lang}")
    page.locator("a.main").click()
    page.wait_for_url("**/users")
    page.goto(f"{served}/account")
    looked_at(page, f"account-{lang}")
    page.goto(f"{served}/users")
    looked_at(page, f"users-{lang}")
    page.locator("form[action='/users'] [name=login]").fill("zhao")
    page.locator("form[action='/users'] [name=name]").fill("赵师傅")
    page.locator("form[action='/users'] [value=installer]").check()
    page.locator("form[action='/users'] button").click()
    page.wait_for_selector(".huge")
    assert re.search(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", page.locator(".huge").inner_text())
    looked_at(page, f"invited-{lang}")
    page.goto(f"{served}/keys")
    looked_at(page, f"keys-{lang}")
    page.locator("form[action='/logout'] button").first.click()
    page.wait_for_url("**/login")
    page.fill("[name=login]", LOGIN)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/code")
    looked_at(page, f"code-{lang}")
    page.locator("form[action='/login/code'] [name=code]").fill(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/users")
    page.goto(f"{served}/activate")
    looked_at(page, f"activate-{lang}")
    assert errors == []
    context.close()
