"""Orders over a real database and a hand clock: refused in words, offered in turn, answered by text, done and rated."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from dispatch.answers import Answers, Said
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.expectations import DeskClaims
from dispatch.ids import StationId
from dispatch.rules.pacing import Pace, earliest
from dispatch.rules.people import Person, operator
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.follow_ups import FollowUps
from dispatch.store.record import Record
from dispatch.store.replies import Replies
from dispatch.store.satisfaction import ratings
from schedules.orders.answers import OrderAnswers
from schedules.orders.ordering import Asking, Ordering
from schedules.orders.rules.order import State
from schedules.orders.rules.services import read_services
from schedules.orders.store.orders import Orders, Provider
from tests.builders import DISTRICT as FILE
from tests.builders import build_world

BY, FAMILY = operator("o1"), Person("contact:k1")
SERVICES = read_services(
    tomllib.loads((Path(__file__).parents[2] / "config/care/services.toml").read_text(encoding="utf-8"))
)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
JPEG = b"\xff\xd8\xff\xda\x00\x02\x11\x22\xff\xd9"
TOLD = JPEG[:2] + b"\xff\xe1\x00\x10Exif\x00\x00HUAWEI38" + JPEG[2:]
"""The same with what a telephone wrote into it."""
PEOPLE = FILE.replace('skills = ["nurse"]', 'skills = ["nurse", "escort", "errand"]').replace(
    'phone = "+8613800000002"', 'phone = "+8613800000002"\nskills = ["escort"]'
)


class Rates:
    """Keeps whom somebody was to be asked about."""

    def __init__(self):
        self.planned = []

    def plan_visit(self, tx, visit_id, **about):
        self.planned.append(visit_id)


class Rig:
    def __init__(self, folder):
        self.world = world = build_world(folder, district=PEOPLE)
        self.rates = Rates()
        self.ordering = Ordering(
            world.transactions, world.reading, world.clock, world.calendar, SERVICES, rates=self.rates,
            nudge=lambda: None,
        )  # fmt: skip
        own = OrderAnswers(self.ordering, nudge=lambda: None)
        self.answers = Answers(
            world.transactions, world.reading, [DeskClaims(world.desk), own], world.desk, nudge=lambda: None,
            orders=[own],
        )  # fmt: skip
        self.said = 0

    def at(self, days=1, hour=9):
        local = self.world.calendar.local(self.world.clock.now()) + days * DAY
        return local.replace(hour=hour, minute=0, second=0, microsecond=0).astimezone(UTC)

    def take(self, service="escort", resident="R1", by=BY, at=None, **more):
        asking = Asking(resident=resident, service=service, start_at=at or self.at(2), **more)
        return self.ordering.take(asking, by=by, area=DISTRICT)

    def get(self, order):
        with self.world.reading.connect() as connection:
            return Orders(connection).get(order.id)

    def text(self, sender, words):
        self.said += 1
        self.answers.receive("test", [Said(key=str(self.said), sender=sender, text=words)])
        for id_ in self.answers.due(self.world.clock.now(), 10):
            self.answers.wake(id_)
        with self.world.reading.connect() as connection:
            return Replies(connection).recent(1)[0].result

    def run(self, for_):
        until = self.world.clock.now() + for_
        while (at := self.ordering.next_due()) is not None and at <= until:
            self.world.clock.advance(max(0.0, (at - self.world.clock.now()).total_seconds()))
            for id_ in self.ordering.due(self.world.clock.now(), 100):
                self.ordering.wake(id_)
        self.world.clock.advance((until - self.world.clock.now()).total_seconds())

    def provide(self, name, phone, *skills, station=None):
        made = Provider(
            id=f"p-{name}", name=name, phone=phone, station_id=station, skills=skills, by=BY, at=self.world.clock.now()
        )
        self.world.transactions.run(lambda tx: Orders(tx.connection).add_provider(made))
        return made

    def sentences(self):
        return [each.sentence for each in reversed(self.world.messages())]

    def leaves(self, sentence):
        """When the message with this sentence may leave, as the clocks of the place show it."""
        local = self.world.calendar.local
        (message,) = [each for each in self.world.messages() if each.sentence == sentence]
        now = self.world.clock.now()
        return local(earliest(
            Pace(), message.priority, now=now, local=local(now), left=[], to=message.to, expires_at=message.expires_at,
        ))  # fmt: skip

    def to_do(self):
        with self.world.reading.connect() as connection:
            return [each.about for each in FollowUps(connection).to_do(100)]

    def kinds(self):
        with self.world.reading.connect() as connection:
            return [each.kind for each in Record(connection).after(0, 10_000)]


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


def test_an_order_is_offered_to_a_carer_with_the_skill_and_taken_by_a_text(rig):
    order = rig.take(note="去市二院复查")
    assert (order.state, order.provider) == (State.OFFERED, rig.world.carer("C1"))
    assert rig.text("+8613800000001", f"{order.code} 1") == "order_accepted"
    assert rig.get(order).state is State.ACCEPTED
    assert rig.sentences() == ["order_offer", "order_taken"]
    offer = next(each for each in rig.world.messages() if each.sentence == "order_offer")
    assert offer.facts["place"] == "柏林小区"


@pytest.mark.parametrize(
    ("days", "hour", "leaves"), [(1, 8, 3), (1, 9, 8), (2, 9, 8)], ids=["before it is read", "in time", "far"]
)
def test_at_three_in_the_morning_only_what_cannot_wait_wakes_a_carer(rig, days, hour, leaves):
    start_at = rig.at(days, hour)
    rig.world.clock.advance((rig.at(1, 3) - rig.world.clock.now()).total_seconds())
    order = rig.take(at=start_at, urgent=True)
    assert order.state is State.OFFERED
    assert rig.leaves("order_offer").hour == leaves


def test_a_carer_who_answers_at_night_is_answered_at_night(rig):
    rig.world.clock.advance((rig.at(1, 3) - rig.world.clock.now()).total_seconds())
    rig.take()
    rig.text("+8613800000001", "1")
    assert rig.leaves("order_taken").hour == 3


def test_a_single_digit_takes_the_only_offer(rig):
    order = rig.take()
    assert rig.text("+8613800000001", "1") == "order_accepted"
    assert rig.get(order).provider == rig.world.carer("C1")


def test_declined_or_unanswered_the_next_is_asked_and_at_last_an_operator(rig):
    order = rig.take()
    assert rig.text("+8613800000001", "2") == "order_declined"
    assert rig.get(order).provider == rig.world.carer("C2")
    assert rig.to_do() == []
    rig.run(40 * timedelta(minutes=1))
    waiting = rig.get(order)
    assert (waiting.state, waiting.provider) == (State.WAITING, None)
    assert waiting.due_at is not None
    assert rig.to_do() == ["order_waits"]
    assert rig.text("+8613800000001", f"{order.code} 1") != "order_accepted"
    rig.ordering.accept(order.id, rig.world.carer("C1"), by=BY, area=DISTRICT)
    assert rig.to_do() == []


def test_an_alarm_has_the_digit_while_it_is_open_and_the_order_keeps_waiting(rig):
    order = rig.take()
    alarm = rig.world.press(home="H2", resident="R2")
    rig.world.wake()
    rig.text("+8613800000001", "1")
    assert rig.get(order).state is State.OFFERED
    mine = [each for each in rig.world.offers(alarm) if each.person == rig.world.carer("C1")]
    assert [each.state.value for each in mine] == ["accepted"]
    assert rig.text("+8613800000001", f"{order.code} 1") == "order_accepted"


def test_an_organisation_is_asked_after_the_carers_and_answers_by_text_too(rig):
    rig.provide("老张维修", "+8613700000001", "repair")
    order = rig.take("repair")
    assert order.provider == "provider:p-老张维修"
    assert rig.text("+8613700000001", f"{order.code} 1") == "order_accepted"
    assert rig.text("+8613700000009", "1") == "unknown_sender"


def test_a_provider_of_another_station_is_never_asked_and_without_one_an_operator_is(rig):
    rig.world.load("""
        [district]
        name = "示范区"
        timezone = "Asia/Shanghai"
        [[stations]]
        code = "S2"
        name = "红星驿站"
        """)
    rig.provide("远处维修", "+8613700000003", "repair", station=rig.world.id_of_station("S2"))
    assert rig.world.home("H1")
    order = rig.take("repair")
    assert order.state is State.WAITING
    assert rig.to_do() == ["order_waits"]


@pytest.mark.parametrize(
    ("service", "resident", "days", "hour", "why"),
    [
        ("escort", "R1", 2, 3, "at that hour"),
        ("escort", "R1", 0, 13, "more notice"),
        ("escort", "R1", 40, 9, "too far ahead"),
        ("health_check", "R1", 20, 9, "in that month"),
        ("adaptation", "R2", 10, 9, "No date of birth"),
        ("nothing", "R1", 2, 9, "no such service"),
    ],
)
def test_whoever_cannot_have_it_is_told_why_in_words(rig, service, resident, days, hour, why):
    with pytest.raises(Invalid) as refused:
        rig.take(service, resident, at=rig.at(days, hour))
    assert why in refused.value.errors["json"]["service"][0]


def test_a_health_check_is_once_a_year_from_65_between_march_and_november(rig):
    rig.world.clock.wall = datetime(2027, 3, 1, 2, tzinfo=UTC)
    rig.provide("社区医院", "+8613700000004", "clinic")
    assert rig.take("health_check", at=rig.at(3)).state is State.OFFERED
    with pytest.raises(Invalid) as refused:
        rig.take("health_check", at=rig.at(9))
    assert "less than a year ago" in refused.value.errors["json"]["service"][0]


def test_the_same_thing_pressed_twice_is_one_order(rig):
    at = rig.at(2)
    assert rig.take(at=at).id == rig.take(at=at).id


def test_an_operator_may_pass_the_notice(rig):
    assert rig.take(at=rig.at(0, 14), urgent=True).state is State.OFFERED


@pytest.mark.parametrize(
    "words", ["妈妈摔倒了，想有人来看看", "胸 痛", "ＣＨＥＳＴ　ＰＡＩＮ", "老人 晕，倒", "she has FALLEN"]
)  # fmt: skip
def test_words_of_a_family_that_sound_like_an_emergency_come_before_a_person_at_once(rig, words):
    order = rig.take(by=FAMILY, note=words)
    assert order.state is State.WAITING
    assert order.smells
    assert rig.to_do() == ["order_smells"]
    assert rig.sentences() == []


def test_an_operator_who_has_read_the_words_books_all_the_same(rig):
    assert rig.take(note="上周摔倒过，去复查").state is State.OFFERED


def test_done_asks_how_it_was_and_closes_with_the_score(rig):
    order = rig.take()
    with pytest.raises(Conflict):
        rig.ordering.done(order.id, by=BY, area=DISTRICT)
    rig.text("+8613800000001", "1")
    rig.ordering.done(order.id, by=BY, area=DISTRICT)
    assert rig.rates.planned == [f"order:{order.id}"]
    row = {"id": "x", "about": f"visit:order:{order.id}", "state": "answered", "score": 4}
    rig.world.transactions.run(lambda tx: tx.connection.execute(insert(ratings), row))
    rig.run(4 * DAY)
    assert (rig.get(order).state, rig.get(order).score) == (State.CLOSED, 4)


def test_an_accepted_order_that_nobody_reports_done_comes_before_the_operators(rig):
    order = rig.take()
    rig.text("+8613800000001", "1")
    rig.run(3 * DAY)
    assert rig.to_do() == ["order_late"]
    rig.ordering.done(order.id, by=BY, area=DISTRICT)
    assert rig.to_do() == []


def test_cancelling_needs_a_reason_and_tells_whoever_had_it(rig):
    order = rig.take()
    with pytest.raises(Invalid):
        rig.ordering.cancel(order.id, " ", by=BY, area=DISTRICT)
    rig.ordering.cancel(order.id, "老人住院", by=BY, area=DISTRICT)
    assert rig.sentences()[-1] == "order_gone"
    assert rig.get(order).due_at is None
    with pytest.raises(Conflict):
        rig.ordering.cancel(order.id, "again", by=BY, area=DISTRICT)


def test_a_home_is_adapted_step_by_step_with_photos(rig):
    rig.provide("适老公司", "+8613700000005", "adaptation")
    order = rig.take("adaptation", at=rig.at(10))
    rig.text("+8613700000005", "1")
    act = rig.ordering
    with pytest.raises(Conflict):
        act.step(order.id, "plan", by=BY, area=DISTRICT)
    with pytest.raises(Invalid):
        act.step(order.id, "survey", by=BY, area=DISTRICT)
    with pytest.raises(Invalid):
        act.step(order.id, "survey", by=BY, area=DISTRICT, pictures=[b"GIF89a"])
    act.step(order.id, "survey", by=BY, area=DISTRICT, pictures=[JPEG])
    with pytest.raises(Conflict):
        act.done(order.id, by=BY, area=DISTRICT)
    for step, pictures in (("plan", []), ("approved", []), ("built", [TOLD]), ("accepted", [])):
        act.step(order.id, step, by=BY, area=DISTRICT, pictures=pictures)
    assert act.done(order.id, by=BY, area=DISTRICT).state is State.DONE
    with rig.world.reading.connect() as connection:
        photos = Orders(connection).photos(order.id)
        assert [Orders(connection).picture(order.id, each.id) for each in photos] == [(JPEG, "image/jpeg")] * 2


def test_accepted_orders_at_home_by_carers_are_visits_of_their_day(rig):
    order = rig.take()
    day = rig.world.calendar.day_of(order.start_at)
    assert rig.ordering.wanted(day) == []
    rig.text("+8613800000001", "1")
    wanted = rig.ordering.wanted(day)
    assert [(each.key, each.minutes, each.skills) for each in wanted] == [
        (f"order:{order.id}", 180, frozenset({"escort"}))
    ]
    assert rig.ordering.wanted(day + DAY) == []


def test_another_station_finds_no_such_order(rig):
    order = rig.take()
    with pytest.raises(NotFound):
        rig.ordering.cancel(order.id, "x", by=BY, area=Area(frozenset({StationId("elsewhere")})))
