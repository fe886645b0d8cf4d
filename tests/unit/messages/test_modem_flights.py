"""Which report belongs to which text, when numbers come round again."""

from dispatch.ids import AttemptId
from dispatch.messages.modem.pdu import Report
from dispatch.messages.providers.modem_flights import FLIGHTS_MAX, REPEATS_S, Flights
from dispatch.messages.providers.provider import ReceiptKind

TO = "+8613800000001"


def arrived(flights: Flights, number: int, at_s: float, *, to: str = TO, status: int = 0):
    return flights.arrive(Report(reference=number, number=to, status=status), at_s)


def test_a_number_that_came_round_again_means_the_latest_text():
    flights = Flights()
    flights.leave(AttemptId("old"), TO, [7], 0.0)
    flights.leave(AttemptId("new"), TO, [7], 100.0)
    assert arrived(flights, 7, 101.0).attempt_id == "new"
    assert arrived(flights, 7, 102.0).attempt_id == "old"
    assert arrived(flights, 7, 103.0) is None


def test_a_report_that_is_too_late_is_nobodys():
    flights = Flights()
    flights.leave(AttemptId("a"), TO, [7], 0.0)
    assert arrived(flights, 7, REPEATS_S) is None
    assert arrived(flights, 7, REPEATS_S - 1).kind is ReceiptKind.DELIVERED


def test_networks_write_the_beginning_of_a_number_in_their_own_way():
    flights = Flights()
    flights.leave(AttemptId("a"), TO, [7], 0.0)
    assert arrived(flights, 7, 1.0, to="13800000002") is None
    assert arrived(flights, 7, 1.0, to="013800000001").attempt_id == "a"


def test_what_was_given_up_is_given_up():
    flights = Flights()
    flights.leave(AttemptId("a"), TO, [7, 8], 0.0)
    assert arrived(flights, 8, 1.0, status=0x41).kind is ReceiptKind.UNDELIVERED
    assert arrived(flights, 7, 1.0) is None


def test_it_does_not_grow():
    flights = Flights()
    for number in range(FLIGHTS_MAX + 1):
        flights.leave(AttemptId(f"{number}"), TO, [number % 256], 0.0)
    assert arrived(flights, 1, 1.0).attempt_id == "1"
    assert len(flights._flights) == FLIGHTS_MAX
