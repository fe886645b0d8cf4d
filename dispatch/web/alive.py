"""
`/alive`: whether the service lives, each part with the time when it was last shown to work. Works on a phone and
without a script.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.lifeline import CANARY, DEADMAN, Lifeline
from dispatch.rules.rights import Right
from dispatch.store.proofs import Proof
from dispatch.web.access import area, caller, may, require, whole_district
from dispatch.web.boards import Note
from dispatch.web.i18n import N_, gettext, ngettext

HINDRANCES: Mapping[str, str] = {
    "ticks": N_("the engine does not go on"),
    "commits": N_("nothing can be written"),
    "overdue": N_("an alarm is overdue"),
    "gateways": N_("no gateway is heard"),
    "consoles": N_("no console can sound"),
    "line": N_("the line is not there"),
}

CURES: Mapping[str, str] = {
    "ticks": N_("Restart the service: systemctl restart anling. Nothing that was acknowledged is lost."),
    "commits": N_("Look at the disk: anling doctor says what is wrong with it."),
    "overdue": N_("Open the board and look at the alarm that has waited longest."),
    "gateways": N_("Look at plug, power and cable of the receiver: anling doctor names the port."),
    "consoles": N_("Open the board on the duty desk, press “Go on duty” and hear the tone."),
    "line": N_("Look at plug, power and cable of the receiver: anling doctor names the port."),
}

BACKUP_MAX = timedelta(hours=36)
"""A nightly backup that is older was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One row: its name, whether it is well (None: nobody knows or it is not set up), when proven, what to do."""

    name: str
    well: bool | None
    at: datetime | None
    seen: str
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The newest verified backup: when it was made and tried, how many bytes, whether it is sealed."""

    made_at: datetime
    verified_at: datetime
    size: int
    sealed: bool


class AlivePage:
    """Gathers what the page shows."""

    def __init__(
        self, lifeline: Lifeline, *, clock: Clock, beat_s: Callable[[], float],
        consoles: Callable[[], Sequence[tuple[str, bool]]], backup: Callable[[], Backup | None],
        canary_every: timedelta | None, paged: int,
    ) -> None:  # fmt: skip
        """
        `beat_s` is seconds since the engine's last sign of progress, `consoles` who sits at each console and whether
        it can sound, `backup` the newest verified backup, None where there is none,
        `paged` how many telephones of the people on watch are told what nobody else answers.
        """
        self.lifeline = lifeline
        self._clock = clock
        self._beat_s = beat_s
        self._consoles = consoles
        self._backup = backup
        self._canary_every = canary_every
        self._paged = paged

    def rows(self) -> list[Shown]:
        """Everything, in the order in which it is looked at."""
        now = self._clock.now()
        proofs = {each.name: each for each in self.lifeline.proofs()}
        canaries = [proof for name, proof in sorted(proofs.items()) if name.startswith(CANARY)]
        return [
            self._heartbeat(now), *(self._canary(each, now) for each in canaries),
            self._outside(proofs.get(DEADMAN), now), self._sounds(now), self._duty(),
            self._saved(now),
        ]  # fmt: skip

    def notes(self) -> list[Note]:
        """What the strip of the board says: only what is not well."""
        restored = self.lifeline.restorations()
        missed = [each for each in self.lifeline.proofs() if each.name.startswith(CANARY) and _failed(each)]
        found = (
            [Note(text=N_("restored from a backup: look at open alarms"), fault=True, path="/alive")]
            if restored
            else []
        )
        sung = (
            [Note(text=N_("gateways that failed the canary: %(n)s"), count=len(missed), fault=True, path="/alive")]
            if missed
            else []
        )
        mute = (
            [] if self._paged else [Note(text=N_("no duty telephone: pages reach nobody"), fault=True, path="/alive")]
        )
        return [*found, *mute, *sung]

    def _heartbeat(self, now: datetime) -> Shown:
        beat_s = self._beat_s()
        well = beat_s < 10
        return Shown(
            name=gettext("Heartbeat of the engine"), well=well, at=now - timedelta(seconds=beat_s),
            seen=gettext("goes on") if well else gettext(HINDRANCES["ticks"]),
            cure="" if well else gettext(CURES["ticks"]),
        )  # fmt: skip

    def _canary(self, proof: Proof, now: datetime) -> Shown:
        late = self._canary_every is not None and now - proof.tried_at > 2 * self._canary_every
        well = not _failed(proof) and not late
        seen = gettext("bytes became an entry on disk") if well else gettext("did not arrive")
        cure = (
            gettext(CURES["line"]) if proof.detail == "line" else gettext("anling doctor, then an exercise on /roads.")
        )
        name = gettext("Canary through %(gateway)s", gateway=proof.name.removeprefix(CANARY))
        return Shown(name=name, well=well, at=proof.proven_at, seen=seen, cure="" if well else cure)

    def _outside(self, proof: Proof | None, now: datetime) -> Shown:
        name = gettext("Call to somebody outside")
        if not self.lifeline.calls_outside:
            cure = gettext("Set alive.ping_url: without it nobody notices when the whole machine is dead.")
            return Shown(name=name, well=None, at=None, seen=gettext("not set up"), cure=cure)
        well = proof is not None and not _failed(proof) and now - proof.tried_at < timedelta(minutes=3)
        if proof is None:
            return Shown(name=name, well=None, at=None, seen=gettext("not tried yet"))
        wrong = [each for each in proof.detail.split(", ") if each in HINDRANCES]
        why = gettext(", ").join(gettext(HINDRANCES[each]) for each in wrong) or proof.detail
        cure = gettext(CURES[wrong[0]]) if wrong else gettext("Look at the network and at alive.ping_url.")
        seen = gettext("answered") if well else why
        return Shown(name=name, well=well, at=proof.proven_at, seen=seen, cure="" if well else cure)

    def _sounds(self, now: datetime) -> Shown:
        there = self._consoles()
        able = [who for who, sounds in there if sounds]
        seen = gettext("consoles that can sound: %(able)s of %(all)s", able=len(able), all=len(there))
        return Shown(
            name=gettext("Consoles that can sound"), well=bool(able), at=now if able else None, seen=seen,
            cure="" if able else gettext(CURES["consoles"]),
        )  # fmt: skip

    def _duty(self) -> Shown:
        """Whom a late round, an absent carer, an uncovered hour are told to by telephone; not whether it rings."""
        name, n = gettext("Telephones of the people on watch"), self._paged
        cure = gettext("Enter at least one telephone under operators.phones, then start the service again.")
        seen = gettext("numbers on file: %(n)s", n=n) if n else gettext("none")
        return Shown(name=name, well=None if n else False, at=None, seen=seen, cure="" if n else cure)

    def _saved(self, now: datetime) -> Shown:
        name, backup = gettext("Last verified backup"), self._backup()
        if backup is None:
            cure = gettext("anling db backup makes one; anling-backup.timer makes one every night.")
            return Shown(name=name, well=False, at=None, seen=gettext("none"), cure=cure)
        well = now - backup.made_at < BACKUP_MAX
        kind = gettext("sealed") if backup.sealed else gettext("not sealed")
        seen = gettext("%(mb)s MB, %(kind)s, restored for trial", mb=f"{backup.size / 1_000_000:.1f}", kind=kind)
        cure = "" if well else gettext("systemctl status anling-backup.timer; anling db backup makes one now.")
        return Shown(name=name, well=well, at=backup.verified_at, seen=seen, cure=cure)


def alive_blueprint(page: AlivePage, *, zone: tzinfo) -> Blueprint:
    """`/alive` and its forms. `zone` is the district's."""
    bp = Blueprint("alive", __name__)

    @bp.get("/alive")
    @require(Right.MESSAGES_SEE)
    def alive() -> str:
        whole = area().is_district
        names = may(Right.ALARMS_SEE) and whole
        return render_template(
            "alive.html", rows=page.rows(), restorations=page.lifeline.restorations(), names=names,
            may_sing=whole and may(Right.ROADS_CHANGE), may_look=whole and may(Right.ALARMS_ACT),
            local=lambda at: at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at else gettext("never"),
        )  # fmt: skip

    @bp.post("/alive/canary")
    @require(Right.ROADS_CHANGE)
    @whole_district
    def canary() -> Response:
        sent = page.lifeline.sing_all(by=caller())
        said = ngettext(
            "%(n)s canary is on its way. Load this page again in a few seconds.",
            "%(n)s canaries are on their way. Load this page again in a few seconds.",
            sent,
        )
        flash(said if sent else gettext("No gateway is heard here whose protocol a canary can speak."))
        return redirect("/alive", 303)

    @bp.post("/alive/looked")
    @require(Right.ALARMS_ACT)
    @whole_district
    def looked() -> Response:
        if not page.lifeline.look_through(request.form.get("restoration", ""), by=caller()):
            raise NotFound("Somebody has looked this through already.")
        flash(gettext("Done."))
        return redirect("/alive", 303)

    return bp


def _failed(proof: Proof) -> bool:
    return proof.proven_at is None or proof.proven_at < proof.tried_at
