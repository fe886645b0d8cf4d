"""Signing in twice: authenticators, recovery codes, the sealed code; and what an enemy does to them."""

import html
import re

import pyotp
import pytest
from argon2 import PasswordHasher

from dispatch import ids
from dispatch.accounts.keys import Keys
from dispatch.accounts.policy import AccountPolicy
from dispatch.accounts.second_step import TRIES_MAX, SecondStep
from dispatch.accounts.sign_in import SignIn
from dispatch.accounts.staff import Staff
from dispatch.errors import Conflict
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.store.account_codes import AccountCodes, Kind
from dispatch.store.database import reading_engine, writing_engine
from dispatch.store.record import Record
from dispatch.store.transactions import SerialTransactions
from dispatch.web.app import create_app
from dispatch.web.options import WebOptions
from tests.fakes.clock import HandClock
from tests.kept import lay_tables

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"
OPTIONS = WebOptions(public_url="http://anling.example", secret_key="k" * 32, secure_cookies=False, home="/account")
ROLES = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})


class House:
    """A door with a second factor, and a clock to be moved by hand."""

    def __init__(self, folder) -> None:
        url = f"sqlite:///{folder}/anling.db"
        engine = writing_engine(url)
        lay_tables(engine, folder / "anling.db")
        self.clock, self.paged = HandClock(), []
        self.transactions = SerialTransactions(engine, self.clock, ids.new_id)
        self.reading = reading_engine(url)
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.door = SignIn(
            self.transactions, self.reading, self.clock, hasher, policy=AccountPolicy(second_factor=True),
            secret="s" * 40, page=lambda why, what: self.paged.append((why, what)),
        )  # fmt: skip
        self.step, self.staff = SecondStep(self.door), Staff(self.door)
        self.operator = self.door.add_operator(LOGIN, "王芳", PASSWORD, lang="en", roles=ROLES)
        keys = Keys(self.transactions, self.reading, self.clock)
        self.app = create_app([], sign_in=self.door, keys=keys, options=OPTIONS, health=self)

    def facts(self):
        return {}

    def browser(self) -> "Browser":
        return Browser(self)

    def kinds(self) -> list[str]:
        with self.reading.connect() as connection:
            return [each.kind for each in Record(connection).after(0, 1000)]

    def close(self) -> None:
        self.door.close()


class Browser:
    """Somebody's browser: looks at a page and sends its form."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.client = house.app.test_client()
        self.totp: pyotp.TOTP | None = None

    def post(self, path: str, page: str = "", **form):
        text = self.client.get(page or path).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', text)
        if token is None:
            text = self.client.get("/login").text
            token = re.search(r'name="csrf_token" value="([^"]+)"', text)
        return self.client.post(path, data={"csrf_token": token[1], **form})

    def sign_in(self, password: str = PASSWORD, login: str = LOGIN, **more):
        return self.post("/login", login=login, password=password, **more)

    def enrol(self) -> list[str]:
        """The whole of the first evening: password, picture, first code; the recovery codes."""
        self.sign_in()
        secret = re.search(r'class="number secret">([^<]+)<', self.client.get("/login/enrol").text)[1].replace(" ", "")
        self.totp = pyotp.TOTP(secret)
        answer = self.post("/login/enrol", code=self.now())
        assert answer.status_code == 200
        return re.findall(r'<li class="number">([^<]+)</li>', answer.text)

    def now(self, steps: int = 0) -> str:
        return self.totp.at(int(self.house.clock.now().timestamp()) + 30 * steps)

    def is_in(self) -> bool:
        return self.client.get("/account").status_code == 200


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def enrolled(house):
    """Somebody with a factor, signed out; their codes are in `recovery`."""
    browser = house.browser()
    browser.recovery = browser.enrol()
    browser.post("/logout", "/account")
    house.clock.advance(120)
    return browser


def test_the_first_evening_ends_signed_in_with_ten_recovery_codes(house):
    browser = house.browser()
    assert len(set(browser.enrol())) == 10
    assert browser.is_in()
    assert {"second_factor_set", "recovery_codes_made", "signed_in"} <= set(house.kinds())


def test_the_password_alone_opens_nothing(house, enrolled):
    answer = enrolled.sign_in()
    assert answer.headers["Location"] == "/login/code"
    for path in ("/account", "/users", "/keys", "/api/v1/users"):
        assert enrolled.client.get(path).status_code in {303, 401}
    assert "signed_in" not in house.kinds()[house.kinds().index("signed_out") :]


def test_a_code_opens_and_the_same_code_never_again(house, enrolled):
    code = enrolled.now()
    enrolled.sign_in()
    assert enrolled.post("/login/code", code=code).headers["Location"] == "/"
    assert enrolled.is_in()
    other = house.browser()
    other.sign_in()
    assert other.post("/login/code", code=code).status_code == 403
    assert not other.is_in()


@pytest.mark.parametrize(("steps", "opens"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephones_clock_may_be_one_step_off(enrolled, steps, opens):
    enrolled.sign_in()
    enrolled.post("/login/code", code=enrolled.now(steps))
    assert enrolled.is_in() is opens


def test_a_code_used_early_closes_those_before_it(house, enrolled):
    enrolled.sign_in()
    enrolled.post("/login/code", code=enrolled.now(1))
    other = house.browser()
    other.sign_in()
    assert other.post("/login/code", code=enrolled.now()).status_code == 403


def test_five_wrong_codes_end_the_half_sign_in(house, enrolled):
    enrolled.sign_in()
    for _ in range(TRIES_MAX):
        refused = enrolled.post("/login/code", code="000000")
        assert (refused.status_code, 'id="clocks"' in refused.text) == (403, True), "a clock may be wrong"
        house.clock.advance(31)
    assert enrolled.post("/login/code", code=enrolled.now()).headers["Location"].startswith("/login")
    assert not enrolled.is_in()
    assert "codes_refused" in house.kinds()


def test_guessing_codes_is_slowed_like_guessing_passwords(enrolled):
    enrolled.sign_in()
    statuses = [enrolled.post("/login/code", code=f"{n:06}").status_code for n in range(5)]
    assert statuses == [403, 403, 403, 429, 429]


def test_an_attacker_with_the_password_does_not_lock_the_watch_out(house, enrolled):
    attacker = house.browser()
    for _ in range(20):
        attacker.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
        attacker.sign_in()
        attacker.post("/login/code", code="111111")
        house.clock.advance(40)
    enrolled.sign_in()
    enrolled.post("/login/code", code=enrolled.now())
    assert enrolled.is_in()


def test_a_recovery_code_opens_once(house, enrolled):
    for opens in (True, False):
        browser = house.browser()
        browser.sign_in()
        browser.post("/login/code", code=enrolled.recovery[0].upper().replace("-", " "))
        assert browser.is_in() is opens


def test_recovery_codes_are_kept_as_hashes_only(house, enrolled):
    with house.reading.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM account_codes").all()
        secrets = connection.exec_driver_sql("SELECT factor FROM operators").scalar()
        assert AccountCodes(connection).left(Kind.RECOVERY, of=house.operator.id) == 10
    assert not any(code in str(rows) for code in enrolled.recovery)
    assert enrolled.totp.secret not in secrets


def test_the_token_is_a_new_one_at_every_step(house, enrolled):
    def cookie() -> tuple:
        with enrolled.client.session_transaction() as session:
            return session.get("half"), session.get("_user_id")

    with enrolled.client.session_transaction() as session:
        session["half"] = session["_user_id"] = "planted"
    enrolled.sign_in()
    half, whole = cookie()
    assert half not in {None, "planted"}
    assert whole is None
    assert house.door.check(half) is None, "half a session is nobody's, whoever asks"
    enrolled.post("/login/code", code=enrolled.now())
    assert cookie()[0] is None
    assert cookie()[1] not in {None, "planted", half}
    before = cookie()[1]
    house.clock.advance(700)
    assert enrolled.post("/account/recovery", "/account", proof_password=PASSWORD).status_code == 200
    assert cookie()[1] not in {before, None}
    assert house.door.check(before) is None


def test_a_half_session_is_over_after_a_quarter_of_an_hour(house, enrolled):
    enrolled.sign_in()
    house.clock.advance(901)
    assert enrolled.post("/login/code", code=enrolled.now()).headers["Location"].startswith("/login")


def test_one_half_session_becomes_one_whole_one(house, enrolled):
    enrolled.sign_in()
    with enrolled.client.session_transaction() as session:
        half = session["half"]
    assert house.step.enter(half, enrolled.now()).token
    with pytest.raises(Exception, match="sign in"):
        house.step.enter(half, enrolled.recovery[0])


def test_the_sealed_code_lets_the_watch_on_and_rings_the_supervisor(house, enrolled):
    code = house.step.seal()
    browser = house.browser()
    browser.sign_in()
    assert browser.post("/login/sealed", "/login/code", code=code).status_code == 303
    assert browser.is_in()
    assert browser.client.get("/users").status_code == 403, "the watch's rights, and no administrator's"
    assert house.paged == [("seal_broken", "王芳")]
    assert "seal_broken" in house.kinds()
    again = house.browser()
    again.sign_in()
    assert again.post("/login/sealed", "/login/code", code=code).status_code == 403


def test_a_sealed_code_needs_the_password_and_a_place_on_the_watch(house):
    code = house.step.seal()
    house.door.add_operator("lishen", "李审", PASSWORD, roles=frozenset({Role.REVIEWER}))
    stranger = house.browser()
    assert stranger.post("/login/sealed", "/login", code=code).headers["Location"].startswith("/login")
    reviewer = house.browser()
    reviewer.sign_in(login="lishen")
    assert reviewer.post("/login/sealed", "/login/enrol", code=code).status_code == 403
    assert not reviewer.is_in()


def test_somebody_without_a_telephone_yet_may_break_the_seal(house):
    code = house.step.seal()
    browser = house.browser()
    browser.sign_in()
    assert browser.post("/login/sealed", "/login/enrol", code=code).status_code == 303
    assert browser.is_in()
    assert browser.post("/account/factor", "/account").status_code == 303
    assert browser.client.get("/login/enrol").headers["Location"].startswith("/login"), (
        "no factor set by a sealed session"
    )


# ------------------------------------------------------------------------------------------------ asked once more


def test_what_was_typed_goes_on_after_the_proof(house):
    browser = house.browser()
    browser.enrol()
    house.clock.advance(601)
    asked = browser.post("/users", login="zhao", name='赵"<b>', roles="installer")
    assert asked.status_code == 403
    page = html.unescape(asked.text)
    assert 'action="/users"' in page
    assert 'name="login" value="zhao"' in page
    assert "<b>" not in asked.text
    wrong = browser.post("/users", login="zhao", name="赵", roles="installer", proof_password="wrong one")
    assert wrong.status_code == 403
    assert 'name="login" value="zhao"' in html.unescape(wrong.text)
    done = browser.post("/users", login="zhao", name="赵", roles="installer", proof_password=PASSWORD)
    assert done.status_code == 200
    assert [each.login for each in house.door.operators()] == [LOGIN, "zhao"]
    assert "wrong one" not in asked.text + wrong.text + done.text
    assert PASSWORD not in done.text


def test_a_proof_holds_for_ten_minutes_and_a_clock_set_back_ends_it(house):
    browser = house.browser()
    browser.enrol()
    assert browser.post("/users/seal", "/users").status_code == 200
    house.clock.step_wall(-3600)
    assert browser.post("/users/seal", "/users").status_code == 403


def test_guessing_the_password_in_a_session_left_open_is_slowed(house):
    browser = house.browser()
    browser.enrol()
    house.clock.advance(601)
    statuses = [browser.post("/users/seal", "/users", proof_password=f"guess{n}").status_code for n in range(5)]
    assert statuses == [403, 403, 403, 429, 429]


def test_a_program_is_told_that_a_proof_is_needed(house):
    browser = house.browser()
    browser.enrol()
    house.clock.advance(601)
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.client.get("/account").text)[1]
    asked = browser.client.post("/api/v1/keys", json={"name": "m", "scope": "read"}, headers={"X-CSRFToken": token})
    assert (asked.status_code, asked.json["type"]) == (403, "urn:anling:problem:proof-needed")
    proof = {"code": browser.now()}
    assert browser.client.post("/api/v1/account/proof", json=proof, headers={"X-CSRFToken": token}).status_code == 204
    made = browser.client.post("/api/v1/keys", json={"name": "m", "scope": "read"}, headers={"X-CSRFToken": token})
    assert made.status_code == 201
    assert made.json["key"].startswith("al_")
    odd = browser.client.post("/api/v1/keys", json={"name": "m", "scope": "read it"}, headers={"X-CSRFToken": token})
    assert (odd.status_code, odd.json["errors"]) == (422, {"scope": ["it"]})


# ------------------------------------------------------------------------------------------------ sessions


def test_sessions_are_listed_and_ended_one_by_one(house, enrolled):
    one, two = house.browser(), house.browser()
    for browser, code in zip((one, two), enrolled.recovery, strict=False):
        browser.sign_in()
        browser.post("/login/code", code=code)
    sessions = house.staff.sessions(house.operator)
    assert len(sessions) == 2
    other = next(each.handle for each in sessions if each.handle in one.client.get("/account").text)
    assert one.client.get("/account").text.count('name="session"') == 2
    one.post("/account/sessions", "/account", session=other)
    assert one.is_in() is not two.is_in()


def test_nobody_ends_somebody_elses_session(house, enrolled):
    house.door.add_operator("lisi", "李四", PASSWORD, roles=ROLES)
    enrolled.sign_in()
    enrolled.post("/login/code", code=enrolled.now())
    handle = house.staff.sessions(house.operator)[0].handle
    thief = house.browser()
    thief.sign_in(login="lisi")
    secret = re.search(r'class="number secret">([^<]+)<', thief.client.get("/login/enrol").text)[1].replace(" ", "")
    thief.totp = pyotp.TOTP(secret)
    thief.post("/login/enrol", code=thief.now())
    thief.post("/account/sessions", "/account", session=handle)
    assert enrolled.is_in()


@pytest.mark.parametrize(
    "deed",
    [
        lambda staff, id_: staff.appoint(id_, roles=frozenset({Role.OPERATOR}), area=DISTRICT, by="operator:x"),
        lambda staff, id_: staff.appoint(id_, roles=ROLES, area=Area(frozenset({"s1"})), by="operator:x"),
        lambda staff, id_: staff.disable(id_, by="operator:x"),
        lambda staff, id_: staff.reset(id_, by="operator:x"),
        lambda staff, id_: staff.drop_factor(id_, by="operator:x"),
    ],
    ids=["roles", "stations", "disabled", "reset", "factor"],
)
def test_whatever_takes_something_away_ends_the_sessions_at_once(house, deed):
    browser = house.browser()
    browser.enrol()
    house.door.add_operator("second", "另一位", PASSWORD, roles=frozenset({Role.ADMINISTRATOR}))
    deed(house.staff, house.operator.id)
    assert not browser.is_in()


def test_a_new_password_ends_the_other_sessions_and_not_this_one(house, enrolled):
    one, two = house.browser(), house.browser()
    for browser, code in zip((one, two), enrolled.recovery, strict=False):
        browser.sign_in()
        browser.post("/login/code", code=code)
    new = "梧桐 雨 长椅 第三把"
    assert one.post("/account/password", "/account", old="wrong", password=new, again=new).status_code == 422
    assert one.post("/account/password", "/account", old=PASSWORD, password=new, again="other").status_code == 422
    assert (
        one.post("/account/password", "/account", old=PASSWORD, password="password1", again="password1").status_code
        == 422
    )
    assert two.is_in()
    assert one.post("/account/password", "/account", old=PASSWORD, password=new, again=new).status_code == 303
    assert one.is_in()
    assert not two.is_in()
    assert two.sign_in().status_code == 403


def test_others_than_the_watch_are_out_after_half_an_hour(house):
    house.door.add_operator("lishen", "李审", PASSWORD, roles=frozenset({Role.REVIEWER}))
    grant = house.door.sign_in(login="lishen", password=PASSWORD, ip="1.2.3.4")
    secret, _ = house.step.enrol(grant.token)
    totp = pyotp.TOTP(secret)
    whole, _ = house.step.confirm(grant.token, totp.at(int(house.clock.now().timestamp())))
    watch = house.browser()
    watch.enrol()
    house.clock.advance(1801)
    assert house.door.check(whole.token) is None
    assert watch.is_in()


def test_a_page_that_asks_by_itself_keeps_nobody_in_but_the_watch(house):
    house.door.add_operator("lishen", "李审", PASSWORD, roles=frozenset({Role.REVIEWER}))
    grant = house.door.sign_in(login="lishen", password=PASSWORD, ip="1.2.3.4")
    secret, _ = house.step.enrol(grant.token)
    whole, _ = house.step.confirm(grant.token, pyotp.TOTP(secret).at(int(house.clock.now().timestamp())))
    for _ in range(4):
        house.clock.advance(600)
        seen = house.door.session_of(whole.token, used=False)
    assert seen is None


# ------------------------------------------------------------------------------------------------ accounts


def test_an_invitation_is_good_once_and_for_a_day(house):
    operator, code = house.staff.invite("zhao", "赵师傅", roles=frozenset({Role.INSTALLER}))
    new = "梯子 螺丝刀 九号"
    browser = house.browser()
    assert browser.sign_in(login="zhao", password=code).status_code == 403
    assert browser.post("/activate", login="zhao", code="k" * 20, password=new, again=new).status_code == 403
    assert browser.post("/activate", login="zhao", code=code, password="zhao1234", again="zhao1234").status_code == 422
    assert browser.post("/activate", login="ZHAO", code=code.upper(), password=new, again=new).status_code == 303
    assert browser.post("/activate", login="zhao", code=code, password=new, again=new).status_code == 403
    assert browser.sign_in(login="zhao", password=new).headers["Location"] == "/login/enrol"
    again = house.staff.reset(operator.id, by="operator:x")
    assert house.browser().sign_in(login="zhao", password=new).status_code == 403, "the old password is over at once"
    house.clock.advance(24 * 3600 + 1)
    late = house.browser().post("/activate", login="zhao", code=again, password=new, again=new)
    assert late.status_code == 403


def test_a_code_is_nobody_elses(house):
    _, code = house.staff.invite("zhao", "赵师傅", roles=frozenset({Role.INSTALLER}))
    new = "梯子 螺丝刀 九号"
    assert house.browser().post("/activate", login=LOGIN, code=code, password=new, again=new).status_code == 403


def test_the_last_administrator_stays_one(house):
    with pytest.raises(Conflict):
        house.staff.appoint(house.operator.id, roles=frozenset({Role.OPERATOR}), area=DISTRICT, by="operator:x")
    with pytest.raises(Conflict):
        house.staff.appoint(house.operator.id, roles=ROLES, area=Area(frozenset({"s1"})), by="operator:x")
    with pytest.raises(Conflict):
        house.staff.disable(house.operator.id, by="operator:x")
    found = house.staff.operator(house.operator.id)
    assert (found.roles, found.disabled) == (ROLES, False)


def test_who_is_disabled_does_not_come_in_by_any_code(house, enrolled):
    house.door.add_operator("second", "另一位", PASSWORD, roles=frozenset({Role.ADMINISTRATOR}))
    enrolled.sign_in()
    house.staff.disable(house.operator.id, by="operator:x")
    assert enrolled.post("/login/code", code=enrolled.now()).headers["Location"].startswith("/login")
    assert house.browser().sign_in().status_code == 403
    house.staff.enable(house.operator.id, by="operator:x")
    assert house.browser().sign_in().status_code == 303


def test_without_the_services_secret_a_copy_of_the_database_holds_no_factor(house, enrolled):
    thief = SecondStep(
        SignIn(
            house.transactions, house.reading, house.clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        )
    )
    grant = house.door.sign_in(login=LOGIN, password=PASSWORD, ip="1.2.3.4")
    with pytest.raises(Exception, match="does not fit"):
        thief.enter(grant.token, enrolled.now())
