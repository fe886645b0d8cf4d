"""The demo's district has been running for a while: nearly all is well, and a few devices give work."""

import tomllib

from config.commands import change
from config.demo_district import demo_text
from config.demo_past import LONG_AGO, LOW, NEVER_TESTED, REPORTED, give_past
from config.options import LogSettings
from config.settings import Settings
from devices.rules.plan import read_plan
from devices.store.lists import Lists, Show
from dispatch.clock import SystemClock
from dispatch.store.database import reading_engine
from dispatch.watch.auditor import Auditor
from tests.integration.watch_rig import SHIPPED


def test_of_forty_devices_four_give_work_and_no_promise_is_broken(tmp_path):
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'anling.db'}", home=tmp_path, log=LogSettings(level="warning")
    )
    clock = SystemClock()
    change(settings, "load", text=demo_text(clock.now()), name="demo")
    give_past(settings)
    reading = reading_engine(settings.database_url)
    with reading.connect() as connection:
        lists = Lists(connection, read_plan(tomllib.loads(SHIPPED.read_text(encoding="utf-8"))))
        shown = {show: [each["code"] for each in lists.page(clock.now(), 99, show=show)] for show in Show}
    assert (shown[Show.NEVER_PRESSED], shown[Show.OVERDUE]) == ([NEVER_TESTED], [LONG_AGO])
    assert (shown[Show.LOW_BATTERY], sorted(shown[Show.FAULTY])) == ([LOW], sorted([LOW, REPORTED]))
    assert len(shown[Show.ALL]) == 40
    assert Auditor(reading, clock).pass_() == []
    reading.dispose()
