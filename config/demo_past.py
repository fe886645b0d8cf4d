"""
What has happened in the demo's district before it is opened: its devices were tested, and two or three give work.

Without a past every device is red, and nobody sees what a red one looks like among forty that are well.
"""

from datetime import datetime, timedelta

from config.settings import Settings
from config.wiring import build
from devices.store.devices import Device, Devices, Sighting
from devices.store.press_tests import PressTest, PressTests, Purpose
from devices.store.vigils import Vigils
from devices.upkeep.cases import Cases
from dispatch.clock import SystemClock
from dispatch.ids import new_id
from dispatch.rules.people import SERVICE, operator
from dispatch.rules.signal import Event
from dispatch.store.transactions import Tx

GATEWAY = "hall-radio"
NEVER_TESTED, LONG_AGO, LOW, REPORTED = "D7", "D19", "D12", "D23"
"""The exceptions, by code: handed out yesterday; not pressed for seven weeks; battery low; said to be broken."""

_STRANGER = "EV1527:0c77e1:01"


def give_past(settings: Settings) -> None:
    """Writes the past of every device into a database that nobody else has open."""
    house = build(settings, SystemClock(), new_id)
    try:
        house.transactions.run(lambda tx: _live(tx, Cases(house.upkeep.plan, house.calendar.by_day)))
    finally:
        house.stop()


def _live(tx: Tx, cases: Cases) -> None:
    devices = Devices(tx.connection).active()
    for place, device in enumerate(devices):
        if device.code != NEVER_TESTED:
            days = 49 if device.code == LONG_AGO else 3 + place * 7 % 24
            _test(tx, device, tx.now - timedelta(days=days, hours=place % 5, minutes=place * 11 % 60))
    by_code = {device.code: device for device in devices}
    low, reported = by_code[LOW], by_code[REPORTED]
    heard = Sighting(
        at=tx.now - timedelta(hours=7), gateway=GATEWAY, events=(Event.LOW_BATTERY,),
        changes=((Event.LOW_BATTERY, True),),
    )  # fmt: skip
    Devices(tx.connection).saw([(low.id, heard)])
    cases.note(tx, {low.id: (low.home_id, ["low_battery"])}, by=SERVICE)
    cases.note(tx, {reported.id: (reported.home_id, ["reported"])}, by=SERVICE, note="家属来电：按了没有反应")
    stranger = Sighting(at=tx.now - timedelta(minutes=9), gateway=GATEWAY, events=(Event.BUTTON,), times=3)
    Devices(tx.connection).saw_strangers([(("rflink", _STRANGER), stranger)])


def _test(tx: Tx, device: Device, at: datetime) -> None:
    """Somebody pressed it then, and the centre saw it."""
    PressTests(tx.connection).begin(
        PressTest(
            id=tx.new_id(),
            device_id=device.id,
            purpose=Purpose.CAMPAIGN,
            state="seen",
            begun_at=at - timedelta(seconds=40),
            until_at=at + timedelta(seconds=80),
            due_at=None,
            by=operator("fitter"),
            notify=None,
            lang="zh",
            seen_at=at,
            gateway=GATEWAY,
        )
    )
    Vigils(tx.connection).proven(device.id, at)
    pressed = Sighting(at=at, gateway=GATEWAY, events=(Event.BUTTON,), pressed=True)
    Devices(tx.connection).saw([(device.id, pressed)])
