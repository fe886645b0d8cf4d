"""SIP messages: read generously, answered byte for byte."""

import pytest

from devices.ports.sip_framing import BODY_BYTES_MAX, Garbled, SipStream, in_datagram
from devices.ports.sip_message import HEADER_BYTES_MAX, response

VIA = "SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bK77"


def request(
    *more: str, via: str = VIA, uri: str = "sip:arc@example", body: str = "hi", method: str = "MESSAGE"
) -> bytes:
    lines = [f"{method} {uri} SIP/2.0", f"Via: {via}", "From: <sip:4670@example>;tag=1", "To: <sip:arc@example>",
             "Call-ID: 1@x", f"CSeq: 1 {method}", *more, f"Content-Length: {len(body)}"]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


def one(data: bytes):
    (message,) = in_datagram(data)
    return message


def answered(data: bytes, code: int = 200, came_from=("10.0.0.7", 5070), **more) -> list[str]:
    """The lines of the head of an answer."""
    return response(one(data), code, came_from=came_from, tag="ours", **more).decode("latin-1").split("\r\n")


def test_an_answer_repeats_what_its_sender_knows_it_by():
    given = response(one(request()), 200, came_from=("10.0.0.7", 5070), tag="ours", body=b"<mrs/>",
                     headers=(("Content-Type", "text/plain"),))  # fmt: skip
    assert given == (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bK77\r\nFrom: <sip:4670@example>;tag=1\r\n"
        b"To: <sip:arc@example>;tag=ours\r\nCall-ID: 1@x\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
        b"Content-Length: 6\r\n\r\n<mrs/>"
    )


@pytest.mark.parametrize(
    ("via", "came_from", "answer"),
    [
        # RFC 3581, the example of section 6: what NAT has changed is said.
        ("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff", ("192.0.2.1", 9988),
         "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1"),
        # RFC 3261, 18.2.1.
        ("SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bK1", ("192.0.2.4", 5060),
         "SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bK1;received=192.0.2.4"),
        ("SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bK!a'b*c+d`e~%7Ef", ("10.0.0.7", 5070),
         "SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bK!a'b*c+d`e~%7Ef"),
        ("SIP/2.0/TCP [2001:db8::9:1];branch=z9hG4bK1", ("2001:db8::9:1", 40001),
         "SIP/2.0/TCP [2001:db8::9:1];branch=z9hG4bK1"),
        ("SIP / 2.0 / UDP a.example: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1", ("192.0.2.1", 4000),
         "SIP / 2.0 / UDP a.example: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1;received=192.0.2.1"),
        ("SIP/2.0/UDP a.example;branch=z9hG4bK1;received=1.2.3.4, SIP/2.0/UDP b.example;branch=z9hG4bK2",
         ("192.0.2.1", 1),
         "SIP/2.0/UDP a.example;branch=z9hG4bK1;received=192.0.2.1, SIP/2.0/UDP b.example;branch=z9hG4bK2"),
    ],
)  # fmt: skip
def test_the_topmost_via_says_where_it_came_from(via, came_from, answer):
    assert answered(request(via=via), came_from=came_from)[1] == f"Via: {answer}"


def test_every_via_goes_back_in_its_order():
    lines = answered(
        request("Via: SIP/2.0/TLS proxy.example;branch=z9hG4bKp", "v: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKq")
    )
    assert [line for line in lines if line.startswith("Via")] == [
        f"Via: {VIA}",
        "Via: SIP/2.0/TLS proxy.example;branch=z9hG4bKp",
        "Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKq",
    ]


def test_a_tag_that_is_there_stays_and_a_provisional_answer_has_none():
    assert "To: <sip:arc@example>" in answered(request(), 100)
    tagged = request().replace(b"To: <sip:arc@example>", b"To: <sip:arc@example> ; TAG=theirs")
    assert "To: <sip:arc@example> ; TAG=theirs" in answered(tagged)


@pytest.mark.parametrize(
    "data",
    [
        request(uri="sip:arc@pbx2"),
        request(uri="sip:arc@under_score"),
        request(uri="im:arc@example"),
        request(via="SIP/2.0/UDP gateway7:5070;branch=z9hG4bK77"),
        request("Subject: a", "  folded line"),
        request(via="SIP/2.0/UDP 10.0.0.7:5070\r\n\t;branch=z9hG4bK77"),
        request("Subject : caf\xe9"),
        request("nonsense"),
        request("Content-Length: many"),
        request().replace(b"Content-Length: 2", b"Content-Length: 1"),
        request().replace(b"Content-Length: 2", b"Content-Length: 99"),
        request().replace(b"\r\n", b"\n"),
        b"\r\n\r\n" + request(),
        request().replace(b"Call-ID: 1@x\r\n", b""),
        request().replace(b"Via", b"v").replace(b"From", b"f").replace(b"Content-Length", b"l"),
        request().replace(b"SIP/2.0\r\nVia", b"sip/2.0\r\nVIA"),
    ],
)
def test_a_message_is_not_lost_for_a_part_that_we_do_not_use(data):
    message = one(data)
    assert (message.method, message.body.strip()) == ("MESSAGE", b"hi")
    assert message.is_answerable
    assert message.branch == "z9hG4bK77"


@pytest.mark.parametrize(
    "data",
    [b"hello", b"GET / HTTP/1.1\r\n\r\n", b"MESSAGE sip:a SIP/3.0\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\xff" * 99],
)
def test_what_is_no_sip_is_garbled(data):
    with pytest.raises(Garbled):
        one(data)
    with pytest.raises(Garbled):
        list(SipStream().feed(data + b"\r\n\r\n"))


@pytest.mark.parametrize("via", ["", "SIP/2.0/UDP", "10.0.0.7;branch=1", "SIP/2.0/UDP ;branch=1", "HTTP/1.1/TCP a"])
def test_without_a_way_back_there_is_no_answer(via):
    assert not one(request(via=via)).is_answerable


def test_empty_lines_are_no_message():
    assert list(in_datagram(b"\r\n\r\n")) == list(in_datagram(b"\x00")) == list(in_datagram(b"")) == []


def test_a_stream_is_cut_by_the_lengths_it_says():
    stream = SipStream()
    data = request(body="one") + b"\r\n" + request(body="") + request(body="three")
    assert [message.body for message in stream.feed(data)] == [b"one", b"", b"three"]
    assert stream.pinged == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (request().replace(b"Content-Length: 2\r\n", b""), 400),
        (request().replace(b"Content-Length: 2", b"Content-Length: two"), 400),
        (request().replace(b"Content-Length: 2", b"Content-Length: -2"), 400),
        (request().replace(b"Content-Length: 2", f"Content-Length: {BODY_BYTES_MAX + 1}".encode()), 413),
    ],
)
def test_a_stream_without_a_usable_length_ends(data, code):
    with pytest.raises(Garbled) as garbled:
        list(SipStream().feed(data))
    assert garbled.value.code == code
    assert garbled.value.request is not None
    assert garbled.value.request.is_answerable


def test_a_message_before_the_garbled_one_is_heard():
    heard = []
    with pytest.raises(Garbled):
        heard.extend(SipStream().feed(request(body="good") + b"rubbish\r\n\r\n"))
    messages = SipStream().feed(request(body="good") + b"rubbish\r\n\r\n")
    assert next(messages).body == b"good"


def test_a_head_without_end_is_given_up():
    stream = SipStream()
    assert list(stream.feed(b"X" * HEADER_BYTES_MAX)) == []
    with pytest.raises(Garbled):
        list(stream.feed(b"X"))


def test_double_line_ends_are_a_question_whether_we_live():
    stream = SipStream()
    for piece in (b"\r", b"\n\r", b"\n", b"\r\n", b"\r\n\r\n"):
        assert list(stream.feed(piece)) == []
    assert stream.pinged == 2
    assert [message.body for message in stream.feed(b"\r\n" + request())] == [b"hi"]
