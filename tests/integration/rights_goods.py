"""What a station has beyond what `rights_rig` puts into the town, so that every address of the matrix is filled."""

from datetime import timedelta
from typing import Any

from config.secret import secret_key
from dispatch.ids import AlarmId, HomeId
from dispatch.privacy.consenting import Consenting
from dispatch.registry.absences import Kind as Away
from dispatch.rules.alarm import Outcome
from dispatch.rules.review import FindingCause
from dispatch.rules.rights import DISTRICT, Area, Role
from dispatch.rules.signal import Cause
from dispatch.store.follow_ups import FollowUps
from dispatch.store.people import People
from dispatch.store.satisfaction import Surveys
from dispatch.subscribers.book import Asked
from schedules.duty.desk import DutyDesk
from schedules.welfare.rules.signs import Kind, Observation
from schedules.welfare.store import Given, Givens
from tests.integration.rights_rig import Town

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def furnish(town: Town) -> None:
    """Adds to `town.ids` what the addresses of the registers, the log, the roster and the rest name."""
    house, by = town.house, f"operator:{town.spare.id}"
    now = house.clock.now()
    month = house.calendar.month_of(now)[0]
    house.transactions.run(
        lambda tx: Surveys(tx.connection).keep_draw(month, seed="s", at=tx.now, population=2, form="1")
    )
    book = house.webhooks.book
    webhook = book.add(Asked(name="hook", url="https://hooks.example.com/x"), by=by).id
    book.test(webhook, by=by)
    whole = {"webhook": webhook, "delivery": book.log(webhook, 1)[0].id, "month": month}
    for code, own in town.ids.items():
        own.update(whole)
        _people(town, code, own)
        _log(town, own, by)
        _afterwards(town, own, by, month)
        _roster(town, own, by)
        _welfare(town, own)
        watch = town.operator(frozenset({Role.OPERATOR}), code)
        area = Area(frozenset({town.stations[code]}))
        handed = house.console.watch.begin(by=f"operator:{watch.id}", note=f"note of {own['home']}", area=area)
        own["handover"] = handed.id


def _people(town: Town, code: str, own: dict[str, str]) -> None:
    with town.house.reading.connect() as connection:
        shelf = People(connection)
        mine = [each for each in shelf.carers() if each.station_id == town.stations[code]]
        kin = [each for each in shelf.contacts() if each.home_id == own["home"]]
    carers, kin = sorted(mine, key=lambda each: each.code), sorted(kin, key=lambda each: each.order)
    own.update(station=town.stations[code], carer=carers[0].id, carer2=carers[1].id)
    own.update(contact=kin[0].id, contact2=kin[1].id)


def _log(town: Town, own: dict[str, str], by: Any) -> None:
    """The alarm of before is closed, found something about, and followed by a fresh one."""
    house, old = town.house, own["alarm"]
    house.desk.close(old, outcome=Outcome.TEST, by=by)
    house.logbook.follower.pass_()
    finding = house.logbook.reviewing.find(
        old, by=by, area=DISTRICT, cause=FindingCause.DEVICE, text="words", follow_up_on=house.calendar.day_of(
            house.clock.now() + DAY
        ),
    )  # fmt: skip
    alarm = house.desk.raise_by_hand(Cause.HOTLINE, by=by, home_id=own["home"], note="note")
    house.desk.wake(alarm)
    own.update(old=old, finding=finding, alarm=alarm)


def _afterwards(town: Town, own: dict[str, str], by: Any, month: str) -> None:
    house, resident, now = town.house, own["resident"], town.house.clock.now()
    registers, survey = house.registers, f"survey-{own['home']}"
    own["absence"] = registers.absent.begin(
        resident, Away.AWAY, from_at=None, until_at=now + DAY, by=by, area=DISTRICT
    )  # fmt: skip
    registers.following_up.open(resident, due_at=now + DAY, note="x", by=by, area=DISTRICT)
    with house.reading.connect() as connection:
        own["task"] = next(each.id for each in FollowUps(connection).to_do(50) if each.resident_id == resident)
    house.transactions.run(lambda tx: Surveys(tx.connection).keep(survey, month, resident, own["station"]))
    own["survey"] = survey
    own["consent"] = Consenting(house.transactions, house.reading).keep(
        resident, purpose="care", version="1", given_by="self", channel="paper", by=by, area=DISTRICT
    )
    own["request"] = house.after.erasing.ask(resident, "access", asked_by="x", reason="x", by=by, area=DISTRICT)


def _welfare(town: Town, own: dict[str, str]) -> None:
    """A sign of the home, and a signal of which nobody said yet what it was."""
    house, home, now = town.house, HomeId(own["home"]), town.house.clock.now()
    sign = Observation(key=f"sign:{home}", kind=Kind.MEAL, home_id=home, resident_id=None, at=now)
    house.welfare.gathering.observe([sign], source="test")
    own["signal"] = f"signal-{home}"
    given = Given(
        id=own["signal"], home_id=home, resident_id=None, alarm_id=AlarmId(own["old"]), joined=True, at=now, score=0.0,
        threshold=-2.0, reasons=[],
    )  # fmt: skip
    house.transactions.run(lambda tx: Givens(tx.connection).add(given))


def _roster(town: Town, own: dict[str, str], by: Any) -> None:
    house, now = town.house, town.house.clock.now()
    secret = secret_key(house.settings.home)
    duty = DutyDesk(house.transactions, house.reading, house.clock, secret=secret, changed=house.forget)
    own["shift"] = duty.put(own["carer"], now - HOUR, now + 8 * HOUR, by=by).id
    known = {each.id for each in duty.drafts()}
    duty.draft_put(own["carer"], now + DAY, now + DAY + HOUR, by=by)
    own["draft"] = next(each.id for each in duty.drafts() if each.id not in known)
