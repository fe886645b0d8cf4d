"""
Somebody else holds the database's file for half a minute, as a tool that was left open does: no press is lost by any
road, the siren sounds meanwhile, and everything goes on by itself.
"""

import threading

import pytest

from tests.e2e.dialler import Dialler
from tests.e2e.rig import Rig, phone_of, policy, rest, rflink_of, until
from tests.e2e.rig import district as of_rig
from tests.e2e.test_real_senders import Button, buttons, unwrapped
from tests.e2e.test_siren import OFF, ON, Ear
from tests.fakes.foreign_lock import held
from tests.fakes.twilio_standin import TwilioStandin
from tests.integration.broker import Broker
from tests.ports import free_port

HELD_S, ROUNDS = 30.0, 5
WAITED = ("library_said", "periodic_failed", "planner_failed")
"""What works by a timetable says that it could not, and does it the next time."""

GOES_ON_S = 10.0
"""So soon after the lock is gone every press is an alarm; a line waits 5 s between two tries at most."""


def say_until_answered(port: int, said: bytes) -> None:
    """As a dialler does: the same again until it is acknowledged."""
    for _ in range(20):
        with Dialler(f"TCP:127.0.0.1:{port},nodelay") as line:
            line.say(said)
            if line.wait_answer(10):
                return
    raise AssertionError("never acknowledged")


def post_until_taken(rig: Rig, button: Button, key: str, answers: list[tuple[int, str]]) -> None:
    """As a gateway does: the same again, when it is told to."""
    press = {"seq": button.number + 1, "protocol": "dc09", "device": button.address, "event": "press"}
    batch = {"gateway": "till", "epoch": "e", "signals": [press | {"received_at": "2026-11-21T12:00:00+08:00"}]}
    for _ in range(40):
        status, answer = rig.post("/api/v1/signals", batch, key=key)
        answers.append((status, "" if status == 200 else answer["type"]))
        if status == 200:
            return
        rest(2)
    raise AssertionError("never taken")


@pytest.mark.drill
def test_a_file_held_for_half_a_minute_loses_no_press_and_the_siren_tells(tmp_path):
    tcp, http = buttons("tcp", ("surgard",), ROUNDS), buttons("http", ("dc09",), ROUNDS)
    mqtt, ear = buttons("mqtt", ("zigbee2mqtt",), ROUNDS), Ear(tmp_path)
    port, answers, senders = free_port(), [], []
    loaded = of_rig(
        homes=ROUNDS, carers=[phone_of(number) for number in range(1, 30)],
        more="\n".join(each.on_file() for each in (*tcp, *mqtt, *http)),
    )  # fmt: skip
    (tmp_path / "broker").mkdir()
    with Broker(tmp_path / "broker") as broker, TwilioStandin() as twilio:
        at = broker.address("zigbee2mqtt/#", client_id="z")
        more = (
            f'[[gateways]]\nname = "tcp-surgard"\nprotocol = "surgard"\nport = "tcp-listen://127.0.0.1:{port}"\n'
            f'[[gateways]]\nname = "mqtt-z"\nprotocol = "zigbee2mqtt"\nport = "{at}"\n'
            f'[siren]\nrelay = "{ear.path}"\nstale_s = 10.0\nuntaken_s = 20.0\nevery_s = 0.5\n'
        )
        escalation = policy("offer_nearest 60", "all_hands 60")
        with Rig(tmp_path / "s", district=loaded, escalation=escalation, twilio=twilio, more=more) as rig:
            key = rig.key("signals")
            rig.start()
            until("the broker's gateway is there", lambda: rig.metric("gateway_connected", "mqtt-z") == 1.0)
            until("the engine beats", (rig.folder / "engine.beat").exists)
            siren = rig.spawn("siren", log="siren")
            rig.processes.insert(0, siren)
            until("the siren beats", (rig.folder / "siren.beat").exists)
            with held(rig.folder / "anling.db"):
                for number in range(ROUNDS):
                    rig.radio.press(rflink_of(number + 1))
                    broker.publish(*unwrapped(mqtt[number].says(1)))
                    senders += [
                        threading.Thread(target=say_until_answered, args=(port, tcp[number].says(1))),
                        threading.Thread(target=post_until_taken, args=(rig, http[number], key, answers)),
                    ]
                    [each.start() for each in senders[-2:]]
                    rest(HELD_S / ROUNDS)
                assert rig.one("SELECT count(*) FROM alarms") == 0
                assert ON in ear.heard, "the siren sounds while nothing can be kept"
                assert rig.get("/healthz")[0] == 200, "pages are read meanwhile"
            everybody = {f"H{number}" for number in range(1, ROUNDS + 1)} | {e.home for e in (*tcp, *mqtt, *http)}
            count = "SELECT h.code, count(*) AS n FROM alarms a JOIN homes h ON h.id = a.home_id GROUP BY h.code"
            until("everybody has an alarm", lambda: {r["code"] for r in rig.rows(count)} == everybody, GOES_ON_S)
            [each.join(60) for each in senders]
            asked = "SELECT count(DISTINCT alarm_id) FROM messages WHERE offer_id IS NOT NULL"
            until("everybody's carer is asked", lambda: rig.one(asked) == len(everybody), GOES_ON_S)
            assert {row["n"] for row in rig.rows(count)} == {1}
            assert {each for each in answers if each[0] != 200} == {(503, "urn:anling:problem:busy")}
            until("the siren is quiet again", lambda: ear.heard.endswith(OFF), 60)
            rig.assert_sound(60)
            siren.kill()
            rig.stop()
            told_later = sum(each[0] == 503 for each in answers)
            print(f"{len(everybody)} presses, {len(answers)} requests, {told_later} told later")
            assert rig.surprises("commit_failed", "frame_not_kept", *WAITED) == []
    ear.close()
