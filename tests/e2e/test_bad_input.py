"""What an installer may get wrong, and what commands do while the service runs."""

import json
import re
import stat
from collections.abc import Mapping

import pytest

from tests.e2e.rig import LOGIN, PASSWORD, Rig, account_of, district, phone_of, policy, rflink_of
from tests.fakes.twilio_standin import ACCOUNT, TwilioStandin

STEPS = policy("offer_nearest 30", "call_carer 30", "all_hands 60")
TWILIO = f'[messages]\norder = ["twilio"]\n[providers.twilio]\naccount_sid = "{ACCOUNT}"\n'

WRONG_SETTINGS = {
    "an unknown key": ("colour = 1\n", {}, "colour"),
    "an unknown section": ("[weather]\nsun = true\n", {}, "weather"),
    "a value of the wrong kind": ("[watch]\nevery_s = true\n", {}, "watch.every_s"),
    "a gateway without a port": ('[[gateways]]\nname = "x"\nprotocol = "rflink"\n', {}, "gateways.0.port"),
    "an unknown protocol": ('[[gateways]]\nname = "x"\nprotocol = "morse"\nport = "/dev/x"\n', {}, "protocol"),
    "a missing token": (TWILIO + 'from = "+15005550006"\n', {"ANLING_PROVIDERS__TWILIO__AUTH_TOKEN": ""}, "auth_token"),
    "a missing sender": (TWILIO, {}, "providers.twilio.from"),
    "a secret in the file": (TWILIO + 'auth_token = "x"\n', {}, "auth_token"),
    "an unknown provider": ('[messages]\norder = ["pigeon"]\n', {}, "messages.order"),
    "an unknown key of the environment": ("", {"ANLING_WEB__COLOUR": "red"}, "web.colour"),
    "an escalation file that is not there": ('[escalation]\nfile = "/nowhere.toml"\n', {}, "escalation.file"),
    "no TOML at all": ("= = =\n", {}, "anling.toml"),
}


@pytest.mark.parametrize("case", WRONG_SETTINGS)
def test_wrong_settings_refuse_the_start_with_the_key(tmp_path, case):
    more, environ, key = WRONG_SETTINGS[case]
    with Rig(tmp_path, radio=False, more=more, environ=environ) as rig:
        refused = rig.anling("serve", timeout=120)
        _is_one_sentence(refused, key)
        assert not (tmp_path / "anling.db").exists() or not rig.rows("SELECT * FROM entries")


WRONG_STEPS = {
    "an unknown step": ("wish 30", "policies.0.steps.0.step"),
    "a wait beyond the promise": ("offer_nearest 90", "policies.0.steps.0.wait_s"),
}


@pytest.mark.parametrize("case", WRONG_STEPS)
def test_a_wrong_policy_refuses_the_start_with_its_place(tmp_path, case):
    step, place = WRONG_STEPS[case]
    with Rig(tmp_path, radio=False, escalation=policy(step, "all_hands 60")) as rig:
        _is_one_sentence(rig.anling("serve", timeout=120), place)


WRONG_DISTRICTS = {
    "homes.1.lat": ('[[homes]]\ncode = "HX"\naddress = "x"\nlat = 114.49\nlng = 38.07\n'),
    "homes.1.colour": ('[[homes]]\ncode = "HX"\naddress = "x"\ncolour = "red"\n'),
    "carers.1.station": ('[[carers]]\ncode = "CX"\nname = "x"\nstation = "S9"\n'),
    "carers.1.phone": ('[[carers]]\ncode = "CX"\nname = "x"\nstation = "S1"\nphone = "12"\n'),
    "shifts.1.end": ('[[shifts]]\ncarer = "C1"\nstart = 2026-11-21T20:00:00+08:00\nend = 2026-11-21T08:00:00+08:00\n'),
    "homes.1.devices.0.address": (
        '[[homes]]\ncode = "HX"\naddress = "x"\n'
        f'devices = [{{ code = "DX", kind = "pendant", protocol = "rflink", address = "{rflink_of(1)}" }}]\n'
    ),
}


def test_a_wrong_district_is_refused_whole_with_the_row(tmp_path):
    with Rig(tmp_path, radio=False, escalation=STEPS) as rig:
        for place, row in WRONG_DISTRICTS.items():
            (tmp_path / "wrong.toml").write_text(district(carers=[phone_of(1)], more=row), encoding="utf-8")
            refused = rig.anling("load", "wrong.toml")
            _is_one_sentence(refused, place)
        assert {table: rows for table, rows in _registers(rig).items() if rows} == {}


def _is_one_sentence(refused, key: str) -> None:
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert key in refused.stderr, refused.stderr
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr) < 600


def test_the_console_never_stands_in_for_a_provider_in_silence(tmp_path):
    with TwilioStandin() as twilio, Rig(tmp_path, district=district(), twilio=twilio, radio=False) as rig:
        rig.add_operator()
        rig.start()
        with pytest.raises(OSError, match="404"):
            rig.sign_in().get("/phones")
        assert (
            rig.post_form("/hooks/console/reply", {"token": rig.token, "id": "1", "from": "1", "text": "1"})[0] == 404
        )
        rig.stop()


def test_who_cannot_be_placed_or_reached_is_served_and_skipped_and_it_is_said(tmp_path):
    nowhere = (
        '[[homes]]\ncode = "H9"\naddress = "无位置小区 9-1-101"\nstation = "S1"\n'
        'residents = [{ code = "R9", name = "李秀英" }]\n'
        'devices = [{ code = "D9", kind = "pendant", protocol = "rflink", address = "EV1527:0c0c0c:01" }]\n'
    )
    with (
        TwilioStandin() as twilio,
        Rig(
            tmp_path, district=district(carers=["", phone_of(2)], more=nowhere), escalation=STEPS, twilio=twilio
        ) as rig,
    ):
        key = rig.key("read alarms")
        rig.start()
        rig.radio.press("EV1527:0c0c0c:01")
        alarm = rig.raised("H9")
        assert "无位置小区" in rig.made(phone_of(2))["body"]
        story = json.loads(rig.get(f"/api/v1/alarms/{alarm['id']}", key=key)[1])
        assert story["excluded"].get("no_phone") == 1, story["excluded"]
        assert [each["code"] for each in story["candidates"]] == ["C2"]
        codes = {reason["code"] for each in story["candidates"] for reason in each["reasons"]}
        assert any("unknown" in code or "place" in code for code in codes), codes
        assert any(re.search("位置|未知|station|position", words) for words in _words(story)), _words(story)
        rig.stop()
        assert rig.surprises() == []


def _words(story: Mapping) -> list[str]:
    return [str(each["words"]) for each in story["candidates"]]


def test_another_program_hands_signals_in_with_a_key_and_a_repetition_is_harmless(tmp_path):
    with Rig(tmp_path, district=district(carers=[phone_of(1)]), escalation=STEPS, radio=False) as rig:
        made = rig.anling("key", "add", "edge", "--scope", "signals", "--json")
        assert made.returncode == 0, made.stderr
        key = json.loads(made.stdout)["key"]
        odd = rig.anling("key", "add", "edge", "--scope", "signals operator")
        assert (odd.returncode, "'operator'" in odd.stderr, "signals, read" in odd.stderr) == (1, True, True)
        rig.start()
        one = {"seq": 1, "protocol": "rflink", "device": rflink_of(1), "event": "press"}
        batch = {"gateway": "edge", "epoch": "e1", "signals": [{**one, "received_at": "2026-11-21T12:00:00+08:00"}]}
        assert rig.post("/api/v1/signals", batch)[0] == 401
        assert rig.post("/api/v1/signals", batch, key="anling_wrong_key")[0] == 401
        status, answer = rig.post("/api/v1/signals", batch, key=key)
        assert (status, answer["stored"], len(answer["alarms"])) == (200, 1, 1)
        assert rig.post("/api/v1/signals", batch, key=key)[1]["copies"] == 1
        assert rig.post("/api/v1/signals", {**batch, "signals": [{"seq": "x"}]}, key=key)[0] == 422
        assert rig.alarm("H1")["press_count"] == 1
        assert rig.post("/api/v1/alarms", {"home": "H1", "cause": "hotline"}, key=key)[0] == 403
        rig.stop()


def test_a_forwarded_message_with_a_zone_finds_the_account(tmp_path):
    with Rig(tmp_path, district=district(carers=[phone_of(1)]), escalation=STEPS, radio=False) as rig:
        key = rig.key("signals")
        rig.start()
        said = {"seq": 1, "protocol": "surgard", "device": f"{account_of(1)}:000", "event": "press"}
        batch = {"gateway": "edge", "epoch": "e1", "signals": [{**said, "received_at": "2026-11-21T12:00:00+08:00"}]}
        assert rig.post("/api/v1/signals", batch, key=key)[0] == 200
        assert rig.one("SELECT count(*) FROM alarms") == 1
        assert rig.alarm("H1") is not None, "a local receiver would have found the home"


def test_an_alarm_raised_by_a_key_breaks_no_promise(tmp_path):
    with Rig(tmp_path, district=district(carers=[phone_of(1)]), escalation=STEPS, radio=False) as rig:
        key = rig.key("alarms")
        rig.start()
        status, story = rig.post("/api/v1/alarms", {"home": "H1", "cause": "hotline"}, key=key)
        assert (status, story["cause"]) == (201, "hotline")
        rig.heard(story["id"], "offered")
        rig.assert_sound()
        rig.stop()


def test_commands_reach_a_running_service_and_loading_twice_changes_nothing(tmp_path):
    with Rig(tmp_path, escalation=STEPS, cold=True) as rig:
        rig.start()
        socket_file = tmp_path / "anling.sock"
        assert stat.S_IMODE(socket_file.stat().st_mode) == 0o600
        (tmp_path / "district.toml").write_text(district(homes=3, carers=[phone_of(1)]), encoding="utf-8")
        first = rig.anling("load", "district.toml", "--json")
        assert first.returncode == 0, first.stderr
        before = _registers(rig)
        again = rig.anling("load", "district.toml", "--json")
        assert again.returncode == 0, again.stderr
        assert _registers(rig) == before
        assert len(before["homes"]) == 3
        password = f"{PASSWORD}\n"
        added = rig.anling("user", "add", LOGIN, "--name", "王芳", "--password", "-", stdin=password)
        assert added.returncode == 0, added.stderr
        assert "王芳" in rig.sign_in().get("/board")
        made = rig.anling("key", "add", "reader", "--scope", "read", "--json")
        assert rig.get("/api/v1/alarms", key=json.loads(made.stdout)["key"])[0] == 200
        (tmp_path / "wrong.toml").write_text("[district]\n", encoding="utf-8")
        _is_one_sentence(rig.anling("load", "wrong.toml"), "district.name")
        rig.radio.press(rflink_of(2))
        rig.raised("H2")
        rig.stop()
        assert not socket_file.exists()
        assert rig.logged("service_stopped")
        assert rig.surprises() == []


def test_a_district_can_be_loaded_for_settings_that_name_its_stations(tmp_path):
    named = {"ANLING_GATEWAYS__0__STATION": "S1"}
    with Rig(tmp_path, escalation=STEPS, environ=named) as rig:
        (tmp_path / "district.toml").write_text(district(), encoding="utf-8")
        loaded = rig.anling("load", "district.toml")
        assert loaded.returncode == 0, loaded.stderr
        rig.start()
        rig.stop()


def _registers(rig: Rig) -> dict[str, list[dict]]:
    tables = ("stations", "carers", "homes", "residents", "contacts", "devices", "shifts")
    return {table: rig.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables}
