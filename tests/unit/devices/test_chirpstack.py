"""What a LoRaWAN network server says: uplinks and their bytes, its own events, copies and counters; and Sigfox."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.decoders import addresses, canonical
from devices.decoders.chirpstack import Chirpstack
from devices.decoders.envelope import wrap
from devices.decoders.lora_codecs import abeeway, an_301, browan, codec_for, milesight
from devices.rules.burst import Windows
from devices.rules.meaning import calls_for_help, meaning
from dispatch.rules.place import Position
from dispatch.rules.signal import Event, Scope

E = Event
EUI = "a84041ffff5d2c17"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def up(port: int, hexadecimal: str, **more):
    data = base64.b64encode(bytes.fromhex(hexadecimal)).decode()
    body = {"time": NOON.isoformat(), "deviceInfo": {"devEui": EUI}, "devAddr": "00189440", "fCnt": 1}
    return {**body, "fPort": port, "data": data, "rxInfo": [{"rssi": -90}, {"rssi": -36}], **more}


def line(kind: str, body: dict, *, retain: bool = False) -> bytes:
    return wrap(f"application/0/device/{EUI}/event/{kind}", json.dumps(body).encode(), retain)


def heard(*lines: bytes, **options):
    decoder = Chirpstack(**options)
    return [frame for each in lines for frame in decoder.feed(each)], decoder.tally


def one(kind: str, body: dict, *, retain: bool = False, **options):
    (frame,), tally = heard(line(kind, body, retain=retain), **options)
    assert tally.malformed == 0
    return frame


def events(frame):
    return [frame.event, *frame.also]


# ------------------------------------------------------------------------------------------------ payloads


@pytest.mark.parametrize(
    ("port", "data", "told"),
    [
        (85, "ff2e01", [E.PRESS]),
        (85, "ff2e03", [E.PRESS]),
        (85, "ff2e09", [E.PRESS]),
        (85, "01750fff2e02", [E.PRESS, E.LOW_BATTERY]),
        (85, "017510", [E.HEARTBEAT]),
        (85, "ff0bff", [E.HEARTBEAT]),
        (85, "ff0101ff166bff2e0100000000", [E.HEARTBEAT]),
        (85, "ff0101ff09030aff2e02", [E.PRESS]),
        (85, "ff34020000", [E.BUTTON]),
        (85, "03f804010a003c00", [E.FALL, E.INACTIVITY]),
        (85, "07b0040000000a00", [E.UNKNOWN]),
        (85, "07b004000a00003c0000", [E.FALL]),
        (85, "03f803000a003c00", [E.BED_EXIT]),
        (85, "03f801010a003c00", [E.PRESENCE]),
        (85, "03f800000a003c00", [E.HEARTBEAT]),
        (85, "06fb01000000ff", [E.FALL]),
        (85, "06fb01000001ff", [E.FALL]),
        (85, "06fb01000002ff", [E.RESTORE]),
        (85, "06fb01000003ff", [E.INFO]),
        (85, "06fb0100000001", [E.FALL]),
        (85, "06fb0100000101", [E.RESTORE]),
        (85, "06fb0100030102", [E.BED_EXIT]),
        (85, "06fb01000801ff", [E.FALL_SUSPECTED]),
        (85, "06fbffff0601ff", [E.VITALS]),
        (85, "08b103dc05", [E.VITALS]),
        (147, "01fe370000040000", [E.PRESS]),
        (147, "01", [E.PRESS]),
        (147, "00", [E.HEARTBEAT]),
        (18, "0a00f9860007", [E.PRESS]),
        (18, "0a10f9860007", [E.PRESS]),
        (18, "0a10f9860008", [E.CANCEL]),
        (18, "0a10f9860000", [E.PRESS, E.IGNORE]),
        (18, "037ac18900001d28b901603702", [E.PRESS, E.LOCATION]),
        (18, "036ac18901", [E.HEARTBEAT]),
        (18, "0500f98600", [E.HEARTBEAT]),
        (18, "05000a8600", [E.LOW_BATTERY]),
        (18, "0900f98600", [E.OFFLINE]),
        (210, "0001011401", [E.PRESS]),
        (210, "00010114010501", [E.PRESS, E.LOW_BATTERY]),
        (210, "0001011400", [E.HEARTBEAT]),
        (210, "0001010301", [E.TAMPER]),
        (210, "0001017d017701", [E.TAMPER, E.LOW_BATTERY]),
        (210, "000160cc01", [E.FALL]),
        (199, "00", [E.UNKNOWN]),
        (85, "ee01ff2e01", [E.UNKNOWN]),
        (85, "", [E.HEARTBEAT]),
        (18, "0d10f98600", [E.UNKNOWN]),
    ],
)
def test_what_the_bytes_of_an_uplink_say(port, data, told):
    assert events(one("up", up(port, data))) == told


def test_a_payload_cut_short_counts_as_far_as_it_goes():
    whole = bytes.fromhex("01750aff2e0203f804000a003c00")
    for end in range(len(whole)):
        told = milesight(whole[:end]).events
        assert told == (E.LOW_BATTERY, E.PRESS)[: (end >= 3) + (end >= 6)]


def test_more_bytes_than_the_radio_can_carry_are_not_read():
    assert one("up", up(85, "ff2e02" * 85)).event is E.PRESS
    assert one("up", up(85, "ff2e02" * 86)).event is E.UNKNOWN


@pytest.mark.parametrize("codec", [milesight, browan, abeeway, an_301])
def test_no_bytes_make_a_codec_raise(codec):
    for length in range(20):
        for byte in range(256):
            codec(bytes([byte]) * length)
            codec(bytes([byte]) + bytes(range(length)))


def test_only_satellites_make_a_fix():
    for data in ("036ac18901001d28b901603702", "0e6ac18909003c00e0a6b180feced300", "036ac189001d28b9"):
        frame = one("up", up(18, data))
        assert (frame.event, frame.position, frame.position_at) == (E.HEARTBEAT, None, None)


def test_what_is_measured_is_shown():
    assert one("up", up(85, "03f804020a003c00")).fields["status"] == "fall"
    assert one("up", up(85, "03f804020a003c00")).fields["target"] == "abnormal"
    assert one("up", up(85, "08b104dc05")).fields["respiration_state"] == "bradypnea"
    assert one("up", up(85, "06fb0102000002")).fields["alarm_id"] == 513
    assert one("up", up(18, "0a00f9860007")).fields["event_type"] == "SOS_START"
    assert one("up", up(85, "ff34020a0b")).fields["command"] == "0b0a"
    assert one("up", up(85, "08b103dc05")).fields["respiration"] == 15.0
    assert one("up", up(85, "03f802000a003c00")).fields["status"] == "in bed"
    assert one("up", up(210, "00010193640c")).fields["battery"] == 100
    assert one("up", up(85, "ff2e01")).fields["rssi"] == -36


def test_the_buttons_of_a_panel_are_told_apart():
    frame = one("up", up(85, "ff34020000"))
    assert frame.addresses == (f"{EUI}:2", EUI)
    assert addresses("chirpstack", f"{EUI}:2") == (f"{EUI}:2", EUI)
    assert meaning(frame, "pendant") == (E.PRESS,)


def test_a_fix_is_as_old_as_the_tracker_says():
    frame = one("up", up(18, "036ac18900051d28b901603702"))
    assert frame.position == Position(48.9208064, 2.3082752)
    assert frame.position_at == NOON - timedelta(seconds=40)
    south = one("up", up(18, "0e6ac18900003c00e0a6b180feced300"))
    assert south.position == Position(-52.5946496, -2.0)  # E0A6B180 and FECED300 as signed 32 bits
    assert south.position_at == NOON - timedelta(seconds=60)


def test_an_alarm_that_was_kept_back_happened_when_it_says():
    stamp = int((NOON - timedelta(hours=2)).timestamp()).to_bytes(4, "little").hex()
    frame = one("up", up(85, f"20ce{stamp}01000001ff"))
    assert (frame.event, frame.sent_at) == (E.FALL, NOON - timedelta(hours=2))


def test_the_codec_comes_from_the_tag_then_the_settings_then_the_port():
    assert codec_for("", 85) is milesight
    assert codec_for("AN-301", 85) is an_301
    assert codec_for("abeeway-2", None) is abeeway
    assert codec_for("nobody", 147) is browan
    assert codec_for("nobody", 1) is None
    tagged = {"deviceInfo": {"devEui": EUI, "tags": {"codec": "milesight-ws101"}}}
    assert one("up", up(7, "ff2e01", **tagged), codec="browan-tbpb100").event is E.PRESS
    assert one("up", up(7, "ff2e01"), codec="milesight-ws101").event is E.PRESS
    assert one("up", up(7, "ff2e01")).event is E.UNKNOWN


def test_the_networks_own_codec_speaks_where_we_have_none():
    assert events(one("up", up(7, "aa", object={"sos": True, "battery": 5}))) == [E.PRESS, E.LOW_BATTERY]
    assert events(one("up", up(7, "aa", object={"temperature": 21}))) == [E.HEARTBEAT]
    assert events(one("up", up(85, "ff2e01", object={"smoke": True}))) == [E.PRESS]


def test_a_profile_may_give_an_event_to_bytes_or_to_a_way_of_pressing():
    own = {"short": E.IGNORE, "7:aa": E.PRESS, "bb": E.TEST}
    assert one("up", up(85, "ff2e01"), profile=own).event is E.IGNORE
    assert one("up", up(85, "ff2e02"), profile=own).event is E.PRESS
    assert one("up", up(7, "aa"), profile=own).event is E.PRESS
    assert one("up", up(8, "aa"), profile=own).event is E.UNKNOWN
    assert one("up", up(8, "bb"), profile=own).event is E.TEST


def test_an_emergency_in_so_many_words_is_explicit():
    for data in ("ff2e02", "03f804000a003c00"):
        assert calls_for_help(one("up", up(85, data)), None)
    for data in ("ff34010000", "03f800010a003c00", "01750a"):
        assert calls_for_help(one("up", up(85, data)), None) == ()


@pytest.mark.parametrize("data", ["%%%", "AXU", 7, None, ["AXUQ"], "AXUQ\n", "ÄÖ=="])
def test_bytes_that_cannot_be_read_are_a_sign_of_life(data):
    assert one("up", up(85, "") | {"data": data}).event is E.HEARTBEAT


# ------------------------------------------------------------------------------------------------ an SOS that goes on


def told(*uplinks: str):
    lines = [line("up", up(18, data, fCnt=count)) for count, data in enumerate(uplinks)]
    return [events(frame) for frame in heard(*lines)[0]]


def test_an_sos_that_goes_on_is_told_once_and_its_end_too():
    position, still, stop = "036ac18900001d28b901603702", "037ac18900001d28b901603702", "0a00f9860008"
    assert told("0a10f9860007", still, still, stop, position, still) == [
        [E.PRESS],
        [E.STATUS_PRESS, E.LOCATION],
        [E.STATUS_PRESS, E.LOCATION],
        [E.CANCEL],
        [E.LOCATION],
        [E.PRESS, E.LOCATION],
    ]


def test_an_sos_whose_own_message_was_lost_is_still_heard():
    assert told("037ac18900001d28b901603702")[0][0] is E.PRESS


def test_every_new_sos_is_a_press():
    assert told("0a10f9860007", "0a10f9860007") == [[E.PRESS], [E.PRESS]]


# ------------------------------------------------------------------------------------------------ copies


def copies(*uplinks: dict):
    windows = Windows()
    return [windows.heard(frame, 0.0) for frame in heard(*(line("up", each) for each in uplinks))[0]]


def test_one_uplink_told_again_is_a_copy_and_the_next_is_not():
    press = up(85, "ff2e02", deduplicationId="a")
    later = {"time": (NOON + timedelta(seconds=3)).isoformat()}
    assert copies(press, press | {"deduplicationId": "b"} | later, press | {"fCnt": 2} | later) == [False, True, False]


def test_the_window_of_an_uplink_is_a_day_from_the_first():
    frame = one("up", up(85, "ff2e02"))
    assert (frame.window_s, frame.sliding) == (86_400.0, False)


def test_another_session_and_another_device_are_no_copies():
    press = up(85, "ff2e02")
    assert copies(press, press | {"devAddr": "00189441"}, press | {"deviceInfo": {"devEui": EUI[::-1]}}) == [False] * 3


def test_a_counter_that_began_again_is_no_copy():
    press = up(85, "ff2e02")
    assert copies(press, press | {"time": (NOON + timedelta(minutes=20)).isoformat()}) == [False, False]


def test_a_counter_of_zero_may_be_missing():
    press = up(85, "ff2e02", fCnt=0)
    assert copies(press, {key: value for key, value in press.items() if key != "fCnt"}) == [False, True]


def test_life_signs_are_not_remembered():
    assert copies(up(85, "017564"), up(85, "017564")) == [False, False]


# ------------------------------------------------------------------------------------------------ the other events


@pytest.mark.parametrize(
    ("kind", "body", "event"),
    [
        ("status", {"margin": 10, "batteryLevel": 75.5}, E.HEARTBEAT),
        ("status", {"margin": 10, "batteryLevel": 3.15}, E.LOW_BATTERY),
        ("status", {"margin": 10, "batteryLevel": 0.0, "externalPowerSource": True}, E.HEARTBEAT),
        ("status", {"margin": 10, "batteryLevel": 0.0, "batteryLevelUnavailable": True}, E.HEARTBEAT),
        ("status", {"margin": 10}, E.HEARTBEAT),
        ("join", {"devAddr": "00189440"}, E.ONLINE),
        ("log", {"level": "ERROR", "code": "UPLINK_MIC"}, E.FAULT),
        ("log", {"level": "WARNING", "code": "UPLINK_F_CNT_RESET"}, E.FAULT),
        ("log", {"level": "ERROR", "code": "OTAA"}, E.FAULT),
        ("log", {"level": "WARNING", "code": "UPLINK_F_CNT_RETRANSMISSION"}, E.INFO),
        ("location", {"location": {"latitude": 38.05, "longitude": 114.5}}, E.LOCATION),
        ("ack", {"acknowledged": True, "queueItemId": "x"}, E.ACK),
    ],
)
def test_what_the_network_says_of_a_device(kind, body, event):
    body = {"time": NOON.isoformat(), "deviceInfo": {"devEui": EUI}, **body}
    frame = one(kind, body)
    assert (frame.event, frame.address, frame.sent_at) == (event, EUI, NOON)
    posted, _ = heard(json.dumps(body).encode() + b"\n")
    assert [each.event for each in posted] == [event]


def test_the_battery_is_shown_where_it_is_known():
    info = {"deviceInfo": {"devEui": EUI}}
    assert one("status", info | {"batteryLevel": 3.15}).fields["battery"] == 3.15
    assert "battery" not in one("status", info | {"batteryLevel": 0, "externalPowerSource": True}).fields


def test_a_battery_that_was_changed_is_well_again():
    frames, _ = heard(line("up", up(85, "01750a")), line("up", up(85, "017564", fCnt=2)))
    assert [frame.event for frame in frames] == [E.LOW_BATTERY, E.BATTERY_RESTORE]


def test_where_the_network_believes_a_device_to_be():
    frame = one("location", up(1, "", location={"latitude": 38.05, "longitude": 114.5}))
    assert (frame.position, frame.position_at) == (Position(38.05, 114.5), NOON)


@pytest.mark.parametrize("kind", ["txack", "integration", "somethingnew"])
def test_what_is_no_word_of_the_device_is_no_sign_of_its_life(kind):
    frame = one(kind, {"deviceInfo": {"devEui": EUI}})
    assert (frame.event, frame.addresses) == (E.IGNORE, ())
    assert one("ack", {"deviceInfo": {"devEui": EUI}}).addresses == ()


@pytest.mark.parametrize("body", [up(85, "ff2e02"), up(85, "03f804000a003c00")])
def test_what_is_retained_is_old(body):
    frame = one("up", body, retain=True)
    assert (frame.event, frame.addresses) == (E.IGNORE, ())


def test_a_command_is_nobodys_press():
    frames, tally = heard(
        wrap(f"application/0/device/{EUI}/command/down", json.dumps(up(85, "ff2e02")).encode(), False)
    )
    assert [(frame.event, frame.addresses) for frame in frames] == [(E.IGNORE, ())]
    assert tally.malformed == 0


@pytest.mark.parametrize(
    ("topic", "body", "event"),
    [
        ("eu868/gateway/0016c001f153a140/event/stats", {"gatewayId": "0016c001f153a140"}, E.HEARTBEAT),
        ("gateway/0016c001f153a140/state/conn", {"state": "OFFLINE"}, E.OFFLINE),
        ("gateway/0016c001f153a140/state/conn", {"state": "ONLINE"}, E.ONLINE),
    ],
)
def test_what_a_radio_gateway_says(topic, body, event):
    (frame,), _ = heard(wrap(topic, json.dumps(body).encode(), False))
    assert (frame.event, frame.scope, frame.address) == (event, Scope.GATEWAY, None)


def test_the_topic_names_the_device_where_the_body_does_not():
    assert one("up", up(85, "ff2e02", deviceInfo=None)).address == EUI


@pytest.mark.parametrize("body", [{}, {"data": "/y4C"}, {"deviceInfo": {"devEui": ""}}, [], "up"])
def test_what_names_nobody_is_counted(body):
    frames, tally = heard(json.dumps(body).encode() + b"            \n")
    assert frames == []
    assert tally.malformed + tally.noise_bytes > 0


def test_an_eui_in_any_spelling_is_one_device():
    spellings = ["A8-40-41-FF-FF-5D-2C-17", "a8:40:41:ff:ff:5d:2c:17", " A84041FFFF5D2C17 "]
    assert {canonical("chirpstack", each) for each in spellings} == {EUI}
    assert canonical("chirpstack", f"{EUI.upper()}:2") == f"{EUI}:2"


def test_nothing_is_answered():
    decoder = Chirpstack()
    (frame,) = decoder.feed(line("up", up(85, "ff2e02")))
    assert (decoder.acknowledge(frame, NOON, b""), decoder.refuse(b"")) == (b"", b"")


# ------------------------------------------------------------------------------------------------ Sigfox


def sigfox(**said):
    (frame,), tally = heard(
        json.dumps({"device": "40D310", "time": 1563043532, "seqNumber": 1076, **said}).encode() + b"\n"
    )
    assert tally.malformed == 0
    return frame


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"payload": "62"}, [E.PRESS]),
        ({"payload": "22"}, [E.PRESS]),
        ({"payload": "6205050364"}, [E.PRESS, E.LOW_BATTERY]),
        ({"payload": "2002419b4a91c2c6580e0564"}, [E.LOCATION]),
        ({"payload": "20061494480389f956042a"}, [E.HEARTBEAT]),
        ({"payload": "2001000000000000070000000000000000000008000000000000090a0303050a"}, [E.LOW_BATTERY]),
        ({"payload": "2007000000000000000000000503"}, [E.LOW_BATTERY]),
        ({"payload": "6205"}, [E.PRESS]),
        ({"payload": "zz"}, [E.UNKNOWN]),
        ({"data": "10297eb01e621122070000be"}, [E.UNKNOWN]),
        ({"data": "", "sos": "true"}, [E.PRESS]),
        ({"location": {"lat": 19.48, "lng": -99.09, "radius": 1983}}, [E.HEARTBEAT]),
    ],
)
def test_what_a_sigfox_callback_says(said, told):
    assert events(sigfox(**said)) == told


def test_a_sigfox_device_is_named_and_its_callback_known_again():
    frame, again, later = sigfox(payload="62"), sigfox(payload="62"), sigfox(payload="62", seqNumber=1077)
    assert (frame.address, frame.fields["device"]) == ("40d310", "40D310")
    assert frame.explicit
    assert (frame.position, frame.position_at) == (None, None)
    assert frame.dedup_key == again.dedup_key != later.dedup_key
    assert sigfox(payload="62", device="40d310").dedup_key == frame.dedup_key
    assert frame.sent_at == datetime.fromtimestamp(1563043532, UTC)
    assert canonical("chirpstack", "40D310") == frame.address


def test_a_sigfox_life_sign_is_never_a_copy():
    assert sigfox(payload="20").window_s == 0.0
    assert (sigfox(payload="62").window_s, sigfox(payload="62").sliding) == (86_400.0, False)


def test_sigfox_measures_are_shown():
    frame = sigfox(payload="2002419b4a91c2c6580e0564")
    assert frame.fields["battery"] == 100
    assert frame.fields["code"] == "20"
    assert frame.position is not None
    assert frame.position_at == frame.sent_at
    assert (round(frame.position.lat, 4), round(frame.position.lng, 4)) == (19.4114, -99.172)
    assert sigfox(payload="20061494480389f956042a").fields["battery_v"] == 4.2


def test_a_sigfox_payload_may_be_given_a_meaning_in_the_settings():
    callback = json.dumps({"deviceId": "1A2B3C", "data": "0a01"}).encode() + b"\n"
    assert heard(callback, profile={"0a01": E.PRESS})[0][0].event is E.PRESS
    by_codec = json.dumps({"deviceId": "1A2B3C", "data": "0a10f9860007"}).encode() + b"\n"
    assert heard(by_codec, codec="abeeway-2")[0][0].event is E.PRESS
