"""Files of beds, rounds, services and signs that are not in order: what stands in, what stands still, what goes on."""

from dataclasses import replace
from datetime import date

import pytest
from structlog.testing import capture_logs

from config.beds_options import BedSettings
from config.doctor_files import room_files
from config.settings import Settings
from config.tolerated import stood_in
from config.travel import travel_anyway
from config.wiring_beds import build_beds
from config.wiring_devices import plan_of
from dispatch.rules.rights import DISTRICT
from schedules.care.rules.bed import State
from schedules.care.rules.month import Course
from schedules.care.standing import Months
from schedules.orders.ordering import Ordering
from schedules.orders.rules.order import State as OrderState
from schedules.rounds.rounding import RoundsDesk
from tests.integration import test_orders, test_rounds
from tests.integration.beds_rig import TODAY, BedsRig

STRANGE = {
    "nothing": b"", "no TOML": b"= = =", "no text": b"\xff\xfe\x00", "another thing": b"colour = 1\n",
    "endless": b"a = " + b"[" * 5000,
    "rows of numbers": b"classes = [1]\nservices = [1]\nitems = [1]\nstandards = [1]\n",
    "wrong kinds": b'types = 5\n[[classes]]\nkey = 7\nmeans = 5\n[[services]]\nkey = 7\n[[items]]\ncode = {}\n'
                   b"[[standards]]\nid = 1\n[sign]\nx = 1\n[kinds]\nx = []\n[[barriers]]\nline = 5\n",
}  # fmt: skip
"""Contents that no file of ours has."""


@pytest.mark.parametrize("content", STRANGE)
def test_no_content_of_any_file_is_more_than_a_finding(tmp_path, content):
    file, folder = tmp_path / "strange.toml", tmp_path / "standards"
    folder.mkdir()
    for path in (file, folder / "strange.toml"):
        path.write_bytes(STRANGE[content])
    plain = Settings(home=tmp_path)
    settings = replace(
        plain, beds=replace(plain.beds, standards=folder, assessments=file, items=file),
        rounds=replace(plain.rounds, book=str(file)), orders=replace(plain.orders, services=str(file)),
        welfare=replace(plain.welfare, file=file), devices=replace(plain.devices, file=file),
        anomalies=replace(plain.anomalies, rules=str(file)), privacy=replace(plain.privacy, retention=file),
        review=replace(plain.review, file=file), satisfaction=replace(plain.satisfaction, form=file),
        travel=replace(plain.travel, barriers=file), duty=replace(plain.duty, holidays=str(folder)),
    )  # fmt: skip
    found = {each.name: each for each in room_files(settings)}
    # A file without barriers is a district without rivers.
    well = {name for name, each in found.items() if each.well}
    assert well <= {"barriers file", "policies"}
    assert all(each.seen and each.cure for each in found.values() if not each.well)
    with capture_logs() as logs:
        travel_anyway(settings)
        stood_in("devices", lambda: plan_of(file), lambda: plan_of(plain.devices.file))
    assert {each["room"] for each in logs} <= {"barriers", "devices"}


# ------------------------------------------------------------------------------------------------ beds


@pytest.fixture
def rig(tmp_path):
    rig = BedsRig(tmp_path)
    yield rig
    rig.close()


def months_of(rig, settings) -> tuple[Months, str]:
    """How months are counted after a start with these files, and what the pages say is wrong."""
    world = rig.world
    with capture_logs():
        made = build_beds(
            settings, world.transactions, world.reading, world.clock, world.calendar, nudge=lambda: None
        )  # fmt: skip
    made.elsewhere.visits = rig.visits
    return made.months, made.lacking


def in_service(rig):
    """A bed with a visit on each day of the month so far, and everything else that its standard asks for."""
    bed = rig.until(State.ACTIVE)
    resident = rig.bed(bed).resident_id
    for day in (21, 22):
        rig.visits.add(resident, date(2026, 11, day), 8 * 60, medical=True, items=rig.beds.items.basic)
    return bed


def test_a_month_whose_standard_cannot_be_read_is_never_taken_for_fulfilled(rig, tmp_path):
    bed = in_service(rig)
    folder = tmp_path / "standards"
    folder.mkdir()
    (folder / "fj.toml").write_text("no TOML", encoding="utf-8")
    months, lacking = months_of(rig, BedSettings(standards=folder))
    stood = months.statement(bed, TODAY, DISTRICT).standing
    assert (stood.course, stood.fails) == (Course.UNKNOWN, ["standard"])
    assert stood.counted.minutes == 8 * 60 * 2
    assert "fj.toml" in lacking
    # The rule of the money says its own numbers: by those it can be told.
    by_rule = months.statement(bed, TODAY, DISTRICT).held_to({"visits_per_day_min": 1}).standing
    assert by_rule.course is not Course.UNKNOWN
    months.round()
    assert months_of(rig, BedSettings())[1] == ""


def test_basic_items_are_counted_by_no_other_list_than_the_centres_own(rig, tmp_path):
    bed = in_service(rig)
    known = rig.beds.months.statement(bed, TODAY, DISTRICT).standing
    months, lacking = months_of(rig, BedSettings(items=tmp_path / "none.toml"))
    blind = months.statement(bed, TODAY, DISTRICT).standing
    assert "none.toml" in lacking
    assert "basic_items" in blind.fails
    assert "basic_items" not in known.fails
    [point] = [each for each in blind.points if each.name == "basic_items"]
    assert (point.course, point.done) == (Course.UNKNOWN, None)


def test_without_standards_of_assessment_beds_go_on(rig, tmp_path):
    world = rig.world
    with capture_logs() as logs:
        made = build_beds(
            BedSettings(assessments=tmp_path / "none.toml", standard="of-nobody"), world.transactions, world.reading,
            world.clock, world.calendar, nudge=lambda: None,
        )  # fmt: skip
    assert made.assessing.standards == {}
    assert {each["room"] for each in logs} == {"assessments", "standards"}
    assert "of-nobody" in made.lacking
    bed = made.life.apply("R1", "nj-bed-2021", by=test_rounds.BY, area=DISTRICT)
    assert rig.bed(bed).state is State.APPLIED


# ------------------------------------------------------------------------------------------------ rounds


def test_nobody_changes_lists_by_a_book_that_stands_in_and_rounds_go_on(tmp_path):
    rig = test_rounds.Rig(tmp_path)
    try:
        world, own = rig.world, rig.regular("R1")
        # The centre's own book has other classes: the program's stands in for it, and does not know this one.
        world.transactions.run(lambda tx: _renamed(tx, "weekly", world.resident("R1")))
        parts = (world.transactions, world.reading, world.clock, world.calendar, test_rounds.BOOK, world.desk)
        desk = RoundsDesk(*parts, nudge=lambda: None, lacking="the file is wrong")
        desk.check()
        assert rig.regular("R1").cls == "weekly"
        desk.enter(own.id, test_rounds.Result.WELL, test_rounds.Means.VISIT, by=test_rounds.BY, area=DISTRICT)
        after = rig.regular("R1")
        assert after.id != own.id
        assert (after.cls, after.due_on - rig.today()) == ("weekly", 7 * test_rounds.DAY)
        # With the book mended everybody is where they belong.
        rig.rounds.check()
        assert rig.regular("R1").cls == "high"
    finally:
        rig.world.close()


def _renamed(tx, cls, resident):
    shelf = test_rounds.Rounds(tx.connection)
    shelf.put(replace(shelf.listed(resident), cls=cls))
    for each in shelf.open_of(resident):
        shelf.save(replace(each, cls=cls))


# ------------------------------------------------------------------------------------------------ orders


def test_what_was_promised_stays_when_its_service_leaves_the_list(tmp_path):
    rig = test_orders.Rig(tmp_path)
    try:
        world, order = rig.world, rig.take("escort")
        provider = rig.get(order).provider
        without = replace(test_orders.SERVICES, services={
            key: each for key, each in test_orders.SERVICES.services.items() if key != "escort"
        })  # fmt: skip
        ordering = Ordering(
            world.transactions, world.reading, world.clock, world.calendar, without, rates=rig.rates,
            nudge=lambda: None, lacking="the file is wrong",
        )  # fmt: skip
        ordering.accept(order.id, provider, by=provider, area=None)
        day = world.calendar.day_of(order.start_at)
        assert [each.key for each in ordering.wanted(day)] == [f"order:{order.id}"]
        # Whoever cannot come after all is let go, and a person sees to it.
        declined = ordering.decline(order.id, by=provider, area=None)
        assert (declined.state, rig.to_do()) == (OrderState.WAITING, ["order_waits"])
        assert ordering.wanted(day) == []
    finally:
        rig.world.close()
