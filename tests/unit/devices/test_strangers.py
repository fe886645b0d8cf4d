"""Who of many strangers has an alarm of their own."""

from devices.rules.strangers import OWN_MAX, OWN_S, PRESSES_MAX, Strangers


def filled(at_s=0.0) -> Strangers:
    strangers = Strangers()
    assert all(strangers.has_own("yard", f"A{number}", at_s) for number in range(OWN_MAX))
    return strangers


def test_the_first_few_have_their_own_and_the_others_share():
    strangers = filled()
    assert not any(strangers.has_own("yard", f"B{number}", 1.0) for number in range(1000))
    assert strangers.has_own("yard", "A0", 2.0)


def test_another_gateway_has_its_own_few():
    assert filled().has_own("hall", "B", 1.0)


def test_who_has_not_pressed_for_an_hour_makes_room():
    strangers = filled()
    strangers.has_own("yard", "A0", 10.0)
    assert not strangers.has_own("yard", "B", OWN_S - 0.1)
    assert strangers.has_own("yard", "B", OWN_S)
    assert strangers.has_own("yard", "A0", OWN_S), "it has pressed since"


def test_who_never_stops_pressing_shares_as_well():
    strangers = Strangers()
    assert [strangers.has_own("yard", "A", float(at)) for at in range(PRESSES_MAX + 2)] == [True] * PRESSES_MAX + [
        False
    ] * 2
    assert strangers.has_own("yard", "B", 60.0)


def test_memory_is_bounded():
    strangers = Strangers()
    for number in range(10_000):
        strangers.has_own("yard", f"A{number}", float(number))
    assert sum(map(len, strangers._own.values())) <= OWN_MAX
