"""
A thousand reminders wait, the provider takes its time for each, and a button is pressed: press to the text it took.

The reminders come on file once the service has started; four workers send them, 200 ms each, so that they last for
50 s. A start would send them while it is waited for.
"""

import contextlib
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

from dispatch.clock import SystemClock
from tests.bench.measure import Figure, figure
from tests.bench.plan import Plan
from tests.bench.press import CARERS, HOMES, District, district
from tests.bench.town import build_town
from tests.fakes.line import until
from tests.fakes.twilio_faults import Fault

REMINDERS = 1000
SLOW = Fault(how="delay", seconds=0.2)
LIMIT_S = 20.0


def backlog(plan: Plan, folder: Path) -> list[Figure]:
    count = plan.of(20, quick=5)
    town = folder / "town.db"
    build_town(town, SystemClock().now(), homes_count=HOMES, carers_count=CARERS)
    with district(town, folder / "service") as here:
        here.network.always = SLOW
        _remind(folder / "service" / "anling.db")
        until(lambda: _left(here) < REMINDERS)
        took = [each for number in range(count) if (each := _press(here, number)) is not None]
        left = _left(here)
    note = f"{left} reminders still waiting at the end; 200 ms of each figure are the provider's"
    return [figure(
        "behind 1,000 reminders", "press to text taken", took,
        lambda told: len(took) == count and told.most < 1000 and left > 0,
        target="< 1000", note=note,
    )]  # fmt: skip


def _left(here: District) -> int:
    """How many of the reminders the provider has not been given yet."""
    return REMINDERS - sum("tixing" in made["body"] for made in here.network.listed("Messages", None))


def _remind(database: Path) -> None:
    now = SystemClock().now()
    now_us, later_us = (round(at.timestamp() * 1e6) for at in (now, now + timedelta(days=1)))
    row = (
        'INSERT INTO messages (id, key, sentence, channel, priority, "to", person, lang, facts, answerable, state, '
        "posted_at, due_at, expires_at, fence, tries) "
        "VALUES (?, ?, 'plain', 'sms', 3, ?, ?, 'zh', ?, 0, 'posted', ?, ?, ?, 0, 0)"
    )
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        for number in range(REMINDERS):
            facts = f'{{"number": "tixing {number}", "place": ""}}'
            phone, who = f"+4479{number:08}", f"contact:{number}"
            values = (f"r{number}", f"reminder {number}", phone, who, facts, now_us, now_us, later_us)
            connection.execute(row, values)


def _press(here: District, number: int) -> float | None:
    begun = time.monotonic()
    here.press(number)
    here.people.wait_offered(number + 1, LIMIT_S)
    offered = here.people.offered.get(number)
    return None if offered is None else (offered - begun) * 1000
