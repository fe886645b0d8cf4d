"""`anling watch`: the auditor's rounds, its own heartbeat, and the siren it sounds when something is newly broken."""

import json
import os
import shlex
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import structlog

from dispatch.clock import Clock
from dispatch.store.audit import Engine, Unreadable
from dispatch.watch.auditor import Auditor, Broken

EVERY_S = 10.0
"""How often the auditor makes a round; PROMISES, section 1 (6)."""

STALE_S = 60.0
"""An engine that has shown no progress for so long has lost its ticks; PROMISES, I19."""

SIREN_S = 20.0
"""A siren command that has not ended by then is ended."""

log = structlog.get_logger()

Sound = Callable[[Sequence[Broken]], None]


class Printer(Protocol):
    """Where lines go: standard output, or a list in a test."""

    def write(self, line: str, /) -> object: ...

    def flush(self) -> object: ...


def silent(_: Sequence[Broken]) -> None:
    """No siren."""


def unknown() -> float | None:
    """Nobody says whether the engine makes progress."""
    return None


def watch(
    reading: Engine,
    clock: Clock,
    *,
    out: Printer,
    every_s: float = EVERY_S,
    once: bool = False,
    as_json: bool = False,
    beat: "Beat | None" = None,
    sound: Sound = silent,
    progress_s: Callable[[], float | None] = unknown,
    stopping: threading.Event | None = None,
    auditor: Auditor | None = None,
) -> int:
    """
    Makes rounds until `stopping` is set, or a single full one.

    Prints a line for each promise that is newly broken or kept again and for each change between well and not well;
    with `once`, everything that is broken, or that all is well. After each round writes the watch's own heartbeat.
    `progress_s` says how many seconds ago the engine last showed progress, None if nobody knows. `auditor` brings
    its own predicates or start time.

    Returns:
        1 if something was broken at the last look, else 0: the exit code.
    """
    rounds = _Rounds(auditor or Auditor(reading, clock), _Voice(out, clock, as_json=as_json), progress_s, sound)
    stopping = stopping or threading.Event()
    while True:
        broken = rounds.make()
        if beat is not None:
            beat.write()
        if once or stopping.wait(every_s):
            return 1 if broken else 0


class _Rounds:
    """What was broken at the last look, and what is new since."""

    def __init__(self, auditor: Auditor, voice: "_Voice", progress_s: Callable[[], float | None], sound: Sound) -> None:
        self._auditor = auditor
        self._voice = voice
        self._progress_s = progress_s
        self._sound = sound
        self._known: dict[tuple[str, str], Broken] | None = None

    def make(self) -> list[Broken]:
        broken = self._look()
        before, self._known = self._known or {}, {(each.promise, each.id): each for each in broken}
        new = [each for key, each in self._known.items() if key not in before]
        for each in new:
            self._voice.say(each)
        for key in before:
            if key not in self._known:
                self._voice.mended(before[key])
        self._voice.well(not broken)
        if new:
            self._sound(new)
        return broken

    def _look(self) -> list[Broken]:
        try:
            broken = self._auditor.pass_()
        except Unreadable as failure:
            broken = [Broken(promise="I19.unreadable", id="database", what=str(failure))]
        idle_s = self._progress_s()
        if idle_s is not None and idle_s > STALE_S:
            # Without a figure in it, so that one standstill stays one finding.
            broken.append(Broken(promise="I19.no_progress", id="engine", what="the engine shows no progress"))
        return broken


class _Voice:
    """One line for each finding, for people or for programs."""

    def __init__(self, out: Printer, clock: Clock, *, as_json: bool) -> None:
        self._out = out
        self._clock = clock
        self._as_json = as_json
        self._was_well: bool | None = None

    def say(self, broken: Broken) -> None:
        self._line("broken", f"{broken.promise} {broken.id}: {broken.what}", asdict(broken))

    def mended(self, broken: Broken) -> None:
        self._line("mended", f"{broken.promise} {broken.id}", {"promise": broken.promise, "id": broken.id})

    def well(self, is_well: bool) -> None:
        if is_well and self._was_well is not True:
            self._line("ok", "every promise is kept", {})
        self._was_well = is_well

    def _line(self, event: str, words: str, facts: dict[str, str]) -> None:
        at = self._clock.now().isoformat(timespec="milliseconds")
        told = (
            json.dumps({"at": at, "event": event, **facts}, ensure_ascii=False) if self._as_json else f"{event} {words}"
        )
        self._out.write(told + "\n")
        self._out.flush()


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat on file: the watch writes its own, the siren beside it reads how old it is."""

    path: Path
    clock: Clock

    def write(self) -> None:
        """Says "I have just looked", whole or not at all."""
        look = self.clock.look()
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.write_text(
            json.dumps({"at": look.wall.isoformat(), "boot": look.boot, "steady_s": look.steady_s}), encoding="utf-8"
        )
        fresh.replace(self.path)

    def age_s(self) -> float | None:
        """
        Seconds since the last beat by the steady clock; None when there never was one or it cannot be read.

        Infinite when the machine has been started anew since: then nobody has looked in this boot.
        """
        try:
            beat = json.loads(self.path.read_text(encoding="utf-8"))
            boot, steady_s = str(beat["boot"]), float(beat["steady_s"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        look = self.clock.look()
        return look.steady_s - steady_s if look.boot == boot else float("inf")


def siren(command: str) -> Sound:
    """
    Sounds by running a command, without a shell; the broken promises stand behind it as arguments.

    A siren that fails is an error in the log and no reason to stop watching.
    """
    words = shlex.split(command)
    if not words:
        return silent

    def sound(broken: Sequence[Broken]) -> None:
        named = sorted({each.promise for each in broken})
        try:
            done = subprocess.run(  # noqa: S603  the installer's own command from the settings
                [*words, *named], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=SIREN_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as failure:
            log.error("siren_failed", why=type(failure).__name__)
            return
        if done.returncode:
            log.error("siren_failed", code=done.returncode)

    return sound
