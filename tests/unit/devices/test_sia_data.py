"""The text of SIA panels, in the many ways in which panels write it."""

import pytest

from devices.decoders.sia_codes import SIA_EVENTS, sia_event, sia_scope, sia_stated
from devices.decoders.sia_data import read_block
from dispatch.rules.signal import Event, Scope

NOTHING: dict[str, Event] = {}


@pytest.mark.parametrize(
    ("text", "packets"),
    [
        ("Nri1/QA001", [{"code": "QA", "zone": "001", "area": "1"}]),
        ("Nri1CL0^VX FRONTE ^", [{"code": "CL", "zone": "0", "area": "1", "text": "VX FRONTE"}]),
        ("NRR|Atest", [{"code": "RR", "text": "test"}]),
        ("Nri0RP2^SL 1807110^", [{"code": "RP", "zone": "2", "area": "0", "text": "SL 1807110"}]),
        ("Nti20:50:26RP99", [{"code": "RP", "zone": "99", "time": "20:50:26"}]),
        ("Nri04/OP001NM", [{"code": "OP", "zone": "001", "area": "04", "text": "NM"}]),
        ("NCQ1", [{"code": "CQ", "zone": "1"}]),
        ("ri1/WA000", [{"code": "WA", "zone": "000", "area": "1"}]),
        ("NFA2/AFire Zone 2", [{"code": "FA", "zone": "2", "text": "Fire Zone 2"}]),
        ("NBA1023/ti10:35/A+INTRUDER", [{"code": "BA", "zone": "1023", "text": "+INTRUDER"}]),
        ("Nri1/QA001^A/B^/YT000", [{"code": "QA", "zone": "001", "area": "1", "text": "A/B"},
                                   {"code": "YT", "zone": "000", "area": "1"}]),
        ("Nri1/QA001/ri2/QA002", [{"code": "QA", "zone": "001", "area": "1"},
                                  {"code": "QA", "zone": "002", "area": "2"}]),
        ("Nda04-22-94ti16:02:15/id22/CL/PA31", [
            {"code": "CL", "date": "04-22-94", "time": "16:02:15", "user": "22"},
            {"code": "PA", "zone": "31", "date": "04-22-94", "time": "16:02:15", "user": "22"}]),
    ],
)  # fmt: skip
def test_every_event_of_a_block_is_found_with_what_was_said_of_it(text, packets):
    assert [packet.fields for packet in read_block(text).packets] == packets


@pytest.mark.parametrize(("text", "code"), [("NA004", "NA"), ("NNA004", "NA"), ("NL001", "NL"), ("OP001", "OP"),
                                            ("OOP001", "OP"), ("LT01", "LT"), ("ET17", "ET"), ("AT000", "AT"),
                                            ("NAT000", "AT"), ("AR", "AR")])  # fmt: skip
def test_a_letter_in_front_is_told_from_the_first_letter_of_a_code(text, code):
    assert [packet.code for packet in read_block(text).packets] == [code]


@pytest.mark.parametrize("text", ["Lri1BA01", "Nri1BA01/L90"])
def test_a_listen_in_block_asks_for_a_speech_path(text):
    """MLR2-DG manual p. 40."""
    block = read_block(text)
    assert [packet.code for packet in block.packets] == ["BA"]
    assert block.listens


def test_only_the_first_packet_has_a_letter_in_front():
    assert [packet.code for packet in read_block("Nri1/CL1/OPA1").packets] == ["CL", "OP"]


def test_an_open_caret_hides_no_event():
    assert [packet.code for packet in read_block("Nri1/RP000^text/QA001").packets] == ["RP", "QA"]


@pytest.mark.parametrize(
    ("text", "told"), [("|AFire in 2", "Fire in 2"), ("AFire in 2", "Fire in 2"), ("", ""), ("N", "")]
)
def test_a_block_may_hold_no_event(text, told):
    block = read_block(text)
    assert (block.packets, block.text) == ([], told)


def test_the_two_batteries_and_the_panels_own_codes_are_not_confused():
    assert (sia_scope("YT"), sia_scope("XT")) == (Scope.GATEWAY, Scope.DEVICE)
    assert (sia_event("YC", NOTHING), sia_scope("YC")) == (Event.LINK_FAULT, Scope.GATEWAY)
    assert sia_event("ZX", NOTHING) is Event.UNKNOWN
    assert sia_event("ZX", {"ZX": Event.PRESS}) is Event.PRESS


@pytest.mark.parametrize("event", sorted(set(SIA_EVENTS.values())))
def test_what_can_be_said_is_said_by_a_code_that_means_it(event):
    assert sia_event(sia_stated(event), NOTHING) is event
