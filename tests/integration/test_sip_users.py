"""Senders that must say who they are, and senders in TLS: digest authentication and certificates on the SIP port."""

import re
import shutil
import socket
import ssl
import struct
import subprocess
from contextlib import contextmanager

import pytest

from devices.decoders.scaip import encode
from devices.ports import open_listener
from devices.ports.port import PortLost
from devices.ports.sip import SipListener
from devices.ports.sip_digest import NONCE_S, PROVED_MAX, Digest, Proof, response
from devices.ports.sip_message import SipMessage
from tests.fakes.line import until
from tests.integration.sip_rig import Desk
from tests.integration.test_sip import Client, Hand
from tests.integration.test_sipp_real import BODY, SCENARIO, TAKEN, TRANSPORTS
from tests.need import need
from tests.ports import free_port
from tests.thrift import processor_s

USERS = "sip-listen://4670:s3cret@127.0.0.1:0"
CHALLENGED = """
  <recv response="401" auth="true"/>
  <send retrans="500">
    <![CDATA[
      MESSAGE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:[field0]@[local_ip]:[local_port]>;tag=[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 2 MESSAGE
      [authentication username={user} password={password}]
      Max-Forwards: 70
      Content-Type: application/scaip+xml
      Content-Length: [len]

      [field1]
    ]]>
  </send>
  <recv response="100" optional="true"/>"""


def sipp_with(tmp_path, port: int, count=1, *options: object, user="4670", password="s3cret", code=200, transport="u1"):
    """The real sipp, which answers a challenge by itself; it exits with 0 only when all was answered as expected."""
    again = CHALLENGED.format(user=user, password=password)
    text = SCENARIO.format(code=code, expected=TAKEN if code == 200 else "401", where="body" if code == 200 else "msg",
                           stays_ms=0).replace('\n  <recv response="100" optional="true"/>', again, 1)  # fmt: skip
    (tmp_path / "scenario.xml").write_text(text, "latin-1")
    lines = [f"4670;{BODY.format(number)};application/scaip+xml" for number in range(count)]
    (tmp_path / "data.csv").write_text("\n".join(["SEQUENTIAL", *lines, ""]), encoding="utf-8")
    command = ["sipp", "-sf", "scenario.xml", "-inf", "data.csv", "-m", count, "-s", "arc", "-i", "127.0.0.1",
               "-nostdin", "-p", free_port(), "-timeout", "200s", "-timeout_error", "-max_socket", 500,
               "-t", transport, *options, f"127.0.0.1:{port}"]  # fmt: skip
    return subprocess.run(
        [str(part) for part in command], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )


@contextmanager
def desk_of(address: str):
    with Desk(SipListener(address)).open() as desk:
        yield desk


@pytest.fixture
def _sipp():
    need(shutil.which("sipp"), "sipp not found: apt install sip-tester")


# ------------------------------------------------------------------------------------------------ the real sipp


@pytest.mark.usefixtures("_sipp")
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("auth", ["md5", "md5,sha-256"])
def test_sipp_proves_who_it_is(tmp_path, transport, auth):
    with desk_of(f"{USERS}?auth={auth}") as desk:
        done = sipp_with(tmp_path, desk.listener.port, transport=TRANSPORTS[transport])
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(desk.kept) == 1


@pytest.mark.usefixtures("_sipp")
@pytest.mark.parametrize("wrong", [{"password": "other"}, {"user": "4671"}])
@pytest.mark.error_lines("sender_not_authenticated")
def test_sipp_with_a_wrong_password_is_not_heard_and_somebody_is_told(tmp_path, wrong):
    with desk_of(USERS) as desk:
        done = sipp_with(tmp_path, desk.listener.port, code=401, **wrong)
        assert done.returncode == 0, done.stdout + done.stderr
        assert desk.kept == desk.said == []
        assert desk.listener.refused >= 1


@pytest.mark.usefixtures("_sipp")
def test_fifty_units_prove_who_they_are_with_packets_lost(tmp_path):
    with desk_of(USERS) as desk:
        done = sipp_with(tmp_path, desk.listener.port, 50, "-r", 50, "-lost", 10)
        assert done.returncode == 0, done.stdout + done.stderr
        assert sorted(frame.fields["ref"] for frame in desk.kept) == sorted(f"R{number}" for number in range(50))


@pytest.fixture
def certificate(tmp_path):
    need(shutil.which("openssl"), "openssl not found: apt install openssl")
    path = tmp_path / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=arc", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "cert.pem").read_bytes())
    return path


@pytest.mark.usefixtures("_sipp")
def test_sipp_through_tls(tmp_path, certificate):
    """This sipp has no TLS of its own; socat, which has, stands before it."""
    need(shutil.which("socat"), "socat not found: apt install socat")
    with desk_of(f"{USERS}?tls={certificate}") as desk:
        port = free_port()
        tunnel = subprocess.Popen(
            ["socat", f"TCP-LISTEN:{port},reuseaddr,fork,bind=127.0.0.1",
             f"OPENSSL:127.0.0.1:{desk.listener.port},cafile={tmp_path / 'cert.pem'}"]
        )  # fmt: skip
        try:
            until(lambda: _takes_connections(port))
            done = sipp_with(tmp_path, port, 5, transport="t1")
        finally:
            tunnel.terminate()
            tunnel.wait()
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(desk.kept) == 5


def _takes_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# ------------------------------------------------------------------------------------------------ TLS


class TlsClient(Client):
    def __init__(self, port: int, trusted) -> None:
        super().__init__(port, tcp=True)
        self.transport = "TLS"
        self.socket = ssl.create_default_context(cafile=trusted).wrap_socket(self.socket, server_hostname="127.0.0.1")


def test_a_message_larger_than_a_record_and_several_at_once_come_through(tmp_path, certificate):
    with desk_of(f"sip-listen://127.0.0.1:0?tls={tmp_path / 'cert.pem'}&tls_key={tmp_path / 'key.pem'}") as desk:
        client = TlsClient(desk.listener.port, tmp_path / "cert.pem")
        client.say(b" " * 40_000 + encode("4670"))
        assert client.heard().startswith("SIP/2.0 200")
        client.socket.send(client.request(encode("4671"), number=2) + client.request(encode("4672"), number=3))
        until(lambda: len(desk.kept) == 3)
        client.socket.close()


def test_an_answer_of_its_own_names_tls_as_the_way_it_came(tmp_path, certificate):
    with desk_of(f"sip-listen://127.0.0.1:0?answer=message&tls={certificate}") as desk:
        client = TlsClient(desk.listener.port, tmp_path / "cert.pem")
        client.say(encode("4670"))
        heard = ""
        while "<mrs>" not in heard:
            heard += client.heard()
        assert "Via: SIP/2.0/TLS" in heard
        client.socket.close()


def test_whoever_speaks_no_tls_or_says_nothing_delays_nobody(tmp_path, certificate):
    with desk_of(f"sip-listen://127.0.0.1:0?tls={certificate}") as desk:
        mute = Client(desk.listener.port, tcp=True)
        plain = Client(desk.listener.port, tcp=True)
        plain.say(encode("4670"))
        assert b"SIP/2.0" not in _rest(plain.socket)
        client = TlsClient(desk.listener.port, tmp_path / "cert.pem")
        client.say(encode("4671"))
        assert client.heard().startswith("SIP/2.0 200")
        assert [frame.address for frame in desk.kept] == ["4671"]
        for each in (mute, plain, client):
            each.socket.close()


def _rest(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except ConnectionError:
        return b""


def test_whoever_hangs_up_at_once_is_let_go(tmp_path, certificate):
    with desk_of(f"sip-listen://127.0.0.1:0?tls={certificate}") as desk:
        for _ in range(200):
            gone = socket.create_connection(("127.0.0.1", desk.listener.port))
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.close()
        client = TlsClient(desk.listener.port, tmp_path / "cert.pem")
        client.say(encode("4671"))
        assert client.heard().startswith("SIP/2.0 200")
        client.socket.close()


def test_old_versions_of_tls_are_declined(tmp_path, certificate):
    with desk_of(f"sip-listen://127.0.0.1:0?tls={certificate}") as desk:
        context = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", desk.listener.port)) as plain, pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_certificate_that_is_none_is_named(tmp_path, content):
    path = tmp_path / "sip.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PortLost, match=re.escape(str(path))):
        SipListener(f"sip-listen://127.0.0.1:0?tls={path}").open()


# ------------------------------------------------------------------------------------------------ proofs


def proving(nonce: str, *, user="4670", password="s3cret", count="00000001", algorithm="MD5", qop="auth", **other):
    """A request with its proof."""
    said = {"username": user, "realm": "anling", "nonce": nonce, "uri": "sip:arc@127.0.0.1", "algorithm": algorithm}
    said |= {"qop": qop, "nc": count, "cnonce": "0a4f113b"} if qop else {}
    said = said | {"response": response(algorithm, user, password, "MESSAGE", said)} | other
    parts = ", ".join(f'{name}="{value}"' for name, value in said.items())
    return SipMessage(method="MESSAGE", uri="sip:arc@127.0.0.1", headers=(("authorization", f"Digest {parts}"),))


@pytest.fixture
def digest():
    return Digest({"4670": "s3cret"}, ("SHA-256", "MD5"))


def nonce_of(digest: Digest, now_s: float) -> str:
    return re.search('nonce="([^"]+)"', digest.challenge(now_s, stale=False)[0][1])[1]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("qop", ["auth", ""])
def test_a_right_password_is_a_proof_once(digest, algorithm, qop):
    request = proving(nonce_of(digest, 10.0), algorithm=algorithm, qop=qop)
    assert digest.proof(request, 11.0) is Proof.GIVEN
    assert digest.proof(request, 12.0) is Proof.STALE, "whoever plays it back is asked anew"


def test_a_nonce_serves_for_further_requests_that_are_counted(digest):
    nonce = nonce_of(digest, 10.0)
    assert [digest.proof(proving(nonce, count=f"{each:08x}"), 11.0) for each in (1, 2, 3)] == [Proof.GIVEN] * 3


def test_a_nonce_grows_old(digest):
    nonce = nonce_of(digest, 10.0)
    assert digest.proof(proving(nonce), 10.0 + NONCE_S) is Proof.STALE
    assert "stale=true" in digest.challenge(10.0 + NONCE_S, stale=True)[0][1]


@pytest.mark.parametrize(
    "other",
    [{"password": "s3cres"}, {"user": "4671"}, {"response": ""}, {"uri": "sip:other"}, {"cnonce": "x"}, {"nc": "2"},
     {"algorithm": "SHA-512-256"} | {"response": "0" * 64}],
)  # fmt: skip
def test_anything_that_does_not_fit_is_wrong(digest, other):
    algorithm = other.pop("algorithm", "MD5") if "response" in other and len(other) > 1 else "MD5"
    request = proving(nonce_of(digest, 10.0), **other)
    if algorithm != "MD5":
        text = request.headers[0][1].replace('algorithm="MD5"', f'algorithm="{algorithm}"')
        request = SipMessage(method="MESSAGE", headers=(("authorization", text),))
    assert digest.proof(request, 11.0) is Proof.WRONG


@pytest.mark.parametrize("nonce", ["", "x", "1.00", "zz.1.2", "1.\udcff.3"])
def test_a_nonce_that_is_not_ours_proves_nothing(digest, nonce):
    assert digest.proof(proving(nonce), 11.0) is Proof.STALE


@pytest.mark.parametrize("header", ["", "Basic NDY3MDpzM2NyZXQ=", "Digest", 'Digest realm="elsewhere", response="x"'])
def test_what_is_no_answer_to_us_is_asked(digest, header):
    request = SipMessage(method="MESSAGE", headers=(("authorization", header),) if header else ())
    assert digest.proof(request, 11.0) is Proof.MISSING


@pytest.mark.parametrize(
    "text",
    [" " * 16_000, "a" * 16_000, "a=" * 8_000, 'a="' * 5_000, "=" * 16_000, 'a="\\"' * 3_000, "a =\t" * 4_000,
     f'realm="anling", nonce="{"1." * 7_000}"'],
)  # fmt: skip
def test_no_header_takes_long_to_read(digest, text):
    request = SipMessage(method="MESSAGE", headers=(("authorization", f"Digest {text}"),) * 2)
    assert any(processor_s(lambda: digest.proof(request, 11.0)) < 0.02 for _ in range(8))


def test_the_examples_of_the_standards_come_out(monkeypatch):
    """RFC 7616 section 3.9.1, with its realm in the place of ours."""
    monkeypatch.setattr("devices.ports.sip_digest.REALM", "http-auth@example.org")
    said = {"nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "uri": "/dir/index.html", "qop": "auth",
            "nc": "00000001", "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"}  # fmt: skip
    assert response("MD5", "Mufasa", "Circle of Life", "GET", said) == "8ca523f5e9506fed4657c9700eebdbec"
    assert response("SHA-256", "Mufasa", "Circle of Life", "GET", said) == (
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    )


def test_what_is_remembered_of_proofs_is_bounded_and_what_is_forgotten_proves_nothing(digest):
    first = proving(nonce_of(digest, 10.0))
    assert digest.proof(first, 10.0) is Proof.GIVEN
    nonce = nonce_of(digest, 11.0)
    for count in range(PROVED_MAX):
        digest._use_up(nonce, f"{count:08x}", 11.0, 12.0)
    assert len(digest._proved) <= PROVED_MAX
    assert digest.proof(first, 12.0) is Proof.STALE


# ------------------------------------------------------------------------------------------------ the port


def test_without_users_nobody_is_asked():
    with desk_of("sip-listen://127.0.0.1:0") as desk:
        client = Client(desk.listener.port)
        client.say(encode("4670"))
        assert client.heard().startswith("SIP/2.0 200")
        client.socket.close()


def test_whoever_does_not_say_who_it_is_is_asked_by_both_algorithms_and_not_heard():
    hand = Hand()
    listener = SipListener(USERS, steady_s=hand)
    with Desk(listener).open() as desk:
        client = Client(listener.port)
        client.say(encode("4670"))
        asked = client.heard()
        assert asked.startswith("SIP/2.0 401")
        assert re.findall(r"algorithm=([\w-]+)", asked) == ["MD5", "SHA-256"]
        nonce = re.search('nonce="([^"]+)"', asked)[1]
        said = {"uri": "sip:arc@127.0.0.1", "nonce": nonce, "qop": "auth", "nc": "00000001", "cnonce": "1"}
        proof = response("SHA-256", "4670", "s3cret", "MESSAGE", said)
        parts = ", ".join(f'{name}="{value}"' for name, value in said.items())
        proved = (
            f'Authorization: Digest username="4670", realm="anling", {parts}, algorithm=SHA-256, response="{proof}"'
        )
        assert desk.kept == []
        for _ in range(2):
            client.say(encode("4670"), number=2, more=[proved])
            assert client.heard().startswith("SIP/2.0 200"), "a copy has the same answer and is not asked again"
        assert len(desk.kept) == len(desk.said) == 1
        client.say(encode("4670", count=5), number=3, more=[proved])
        assert "stale=true" in client.heard()
        client.socket.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), ("", "names nobody"), ("# nobody\n\n", "names nobody"), ("4670\n", "line 1"),
     ("4670:\n", "has no password")],
)  # fmt: skip
def test_a_file_of_users_that_is_wrong_is_named(tmp_path, content, said):
    path = tmp_path / "users"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PortLost, match=said):
        SipListener(f"sip-listen://127.0.0.1:0?users={path}").open()


@pytest.mark.usefixtures("_sipp")
def test_users_may_stand_in_a_file(tmp_path):
    path = tmp_path / "users"
    path.write_text("# units of the house\n4669:other\n\n4670:s3cret\n")
    with desk_of(f"sip-listen://127.0.0.1:0?users={path}") as desk:
        done = sipp_with(tmp_path, desk.listener.port)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_password_comes_from_the_settings_and_is_nowhere_to_be_read():
    listener = open_listener("sip-listen://4670@127.0.0.1:0", password="a:b@c/d")
    assert listener._address.password == "a:b@c/d"
    assert "a:b@c/d" not in repr(listener._address)
