"""Plans of visits: asked for, thought about in a process of its own, published by a person, taken back; and failing."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from config.settings import read_settings
from config.wiring_planning import router_of
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.people import operator
from dispatch.rules.rights import Role
from dispatch.rules.travel import StraightLine
from dispatch.store.accounts import operators
from dispatch.store.people import carers, homes, residents
from dispatch.web.app import create_app
from dispatch.web.options import WebOptions
from schedules.apart import Failed
from schedules.care.rules.visit import Source, Wanted
from schedules.duty.desk import DutyDesk
from schedules.planning.choosing import ChoosingPlanner
from schedules.planning.desk import PlanDesk
from schedules.planning.gathering import OpenVisit
from schedules.planning.planner import Budget, unheard
from schedules.planning.process import Answer, PlannerProcess, PlanningFailed
from schedules.planning.publishing import Publishing
from schedules.planning.rules.plan import Reason, cost
from schedules.planning.store import State, VisitPlans
from schedules.planning.thinking import ASKING_MAX, STALE, Thinker, nobody
from schedules.planning.web.api import plans_api
from schedules.planning.web.pages import planning_pages
from schedules.planning.web.shown import PlansShown
from schedules.planning.written import whys
from tests.builders import PUBLIC_URL, build_world
from tests.builders import House as Base
from tests.fakes.plans import BookOfVisits

DAY = date(2026, 11, 23)
MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""Eight o'clock in Shijiazhuang."""

BY = operator("o1")
HOUR = timedelta(hours=1)
API = "/api/v1/plans"
SLOW = (sys.executable, "-c", "import sys, time; sys.stdin.readline(); sys.stdin.read()")
"""A planner that never answers."""

BROKEN = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")


class Inside:
    """The planner without a process around it, quick."""

    def solve(self, problem, *, told, **_):
        plan = ChoosingPlanner().solve(problem, Budget(iterations=300), seed=1, told=told)
        return Answer(plan=plan, cost=cost(plan, problem).total, whys=whys(plan, problem))

    def stop(self):
        """Nothing runs."""


class Counting(PlannerProcess):
    """A process of its own that thinks so many steps instead of seconds, so that no busy machine takes its reasons."""

    def solve(self, problem, **more):
        return super().solve(problem, iterations=300, **more)


class Office(Base):
    """A district with shifts, visits in memory, plans and their pages; `router` knows the roads."""

    router = staticmethod(nobody)

    def _app(self, streams_max, panels):
        world = self.world
        self.book = BookOfVisits([])
        publishing = Publishing(world.transactions, world.reading, world.clock, self.book)
        self.desk = PlanDesk(world.transactions, world.reading, publishing, seconds=2, nudge=lambda: None)
        shown = PlansShown(self.desk, world.reading)
        blueprints = [
            planning_pages(self.desk, shown, world.clock, world.calendar),
            plans_api(self.desk, shown, transactions=world.transactions),
        ]
        options = WebOptions(public_url=PUBLIC_URL, secret_key="k" * 32, secure_cookies=False)
        return create_app(blueprints, sign_in=self.sign_in, keys=self.keys, options=options, health=self)

    def facts(self):
        return {}

    def thinker(self, **more) -> Thinker:
        """With `more`, in a process of its own; else quickly, here."""
        world = self.world
        process = Counting(**more) if more else Inside()
        return Thinker(
            world.transactions, world.reading, world.clock, world.calendar, self.book, process, StraightLine,
            router=self.router,
        )  # fmt: skip

    def carer(self, code: str) -> str:
        return self.world.id_of(carers, code)

    def on_duty(self, *codes: str) -> None:
        world = self.world
        duty = DutyDesk(world.transactions, world.reading, world.clock, secret="s" * 40, changed=world.roster.forget)
        for code in codes:
            duty.put(self.carer(code), MORNING, MORNING + 9 * HOUR, by=BY)

    def ill(self, code: str) -> None:
        world = self.world
        duty = DutyDesk(world.transactions, world.reading, world.clock, secret="s" * 40, changed=world.roster.forget)
        for shift in duty.between(MORNING, MORNING + 9 * HOUR):
            if shift.carer_id == self.carer(code):
                duty.take(shift.id, by=BY)

    def visit(self, number: int, at: timedelta, **more) -> OpenVisit:
        start = MORNING + at
        wanted = Wanted(
            key=f"plan:{number}", source=Source.PLAN, home_id=self.world.id_of(homes, "H1"),
            resident_id=self.world.id_of(residents, "R1"), on=DAY, start_from=start, start_by=start + HOUR, minutes=30,
            **more,
        )  # fmt: skip
        made = OpenVisit(id=f"v{number}", wanted=wanted)
        self.book.visits[made.id], self.book.sent[made.id] = made, ()
        return made

    def made(self, **more) -> str:
        """A plan that is ready."""
        plan = self.desk.ask(DAY, 1, None, by=BY)
        assert self.thinker(**more).think()
        assert self.desk.get(plan.id).state is State.READY, self.desk.get(plan.id).error
        return plan.id

    def works_for(self, *codes: str) -> None:
        stations = " ".join(self.world.id_of_station(each) for each in codes)
        values = {"stations": stations, "roles": Role.MANAGER.value}
        self.world.transactions.run(lambda tx: tx.connection.execute(operators.update().values(**values)))


@pytest.fixture
def office(tmp_path) -> Iterator[Office]:
    world = build_world(tmp_path, on_duty=())
    built = Office(world)
    yield built
    built.close()
    world.close()


def test_a_plan_goes_by_the_roads_where_they_are_known(office):
    office.on_duty("C1", "C2")
    office.visit(1, HOUR)
    by_line = office.desk.visits(office.made())[0].travel_s
    asked = []

    def router(spots, means, for_s):
        asked.append(for_s)
        return [[[777.2] * len(spots) for _ in spots] for _ in means]

    office.router = router
    assert by_line != 778
    assert office.desk.visits(office.made())[0].travel_s == 778
    assert asked == [2 * ASKING_MAX]


def test_a_router_that_cannot_be_asked_leaves_the_plan_to_the_line(office):
    def apart(function, *_):
        raise Failed(f"{function.__name__} took longer than it may")

    settings = read_settings({"travel": {"router": "osrm", "url": "http://127.0.0.1:9"}}, environ={})
    office.router = router_of(settings, apart)
    office.on_duty("C1")
    office.visit(1, HOUR)
    assert office.desk.visits(office.made())[0].travel_s > 0


def test_a_plan_is_made_looked_at_published_and_taken_back(office):
    office.on_duty("C1", "C2", "C3")
    office.visit(1, HOUR, skills=frozenset({"nurse"}))
    office.visit(2, 2 * HOUR, carers=2)
    office.visit(3, 3 * HOUR, skills=frozenset({"surgery"}))
    plan_id = office.made(processes=1)
    planned = {each.visit_id: each for each in office.desk.visits(plan_id)}
    assert planned["v1"].carers == (office.carer("C1"),)
    assert len(set(planned["v2"].carers)) == 2
    assert planned["v2"].start_at >= MORNING + 2 * HOUR
    assert planned["v3"].reason == Reason.NO_SKILL
    assert planned["v1"].why["barred"] == {"no_skill": 2}
    assert set(office.book.sent.values()) == {()}, "nothing is true before it is published"
    done = office.desk.publish(plan_id, by=BY)
    assert (done.assigned, done.refused) == (2, 0)
    assert office.book.sent["v1"] == (office.carer("C1"),)
    assert office.desk.undo(plan_id, by=BY).assigned == 2
    assert set(office.book.sent.values()) == {()}
    with pytest.raises(Conflict):
        office.desk.publish(plan_id, by=BY)


def test_planning_again_when_somebody_fell_ill_keeps_what_was_promised(office):
    office.on_duty("C1", "C2")
    for number in range(4):
        office.visit(number, HOUR * (number + 1))
    first = office.made()
    office.desk.publish(first, by=BY)
    before = {each.visit_id: each for each in office.desk.visits(first)}
    office.ill("C2")
    office.on_duty("C3")
    office.world.clock.wall = MORNING - HOUR
    again = {each.visit_id: each for each in office.desk.visits(office.made())}
    kept = [id_ for id_, each in before.items() if each.carers == (office.carer("C1"),)]
    for id_ in kept:
        assert again[id_].carers == before[id_].carers
        assert again[id_].start_at == before[id_].start_at
    assert all(office.carer("C2") not in each.carers for each in again.values())
    assert all(each.start_at for each in again.values())


def test_a_visit_that_has_begun_keeps_its_carer(office):
    office.on_duty("C1", "C2")
    begun = office.visit(1, timedelta())
    office.book.visits["v1"] = replace(begun, begun=True)
    office.book.sent["v1"] = (office.carer("C2"),)
    office.world.clock.wall = MORNING + timedelta(minutes=10)
    assert office.desk.visits(office.made())[0].carers == (office.carer("C2"),)


@pytest.mark.parametrize(("source", "stays"), [(Source.ORDER, True), (Source.PLAN, False)])
def test_an_order_stays_with_the_carer_who_accepted_it_while_they_are_on_duty(office, source, stays):
    """Whoever answers the hotline may give it to somebody without the skill, who would do it all the same."""
    office.on_duty("C1", "C2")
    booked = office.visit(1, HOUR, skills=frozenset({"nurse"}))
    office.book.visits["v1"] = replace(booked, wanted=replace(booked.wanted, source=source))
    office.book.sent["v1"] = (office.carer("C2"),)
    assert office.desk.visits(office.made())[0].carers == (office.carer("C2" if stays else "C1"),)
    office.ill("C2")
    assert office.desk.visits(office.made())[0].carers == (office.carer("C1"),)


@pytest.mark.parametrize("command", [BROKEN, (sys.executable, "-c", "print('no json')"), ("/bin/true",)])
def test_a_planner_that_dies_leaves_the_old_plan(office, command):
    office.on_duty("C1")
    office.visit(1, HOUR)
    office.desk.publish(office.made(), by=BY)
    sent = dict(office.book.sent)
    plan = office.desk.ask(DAY, 1, None, by=BY)
    assert office.thinker(command=command).think()
    assert office.desk.get(plan.id).state is State.FAILED
    assert office.book.sent == sent
    with pytest.raises(Conflict):
        office.desk.publish(plan.id, by=BY)


def test_a_planner_that_takes_too_long_is_killed(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    plan = office.desk.ask(DAY, 1, None, by=BY)
    assert office.thinker(command=SLOW, grace_s=-0.8).think()
    assert office.desk.get(plan.id).error == "it took too long"
    assert "用时过长" in office.operators().get(f"/planning/{plan.id}").get_data(as_text=True)


def test_of_two_planners_one_may_die(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    assert office.desk.visits(office.made(processes=2))[0].start_at


def test_a_plan_whose_thinker_fell_silent_is_taken_up_again(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    plan = office.desk.ask(DAY, 1, None, by=BY)
    world = office.world
    world.transactions.run(
        lambda tx: VisitPlans(tx.connection).turn(plan.id, {State.WAITING}, state=State.THINKING, seen_at=tx.now)
    )
    assert not office.thinker().think()
    world.clock.advance(STALE.total_seconds() + 1)
    assert office.thinker().think()
    assert office.desk.get(plan.id).state is State.READY


def test_a_visit_that_changed_meanwhile_is_told_and_the_others_go_on(office):
    office.on_duty("C1", "C2")
    office.visit(1, HOUR)
    office.visit(2, 2 * HOUR)
    plan_id = office.made()
    office.book.stubborn.add("v1")
    done = office.desk.publish(plan_id, by=BY)
    assert (done.assigned, done.refused) == (1, 1)
    assert {each.visit_id: each.refused for each in office.desk.visits(plan_id)} == {"v1": "Conflict", "v2": None}
    assert office.desk.publish(plan_id, by=BY).assigned == 0


def test_of_two_plans_made_at_once_only_one_is_published(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    first = office.made()
    office.world.clock.advance(1)
    second = office.made()
    office.world.clock.advance(1)
    office.desk.publish(second, by=BY)
    with pytest.raises(Conflict):
        office.desk.publish(first, by=BY)


def test_what_cannot_be_asked_is_refused(office):
    with pytest.raises(Invalid):
        office.desk.ask(DAY, 8, None, by=BY)
    with pytest.raises(Invalid):
        office.desk.ask(DAY, 1, None, by=BY, seconds=601)
    plan = office.desk.ask(DAY, 1, None, by=BY)
    with pytest.raises(Conflict):
        office.desk.ask(DAY, 1, None, by=BY)
    office.desk.drop(plan.id, by=BY)
    with pytest.raises(Conflict):
        office.desk.drop(plan.id, by=BY)
    with pytest.raises(NotFound):
        office.desk.get("none")


def test_a_plan_that_was_dropped_while_it_was_thought_about_stays_dropped(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    plan = office.desk.ask(DAY, 1, None, by=BY)
    thinker = office.thinker()
    taken = office.world.transactions.run(thinker._take)
    office.desk.drop(plan.id, by=BY)
    visits, problem = thinker.gather(taken)
    thinker._keep(taken, visits, problem, Inside().solve(problem, told=unheard))
    assert office.desk.get(plan.id).state is State.DROPPED
    assert office.desk.visits(plan.id) == []


def test_whoever_thinks_about_a_plan_that_is_dropped_stops(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    plan = office.desk.ask(DAY, 1, None, by=BY)
    thinker = office.thinker()
    ended = []

    class Stopped(Inside):
        def solve(self, problem, *, told, **more):
            told(0.1, 1)
            assert ended == []
            office.desk.drop(plan.id, by=BY)
            office.world.clock.advance(2)
            told(0.2, 1)
            raise PlanningFailed("it ended without a word")

        def stop(self):
            ended.append(office.desk.get(plan.id).state)

    thinker._process = Stopped()
    assert thinker.think()
    assert ended == [State.DROPPED]
    assert office.desk.get(plan.id).error is None


def test_a_program_asks_reads_and_publishes(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    key = office.keys.new_key("program", "read shifts")
    client = office.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    answer = client.post(API, json={"first": "2026-11-23", "seconds": 1})
    assert answer.status_code == 201, answer.json
    id_ = answer.json["id"]
    assert client.post(f"{API}/{id_}/publish").status_code == 409
    office.thinker().think()
    whole = client.get(f"{API}/{id_}").json
    assert whole["state"] == "ready"
    assert whole["visits"][0]["carers"] == [office.carer("C1")]
    assert client.get(API).json["items"][0]["id"] == id_
    assert client.post(f"{API}/{id_}/publish").json == {"assigned": 1, "refused": 0}
    assert client.post(f"{API}/{id_}/undo").json == {"assigned": 1, "refused": 0}
    assert client.post(f"{API}/{id_}/drop").status_code == 409
    assert client.post(API, json={"first": "2026-11-23", "days": 9}).status_code == 422
    assert client.post(API, json={"first": "2026-11-23", "station": "S9"}).status_code == 422


def test_the_pages_show_a_plan_from_asking_to_publishing(office):
    office.on_duty("C1", "C2")
    office.visit(1, HOUR)
    office.visit(2, 2 * HOUR, skills=frozenset({"surgery"}))
    client = office.operators()
    page = client.get("/planning").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    wrong = client.post("/planning", data={"csrf_token": token, "first": "gestern", "days": "3"})
    assert wrong.status_code == 422
    assert 'value="3"' in wrong.get_data(as_text=True), "what was typed stays"
    far = client.post("/planning", data={"csrf_token": token, "first": "2099-01-01", "days": "1"})
    assert far.status_code == 422
    asked = client.post("/planning", data={"csrf_token": token, "first": "2026-11-23", "days": "1"})
    assert asked.status_code == 303
    where = asked.headers["Location"]
    assert "<progress" in client.get(where).get_data(as_text=True)
    assert client.post("/planning", data={"csrf_token": token, "first": "2026-11-23", "days": "1"}).status_code == 409
    office.thinker().think()
    shown = client.get(where).get_data(as_text=True)
    assert "王秀英" in shown
    assert "没有人具备所需技能" in shown
    assert "这次上门的路程和换人代价合" in shown, "why it went where it went"
    client.post("/lang", data={"csrf_token": token, "next": where, "lang": "en"})
    english = client.get(where).get_data(as_text=True)
    assert "min of way and exchange" in english
    assert "min more" in english
    client.post("/lang", data={"csrf_token": token, "next": where, "lang": "zh"})
    assert client.post(f"{where}/publish", data={"csrf_token": token}).status_code == 303
    assert office.book.sent["v1"] != ()
    assert client.post(f"{where}/drop", data={"csrf_token": token}).status_code == 409
    assert client.post(f"{where}/undo", data={"csrf_token": token}).status_code == 303
    assert client.post(f"{where}/undo", data={"csrf_token": token}).status_code == 409


def test_another_stations_plan_does_not_exist(office):
    office.on_duty("C1")
    office.visit(1, HOUR)
    plan_id = office.made()
    office.works_for("S1")
    client = office.operators()
    assert client.get(f"/planning/{plan_id}").status_code == 404
    assert plan_id not in client.get("/planning").get_data(as_text=True)
    page = client.get("/planning").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    everything = {"csrf_token": token, "first": "2026-11-23", "days": "1", "station": ""}
    assert client.post("/planning", data=everything).status_code == 422
    assert client.post("/planning", data={**everything, "station": "S1"}).status_code == 303
