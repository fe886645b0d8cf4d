"""Rounds at the door: what proves them, what is only a claim, and who looks at claims."""

from datetime import timedelta

import pytest

from dispatch.errors import Conflict
from dispatch.ids import CallId, new_id
from dispatch.rules.calls import Call, CallState
from dispatch.rules.people import operator
from dispatch.rules.place import Position
from dispatch.rules.rights import DISTRICT
from dispatch.rules.signal import Event
from dispatch.store.calls import Calls
from dispatch.store.record import Record
from dispatch.store.signals import signals
from schedules.care.rules.presence import Which
from schedules.rounds.places import where_of
from schedules.rounds.proving import Where
from schedules.rounds.rules.book import Means
from schedules.rounds.rules.round import Kind, Result, Shown, State
from schedules.rounds.store.rounds import Rounds
from tests.integration.test_rounds import BY, Rig
from tests.integration.test_visits_and_what_asked_for_them import Both

MINUTE = timedelta(minutes=1)
HOME = Position(38.0721, 114.4921)
"""A dozen metres from H1."""

OTHER = operator("o2")


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


def entered(rig, result=Result.WELL, means=Means.VISIT, **more):
    """R1's regular round after its result was entered."""
    round_ = rig.regular()
    rig.enter(round_, result, means, **more)
    return stored(rig, round_.id)


def stored(rig, id_):
    with rig.world.reading.connect() as connection:
        return Rounds(connection).get(id_)


def seen(rig):
    return rig.book.rate(f"{rig.today():%Y-%m}")[0]


def near(accuracy_m=15, **more):
    return Where(position=Position(HOME.lat + more.get("north", 0.0), HOME.lng), accuracy_m=accuracy_m)


def test_what_is_only_said_at_the_door_is_a_claim_and_nobody_is_counted_as_seen(rig):
    rig.world.clock.advance((rig.regular().deadline - rig.world.clock.now()).total_seconds() - 3600)
    one = entered(rig)
    assert (one.shown, one.proof, one.state) == (Shown.CLAIMED, None, State.DONE)
    assert seen(rig) == 0
    assert [each.id for each, _ in rig.book.claimed(DISTRICT)] == [one.id]


def test_by_telephone_and_whoever_is_not_seen_needs_no_proof(rig):
    assert entered(rig, Result.REFUSED).shown is None
    round_ = rig.regular("R3")
    rig.enter(round_, means=Means.PHONE)
    assert stored(rig, round_.id).shown is None
    assert rig.book.claimed(DISTRICT) == []


def test_a_claim_counts_once_a_second_person_accepts_it_and_never_by_ones_own_word(rig):
    rig.world.clock.advance((rig.regular().deadline - rig.world.clock.now()).total_seconds() - 3600)
    one = entered(rig)
    with pytest.raises(Conflict):
        rig.rounds.review(one.id, accepted=True, by=BY, area=DISTRICT)
    assert seen(rig) == 0
    rig.rounds.review(one.id, accepted=True, by=OTHER, area=DISTRICT)
    assert (stored(rig, one.id).shown, stored(rig, one.id).reviewed_by) == (Shown.ACCEPTED, OTHER)
    assert seen(rig) == 1
    with pytest.raises(Conflict):
        rig.rounds.review(one.id, accepted=False, by=OTHER, area=DISTRICT)


def test_a_claim_that_is_not_accepted_does_not_count_and_somebody_goes_there_soon(rig):
    rig.world.clock.advance((rig.regular().deadline - rig.world.clock.now()).total_seconds() - 3600)
    one = entered(rig)
    rig.rounds.review(one.id, accepted=False, by=OTHER, area=DISTRICT)
    assert seen(rig) == 0
    [soon] = [each for each in rig.open() if each.kind is Kind.CHANGE]
    assert soon.deadline - rig.world.clock.now() <= timedelta(hours=24)
    assert rig.book.claimed(DISTRICT) == []


def test_the_position_of_a_telephone_at_the_home_proves_it(rig):
    rig.world.clock.advance((rig.regular().deadline - rig.world.clock.now()).total_seconds() - 3600)
    one = entered(rig, where=near())
    assert (one.shown, one.proof) == (Shown.PROVED, "position:38.0721000,114.4921000")
    assert seen(rig) == 1
    with rig.world.reading.connect() as connection:
        line = next(each for each in Record(connection).after(0, 10_000) if each.kind == "round_entered")
    assert '"proof":"position"' in line.body
    assert "38.07" not in line.body, "the record cannot be erased: it says by what, not where"


@pytest.mark.parametrize(("where", "at"), [
    (Where(position=Position(38.1, 114.49), accuracy_m=10), None),
    (near(accuracy_m=800), None),
    (near(), timedelta(minutes=30)),
], ids=["three kilometres away", "a telephone that knows nothing", "told half an hour later"])  # fmt: skip
def test_a_position_that_says_nothing_of_this_door_now_proves_nothing(rig, where, at):
    rig.world.clock.advance(3600)
    when = rig.world.clock.now() - at if at else None
    assert entered(rig, where=where, at=when).shown is Shown.CLAIMED


def test_the_very_same_position_proves_once_only(rig):
    assert entered(rig, where=near()).shown is Shown.PROVED
    rig.world.clock.advance(86_400)
    assert entered(rig, where=near()).shown is Shown.CLAIMED
    rig.world.clock.advance(86_400)
    assert entered(rig, where=near(north=0.00001)).shown is Shown.PROVED


@pytest.mark.parametrize(("home", "age", "shown"), [
    ("H1", 15 * MINUTE, Shown.PROVED), ("H1", 25 * MINUTE, Shown.CLAIMED), ("H2", MINUTE, Shown.CLAIMED)
])  # fmt: skip
def test_the_residents_own_button_proves_it_within_twenty_minutes(rig, home, age, shown):
    with rig.world.writing.begin() as connection:
        connection.execute(signals.insert().values(
            id=new_id(), event=Event.ATTENDANCE.value, gateway="g", protocol="scaip", address="a", dedup_key="k",
            received_at=rig.world.clock.now(), device_id="d", raw=b"", trusted=1, copies=1, details={},
            home_id=rig.world.home(home),
        ))  # fmt: skip
    rig.world.clock.advance(age.total_seconds())
    assert entered(rig).shown is shown


@pytest.mark.parametrize(("sender", "shown"), [
    ("+8613800000101", Shown.PROVED), ("+8613800000201", Shown.CLAIMED), ("+8613800000001", Shown.CLAIMED)
], ids=["the resident's", "their family's, from anywhere", "a carer's"])  # fmt: skip
def test_a_call_from_the_residents_own_number_proves_it(rig, sender, shown):
    now = rig.world.clock.now()
    with rig.world.writing.begin() as connection:
        Calls(connection).add(Call(
            id=CallId("c1"), provider="p", key="k", sender=sender, to="+86311", state=CallState.ANSWERED, came_at=now,
            due_at=None, ended_at=now,
        ))  # fmt: skip
    rig.world.clock.advance(300)
    assert entered(rig).shown is shown


@pytest.mark.parametrize("form", [
    {}, {"lat": "", "lng": ""}, {"lat": "nan", "lng": "1"}, {"lat": "0", "lng": "0"}, {"lat": "91", "lng": "1"},
    {"lat": "38", "lng": "114", "accuracy": "good"},
])  # fmt: skip
def test_a_form_that_tells_no_place_tells_none(form):
    assert where_of(form) is None


def test_a_form_tells_a_place_and_how_much_it_doubts():
    assert where_of({"lat": "38", "lng": "114"}) == Where(position=Position(38.0, 114.0))
    assert where_of({"lat": "38", "lng": "114", "accuracy": "12.4"}).accuracy_m == 12
    assert where_of({"lat": "38", "lng": "114", "accuracy": "nan"}).accuracy_m == 100_000


@pytest.fixture
def both(tmp_path):
    both = Both(tmp_path)
    yield both
    both.close()


def test_a_claim_is_proved_when_its_visit_counts_after_all(both):
    round_, visit = both.round_visit()
    both.until(visit.wanted.start_from)
    both.sign(visit, Which.BEGIN)
    both.until(both.world.clock.now() + 30 * MINUTE)
    both.rounds.enter(round_.id, Result.WELL, Means.VISIT, by=BY, area=DISTRICT)
    assert both.round(round_.id).shown is Shown.CLAIMED
    both.photo(visit)
    both.sign(visit, Which.FINISH)
    assert (both.round(round_.id).shown, both.round(round_.id).proof) == (Shown.PROVED, f"visit:{visit.id}")


def test_a_visit_that_counts_proves_what_is_entered_later_that_day(both):
    both.sources.append(both.wants)
    visit = both.planned()
    both.done_well(visit)
    both.until(both.world.clock.now() + 60 * MINUTE)
    round_ = both.round()
    both.rounds.enter(round_.id, Result.NEEDS, Means.VISIT, by=BY, area=DISTRICT, note="要一根拐杖")
    assert both.round(round_.id).proof == f"visit:{visit.id}"


def test_whoever_the_rounds_are_entrusted_to_is_sent_and_can_sign(both):
    both.rounds.entrust("R1", both.world.carer("C2"), by=BY, area=DISTRICT)
    round_ = both.round()
    [wanted] = both.rounds.wanted(round_.plan_on)
    assert wanted.usual == (both.carer("C2"),)
