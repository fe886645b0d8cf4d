"""The channels of Ademco high speed, as alarm receivers print them (forms and sources: `surgard_messages.py`)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from devices.decoders.accounts import EMERGENCIES, Parts
from devices.decoders.decoder import NO_PROFILE, Frame
from devices.decoders.surgard_print import REPEAT_WINDOW_S, Print, Profile, frame_of
from dispatch.rules.signal import Event, Scope


def high_speed(found: re.Match[str], said: Print) -> Sequence[Frame]:
    """
    Eight or sixteen channels (1 new, 2 opening, 3 restored, 4 closing, 5 normal, 6 still so) and what they are about.

    Every channel with news is an event of its own, its zone the channel; what is about the panel is one more.
    """
    receiver, line, account, channels, about = found.groups()
    digits = channels.replace(" ", "")
    shared = {"kind": "high-speed", "receiver": receiver, "line": line, "account": account, "channels": channels}
    shared |= {"about": about, "alarm_code": digits, "zone": ""}
    meant = _MEANT[about] if not said.profile else _meant(about, said.profile)
    told = digits if about not in _BY_USER else ""
    news = [(zone, event) for zone, digit in zip(_ZONES, told, strict=False) if (event := meant[digit]) is not None]
    if about in _PANEL_NEWS:
        news.append(("", _PANEL_NEWS[about]))
    news = news or [("", Event.DURESS if about == "1" else Event.TEST)]
    if len(news) == 1:
        ((zone, event),) = news
        return [frame_of(said, event, shared | {"zone": zone}, scope=_SCOPES[bool(zone)], zone=zone)]
    return _channels(said, news, shared | {"message": said.number, "part": 0, "parts": len(news)})


def _channels(said: Print, news: Sequence[tuple[str, Event]], line: Mapping[str, Any]) -> Sequence[Frame]:
    """As `frame_of` would make them one by one; eight stand in 22 bytes, so what they share is worked out once."""
    raw, key, account = said.raw, f"{said.key}:", line["account"].upper()
    of_account, of_panel = (account,), ()
    return [
        Frame(
            event,
            raw,
            f"{account}:{zone}" if zone else account,
            of_account if zone else of_panel,
            (),
            _SCOPES[zone != ""],
            event in EMERGENCIES,
            f"{key}{part}",
            REPEAT_WINDOW_S,
            False,
            True,
            True,
            False,
            None,
            None,
            None,
            Parts(line, _ZONED[zone], part),
        )
        for part, (zone, event) in enumerate(news, 1)
    ]


_SCOPES = (Scope.GATEWAY, Scope.DEVICE)
_ZONES = tuple(f"{place:03}" for place in range(1, 17))
_ZONED: Mapping[str, Mapping[str, str]] = {zone: {"zone": zone} for zone in ("", *_ZONES)}


_CHANNELS: Profile = {
    "0": Event.FAULT,
    "1": Event.ALARM,
    "2": Event.ARM_DISARM,
    "3": Event.RESTORE,
    "4": Event.ARM_DISARM,
    "6": Event.STATUS_PRESS,
}
_ABOUT: Mapping[str, Profile] = {
    "1": {"1": Event.DURESS},
    "3": {"1": Event.INFO, "3": Event.INFO, "6": Event.INFO},
    "5": {"1": Event.FAULT, "6": Event.FAULT},
}
"""The ninth digit: 1 duress, 3 zones bypassed, 5 zones in trouble; with any other the channels are the zones' state."""

_BY_USER = frozenset({"2", "4"})
"""Opening and closing by a user, whose number stands in the first channel."""

_PANEL_NEWS: Profile = {
    "2": Event.ARM_DISARM,
    "4": Event.ARM_DISARM,
    "6": Event.FAULT,
    "8": Event.LOW_BATTERY,
    "9": Event.TEST,
}
"""What the ninth digit says of the panel itself."""


def _meant(about: str, profile: Profile) -> Mapping[str, Event | None]:
    """What each digit of a channel says; None where it is in its normal state."""
    own = _ABOUT.get(about, NO_PROFILE)
    said = {each: profile.get(each) or own.get(each) or _CHANNELS.get(each, Event.UNKNOWN) for each in _DIGITS}
    return said | {"5": None}


_DIGITS = "0123456789"
_MEANT = {about: _meant(about, NO_PROFILE) for about in _DIGITS}
