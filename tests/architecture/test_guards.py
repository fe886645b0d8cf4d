"""The guards of the tests themselves, tried on tests that break their rules."""

import os
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT


@pytest.fixture
def run(tmp_path):
    """Runs the text of a test under the project's own conftest; gives back whether it passed, and what was printed."""

    def run(text: str, **environ: str) -> tuple[bool, str]:
        file = tmp_path / "test_tried.py"
        file.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout",
                   "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path),
                   str(file)]  # fmt: skip
        surroundings = {key: value for key, value in os.environ.items() if key != "ANLING_TEST_ALL"}
        # The plugins of everybody would take longer to load than all the rest.
        surroundings["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        done = subprocess.run(
            command, cwd=ROOT, env={**surroundings, **environ}, capture_output=True, text=True, check=False
        )
        return done.returncode == 0, done.stdout + done.stderr

    return run


LEAVES = """
import socket
def test_tried():
    try:
        {}
    except Exception:
        pass
"""


@pytest.mark.parametrize(
    "call",
    [
        'socket.create_connection(("192.0.2.1", 80), timeout=1)',
        'socket.getaddrinfo("anling.example", 80)',
        'socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", ("192.0.2.1", 9))',
    ],
)
def test_a_test_that_reaches_for_the_network_fails_even_where_the_refusal_is_swallowed(run, call):
    passed, printed = run(LEAVES.format(call))
    assert not passed
    assert "reached for the network" in printed


def test_a_test_may_talk_to_its_own_machine(run):
    passed, printed = run(
        LEAVES.format('socket.create_server(("127.0.0.1", 0)).close(); socket.getaddrinfo("localhost", 1)')
    )
    assert passed, printed


LOGS = "import structlog, pytest\n{}\ndef test_tried():\n    structlog.get_logger().error('disk_lost')\n"


def test_an_error_line_fails_a_test(run):
    passed, printed = run(LOGS.format(""))
    assert not passed
    assert "disk_lost" in printed


def test_an_error_line_that_was_announced_does_not(run):
    passed, printed = run(LOGS.format("@pytest.mark.error_lines('disk_lost')"))
    assert passed, printed


NEEDS = "from tests.need import need\ndef test_tried():\n    need(False, 'radio not found: apt install radio')\n"


def test_what_is_left_out_is_named_with_its_reason(run):
    passed, printed = run(NEEDS)
    assert passed
    assert "1 × radio not found: apt install radio" in printed
    assert "test_tried.py::test_tried" in printed


def test_leaving_out_fails_where_everything_must_run(run):
    passed, printed = run(NEEDS, ANLING_TEST_ALL="1")
    assert not passed
    assert "radio not found" in printed


def test_a_plain_skip_also_fails_where_everything_must_run(run):
    passed, _ = run("import pytest\ndef test_tried():\n    pytest.skip('later')\n", ANLING_TEST_ALL="1")
    assert not passed
