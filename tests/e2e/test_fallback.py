"""A rule that raises: plain text to everybody on duty; the alarms beside it go their way."""

import json
import tomllib

from dispatch.rules.escalation import policy_json, read_policies
from dispatch.rules.signal import Cause
from dispatch.rules.steps import STEPS
from tests.e2e.rig import CAUSES, Rig, district, phone_of, rflink_of, until
from tests.fakes.twilio_standin import TwilioStandin

OTHERS = sorted(set(CAUSES) - {"press"})
POISONED, SOUND = "the poisoned one", "the sound one"
ESCALATION = f"""
[[policies]]
name = "{POISONED}"
causes = ["press"]
steps = [{{ step = "offer_nearest", wait_s = 30 }}, {{ step = "all_hands", wait_s = 60 }}]
[[policies]]
name = "{SOUND}"
causes = {json.dumps(OTHERS)}
steps = [{{ step = "offer_nearest", wait_s = 20 }}, {{ step = "all_hands", wait_s = 60 }}]
"""
ON_DUTY = [phone_of(number) for number in (1, 2, 3)]
WATCH = phone_of(50)


def poison(rig: Rig) -> None:
    """
    The policy stands in the database already, under its own hash, with a step that does not exist: what a rule that
    raises looks like from outside.
    """
    rows = tomllib.loads(ESCALATION)["policies"]
    policy = read_policies(rows, STEPS).of(Cause.PRESS)
    content = policy_json(policy.name, policy.steps, policy.responders).replace("offer_nearest", "offer_in_vain")
    values = {"id": policy.id, "name": policy.name, "content": content}
    rig.write("INSERT INTO policies (id, name, content, first_used_at) VALUES (:id, :name, :content, 0)", **values)


def test_a_rule_that_raises_becomes_plain_text_to_everybody_and_disturbs_no_other_alarm(tmp_path):
    loaded = district(homes=2, carers=ON_DUTY)
    with (
        TwilioStandin() as twilio,
        Rig(
            tmp_path, district=loaded, escalation=ESCALATION, twilio=twilio,
            environ={"ANLING_OPERATORS__PHONES": WATCH},
        ) as rig,
    ):  # fmt: skip
        key = rig.key("signals alarms read")
        poison(rig)
        rig.start()
        rig.radio.press(rflink_of(1))
        alarm = rig.raised("H1")
        rig.heard(alarm["id"], "fell_back")
        for phone in (*ON_DUTY, WATCH):
            assert alarm["number"] in rig.made(phone, containing=alarm["number"])["body"]
        fall = {"seq": 1, "protocol": "surgard", "device": "4002", "event": "fall"}
        batch = {"gateway": "edge", "epoch": "e", "signals": [{**fall, "received_at": "2026-11-21T12:00:00+08:00"}]}
        assert rig.post("/api/v1/signals", batch, key=key)[0] == 200
        other = rig.raised("H2")
        rig.heard(other["id"], "offered")
        assert "fell_back" not in rig.kinds(other["id"])
        rig.radio.press(rflink_of(1))
        assert rig.alarm("H1")["state"] == "raised"
        assert rig.alarm("H1")["due_at"] is not None
        fallen, raised = rig.entries("fell_back")[0], rig.entries("raised")[0]
        assert fallen["steady_us"] - raised["steady_us"] < 15_000_000, "everybody knows within seconds"
        assert fallen["facts"]["told"] == len(ON_DUTY) + 1
        status, _ = rig.post(f"/api/v1/alarms/{other['id']}/accept", {"person": "C1"}, key=key)
        assert status == 200
        until("nothing waits to be sent", lambda: rig.metric("messages_waiting") == 0)
        rig.assert_sound()
        rig.stop()
        assert rig.surprises("wake_failed") == []
        assert len(rig.logged("wake_failed")) >= 2
