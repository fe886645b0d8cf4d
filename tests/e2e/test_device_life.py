"""A pendant's life in the real service: heard, paired on the pages, tested over the air, broken, repaired."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rest, rflink_of, until
from tests.fakes.twilio_standin import TwilioStandin

STEPS = policy("offer_nearest 30", "call_carer 30", "all_hands 60")
NEW = "EV1527:0bbbbb:08"
INSTALLER = phone_of(7)
COPY_S = 3.2
"""Nearer than this to the last it would be a repetition."""


@pytest.fixture
def twilio() -> Iterator[TwilioStandin]:
    with TwilioStandin() as standin:
        yield standin


def test_from_an_unknown_button_to_a_repaired_pendant(tmp_path, twilio):
    loaded = district(carers=[phone_of(1)])
    with Rig(tmp_path, district=loaded, escalation=STEPS, twilio=twilio) as rig:
        rig.add_operator()
        rig.start()
        operator = rig.sign_in()

        rig.radio.press(NEW)
        until("the stranger is on the page", lambda: "0bbbbb" in operator.get("/devices/new"))
        form = operator.get(f"/devices/pair?protocol=rflink&address={quote(NEW)}")
        assert NEW in form
        operator.send("/devices/pair", {
            "protocol": "rflink", "address": NEW, "resident": "R1", "kind": "pendant", "notify": INSTALLER,
        })  # fmt: skip
        device = rig.rows("SELECT * FROM devices WHERE address = :a", a=NEW)[0]
        assert "请现在按一下设备" in operator.get(f"/devices/{device['code']}")
        rig.stop()
        rig.start()
        rest(COPY_S)
        rig.radio.press(NEW)
        until("the centre saw it", lambda: rig.one("SELECT state FROM press_tests") == "seen")
        operator = rig.sign_in()
        assert "中心已收到试按" in operator.get(f"/devices/{device['code']}")
        assert device["code"] in rig.made(INSTALLER)["body"]
        assert rig.rows("SELECT * FROM alarms") == []

        rest(COPY_S)
        rig.radio.press(NEW)
        alarm = rig.raised("H1")
        until("it is counted as an alarm of its resident", lambda: rig.alarm("H1")["press_count"] == 1)
        operator.post(f"/api/v1/alarms/{alarm['id']}/close", {"outcome": "test"})

        rig.radio.low_battery(NEW)
        until("the battery opens a case", lambda: rig.rows("SELECT * FROM repairs WHERE ended_at IS NULL"))
        assert device["code"] in operator.get("/repairs")
        operator.send(f"/devices/{device['id']}/test", {"purpose": "repair", "minutes": "2"})
        rest(COPY_S)
        rig.radio.press(NEW)
        until("the test press ends it", lambda: rig.rows("SELECT * FROM repairs WHERE test_id IS NOT NULL"))
        assert len(rig.rows("SELECT * FROM alarms")) == 1

        kinds = rig.kinds()
        wanted = ["device_paired", "test_begun", "test_seen", "raised", "closed", "repair_opened", "repair_ended"]
        assert sorted(wanted, key=kinds.index) == wanted
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []


@pytest.mark.drill
def test_a_gateway_that_is_pulled_is_one_incident_with_its_homes_and_survives_a_restart(tmp_path):
    quickly = {"ANLING_GATEWAYS__0__SILENT_S": "30"}
    with Rig(tmp_path, district=district(homes=2), escalation=STEPS, environ=quickly) as rig:
        key = rig.key("read")
        rig.start()
        rig.radio.low_battery(rflink_of(1))
        until("the radio has heard D1", lambda: rig.rows("SELECT * FROM hearings"))
        rig.radio.unplug()
        incident = until("it is an incident", lambda: rig.rows("SELECT * FROM incidents"), 90)[0]
        assert (incident["gateway"], incident["why"], incident["homes"]) == ("radio", "silent", '["H1"]')
        rig.kill()
        rig.start()
        rest(7.0)
        assert len(rig.rows("SELECT * FROM incidents")) == 1
        assert rig.kinds().count("gateway_lost") == 1
        assert '"H1"' in rig.get("/api/v1/incidents?open=true", key=key)[1]
        rig.radio.plug()
        until("the line is there", lambda: rig.metric("gateway_connected", "radio") == 1.0)
        rig.radio.press(rflink_of(1))
        until("it is over", lambda: rig.one("SELECT ended_by FROM incidents") == "gateway:radio")
        rig.assert_sound()
        rig.stop()
        assert rig.surprises() == []
