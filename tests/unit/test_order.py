"""The order in which tests are handed out to the workers of a run."""

from itertools import pairwise
from types import SimpleNamespace

import pytest

from tests.order import dealt


def some(**counts):
    return [
        SimpleNamespace(nodeid=f"tests/{name.replace('__', '/')}.py::test_{number}")
        for name, count in counts.items()
        for number in range(count)
    ]


MANY = some(
    e2e__test_a=9, e2e__test_b=1, e2e__test_c=4, e2e__test_d=3, integration__test_e=60, integration__test_f=30,
    integration__test_g=40, property__test_h=50, simulation__test_i=20, unit__test_j=2_000, unit__test_k=1_003,
)  # fmt: skip


def runs_of(items, hands):
    """As xdist's worksteal cuts them: what is left, divided among those who have nothing yet."""
    left, runs = list(items), []
    for number in range(hands):
        size = len(left) // (hands - number)
        runs.append(left[:size])
        del left[:size]
    return runs


def folder(item):
    return item.nodeid.split("/")[1]


@pytest.mark.parametrize("hands", [1, 2, 3, 5, 8])
def test_each_run_begins_with_its_share_of_the_long_ones_and_ends_with_short_ones(hands):
    order = dealt(MANY, hands)
    assert sorted(map(id, order)) == sorted(map(id, MANY))
    for run in runs_of(order, hands):
        is_short = [folder(item) == "unit" for item in run]
        assert is_short == sorted(is_short)
        assert is_short[-1]
    long = [item for item in order if folder(item) != "unit"]
    files = [item.nodeid.partition("::")[0] for item in long]
    assert sum(a != b for a, b in pairwise(files)) == len(set(files)) - 1, "a file is cut"


def test_those_that_wait_are_spread_over_all_runs():
    runs = runs_of(dealt(MANY, 3), 3)
    assert [any(folder(item) == "e2e" for item in run) for run in runs] == [True] * 3


@pytest.mark.parametrize("items", [[], MANY[:1], some(unit__test_j=3), some(e2e__test_a=3)])
def test_a_few_tests_are_handed_out_too(items):
    assert sorted(map(id, dealt(items, 5))) == sorted(map(id, items))
