"""The district file: read whole, or refused with the row."""

import copy
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.district import District, load_district, read_district
from config.files import parse_toml_text
from devices.rules.meaning import Handling
from dispatch.errors import Misconfigured
from dispatch.rules.place import Position, distance_m, wgs84_to_gcj02
from dispatch.rules.signal import Cause, Event

DEMO = Path(__file__).resolve().parents[3] / "config" / "demo" / "district.toml"

CONTRACT = """
[district]
name = "示范区"
area_code = "130105"
timezone = "Asia/Shanghai"

[[stations]]
code = "S1"
name = "柏林颐养驿站"
lat = 38.0712
lng = 114.4903

[[carers]]
code = "C1"
name = "李护理"
phone = "+8613800000001"
station = "S1"
lat = 38.0702
lng = 114.4911
skills = ["nurse"]

[[shifts]]
carer = "C1"
start = 2026-11-21T08:00:00+08:00
end = 2026-11-21T20:00:00+08:00

[[homes]]
code = "H1"
address = "柏林小区 3-2-501"
lat = 38.0720
lng = 114.4920
entry = "钥匙盒 4711"
residents = [{ code = "R1", name = "王秀英", born_on = 1938-03-05, phone = "+8613800000101", level = "moderate", cats = ["living_alone"] }]
contacts = [{ name = "王女士", phone = "+8613800000201", order = 1 }]
devices = [{ code = "D1", kind = "pendant", protocol = "rflink", address = "EV1527:0a1b2c:01" }]
"""  # noqa: E501


def written() -> dict:
    return parse_toml_text(CONTRACT, name="district.toml")


def district(**changes) -> District:
    return read_district({**written(), **changes})


def home(**changes) -> dict:
    return {**copy.deepcopy(written()["homes"][0]), **changes}


def carer(**changes) -> dict:
    return {**written()["carers"][0], **changes}


def refusal(**changes) -> Misconfigured:
    with pytest.raises(Misconfigured) as refused:
        district(**changes)
    return refused.value


def device(**changes) -> dict:
    return {"code": "D9", "kind": "pendant", "protocol": "rflink", "address": "EV1527:ffffff:01", **changes}


def test_the_example_of_the_contract_is_understood():
    read = district()
    only = read.homes[0]
    assert (read.name, read.area_code, read.timezone) == ("示范区", "130105", "Asia/Shanghai")
    assert read.carers[0].skills == ("nurse",)
    assert read.carers[0].means == "ebike"
    assert read.shifts[0].start == datetime(2026, 11, 21, 0, tzinfo=UTC)
    assert only.position == Position(38.0720, 114.4920)
    assert only.residents[0].born_on == date(1938, 3, 5)
    assert only.contacts[0].phone == "+8613800000201"
    assert only.devices[0].address == "EV1527:0a1b2c:01"


def test_reading_a_file_and_reading_its_text_are_one(tmp_path):
    (tmp_path / "d.toml").write_text(CONTRACT, encoding="utf-8")
    assert load_district(tmp_path / "d.toml") == district()


def test_how_to_get_in_does_not_show():
    assert "4711" not in repr(district())


def test_everything_beyond_the_example_is_understood():
    read = district(
        stations=[{"code": "S1", "name": "一", "lends": ["S2"]}, {"code": "S2", "name": "二", "lat": 38, "lng": 114}],
        carers=[carer(means="car", languages=["zh", "yue"], position_at="2026-11-21T08:00:00+08:00")],
        homes=[
            home(
                station="S2",
                residents=[{"code": "R1", "name": "王", "needs": ["lift"], "language": "yue", "talk": ["no_voice"],
                            "agreements": ["emergency_call"], "illness": "糖尿病"}],
                contacts=[{"name": "女儿", "phone": "13800000201", "relation": "女儿", "key_holder": True, "order": 2}],
                devices=[device(gateway="hall-radio", resident="R1")],
            )
        ],
    )  # fmt: skip
    assert read.stations[0].lends == ("S2",)
    assert read.stations[0].position is None
    assert read.carers[0].position_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert read.homes[0].residents[0].talk == ("no_voice",)
    assert read.homes[0].contacts[0].key_holder is True
    assert read.homes[0].devices[0].gateway == "hall-radio"


@pytest.mark.parametrize(
    "phone",
    ["13800000001", "+86 138 0000 0001", "86-138-0000-0001", "1380000 0001", "+８６13800000001", "008613800000001"],
)
def test_a_telephone_is_kept_in_one_form(phone):
    assert district(carers=[carer(phone=phone)]).carers[0].phone == "+8613800000001"


@pytest.mark.parametrize("phone", ["138", "abc", "+8613800000001000", "120", "12345 ext. 3", "+", "٣"])
def test_an_impossible_telephone_is_refused_with_its_row(phone):
    refused = refusal(carers=[carer(), carer(code="C2", phone=phone)])
    assert refused.place == "carers.1.phone"
    assert "+8613800000001" in refused.detail


def test_a_telephone_without_quotes_is_refused_with_the_remedy():
    assert "in quotes" in refusal(carers=[carer(phone=13800000001)]).detail


def test_a_carer_without_a_telephone_is_kept():
    assert district(carers=[carer(phone="")]).carers[0].phone == ""


def test_a_contact_without_a_telephone_is_refused():
    assert refusal(homes=[home(contacts=[{"name": "王", "phone": ""}])]).place == "homes.0.contacts.0.phone"


def test_a_position_of_a_street_map_is_converted():
    true = Position(38.0720, 114.4920)
    drawn = wgs84_to_gcj02(true)
    read = district(homes=[home(lat=drawn.lat, lng=drawn.lng, datum="gcj02")]).homes[0].position
    assert distance_m(drawn, true) > 400
    assert read is not None
    assert distance_m(read, true) < 0.01


def test_a_home_without_a_position_is_kept():
    bare = {key: value for key, value in home().items() if key not in {"lat", "lng"}}
    assert district(homes=[bare]).homes[0].position is None


@pytest.mark.parametrize(
    ("lat", "lng", "word"),
    [
        (0, 0, "Leave lat and lng out"),
        (114.4920, 38.0720, "swapped"),
        (75.99, 39.47, "swapped"),
        (91, 181, "between -90 and 90"),
        (38.0, 190.0, "between -180 and 180"),
        (float("nan"), 114.0, "degrees"),
        ("38.0720 N", 114.0, "degrees"),
    ],
)
def test_an_impossible_position_is_refused_with_a_hint(lat, lng, word):
    refused = refusal(homes=[home(lat=lat, lng=lng)])
    assert refused.place in {"homes.0.lat", "homes.0.lng"}
    assert word in refused.detail


def test_half_a_position_is_refused():
    half = {key: value for key, value in home().items() if key != "lng"}
    assert refusal(homes=[half]).place == "homes.0.lng"


def test_the_device_of_a_home_with_one_resident_is_that_resident_s():
    assert district().homes[0].devices[0].resident == "R1"


def test_the_device_of_a_shared_home_is_nobody_s_until_it_is_said():
    couple = [{"code": "R1", "name": "王"}, {"code": "R2", "name": "李"}]
    shared = home(residents=couple, devices=[device(), device(code="D10", address="EV1527:0:1", resident="R2")])
    assert [row.resident for row in district(homes=[shared]).homes[0].devices] == [None, "R2"]


def test_an_address_used_twice_is_refused_naming_both_rows():
    second = home(code="H2", residents=[], devices=[device(), device(code="D10", address="ev1527:0A1B2C:01")])
    refused = refusal(homes=[home(), second])
    assert refused.place == "homes.1.devices.1.address"
    assert "homes.0.devices.0" in refused.detail


def test_one_account_number_at_two_receivers_is_two_devices():
    one, two = (device(code=code, protocol="surgard", address="1234", gateway=code) for code in ("D1", "D2"))
    assert len(district(homes=[home(devices=[one, two])]).homes[0].devices) == 2


def test_one_account_number_with_an_unsaid_receiver_is_refused():
    one = device(protocol="surgard", address="1234", gateway="a")
    assert refusal(homes=[home(devices=[one, device(code="D2", protocol="surgard", address="1234")])])


@pytest.mark.parametrize(
    ("changes", "place", "word"),
    [
        ({"district": {}}, "district.name", "Missing"),
        ({"district": {"name": "区", "timezone": "Asia/Atlantis"}}, "district.timezone", "Asia/Shanghai"),
        ({"district": {"name": "区", "timezone": "../etc"}}, "district.timezone", "Asia/Shanghai"),
        ({"station": []}, "station", "Did you mean stations"),
        ({"stations": [{"code": "S1", "name": "一", "latt": 3}]}, "stations.0.latt", "Did you mean lat"),
        ({"stations": [{"code": "S1", "name": "一"}, {"code": "S1", "name": "二"}]}, "stations.1.code", "stations.0"),
        ({"stations": [{"code": "S1", "name": "一", "lends": ["S8"]}]}, "stations.0.lends.0", "no station"),
        ({"stations": []}, "carers.0.station", "no station"),
        ({"carers": [carer(), carer()]}, "carers.1.code", "another code"),
        ({"carers": [carer(station="S2")]}, "carers.0.station", "only: S1"),
        ({"carers": [carer(means="plane")]}, "carers.0.means", "ebike"),
        ({"carers": [carer(name="")]}, "carers.0.name", "the carer's name"),
        ({"carers": [carer(skills="nurse")]}, "carers.0.skills", "nurse"),
        ({"shifts": [{"carer": "C1", "start": "2026-11-21", "end": "x"}]}, "shifts.0.start", "offset"),
        ({"shifts": [{"carer": "C1", "start": datetime(2026, 11, 21, 8), "end": "2026-11-21T20:00:00Z"}]},  # noqa: DTZ001
         "shifts.0.start", "+08:00"),
        ({"shifts": [{"carer": "C9", "start": "2026-11-21T08:00:00Z", "end": "2026-11-21T09:00:00Z"}]},
         "shifts.0.carer", "no carer"),
        ({"shifts": [{"carer": "C1", "start": "2026-11-21T08:00:00Z", "end": "2026-11-21T08:00:00Z"}]},
         "shifts.0.end", "before it starts"),
        ({"homes": [home(), home(residents=[], devices=[])]}, "homes.1.code", "homes.0.code"),
        ({"homes": [home(), home(code="H2", devices=[])]}, "homes.1.residents.0.code", "homes.0.residents.0.code"),
        ({"homes": [home(devices=[device(), device(address="x")])]}, "homes.0.devices.1.code", "homes.0.devices.0"),
        ({"homes": [home(station="S9")]}, "homes.0.station", "no station"),
        ({"homes": [home(devices=[device(resident="R7")])]}, "homes.0.devices.0.resident", "only: R1"),
        *(
            ({"homes": [home(devices=[device(protocol=name)])]}, "homes.0.devices.0.protocol", f"Did you mean {meant}")
            for name, meant in {"rflnk": "rflink", "RFLink": "rflink", "rtl_433": "rtl433", "sia-dc09": "dc09"}.items()
        ),
        *(
            ({"homes": [home(devices=[device(address=text)])]}, "homes.0.devices.0.address", "names no device")
            for text in ("rubbish", "EV1527:", "EV1527::01", ":0a1b2c:01")
        ),
        ({"homes": [home(datum="bd09")]}, "homes.0.datum", "gcj02"),
        ({"homes": [home(address="\x07bell")]}, "homes.0.address", "Control characters"),
        ({"homes": [home(residents=[{"code": "R1", "name": "王", "born_on": "1938-13-05"}])]},
         "homes.0.residents.0.born_on", "1938-03-05"),
        ({"homes": [home(residents=[{"code": "R1", "name": "王", "talk": ["shout"]}])]},
         "homes.0.residents.0.talk.0", "hard_of_hearing"),
        ({"homes": [home(contacts=[{"name": "王", "phone": "13800000201", "order": 0}])]},
         "homes.0.contacts.0.order", "1 for the first"),
        ({"homes": 3}, "homes", "list"),
    ],
)  # fmt: skip
def test_a_bad_row_refuses_the_whole_file_with_its_place(changes, place, word):
    refused = refusal(**changes)
    assert refused.place == place
    assert word in refused.detail


@pytest.mark.parametrize("name", ["test", "modem", "lift", "http"])
def test_a_protocol_like_none_of_ours_is_another_systems(name):
    read = district(homes=[home(devices=[device(protocol=name, address="7")])])
    assert read.homes[0].devices[0].protocol == name


def test_the_fictional_district_is_whole():
    read = load_district(DEMO)
    homes = read.homes
    assert (len(read.stations), len(read.carers), len(homes)) == (2, 12, 60)
    assert sum(len(row.residents) for row in homes) == 60
    assert sum(len(row.devices) for row in homes) == 40
    assert {row.means for row in read.carers} == {"foot", "ebike", "car"}
    assert {device.protocol for row in homes for device in row.devices} == {"rflink", "rtl433", "surgard"}
    assert read.shifts == ()


def test_everybody_in_the_fictional_district_is_fictional():
    text = DEMO.read_text(encoding="utf-8")
    read = load_district(DEMO)
    phones = [row.phone for row in read.carers] + [contact.phone for row in read.homes for contact in row.contacts]
    assert all(phone.startswith("+86138000") for phone in phones if phone)
    assert "shifts" not in parse_toml_text(text, name="demo")


def test_the_fictional_district_lies_in_one_place():
    centre = Position(38.07, 114.49)
    read = load_district(DEMO)
    assert all(row.position and distance_m(row.position, centre) < 6000 for row in read.homes)


KEYS = st.sampled_from([
    "district", "name", "area_code", "timezone", "stations", "carers", "shifts", "homes", "code", "lat", "lng",
    "datum", "phone", "station", "lends", "start", "end", "carer", "residents", "contacts", "devices", "born_on",
    "order", "address", "protocol", "kind", "resident", "talk", "means", "skills", "position_at",
])  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates() | st.datetimes()
    | st.sampled_from(["S1", "C1", "gcj02", "13800000001", "Asia", "2026-11-21T08:00:00Z"])
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6))


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_no_table_makes_anything_but_a_district_or_a_refusal(changes):
    try:
        assert isinstance(district(**changes), District)
    except Misconfigured as refused:
        assert refused.place  # noqa: PT017


@given(st.text() | st.integers(0, len(CONTRACT)).map(lambda cut: CONTRACT[:cut]))
def test_no_text_makes_anything_but_a_district_or_a_refusal(text):
    try:
        assert isinstance(read_district(parse_toml_text(text, name="d")), District)
    except Misconfigured as refused:
        assert refused.place  # noqa: PT017


@given(st.integers(0, len(CONTRACT) - 1), st.characters())
def test_no_single_typing_mistake_makes_anything_but_a_district_or_a_refusal(at, letter):
    try:
        assert read_district(parse_toml_text(CONTRACT[:at] + letter + CONTRACT[at + 1 :], name="d"))
    except Misconfigured as refused:
        assert refused.place  # noqa: PT017


# ------------------------------------------------------------------------------------------------ meanings


def about(**meanings) -> dict:
    return {**written()["district"], "meanings": meanings}


def test_a_district_a_resident_and_a_device_may_give_events_a_meaning():
    person = {**written()["homes"][0]["residents"][0], "meanings": {"bed_exit": "inactivity"}}
    read = district(
        district=about(water="fault"),
        homes=[home(residents=[person], devices=[device(meanings={"press": "ignore"})])],
    )
    assert read.meanings == {Event.WATER: Handling.FAULT}
    assert read.homes[0].residents[0].meanings == {Event.BED_EXIT: Cause.INACTIVITY}
    assert read.homes[0].devices[0].meanings == {Event.PRESS: Handling.IGNORE}


@pytest.mark.parametrize(
    ("meanings", "place", "words"),
    [
        ({"yawn": "press"}, "yawn", "no event"),
        ({"pres": "fault"}, "pres", "'press'"),
        ({"water": "flood"}, "water", "no meaning"),
        ({"water": "falut"}, "water", "'fault'"),
        ({"water": 3}, "water", "no meaning"),
        ({"press": "ignore"}, "press", "whole district"),
        ({"cancel": "ignore"}, "cancel", "takes something back"),
    ],
)
def test_a_wrong_meaning_is_refused_with_its_place(meanings, place, words):
    refused = refusal(district=about(**meanings))
    assert refused.place == f"district.meanings.{place}"
    assert words in refused.detail


def test_a_wrong_meaning_of_a_device_names_its_row():
    refused = refusal(homes=[home(devices=[device(meanings={"restore": "fault"})])])
    assert refused.place == "homes.0.devices.0.meanings.restore"
    refused = refusal(homes=[home(devices=[device(meanings="none")])])
    assert refused.place == "homes.0.devices.0.meanings"
