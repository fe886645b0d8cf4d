"""
The siren's rounds: look, judge, be heard; every two seconds, for ever.

After each round it leaves a beat of its own, in which the engine and `anling doctor` read how it is: who watches must
be watched. A person may quiet it for ten minutes at most (PROMISES, O9).
"""

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dispatch.clock import Clock, Instant
from dispatch.horn.judge import WORDS, Judge, Limits, Reason
from dispatch.horn.outlets import Outlet, outlets_of
from dispatch.horn.settings import Orders
from dispatch.horn.signs import Signs, look

QUIET_MAX_S = 600.0

OVERDUE_S = 30.0
"""An alarm that is looked at so late is not merely late (PROMISES, I2: 2 s; 5 s after a start)."""

PROBE_S = 60.0
"""So often every way to be heard is tried without noise: a siren that died in silence is none."""

BEAT, QUIET = "siren.beat", "siren.quiet"


class Crier:
    """One siren. `round` is one look with what follows from it."""

    def __init__(self, orders: Orders, clock: Clock, *, say: Callable[[dict[str, Any]], None]) -> None:
        """`say` is told, for the log, whenever something begins or ends."""
        self._orders = orders
        self._clock = clock
        self._say = say
        words, self._mistakes = _words(orders)
        self.outlets: list[Outlet] = outlets_of(orders.settings, words, clock)
        self._started_s = clock.look().steady_s
        self._judge = Judge(Limits(stale_s=orders.settings.stale_s, started_s=self._started_s))
        self._told: tuple[str, ...] = ()
        self._probed_s: float | None = None
        for each in self._mistakes:
            say({"event": "siren_misconfigured", "what": each})

    def round(self) -> list[Reason]:
        """Looks, and is heard or not. What it sounds for."""
        signs = self._look()
        now_s = signs.at.steady_s
        self._probe(now_s)
        faults = {each.name: each.fault for each in self.outlets if each.fault}
        reasons = self._judge.weigh(signs, mistakes=bool(self._mistakes), disturbed=bool(faults))
        quiet = self._is_quiet(signs.at)
        for each in self.outlets:
            if reasons and not quiet:
                each.sound(reasons, now_s)
            else:
                each.rest(now_s)
        self._tell(reasons, signs, faults)
        self._beat(signs.at, reasons, faults, quiet=quiet)
        return reasons

    def test(self) -> None:
        """Makes every noise once, and says that it is a test. The caller waits, and ends it."""
        now_s = self._clock.look().steady_s
        for each in self.outlets:
            each.sound([Reason.TEST], now_s)

    def end(self) -> dict[str, str]:
        """Ends every noise, without saying that all is well; what is wrong with each, empty for nothing."""
        for each in self.outlets:
            each.end()
        return {each.name: each.fault for each in self.outlets}

    def _look(self) -> Signs:
        settings = self._orders.settings
        return look(
            self._orders.home, self._orders.database, self._clock, untaken_s=settings.untaken_s, overdue_s=OVERDUE_S
        )

    def _probe(self, now_s: float) -> None:
        if self._probed_s is None or now_s - self._probed_s >= PROBE_S:
            self._probed_s = now_s
            for each in self.outlets:
                each.probe()

    def _is_quiet(self, at: Instant) -> bool:
        """Whether somebody has asked for quiet; never for longer than ten minutes, whatever the file says."""
        try:
            said = json.loads((self._orders.home / QUIET).read_text(encoding="utf-8"))
            left_s = float(said["until_s"]) - at.steady_s
            return str(said["boot"]) == at.boot and 0 < left_s <= QUIET_MAX_S
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _tell(self, reasons: Sequence[Reason], signs: Signs, faults: dict[str, str]) -> None:
        told = tuple(map(str, reasons))
        if told == self._told:
            return
        event = "siren_sounds" if reasons else "siren_rests"
        self._say({
            "event": event, "at": signs.at.wall.isoformat(timespec="milliseconds"), "reasons": list(told),
            "what": "; ".join(WORDS[each]["en"] for each in reasons), "untaken": list(signs.untaken),
            "overdue": list(signs.overdue), "unreadable": signs.unreadable, "faults": faults,
        })  # fmt: skip
        self._told = told

    def _beat(self, at: Instant, reasons: Sequence[Reason], faults: dict[str, str], *, quiet: bool) -> None:
        written = {
            "at": at.wall.isoformat(), "boot": at.boot, "steady_s": at.steady_s, "reasons": list(map(str, reasons)),
            "outlets": [each.name for each in self.outlets], "faults": faults, "mistakes": list(self._mistakes),
            "quiet": quiet,
        }  # fmt: skip
        try:
            put(self._orders.home / BEAT, written)
        except OSError:
            # A full or read-only disk: the engine sees an old beat, and everything that makes noise still does.
            return


def put(path: Path, written: dict[str, Any]) -> None:
    """
    Writes a small file whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def _words(orders: Orders) -> tuple[list[str], tuple[str, ...]]:
    """The command split into words, and every mistake in the settings."""
    try:
        return shlex.split(orders.settings.command), orders.mistakes
    except ValueError as error:
        return [], (*orders.mistakes, f"siren.command: {error}")


def to_log(told: dict[str, Any]) -> None:
    """A line of JSON on standard output, like every other log of the service."""
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()
