"""Opening, telling and ending incidents of gateways, within somebody's unit of work."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from devices.store.gateways import JAMMED, Gateways, Incident, Incidents
from devices.store.repairs import Check, Checks
from devices.upkeep.notices import Notices
from dispatch.errors import Conflict
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Tx

AGAIN = (timedelta(minutes=10), timedelta(minutes=10), timedelta(hours=1))
"""When the page is repeated: after each of these, then after the last again and again."""

CHECK_AFTER = timedelta(minutes=30)
"""An outage of so long makes somebody telephone the homes that were uncovered; a shorter one, when it is over."""

CHECK_WORTH = timedelta(seconds=180)
"""Over an outage shorter than this nobody is telephoned."""

CODES_MAX = 2_000
"""Characters of the list of homes in the record; the incident has all of them."""

NOISY = "noisy"
TROUBLES = frozenset({JAMMED, NOISY})
"""Of a gateway that is there: whatever is worse takes the place of these."""


class IncidentBook:
    """Writes incidents down and tells the people on watch of them."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def open(self, seen: Incident, tx: Tx) -> None:
        """
        It begins now, and is told. Where this gateway has one already nothing happens, unless that was a lesser one.
        """
        incident = replace(
            seen, id=tx.new_id(), began_at=min(seen.began_at, tx.now), opened_at=tx.now, due_at=tx.now + AGAIN[0]
        )
        if not Incidents(tx.connection).open(incident):
            before = Incidents(tx.connection).open_of(incident.gateway)
            if before is None or before.why not in TROUBLES or before.why == incident.why:
                return
            incident = _become(tx, before, incident)
        if incident.homes and not Checks(tx.connection).of_incident(incident.id):
            Checks(tx.connection).plan(_round(tx, incident))
        facts: dict[str, Fact] = {
            "gateway": incident.gateway, "condition": incident.why, "incident": incident.id,
            "homes": len(incident.homes), "codes": " ".join(incident.homes)[:CODES_MAX],
        }  # fmt: skip
        tx.log(Line(kind="gateway_lost", by=SERVICE, facts=facts))
        self._page(tx, incident)

    def tell_again(self, incident: Incident, tx: Tx) -> None:
        """It is open still. Of several who want to say so, one does."""
        told = incident.told + 1
        due_at = tx.now + AGAIN[min(told - 1, len(AGAIN) - 1)]
        if Incidents(tx.connection).tell(incident, told=told, due_at=due_at):
            self._page(tx, replace(incident, told=told))

    def end(self, name: str, by: Person, tx: Tx) -> None:
        """It is heard again. Who was uncovered for long is telephoned now, if nobody has been yet."""
        shelf, checks = Incidents(tx.connection), Checks(tx.connection)
        incident = shelf.open_of(name)
        if incident is None or not shelf.change(incident.id, ended_at=tx.now, ended_by=by, due_at=None):
            return
        lasted = tx.now - incident.began_at
        # After a clock that was set back nobody knows how long it was: then the homes are telephoned.
        short = timedelta() <= lasted < CHECK_WORTH
        now_or_never: dict[str, Any] = {"state": "dropped", "due_at": None} if short else {"due_at": tx.now}
        for check in checks.of_incident(incident.id):
            if check.state == "waiting":
                checks.change(check.id, **now_or_never)
        facts: dict[str, Fact] = {
            "gateway": name, "incident": incident.id, "seconds": max(0, round(lasted.total_seconds()))
        }  # fmt: skip
        tx.log(Line(kind="gateway_back", by=by, facts=facts))

    def forget(self, name: str, tx: Tx) -> None:
        """The settings know this gateway no more: whoever took it out knows that nobody listens there."""
        Gateways(tx.connection).forget(name)
        incident = Incidents(tx.connection).open_of(name)
        if incident is not None:
            _give_up(tx, incident, SERVICE)

    def dismiss(self, incident_id: str, by: Person, tx: Tx) -> str:
        """
        Nobody needs to listen; the name of the gateway.

        Raises:
            Conflict: it is over.
        """
        incident = Incidents(tx.connection).get(incident_id)
        if incident is None or incident.ended_at is not None:
            raise Conflict("This incident is over.")
        Gateways(tx.connection).dismiss(incident.gateway, tx.now)
        _give_up(tx, incident, by)
        return incident.gateway

    def _page(self, tx: Tx, incident: Incident) -> None:
        place = f"{incident.gateway} ({len(incident.homes)})" if incident.homes else incident.gateway
        why = "gateway_troubled" if incident.why in TROUBLES else "gateway_lost"
        self._notices.page(tx, why, place=place, key=f"{why}:{incident.id}:{incident.told}")


def _become(tx: Tx, before: Incident, now: Incident) -> Incident:
    """What began as a trouble is worse now: the same incident, with whoever it leaves uncovered as well."""
    homes = tuple(sorted({*before.homes, *now.homes}))
    told = before.told + 1
    values = {"why": now.why, "homes": list(homes), "devices": now.devices, "due_at": now.due_at, "told": told}
    Incidents(tx.connection).change(before.id, **values)
    return replace(now, id=before.id, homes=homes, told=told)


def _round(tx: Tx, incident: Incident) -> Check:
    """One check for all homes of an outage: a list to be telephoned, never thousands of tasks."""
    at = tx.now + CHECK_AFTER
    return Check(
        id=tx.new_id(), repair_id=None, incident_id=incident.id, home_id=None, state="waiting", planned_at=at, due_at=at
    )


def _give_up(tx: Tx, incident: Incident, by: Person) -> None:
    Incidents(tx.connection).change(incident.id, ended_at=tx.now, ended_by=by, due_at=None)
    tx.log(Line(kind="gateway_dismissed", by=by, facts={"gateway": incident.gateway, "incident": incident.id}))
