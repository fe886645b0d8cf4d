"""What a modem says, line by line: the vectors, and the forms beside them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.messages.modem.lines import Line, items_of, read_line

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sms.json").read_text(encoding="utf-8"))
LINES = {each["id"]: each for each in VECTORS if each["protocol"] == "at-line"}


@pytest.mark.parametrize("vector", LINES.values(), ids=LINES)
def test_a_line_is_understood_as_its_source_says(vector):
    found = read_line(vector["input"])
    assert dict(found.values) == {key: value for key, value in vector["expect"].items() if key != "ok"}
    assert found.final == ("ERROR" in vector["input"])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("+CREG: 1", {"reg": "home"}),
        ('+CREG: 5,"1A2B","01C3D4E5",7', {"reg": "roaming", "lac": "1A2B", "ci": "01C3D4E5", "act": 7}),
        ("+CEREG:0,3", {"reg": "denied"}),
        ("+CREG: 0,99", {"reg": "unknown"}),
        ("+CREG:", {"reg": "unknown"}),
        ("+CSQ: 31,0", {"rssi": 31, "dbm": -51}),
        ("+CSQ: 0,0", {"rssi": 0, "dbm": -113}),
        ("+CSQ: x", {"rssi": None}),
        ("+CPIN: SIM PIN", {"pin": "SIM PIN"}),
        ("+CMGS: 17", {"ref": 17}),
        ('+CPMS: "SM",3,25,"SM",3,25,"SM",3,25', {"used": 3, "total": 25}),
        ('+CLIP: "",128,,,,2', {"urc": "CLIP", "number": None}),
        ("+CMS ERROR: SIM not inserted", {"error": "cms", "code": None}),
        ("RING", {"urc": "RING"}),
        ("ERROR", {"error": "at", "code": None}),
        ("^BOOT:12345678,0,0,0,6", {}),
        ("+QIND: SMS DONE", {}),
        ("0021000D91", {}),
    ],
)
def test_other_forms_are_understood_too(text, values):
    assert dict(read_line(text).values) == values


@pytest.mark.parametrize(
    ("text", "final", "ok"),
    [("OK", True, True), ("ERROR", True, False), ("NO CARRIER", True, False), ("+CSQ: 1,1", False, True),
     ("AT+CSQ", False, True), ("OKAY", False, True), ("", False, True)],
)  # fmt: skip
def test_what_ends_a_command_is_known(text, final, ok):
    found = read_line(f"  {text}\r")
    assert (found.final, found.ok) == (final, ok)


def test_items_are_cut_at_commas_outside_quotation_marks():
    assert items_of(' "a,b",,3 , "" ') == ("a,b", "", "3", "")
    assert items_of("") == ("",)


@given(st.text(max_size=80), st.sampled_from(["", "+CREG:", "+CSQ: ", "+CMTI: ", "+CPMS:", "+CMS ERROR: ", "+CLIP:"]))
def test_no_line_makes_it_raise(text, head):
    assert isinstance(read_line(head + text), Line)
