"""
What holds for every test: no network but this machine's own, no unexpected error line in the log, nothing left out in
silence.
"""

import gc
import ipaddress
import os
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator, MutableMapping, Sequence
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from structlog.testing import LogCapture

from tests.need import TEST_ALL, must_run_all
from tests.order import backwards, dealt
from tests.postgres import Postgres
from tests.shares import prepare_share

# Without byte code on disk each of the workers would compile the project and rewrite the asserts of every test, and so
# would each of the some hundred programs that the tests start: 20 s of processor time a worker, 1 s a program.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# A good hash takes a tenth of a second on purpose, and every application makes one for logins that there are none of.
setattr(PasswordHasher.__init__, "__defaults__", (1, 8, 1, *(PasswordHasher.__init__.__defaults__ or ())[3:]))  # noqa: B010


# ------------------------------------------------------------------------------------------------ nothing twice


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """The tests themselves are no garbage: neither while they are collected nor later is anything looked for there."""
    gc.disable()
    try:
        if worker := getattr(session.config, "workerinput", None):
            share = int(worker["workerid"].removeprefix("gw"))
            prepare_share(session.config, share=share, shares=worker["workercount"])
        return (yield)
    finally:
        gc.freeze()
        # Each test leaves little behind, and each look for it goes through all that the modules of a worker hold.
        gc.set_threshold(100_000, 20, 50)
        gc.enable()


# ------------------------------------------------------------------------------------------------ in which order


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backwards", action="store_true", help="each file's tests from its last to its first")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker deals the same tests in the same way."""
    if config.getoption("backwards"):
        items[:] = backwards(items)
    if worker := getattr(config, "workerinput", None):
        items[:] = dealt(items, worker["workercount"])


# ------------------------------------------------------------------------------------------------ once a worker


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL, begun by the first test that asks for it."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


# ------------------------------------------------------------------------------------------------ no network


class NetworkDenied(RuntimeError):
    """A test reached for a foreign machine."""


_denied: list[str] = []


def _is_here(host: Any) -> bool:
    """Whether a host is this machine; names other than localhost would already ask a name server."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    if host in {None, "", "localhost", "ip6-localhost", "<broadcast>"}:
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections, datagrams and name look-ups that leave the machine, whatever library makes them."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        _denied.append(f"{event} {host}")
        raise NetworkDenied(f"no test may leave this machine: {event} {host}")


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """A try to leave the machine fails the test even where the code under test swallowed the refusal."""
    _denied.clear()
    yield
    assert not _denied, f"the test reached for the network: {_denied}"


# ------------------------------------------------------------------------------------------------ the log


@pytest.fixture(autouse=True)
def log_lines(request: pytest.FixtureRequest) -> Iterator[list[MutableMapping[str, Any]]]:
    """
    Every line logged in this process during the test, as dicts.

    An error line fails the test unless `@pytest.mark.error_lines("its_event", …)` says that it is provoked on purpose.
    """
    capture = LogCapture()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, capture],
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )
    yield capture.entries
    structlog.reset_defaults()
    expected = {event for mark in request.node.iter_markers("error_lines") for event in mark.args}
    errors = [line for line in capture.entries if line["log_level"] in {"error", "critical", "exception"}]
    surprises = [line for line in errors if line["event"] not in expected]
    assert not surprises, f"unexpected error lines in the log: {surprises}"


# ------------------------------------------------------------------------------------------------ what was left out


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what was left out and why, at the very end."""
    left_out = _by_reason(terminalreporter.stats.get("skipped", []))
    if not left_out:
        terminalreporter.write_line("Nothing was left out.")
        return
    terminalreporter.section("left out", sep="-")
    for reason, names in sorted(left_out.items()):
        terminalreporter.write_line(f"{len(names)} × {reason}")
        for name in sorted(names):
            terminalreporter.write_line(f"    {name}")
    terminalreporter.write_line(f"With {TEST_ALL}=1 leaving out is failing.")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Skips that did not come by `need` count as well when everything must run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    is_worker = hasattr(session.config, "workerinput")
    if must_run_all() and not is_worker and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _by_reason(skipped: Sequence[Any]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")].append(report.nodeid)
    return reasons
