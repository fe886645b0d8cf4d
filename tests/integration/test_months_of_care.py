"""Months of home care against a second program's answers (`tests.months_of_care`): signed, judged, stood and paid."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from dispatch.rules.people import operator
from dispatch.rules.place import Position
from dispatch.rules.rights import DISTRICT
from schedules.calendar import Calendar
from schedules.care.rules.bed import Deed, State, Why
from schedules.care.rules.evidence import Limits
from schedules.care.rules.lateness import Patience
from schedules.care.rules.presence import Way, Which
from schedules.care.rules.visit import Source, Wanted
from schedules.care.visit_letters import Letters
from schedules.care.visit_planning import Planning
from schedules.care.visiting import Said, Visiting
from schedules.money.rules.bills import Line
from tests.integration.money_rig import CHIEF, MoneyRig
from tests.integration.visits_rig import Rig as VisitsRig
from tests.integration.visits_rig import Wants
from tests.months_of_care import PRICE_FEN, SUBSIDY_FEN, Sign, Story, Visit, day_of, month
from tests.unit.money.rig import SHIPPED

JUDGE = operator("judge")
CITY = f"""
[policy]
id = "city"
kind = "home_bed"
title = "本市床位"
grade = "A"
[eligible]
age_min = 60
[operating]
per_bed_month_up_to = "{SUBSIDY_FEN // 100}.00"
[standard]
visits_per_day_min = 1
hours_per_month_min = 30
medical_visits_per_month_min = 2
basic_items_min = 15
"""
HOME = Position(38.0720, 114.4920)
DEGREE_M = 111_195.0


class Town(MoneyRig):
    """Beds and money over visits that are signed and judged, by the clocks of one place."""

    settle_visits, until_at = VisitsRig.settle, VisitsRig.until
    visit, carer, findings = VisitsRig.visit, VisitsRig.carer, VisitsRig.findings

    def __init__(self, folder: Path, zone: str) -> None:
        rules = folder / "rules"
        rules.mkdir()
        (rules / "city.toml").write_text(CITY, "utf-8")
        for name in ("nat-voucher-2026", "exclusions"):
            (rules / f"{name}.toml").write_bytes((SHIPPED / f"{name}.toml").read_bytes())
        self.zone, self._signed = zone, 0
        super().__init__(folder, policies=rules, beds="city", visits="", calls="")

    def build(self, **more):
        """Everything is made anew by the calendar of the place."""
        from config.beds_options import BedSettings
        from config.wiring_beds import build_beds

        world = self.world
        world.calendar = Calendar(self.zone)
        parts = (world.transactions, world.reading, world.clock, world.calendar)
        self.beds = build_beds(BedSettings(), *parts, nudge=lambda: None)
        self.wants = Wants()
        self.planning = Planning(
            *parts, sources=[self.wants], patience=Patience(), days_ahead=1, nudge=lambda: None
        )  # fmt: skip
        self.visiting = Visiting(
            *parts, world.desk, letters=Letters([]), patience=Patience(), limits=Limits(), nudge=lambda: None
        )
        self.visits = self.beds.elsewhere.visits = self.visiting
        self.tags = Nothing()
        return super().build(**more)

    settle_all = MoneyRig.settle

    def settle(self) -> None:  # what `until_at` calls on its way
        self.settle_visits()

    # ------------------------------------------------------------------------------------------- a month

    def live(self, story: Story) -> str:
        """The bed is opened, everything happens at its time; the bed."""
        self.comes(story.begun_on, time(0, 5))
        bed = self.opened(story.begun_on)
        suspended = resumed = story.away is None
        for each in story.visits:
            self._plan(each)
        for number, each in enumerate(story.visits):
            if each.kind == "beside":
                continue
            day = day_of(each, story.zone)
            if not suspended and story.away and day > story.away[0]:
                self.comes(story.away[0], time(13))
                self.step(bed, Deed.SUSPEND, why=Why.HOSPITAL, on=story.away[0])
                suspended = True
            if not resumed and story.away and day >= story.away[1]:
                self.comes(story.away[1], time(0, 30))
                self.step(bed, Deed.RESUME, on=story.away[1])
                resumed = True
            beside = [one for one in story.visits[number + 1 : number + 2] if one.kind == "beside"]
            self._happen([each, *beside])
        self.comes(story.days[-1] + timedelta(days=3))
        self.settle()
        return bed

    def comes(self, day: date, at: time = time(12)) -> None:
        self.until_at(datetime.combine(day, at, self.world.calendar.tzinfo))

    def opened(self, on: date) -> str:
        bed = self.apply()
        self.assess(bed, on=on)
        for deed, who in ((Deed.FIRST_REVIEW, "town"), (Deed.APPROVE, "county")):
            self.step(bed, deed, operator(who))
        self.step(bed, Deed.BUILD, org="设计一所")
        self.step(bed, Deed.ACCEPT, operator("county"), org="验收一所")
        self.step(bed, Deed.ACTIVATE, org="服务一所", agreed_from=on, agreed_until=on + timedelta(days=400))
        assert self.bed(bed).state is State.ACTIVE
        return bed

    def _plan(self, visit: Visit) -> None:
        self.wants.visits.append(Wanted(
            key=visit.key, source=Source.PLAN, home_id=self.world.home("H1"), resident_id=self.world.resident("R1"),
            on=self.world.calendar.day_of(visit.start), start_from=visit.start,
            start_by=visit.start + timedelta(minutes=30), minutes=visit.planned, items=visit.items,
            carers=len(visit.carers), medical=visit.medical, usual=tuple(self.carer(each) for each in visit.carers),
        ))  # fmt: skip

    def _happen(self, visits: Sequence[Visit]) -> None:
        """These visits, whose times may touch; what is said of them in the order in which it is."""
        self.until_at(visits[0].start - timedelta(minutes=20))
        for each in visits:
            self.planning.plan(self.world.calendar.day_of(each.start))
        for sign, visit in sorted(((sign, each) for each in visits for sign in each.signs), key=lambda row: row[0].at):
            self.until_at(sign.at)
            self._say(sign, visit)
        self.settle()
        for visit in visits:
            for each in self.findings(visit.key).values() if visit.person else ():
                self.visiting.resolve(each.id, visit.person, by=JUDGE, note="看过现场记录")
        self.settle()

    def _say(self, sign: Sign, visit: Visit) -> None:
        on_file, by = self.visit(visit.key), self.world.carer(sign.carer)
        self._signed += 1
        self.visiting.sign(on_file.id, Said(
            key=f"press-{self._signed}", which=Which.BEGIN if sign.comes else Which.FINISH, way=Way.PAGE, by=by,
            carer_id=self.carer(sign.carer), accuracy_m=20,
            position=Position(HOME.lat + sign.metres / DEGREE_M, HOME.lng + self._signed * 1e-7),
        ))  # fmt: skip
        if visit.photo and sign is visit.signs[-1]:
            sha = hashlib.sha256(visit.key.encode()).hexdigest()
            self.visiting.add_photo(on_file.id, sha, taken_at=sign.at, by=by)

    def bill(self, story: Story) -> None:
        lines = [
            Line(number=number, on=day_of(each, story.zone), amount_fen=PRICE_FEN, proof="visit",
                 ref=self.visit(each.key).id)
            for number, each in enumerate(story.lines(), 1)
        ]  # fmt: skip
        self.file(0, story.days[-1], kind="home", lines=lines)


class Nothing:
    """No tags in these homes."""

    def check(self) -> None:
        """Reads nothing."""


MONTHS = {
    "the leap February with a stay in hospital": (date(2028, 2, 1), "Asia/Shanghai", {"away": True}),
    "the clocks go back": (date(2027, 10, 1), "Europe/Berlin", {"slips": 5}),
    "the clocks go forward": (date(2027, 3, 1), "Europe/Berlin", {"slips": 1}),
    "the end of a year, begun in its midst": (date(2026, 12, 1), "Asia/Shanghai", {"whole": False}),
}


@pytest.mark.parametrize("name", [
    each if number < 2 else pytest.param(each, marks=pytest.mark.drill) for number, each in enumerate(MONTHS)
])  # fmt: skip
def test_a_month_comes_to_what_another_program_says(tmp_path, name):
    first, zone, more = MONTHS[name]
    lived(tmp_path, month(Random(name), first, zone, **more))


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(12))
def test_months_of_every_kind_come_to_what_another_program_says(tmp_path, seed):
    draw = Random(f"months {seed}")
    first = date(2027 + seed % 2, 1 + seed, 1)
    zone = ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns")[seed % 3]
    lived(tmp_path, month(draw, first, zone, slips=seed % 6, away=seed % 4 == 1, whole=seed % 5 != 2))


def lived(folder: Path, story: Story) -> None:
    town, answer = Town(folder, story.zone.key), story.answer
    try:
        bed = town.live(story)
        for each in story.visits:
            kept = town.visit(each.key)
            got = int((kept.finished_at - kept.begun_at).total_seconds()) // 60 if kept.counts else None
            assert (each.kind, each.key, got) == (each.kind, each.key, each.minutes), town.findings(each.key)
        standing = town.beds.months.statement(bed, story.first, DISTRICT).standing
        counted = standing.counted
        assert dict(counted.by_day) == answer.days
        assert (counted.visits, counted.minutes, counted.medical) == (answer.visits, answer.minutes, answer.medical)
        assert (counted.items, standing.owed, list(standing.fails)) == (answer.items, answer.owed, answer.fails)
        town.bill(story)
        month_ = f"{story.first:%Y-%m}"
        reckoned = town.month(month_)
        [bed_row] = reckoned.beds
        assert bed_row.award.amount_fen == answer.subsidy_fen
        town.money.settling.settle(month_, by=CHIEF)
        assert sum(each["amount_fen"] for each in town.paid(month_).values()) == answer.subsidy_fen + answer.voucher_fen
    finally:
        town.close()
