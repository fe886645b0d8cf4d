"""
`kill -9` of the real process at one step of a message, again and again, each time with another home's alarm under way.

    claimed, attempt on file ──► POST ──► answer ──► commit
                              1        2                  3

1: the provider drops the request; 2: it has kept it and says nothing any more; 3: all is on file. The same with a
courier in the test's own process, and in the midst of units of work: tests/integration/test_courier_kills.py.
"""

import pytest

from tests.e2e.rig import Rig, district, phone_of, policy, rflink_of, sent_more_than_once, until
from tests.fakes.twilio_faults import RESET, Fault
from tests.fakes.twilio_standin import TwilioStandin

CARERS = 30
STEPS = ("before the POST", "after the POST", "after the commit")
DROPPED = Fault(how="reset", taken=False)


class Fatal(TwilioStandin):
    """Kills whoever asks it to carry something, once it is armed."""

    def __init__(self) -> None:
        super().__init__()
        self.armed: tuple[str, Rig] | None = None

    def next_fault(self, method: str, form: dict[str, str]) -> Fault | None:
        if method != "POST" or self.armed is None:
            return super().next_fault(method, form)
        (step, rig), self.armed = self.armed, None
        if step == "after the POST":
            self.keep("Messages" if "Body" in form else "Calls", form)
        rig.process.kill()
        return DROPPED if step == "before the POST" else RESET_UNKEPT


RESET_UNKEPT = Fault(how=RESET.how, taken=False)
"""It was kept by hand already, before the process died."""


def assert_nothing_is_lost_at(step: str, kills: int, folder) -> str:
    loaded = district(homes=kills, carers=[phone_of(number) for number in range(1, CARERS + 1)])
    plan = policy("offer_nearest 60", "all_hands 120")
    with Fatal() as twilio, Rig(folder, district=loaded, escalation=plan, twilio=twilio) as rig:
        rig.add_operator()
        rig.start()
        desk = rig.sign_in()
        for number in range(1, kills + 1):
            if step != "after the commit":
                twilio.armed = (step, rig)
            rig.radio.press(rflink_of(number))
            if step == "after the commit":
                until("it is taken", lambda number=number: taken(rig, number), 60)
                rig.process.kill()
            until("it was killed", lambda: rig.process.poll() is not None, 60)
            rig.start()
            until("somebody was told", lambda number=number: taken(rig, number), 60)
            # Else everybody is told of every alarm before it again and again, and the drill drills that.
            desk.post(f"/api/v1/alarms/{rig.alarm(f'H{number}')['id']}/close", {"outcome": "helped"})
        doubled = sent_more_than_once(rig, twilio)
        for count, outcomes in doubled.values():
            doubtful = sum(outcome in {"unknown", "confirmed"} for outcome in outcomes)
            assert doubtful >= count - 1, f"sent {count} times with {outcomes}"
        rig.assert_sound()
        rig.stop(within_s=30)
        assert rig.surprises() == []
    return f"killed {step}: n {kills}, lost 0, doubled {len(doubled)}, each on file as a doubt"


def taken(rig: Rig, number: int) -> bool:
    """Whether a provider has the offer about this home, by our own books."""
    rows = rig.rows(
        "SELECT t.outcome FROM attempts t JOIN messages m ON m.id = t.message_id JOIN alarms a ON a.id = m.alarm_id "
        "JOIN homes h ON h.id = a.home_id WHERE h.code = :code AND m.offer_id IS NOT NULL "
        "AND t.outcome IN ('taken', 'confirmed')",
        code=f"H{number}",
    )
    return bool(rows)


@pytest.mark.drill
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("step", STEPS)
def test_killed_a_hundred_times_at_one_step_nothing_is_lost(tmp_path, step):
    print(assert_nothing_is_lost_at(step, 100, tmp_path))
