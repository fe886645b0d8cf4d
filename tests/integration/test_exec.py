"""A child process as a line: supervised, ended with all its own, and its standard error never taken for frames."""

import os
import shlex
import sys
import threading

import pytest

from devices.gateway import Gateway
from devices.line import Condition
from devices.ports import PortLost, open_port
from devices.ports.exec import COMPLAINTS_MAX
from dispatch.clock import SystemClock
from tests.fakes.line import Ears, LineDecoder, listening, until

SAY_PID = "import os,sys,threading\nprint(os.getpid(), flush=True)\nthreading.Event().wait()"


def command(script: str, *arguments: object) -> str:
    return "exec:" + shlex.join([sys.executable, "-c", script, *map(str, arguments)])


@pytest.fixture
def take():
    """Open ports that are closed again when the test ends."""
    taken = []

    def opened(script: str, *arguments: object):
        taken.append(port := open_port(command(script, *arguments)))
        port.open()
        return port

    yield opened
    for port in taken:
        port.close()


def everything(port) -> tuple[bytes, str]:
    """All that the child says until it is lost, and why it is."""
    data = b""
    while True:
        try:
            data += port.read(0.1)
        except PortLost as lost:
            return data, lost.reason


def lives(pid: int) -> bool:
    """Whether a process of this id runs; one that only waits to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def first_number(port) -> int:
    data = b""
    while not data.endswith(b"\n"):
        data += port.read(5)
    return int(data)


def gateway_on(address: str, ears: Ears, conditions: list[Condition]) -> Gateway:
    return Gateway(
        "radio",
        lambda: open_port(address),
        LineDecoder,
        ears,
        SystemClock(),
        lambda: b"",
        threading.Event(),
        on_state=lambda state: conditions.append(state.condition),
    )


def test_standard_output_is_read_and_standard_error_never(take):
    script = "import sys\nfor i in range(3): print('out', i, flush=True); print('err', i, file=sys.stderr, flush=True)"
    data, reason = everything(take(script))
    assert data == b"out 0\nout 1\nout 2\n"
    assert reason == "exit code 0: err 2"


def test_a_child_that_ends_is_lost_with_its_exit_code_and_last_words(take):
    data, reason = everything(take("import sys; sys.exit('no radio stick found')"))
    assert (data, reason) == (b"", "exit code 1: no radio stick found")


def test_a_child_that_was_killed_is_lost_with_the_signal(take):
    port = take(SAY_PID)
    os.kill(first_number(port), 9)
    assert everything(port)[1] == "exit code -9"


def test_a_program_that_does_not_exist_is_a_lost_line():
    port = open_port("exec:anling-no-such-program --really")
    with pytest.raises(PortLost, match="anling-no-such-program"):
        port.open()


def test_no_shell_reads_the_command(tmp_path):
    port = open_port(f"exec:{sys.executable} -c 'import sys; print(sys.argv[1:])' a;touch {tmp_path}/b '$HOME' '*'")
    port.open()
    data, _ = everything(port)
    port.close()
    assert data == f"['a;touch', '{tmp_path}/b', '$HOME', '*']\n".encode()
    assert not (tmp_path / "b").exists()


def test_a_flood_of_complaints_neither_blocks_the_child_nor_fills_the_log(take, log_lines):
    script = "import sys\nfor i in range(20000): print('complaint', i, file=sys.stderr)\nprint('well', flush=True)"
    port = take(script)
    assert everything(port)[0] == b"well\n"
    assert port.complained == 20000
    assert [line["event"] for line in log_lines] == ["child_wrote_to_stderr"] * COMPLAINTS_MAX


def test_a_complaint_without_end_is_kept_in_part_only(take, log_lines):
    everything(take("import sys; sys.stderr.write('x' * 10_000_000)"))
    assert [len(line["line"]) for line in log_lines] == [300]


def test_closing_ends_the_child(take):
    port = take(SAY_PID)
    pid = first_number(port)
    port.close()
    assert not lives(pid)
    with pytest.raises(PortLost):
        port.read(0)


def test_closing_ends_a_child_that_will_not_hear_of_it(take):
    port = take("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SAY_PID)
    pid = first_number(port)
    port.close()
    assert not lives(pid)


GRANDCHILD = (
    "import subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])\n"
    "print(child.pid, flush=True)\n"
)


def test_closing_ends_grandchildren_too(take):
    port = take(GRANDCHILD + "child.wait()")
    pid = first_number(port)
    assert lives(pid)
    port.close()
    until(lambda: not lives(pid))


def test_a_child_that_ends_but_leaves_a_grandchild_on_the_pipe_is_lost_all_the_same(take):
    port = take(GRANDCHILD + "sys.exit(3)")
    pid = first_number(port)
    assert everything(port)[1] == "exit code 3"
    port.close()
    until(lambda: not lives(pid))


def test_what_is_written_reaches_the_child(take):
    port = take("import sys\nprint('heard', sys.stdin.readline().strip(), flush=True)")
    port.write(b"06\n")
    assert everything(port)[0] == b"heard 06\n"


# ------------------------------------------------------------------------------------------------ with a gateway on it


def test_a_child_that_is_killed_is_started_again_and_heard(tmp_path):
    """What rtl_433 does when its stick is pulled and plugged in again."""
    starts = tmp_path / "starts"
    script = f"import os\nopen({str(starts)!r}, 'a').write(f'{{os.getpid()}}\\n')\nprint('one-way help', flush=True)\n"
    ears, conditions = Ears(), []
    gateway = gateway_on(command(script + "import threading\nthreading.Event().wait()"), ears, conditions)
    with listening(gateway):
        until(lambda: len(ears.kept) == 1)
        first = int(starts.read_text().split()[0])
        os.kill(first, 9)
        until(lambda: len(ears.kept) == 2)
        second = int(starts.read_text().split()[1])
        assert conditions == [Condition.CONNECTED, Condition.LOST, Condition.CONNECTED]
    assert not lives(first)
    assert not lives(second)


def test_a_child_that_cannot_work_is_called_lost_and_its_reason_told():
    ears, conditions = Ears(), []
    gateway = gateway_on(command("import sys; sys.exit('no radio stick found')"), ears, conditions)
    with listening(gateway):
        until(lambda: gateway.state.error == "exit code 1: no radio stick found")
        threading.Event().wait(2.5)
        assert gateway.state.condition is Condition.LOST
    assert conditions in ([Condition.CONNECTED, Condition.LOST], [Condition.LOST])
