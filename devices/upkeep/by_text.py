"""
A test press begun by text: for an installer who stands in a home where the page cannot be reached.

```
  "测 D1" from a number of the register ──► the press is waited for ──► a text: press now ──► seen, or lapsed: a text
                                              from any other number: an answer like others
```

Numbers of senders can be forged, so this is no more than a page allows, and less: the number of the register is told
at once, which tells its owner if somebody else asked; a device that is proven and works is waited for as briefly as on
the page; and while it waits, one press is taken and the next one is an alarm.
"""

import re
from collections.abc import Callable
from datetime import timedelta

from devices.store.devices import Devices
from devices.store.press_tests import Purpose
from devices.store.repairs import Repairs
from devices.store.vigils import Vigils
from devices.upkeep.notices import tell_installer
from devices.upkeep.press_tests import WAIT, PressTesting, Wanted
from dispatch.errors import Conflict
from dispatch.expectations import Done
from dispatch.ids import DeviceId
from dispatch.rules.message import Fact
from dispatch.rules.people import Person, compound, operator
from dispatch.store.accounts import Accounts, Operator
from dispatch.store.people import People
from dispatch.store.replies import Reply
from dispatch.store.transactions import Tx

WAIT_FOR_NEW = timedelta(minutes=10)
"""For a device that is to be proven: texts take their time, and so does a ladder."""

_ASKED = re.compile(r"\s*(?:测试|试按|测|test)[\s:：]*(?P<code>[\w.\-]{1,40})[\s。.!！]*", re.IGNORECASE)


def asked_for(text: str) -> str | None:
    """The code of the device whose test press this text asks for (`测 D1`, `test d1`); None for any other text."""
    found = _ASKED.fullmatch(text)
    return found["code"] if found else None


class TestsByText:
    """Reads answers before anybody else does, and takes those that ask for a test press."""

    __test__ = False

    def __init__(self, tests: PressTesting, *, after: Callable[[], None] = lambda: None) -> None:
        """`after` is called once it is durable that a press is waited for."""
        self._tests = tests
        self._after = after

    def take(self, tx: Tx, reply: Reply) -> tuple[Done, Person] | None:
        """Begins the test, if this is a text of somebody who may; None for everybody else's to read."""
        code = None if reply.voice else asked_for(reply.text)
        installer = Accounts(tx.connection).by_phone(reply.sender) if code is not None else None
        if code is None or installer is None:
            return None
        by = operator(installer.id)
        device_id = Devices(tx.connection).id_of(code) or Devices(tx.connection).id_of(code.upper())
        device = Devices(tx.connection).get(DeviceId(device_id)) if device_id else None
        if device is None:
            return self._refuse(tx, reply, installer, code), by
        wanted = Wanted(wait=_wait(tx, device.id), notify=reply.sender, lang=installer.lang)
        try:
            test = self._tests.begin_in(tx, device.id, _purpose(tx, device.id), wanted, by=by)
        except Conflict:
            return self._refuse(tx, reply, installer, device.code), by
        place = compound(People(tx.connection).home(device.home_id).address)
        minutes = wanted.wait // timedelta(minutes=1)
        self._tell(tx, "test_waiting", reply, installer, {"number": device.code, "place": place, "minutes": minutes})
        return Done("test_begun", lambda: self._begun(test.id)), by

    def _begun(self, test_id: str) -> None:
        self._tests.forget()
        self._after()

    def _refuse(self, tx: Tx, reply: Reply, installer: Operator, code: str) -> Done:
        self._tell(tx, "test_refused", reply, installer, {"number": code[:12]})
        return Done("test_refused")

    def _tell(self, tx: Tx, sentence: str, reply: Reply, installer: Operator, facts: dict[str, Fact]) -> None:
        tell_installer(
            tx, sentence, phone=reply.sender, by=operator(installer.id), lang=installer.lang,
            key=f"{sentence}:reply:{reply.id}", facts=facts,
        )  # fmt: skip


def _wait(tx: Tx, device_id: DeviceId) -> timedelta:
    return WAIT_FOR_NEW if _purpose(tx, device_id) is not Purpose.CAMPAIGN else WAIT


def _purpose(tx: Tx, device_id: DeviceId) -> Purpose:
    """What a press is to show of this device: that it is paired, that it is repaired, or that it still works."""
    if not Vigils(tx.connection).is_proven(device_id):
        return Purpose.PAIRING
    return Purpose.REPAIR if Repairs(tx.connection).open_of([device_id]) else Purpose.CAMPAIGN
