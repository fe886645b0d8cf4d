"""
Figure 8: decoding beside the libraries that others use, on the same bytes: how fast, and how often right.

The peers run in a process and an environment of their own (see `peers.py`). One read is one message, as on most TCP
connections and serial lines; DC-09 is decoded and answered. Right is: the events that the vectors expect, from the
reads as they stand and from the same bytes cut in two. Only vectors are counted whose words the peer has, and none that
a peer is strict about on purpose (a wrong CRC).
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.decoders import DECODERS, KEYED, dc09, rflink
from devices.decoders.sia_codes import sia_event
from tests.bench.measure import Figure, figure, left_out
from tests.bench.peers import python_with
from tests.bench.plan import Plan

VECTORS = Path(__file__).parents[1] / "vectors"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PEERS = {"dc09": "pysiaalarm", "rflink": "rflink"}
PASSES = 3
"""Of so many passes the fastest counts, on either side: other programs slow one down, none makes one faster."""

KEY = "41" * 16
"""The key of the encrypted vectors."""
Case = tuple[list[bytes], list[str]]
"""The reads of one connection, and the events they tell."""


def decoding(plan: Plan, folder: Path) -> list[Figure]:
    return [each for name in PEERS for each in _beside(name, plan.of(20_000, quick=4_000), plan.of(7, quick=3))]


def _beside(name: str, count: int, runs: int) -> list[Figure]:
    reads, cases = _READS[name](count), _CASES[name]()
    ours, floors = [], []
    for _ in range(runs):
        ours.append(max(_rate(name, reads) for _ in range(PASSES)))
        told = _peer(PEERS[name], reads, cases)
        if isinstance(told, str):
            return [left_out(f"{name} decoding", f"beside {PEERS[name]}", told)]
        floors.append(max(told["rates"]))
    right = sum(_words(name, case) == expected for case, expected in cases)
    theirs = sum(_WORDS[name](heard) == expected for heard, (_, expected) in zip(told["heard"], cases, strict=True))
    peer = f"{PEERS[name]} {told['version']}"
    rate = figure(
        f"{name} decoding", "messages a second", ours, lambda each: each.p50 > _median(floors), unit="/s",
        floor=_median(floors), floor_is=f"{peer} on the same messages", target="p50 above the peer's",
        note=f"{runs} runs of each by turns, each the best of {PASSES} of {count:,} messages, in processor time",
    )  # fmt: skip
    good = figure(
        f"{name} right", f"of {len(cases)} cases", [float(right)], lambda each: right == len(cases) and right > theirs,
        unit=f"of {len(cases)}", floor=float(theirs), floor_is=f"{peer} on the same cases", target="all of them",
    )  # fmt: skip
    return [rate, good]


_RADIO = frozenset({"button", "smoke", "low_battery"})


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _rate(name: str, reads: Sequence[bytes]) -> float:
    """Every message is decoded and, where the protocol answers, answered: reads a second of processor time."""
    decoder, pad = DECODERS[name](), bytes(16)
    begun = time.process_time()
    for data in reads:
        for frame in decoder.feed(data):
            decoder.acknowledge(frame, NOON, pad)
    return len(reads) / (time.process_time() - begun)


def _words(name: str, reads: Sequence[bytes]) -> list[str]:
    decoder = DECODERS[name](keys={"*": KEY}) if name in KEYED else DECODERS[name]()
    frames = [frame for data in reads for frame in decoder.feed(data)]
    words = dict.fromkeys(str(event) for frame in frames for event in (frame.event, *frame.also))
    return [word for word in words if name == "dc09" or word in _RADIO]


def _peer(package: str, reads: Sequence[bytes], cases: Sequence[Case]) -> Any:
    """What the peer says, or why it was not asked."""
    work = {"rate": [read.hex() for read in reads], "runs": PASSES, "cases": [[read.hex() for read in case] for case, _ in cases]}  # noqa: E501  # fmt: skip
    python, why = python_with(package)
    if not python:
        return why
    command = [python, str(Path(__file__).with_name("peer.py")), package]
    done = subprocess.run(command, input=json.dumps(work), capture_output=True, text=True, timeout=300, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else f"{package} ended with {done.stderr[-200:]}"


# ------------------------------------------------------------------------------------------------ what is decoded


def _panel_reads(count: int) -> list[bytes]:
    return [dc09.encode(f"{1000 + number % 9000}:{number % 999:03}", count=number) for number in range(count)]


def _radio_reads(count: int) -> list[bytes]:
    return [
        rflink.encode(f"EV1527:{number % 0xFFFFFF:06x}:{number % 15:02}", count=number % 256) for number in range(count)
    ]


def _panel_cases() -> list[Case]:
    """Every vector of DC-09 that expects an event, but those with a wrong CRC; codes of no meaning have no word."""
    found: list[Case] = []
    for vector in json.loads((VECTORS / "dc09.json").read_text("utf-8")):
        expect = vector["expect"]
        events = [each["event"] for each in expect.get("events", [expect]) if each.get("event")]
        if events and expect.get("crc_ok") is not False and events != ["unknown"]:
            given = vector["input"]
            found += _cut([bytes.fromhex(part) for part in (given if isinstance(given, list) else [given])], events)
    return found


def _radio_cases() -> list[Case]:
    """Buttons, batteries and smoke; not what a gateway says of itself, for which the peer has other words."""
    found: list[Case] = []
    for vector in json.loads((VECTORS / "rflink.json").read_text("utf-8")):
        expect, given = vector["expect"], vector["input"]
        events = [each["event"] for each in expect.get("events", [expect])]
        if events and set(events) <= _RADIO:
            reads = [bytes.fromhex(part) for part in given] if isinstance(given, list) else [f"{given}\r\n".encode()]
            found += _cut(reads, events)
    return found


def _cut(reads: list[bytes], events: list[str]) -> list[Case]:
    """As it stands, and with the first read in two."""
    middle = len(reads[0]) // 2
    told = list(dict.fromkeys(events))
    return [(reads, told), ([reads[0][:middle], reads[0][middle:], *reads[1:]], told)]


def _panel_words(heard: Sequence[str]) -> list[str]:
    """SIA codes, which the peer makes of everything, in our words."""
    return list(dict.fromkeys("heartbeat" if code == "NULL" else str(sia_event(code, {})) for code in heard))


def _radio_words(heard: Sequence[str]) -> list[str]:
    return [word for word in dict.fromkeys(heard) if word in _RADIO]


_READS: Mapping[str, Callable[[int], list[bytes]]] = {"dc09": _panel_reads, "rflink": _radio_reads}
_CASES: Mapping[str, Callable[[], list[Case]]] = {"dc09": _panel_cases, "rflink": _radio_cases}
_WORDS: Mapping[str, Callable[[Sequence[str]], list[str]]] = {"dc09": _panel_words, "rflink": _radio_words}
