# mypy: disable-error-code="untyped-decorator"
"""Duty's changes on the wire: `/api/v1/rotations`, `/swaps`, `/carer-absences`, `/vacancies`, `/holidays`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from marshmallow import RAISE

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.ids import CarerId
from dispatch.rules.people import Carer
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import in_pages
from dispatch.web.schemas import ListSchema, PageSchema
from schedules.duty.absent import Told
from schedules.duty.desk import DutyDesk
from schedules.duty.rotating import Rotating, Skipped
from schedules.duty.rules.rotation import Place, Rotation, Window, faults
from schedules.duty.rules.shifts import Shift
from schedules.duty.store.away import Vacancy
from schedules.duty.store.swaps import Swap
from schedules.duty.web.change_schemas import (
    CarerAbsenceAskSchema,
    CarerAbsenceEndSchema,
    CarerAbsenceSchema,
    DaysOffSchema,
    HolidayListSchema,
    RotationAskSchema,
    RotationChangeSchema,
    RotationSchema,
    StandInSchema,
    StandInShiftSchema,
    SwapAskSchema,
    SwapDecideSchema,
    SwapSchema,
    VacancyFillSchema,
)
from schedules.duty.web.parts import Office
from schedules.duty.web.words import Words
from schedules.holidays import Holidays

READ, WRITE = "read", "shifts"
AHEAD = timedelta(days=60)

Plain = dict[str, Any]


def changes_blueprint(office: Office, clock: Clock, *, transactions: Transactions) -> ApiBlueprint:
    """Everything that changes duty over time or between people; single shifts are at `/api/v1/shifts`."""
    desk, rotating, absent, swapping = office.desk, office.rotating, office.absent, office.swapping
    words = Words(desk, office.calendar)
    bp = ApiBlueprint("duty", __name__, description="Rotations, swaps, absences of carers, days off")
    once, told = Once(transactions), _Told(desk)

    @bp.get("/rotations")
    @either(READ, Right.CARERS_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def rotations(wanted: Plain) -> Any:
        rows = [told.rotation(*each, rotating.skipped()) for each in rotating.all() if _mine(each[0])]
        return in_pages(rows, wanted)

    @bp.post("/rotations")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(RotationAskSchema)
    @bp.response(201, RotationSchema)
    def rotation_added(wanted: Plain) -> Any:
        made = rotating.add(told.making(wanted), by=caller())
        return told.rotation(*rotating.get(made.id), rotating.skipped())

    @bp.get("/rotations/<rotation_id>")
    @either(READ, Right.CARERS_SEE)
    @bp.response(200, RotationSchema)
    def rotation(rotation_id: str) -> Any:
        return told.rotation(*_visible(rotating, rotation_id), rotating.skipped())

    @bp.patch("/rotations/<rotation_id>")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @bp.arguments(RotationChangeSchema)
    @bp.response(200, RotationSchema)
    def rotation_changed(wanted: Plain, rotation_id: str) -> Any:
        _visible(rotating, rotation_id)
        version = wanted.pop("version", None)
        rotating.change(rotation_id, told.changing(wanted), version=version, by=caller())
        return told.rotation(*rotating.get(rotation_id), rotating.skipped())

    @bp.get("/swaps")
    @either(READ, Right.CARERS_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def swaps(wanted: Plain) -> Any:
        return in_pages([_swap(each) for each in swapping.listed() if told.covers(each.carer_id)], wanted)

    @bp.post("/swaps")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(SwapAskSchema)
    @bp.response(201, SwapSchema)
    @words.spoken
    def swap_asked(wanted: Plain) -> Any:
        shift = told.shift(wanted["shift"])
        other = told.mine(wanted["carer"])
        return _swap(swapping.ask(shift.id, other.id, wanted.get("return_shift"), by=caller()))

    @bp.get("/swaps/<swap_id>")
    @either(READ, Right.CARERS_SEE)
    @bp.response(200, SwapSchema)
    def swap(swap_id: str) -> Any:
        return _swap(told.swap(swapping.get(swap_id)))

    @bp.post("/swaps/<swap_id>/answer")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(SwapDecideSchema)
    @bp.response(200, SwapSchema)
    @words.spoken
    def swap_answered(wanted: Plain, swap_id: str) -> Any:
        told.swap(swapping.get(swap_id))
        return _swap(swapping.answer(swap_id, yes=wanted["yes"], by=caller()))

    @bp.post("/swaps/<swap_id>/decide")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(SwapDecideSchema)
    @bp.response(200, SwapSchema)
    @words.spoken
    def swap_decided(wanted: Plain, swap_id: str) -> Any:
        told.swap(swapping.get(swap_id))
        return _swap(swapping.decide(swap_id, yes=wanted["yes"], by=caller(), reason=wanted.get("reason")))

    @bp.post("/swaps/<swap_id>/withdraw")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.response(200, SwapSchema)
    def swap_withdrawn(swap_id: str) -> Any:
        told.swap(swapping.get(swap_id))
        return _swap(swapping.withdraw(swap_id, by=caller()))

    @bp.get("/carer-absences")
    @either(READ, Right.CARERS_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def absences(wanted: Plain) -> Any:
        now = clock.now()
        rows = [_absence(each) for each in absent.between(now, now + AHEAD) if told.covers(each.absence.carer_id)]
        return in_pages(rows, wanted)

    @bp.post("/carer-absences")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(CarerAbsenceAskSchema)
    @bp.response(201, CarerAbsenceSchema)
    def absence_begun(wanted: Plain) -> Any:
        who = told.mine(wanted["carer"])
        return _absence(absent.begin(who.id, wanted["kind"], wanted["start"], wanted["end"], by=caller()))

    @bp.post("/carer-absences/<absence_id>/end")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(CarerAbsenceEndSchema)
    @bp.response(200, CarerAbsenceSchema)
    def absence_ended(wanted: Plain, absence_id: str) -> Any:
        _known(told, absent.get(absence_id).absence.carer_id)
        left = absent.end(absence_id, wanted.get("at") or clock.now(), by=caller())
        return _absence(left) if left else {"id": absence_id, "forgotten": True}

    @bp.get("/vacancies")
    @either(READ, Right.CARERS_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def vacancies(wanted: Plain) -> Any:
        now = clock.now()
        found = [row for each in absent.between(now, now + AHEAD) for row in each.vacancies]
        return in_pages([_vacancy(each) for each in found if told.covers(each.carer_id)], wanted)

    @bp.post("/vacancies/<vacancy_id>/fill")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(VacancyFillSchema)
    @bp.response(201, StandInShiftSchema)
    @words.spoken
    def vacancy_filled(wanted: Plain, vacancy_id: str) -> Any:
        _known(told, absent.vacancy(vacancy_id).carer_id)
        who = told.mine(wanted["carer"])
        return _shift(absent.fill(vacancy_id, who.id, by=caller(), reason=wanted.get("reason")))

    @bp.post("/shifts/<shift_id>/stand-in")
    @either(WRITE, Right.SHIFTS_CHANGE)
    @once
    @bp.arguments(StandInSchema)
    @bp.response(201, StandInShiftSchema)
    @words.spoken
    def stood_in(wanted: Plain, shift_id: str) -> Any:
        _known(told, desk.get(shift_id).carer_id)
        who = told.mine(wanted["carer"])
        made = absent.stand_in(
            shift_id, who.id, wanted["start"], wanted["end"], by=caller(), reason=wanted.get("reason")
        )
        return _shift(made)

    @bp.get("/holidays")
    @either(READ, Right.CARERS_SEE)
    @bp.arguments(HolidayListSchema, location="query", unknown=RAISE)
    @bp.response(200, DaysOffSchema)
    def days_off(wanted: Plain) -> Any:
        return _year(office.holidays, wanted["year"])

    return bp


class _Told:
    """What may be told and named by whoever asks."""

    def __init__(self, desk: DutyDesk) -> None:
        self._desk = desk

    def covers(self, carer_id: CarerId) -> bool:
        return area().covers(self._desk.station_of(carer_id))

    def mine(self, name: str) -> Carer:
        """The carer of this code or id, if the caller works for their station."""
        found = self._desk.carer(name)
        if not area().covers(found.station_id):
            raise Invalid("There is no such carer.", {"json": {"carer": ["There is no such carer."]}})
        return found

    def shift(self, id_: str) -> Shift:
        try:
            found = self._desk.get(id_)
            _known(self, found.carer_id)
        except NotFound:
            raise Invalid("There is no such shift.", {"json": {"shift": ["There is no such shift."]}}) from None
        return found

    def swap(self, swap: Swap) -> Swap:
        _known(self, swap.carer_id)
        return swap

    def making(self, wanted: Plain) -> Any:
        """What makes the rotation that is wanted, once it has an id."""
        station = next((each for each in self._desk.people()[1] if each.code == wanted["station"]), None)
        if station is None or not area().covers(station.id):
            raise Invalid("There is no such station.", {"json": {"station": ["There is no such station."]}})
        cycle, places = _cycle(wanted["cycle"]), self._places(wanted["places"], station.id)
        refuse_faults(cycle, places)
        return lambda id_: Rotation(
            id=id_, station_id=station.id, name=wanted["name"], first_day=wanted["first_day"],
            last_day=wanted.get("last_day"), cycle=cycle, places=places, reason=wanted.get("reason", ""),
        )  # fmt: skip

    def changing(self, wanted: Plain) -> Any:
        def changed(old: Rotation) -> Rotation:
            cycle = _cycle(wanted["cycle"]) if "cycle" in wanted else old.cycle
            places = self._places(wanted["places"], old.station_id) if "places" in wanted else old.places
            refuse_faults(cycle, places)
            more = {name: wanted[name] for name in ("name", "last_day", "reason") if name in wanted}
            return replace(old, cycle=cycle, places=places, **more)

        return changed

    def _places(self, said: Sequence[Plain], station_id: str) -> tuple[Place, ...]:
        found = [(self._desk.carer(each["carer"]), each["offset"]) for each in said]
        if any(each.station_id != station_id for each, _ in found):
            said_ = "This carer belongs to another station."
            raise Invalid(said_, {"json": {"places": [said_]}})
        return tuple(Place(carer_id=each.id, offset=offset) for each, offset in found)

    def rotation(self, rotation: Rotation, version: int, skipped: Sequence[Skipped]) -> Plain:
        codes = {each.id: each.code for each in self._desk.people()[0]}
        return {
            "id": rotation.id, "name": rotation.name, "station": rotation.station_id, "version": version,
            "first_day": rotation.first_day.isoformat(),
            "last_day": rotation.last_day.isoformat() if rotation.last_day else None, "reason": rotation.reason,
            "cycle": [[{"start": f"{w.start:%H:%M}", "end": f"{w.end:%H:%M}"} for w in day] for day in rotation.cycle],
            "places": [{"carer": codes.get(each.carer_id), "offset": each.offset} for each in rotation.places],
            "left_out": [
                {"carer": codes.get(each.turn.carer_id), "start": each.turn.start_at.isoformat(),
                 "end": each.turn.end_at.isoformat(), "why": each.why}
                for each in skipped if each.rotation.id == rotation.id
            ],
        }  # fmt: skip


def refuse_faults(cycle: Sequence[Sequence[Window]], places: Sequence[Place]) -> None:
    """
    Lets pass what can be walked.

    Raises:
        Invalid: names what is wrong.
    """
    said = {
        "length": ("cycle", "A cycle has 1 to 56 days with 4 windows each at most."),
        "overlap": ("cycle", "Windows of the cycle overlap."),
        "places": ("places", "A carer has one place, and there are 60 places at most."),
        "offset": ("places", "A place is a day of the cycle."),
    }
    for each in faults(cycle, places)[:1]:
        raise Invalid(said[each][1], {"json": {said[each][0]: [said[each][1]]}})


def _cycle(said: Sequence[Sequence[Plain]]) -> tuple[tuple[Window, ...], ...]:
    return tuple(
        tuple(Window(start=time.fromisoformat(w["start"]), end=time.fromisoformat(w["end"])) for w in day)
        for day in said
    )


def _mine(rotation: Rotation) -> bool:
    return area().covers(rotation.station_id)


def _visible(rotating: Rotating, id_: str) -> tuple[Rotation, int]:
    found = rotating.get(id_)
    if not _mine(found[0]):
        raise NotFound("no such rotation")
    return found


def _known(told: _Told, carer_id: CarerId) -> None:
    if not told.covers(carer_id):
        raise NotFound("no such thing")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _swap(swap: Swap) -> Plain:
    return {
        "id": swap.id, "state": swap.state, "why": swap.why or None, "carer": swap.carer_id, "shift": swap.shift_id,
        "start": _iso(swap.start_at), "end": _iso(swap.end_at), "other": swap.other_id,
        "return_shift": swap.other_shift_id, "return_start": _iso(swap.other_start_at),
        "return_end": _iso(swap.other_end_at), "asked_at": _iso(swap.asked_at), "expires_at": _iso(swap.expires_at),
        "ended_at": _iso(swap.ended_at),
    }  # fmt: skip


def _absence(told: Told) -> Plain:
    absence = told.absence
    return {
        "id": absence.id, "carer": absence.carer_id, "kind": absence.kind, "start": _iso(absence.from_at),
        "end": _iso(absence.until_at), "vacancies": [_vacancy(each) for each in told.vacancies],
        "holes": [{"start": _iso(each.start_at), "end": _iso(each.end_at)} for each in told.holes],
    }  # fmt: skip


def _vacancy(window: Vacancy) -> Plain:
    return {
        "id": window.id, "absence": window.absence_id, "carer": window.carer_id, "start": _iso(window.start_at),
        "end": _iso(window.end_at), "filled_by": window.filled_by,
    }  # fmt: skip


def _shift(shift: Shift) -> Plain:
    return {
        "id": shift.id, "carer": shift.carer_id, "start": _iso(shift.start_at), "end": _iso(shift.end_at),
        "sequence": shift.sequence,
    }  # fmt: skip


def _year(holidays: Holidays, year: int) -> Plain:
    def day(each: date) -> str:
        return each.isoformat()

    return {
        "year": year, "published": holidays.is_published(year), "source": holidays.source(year) or None,
        "holidays": [
            {"name": each.name, "first": day(each.first), "last": day(each.last), "worked": [*map(day, each.worked)]}
            for each in holidays.holidays(year)
        ],
        "festivals": {name: day(each) for name, each in holidays.festivals(year).items()},
    }  # fmt: skip
