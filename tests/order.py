"""
In which order tests are handed out, so that no worker is left alone with the longest ones at the end.

xdist (`--dist worksteal`) cuts the list into as many runs as there are workers, and lets whoever is done take the last
half of the longest queue. So every run gets its share of what takes long and begins with it, real programs between what
only computes; it ends with thousands of tests of milliseconds, over which all workers come to their end together:

    worker 0   e2e  integration  e2e  integration  simulation … unit unit unit unit
    worker 1   integration  e2e  property  e2e  integration   … unit unit unit unit
"""

from collections import defaultdict
from collections.abc import Sequence

import pytest

SECONDS = {
    "tests/e2e/": 4.0, "tests/simulation/": 0.6, "tests/property/": 0.2, "tests/integration/": 0.15,
    "tests/cheating/": 0.5, "tests/architecture/": 0.2,
}  # fmt: skip
"""About how long one test of a folder takes; those of the others take next to nothing."""


def dealt(items: Sequence[pytest.Item], hands: int) -> list[pytest.Item]:
    """The tests in as many equal runs as there are workers; the files stay whole as far as that can be."""
    files: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.nodeid.partition("::")[0]].append(item)
    long, short = ([name for name in files if bool(_seconds(name)) is which] for which in (True, False))
    runs = [[item for name in each for item in files[name]] for each in _shared_out(long, files, hands)]
    rest = [item for name in short for item in files[name]]
    for number, run in enumerate(runs):
        room = max(0, _size(len(items), hands, number) - len(run))
        run.extend(rest[:room])
        del rest[:room]
    return [item for run in runs for item in run] + rest


def backwards(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Each file's tests from its last to its first: whoever needs what another test left behind fails."""
    files: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.nodeid.partition("::")[0]].append(item)
    return [files[item.nodeid.partition("::")[0]].pop() for item in items]


def _shared_out(names: Sequence[str], files: dict[str, list[pytest.Item]], hands: int) -> list[list[str]]:
    """Each file, the longest first, to whoever has the least so far."""
    shares: list[list[str]] = [[] for _ in range(hands)]
    loads = [0.0] * hands
    weight = {name: _seconds(name) * len(files[name]) for name in names}
    for name in sorted(names, key=lambda name: (-weight[name], name)):
        least = loads.index(min(loads))
        shares[least].append(name)
        loads[least] += weight[name]
    return [_between(share, weight) for share in shares]


def _between(share: list[str], weight: dict[str, float]) -> list[str]:
    """Those that wait for real programs stand evenly between those that compute."""
    place: dict[str, float] = {}
    for kind in (True, False):
        mine = [name for name in share if name.startswith("tests/e2e/") is kind]
        before, all_of_them = 0.0, sum(weight[name] for name in mine)
        for name in mine:
            place[name] = before / all_of_them
            before += weight[name]
    return sorted(share, key=place.__getitem__)


def _seconds(name: str) -> float:
    return next((seconds for folder, seconds in SECONDS.items() if name.startswith(folder)), 0.0)


def _size(count: int, hands: int, number: int) -> int:
    """How many tests xdist gives to each at the beginning: what is left, divided among those who have nothing yet."""
    left = count
    for each in range(number):
        left -= left // (hands - each)
    return left // (hands - number)
