"""Two carers answer one alarm within milliseconds, each three times, by real webhooks: one leads, and one only."""

import threading
import time

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rflink_of, until
from tests.fakes.twilio_standin import TwilioStandin

FIRST, SECOND = phone_of(1), phone_of(2)
TIMES = 3


def answered_at_once(rig: Rig) -> float:
    """Both say 1, three times each, every one from a thread of its own; seconds between the first and the last."""
    barrier, began = threading.Barrier(2 * TIMES), []

    def say(phone: str) -> None:
        barrier.wait()
        began.append(time.monotonic())
        assert rig.reply(phone, "1")[0] == 200

    threads = [threading.Thread(target=say, args=(phone,)) for phone in (FIRST, SECOND) for _ in range(TIMES)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return max(began) - min(began)


def one_leads(rounds: int, folder) -> str:
    loaded = district(homes=rounds, carers=[FIRST, SECOND])
    apart = []
    with (
        TwilioStandin() as twilio,
        Rig(folder, district=loaded, escalation=policy("all_hands 60"), twilio=twilio) as rig,
    ):
        rig.add_operator()
        rig.start()
        desk = rig.sign_in()
        for number in range(1, rounds + 1):
            rig.radio.press(rflink_of(number))
            alarm = rig.raised(f"H{number}")
            until("both are asked", lambda id_=alarm["id"]: len(offers(rig, id_)) == 2)
            apart.append(answered_at_once(rig))
            until("all is understood", lambda: not rig.rows("SELECT id FROM replies WHERE due_at IS NOT NULL"))
            said = offers(rig, alarm["id"])
            assert sum(each["role"] == "lead" for each in said) == 1, said
            assert rig.kinds(alarm["id"]).count("accepted") == 1
            desk.post(f"/api/v1/alarms/{alarm['id']}/close", {"outcome": "helped", "note": "扶起"})
        rig.assert_sound()
        rig.stop(within_s=30)
        assert rig.surprises() == []
    apart.sort()
    return (
        f"n {rounds}: six answers within {apart[rounds // 2] * 1000:.1f} ms (median), {apart[-1] * 1000:.1f} ms at most"
    )


def offers(rig: Rig, alarm_id: str) -> list[dict]:
    return rig.rows("SELECT * FROM offers WHERE alarm_id = :id", id=alarm_id)


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_of_two_who_answer_at_once_three_times_each_one_leads(tmp_path):
    print(one_leads(50, tmp_path))
