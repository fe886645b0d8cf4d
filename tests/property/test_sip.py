"""Laws of the SIP port: cuts do not matter, garbage is harmless, memory is bounded, answers match their questions."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ports.sip_framing import BODY_BYTES_MAX, Garbled, SipStream, in_datagram
from devices.ports.sip_message import HEADER_BYTES_MAX, response
from devices.ports.sip_sockets import Peer
from devices.ports.sip_transactions import KEPT_BYTES_MAX, KEPT_MAX, LIFE_S, Transaction, Transactions
from tests.thrift import processor_s

TOKENS = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=20)
LINES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    body = draw(st.binary(max_size=60))
    method = draw(st.sampled_from(["MESSAGE", "OPTIONS", "INVITE", "X-Y"]))
    vias = [f"Via: SIP/2.0/UDP 127.0.0.1:{draw(st.integers(1, 65535))};branch={draw(TOKENS)}"
            for _ in range(draw(st.integers(1, 3)))]  # fmt: skip
    more = [f"X-{draw(TOKENS)}: {draw(LINES)}" for _ in range(draw(st.integers(0, 3)))]
    lines = [f"{method} sip:arc@{draw(TOKENS)} SIP/2.0", *vias, f"From: <sip:{draw(TOKENS)}>", "To: <sip:arc>",
             f"Call-ID: {draw(TOKENS)}", f"CSeq: 1 {method}", *more, f"Content-Length: {len(body)}"]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


FRAGMENTS = st.sampled_from([b"\r\n", b"\r\n\r\n", b"\n", b"Via: ", b"SIP/2.0", b"Content-Length: 9999999\r\n", b"\x00",
                             b";rport", b'"', b",", b"SIP/2.0 200 OK\r\n", b"MESSAGE sip:a SIP/2.0\r\n"])  # fmt: skip
STREAMS = st.lists(requests() | FRAGMENTS | st.binary(max_size=40), max_size=8).map(b"".join)


def heard(reads: list[bytes]) -> tuple[list, bool, int]:
    stream, messages = SipStream(), []
    try:
        for read in reads:
            for message in stream.feed(read):
                messages.append(message)  # noqa: PERF402  those before a garbled one count
    except Garbled:
        return messages, True, 0
    return messages, False, stream.pinged


@given(STREAMS, st.lists(st.integers(0, 3000), max_size=10))
def test_any_cut_of_a_stream_gives_the_same_messages(stream, cuts):
    whole, garbled, _ = heard([stream])
    at = sorted(cut % (len(stream) + 1) for cut in cuts)
    parts = [stream[a:b] for a, b in zip([0, *at], [*at, len(stream)], strict=True)]
    assert heard(parts)[:2] == (whole, garbled)
    assert heard([stream[at : at + 1] for at in range(len(stream))])[:2] == (whole, garbled)


@given(st.lists(requests(), max_size=5))
def test_every_request_in_a_stream_comes_out_whole(sent):
    messages, garbled, _ = heard(sent)
    assert not garbled
    assert messages == [message for data in sent for message in in_datagram(data)]


@given(requests(), st.sampled_from([100, 200, 405]), st.binary(max_size=40))
def test_an_answer_can_be_read_and_belongs_to_its_question(data, code, body):
    (request,) = in_datagram(data)
    sent = response(request, code, came_from=("127.0.0.1", 4711), tag="ours", body=body)
    ((answer,), garbled, _) = heard([sent])
    assert not garbled
    assert (answer.code, answer.body, answer.branch) == (code, body, request.branch)
    assert [*answer.every("via")] == [*request.every("via")]
    assert [answer.first(name) for name in ("from", "call-id", "cseq")] == [
        request.first(name) for name in ("from", "call-id", "cseq")
    ]


@given(st.binary(max_size=400) | STREAMS)
def test_no_datagram_raises_anything_but_garbled(data):
    try:
        messages = list(in_datagram(data))
    except Garbled:
        return
    for message in messages:
        if message.is_answerable:
            assert response(message, 400, came_from=("127.0.0.1", 4711), tag="ours").startswith(b"SIP/2.0 400 ")


UNITS = [
    b"\r\n",
    b"\n",
    b"\r",
    b"a",
    b": ",
    b"Via: \r\n",
    b" \r\n",
    b'"',
    b",",
    b";rport",
    b"\x00",
    b"MESSAGE a SIP/2.0\r\n\r\n",
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("before", [b"", b"MESSAGE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a"])
def test_a_flood_is_cheap(unit, before):
    flood = (before + unit * BODY_BYTES_MAX)[:BODY_BYTES_MAX]
    # The promise is 100 ms on an idle machine; the rest is for busy ones.
    assert processor_s(lambda: streamed(flood)) + processor_s(lambda: answered(flood)) < 0.5


def streamed(flood: bytes) -> None:
    stream = SipStream()
    with suppress(Garbled):
        for at in range(0, len(flood), 1024):
            list(stream.feed(flood[at : at + 1024]))
            assert len(stream._kept) <= HEADER_BYTES_MAX + 1024


def answered(flood: bytes) -> None:
    with suppress(Garbled):
        for message in in_datagram(flood):
            if message.is_answerable:
                response(message, 400, came_from=("127.0.0.1", 4711), tag="ours")


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0, 20), st.sampled_from(["begin", "answer", "forget"])), max_size=60
    )
)
def test_transactions_are_forgotten_when_their_clients_have_given_up(moves):
    transactions, now_s, known = Transactions(), 0.0, {}
    for number, pause_s, move in moves:
        now_s += pause_s
        transactions.grown_old(now_s)
        name = str(number)
        known = {name: since_s for name, since_s in known.items() if now_s - since_s < LIFE_S}
        transaction = transactions.of(name)
        assert (transaction is not None) == (name in known)
        if transaction is None and move == "begin":
            (request,) = in_datagram(b"MESSAGE sip:a SIP/2.0\r\n\r\n")
            peer = Peer("127.0.0.1", 5060)
            transactions.begin(Transaction(name=name, request=request, peer=peer, path=peer, since_s=now_s))
            known[name] = now_s
        elif transaction is not None and move == "answer" and not transaction.answer:
            transactions.answered(transaction, b"yes", now_s=now_s)
            known[name] = now_s
        elif transaction is not None and move == "forget" and not transaction.answer:
            transactions.forget(transaction)
            del known[name]
        assert len(transactions) == len(known)


@pytest.mark.parametrize("answer_bytes", [10, 16_000])
def test_answers_are_kept_in_bounds(answer_bytes):
    transactions, peer = Transactions(), Peer("127.0.0.1", 5060)
    (request,) = in_datagram(b"MESSAGE sip:a SIP/2.0\r\n\r\n")
    for number in range(KEPT_MAX + 50):
        transaction = Transaction(name=str(number), request=request, peer=peer, path=peer, since_s=0.0)
        transactions.begin(transaction)
        transactions.answered(transaction, b"x" * answer_bytes, now_s=0.0)
    assert len(transactions) == min(KEPT_MAX, KEPT_BYTES_MAX // answer_bytes)
    assert transactions.of(str(KEPT_MAX + 49)) is not None
    assert transactions.of("0") is None
