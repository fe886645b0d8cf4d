"""A carer's own page by the address in a text: what stands on it, whose it is, and that no press works twice."""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from sqlalchemy import update

from dispatch.ids import HomeId
from dispatch.rules.people import carer, operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.people import People, carers, residents
from schedules.care.rules.presence import State
from schedules.care.rules.visit import Source, Wanted
from schedules.duty.store import Shifts
from schedules.duty.store.swaps import Swaps
from schedules.orders.ordering import Asking
from schedules.orders.store.orders import Orders
from schedules.rounds.store.rounds import Rounds
from tests.integration.rights_rig import OURS, Town

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = operator("desk")
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    town = Town(tmp_path_factory.mktemp("day"))
    yield town
    town.close()


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


@pytest.fixture
def phone(town):
    phone = Phone(town, path_of(town))
    phone.open()
    return phone


def test_a_link_names_nobody_until_a_button_was_pressed_in_this_browser(town, visit):
    phone = Phone(town, path_of(town))
    closed = phone.page()
    assert "本站" not in closed
    assert "本站小区 1-101" in phone.open().text
    assert "本站小区 1-101" in phone.page()
    assert "本站小区 1-101" not in Phone(town, phone.path).page()


def test_what_opens_no_page_says_so(town):
    client = town.app.test_client()
    found = client.get("/c/AAAAAAAAAAAAAAAAAAAAAA")
    assert (found.status_code, 'href="/c"' in found.text) == (404, True)
    path = path_of(town)
    assert client.post(path, data={"do": "open"}).status_code == 400, "a form of another site has no token"
    assert [client.get(f"/c/x{n}").status_code for n in range(11)][-1] == 429


def test_a_text_to_a_carer_leads_to_their_own_page_and_an_alarms_does_not(town):
    who, links = carer_of(town, "C1"), town.house.links
    assert links.path_of(carer(who.id), None, None) == path_of(town)
    assert links.path_of(carer(who.id), town.ids[OURS]["alarm"], None) is None


@pytest.fixture
def visit(town):
    """One that begins now, of R1 by C1."""
    house, now = town.house, town.house.clock.now()
    wanted = Wanted(
        key=f"plan:{uuid4().hex}", source=Source.PLAN, home_id=HomeId(town.ids[OURS]["home"]),
        resident_id=town.ids[OURS]["resident"], on=house.calendar.day_of(now), start_from=now, start_by=now + HOUR,
        minutes=60, items=("B01", "B02"), usual=(carer_of(town, "C1").id,),
    )  # fmt: skip

    class Wants:
        def wanted(self, day):
            return [wanted] if day == wanted.on else []

    house.homecare.visits.sources[:] = [Wants()]
    house.homecare.visits.planning.plan(wanted.on)
    return lambda: next(each for each in house.homecare.visits.visiting.on(wanted.on) if each.wanted.key == wanted.key)


def test_a_visit_is_signed_and_nothing_ticked_is_nothing_done(town, phone, visit):
    id_ = visit().id
    phone.press("begin", id_, lat="38.07", lng="114.49", accuracy="12")
    assert visit().state is State.BEGUN
    form = phone.form("finish", id_)
    assert phone.send(**form).status_code == 303
    assert (visit().state, visit().items) == (State.FINISHED, ())
    other = Phone(town, path_of(town, "C3"))
    other.open()
    assert other.send(**{**form, "token": town.house.links.token("form", other.path[3:])}).status_code == 404


# ------------------------------------------------------------------------------------------------ rounds


@pytest.fixture
def round_(town):
    """An open round of R1 that is C1's to make."""
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


def test_a_round_is_entered_by_whose_it_is_and_a_copy_is_no_second_try(town, phone, round_):
    form = phone.form("round", round_().id)
    assert phone.send(**{**form, "result": "needs", "means": "phone"}).status_code == 422
    phone.press("round", round_().id, result="not_met", means=str(round_().means[0]))
    assert round_().tries == 1
    other = Phone(town, path_of(town, "C3"))
    other.open()
    token = town.house.links.token("form", other.path[3:])
    assert other.send(**{**form, "token": token, "result": "well", "means": "phone"}).status_code == 404
    phone.press("round", round_().id, result="well", means=str(round_().means[0]))
    assert (round_().result, round_().done_by) == ("well", carer(carer_of(town, "C1").id))


# ------------------------------------------------------------------------------------------------ orders


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


@pytest.fixture(scope="module")
def skilled(town):
    """C1 can do everything that is asked for here, and nobody else can."""
    mine = update(carers).where(carers.c.code == "C1").values(skills=["repair", "errand", "adaptation"])
    town.house.transactions.run(lambda tx: tx.connection.execute(mine))
    born = update(residents).where(residents.c.id == town.ids[OURS]["resident"]).values(born_on=date(1938, 3, 5))
    town.house.transactions.run(lambda tx: tx.connection.execute(born))


def test_an_order_is_taken_with_its_door_and_reported_done(town, skilled, phone):
    order = order_of(town, "repair")
    section = next(each for each in phone.page().split("<section>") if order().id in each)
    assert ("1-101" in section, "本站老人" in section) == (False, False)
    phone.press("order_accept", order().id)
    section = next(each for each in phone.page().split("<section>") if order().id in each)
    assert ("1-101" in section, "本站老人" in section) == (True, True)
    phone.press("order_done", order().id)
    assert order().state == "done"


def test_an_order_that_is_left_is_no_longer_on_the_page_and_no_copy_takes_it_from_the_next(town, skilled, phone):
    order = order_of(town, "repair", days=6)
    phone.press("order_decline", order().id)
    assert (order().state, order().id in phone.page()) == ("waiting", False)
    other = Phone(town, path_of(town, "C3"))
    other.open()
    token = town.house.links.token("form", other.path[3:])
    for deed in ("order_accept", "order_decline", "order_done", "order_step"):
        assert other.send(do=deed, order=order().id, token=token).status_code == 404
    assert order().state == "waiting"


def test_an_order_at_home_is_shown_by_signing_and_not_by_saying_so(town, skilled, phone):
    order = order_of(town, "errand")
    form = phone.press("order_accept", order().id)
    with pytest.raises(AssertionError, match="no button order_done"):
        phone.form("order_done", order().id)
    assert phone.send(**{**form, "do": "order_done"}).status_code == 409
    assert order().state == "accepted"


def test_the_steps_of_an_order_come_in_their_turn(town, skilled, phone):
    order = order_of(town, "adaptation")
    form = phone.press("order_accept", order().id)
    assert phone.send(**{**form, "do": "order_done"}).status_code == 409
    form = phone.form("order_step", order().id)
    assert (form["step"], order().step) == ("survey", "")
    assert phone.send(**form).status_code == 422, "this step asks for a photo"
    for _ in range(2):
        assert phone.send(**form, photo=(BytesIO(PNG), "a.png")).status_code == 303
    with town.house.reading.connect() as connection:
        assert len(Orders(connection).photos(order().id)) == 1
    assert (order().step, phone.form("order_step", order().id)["step"]) == ("survey", "plan")


# ------------------------------------------------------------------------------------------------ shifts and swaps


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


def swap_about(town, shift_id):
    with town.house.reading.connect() as connection:
        return next(each for each in Swaps(connection).since(town.house.clock.now() - DAY) if each.shift_id == shift_id)


def test_a_swap_is_asked_and_answered_by_both_on_their_own_pages(town, phone):
    mine, theirs, third = shift_of(town, "C1", 3), shift_of(town, "C3", 5), shift_of(town, "C2", 6)
    me, other = carer_of(town, "C1"), carer_of(town, "C3")
    page = phone.page()
    assert (theirs in page, third in page) == (True, False), "colleagues of the same station only"
    both = {"shift": mine, "with": f"{other.id}/{theirs}"}
    form = phone.form("swap_ask")
    for wrong in ({"shift": theirs, "with": me.id}, {"shift": mine, "with": carer_of(town, "C2").id}):
        assert phone.send(**form, **wrong).status_code == 404
    assert phone.send(**form, shift=mine).status_code == 422
    phone.press("swap_ask", **both)
    swap = swap_about(town, mine)
    assert phone.send(**{**form, "do": "swap_yes"}, swap=swap.id).status_code == 404, "nobody answers their own"
    colleague = Phone(town, path_of(town, "C3"))
    colleague.open()
    colleague.press("swap_yes", swap.id)
    assert swap_about(town, mine).state == "accepted"
    phone.press("swap_withdraw", swap.id)
    assert swap_about(town, mine).state == "withdrawn"
    assert colleague.send(**{**form, "token": town.house.links.token("form", colleague.path[3:]),
                             "do": "swap_no", "swap": swap.id}).status_code == 409  # fmt: skip


def test_what_speaks_against_a_swap_is_said_without_why_a_colleague_is_away(town, phone):
    mine, other = shift_of(town, "C1", 9), carer_of(town, "C3")
    with town.house.reading.connect() as connection:
        shift = Shifts(connection).get(mine)
    town.house.homecare.duty.absent.begin(other.id, "sick", shift.start_at, shift.end_at, by=BY)
    answer = phone.send(**phone.form("swap_ask"), shift=mine, **{"with": other.id})
    assert (answer.status_code, "sick" in answer.text, "病" in answer.text) == (409, False, False)
    assert f'value="{mine}" selected' in answer.text, "what was chosen stays chosen"
