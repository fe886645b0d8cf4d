"""
Who fell silent, and what is broken: looks at the devices whose vigil is due, a hundred at a time.

What is due stays due until the look is committed, so a restart loses nothing; and everything is judged from rows, so a
restart changes nothing either. One device stands for all that are due beside it: looking at a hundred thousand takes
a thousand units of work on the bulk lane, between which every press passes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from devices.rules.plan import Plan
from devices.rules.silence import Health, Known, Span, Verdict, judge
from devices.store.devices import Devices
from devices.store.gateways import Gateways, Incidents
from devices.store.vigils import Vigil, Vigils
from devices.upkeep.cases import Cases
from dispatch.ids import DeviceId, HomeId
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx

LOOKED_AT_MAX = 100
"""Vigils looked at in one unit of work, so that no press waits long for it."""

FAULTY_MAX = 25
"""Devices with faults in one unit; the rest of its devices stay due."""

_THE_END = DeviceId("")
"""Nobody: the round has come to its end, which is to be written down."""

BAD_REST = timedelta(hours=1)
"""A device that cannot be judged keeps no other waiting."""


class Silences:
    """The owner of vigils."""

    name = "silences"
    patient = True

    def __init__(self, transactions: Transactions, reading: Engine, plan: Plan, cases: Cases) -> None:
        self._transactions = transactions
        self._reading = reading
        self._plan = plan
        self._cases = cases
        self._alone = 0  # So many looks are at one device each, to find the one that spoils it for the others.

    def due(self, now: datetime, most: int) -> Sequence[DeviceId]:
        """The device that has waited longest, in the name of all that are due; then whoever the round has come to."""
        with self._reading.connect() as connection:
            shelf = Vigils(connection)
            found = shelf.due(now, min(most, 1)) or shelf.round(1)
        return [] if found is None else found or [_THE_END]

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Vigils(connection).next_due()

    def wake(self, id_: str) -> None:
        """Looks at this device and at others that are due with it."""
        alone = self._alone > 0
        self._alone -= alone
        self._transactions.run(partial(self._look, DeviceId(id_), 1 if alone else LOOKED_AT_MAX), lane=Lane.BULK)

    def stumble(self, id_: str, error: Exception) -> None:
        """One of them cannot be judged: looked at one by one, it is found and rests."""
        if self._alone:
            self._transactions.run(partial(_rest, DeviceId(id_)), lane=Lane.BULK)
        else:
            self._alone = LOOKED_AT_MAX

    def _look(self, id_: DeviceId, most: int, tx: Tx) -> None:
        shelf = Vigils(tx.connection)
        ids = shelf.due(tx.now, most) if most > 1 else [id_]
        ids = list(dict.fromkeys([*ids, *_further(shelf, id_, most - len(ids))]))
        found = self._believed(tx, shelf.look(ids))
        deaf, jammed = self._deaf(tx, found), Incidents(tx.connection).jammed()
        verdicts: list[tuple[Vigil, Verdict]] = []
        faulty: dict[DeviceId, tuple[HomeId, Sequence[str]]] = {}
        for vigil in found:
            if len(faulty) >= FAULTY_MAX:
                break
            verdict = self._verdict(vigil, deaf, tx.now, jammed=vigil.gateway in jammed)
            verdicts.append((vigil, verdict))
            if verdict.faults:
                faulty[vigil.device_id] = (HomeId(vigil.home_id), verdict.faults)
        tx.log(*(_line(vigil, verdict.health) for vigil, verdict in verdicts if verdict.health is not vigil.health))
        self._cases.note(tx, faulty)
        shelf.judged([_row(vigil, verdict, tx.now) for vigil, verdict in verdicts])
        shelf.look_now([each.device_id for each in found[len(verdicts) :]], tx.now)
        for gone in set(ids) - {each.device_id for each in found}:
            shelf.end(gone)

    def _believed(self, tx: Tx, found: list[Vigil]) -> list[Vigil]:
        """Nothing was heard in the future: where that is on file, it counts as heard now, once and for all."""
        ahead = [each.device_id for each in found if max(each.last_at or tx.now, each.since) > tx.now]
        if not ahead:
            return found
        Devices(tx.connection).heard_by_now(ahead, tx.now)
        Vigils(tx.connection).begun_by_now(ahead, tx.now)
        last = {each.device_id: each for each in Vigils(tx.connection).look(ahead)}
        return [last.get(each.device_id, each) for each in found]

    def _deaf(self, tx: Tx, found: Sequence[Vigil]) -> Mapping[str, tuple[Span, ...]]:
        since = min((each.last_at or each.since for each in found), default=tx.now)
        return Gateways(tx.connection).deaf({each.gateway for each in found}, since)

    def _verdict(self, vigil: Vigil, deaf: Mapping[str, tuple[Span, ...]], now: datetime, *, jammed: bool) -> Verdict:
        known = Known(
            heard_at=vigil.last_at or vigil.since,
            # A gateway we know nothing of is taken to hear: rather a case too many than a device nobody misses.
            listened_until=vigil.listened_until or now,
            deaf=deaf.get(vigil.gateway, ()),
            battery_low=vigil.battery_low,
            fault=vigil.fault,
            fault_at=vigil.fault_at,
            jammed=jammed,
        )
        rule = self._plan.rule(kind=vigil.kind, protocol=vigil.protocol, address=vigil.address)
        return judge(known, rule, self._plan, now)


def _further(shelf: Vigils, id_: DeviceId, room: int) -> list[DeviceId]:
    """
    Some of those that are looked at because the clock was set, and the round is that much further. With no room, as for
    one that is looked at alone, it only goes past that one.
    """
    found = shelf.round(max(room, 1))
    if found is not None and (room > 0 or found in ([id_], [])):
        shelf.round_is_at(found[-1] if found else None)
    return found or [] if room > 0 else []


def _line(vigil: Vigil, health: Health) -> Line:
    facts = {"device": vigil.device_id, "home": vigil.home_id, "gateway": vigil.gateway}
    if health is Health.WELL:
        return Line(kind="device_back", by=Person(f"device:{vigil.address}"), facts=facts)
    return Line(kind="device_late" if health is Health.LATE else "device_offline", by=SERVICE, facts=facts)


def _row(vigil: Vigil, verdict: Verdict, now: datetime) -> dict[str, object]:
    changed = verdict.health is not vigil.health
    return {
        "its_id": vigil.device_id, "due_at": verdict.due_at, "health": verdict.health.value,
        "health_at": now if changed else vigil.health_at,
        "silent_s": None if verdict.silent_max is None else verdict.silent_max.total_seconds(),
    }  # fmt: skip


def _rest(id_: DeviceId, tx: Tx) -> None:
    _further(Vigils(tx.connection), id_, 0)
    Vigils(tx.connection).look_now([id_], tx.now + BAD_REST)
