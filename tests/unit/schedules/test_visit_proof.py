"""What speaks against a visit, one rule after the other, and the honest mess that must pass."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.rules.place import Position
from schedules.care.rules.evidence import Away, Case, Entry, Limits, Place, Trip, place_of
from schedules.care.rules.lateness import Patience, Step, due_of, look
from schedules.care.rules.presence import Photo, Point, State, Visit, Way, Which
from schedules.care.rules.proof import find
from schedules.care.rules.visit import Source, Wanted

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOME, FAR = Position(38.0720, 114.4920), Position(38.0990, 114.4920)
WANTED = Wanted(
    key="plan:1", source=Source.PLAN, home_id="h", resident_id="r", on=date(2026, 11, 23), start_from=NINE,
    start_by=NINE + 30 * MINUTE, minutes=60, items=("B01",),
)  # fmt: skip
VISIT = Visit(id="v", wanted=WANTED, code=100, state=State.FINISHED, carer_ids=("c",), items=("B01",))


def at_m(metres):
    return Position(HOME.lat + metres / 111_195, HOME.lng)


def point(which, at, *, id_=None, way=Way.PAGE, position=HOME, **more):
    carer = more.pop("carer_id", "c")
    return Point(
        id=id_ or f"{which}-{carer}", visit_id="v", which=which, way=way, at=at,
        received_at=more.pop("received_at", at), by=more.pop("by", f"carer:{carer}"), carer_id=carer,
        position=position, **more,
    )  # fmt: skip


def case(*points, visit=VISIT, photo=True, **more):
    points = points or (point(Which.BEGIN, NINE), point(Which.FINISH, NINE + HOUR))
    photos = [Photo(visit_id="v", sha256="a", received_at=NINE + 30 * MINUTE, taken_at=NINE + 30 * MINUTE)]
    facts = {"home": HOME, "photos": photos if photo else [], "local_day": date(2026, 11, 23), **more}
    return Case(visit=visit, points=points, **facts)


def codes(one, limits=Limits()):  # noqa: B008
    return [str(each.code) for each in find(one, limits)]


def ends(first=None, last=None):
    return case(point(Which.BEGIN, NINE, **(first or {})), point(Which.FINISH, NINE + HOUR, **(last or {})))


@pytest.mark.parametrize(
    "one",
    [
        case(),
        ends({"position": at_m(150), "accuracy_m": 60}, {"position": at_m(280), "accuracy_m": 150}),
        ends(
            {"position": None, "way": Way.LANDLINE, "proof": "call:1"},
            {"position": None, "way": Way.LANDLINE, "proof": "call:2"},
        ),
        ends({"received_at": NINE + 4 * HOUR}, {"received_at": NINE + 4 * HOUR}),
        case(
            point(Which.BEGIN, NINE),
            point(Which.FINISH, NINE + HOUR, way=Way.RESIDENT, position=None, proof="call:1", by="operator:w"),
            photo=False,
        ),
        case(
            point(Which.BEGIN, NINE, position=FAR, id_="gate"),
            point(Which.BEGIN, NINE + MINUTE),
            point(Which.FINISH, NINE + HOUR),
        ),
        case(
            point(Which.BEGIN, NINE, position=None),
            point(Which.FINISH, NINE + HOUR),
            point(Which.CONFIRM, NINE + 5 * MINUTE, way=Way.TAG, proof="signal:1", carer_id=None, position=None),
        ),
        case(photos=[Photo(visit_id="v", sha256="a", received_at=NINE + HOUR)]),
        case(
            others=[
                Trip(
                    visit_id="w",
                    carer_id="c",
                    begun_at=NINE + HOUR + 20 * MINUTE,
                    finished_at=NINE + 3 * HOUR,
                    place=FAR,
                )
            ],
            means={"c": "ebike"},
        ),
        case(entries=[Entry(visit_id="w", carer_id="c", received_at=NINE + 30 * timedelta(seconds=1))]),
        case(died_on=date(2026, 11, 23)),
        case(point(Which.BEGIN, NINE), point(Which.FINISH, NINE + 48 * MINUTE)),
        case(
            point(Which.BEGIN, NINE),
            point(Which.FINISH, NINE + 38 * MINUTE),
            visit=replace(VISIT, wanted=replace(WANTED, minutes=47)),
        ),
    ],
    ids=str,
)
def test_honest_mess_counts(one):
    assert codes(one) == []


@pytest.mark.parametrize(
    ("one", "found"),
    [
        (case(visit=replace(VISIT, carer_ids=("d",))), ["not_assigned"]),
        (ends({"by": "carer:d"}), ["other_telephone"]),
        (case(visit=replace(VISIT, wanted=replace(WANTED, carers=2))), ["hands_missing"]),
        (case(point(Which.FINISH, NINE + HOUR)), ["no_begin", "no_witness", "photo_stale"]),
        (case(point(Which.BEGIN, NINE + 15 * MINUTE)), ["no_finish"]),
        (case(visit=replace(VISIT, items=())), ["no_items"]),
        (ends(last={"position": None}), ["position_missing"]),
        (ends(last={"way": Way.SMS, "position": None}), ["position_missing"]),
        (ends(last={"position": at_m(20), "accuracy_m": 5000}), ["position_missing"]),
        (case(home=None), ["home_unplaced"]),
        (case(same_place={"begin-c": "w"}), ["position_reused"]),
        (ends({"position": FAR}), ["too_far"]),
        (
            case(
                point(Which.BEGIN, NINE),
                point(Which.FINISH, NINE + HOUR, position=FAR),
                point(Which.CONFIRM, NINE + 50 * MINUTE, way=Way.TAG, proof="signal:1", carer_id=None, position=None),
            ),
            ["too_far"],
        ),
        (ends({"position": at_m(310), "accuracy_m": 400}), ["too_far"]),
        (case(point(Which.BEGIN, NINE), point(Which.FINISH, NINE + 47 * MINUTE)), ["too_short"]),
        (case(point(Which.BEGIN, NINE), point(Which.FINISH, NINE)), ["too_short"]),
        (
            case(
                point(Which.BEGIN, NINE),
                point(Which.FINISH, NINE + 37.9 * MINUTE),
                visit=replace(VISIT, wanted=replace(WANTED, minutes=47)),
            ),
            ["too_short"],
        ),
        (case(visit=replace(VISIT, wanted=replace(WANTED, least_minutes=61))), ["too_short"]),
        (case(point(Which.BEGIN, NINE), point(Which.FINISH, NINE + 3 * HOUR + MINUTE)), ["too_long"]),
        (
            case(visit=replace(VISIT, wanted=replace(WANTED, start_from=NINE + 3 * HOUR, start_by=NINE + 4 * HOUR))),
            ["off_time"],
        ),
        (
            case(
                others=[
                    Trip(
                        visit_id="w", carer_id="c", begun_at=NINE + 50 * MINUTE, finished_at=NINE + 3 * HOUR, place=HOME
                    )
                ]
            ),
            ["overlap"],
        ),
        (
            case(
                others=[
                    Trip(
                        visit_id="w", carer_id="c", begun_at=NINE + 61 * MINUTE, finished_at=NINE + 3 * HOUR, place=FAR
                    )
                ],
                means={"c": "ebike"},
            ),
            ["impossible_travel"],
        ),
        (ends(last={"received_at": NINE + 26 * HOUR}), ["entered_late"]),
        (ends(last={"way": Way.OFFICE, "by": "operator:w", "position": None}), ["office_entry"]),
        (ends(last={"received_at": NINE + 50 * MINUTE}), ["clock_wrong"]),
        (case(photo=False), ["no_witness"]),
        (
            case(photos=[Photo(visit_id="v", sha256="a", received_at=NINE + HOUR, taken_at=NINE - 3 * DAY)]),
            ["no_witness", "photo_stale"],
        ),
        (case(used={"a": "w"}), ["no_witness", "photo_reused"]),
        (case(away=[Away(kind="hospital", from_at=NINE - DAY, until_at=NINE + DAY)]), ["resident_away"]),
        (case(left_at=NINE - DAY), ["resident_left"]),
        (case(died_on=date(2026, 11, 22)), ["resident_dead"]),
        (case(entries=[Entry(visit_id=each, carer_id="c", received_at=NINE) for each in "wx"]), ["burst"]),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_speaks_against_it_is_found_and_nothing_else(one, found):
    assert codes(one) == found


def test_an_unsound_visit_says_nothing_against_a_sound_one():
    trip = Trip(visit_id="w", carer_id="c", begun_at=NINE, finished_at=NINE + HOUR, place=HOME, sound=False)
    assert codes(case(others=[trip])) == []
    assert codes(case(others=[trip], photo=False)) == ["overlap", "no_witness"]


@pytest.mark.parametrize(("means", "most_m"), [("foot", 2100), ("ebike", 7500), ("car", 18_300), ("", 18_300)])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_way_of_ten_minutes_is_as_long_as_ones_own_means_allow_there_and_back(means, most_m, before):
    begun = NINE - 70 * MINUTE if before else NINE + 70 * MINUTE

    def found(metres):
        trip = Trip(visit_id="w", carer_id="c", begun_at=begun, finished_at=begun + HOUR, place=at_m(metres))
        return codes(case(others=[trip], means={"c": means} if means else {}))

    assert (found(most_m - 10), found(most_m + 10)) == ([], ["impossible_travel"])


def test_a_second_persons_word_is_as_good_as_a_place():
    entry = point(Which.FINISH, NINE, way=Way.OFFICE, position=None, by="operator:w")
    assert place_of(entry, HOME, Limits()) is Place.UNKNOWN
    assert place_of(replace(entry, approved_by="operator:l"), HOME, Limits()) is Place.PROVEN


def test_where_no_witness_is_asked_for_none_is_missed():
    assert codes(case(photo=False), Limits(witness=False)) == []


# ------------------------------------------------------------------------------------------------ the chase

WAITING = Visit(id="v", wanted=WANTED, code=100, carer_ids=("c",))
BY = WANTED.start_by


@pytest.mark.parametrize(("after", "chase", "steps"), [
    (14, 0, []), (15, 0, [Step.REMIND]), (29, 1, []), (30, 1, [Step.TELL]), (59, 2, []), (60, 2, [Step.MISS]),
    (300, 0, [Step.REMIND, Step.TELL]), (300, 1, [Step.TELL]),
])  # fmt: skip
def test_the_ladder_of_a_visit_that_does_not_begin(after, chase, steps):
    moved, taken = look(replace(WAITING, chase=chase), BY + after * MINUTE, Patience())
    assert taken == steps
    assert (moved.state is State.MISSED) == (Step.MISS in steps)
    assert moved.due_at is None or moved.due_at > BY + after * MINUTE


def test_a_second_pair_of_hands_is_waited_for_as_well():
    begun = replace(WAITING, state=State.BEGUN, begun_at=NINE, wanted=replace(WANTED, carers=2))
    moved, steps = look(begun, BY + 15 * MINUTE, Patience(), hands=1)
    assert (steps, moved.due_at) == ([Step.REMIND], BY + 30 * MINUTE)
    moved, steps = look(moved, BY + 30 * MINUTE, Patience(), hands=1)
    assert (steps, moved.due_at) == ([Step.TELL], NINE + 2 * HOUR)
    assert look(moved, NINE + 2 * HOUR, Patience(), hands=1)[1] == [Step.UNSIGNED]


def test_nobody_signs_out_for_ever():
    begun = replace(WAITING, state=State.BEGUN, begun_at=NINE, chase=3)
    moved, steps = look(begun, NINE + 7 * HOUR, Patience(), hands=1)
    assert (steps, moved.state, moved.due_at) == ([Step.ABANDON], State.FINISHED, NINE + 7 * HOUR)


def test_what_is_over_waits_for_nothing():
    for state in (State.FINISHED, State.MISSED, State.CANCELLED):
        assert due_of(replace(WAITING, state=state), Patience()) is None
        assert look(replace(WAITING, state=state), BY + DAY, Patience())[1] == []


@pytest.mark.parametrize(("presses", "found"), [((15,), "finish"), ((16,), "begin"), ((3, 28), None)])
def test_one_word_of_the_home_vouches_for_the_nearer_end_of_a_short_visit_and_never_for_both(presses, found):
    short = replace(VISIT, wanted=replace(WANTED, minutes=30, least_minutes=None))
    vague = {"position": at_m(600), "accuracy_m": 5000}
    words = [
        point(Which.CONFIRM, NINE + each * MINUTE, way=Way.RESIDENT, proof=f"call:{each}", carer_id=None, position=None,
              id_=f"word-{each}", by="resident:r")
        for each in presses
    ]  # fmt: skip
    one = case(
        point(Which.BEGIN, NINE, **vague), point(Which.FINISH, NINE + 31 * MINUTE, **vague), *words, visit=short
    )  # fmt: skip
    missing = [each for each in find(one, Limits()) if each.code == "position_missing"]
    assert [str(each.evidence["which"]) for each in missing] == ([found] if found else [])
