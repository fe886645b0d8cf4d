"""
Months of visits with known cheats, played into the service: nothing that is not proved counts, and nearly everything
honest counts without a human (issue: no unproved one, at least 98 % of the honest ones).
"""

from importlib.util import find_spec

import pytest

from tests.cheating.month import generate

HONEST_MIN = 0.98

if find_spec("schedules.care.visiting") is None:
    pytest.skip("visits are not there yet", allow_module_level=True)


def played(folder, seed, visits):
    from tests.cheating.playing import Player

    player = Player(generate(seed, visits), folder)
    result = player.play()
    player.world.close()
    print(result.table())
    return result


def test_of_a_few_hundred_visits_no_cheat_counts_and_honest_ones_do(tmp_path):
    result = played(tmp_path, 11, 140)
    assert sum(result.all.values()) >= 200
    assert result.unproved == []
    assert result.honest_share >= HONEST_MIN


@pytest.mark.drill
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2])
def test_of_ten_thousand_visits_no_cheat_counts_and_honest_ones_do(tmp_path, seed):
    result = played(tmp_path, seed, 10_000)
    assert sum(result.all.values()) >= 10_000
    assert result.unproved == []
    assert result.honest_share >= HONEST_MIN
