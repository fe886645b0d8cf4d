"""
The two-letter SIA codes as data (DC-03, DC-04, DC-07).

Source: `eavanvalkenburg/pysiaalarm:docs/codes.csv` and `:src/pysiaalarm/data/sia_codes.py`, every code of both. Mind
the batteries: YT is the home unit's, XT is the pendant's.
"""

from collections.abc import Mapping
from types import MappingProxyType

from dispatch.rules.signal import Event, Scope

_GROUPS = (
    (Event.PRESS, "MA QA PA"),
    (Event.DURESS, "HA ND"),
    (Event.RESTORE, "MH MR QH QR PH PR HH HR NS FH FR GH GR KH KR WH WR ZH ZR BH BR IR UR FJ MJ QJ PJ HJ GJ KJ WJ ZJ"),
    (Event.RESTORE, "AN BE BJ DH DR ER FQ FV OV PO SH SJ SR UH UJ VI VR VY XC YE YH YJ YQ"),
    # JK, the latchkey code that was not entered in its time, is a failure to report in by another name.
    (Event.INACTIVITY, "NA JK"),
    (Event.FIRE, "FA FM SA"),
    (Event.GAS, "GA"),
    (Event.HEAT, "KA"),
    (Event.WATER, "WA"),
    (Event.INTRUSION, "AA BA BG BM BV DF DL EA IA"),
    (Event.ALARM, "FG UA UG UX"),
    (Event.CANCEL, "OC BC FC AB"),
    (Event.LOW_BATTERY, "YT XT"),
    (Event.BATTERY_RESTORE, "YR XR"),
    (Event.BATTERY_MISSING, "YM"),
    (Event.MAINS_FAIL, "AT"),
    (Event.MAINS_RESTORE, "AR"),
    (Event.TAMPER, "TA TT ES JA XS"),
    (Event.TAMPER_RESTORE, "TR TH TJ EJ JC XJ"),
    # UZ is the missing device as an alarm, no return of it; so are the other missing points.
    (Event.OFFLINE, "UY UZ BZ CM EM EZ FY FZ XM"),
    (Event.ONLINE, "EN"),
    (Event.FAULT, "MS QS PS MT QT PT FT GT HT KT WT ZT BT UT FS GS HS KS WS ZS BS US XL YX YP ET IT"),
    (Event.FAULT, "AS BD DJ DM DT FW OU PF RT SM SS ST VO VT VZ XX YA YD YF YI YU ZZ"),
    (Event.JAMMING, "XQ"),
    (Event.JAMMING_RESTORE, "XH"),
    (Event.LINK_FAULT, "YC LT NT YS RA"),
    (Event.LINK_RESTORE, "YK LR NR"),
    (Event.VOICE_REQUEST, "LF"),
    (Event.TEST, "RP RX TX TS TE BX FI FK FX GX TC TP VX"),
    (Event.GATEWAY_BOOT, "RR RN YW ZY"),
    (Event.ARM_DISARM, "CL OP CA OA CF CG OG CI OI CP CQ OQ CR OR CS OS CT CW CZ NL NF NP"),
    (Event.ARM_DISARM, "AF CB CC CD CE CJ CK NB NE NM NO OB OH OJ OK OL OT OZ TW TZ"),
    (Event.INFO, "ZA BB BU FB FU GB GU HB HU KB KU MB MU PB PU QB QU UB UU WB WU ZB ZU JL JO JP JR JS JT JV JX LB LX"),
    (
        Event.INFO,
        "CO CX DA DB DC DD DE DG DI DK DN DO DP DQ DS DU DV DW DX DY DZ EE EX FL JD JH JY JZ LD LE LS LU MI NC",
    ),
    (Event.INFO, "PC PD PE PG RB RC RD RO RS RU RY SB SC SU TB TU XA XE XF XI XW YB YG YN YO YY YZ"),
)

SIA_EVENTS: Mapping[str, Event] = MappingProxyType({code: event for event, codes in _GROUPS for code in codes.split()})
"""What each code means."""

_PANEL_CODES = (
    "YT YR YM YX YP AT AR RP RX TX TS TE RR LT LR YC YK XQ XH OC BC ET LB LX AB ER FC FI FK LF NC NR NT RA RN RT TC VI "
    "VO VR VT VX VY VZ XX YA YB YD YE YF YG YH YI YJ YN YO YQ YS YU YW YY YZ ZY ZZ"
)
_ARMING = (code for code, event in SIA_EVENTS.items() if event is Event.ARM_DISARM)
_PANEL = frozenset((*_PANEL_CODES.split(), *_ARMING))
_SCOPES = (Scope.DEVICE, Scope.GATEWAY)


def sia_event(code: str, profile: Mapping[str, Event]) -> Event:
    """What a two-letter code means, the receiver's own profile first; `unknown` for what the table lacks."""
    return profile.get(code) or SIA_EVENTS.get(code, Event.UNKNOWN)


def sia_scope(code: str) -> Scope:
    """Whether a code is about one transmitter or zone (device) or about the home unit itself (gateway)."""
    return _SCOPES[code in _PANEL]


def sia_stated(event: Event) -> str:
    """The code with which a panel would say this; a test (RX) where it has none."""
    return _STATED.get(event) or next((code for code, stated in SIA_EVENTS.items() if stated is event), "RX")


_STATED = {
    Event.PRESS: "QA",
    Event.RESTORE: "QR",
    Event.LOW_BATTERY: "XT",
    Event.BATTERY_RESTORE: "XR",
    Event.TEST: "RX",
}
