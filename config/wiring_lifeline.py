"""Puts together what shows that the service lives: calls outside, canaries, and what was put back from a backup."""

import http.client
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from config.canary import canaries
from config.settings import Settings
from config.wiring_pages import Page
from devices.line import Condition
from dispatch.clock import Clock
from dispatch.lifeline import PING_S, Lifeline
from dispatch.siren import Consoles
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from dispatch.vitals import Vitals
from schedules.timers import Timers
from schedules.timetable import Periodic

CALL_S = 10.0
STUCK_S = 10.0
"""No pass of the timers for so long, and nobody is told that all is well; PROMISES, P3."""

LATE_S = 30.0
"""An alarm that should have been looked at so long ago hinders too."""


def build_lifeline(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, *, timers: Timers, vitals: Vitals,
    consoles: Consoles, next_due: Callable[[], Any], hearing: Callable[[], Sequence[Any]], page: Page,
    nudge: Callable[[], None],
) -> Lifeline:  # fmt: skip
    """Wires it. `hearing` gives the gateways of this process, `next_due` when the next alarm is to be looked at."""

    def hindrances() -> Mapping[str, bool]:
        due_at, gateways = next_due(), hearing()
        late_s = 0.0 if due_at is None else (clock.now() - due_at).total_seconds()
        return {
            "ticks": timers.stuck_s() > STUCK_S,
            "commits": "database_not_writable" in vitals.worries or vitals.since_check_s > STUCK_S,
            "overdue": late_s > LATE_S,
            "gateways": not any(each.state.condition is Condition.CONNECTED for each in gateways),
            "consoles": settings.alive.needs_console and not consoles.sounding(),
        }

    url, minutes = settings.alive.ping_url, settings.alive.canary_min
    return Lifeline(
        transactions, reading, clock, hindrances=hindrances, call=(lambda: called(url)) if url else None,
        canaries=lambda: canaries(settings, hearing()), every=timedelta(minutes=minutes) if minutes else None,
        page=page, nudge=nudge,
    )  # fmt: skip


def timetable(lifeline: Lifeline) -> tuple[Periodic, ...]:
    return (
        Periodic(name="call_outside", every_s=PING_S, work=lifeline.check_call),
        Periodic(name="check_canaries", every_s=10.0, work=lifeline.check_canaries),
        Periodic(name="tell_restorations", every_s=60.0, work=lifeline.tell_restorations),
    )


def called(url: str) -> str:
    """
    Calls an address; what went wrong in a few words without the address, "" when it was answered with 2xx.

    No redirect is followed and nothing is told but that we are here: the address may be a secret.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        line = (
            http.client.HTTPSConnection(host, parts.port, timeout=CALL_S, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=CALL_S)
        )
        try:
            line.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            status = line.getresponse().status
        finally:
            line.close()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {type(error).__name__}"
    return "" if 200 <= status < 300 else f"answered {status}"
