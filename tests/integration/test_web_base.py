"""The web without its rooms: the way in, the guards, the errors, the languages."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from argon2 import PasswordHasher
from flask import Blueprint
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from dispatch import ids
from dispatch.accounts.keys import Keys, UnknownKey
from dispatch.accounts.sign_in import WAIT_MAX_S, SignIn, TooSoon, WrongPassword, wait_s
from dispatch.errors import AlreadyTaken, Busy, Conflict, Invalid, NotAllowed, NotFound
from dispatch.rules.people import Person
from dispatch.rules.rights import Right
from dispatch.store.accounts import Accounts
from dispatch.store.database import metadata, reading_engine, writing_engine
from dispatch.store.record import Record
from dispatch.store.transactions import SerialTransactions
from dispatch.web.access import caller, either, public, require, require_key, signed_in, still_signed_in
from dispatch.web.api import ApiBlueprint
from dispatch.web.app import create_app
from dispatch.web.headers import CSP, of_every_answer
from dispatch.web.options import WebOptions
from tests.fakes.clock import HandClock
from tests.kept import lay_tables

LOGIN, PASSWORD = "wangfang", "月亮船-7-铃铛"
HOUR_S = 3600
FOREIGN = re.compile(r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9.-]+", re.IGNORECASE)
OPTIONS = WebOptions(public_url="http://anling.example", secret_key="k" * 32, secure_cookies=False, home="/desk")


class Facts:
    """A service that is as well as the test says."""

    def __init__(self) -> None:
        self.ready = True

    def facts(self):
        return {
            "ready": self.ready,
            "oldest_due_s": 0.5,
            "queue": None,
            "provider_ok": {"modem": True, "twilio": False},
        }


class Inputs(HTMLParser):
    """The hidden fields of a page; of a name that several forms have, the last."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        fields = dict(attrs)
        if tag == "input" and fields.get("type") == "hidden":
            self.found[fields["name"]] = fields["value"]


class NoteSchema(Schema):
    text = fields.String(required=True)


class House:
    """The whole of the web with a small desk of its own behind it."""

    def __init__(self, folder, options: WebOptions = OPTIONS) -> None:
        url = f"sqlite:///{folder}/anling.db"
        self.clock = HandClock()
        engine = writing_engine(url)
        lay_tables(engine, folder / "anling.db")
        self.transactions = SerialTransactions(engine, self.clock, ids.new_id)
        self.reading = reading_engine(url)
        self.engines = [engine, self.reading]
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.sign_in = SignIn(self.transactions, self.reading, self.clock, hasher)
        self.keys = Keys(self.transactions, self.reading, self.clock)
        self.health = Facts()
        self.posted: list[str] = []
        blueprints = [self.pages(), self.api(), self.hooks()]
        self.app = create_app(blueprints, sign_in=self.sign_in, keys=self.keys, options=options, health=self.health)
        self.operator = self.sign_in.add_operator(LOGIN, "王芳", PASSWORD, phone="+8613800000009")

    def pages(self) -> Blueprint:
        bp = Blueprint("desk", __name__)

        @bp.route("/desk", methods=["GET", "POST"])
        @require(Right.SIGNED_IN)
        def desk():
            return f"desk of {signed_in().name}"

        @bp.get("/broken")
        @public
        def broken():
            raise ZeroDivisionError("secret detail")

        return bp

    def api(self) -> Blueprint:
        bp = ApiBlueprint("notes", __name__, url_prefix="/notes")

        @bp.route("", methods=["POST"])
        @either("notes:write", Right.SIGNED_IN)
        @bp.arguments(NoteSchema)
        @bp.response(201, NoteSchema)
        def post(note):
            self.posted.append(caller())
            return note

        @bp.route("/machines")
        @require_key("notes:read")
        def machines():
            return {"by": caller()}

        @bp.route("/people")
        @require(Right.SIGNED_IN)
        def people():
            return {"by": caller(), "still": still_signed_in()}

        @bp.route("/refused/<kind>")
        @public
        def refused(kind):
            raise {
                "taken": AlreadyTaken("李 goes already"),
                "busy": Busy("the database is busy; try again"),
                "missing": NotFound("no alarm 7"),
                "invalid": Invalid("bad", {"text": ["too long"]}),
                "broken": ValueError("secret detail"),
            }[kind]

        return bp

    def hooks(self) -> Blueprint:
        bp = Blueprint("hooks", __name__, url_prefix="/hooks")

        @bp.post("/console/reply")
        def reply():
            return {"ok": True}

        return bp

    def lines(self) -> list[tuple[str, str]]:
        with self.reading.connect() as connection:
            return [(entry.kind, entry.by) for entry in Record(connection).after(0, 1000)]

    def close(self) -> None:
        self.sign_in.close()
        self.transactions.close()
        for engine in self.engines:
            engine.dispose()


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    built.close()


@pytest.fixture
def browser(house) -> FlaskClient:
    return house.app.test_client()


def fill(browser: FlaskClient, path: str = "/login") -> dict[str, str]:
    return Inputs(browser.get(path).text).found


def enter(browser: FlaskClient, login: str = LOGIN, password: str = PASSWORD, **more: str):
    return browser.post("/login", data={**fill(browser), "login": login, "password": password, **more})


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# ------------------------------------------------------------------------------------------------ coming in


def test_the_right_password_leads_to_the_desk(house, browser):
    answer = enter(browser)
    assert (answer.status_code, answer.location) == (303, "/desk")
    assert browser.get("/desk").text == "desk of 王芳"
    assert ("signed_in", f"operator:{house.operator.id}") in house.lines()


def test_a_login_is_found_however_it_is_typed(browser):
    assert enter(browser, login="  WangFang ").status_code == 303
    browser.post("/logout", data=fill(browser, "/lost"))
    assert enter(browser, login="ＷａｎｇＦａｎｇ　").status_code == 303


def test_a_login_made_with_a_wide_input_method_is_that_of_plain_letters(house, browser):
    made = house.sign_in.add_operator("ｚｈａｎｇ", "张三", PASSWORD)
    assert made.login == "zhang"
    assert enter(browser, login="zhang").status_code == 303


def test_an_account_from_when_wide_letters_were_kept_still_opens(house, browser):
    house.transactions.run(lambda tx: Accounts(tx.connection).change_operator(house.operator.id, login="ｗａｎｇ２"))
    assert enter(browser, login="ｗａｎｇ２").status_code == 303


@pytest.mark.parametrize(
    ("login", "password"), [(LOGIN, "wrong password"), ("nobody", PASSWORD), ("", ""), ("x" * 999, "y")]
)
def test_a_wrong_password_and_an_unknown_login_sound_alike(browser, login, password):
    answer = enter(browser, login=login, password=password)
    assert answer.status_code == 403
    assert "账号或密码不对。" in answer.text
    assert browser.get("/desk").status_code == 303


def test_what_was_typed_is_kept_but_for_the_password(browser):
    page = enter(browser, login="li<na", password="wrong password").text
    assert "li&lt;na" in page
    assert "wrong password" not in page


def test_a_longer_password_than_the_right_one_is_wrong(house):
    with pytest.raises(WrongPassword):
        house.sign_in.sign_in(login=LOGIN, password=PASSWORD + "x", ip="10.0.0.1")


def test_a_stranger_is_led_to_the_way_in_and_back(browser):
    answer = browser.get("/desk?tab=2")
    assert (answer.status_code, answer.location) == (303, "/login?next=/desk%3Ftab%3D2")
    assert enter(browser, next="/desk?tab=2").location == "/desk?tab=2"


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "desk", "/a\nb"])
def test_signing_in_never_leads_out_of_the_house(browser, elsewhere):
    assert enter(browser, next=elsewhere).location == "/desk"


def test_every_sign_in_has_a_new_token(house):
    first = house.sign_in.sign_in(login=LOGIN, password=PASSWORD, ip="10.0.0.1").token
    second = house.sign_in.sign_in(login=LOGIN, password=PASSWORD, ip="10.0.0.1").token
    assert first != second
    assert len(base64.urlsafe_b64decode(first + "==")) * 8 >= 128


def test_a_cookie_from_before_the_sign_in_is_worth_nothing_after_it(browser):
    fields = fill(browser)
    enter(browser)
    assert browser.post("/logout", data=fields).status_code == 400


def test_neither_token_nor_password_is_on_file(house):
    token = house.sign_in.sign_in(login=LOGIN, password=PASSWORD, ip="10.0.0.1").token
    with house.reading.connect() as connection:
        tables = [connection.execute(table.select()).all() for table in metadata.sorted_tables]
    assert token not in str(tables)
    assert PASSWORD not in str(tables)


def test_the_cookie_is_out_of_reach_of_scripts_and_bound_to_the_host(tmp_path):
    options = WebOptions(public_url="https://anling.example", secret_key="k" * 32)
    house = House(tmp_path, options)
    answer = house.app.test_client().get("/login", base_url="https://anling.example")
    house.close()
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-anling=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


# ------------------------------------------------------------------------------------------------ the back-off


def test_guessing_has_to_wait_but_never_longer_than_half_a_minute(house):
    for _ in range(40):
        with pytest.raises(WrongPassword):
            house.sign_in.sign_in(login=LOGIN, password="a wrong one", ip="10.0.0.1")
        house.clock.advance(WAIT_MAX_S)
    house.sign_in.sign_in(login=LOGIN, password=PASSWORD, ip="10.0.0.1")


def test_the_fourth_try_in_a_row_has_to_wait(house, browser):
    for _ in range(3):
        enter(browser, password="a wrong one")
    answer = enter(browser)
    assert answer.status_code == 429
    assert "请 1 秒后再试" in answer.text
    house.clock.advance(1)
    assert enter(browser).status_code == 303


def test_guessing_elsewhere_does_not_keep_the_watch_out(house):
    for _ in range(3):
        with pytest.raises(WrongPassword):
            house.sign_in.sign_in(login=LOGIN, password="a wrong one", ip="10.6.6.6")
    with pytest.raises(TooSoon):
        house.sign_in.sign_in(login=LOGIN, password=PASSWORD, ip="10.6.6.6")
    assert house.sign_in.sign_in(login=LOGIN, password=PASSWORD, ip="10.0.0.1").operator == house.operator


def test_a_clock_set_back_keeps_nobody_out(house):
    now = house.clock.now()
    house.clock.advance(2 * HOUR_S)
    assert wait_s([house.clock.now()] * 9, now) == 0


# ------------------------------------------------------------------------------------------------ staying, leaving


def test_a_session_left_alone_for_twelve_hours_is_over(house, browser):
    enter(browser)
    house.clock.advance(12 * HOUR_S - 1)
    assert browser.get("/desk").status_code == 200
    house.clock.advance(12 * HOUR_S - 2)
    assert browser.get("/desk").status_code == 200
    enter_again = house.app.test_client()
    enter(enter_again)
    house.clock.advance(12 * HOUR_S)
    assert enter_again.get("/desk").status_code == 303


def test_no_session_lasts_longer_than_a_day(house, browser):
    enter(browser)
    for _ in range(23):
        house.clock.advance(HOUR_S)
        assert browser.get("/desk").status_code == 200
    house.clock.advance(HOUR_S)
    assert browser.get("/desk").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(house, browser):
    enter(browser)
    stolen = browser.get_cookie("anling").value
    browser.post("/logout", data=fill(browser, "/lost"))
    browser.set_cookie("anling", stolen)
    assert browser.get("/desk").status_code == 303
    assert ("signed_out", f"operator:{house.operator.id}") in house.lines()


def test_all_sessions_of_an_operator_can_be_ended_at_once(house, browser):
    enter(browser)
    token = house.sign_in.sign_in(login=LOGIN, password=PASSWORD, ip="10.0.0.1").token
    assert house.sign_in.end_all(house.operator.id, by=Person("operator:chief")) == 2
    assert browser.get("/desk").status_code == 303
    assert house.sign_in.check(token) is None
    assert ("sessions_ended", "operator:chief") in house.lines()


def test_a_disabled_operator_is_out_and_stays_out(house, browser):
    enter(browser)
    house.sign_in.disable(house.operator.id)
    assert browser.get("/desk").status_code == 303
    assert enter(browser).status_code == 403


# ------------------------------------------------------------------------------------------------ new operators


@pytest.mark.parametrize("password", ["short", "12345678", "Password1", "aaaaaaaaaa", "lisi.lisi", "x" * 257])
def test_a_password_that_anybody_would_guess_is_refused(house, password):
    with pytest.raises(Invalid) as refused:
        house.sign_in.add_operator("lisi.lisi", "李四", password)
    assert "password" in refused.value.errors


def test_a_login_belongs_to_one_person(house):
    with pytest.raises(Conflict):
        house.sign_in.add_operator("WANGFANG", "王芳二", "another good one")


@pytest.mark.parametrize(
    ("login", "lang", "field"), [("two words", "zh", "login"), ("", "zh", "login"), ("li", "fr", "lang")]
)
def test_an_odd_login_or_language_is_refused(house, login, lang, field):
    with pytest.raises(Invalid) as refused:
        house.sign_in.add_operator(login, "李", "a good one here", lang=lang)
    assert field in refused.value.errors


def test_a_hash_made_with_older_figures_is_renewed_at_the_next_sign_in(house):
    stronger = SignIn(
        house.transactions, house.reading, house.clock, PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    )
    stronger.sign_in(login=LOGIN, password=PASSWORD, ip="10.0.0.1")
    stronger.close()
    with house.reading.connect() as connection:
        _, hash_ = Accounts(connection).by_login(LOGIN)
    assert "m=16,t=2" in hash_


# ------------------------------------------------------------------------------------------------ forged requests


@pytest.mark.parametrize("path", ["/login", "/logout", "/lang", "/look"])
def test_a_form_without_its_token_is_refused(browser, path):
    answer = browser.post(path, data={"login": LOGIN, "password": PASSWORD})
    assert answer.status_code == 400
    assert "页面已过期" in answer.text


def test_a_form_sent_from_another_site_is_refused(browser):
    form = {**fill(browser), "login": LOGIN, "password": PASSWORD}
    assert browser.post("/login", data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert browser.post("/login", data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_what_was_typed_into_a_page_that_grew_too_old_is_given_back(browser):
    form = {"login": "<b>wang</b>", "note": "第一步\n第二步", "password": PASSWORD, "code": "123456"}
    form["csrf_token"] = "of-yesterday"
    ours = browser.post("/login", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert ours.status_code == 400
    assert ("第一步\n第二步" in ours.text, "&lt;b&gt;wang" in ours.text, "<b>wang" in ours.text) == (True, True, False)
    assert not [each for each in (PASSWORD, "of-yesterday", "123456") if each in ours.text]
    for site in ("cross-site", "same-site", "none"):
        assert "第一步" not in browser.post("/login", data=form, headers={"Sec-Fetch-Site": site}).text


def test_what_was_typed_while_the_session_ended_is_given_back_and_said_not_to_be_kept(house, browser):
    enter(browser)
    form = {"csrf_token": fill(browser, "/lost")["csrf_token"], "note": "第一步\n第二步", "password": PASSWORD}
    house.clock.advance(13 * HOUR_S)
    late = browser.post("/desk", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert late.status_code == 401
    assert [each for each in ("没有保存", "第一步\n第二步", 'href="/login"') if each not in late.text] == []
    assert PASSWORD not in late.text
    nothing = browser.post("/desk", data={"csrf_token": form["csrf_token"]}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (nothing.status_code, nothing.headers["Location"]) == (303, "/login")


def test_a_session_at_the_api_needs_the_header(house, browser):
    enter(browser)
    bare = browser.post("/api/v1/notes", json={"text": "a"})
    assert (bare.status_code, bare.json["type"]) == (400, "urn:anling:problem:csrf")
    token = fill(browser, "/lost")["csrf_token"]
    assert browser.post("/api/v1/notes", json={"text": "a"}, headers={"X-CSRFToken": token}).status_code == 201
    assert house.posted == [f"operator:{house.operator.id}"]


def test_a_provider_needs_neither_login_nor_token(browser):
    assert browser.post("/hooks/console/reply").json == {"ok": True}


# ------------------------------------------------------------------------------------------------ machines


def test_a_key_opens_what_it_is_for_and_nothing_else(house, browser):
    key = house.keys.new_key("hall", "notes:read signals")
    prefix = key.removeprefix("al_").partition(".")[0]
    assert browser.get("/api/v1/notes/machines", headers=bearer(key)).json == {"by": f"key:{prefix}"}
    denied = browser.post("/api/v1/notes", json={"text": "a"}, headers=bearer(key))
    assert (denied.status_code, denied.json["type"]) == (403, "urn:anling:problem:not-allowed")
    assert browser.get("/api/v1/notes/people", headers=bearer(key)).status_code == 401
    assert ("key_made", "service") in house.lines()


def test_a_key_needs_no_csrf_token(house, browser):
    key = house.keys.new_key("till", "notes:write")
    assert browser.post("/api/v1/notes", json={"text": "a"}, headers=bearer(key)).status_code == 201


@pytest.mark.parametrize("key", ["", "al_000000000000." + "x" * 43, "nonsense", "al_..", "al_" + "0" * 5000])
def test_an_unknown_key_is_refused_even_with_a_good_session_beside_it(browser, key):
    enter(browser)
    answer = browser.post("/api/v1/notes", json={"text": "a"}, headers=bearer(key))
    assert (answer.status_code, answer.json["type"]) == (401, "urn:anling:problem:unknown-key")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_opens_nothing(house):
    key = house.keys.new_key("hall", "signals")
    house.keys.check(key, "signals")
    house.keys.revoke(house.keys.keys()[0].prefix)
    with pytest.raises(UnknownKey):
        house.keys.check(key, "signals")
    with pytest.raises(NotFound):
        house.keys.revoke(house.keys.keys()[0].prefix)


def test_a_key_is_kept_without_its_secret_and_remembers_its_last_use(house):
    key = house.keys.new_key("hall", "signals")
    house.keys.check(key, "signals")
    kept = house.keys.keys()[0]
    assert key.partition(".")[2] not in str(kept)
    assert kept.last_used_at == house.clock.now()


@pytest.mark.parametrize(("name", "scope"), [("", "signals"), ("hall", ""), ("hall", "Signals!"), ("hall", "a  b")])
def test_a_key_without_name_or_scope_is_not_made(house, name, scope):
    with pytest.raises(Invalid):
        house.keys.new_key(name, scope)


def test_the_scope_is_a_whole_word(house):
    key = house.keys.new_key("hall", "notes:read")
    with pytest.raises(NotAllowed):
        house.keys.check(key, "notes")


def test_a_stranger_at_the_api_is_told_to_sign_in_before_anything_else(browser):
    answer = browser.post("/api/v1/notes", json={"nonsense": True})
    assert (answer.status_code, answer.json["type"]) == (401, "urn:anling:problem:sign-in-needed")


# ------------------------------------------------------------------------------------------------ problems


@pytest.mark.parametrize(
    ("kind", "status", "slug", "title"),
    [
        ("taken", 409, "already-taken", "已有人接单"),
        ("busy", 503, "busy", "系统正忙"),
        ("missing", 404, "not-found", "没有找到"),
        ("invalid", 422, "invalid", "请检查填写的内容"),
    ],
)
def test_a_refusal_is_a_problem_with_a_name_that_lasts(browser, kind, status, slug, title):
    answer = browser.get(f"/api/v1/notes/refused/{kind}")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["type"] == f"urn:anling:problem:{slug}"
    assert (answer.json["title"], answer.json["status"]) == (title, status)
    assert answer.json["instance"] == answer.headers["X-Request-Id"]
    assert answer.headers.get("Retry-After") == ("2" if kind == "busy" else None)
    assert answer.json.get("errors") == ({"text": ["too long"]} if kind == "invalid" else None)


def test_a_body_that_does_not_fit_names_the_field(house, browser):
    key = house.keys.new_key("till", "notes:write")
    answer = browser.post("/api/v1/notes", json={"txt": "a"}, headers=bearer(key))
    assert answer.status_code == 422
    assert answer.json["errors"] == {"json": {"text": ["此项必填。"], "txt": ["没有这个字段。"]}}


@pytest.mark.error_lines("request_failed")
@pytest.mark.parametrize("path", ["/broken", "/api/v1/notes/refused/broken"])
def test_a_mistake_of_ours_is_logged_and_tells_outsiders_only_its_number(browser, log_lines, path):
    answer = browser.get(path)
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    line = next(line for line in log_lines if line["event"] == "request_failed")
    assert line["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.error_lines("request_failed")
def test_a_lost_database_still_gives_a_page_that_people_can_read(house, browser):
    enter(browser)
    house.transactions.run(lambda tx: tx.connection.exec_driver_sql("DROP TABLE sessions"))
    answer = browser.get("/desk")
    assert answer.status_code == 500
    assert "我们这边出了问题" in answer.text


def test_pages_tell_people_and_the_api_tells_programs(browser):
    assert "没有找到" in browser.get("/lost").text
    assert browser.get("/api/v1/lost").content_type == "application/problem+json"
    assert browser.get("/hooks/lost").content_type == "application/problem+json"
    assert (browser.post("/desk", headers={"Sec-Fetch-Site": "none"}).status_code) in {400, 405}


def test_a_body_larger_than_a_mebibyte_is_refused(house, browser):
    key = house.keys.new_key("till", "notes:write")
    answer = browser.post(
        "/api/v1/notes", data=b"x" * (1024 * 1024 + 1), headers={**bearer(key), "Content-Type": "application/json"}
    )
    assert answer.status_code == 413


# ------------------------------------------------------------------------------------------------ headers


@pytest.mark.parametrize(
    "path", ["/login", "/lost", "/api/v1/openapi.json", "/api/v1/lost", "/healthz", "/static/style.css"]
)
def test_every_answer_carries_the_headers(browser, path):
    answer = browser.get(path, buffered=True)
    assert answer.headers["Content-Security-Policy"] == CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in answer.headers
    assert (answer.headers["Cache-Control"] == "no-store") is not path.startswith("/static/")


def test_names_below_ours_can_be_left_out_of_what_browsers_remember():
    options = WebOptions(public_url="https://bureau.example", secret_key="k" * 32, hsts_subdomains=False)
    assert of_every_answer(options)["Strict-Transport-Security"] == "max-age=63072000"
    of_http = replace(options, public_url="http://bureau.example", hsts_subdomains=True)
    assert "Strict-Transport-Security" not in of_every_answer(of_http)


@pytest.mark.parametrize("path", ["/", "/desk", "/desk/", "//desk", "/login/", "/static", "/lost", "/api/v1/notes/"])
def test_the_host_of_a_request_builds_no_address(browser, path):
    answer = browser.get(path, headers={"Host": "evil.example"})
    assert "evil.example" not in answer.headers.get("Location", "") + answer.text


@pytest.mark.parametrize(
    "path",
    ["/login", "/lost", "/api/v1/docs", "/api/v1/openapi.json", "/static/style.css", "/static/docs.js", "/metrics"],
)
def test_nothing_asks_a_foreign_host(browser, path):
    answer = browser.get(path, buffered=True)
    assert FOREIGN.findall(answer.text.replace("http://www.w3.org/2000/svg", "")) == []


@pytest.mark.parametrize("path", ["/login", "/lost", "/api/v1/docs"])
def test_no_page_has_script_or_style_of_its_own(browser, path):
    page = browser.get(path, buffered=True).text
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page) == []


# ------------------------------------------------------------------------------------------------ languages, looks


def test_chinese_comes_first_and_english_is_one_press_away(house, browser):
    page = browser.get("/login").text
    assert '<html lang="zh-CN"' in page
    assert "值守台" in page
    answer = browser.post("/lang", data={**fill(browser), "next": "/login", "lang": "en"})
    assert (answer.status_code, answer.location) == (303, "/login")
    page = browser.get("/login").text
    assert '<html lang="en"' in page
    assert "Sign in" in page
    assert house.sign_in.operators()[0].lang == "zh"


def test_a_browser_that_asks_for_english_gets_it(browser):
    assert "Sign in" in browser.get("/login", headers={"Accept-Language": "en-US,en;q=0.9"}).text
    problem = browser.get("/api/v1/lost", headers={"Accept-Language": "en"})
    assert problem.json["title"] == "Not found"


def test_the_language_an_operator_chose_goes_with_them(house, browser):
    enter(browser)
    browser.post("/lang", data={**fill(browser, "/lost"), "lang": "en"})
    another = house.app.test_client()
    enter(another)
    assert "Not found" in another.get("/lost").text


def test_a_page_that_answered_a_form_stays_as_it_is_when_language_or_look_is_chosen(browser):
    page = enter(browser, login="li<na", password="wrong password").text
    switch = page.partition('class="langs"')[2].partition("</form>")[0]
    assert ("English · from the next page on" in switch, 'name="stay"' in switch, 'name="next"' in switch) == (
        True, True, False,
    )  # fmt: skip
    for path, chosen in (("/lang", {"lang": "en"}), ("/look", {"theme": "dark"})):
        answer = browser.post(path, data={**fill(browser), **chosen, "stay": "1"})
        # No content: a browser stays where it is, with everything that was typed.
        assert (answer.status_code, answer.text, answer.location) == (204, "", None)
    page = enter(browser, login="li<na", password="wrong password").text
    assert ("theme-dark" in page, "The login or the password is wrong." in page) == (True, True)
    assert "中文 · 从下一页起" in page


def test_a_language_we_do_not_speak_changes_nothing(browser):
    browser.post("/lang", data={**fill(browser), "lang": "xx"})
    assert '<html lang="zh-CN"' in browser.get("/login").text


def test_the_look_is_kept_without_a_script(browser):
    browser.post("/look", data={**fill(browser), "theme": "dark"})
    browser.post("/look", data={**fill(browser), "size": "150"})
    assert 'class="theme-dark size-150"' in browser.get("/login").text


# ------------------------------------------------------------------------------------------------ the document, health


def test_the_document_tells_errors_as_they_are(browser):
    document = browser.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/notes" in document["paths"]
    default = document["components"]["responses"]["DEFAULT_ERROR"]
    assert list(default["content"]) == ["application/problem+json"]
    created = document["paths"]["/api/v1/notes"]["post"]["responses"]["201"]
    assert list(created["content"]) == ["application/json"]


def test_the_service_is_ready_or_says_that_it_is_not(house, browser):
    assert browser.get("/healthz").json == {"status": "alive"}
    assert browser.get("/readyz").json["oldest_due_s"] == 0.5
    house.health.ready = False
    assert browser.get("/readyz").status_code == 503
    figures = browser.get("/metrics").text
    assert "anling_ready 0.0" in figures
    assert 'anling_provider_ok{of="modem"} 1.0' in figures
    assert "python_info" not in figures


def test_through_the_proxy_nobody_is_told_a_figure(browser):
    through = {"X-Forwarded-For": "203.0.113.7"}
    assert browser.get("/metrics", headers=through).status_code == 404
    assert browser.get("/readyz", headers=through).json == {"status": "ready"}
    assert browser.get("/healthz", headers=through).json == {"status": "alive"}


def test_a_view_that_says_nothing_about_who_may_call_it_stops_the_start(house):
    bp = Blueprint("open", __name__)
    bp.add_url_rule("/open", view_func=lambda: "open to all by accident", endpoint="door")
    with pytest.raises(AssertionError, match=r"open\.door"):
        create_app([bp], sign_in=house.sign_in, keys=house.keys, options=OPTIONS, health=house.health)
