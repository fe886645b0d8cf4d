"""
One line for every operation whose view says none in its docstring, and an example of every body.

A new view says its summary as the first line of its docstring, and adds its example here.
"""

from collections.abc import Mapping
from typing import Any

from dispatch.web.operations_anomalies import ANOMALY_EXAMPLES
from dispatch.web.operations_bedmoney import BED_MONEY_EXAMPLES
from dispatch.web.operations_beds import BED_EXAMPLES, BED_SUMMARIES
from dispatch.web.operations_care import CARE_EXAMPLES
from dispatch.web.operations_coverage import COVERAGE_EXAMPLES
from dispatch.web.operations_duty import DUTY_EXAMPLES, DUTY_SUMMARIES
from dispatch.web.operations_meals import MEAL_EXAMPLES
from dispatch.web.operations_money import MONEY_EXAMPLES, MONEY_SUMMARIES
from dispatch.web.operations_office import OFFICE_EXAMPLES, OFFICE_SUMMARIES
from dispatch.web.operations_operators import OPERATOR_EXAMPLES
from dispatch.web.operations_planning import PLANNING_EXAMPLES
from dispatch.web.operations_rounds import ROUND_EXAMPLES
from dispatch.web.operations_welfare import WELFARE_EXAMPLES

_REGISTERS = {
    "homes": "Homes", "residents": "Residents", "contacts": "Families and neighbours", "carers": "Carers",
    "stations": "Stations", "messages": "Messages and what became of them", "gateways": "Gateways and how they are",
    "strangers": "Devices that were heard and belong to nobody", "calls": "Calls that rang in",
    "devices": "Devices, all or those of a list", "repairs": "Repair cases",
    "checks": "Residents to be asked how they are", "incidents": "Gateways that hear nothing",
    "campaigns": "Monthly test presses", "alarms": "Alarms, the newest first",
}  # fmt: skip

SUMMARIES: Mapping[str, str] = {
    **{f"GET /{name}": text for name, text in _REGISTERS.items()},
    "GET /record": "The response log, by number",
    "GET /alarms/{name}": "One alarm whole, by its id or number",
    "POST /alarms": "Raise an alarm by hand",
    "POST /alarms/{name}/accept": "Somebody goes",
    "POST /alarms/{name}/decline": "Somebody cannot go",
    "POST /alarms/{name}/attend": "Somebody is there, with a proof",
    "POST /alarms/{name}/offer": "Ask somebody",
    "POST /alarms/{name}/close": "Close it with an outcome; people only",
    "POST /alarms/{name}/reopen": "Take a closing back; people only",
    "POST /alarms/{name}/note": "Write something down",
    "POST /alarms/{name}/emergency": "The emergency service was called",
    "POST /alarms/{name}/take": "The caller is in charge of it from now on",
    "POST /alarms/{name}/leave": "The caller is in charge of it no longer",
    "POST /alarms/{name}/tick": "A step of the list beside an alarm is done, or is not after all",
    "POST /paper": "What was written on paper while the service was dark, with both times",
    "POST /calls/{call_id}/alarm": "This call is an alarm",
    "POST /calls/{call_id}/dismiss": "This call is none",
    "GET /devices/{name}": "One device whole, by its code or id",
    "POST /devices": "Pair a device and wait for its test press",
    "POST /devices/{name}/test": "Wait for a test press",
    "POST /devices/{name}/cancel": "Wait no longer for a test press",
    "POST /devices/{name}/move": "It is somebody else's now",
    "POST /devices/{name}/lend": "Lend it until a day",
    "POST /devices/{name}/return": "It is back from a loan",
    "POST /devices/{name}/retire": "Take it out of use",
    "GET /repairs/{repair_id}": "One repair case",
    "POST /repairs": "Report that a device does not work",
    "POST /repairs/{repair_id}/assign": "Who sees to it",
    "POST /checks/{check_id}/done": "What came of asking a resident",
    "GET /incidents/{incident_id}": "One incident",
    "POST /incidents/{incident_id}/dismiss": "It is looked after otherwise",
    "POST /signals": "What an edge heard, answered when it is durable",
    **OFFICE_SUMMARIES,
    **DUTY_SUMMARIES,
    **BED_SUMMARIES,
    **MONEY_SUMMARIES,
}

_PERSON = {"person": "C1"}
_ABOUT = {"kind": "residents", "datum": "gcj02", "columns": {"住在哪": "address"}}

EXAMPLES: Mapping[str, Any] = {
    "POST /alarms": {"home": "H1", "resident": "R1", "cause": "hotline", "note": "邻居来电"},
    "POST /alarms/{name}/accept": _PERSON,
    "POST /alarms/{name}/decline": _PERSON,
    "POST /alarms/{name}/offer": _PERSON,
    "POST /alarms/{name}/attend": {"person": "C1", "proof": "position", "lat": 38.072, "lng": 114.492},
    "POST /alarms/{name}/close": {"outcome": "helped", "note": "扶起，无伤"},
    "POST /alarms/{name}/reopen": {"note": "说错了"},
    "POST /alarms/{name}/note": {"text": "门从里面反锁"},
    "POST /alarms/{name}/emergency": {"reference": "120-20261123-17"},
    "POST /alarms/{name}/take": {"over": True, "reason": "小张去接电话了"},
    "POST /alarms/{name}/tick": {"step": "family", "done": True},
    "POST /paper": {
        "home": "H1", "resident": "R1", "cause": "fall", "raised_at": "2026-11-23T03:10:00+08:00", "person": "C1",
        "accepted_at": "2026-11-23T03:12:00+08:00", "arrived_at": "2026-11-23T03:25:00+08:00", "proof": "voice",
        "closed_at": "2026-11-23T03:50:00+08:00", "outcome": "helped", "note": "停电期间，值班本第 7 页",
    },
    "POST /calls/{call_id}/alarm": {"home": "0197f3a2c5d07c0e8a52f1b3d4e5f601"},
    "POST /devices": {"protocol": "rflink", "address": "EV1527:0a1b2c:01", "resident": "R1", "minutes": 10},
    "POST /devices/{name}/test": {"minutes": 10, "purpose": "repair"},
    "POST /devices/{name}/move": {"resident": "R2"},
    "POST /devices/{name}/lend": {"resident": "R2", "back_at": "2026-12-01T00:00:00+08:00"},
    "POST /devices/{name}/retire": {"reason": "broken"},
    "POST /repairs": {"device": "D1", "note": "按了没反应"},
    "POST /repairs/{repair_id}/assign": {"owner": "operators"},
    "POST /checks/{check_id}/done": {"result": "well", "note": "在家，都好"},
    "POST /signals": {"gateway": "garden-edge", "epoch": "5f0c9d", "signals": []},
    "POST /webhooks": {
        "name": "市平台", "url": "https://city.example/hooks/anling", "template": "standard",
        "types": ["anling.alarm.raised.v1", "anling.alarm.closed.v1"], "stations": ["S1"],
    },
    "PUT /webhooks/{webhook_id}": {"name": "市平台", "url": "https://city.example/hooks/anling"},
    "POST /webhooks/{webhook_id}/resume": {"skip": False},
    "POST /shifts": {"carer": "C1", "start": "2026-11-23T08:00:00+08:00", "end": "2026-11-23T20:00:00+08:00"},
    "PATCH /shifts/{shift_id}": {"end": "2026-11-23T18:00:00+08:00"},
    "POST /imports/files/{token}/preview": _ABOUT,
    "POST /imports/files/{token}/commit": _ABOUT,
    "POST /drills": {"gateway": "hall-radio", "provider": "twilio", "channel": "sms"},
    "POST /streets": {"street": "柏林小区", "mode": "shadow"},
    **OFFICE_EXAMPLES,
    **PLANNING_EXAMPLES,
    **CARE_EXAMPLES,
    **DUTY_EXAMPLES,
    **COVERAGE_EXAMPLES,
    **BED_EXAMPLES,
    **MONEY_EXAMPLES,
    **ROUND_EXAMPLES,
    **ANOMALY_EXAMPLES,
    **BED_MONEY_EXAMPLES,
    **OPERATOR_EXAMPLES,
    **BED_MONEY_EXAMPLES,
    **ANOMALY_EXAMPLES,
    **WELFARE_EXAMPLES,
    **MEAL_EXAMPLES,
}  # fmt: skip
