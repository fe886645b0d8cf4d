"""What a station has beyond what `rights_rig` puts into the town, so that every address of the matrix is filled."""

from datetime import date, timedelta
from hashlib import sha256
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
from schedules.care.rules.picture import Picture
from schedules.care.rules.visit import Source, Wanted
from schedules.care.store.beds import Steps
from schedules.care.store.visit_pictures import Pictures
from schedules.duty.desk import DutyDesk
from schedules.duty.rules.rotation import Place, Rotation
from schedules.money.anomalies.rules.draw import Lot
from schedules.money.anomalies.rules.judging import Case, Check, Draw
from schedules.money.anomalies.rules.serving import Code, Finding, Severity
from schedules.money.anomalies.store.checks import Checks
from schedules.money.anomalies.store.findings import Findings as MoneyFindings
from schedules.money.beds.filing import Asked as Billed
from schedules.money.rules.bills import Line
from schedules.orders.ordering import Asking
from schedules.orders.store.orders import Orders, Photo
from schedules.rounds.extra import Called
from schedules.welfare.rules.signs import Kind, Observation
from schedules.welfare.store import Given, Givens
from tests.integration.rights_rig import Town
from tests.ledger_goods import settled

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
        _bed(town, own, by)
        _visit(town, own)
        _rounds(town, own, by, code)
        _welfare(town, own)
        _money(town, own, month)
        _bill(town, own, by)
        watch = town.operator(frozenset({Role.OPERATOR}), code)
        area = Area(frozenset({town.stations[code]}))
        handed = house.console.watch.begin(by=f"operator:{watch.id}", note=f"note of {own['home']}", area=area)
        own["handover"] = handed.id
    for code, (statement, objection) in settled(
        house, {code: own["resident"] for code, own in town.ids.items()}, by=by
    ).items():  # fmt: skip
        town.ids[code].update(statement=statement, objection=objection)


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


def _visit(town: Town, own: dict[str, str]) -> None:
    """One that begins in an hour."""
    house, now = town.house, town.house.clock.now()
    wanted = Wanted(
        key=f"plan:{own['home']}", source=Source.PLAN, home_id=own["home"], resident_id=own["resident"],
        on=house.calendar.day_of(now + HOUR), start_from=now + HOUR, start_by=now + 2 * HOUR, minutes=60,
        usual=(own["carer"],),
    )  # fmt: skip

    class Wants:
        def wanted(self, day: Any) -> list[Wanted]:
            return [wanted] if day == wanted.on else []

    house.homecare.visits.sources.append(Wants())
    house.homecare.visits.planning.plan(wanted.on)
    own["visit"] = next(
        each.id for each in house.homecare.visits.visiting.on(wanted.on) if each.wanted.key == wanted.key
    )
    picture = Picture(kind="image/png", content=b"png")
    house.homecare.visits.visiting.add_photo(
        own["visit"], sha256(own["visit"].encode()).hexdigest(), taken_at=None, by="operator:x", picture=picture
    )
    with house.reading.connect() as connection:
        (own["visit_photo"],) = Pictures(connection).of(own["visit"])


def _rounds(town: Town, own: dict[str, str], by: Any, code: str) -> None:
    """A round, extra rounds and an order with a photo."""
    house, today = town.house, town.house.calendar.day_of(town.house.clock.now())
    own["round"] = house.homecare.rounds.desk.ask_for(own["resident"], note="", by=by, area=DISTRICT)
    called = Called(occasion="heat", from_on=today, until_on=today, station=code)
    campaign = house.homecare.rounds.extras.call(called, by=by, area=DISTRICT)
    assert campaign is not None
    start = house.calendar.start_of(today + 3 * DAY) + 10 * HOUR
    asking = Asking(resident=own["resident"], service="repair", start_at=start)
    order = house.homecare.rounds.ordering.take(asking, by=by, area=DISTRICT)
    photo = Photo(id=f"photo-{order.id}", order_id=order.id, resident_id=order.resident_id, step="", at=order.asked_at,
                  by=by, kind="image/png", sha256="")  # fmt: skip
    house.transactions.run(lambda tx: Orders(tx.connection).keep_photo(photo, b"png"))
    own.update(campaign=campaign.id, order=order.id, photo=photo.id)


def _bill(town: Town, own: dict[str, str], by: Any) -> None:
    """A bill of today."""
    house = town.house
    today = house.calendar.day_of(house.clock.now())
    asked = Billed(kind="institution", scheme="nat-voucher-2026", resident=own["resident"], on=today, provider="院",
                  lines=[Line(number=1, on=today, amount_fen=100)])  # fmt: skip
    own["bill"] = house.homecare.bedmoney.filing.file(asked, by=by, area=DISTRICT)["id"]


def _money(town: Town, own: dict[str, str], month: str) -> None:
    """A finding of which nobody said what it is, and a check on site."""
    house, day = town.house, date.fromisoformat(f"{month}-01")
    found = Finding(code=Code.AFTER_DEATH, key=f"x:{own['home']}", severity=Severity.HIGH, first=day, last=day,
                    resident=own["resident"], evidence=("m1",))  # fmt: skip
    case = Case(id=f"case-{own['home']}", found=found, station=own["station"], found_at=house.clock.now())
    lot = Lot(kind="meal", id=f"m-{own['home']}", place="c1", resident=own["resident"], on=day)
    check = Check(id=f"check-{own['home']}", month=own["home"][-7:], lot=lot, station=own["station"])
    drawn = Draw(month=check.month, seed="s", ledger_hash="h", settled=1, drawn_at=house.clock.now())
    house.transactions.run(lambda tx: MoneyFindings(tx.connection).keep(case))
    house.transactions.run(lambda tx: Checks(tx.connection).keep(drawn, [check]))
    own.update(money_finding=case.id, money_check=check.id)


def _welfare(town: Town, own: dict[str, str]) -> None:
    """A sign of the home, and a signal of which nobody said yet what it was."""
    house, home, now = town.house, HomeId(own["home"]), town.house.clock.now()
    sign = Observation(key=f"sign:{home}", kind=Kind.MEAL, home_id=home, resident_id=None, at=now)
    house.homecare.welfare.gathering.observe([sign], source="test")
    own["signal"] = f"signal-{home}"
    given = Given(
        id=own["signal"], home_id=home, resident_id=None, alarm_id=AlarmId(own["old"]), joined=True, at=now, score=0.0,
        threshold=-2.0, reasons=[],
    )  # fmt: skip
    house.transactions.run(lambda tx: Givens(tx.connection).add(given))


def _roster(town: Town, own: dict[str, str], by: Any) -> None:
    house, now = town.house, town.house.clock.now()
    duty = _desk(town)
    own["shift"] = duty.put(own["carer"], now - HOUR, now + 8 * HOUR, by=by).id
    known = {each.id for each in duty.drafts()}
    duty.draft_put(own["carer"], now + DAY, now + DAY + HOUR, by=by)
    own["draft"] = next(each.id for each in duty.drafts() if each.id not in known)
    own["plan"] = house.homecare.planning.desk.ask(date(2030, 1, 1), 1, own["station"], by=by).id
    _changes(town, own, duty, by)


def _desk(town: Town) -> DutyDesk:
    house = town.house
    secret = secret_key(house.settings.home)
    return DutyDesk(house.transactions, house.reading, house.clock, secret=secret, changed=house.forget)


def another_shift(town: Town, code: str, *, days: int) -> str:
    """One more shift of this station, so many days from now: a manager's request may take the first one away."""
    start = town.house.clock.now() + days * DAY
    return _desk(town).put(town.ids[code]["carer"], start, start + HOUR, by=f"operator:{town.spare.id}").id


def _changes(town: Town, own: dict[str, str], duty: DutyDesk, by: Any) -> None:
    """A rotation that begins too late to lay anything, an absence that leaves a window open, and a swap."""
    changing, now, carer, other = town.house.homecare.duty, town.house.clock.now(), own["carer"], own["carer2"]
    places = (Place(carer_id=other, offset=0),)
    later = town.house.calendar.day_of(now) + 300 * DAY
    own["rotation"] = changing.rotating.add(
        lambda id_: Rotation(
            id=id_, station_id=own["station"], name=f"rotation of {own['home']}", first_day=later, cycle=((),),
            places=places,
        ),
        by=by,
    ).id  # fmt: skip
    duty.put(other, now + 20 * DAY, now + 20 * DAY + HOUR, by=by)
    told = changing.absent.begin(other, "leave", now + 20 * DAY, now + 21 * DAY, by=by)
    begun = changing.absent.begin(other, "sick", now - 2 * HOUR, now + DAY, by=by)
    own.update(carer_absence=begun.absence.id, vacancy=told.vacancies[0].id)
    given = duty.put(carer, now + 30 * DAY, now + 30 * DAY + HOUR, by=by)
    own["given"] = given.id
    own["swap"] = changing.swapping.ask(given.id, other, None, by=by).id


def _bed(town: Town, own: dict[str, str], by: Any) -> None:
    beds = town.house.homecare.beds
    own["bed"] = bed = beds.life.apply(own["resident"], beds.default, by=by, area=DISTRICT)
    with town.house.reading.connect() as connection:
        step = Steps(connection).of(bed)[0].id
    own["paper"] = beds.filing.file(bed, step, name="x.pdf", content=b"%PDF-1", by=by, area=DISTRICT)
