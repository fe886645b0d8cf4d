"""
Figure 2: a frame until it is committed and acknowledged, at the receiver and over the API, on a fast and a slow disk.

The alarm receiver gets its 06 and the API its 200 only after the commit, so the time to the answer is the time to the
disk and back. The floor is what the disk alone takes: append 4 KB and fdatasync. Real process, real lines; nobody else
presses meanwhile, and the people answer as they do. Each of the two begins with a service at rest.
"""

from pathlib import Path

from devices.decoders import surgard
from dispatch.clock import SystemClock
from tests.bench.disk import Disk, disk
from tests.bench.handing import Handing
from tests.bench.measure import Figure, figure, left_out, paced
from tests.bench.plan import Plan
from tests.bench.press import District, district
from tests.bench.shim import EXTRA_MS, slow_disk
from tests.bench.town import account, build_town, pendant

HOMES, CARERS = 5_000, 500
EVERY_S = 0.15
SAID = "p50 ≤ 2 × floor + 3, p99 ≤ 50"


def acknowledged(plan: Plan, folder: Path) -> list[Figure]:
    build_town(folder / "town.db", SystemClock().now(), homes_count=HOMES, carers_count=CARERS)
    fast = disk(folder, 300)
    figures = _both(plan, folder, "", fast, None)
    library = slow_disk(folder)
    if library is None:
        return [*figures, left_out(f"acknowledged, fsync +{EXTRA_MS} ms", "slow disk", "there is no C compiler here")]
    slow = disk(folder, 100, preload=library)
    reached = slow.commit_ms >= EXTRA_MS
    figures += _both(plan, folder, f", fsync +{EXTRA_MS} ms", slow, library)
    note = f"a commit of SQLite alone takes {fast.commit_ms:.2f} ms, on the slow disk {slow.commit_ms:.2f} ms"
    return [*figures, Figure(
        name="the slow disk reaches SQLite", what="one bare commit", p50=slow.commit_ms, floor=fast.commit_ms,
        floor_is="the same commit without it", target=f"≥ {EXTRA_MS} ms", holds=reached, note=note,
    )]  # fmt: skip


def _both(plan: Plan, folder: Path, kind: str, floor: Disk, library: Path | None) -> list[Figure]:
    count = plan.of(200, quick=60)
    with district(folder / "town.db", folder / f"service{kind.strip(', ')}", preload=library) as here:
        _receiver(here, range(5))
        _api(here, range(5, 10), 1)
        serial = _receiver(here, range(10, 10 + count))
        # Who pressed last is still being helped, and each answer and closing is a commit.
        here.service.wait_idle()
        api = _api(here, range(1000, 1000 + count), 6)
    return [
        _told(f"surgard acknowledged{kind}", "frame to 06", serial, count, floor),
        _told(f"API acknowledged{kind}", "request to 200", api, count, floor),
    ]


def _receiver(here: District, homes: range) -> list[float]:
    took = []
    for number in paced(EVERY_S, len(homes)):
        answered = here.receiver.ask(surgard.encode(account(homes[number])), surgard.ACK, 4.0)
        took += [] if answered is None else [answered]
    return took


def _api(here: District, homes: range, seq: int) -> list[float]:
    """Presses as a forwarding gateway hands them in, one a request, each with the number of the one before."""
    line, took = Handing(here.service), []
    for number in paced(EVERY_S, len(homes)):
        said = {"seq": seq + number, "protocol": "rflink", "device": pendant(homes[number]), "event": "press",
                "received_at": SystemClock().now().isoformat()}  # fmt: skip
        answered, told = line.ask({"gateway": "bench", "epoch": "e", "after": seq + number - 1, "signals": [said]})
        took += [answered] if told.get("alarms") else []
    line.close()
    return took


def _told(name: str, what: str, took: list[float], count: int, floor: Disk) -> Figure:
    lost = count - len(took)
    return figure(
        name, what, took,
        lambda told: not lost and told.p50 <= 2 * floor.append_ms + 3 and told.p99 <= 50,
        floor=floor.append_ms, floor_is="append 4 KB + fdatasync, p50", target=SAID,
        note=f"{lost} were not acknowledged" if lost else "",
    )  # fmt: skip
