"""Whatever way the first provider fails in, somebody is reached, and the next road is tried in time."""

import pytest

from tests.simulation.dark_roads import FAULTS, darkness

REACHED_S, NEXT_S, HEDGE_S = 300.0, 6.5, 3.0
NAMES = [each.name for each in FAULTS]


def judge(fault, measured, alarms):
    assert len(measured.reached) == alarms
    assert max(measured.reached) <= REACHED_S
    assert max(measured.next_road, default=0.0) <= NEXT_S
    for seconds in measured.hedged:
        assert seconds == pytest.approx(HEDGE_S, abs=0.01)
    print(
        f"{fault.name}: n {alarms}, reached p50 {sorted(measured.reached)[alarms // 2]:.1f} s "
        f"max {max(measured.reached):.1f} s; next road n {len(measured.next_road)} "
        f"max {max(measured.next_road, default=0):.2f} s; hedged {len(measured.hedged)}"
    )


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
@pytest.mark.parametrize("trusting", [True, False], ids=["trusting", "learning"])
def test_somebody_is_reached_whatever_way_the_first_provider_fails_in(tmp_path, fault, trusting):
    measured = darkness(tmp_path, fault, 40, trusting=trusting)
    judge(fault, measured, 40)
    if trusting and fault.seconds > HEDGE_S:
        assert len(measured.hedged) >= 40, "every call that was slow had its second road"
    if not trusting:
        assert len(measured.next_road) < 40, "after a few failures the other road is the first"


@pytest.mark.drill
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_ten_thousand_alarms_are_answered_whatever_way_the_first_provider_fails_in(tmp_path, fault):
    judge(fault, darkness(tmp_path, fault, 10_000, trusting=True), 10_000)
