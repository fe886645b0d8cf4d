"""`python -m dispatch.horn [--config FILE] [--status | --test | --quiet MINUTES] [--json]`: the siren's own process."""

import argparse
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from dispatch.clock import Clock, SystemClock
from dispatch.horn.crier import BEAT, QUIET, QUIET_MAX_S, Crier, put, to_log
from dispatch.horn.settings import Orders, read_orders
from dispatch.horn.signs import read_beat

TEST_S = 3.0
"""How long a test may be heard."""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit code: 0, or 1 when it says no."""
    said = _parser().parse_args(arguments)
    orders, clock = read_orders(said.config, environ), SystemClock()
    if said.quiet is not None:
        return _quiet(orders, clock, said.quiet)
    if said.status:
        return _status(orders, clock, as_json=said.json)
    if said.test:
        return _test(orders, clock, as_json=said.json)
    return _run(orders, clock, environ.get("NOTIFY_SOCKET", ""))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="anling siren", description="Makes noise when nothing gets through; reads only, needs no library."
    )
    parser.add_argument("--config", type=Path, help="settings file (or ANLING_CONFIG)")
    parser.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="how the running siren is; exit 1 if something is not well")
    what.add_argument("--test", action="store_true", help="make every noise for three seconds")
    what.add_argument("--quiet", type=float, metavar="MINUTES", help="make no noise for so long, ten minutes at most")
    return parser


def _run(orders: Orders, clock: Clock, notify: str) -> int:
    """Until SIGTERM. A round that fails is told and the next one tried: a siren does not end by itself."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    crier = Crier(orders, clock, say=to_log)
    to_log({"event": "siren_ready", "outlets": [each.name for each in crier.outlets], "home": str(orders.home)})
    _tell(notify, "READY=1")
    every_s = orders.settings.every_s if 0 < orders.settings.every_s <= 10 else 2.0
    while not stopping.is_set():
        try:
            crier.round()
            _tell(notify, "WATCHDOG=1")
        except Exception as error:  # noqa: BLE001  whatever it is, the next look must come
            to_log({"event": "siren_failed", "why": f"{type(error).__name__}: {error}"})
        stopping.wait(every_s)
    crier.end()
    return 0


def _tell(notify: str, line: str) -> None:
    """Tells systemd, where it asked for it: it starts us again when the rounds stop."""
    if not notify:
        return
    address = notify.replace("@", "\0", 1) if notify.startswith("@") else notify
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        try:
            out.sendto(line.encode(), address)
        except OSError as error:
            to_log({"event": "siren_failed", "why": f"systemd was not told: {error}"})


def _quiet(orders: Orders, clock: Clock, minutes: float) -> int:
    if not 0 <= minutes * 60 <= QUIET_MAX_S:
        sys.stderr.write(f"anling: a siren may be quieted for {QUIET_MAX_S / 60:.0f} minutes at most\n")
        return 1
    at = clock.look()
    put(orders.home / QUIET, {"until_s": at.steady_s + minutes * 60, "boot": at.boot, "at": at.wall.isoformat()})
    to_log({"event": "siren_quieted", "minutes": minutes, "at": at.wall.isoformat()})
    return 0


def _status(orders: Orders, clock: Clock, *, as_json: bool) -> int:
    at = clock.look()
    beat = read_beat(orders.home / BEAT, at)
    age_s = None if beat is None or beat.steady_s is None else round(at.steady_s - beat.steady_s, 1)
    told = json.loads((orders.home / BEAT).read_text(encoding="utf-8")) if beat is not None else {}
    runs = age_s is not None and age_s < 30
    answer = {
        "runs": runs, "age_s": age_s, "reasons": told.get("reasons", []), "outlets": told.get("outlets", []),
        "faults": told.get("faults", {}), "mistakes": list(orders.mistakes), "quiet": told.get("quiet", False),
    }  # fmt: skip
    _answer(answer, as_json=as_json)
    return 0 if runs and not (answer["reasons"] or answer["faults"] or answer["mistakes"]) else 1


def _test(orders: Orders, clock: Clock, *, as_json: bool) -> int:
    """Every noise for three seconds, a modem's for as long as it needs."""
    crier = Crier(orders, clock, say=to_log)
    crier.test()
    threading.Event().wait(TEST_S)
    faults = crier.end()
    _answer({"outlets": faults, "mistakes": list(orders.mistakes)}, as_json=as_json)
    return 1 if any(faults.values()) or orders.mistakes or not faults else 0


def _answer(answer: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        return
    for key, value in answer.items():
        sys.stdout.write(f"{key:>12}  {value}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
