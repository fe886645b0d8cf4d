"""The real sipp against our port: a SIP client that nobody here wrote, over UDP and TCP, with losses and in a storm."""

import shutil
import subprocess
import threading

import pytest

from devices.ports.sip import SipListener
from dispatch.rules.signal import Event
from tests.fakes.line import until
from tests.integration.sip_rig import Desk
from tests.need import need
from tests.ports import free_port

SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a unit reports">
  <send retrans="500">
    <![CDATA[
      MESSAGE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:[field0]@[local_ip]:[local_port]>;tag=[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 MESSAGE
      Max-Forwards: 70
      Content-Type: [field2]
      Content-Length: [len]

      [field1]
    ]]>
  </send>
  <recv response="100" optional="true"/>
  <recv response="{code}">
    <action>
      <ereg regexp="{expected}" search_in="{where}" check_it="true" assign_to="1"/>
    </action>
  </recv>
  <pause milliseconds="{stays_ms}"/>
  <Reference variables="1"/>
</scenario>
"""
BODY = "<mrq><ref>R{0}</ref><cid>4670{0:04}</cid><dty>0003</dty><did>00010001</did><stc>0010</stc></mrq>"
TAKEN = "&lt;mrs&gt;&lt;ref&gt;R[0-9]+&lt;/ref&gt;&lt;snu&gt;0&lt;/snu&gt;&lt;/mrs&gt;"
TRANSPORTS = {"udp": "u1", "tcp": "t1", "tcp, a connection each": "tn"}


@pytest.fixture(autouse=True)
def _real_program():
    need(shutil.which("sipp"), "sipp not found: apt install sip-tester")


@pytest.fixture
def desk():
    with Desk(SipListener("sip-listen://127.0.0.1:0")).open() as desk:
        yield desk


def sipp(tmp_path, port: int, bodies: list[str], *options: object, code=200, expected=TAKEN, where="body",
         content_type="application/scaip+xml", stays_ms=0) -> subprocess.CompletedProcess:  # fmt: skip
    """Runs it once for all bodies; it exits with 0 only when every one was answered as expected."""
    scenario, data = tmp_path / "scenario.xml", tmp_path / "data.csv"
    scenario.write_text(SCENARIO.format(code=code, expected=expected, where=where, stays_ms=stays_ms), "latin-1")
    lines = [f"4670;{body};{content_type}" for body in bodies]
    data.write_text("\n".join(["SEQUENTIAL", *lines, ""]), encoding="utf-8")
    command = ["sipp", "-sf", scenario, "-inf", data, "-m", len(bodies), "-s", "arc", "-i", "127.0.0.1", "-nostdin",
               "-p", free_port(), "-timeout", "200s", "-timeout_error", "-max_socket", 500, *options,
               f"127.0.0.1:{port}"]  # fmt: skip
    return subprocess.run(
        [str(part) for part in command], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_press_is_heard_once_and_answered_in_the_response(tmp_path, desk, transport):
    done = sipp(tmp_path, desk.listener.port, [BODY.format(7)], "-t", TRANSPORTS[transport])
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(frame.event, frame.address) for frame in desk.kept] == [(Event.PRESS, "46700007:00010001")]
    assert desk.listener.malformed == desk.listener.unanswered == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_two_hundred_units_at_a_hundred_a_second(tmp_path, desk, transport):
    bodies = [BODY.format(number) for number in range(200)]
    done = sipp(tmp_path, desk.listener.port, bodies, "-r", 100, "-t", TRANSPORTS[transport])
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(frame.fields["ref"] for frame in desk.kept) == sorted(f"R{number}" for number in range(200))
    assert desk.listener.malformed == desk.listener.unanswered == desk.listener.refused == 0


def test_a_request_repeated_while_it_waits_is_heard_once(tmp_path, desk):
    desk.closed.set()
    ends = threading.Timer(1.2, desk.closed.clear)
    ends.start()
    done = sipp(tmp_path, desk.listener.port, [BODY.format(7)], "-trace_stat", "-stf", "stat.csv")
    ends.join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert _retransmissions(tmp_path / "stat.csv") >= 1
    assert len(desk.said) == len(desk.kept) == 1


def test_lost_packets_in_both_directions_cost_no_press_and_double_none(tmp_path, desk):
    bodies = [BODY.format(number) for number in range(20)]
    done = sipp(tmp_path, desk.listener.port, bodies, "-r", 100, "-lost", 25, "-trace_stat", "-stf", "stat.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _retransmissions(tmp_path / "stat.csv") >= 1
    assert len(desk.kept) == 20


def test_nothing_is_answered_before_it_is_kept(tmp_path, desk):
    desk.closed.set()
    done = sipp(tmp_path, desk.listener.port, [BODY.format(7)], "-recv_timeout", 800, "-nr")
    assert done.returncode == 1
    assert len(desk.said) == 1
    assert desk.kept == []
    desk.closed.clear()
    until(lambda: desk.kept)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<mrq><ref>R1</ref><cid>4670</cid><stc>0010</stc></mrq>", "&lt;ref&gt;R1&lt;/ref&gt;&lt;snu&gt;7&lt;/snu&gt;"),
        ("<mrq><ref>R1</ref><cid>4670</cid>", "&lt;mrs&gt;&lt;snu&gt;2&lt;/snu&gt;&lt;/mrs&gt;"),
        ("hello", "&lt;mrs&gt;&lt;snu&gt;2&lt;/snu&gt;&lt;/mrs&gt;"),
        ("<scaip><ref>R1</ref><cid>4</cid><dty>3</dty></scaip>", "&lt;scaip&gt;&lt;ref&gt;R1&lt;/ref&gt;&lt;snu&gt;0"),
    ],
)
def test_defects_and_dialects_are_answered_in_kind(tmp_path, desk, body, expected):
    done = sipp(tmp_path, desk.listener.port, [body], expected=expected)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("content_type", ["application/scaip+xml", "application/xml", "text/plain"])
def test_the_answer_comes_in_the_content_type_of_the_question(tmp_path, desk, content_type):
    expected = f"Content-Type: {content_type.replace('+', '.')}"
    done = sipp(tmp_path, desk.listener.port, [BODY.format(7)], expected=expected, where="msg",
                content_type=content_type)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_message_that_is_nothing_to_us_is_declined(tmp_path, desk):
    done = sipp(tmp_path, desk.listener.port, ["hello"], code=415, expected="Accept: application/scaip.xml",
                where="msg", content_type="text/html")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.kept == []


TAKES_A_MESSAGE = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a unit is told in a message of its own">
  <recv request="MESSAGE">
    <action>
      <ereg regexp="{expected}" search_in="body" check_it="true" assign_to="1"/>
    </action>
  </recv>
  <Reference variables="1"/>
  <send>
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

    ]]>
  </send>
</scenario>
"""


def test_the_answer_may_come_in_a_message_of_its_own(tmp_path):
    told = tmp_path / "told.xml"
    told.write_text(TAKES_A_MESSAGE.format(expected=TAKEN), encoding="latin-1")
    with Desk(SipListener("sip-listen://127.0.0.1:0?answer=message")).open() as desk:
        bodies = [BODY.format(number) for number in range(20)]
        done = sipp(tmp_path, desk.listener.port, bodies, "-oocsf", told, stays_ms=1000,
                    expected="Content-Length: 0", where="msg")  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        until(lambda: len(desk.listener._messenger) == 0)
        assert len(desk.kept) == 20
        assert desk.listener.unanswered == 0, "every message of ours was taken"


def _retransmissions(path) -> int:
    """How often sipp says it sent something again."""
    names, *rows = [line.split(";") for line in path.read_text("latin-1").splitlines()]
    return int(rows[-1][names.index("Retransmissions(C)")])
