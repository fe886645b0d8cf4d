"""
The pages of whoever installs and repairs: what is there, what is new, what is wrong. They work on a phone and without a
script; while a test press is waited for, the page asks again by itself.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from jinja2 import Environment
from werkzeug.wrappers import Response

from devices.rules.repair import Result
from devices.store.lists import FIND_MAX, Show
from devices.store.press_tests import Purpose
from devices.upkeep.incidents import TROUBLES
from devices.upkeep.press_tests import Wanted
from devices.upkeep.register import Label, Reason
from devices.web import words
from devices.web.repairs import known_owner
from devices.web.shelves import Plain, Shelves, Upkeep
from dispatch.clock import Clock
from dispatch.errors import AlreadyPaired, Invalid
from dispatch.ids import DeviceId
from dispatch.rules.rights import Right
from dispatch.web.access import caller, require
from dispatch.web.i18n import current_words, gettext
from dispatch.web.words import word

SHOWN_MAX = 100
CASES_MAX = 200
KEPT = ("protocol", "address", "gateway", "resident", "code", "minutes", "notify")
"""What was typed into the form of a stranger stays in it."""

PEOPLE_MAX = 2_000
"""Residents offered while typing; any other is found by code all the same."""

LATELY = timedelta(hours=12)
"""So long the page of a device says in large letters what became of its last test press."""

TEXT_MAX = 2_000
WAITS = (2, 10, 30, 60)
"""Minutes for which a test press may be waited for, as offered."""

Form = Mapping[str, str]


def device_pages(
    shelves: Shelves, upkeep: Upkeep, *, clock: Clock, zone: tzinfo, names: Callable[[], Mapping[str, str]]
) -> Blueprint:
    """`/devices`, `/repairs` and what is below them. `names` says what operators are called, by reference."""
    bp = Blueprint("device_pages", __name__, template_folder="templates")
    desk = _Desk(shelves, upkeep, clock, zone, names)
    bp.record_once(lambda state: _teach(state.app.jinja_env, zone, clock))

    @bp.get("/devices")
    @require(Right.DEVICES_SEE)
    def devices() -> str:
        return render_template("devices.html", **desk.listed(request.args))

    @bp.get("/devices/new")
    @require(Right.DEVICES_SEE)
    def new() -> str:
        return render_template("devices_new.html", strangers=shelves.strangers()[:SHOWN_MAX], **_WORDS)

    @bp.get("/devices/pair")
    @require(Right.DEVICES_CHANGE)
    def pair() -> str:
        return render_template("device_pair.html", **desk.to_pair(request.args))

    @bp.post("/devices/pair")
    @require(Right.DEVICES_CHANGE)
    def paired() -> Response:
        try:
            device_id = desk.pair(request.form)
        except AlreadyPaired as refused:
            page = render_template("device_pair.html", taken=refused.code, **desk.to_pair(request.form))
            return make_response(page, 409)
        except Invalid as refused:
            page = render_template("device_pair.html", refused=_why(refused), **desk.to_pair(request.form))
            return make_response(page, 422)
        return redirect(f"/devices/{device_id}", 303)

    @bp.get("/devices/<name>")
    @require(Right.DEVICES_SEE)
    def device(name: str) -> str:
        return render_template("device.html", **desk.one(name))

    @bp.post("/devices/<name>/report")
    @require(Right.DEVICES_SEE)
    def report(name: str) -> Response:
        return done(name, "report")

    @bp.post("/devices/<name>/<any(test, cancel, move, lend, return, retire):deed>")
    @require(Right.DEVICES_CHANGE)
    def act(name: str, deed: str) -> Response:
        return done(name, deed)

    def done(name: str, deed: str) -> Response:
        _DEEDS[deed](desk, shelves.id_of(name), request.form)
        flash(gettext("Done."))
        return redirect(f"/devices/{name}", 303)

    @bp.get("/repairs")
    @require(Right.DEVICES_SEE)
    def repairs() -> str:
        return render_template("repairs.html", **desk.broken())

    @bp.post("/repairs/assign/<id_>")
    @require(Right.DEVICES_CHANGE)
    def assign(id_: str) -> Response:
        return settled("assign", id_)

    @bp.post("/repairs/<any(check, dismiss):deed>/<id_>")
    @require(Right.ALARMS_ACT)
    def settle(deed: str, id_: str) -> Response:
        return settled(deed, id_)

    def settled(deed: str, id_: str) -> Response:
        _SETTLED[deed](desk, id_, request.form)
        flash(gettext("Done."))
        return redirect("/repairs", 303)

    return bp


class _Desk:
    """Gathers what the templates show, and does what their forms ask."""

    def __init__(
        self,
        shelves: Shelves,
        upkeep: Upkeep,
        clock: Clock,
        zone: tzinfo,
        names: Callable[[], Mapping[str, str]],
    ) -> None:
        self._shelves = shelves
        self._upkeep = upkeep
        self._clock = clock
        self._zone = zone
        self._names = names

    # ------------------------------------------------------------------------------------------- looking

    def listed(self, wanted: Form) -> Plain:
        """One page of a list, with how long every list is."""
        show = Show(wanted["show"]) if wanted.get("show") in set(Show) else Show.ALL
        find = wanted.get("find", "").strip()[:FIND_MAX]
        rows = self._shelves.devices(SHOWN_MAX + 1, show=show, find=find, after=wanted.get("after", ""))
        more = rows[SHOWN_MAX - 1]["id"] if len(rows) > SHOWN_MAX else None
        counts = self._shelves.counts()
        return {
            "rows": rows[:SHOWN_MAX],
            "more": more,
            "show": show,
            "find": find,
            "counts": counts,
            "troubled": _TROUBLED,
            **_WORDS,
        }

    def one(self, name: str) -> Plain:
        """A device whole; the page comes again by itself while a test press is waited for."""
        found = self._shelves.device(name)
        test = found["tests"][0] if found["tests"] else None
        waits = test is not None and test["state"] == "waiting" and _past(test["until_at"], self._clock.now()) is False
        # An old test says nothing of a device that was found to be broken since.
        lately = test is not None and self._clock.now() - datetime.fromisoformat(test["until_at"]) < LATELY
        return {
            "device": found, "test": test, "waits": waits, "lately": lately and not found["repair"],
            "people": self._shelves.people(PEOPLE_MAX),
            "names": self._named(), "minutes": WAITS, **_WORDS,
        }  # fmt: skip

    def to_pair(self, said: Form) -> Plain:
        """The form of a stranger, with what was typed already."""
        kept = {name: said.get(name, "") for name in KEPT}
        kind = said.get("kind", "pendant")
        return {"said": {**kept, "kind": kind}, "people": self._shelves.people(PEOPLE_MAX), "minutes": WAITS, **_WORDS}

    def broken(self) -> Plain:
        """Everything that is wrong, and whom somebody is to ask how they are."""
        checks = self._shelves.checks(CASES_MAX)
        asked = [each for each in checks if each["state"] == "asked"]
        rounds = {each["id"]: self._shelves.uncovered(each["incident_id"]) for each in asked if each["incident_id"]}
        incidents = self._shelves.incidents(CASES_MAX, is_open=True)
        return {
            "incidents": incidents,
            "troubles": TROUBLES,
            "uncovered": {each["id"]: self._shelves.uncovered(each["id"]) for each in incidents},
            "asked": asked,
            "rounds": rounds,
            "planned": [each for each in checks if each["state"] == "waiting"],
            "cases": self._shelves.repairs(CASES_MAX, is_open=True),
            "campaign": next(iter(self._shelves.campaigns()), None),
            "owners": self._shelves.owners(),
            "names": self._named(),
            **_WORDS,
        }

    def _named(self) -> Mapping[str, str]:
        return {"service": gettext("the service"), **self._shelves.owners(), **self._names()}

    # ------------------------------------------------------------------------------------------- doing

    def pair(self, form: Form) -> DeviceId:
        """Begins the pairing; the id of the device."""
        label = Label(
            kind=_needed(form, "kind"), protocol=_needed(form, "protocol"), address=_needed(form, "address"),
            gateway=form.get("gateway", ""), code=form.get("code", "").strip() or None,
        )  # fmt: skip
        device, _ = self._upkeep.register.pair(label, self._place(form), _wanted(form), by=caller())
        return device.id

    def test(self, id_: DeviceId, form: Form) -> None:
        purpose = form.get("purpose", Purpose.REPAIR)
        self._upkeep.tests.begin(id_, Purpose(_one_of(purpose, Purpose)), _wanted(form), by=caller())

    def cancel(self, id_: DeviceId, form: Form) -> None:
        self._upkeep.tests.cancel(id_, by=caller())

    def move(self, id_: DeviceId, form: Form) -> None:
        self._upkeep.register.move(id_, self._place(form), by=caller())

    def lend(self, id_: DeviceId, form: Form) -> None:
        self._upkeep.register.lend(id_, self._place(form), back_at=self._evening(form), by=caller())

    def bring_back(self, id_: DeviceId, form: Form) -> None:
        self._upkeep.register.bring_back(id_, by=caller())

    def retire(self, id_: DeviceId, form: Form) -> None:
        self._upkeep.register.retire(id_, Reason(_one_of(form.get("reason", ""), Reason)), by=caller())

    def report(self, id_: DeviceId, form: Form) -> None:
        self._upkeep.repairing.report(id_, by=caller(), note=_note(form))

    def check(self, id_: str, form: Form) -> None:
        result = Result(_one_of(form.get("result", ""), Result))
        self._shelves.check(id_)
        self._upkeep.repairing.done(id_, result, by=caller(), note=_note(form))

    def assign(self, id_: str, form: Form) -> None:
        self._shelves.repair(id_)
        self._upkeep.repairing.assign(id_, known_owner(self._shelves, _needed(form, "owner")), by=caller())

    def dismiss(self, id_: str, form: Form) -> None:
        self._shelves.whole_incident(id_)
        self._upkeep.outages.dismiss(id_, by=caller())

    def _place(self, form: Form) -> Any:
        """Whoever was typed or chosen: "R1", "R1 王秀英 …" as the browser fills it in, or a name."""
        return self._shelves.place(home=None, resident=_needed(form, "resident"))

    def _evening(self, form: Form) -> datetime:
        """The end of a local day."""
        try:
            day = datetime.strptime(_needed(form, "back_on"), "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            raise Invalid("Please choose one.", {"back_on": "missing"}) from None
        return datetime.combine(day + timedelta(days=1), time(), self._zone).astimezone(UTC)


def _why(refused: Invalid) -> list[str]:
    """The sentences of a refusal, without the names of fields that nobody sees."""
    inner = refused.errors.get("json", refused.errors)
    said = [each for several in inner.values() for each in (several if isinstance(several, list) else [several])]
    return [gettext(str(each)) for each in said] if said else [gettext(refused.detail)]


_TROUBLED = frozenset({Show.NEVER_PRESSED, Show.OVERDUE, Show.OFFLINE, Show.LATE, Show.LOW_BATTERY, Show.FAULTY,
                       Show.NOT_BACK})  # fmt: skip
"""Lists that are empty where all is well; the others stand out among them."""

_DEEDS: Mapping[str, Callable[[_Desk, DeviceId, Form], None]] = {
    "test": _Desk.test,
    "cancel": _Desk.cancel,
    "move": _Desk.move,
    "lend": _Desk.lend,
    "return": _Desk.bring_back,
    "retire": _Desk.retire,
    "report": _Desk.report,
}
_SETTLED: Mapping[str, Callable[[_Desk, str, Form], None]] = {
    "check": _Desk.check,
    "assign": _Desk.assign,
    "dismiss": _Desk.dismiss,
}

_WORDS: Mapping[str, Any] = {
    "SHOWS": words.SHOWS, "HEALTHS": words.HEALTHS, "FAULTS": words.FAULTS, "KINDS": words.KINDS,
    "PURPOSES": words.PURPOSES, "TESTS": words.TESTS, "ASSIGNED": words.ASSIGNED, "REASONS": words.REASONS,
    "ENDED": words.ENDED, "RESULTS": words.RESULTS, "WHYS": words.WHYS, "word": word,
}  # fmt: skip


def _teach(pages: Environment, zone: tzinfo, clock: Clock) -> None:
    """What the templates of devices may call."""

    def when(iso: str | None) -> str:
        return datetime.fromisoformat(iso).astimezone(zone).strftime("%Y-%m-%d %H:%M") if iso else "—"

    def ago(iso: str | None) -> str:
        return _ago(clock.now() - datetime.fromisoformat(iso)) if iso else gettext("never")

    pages.filters.update(when=when, ago=ago, overdue=lambda iso: _past(iso, clock.now()))


def _ago(passed: timedelta) -> str:
    seconds = max(0, int(passed.total_seconds()))
    if seconds < 120:
        return gettext("%(n)s s ago", n=seconds)
    if seconds < 7200:
        return gettext("%(n)s min ago", n=seconds // 60)
    return (
        gettext("%(n)s h ago", n=seconds // 3600) if seconds < 172_800 else gettext("%(n)s d ago", n=seconds // 86_400)
    )


def _past(iso: str | None, now: datetime) -> bool:
    return iso is not None and datetime.fromisoformat(iso) < now


def _needed(form: Form, name: str) -> str:
    text = form.get(name, "").strip()
    if not text:
        raise Invalid("Please fill in the text.", {name: "missing"})
    return text[:TEXT_MAX]


def _note(form: Form) -> str | None:
    return form.get("note", "").strip()[:TEXT_MAX] or None


def _one_of(said: str, choices: Any) -> str:
    if said not in set(choices):
        raise Invalid("Please choose one.", {"choice": "missing"})
    return said


def _wanted(form: Form) -> Wanted:
    """How long to wait, and whom to tell: digits with or without the +86 of a Chinese mobile."""
    minutes, phone = form.get("minutes", ""), "".join(form.get("notify", "").split())
    digits = phone.removeprefix("+")
    if phone and not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
        raise Invalid("This is no telephone number.", {"notify": "no number"})
    number = phone if phone.startswith("+") or not phone else f"+86{phone}"
    wait = timedelta(minutes=int(minutes)) if minutes in {str(each) for each in WAITS} else timedelta(minutes=WAITS[0])
    return Wanted(wait=wait, notify=number or None, lang=current_words().lang)
