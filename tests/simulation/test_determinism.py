"""A failure is a number: the same seed is the same story, to the last entry of the record."""

import pytest

from config.simulation.faults import ROUGH
from config.simulation.run import run

DAYS = 0.08


@pytest.mark.error_lines("wake_failed")
def test_the_same_seed_gives_the_same_record():
    first, second = (run(DAYS, 1, faults=ROUGH) for _ in range(2))
    assert first.head > 0
    assert (first.head, first.digest, first.steps, first.counts) == (
        second.head, second.digest, second.steps, second.counts,
    )  # fmt: skip


@pytest.mark.error_lines("wake_failed")
def test_another_seed_gives_another_record():
    assert run(DAYS, 1, faults=ROUGH).digest != run(DAYS, 2, faults=ROUGH).digest
