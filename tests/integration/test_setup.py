"""The first run: six steps, once, for whoever holds the code; a killed one goes on; then it is gone."""

import json
import re
import shutil
import tomllib
from dataclasses import replace

import pyotp
import pytest

from config.databases import open_for_writing
from config.pages import Pages
from config.settings import Settings, load_settings, read_settings
from config.setup.state import fits, keep_progress, read_progress
from config.setup.typed import coordinates, phones
from config.setup.typed import port as address
from config.setup_file import laid_over, read_written, to_toml, write
from config.wiring import build
from devices.dialects import RflinkDialect
from devices.simulator import Simulator
from dispatch.clock import SystemClock
from dispatch.errors import Invalid, Misconfigured
from dispatch.ids import new_id
from dispatch.store.people import People
from tests.e2e.rig import until

PASSWORD = "a long enough passphrase"


class Rig:
    """A service that was never set up, without a server in front of its pages."""

    def __init__(self, home, monkeypatch, *, file=None):
        self.home, self.file, self.restarted = home, file, []
        monkeypatch.setenv("ANLING_HOME", str(home))
        self.start()

    def start(self):
        self.house = build(load_settings(self.file), SystemClock(), new_id)
        self.pages = Pages(self.house, file=self.file, restart=lambda: self.restarted.append(1))
        self.app = self.pages.app(secret_key="s" * 40)
        self.wizard = self.pages._setup._wizard
        self.browser = self.app.test_client()

    def stop(self):
        self.pages.stop()
        self.house.stop()

    def again(self):
        """Killed and started anew; the browser signs in again."""
        self.stop()
        self.start()

    def post(self, path, browser=None, page="/setup", **said):
        browser = browser or self.browser
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)[1]
        return browser.post(path, data={"csrf_token": token, **said}, headers={"Sec-Fetch-Site": "same-origin"})

    def first(self, browser=None, **said):
        form = {"code": self.wizard.code, "login": "wang", "name": "王芳", "password": PASSWORD, "phone": "13800000009"}
        answer = self.post("/setup/administrator", browser, **{**form, **said})
        if answer.status_code == 303:
            assert answer.location == "/login/enrol?next=/setup"
            self.enrol()
        return answer

    def enrol(self):
        """The second step, as an app on a telephone does it."""
        page = self.browser.get("/login/enrol?next=/setup").text
        secret = re.search(r'class="number secret">([^<]+)<', page)[1].replace(" ", "")
        answer = self.post("/login/enrol", page="/login/enrol", code=pyotp.TOTP(secret).now(), next="/setup")
        self.recovery = re.findall(r'<li class="number">([^<]+)</li>', answer.text)
        assert len(self.recovery) == 10

    def sign_in(self):
        assert self.post("/login", page="/login", login="wang", password=PASSWORD).location.startswith("/login/code")
        assert self.post("/login/code", page="/login/code", code=self.recovery.pop()).status_code == 303

    def district(self, **said):
        form = {"district": "示范区", "timezone": "Asia/Shanghai", "station": "柏林驿站", "code": "S1",
                "place": "38.0712, 114.4903", "datum": "wgs84"}  # fmt: skip
        return self.post("/setup/district", **{**form, **said})


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A database with tables and nothing in them."""
    home = tmp_path_factory.mktemp("empty")
    open_for_writing(Settings(database_url=f"sqlite:///{home / 'anling.db'}", home=home)).dispose()
    return home


NOBODY = "http://127.0.0.1:1/"
"""An address where nobody listens."""


@pytest.fixture
def rig(tmp_path, monkeypatch, empty):
    shutil.copy(empty / "anling.db", tmp_path)
    rig = Rig(tmp_path, monkeypatch)
    yield rig
    rig.stop()


def test_whoever_comes_first_is_led_to_the_wizard_and_needs_its_code(rig):
    assert rig.browser.get("/").location == "/setup"
    assert rig.browser.get("/login").location == "/setup"
    assert re.fullmatch(r"([2-9A-Z]{4}-){2}[2-9A-Z]{4}", rig.wizard.code)
    answer = rig.first(code="2222-2222-2222")
    assert answer.status_code == 403
    assert 'value="wang"' in answer.text
    assert PASSWORD not in answer.text
    assert rig.wizard.progress().step == 1


def test_every_other_step_is_not_there_before_there_is_an_account(rig):
    for path in ("district", "gateway", "listen", "messages", "test", "hearers", "restart", "try", "finish"):
        assert rig.post(f"/setup/{path}").status_code == 404


def test_the_code_works_once_and_typed_as_people_type(rig):
    assert rig.first(code=rig.wizard.code.lower().replace("-", " ")).status_code == 303
    assert rig.wizard.code == ""
    other = rig.app.test_client()
    assert other.get("/setup").location.startswith("/login")
    said = {"code": "", "login": "li", "name": "李", "password": PASSWORD}
    assert rig.post("/setup/administrator", other, page="/login", **said).status_code == 404


def test_a_weak_password_keeps_what_was_typed_and_makes_nobody(rig):
    answer = rig.first(password="short")
    assert answer.status_code == 422
    assert "王芳" in answer.text
    assert rig.wizard.progress().step == 1


def test_whoever_is_no_administrator_sees_nothing_of_it(rig):
    rig.first()
    stranger = rig.app.test_client()
    assert stranger.get("/setup?step=3").status_code == 303
    assert rig.post("/setup/district", stranger, page="/login").status_code in {303, 401, 403}


def test_all_six_steps_and_then_it_is_gone(rig, tmp_path):
    rig.first()
    assert rig.district(place="somewhere").status_code == 422
    assert rig.district().status_code == 303
    with Simulator(tmp_path, RflinkDialect(), name="radio") as radio:
        port = str(radio.path.resolve())
        gateway = {"other": port, "protocol": "rflink", "name": "hall-radio"}
        assert rig.post("/setup/listen", stay="1", **gateway).status_code == 303
        until("the port is opened", lambda: rig.wizard.listening().listens)
        radio.press("EV1527:0a1b2c:01")
        until("the press is heard", lambda: rig.wizard.listening().frames)
        assert "EV1527:0a1b2c:01" in rig.browser.get("/setup?step=3").text
        assert rig.post("/setup/gateway", **gateway).status_code == 303
        assert rig.wizard.listening() is None
    assert rig.post("/setup/messages", provider="console", stay="1").status_code == 303
    assert rig.post("/setup/test", test_phone="13800000009", stay="1").status_code == 303
    rig.post("/setup/messages-done")
    assert rig.post("/setup/hearers", phones="13800000009，13800000008", ping_url=NOBODY).status_code == 303
    assert rig.wizard.needs_restart()
    # What was chosen counts as chosen before the restart: nobody is sent back to a step that is done.
    before = {each.name: each.well for each in rig.wizard.checks()}
    assert ("gateway" in before, before["phones"], before["settings"]) == (False, True, False)
    waiting = rig.post("/setup/restart", stay="1")
    assert (waiting.status_code, 'id="waits"' in waiting.text, rig.restarted) == (200, True, [1])
    rig.again()
    rig.sign_in()
    assert not rig.wizard.needs_restart()
    settings = rig.house.settings
    assert [(each.name, each.port) for each in settings.gateways] == [("hall-radio", port)]
    assert settings.operators.phones == ("+8613800000009", "+8613800000008")
    checks = {each.name: each.well for each in rig.wizard.checks()}
    assert (checks["settings"], checks["phones"], checks["consoles"], checks["outside"]) == (True, True, False, False)
    # The line is gone with its simulator: nothing can come through it, so nobody is told to try.
    assert (checks["line"], "canary" in checks, checks["nowhere"]) == (False, False, False)
    page = rig.browser.get("/setup?step=6").text
    assert page.count("→") >= 3
    needed = re.search(r'id="needs">(.*?)</ol>', page, re.DOTALL)[1]
    assert re.findall(r'href="([^"]+)"', needed) == ["/carers/new", "/homes/new", "/roster", "/devices/new"]
    assert "●" not in needed
    assert "没有回答：这个地址没有人应答" in page
    # Whoever makes these on other pages finds the way back, until it is over.
    assert 'href="/setup"' in rig.browser.get("/carers/new").text
    assert rig.post("/setup/finish").location == "/board"
    assert rig.browser.get("/setup").status_code == 404
    assert 'href="/setup"' not in rig.browser.get("/carers/new").text
    assert rig.post("/setup/district", page="/board", district="x").status_code == 404
    rig.again()
    assert rig.app.test_client().get("/setup").status_code == 404


@pytest.mark.parametrize("step", [2, 4, 6])
def test_a_killed_wizard_goes_on_where_it_was(rig, step):
    rig.first()
    deeds = [
        rig.district,
        lambda: rig.post("/setup/no-gateway"),
        lambda: rig.post("/setup/messages-done"),
        lambda: rig.post("/setup/hearers", phones="13800000009"),
    ]
    for deed in deeds[: step - 2]:
        assert deed().status_code == 303
    rig.again()
    rig.sign_in()
    assert rig.wizard.progress().step == step
    assert f"<h1>{step} · " in rig.browser.get("/setup").text
    # Steps that are done can be looked at again; those that are to come cannot.
    assert f"<h1>{step} · " in rig.browser.get("/setup?step=6").text
    assert "<h1>2 · " in rig.browser.get("/setup?step=2").text


def test_a_service_with_accounts_has_no_wizard(rig):
    rig.first()
    (rig.home / "setup.json").unlink()
    rig.again()
    assert rig.browser.get("/setup").status_code == 404
    assert rig.browser.get("/login").status_code == 200


def test_no_page_starts_a_program_or_opens_a_file(rig):
    rig.first()
    rig.district()
    for port in ("exec:touch /tmp/x", "stdin:", "spy:///dev/ttyUSB0", "/etc/passwd", "ttyUSB0", ""):
        for path in ("listen", "gateway"):
            answer = rig.post(f"/setup/{path}", other=port, protocol="rflink", name="g")
            assert answer.status_code == 422, port
    assert "gateways" not in read_written(rig.home)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("38.0712, 114.4903", (38.0712, 114.4903)),
        ("114.4903,38.0712", (38.0712, 114.4903)),
        ("东经114.4903° 北纬38.0712°", (38.0712, 114.4903)),
        ("38.0712N 114.4903e", (38.0712, 114.4903)),
        ("33.9S；18.4E", (-33.9, 18.4)),
        ("E 18.4 / S 33.9", (-33.9, 18.4)),
    ],
)
def test_a_position_is_read_as_any_map_copies_it(typed, said):
    assert coordinates(typed) == said


@pytest.mark.parametrize("typed", ["", "38.07", "somewhere", "114, 200", "nan, inf", "38 4 16, 114 29 25", "1e3, 2"])
def test_what_is_no_position_is_refused(typed):
    with pytest.raises(Invalid):
        coordinates(typed)


@pytest.mark.parametrize("between", [",", "，", "、", "；", " ", "\n"])
def test_telephones_may_stand_between_whatever_people_put_there(between):
    typed = f"138 0000 0009{between}13800000008" if between.strip() else f"13800000009{between}13800000008"
    assert phones(typed, "phones") == ["+8613800000009", "+8613800000008"]


def test_of_several_telephones_the_wrong_one_is_named():
    with pytest.raises(Invalid) as refused:
        phones("13800000009、12、13800000008", "phones")
    assert refused.value.errors == {"phones": ["12"]}


def test_the_address_on_the_box_is_enough():
    assert address("192.168.1.4:4001") == "socket://192.168.1.4:4001"
    assert [address(each) for each in ("/dev/ttyUSB0", "exec:rm", "mqtt://a:1883", "")] == [
        "/dev/ttyUSB0", "exec:rm", "mqtt://a:1883", "",
    ]  # fmt: skip


def test_what_is_refused_is_said_in_the_language_of_the_page_without_keys(rig):
    rig.first()
    zone = rig.district(timezone="北京")
    assert (zone.status_code, "没有这个时区" in zone.text, "district.timezone" in zone.text) == (422, True, False)
    rig.district()
    gateway = {"protocol": "rflink", "other": "socket://127.0.0.1:4001"}
    name = rig.post("/setup/gateway", name="门厅 1", **gateway)
    assert (name.status_code, "gateways.0" in name.text, "请起一个" in name.text) == (422, False, True)
    assert rig.post("/setup/gateway", name="hall", **gateway).status_code == 303
    rig.post("/setup/messages-done")
    ping = rig.post("/setup/hearers", phones="13800000009", ping_url="http://ping")
    assert (ping.status_code, "alive.ping_url" in ping.text, "https://" in ping.text) == (422, False, True)


def test_another_code_makes_no_second_station(rig):
    rig.first()
    rig.district()
    assert rig.district(code="S9", station="新名字").status_code == 303
    with rig.house.reading.connect() as connection:
        assert [(each.code, each.name) for each in People(connection).stations()] == [("S1", "新名字")]
    assert "readonly" in rig.browser.get("/setup?step=2").text


def test_a_test_that_leaves_for_nowhere_says_so(rig):
    rig.first()
    rig.district()
    rig.post("/setup/no-gateway")
    rig.post("/setup/messages", provider="console", stay="1")
    assert "已保存" in rig.browser.get("/setup?step=4").text
    rig.post("/setup/test", test_phone="13800000009", stay="1")
    assert "只显示在页面上" in rig.browser.get("/setup?step=4").text.partition("<main")[0]


def test_a_token_lies_in_a_file_of_its_own_and_is_never_shown(rig):
    rig.first()
    rig.district()
    rig.post("/setup/no-gateway")
    account = {"provider": "twilio", "account_sid": "AC" + "0" * 32, "from": "+15005550006", "stay": "1"}
    assert rig.post("/setup/messages", **account).status_code == 422
    assert rig.post("/setup/messages", auth_token="very-secret", **account).status_code == 303
    assert "very-secret" not in (rig.home / "setup.toml").read_text(encoding="utf-8")
    assert "very-secret" not in rig.browser.get("/setup?step=4").text
    assert load_settings().providers.twilio.auth_token == "very-secret"
    path = rig.home / "secrets" / "twilio-token"
    assert path.stat().st_mode & 0o077 == 0


def test_what_the_installers_own_file_says_is_not_written_elsewhere(tmp_path, monkeypatch):
    file = tmp_path / "anling.toml"
    file.write_text('[messages]\norder = ["console"]\n', encoding="utf-8")
    rig = Rig(tmp_path / "home", monkeypatch, file=file)
    rig.first()
    rig.district()
    rig.post("/setup/no-gateway")
    answer = rig.post("/setup/messages", provider="console", stay="1")
    assert answer.status_code == 422
    assert "anling.toml" in answer.text
    rig.stop()


# ------------------------------------------------------------------------------------------------ the file


def test_what_is_written_is_read_as_it_was(tmp_path):
    said = {
        "web": {"listen": "127.0.0.1:8080"}, "operators": {"phones": ["+8613800000009"]},
        "alive": {"needs_console": False, "ping_url": 'https://x.example/"\\\x7f安'},
        "gateways": [{"name": "a", "protocol": "rflink", "port": "/dev/x", "baud": 57600}, {"name": "b"}],
        "providers": {"twilio": {"from": "+1", "machine_detection": True}}, "drills": {"every_h": 1.5},
    }  # fmt: skip
    assert tomllib.loads(to_toml(said)) == said
    write(tmp_path, said)
    write(tmp_path, {"alive": {"needs_console": True}, "gateways": []})
    there = read_written(tmp_path)
    assert there == laid_over(said, {"alive": {"needs_console": True}, "gateways": []})
    assert tomllib.loads((tmp_path / "setup.toml.bak").read_text(encoding="utf-8")) == said
    assert (tmp_path / "setup.toml").stat().st_mode & 0o077 == 0


def test_the_installers_file_and_the_environment_have_the_last_word(tmp_path):
    write(tmp_path, {"web": {"listen": "127.0.0.1:1", "threads": 40}, "operators": {"phones": ["+8613800000009"]}})
    file = tmp_path / "anling.toml"
    file.write_text(f'home = "{tmp_path}"\n[web]\nlisten = "127.0.0.1:2"\n', encoding="utf-8")
    settings = load_settings(file, environ={"ANLING_WEB__THREADS": "41"})
    assert (settings.web.listen, settings.web.threads) == ("127.0.0.1:2", 41)
    assert settings.operators.phones == ("+8613800000009",)


def test_a_damaged_file_says_what_to_do(tmp_path):
    (tmp_path / "setup.toml").write_text("[web", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"setup\.toml\.bak"):
        load_settings(environ={"ANLING_HOME": str(tmp_path)})


def test_progress_that_cannot_be_read_is_none(tmp_path):
    assert read_progress(tmp_path) is None
    for text in ("", "[]", '{"step": "x", "done": false}'):
        (tmp_path / "setup.json").write_text(text, encoding="utf-8")
        assert read_progress(tmp_path) is None
    keep_progress(tmp_path, replace(read_settings_step(tmp_path, 4)))
    assert read_progress(tmp_path).step == 4


def read_settings_step(home, step):
    (home / "setup.json").write_text(json.dumps({"step": step, "done": False}), encoding="utf-8")
    return read_progress(home)


def test_codes_are_compared_whole():
    assert fits("ABCD-EFGH-JKMN", "abcdefghjkmn")
    assert not fits("ABCD-EFGH-JKMN", "abcdefghjkm")
    assert not fits("ABCD-EFGH-JKMN", "")


def test_settings_still_read_alone():
    assert read_settings({}, environ={}).alive.canary_min == 15
