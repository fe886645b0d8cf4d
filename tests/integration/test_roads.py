"""An alarm over more than one road: what one cannot carry or loses goes by the next, and answers come back by any."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from dispatch.messages.providers.provider import Provider
from dispatch.messages.providers.webhook import WebhookProvider
from dispatch.rules.alarm import State
from tests.builders import House, World, build_world
from tests.fakes import twilio_faults
from tests.integration.provider_rigs import RIGS, Rig, pushed

CARER = "+8613800000001"


@dataclass
class Roads:
    """A house on these roads, in this order, with an alarm that somebody was asked about."""

    world: World
    house: House
    rigs: dict[str, Rig]
    alarm: str

    def carry(self) -> None:
        """What is due leaves; what a provider refused goes by the next at once."""
        while jobs := self.house.courier.claim(16, emergency=True):
            for job in jobs:
                self.house.courier.carry(job)

    def settled(self) -> list[tuple[str, str]]:
        """Provider and outcome of every attempt, in their order."""
        attempts = [each for message in self.house.review.messages(50) for each in message["attempts"]]
        return [(each["provider"], each["outcome"]) for each in sorted(attempts, key=lambda each: each["started_at"])]


@pytest.fixture
def on(tmp_path) -> Iterator:
    with ExitStack() as stack:

        def begin(*names: str) -> Roads:
            world = build_world(tmp_path)
            rigs = {name: RIGS[name](stack) for name in names}
            providers: dict[str, Provider] = {name: rig.provider for name, rig in rigs.items()}
            house = House(world, providers=providers)
            stack.callback(world.close)
            stack.callback(house.close)
            roads = Roads(world=world, house=house, rigs=rigs, alarm=world.press())
            world.wake()
            roads.carry()
            return roads

        yield begin


def answer(roads: Roads, text: str, id_: str = "1") -> None:
    hook = pushed("reply", [{"phone_number": CARER[3:], "content": text, "sequence_id": id_}])
    target = hook.url.removeprefix("https://anling.example")
    said = roads.house.stranger().post(target, data=hook.body, content_type="application/json")
    assert said.status_code == 200
    roads.world.wake()


def test_an_offer_by_template_is_answered_by_uplink_and_its_details_go_by_the_next_road(on):
    """There is no template for door and entry: refused before anything leaves, and the modem carries them."""
    roads = on("aliyun", "modem")
    (template,) = roads.rigs["aliyun"].arrived()
    assert '"place":"柏林小区"' in template
    assert '"code":' in template
    assert roads.settled() == [("aliyun", "taken")]
    answer(roads, "1")
    assert roads.world.alarm(roads.alarm).state is State.ACCEPTED
    roads.carry()
    # Neither calls, so the resident has a text, for which there is no template either.
    by_modem = [("aliyun", "refused"), ("modem", "taken")]
    assert sorted(roads.settled()) == sorted([("aliyun", "taken"), *by_modem, *by_modem])
    details, coming = roads.rigs["modem"].arrived()
    assert "正在赶来" in coming
    assert "3-2-501" in details


@pytest.mark.parametrize("fault", [twilio_faults.RESET, twilio_faults.EMPTY_503, twilio_faults.too_many()])
def test_what_one_company_loses_the_next_one_carries_at_once(tmp_path, fault):
    with ExitStack() as stack:
        world = build_world(tmp_path)
        stack.callback(world.close)
        rigs = {name: RIGS[name](stack) for name in ("webhook", "modem")}
        house = House(world, providers={name: rig.provider for name, rig in rigs.items()})
        stack.callback(house.close)
        rigs["webhook"].wire(fault)
        roads = Roads(world=world, house=house, rigs=rigs, alarm=world.press())
        world.wake()
        roads.carry()
        assert sorted(provider for provider, _ in roads.settled()) == ["modem", "webhook"]
        assert len(rigs["modem"].arrived()) == 1


def test_a_road_abroad_asks_without_the_place_and_the_road_at_home_tells_the_door(tmp_path):
    with ExitStack() as stack:
        world = build_world(tmp_path)
        stack.callback(world.close)
        abroad = RIGS["webhook"](stack)
        provider = WebhookProvider(replace(abroad.provider._settings, cross_border=True))
        stack.callback(provider.close)
        house = House(world, providers={"webhook": provider})
        stack.callback(house.close)
        roads = Roads(world=world, house=house, rigs={"webhook": abroad}, alarm=world.press())
        world.wake()
        roads.carry()
        (asked,) = abroad.arrived()
        assert "柏林" not in asked
        assert "回1接单" in asked
        offer = world.offers(roads.alarm)[0]
        world.desk.accept(roads.alarm, offer.person, by=offer.person)
        roads.carry()
        told = abroad.arrived()[-1]
        assert "3-2-501" not in told
        assert "4711" not in told
        assert "王秀英" not in told
