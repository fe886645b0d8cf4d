"""What the workers of a test run prepare for each other."""

from types import SimpleNamespace

import pytest
from _pytest.assertion import rewrite

from tests.shares import prepare_share


def prepared(file) -> bool:
    pyc = rewrite.get_cache_dir(file) / f"{file.stem}{rewrite.PYC_TAIL}"
    return rewrite._read_pyc(file, pyc) is not None


@pytest.fixture
def config(tmp_path, request):
    for name in ("test_a.py", "test_b.py", "rig.py"):
        (tmp_path / name).write_text("def test_it():\n    assert 1 + 1 == 2\n")
    given = {"rootpath": tmp_path, "stash": request.config.stash, "getini": request.config.getini}
    return SimpleNamespace(args=[str(tmp_path)], getoption=request.config.getoption, **given)


def test_the_shares_are_all_the_tests_and_each_is_what_pytest_would_read(config, tmp_path):
    tests = [tmp_path / name for name in ("test_a.py", "test_b.py")]
    prepare_share(config, share=0, shares=2)
    assert [prepared(file) for file in tests].count(True) == 1
    prepare_share(config, share=1, shares=2)
    assert [prepared(file) for file in tests] == [True, True]
    assert not prepared(tmp_path / "rig.py")


def test_a_test_that_was_changed_is_compiled_again(config, tmp_path):
    prepare_share(config, share=0, shares=1)
    file = tmp_path / "test_a.py"
    file.write_text("def test_it():\n    assert 1 + 1 == 3\n")
    assert not prepared(file)
    prepare_share(config, share=0, shares=1)
    assert prepared(file)
