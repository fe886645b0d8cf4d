"""Headers and errors of providers, read."""

import socket

import pytest
import requests
from urllib3 import exceptions as urllib3

from dispatch.messages.providers.exchange import (
    RETRY_AFTER_MAX_S,
    BrokenOff,
    Exchange,
    Limits,
    failed,
    masked,
    never_left,
    outcome_of,
    seconds_of,
)
from dispatch.messages.providers.provider import Outcome

NOW = "Mon, 02 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("told", "now", "seconds"),
    [
        ("7", None, 7.0),
        (" 7 ", None, 7.0),
        ("86400", None, RETRY_AFTER_MAX_S),
        ("Mon, 02 Mar 2026 12:00:30 GMT", NOW, 30.0),
        ("Mon, 02 Mar 2026 11:59:30 GMT", NOW, 0.0),
        ("Tue, 03 Mar 2026 12:00:00 GMT", NOW, RETRY_AFTER_MAX_S),
        ("Mon, 02 Mar 2026 12:00:30 GMT", None, None),
        ("7.5", None, None),
        ("７", None, None),
        ("-1", None, None),
        (None, NOW, None),
    ],
)
def test_when_to_come_again(told, now, seconds):
    assert seconds_of(told, now) == seconds


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Outcome.REFUSED), (404, Outcome.REFUSED), (429, Outcome.NOT_SENT), (499, Outcome.REFUSED),
     (500, Outcome.UNKNOWN), (503, Outcome.UNKNOWN), (399, Outcome.UNKNOWN)],
)  # fmt: skip
def test_a_status_by_itself(status, outcome):
    assert outcome_of(status) is outcome


REFUSED = requests.ConnectionError(urllib3.MaxRetryError(None, "/", urllib3.NewConnectionError(None, "refused")))


@pytest.mark.parametrize(
    ("error", "began", "certain"),
    [
        (REFUSED, False, True),
        (REFUSED, True, False),
        (requests.ConnectTimeout(), False, True),
        (requests.ReadTimeout(), False, False),
        (requests.ConnectionError(urllib3.ProtocolError("aborted")), False, False),
        (BrokenOff(), False, False),
    ],
)
def test_only_two_witnesses_together_say_that_nothing_left(error, began, certain):
    """The kind of the error, and that the connection never announced a request: one alone is not believed."""
    exchange = Exchange(requests.Session(), connect_s=1, read_s=1)
    if began:
        with socket.socket() as line:
            exchange.begin(line)
    assert never_left(error, exchange) is certain
    assert failed(error, exchange).outcome is (Outcome.NOT_SENT if certain else Outcome.UNKNOWN)


def test_a_request_that_is_broken_off_before_it_leaves_never_leaves():
    exchange = Exchange(requests.Session(), connect_s=1, read_s=1)
    exchange.break_off()
    with socket.socket() as line, pytest.raises(BrokenOff):
        exchange.begin(line)
    assert not exchange.began


def test_numbers_are_taken_out_of_their_words():
    assert masked("no such number +8613800000001 (13800000001) at 12:05") == "no such number … (…) at 12:05"
    assert len(masked("x" * 1000)) == 200


def test_a_wait_for_a_place_is_shorter_than_the_whole():
    with pytest.raises(AssertionError):
        Limits(total_s=1.0, slot_wait_s=1.0)
