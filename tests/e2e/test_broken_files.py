"""A service all of whose rooms have a file that is not in order: it starts, says so, and hears whoever presses."""

import json

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rflink_of, until
from tests.fakes.twilio_standin import TwilioStandin

DESK = phone_of(50)
FILES = """
[devices]
file = "{0}"
[satisfaction]
form = "{0}"
[privacy]
retention = "{0}"
[anomalies]
rules = "{0}"
[beds]
standards = "{1}"
assessments = "{0}"
items = "{0}"
[rounds]
book = "{0}"
[orders]
services = "{0}"
[welfare]
file = "{0}"
[review]
file = "{0}"
[duty]
holidays = "{1}"
[meals]
policies = "{1}"
[bedmoney]
policies = "{1}"
[travel]
barriers = "{0}"
"""
PAGES = ("/beds", "/rounds", "/orders", "/welfare")
TOLD = ("room_file_refused", "policy_file_refused", "policy_missing", "holidays_unread")


@pytest.mark.error_lines(*TOLD)
def test_with_every_file_of_its_rooms_broken_a_press_is_answered_and_the_desk_is_told(tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    broken = folder / "2027.toml"
    broken.write_text("key = [[[", encoding="utf-8")
    with (
        TwilioStandin() as twilio,
        Rig(
            tmp_path, district=district(carers=[phone_of(1)]), escalation=policy("offer_nearest 30", "all_hands 60"),
            twilio=twilio, more=FILES.format(broken, folder), environ={"ANLING_OPERATORS__PHONES": DESK},
        ) as rig,
    ):  # fmt: skip
        rig.add_operator()
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        rig.heard(alarm["id"], "offered")
        assert rig.made(phone_of(1))
        # One text for all of them.
        assert "anomalies file +12" in rig.made(DESK, containing="文件有误")["body"]
        operator = rig.sign_in()
        assert "13 个文件有误" in operator.get("/board")
        for path in PAGES:
            assert str(broken) in operator.get(path), path
        found = {each["name"]: each for each in json.loads(rig.anling("doctor", "--json").stdout)}
        assert not found["book of rounds"]["well"]
        assert rig.surprises(*TOLD) == []
        rig.assert_sound()


KEPT = "SELECT kept_at FROM standing_policies"
USED = "SELECT p.name, p.content FROM alarms a JOIN policies p ON p.id = a.policy_id"


@pytest.mark.error_lines(*TOLD)
def test_after_a_power_cut_that_damaged_the_escalation_file_a_press_goes_by_what_stood_last(tmp_path):
    file = tmp_path / "escalation.toml"
    with (
        TwilioStandin() as twilio,
        Rig(
            tmp_path, district=district(carers=[phone_of(1)]), escalation=policy("offer_nearest 30", "all_hands 60"),
            twilio=twilio, environ={"ANLING_OPERATORS__PHONES": DESK},
        ) as rig,
    ):  # fmt: skip
        rig.add_operator()
        rig.start()
        until("the file is kept", lambda: rig.rows(KEPT))
        rig.kill()
        file.write_bytes(b"\0" * len(file.read_bytes()))
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        rig.heard(alarm["id"], "offered")
        assert rig.made(phone_of(1))
        assert [each["name"] for each in rig.rows(USED)] == ["of the test"]
        assert "escalation file" in rig.made(DESK, containing="文件有误")["body"]
        assert "1 个文件有误" in rig.sign_in().get("/board")
        found = {each["name"]: each for each in json.loads(rig.anling("doctor", "--json").stdout)}
        assert (found["escalation"]["well"], "last stood" in found["escalation"]["cure"]) == (False, True)
        # A second start with the same damage knows it still, and the file mended holds from its own start on.
        rig.stop()
        file.write_text(policy("offer_nearest 20", "all_hands 60").replace("of the test", "mended"), encoding="utf-8")
        kept = rig.rows(KEPT)
        rig.start()
        until("the mended file is kept", lambda: rig.rows(KEPT) != kept)
        assert rig.surprises(*TOLD) == []
        rig.assert_sound()
