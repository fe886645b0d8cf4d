"""Everything the pretend gateway can speak, over every kind of road, into a live service."""

import contextlib
from collections.abc import Iterator

import pytest

from devices.dialects import DIALECTS, address_of, calling
from devices.simulator import ROADS, Simulator
from tests.e2e.rig import PATIENCE_S, Rig, district, phone_of, policy, rest, until

STEPS = policy("offer_nearest 60", "all_hands 60")
PROTOCOLS = sorted(DIALECTS)
WAYS = sorted(ROADS)


def home(protocol: str, way: str) -> str:
    return f"{protocol}-{way}"


def on_file(protocol: str, way: str, number: int) -> str:
    return (
        f'[[homes]]\ncode = "{home(protocol, way)}"\naddress = "红星里 {number}"\nlat = 38.0730\nlng = 114.4930\n'
        f'residents = [{{ code = "P-{home(protocol, way)}", name = "张桂兰" }}]\n'
        f'devices = [{{ code = "D-{home(protocol, way)}", kind = "pendant", protocol = "{protocol}", '
        f'address = "{address_of(protocol, number)}", gateway = "{home(protocol, way)}" }}]\n'
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Iterator[tuple[Rig, dict[str, Simulator]]]:
    folder = tmp_path_factory.mktemp("simulator")
    pairs = [(protocol, way) for protocol in PROTOCOLS for way in WAYS]
    with contextlib.ExitStack() as stack:
        simulators = {
            home(protocol, way): stack.enter_context(
                Simulator(folder, DIALECTS[protocol](), name=home(protocol, way), answer_s=2.0, road=ROADS[way])
            )
            for protocol, way in pairs
        }
        gateways = "".join(
            f'[[gateways]]\nname = "{home(protocol, way)}"\nprotocol = "{protocol}"\n'
            f'port = "{folder / home(protocol, way)}"\n'
            for protocol, way in pairs
        )
        homes = "".join(on_file(protocol, way, number) for number, (protocol, way) in enumerate(pairs))
        loaded = district(carers=[phone_of(number) for number in range(1, 6)], more=homes)
        rig = stack.enter_context(Rig(folder / "s", district=loaded, escalation=STEPS, radio=False, more=gateways))
        rig.start()
        for name in simulators:
            until(f"{name} is there", lambda name=name: rig.metric("gateway_connected", name) == 1.0)
        yield rig, simulators
        rig.assert_sound(30)
        rig.stop()
        assert rig.surprises() == []


@pytest.mark.drill
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("way", WAYS)
def test_a_call_over_any_road_is_one_alarm_of_its_home(played, protocol, way):
    rig, simulators = played
    name = home(protocol, way)
    number = [home(*pair) for pair in ((p, w) for p in PROTOCOLS for w in WAYS)].index(name)
    simulator, address = simulators[name], address_of(protocol, number)
    for _ in range(3):
        assert simulator.say(address, calling(protocol)), "answered, where the protocol has answers"
        with contextlib.suppress(AssertionError):
            rig.raised(name, 3.0 if ROADS[way].lost else PATIENCE_S)
            break
        assert ROADS[way].lost, "a road that loses nothing needs no second press"
    rig.raised(name)
    rest(0.3)
    count = "SELECT count(*) FROM alarms a JOIN homes h ON h.id = a.home_id WHERE h.code = :home"
    assert rig.one(count, home=name) == 1
