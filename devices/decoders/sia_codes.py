"""
The two-letter SIA codes as data (DC-03, DC-04, DC-07).

Source: `eavanvalkenburg/pysiaalarm:docs/codes.csv`. Mind the batteries: YT is the home unit's, XT is the pendant's.
"""

from collections.abc import Mapping
from types import MappingProxyType

from dispatch.rules.signal import Event, Scope

_GROUPS = (
    (Event.PRESS, "MA QA PA"),
    (Event.DURESS, "HA"),
    (Event.RESTORE, "MH MR QH QR PH PR HH HR NS FH FR GH GR KH KR WH WR ZH ZR BH BR IR UR FJ MJ QJ PJ HJ GJ KJ WJ ZJ"),
    (Event.INACTIVITY, "NA"),
    (Event.FIRE, "FA"),
    (Event.GAS, "GA"),
    (Event.HEAT, "KA"),
    (Event.WATER, "WA"),
    (Event.INTRUSION, "BA BV IA"),
    (Event.ALARM, "UA"),
    (Event.CANCEL, "OC BC"),
    (Event.LOW_BATTERY, "YT XT"),
    (Event.BATTERY_RESTORE, "YR XR"),
    (Event.BATTERY_MISSING, "YM"),
    (Event.MAINS_FAIL, "AT"),
    (Event.MAINS_RESTORE, "AR"),
    (Event.TAMPER, "TA"),
    (Event.TAMPER_RESTORE, "TR"),
    (Event.OFFLINE, "UY UZ"),  # UZ is the missing device as an alarm, no return of it.
    (Event.FAULT, "MS QS PS MT QT PT FT GT HT KT WT ZT BT UT FS GS HS KS WS ZS BS US XL YX YP ET IT"),
    (Event.JAMMING, "XQ"),
    (Event.JAMMING_RESTORE, "XH"),
    (Event.LINK_FAULT, "YC LT"),
    (Event.LINK_RESTORE, "YK LR"),
    (Event.TEST, "RP RX TX TS TE"),
    (Event.GATEWAY_BOOT, "RR"),
    (Event.ARM_DISARM, "CL OP CA OA CF CG OG CI OI CP CQ OQ CR OR CS OS CT CW CZ NL NF NP"),
    (Event.INFO, "ZA BB BU FB FU GB GU HB HU KB KU MB MU PB PU QB QU UB UU WB WU ZB ZU JL JO JP JR JS JT JV JX LB LX"),
)

SIA_EVENTS: Mapping[str, Event] = MappingProxyType({code: event for event, codes in _GROUPS for code in codes.split()})
"""What each code means."""

_PANEL_CODES = "YT YR YM YX YP AT AR RP RX TX TS TE RR LT LR YC YK XQ XH OC BC ET LB LX"
_PANEL = frozenset(_PANEL_CODES.split())


def sia_event(code: str, profile: Mapping[str, Event]) -> Event:
    """What a two-letter code means, the receiver's own profile first; `unknown` for what the table lacks."""
    return profile.get(code) or SIA_EVENTS.get(code, Event.UNKNOWN)


def sia_scope(code: str) -> Scope:
    """Whether a code is about one transmitter or zone (device) or about the home unit itself (gateway)."""
    return Scope.GATEWAY if code in _PANEL or SIA_EVENTS.get(code) is Event.ARM_DISARM else Scope.DEVICE
