import pytest
from tests.e2e.test_kill import assert_nothing_is_lost_under


@pytest.mark.parametrize("seed", [7, 8])
def test_x(tmp_path, seed):
    assert_nothing_is_lost_under(20, seed, tmp_path, pause_s=0.6)
