"""What carers' own pages need: one of everything that stands on them, and a browser that presses it."""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from uuid import uuid4

from sqlalchemy import update

from dispatch.ids import HomeId
from dispatch.rules.people import carer, operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.people import People, carers, residents
from schedules.care.rules.visit import Source, Wanted
from schedules.duty.store import Shifts
from schedules.orders.ordering import Asking
from schedules.orders.store.orders import Orders
from schedules.rounds.store.rounds import Rounds
from tests.integration.rights_rig import OURS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = operator("desk")


def carer_of(town, code):
    with town.house.reading.connect() as connection:
        return next(each for each in People(connection).carers() if each.code == code)


def path_of(town, code="C1"):
    return f"/c/{town.house.links.day(carer_of(town, code).id)}"


class Phone:
    """A browser without script on a carer's page: presses what stands there, each field as it stands."""

    def __init__(self, town, path):
        self.client, self.path = town.app.test_client(), path

    def page(self):
        return self.client.get(self.path).text

    def open(self):
        return self.send(do="open", token=re.search(r'name="token" value="([^"]+)"', self.page())[1])

    def form(self, deed, about=""):
        """The fields of the form with this button, of the one that names `about`."""
        forms = re.findall(r"<form.*?</form>", self.page(), re.S)
        fits = [each for each in forms if f'name="do" value="{deed}"' in each and about in each]
        assert fits, f"no button {deed} about {about!r}"
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', fits[0])) | {"do": deed}

    def send(self, **form):
        return self.client.post(self.path, data=form)

    def press(self, deed, about="", **more):
        """Twice, as on a bad line: the second must change nothing."""
        form = {**self.form(deed, about), **more}
        first = self.send(**form)
        assert first.status_code == 303, first.text
        assert self.send(**form).status_code == 303
        return form


def visit_of(town, *codes):
    """A visit that begins now, of R1 by C1 or by all of these: what it is, whenever it is called."""
    house, now = town.house, town.house.clock.now()
    wanted = Wanted(
        key=f"plan:{uuid4().hex}", source=Source.PLAN, home_id=HomeId(town.ids[OURS]["home"]),
        resident_id=town.ids[OURS]["resident"], on=house.calendar.day_of(now), start_from=now, start_by=now + HOUR,
        minutes=60, items=("B01", "B02"), usual=(carer_of(town, "C1").id,), carers=max(1, len(codes)),
    )  # fmt: skip

    class Wants:
        def wanted(self, day):
            return [wanted] if day == wanted.on else []

    house.homecare.visits.sources[:] = [Wants()]
    house.homecare.visits.planning.plan(wanted.on)
    visiting = house.homecare.visits.visiting

    def now():
        return next(each for each in visiting.on(wanted.on) if each.wanted.key == wanted.key)

    if codes:
        visiting.assign(now().id, [carer_of(town, each).id for each in codes], by=BY)
    return now


def round_of(town):
    """An open round of R1, due today, that is C1's to make."""
    house, resident = town.house, town.ids[OURS]["resident"]
    own = house.homecare.rounds.desk
    own.classify(resident, next(iter(own.book.classes)), why="test", by=BY, area=DISTRICT)
    own.entrust(resident, carer(carer_of(town, "C1").id), by=BY, area=DISTRICT)

    def due(tx):
        shelf = Rounds(tx.connection)
        (one,) = shelf.open_of(resident)
        shelf.save(replace(one, due_on=house.calendar.day_of(tx.now)))
        return one.id

    id_ = house.transactions.run(due)

    def now():
        with house.reading.connect() as connection:
            return Rounds(connection).get(id_)

    return now


def skill(town):
    """C1 can do everything that is asked for here, and nobody else can; R1 is old enough for all of it."""
    mine = update(carers).where(carers.c.code == "C1").values(skills=["repair", "errand", "adaptation"])
    town.house.transactions.run(lambda tx: tx.connection.execute(mine))
    born = update(residents).where(residents.c.id == town.ids[OURS]["resident"]).values(born_on=date(1938, 3, 5))
    town.house.transactions.run(lambda tx: tx.connection.execute(born))


def order_of(town, service, days=5):
    """An order of R1 in some days, which C1 is asked to do."""
    house = town.house
    day = house.calendar.day_of(house.clock.now()) + days * DAY
    made = house.homecare.rounds.ordering.take(
        Asking(resident="R1", service=service, start_at=house.calendar.instant(day, time(10)), urgent=True),
        by=BY, area=DISTRICT,
    )  # fmt: skip

    def now():
        with house.reading.connect() as connection:
            return Orders(connection).get(made.id)

    return now


def shift_of(town, code, days):
    """A shift by day, so many days ahead."""
    house = town.house
    start = house.calendar.instant(house.calendar.day_of(house.clock.now()) + days * DAY, time(8))

    def put(tx):
        id_, who = tx.new_id(), carer_of(town, code).id
        row = {"id": id_, "carer_id": who, "start_at": start, "end_at": start + 8 * HOUR, "sequence": 0}
        Shifts(tx.connection).add_once(row)
        return id_

    return house.transactions.run(put)
