"""
What leaves for subscribed programs of others: which entries of the record, under which type, in which words.

    entry of the record ──type_of──► anling.alarm.raised.v1 ──body_of──► CloudEvents attributes + ids + links

A body names nobody: ids, codes and addresses of pages that ask for a sign-in. No name, no telephone, no cause and no
outcome, since "fall" and "hospital" are words about somebody's health.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dispatch.rules.record import Entry

SPEC = "1.0"
"""`specversion` of CloudEvents 1.0.2, section 3.1.1."""

RETRY_S = (5, 30, 300, 1_800, 7_200, 18_000, 36_000)
"""Seconds between tries, the last for ever: after Standard Webhooks 1.1 (5 s, 5 min, 30 min, 2 h, 5 h, 10 h, …)."""

UNLIKED = frozenset({400, 413, 415, 422})
"""A receiver that answers so dislikes this one message; another try changes nothing, and those behind it wait."""

UNLIKED_MAX = 5
"""So often a disliked message is tried; then the next one has its turn."""

GONE = 410
"""Standard Webhooks: the receiver wants nothing more, ever."""

OTHERS = frozenset({
    "gateway_lost", "gateway_back", "device_late", "device_back", "device_paired", "device_retired", "device_moved",
    "repair_opened", "repair_overdue", "repair_ended", "check_due", "check_done", "drill_begun", "drill_ended",
    "street_switched", "shifts_changed", "webhook_disabled",
})  # fmt: skip
"""Entries without an alarm that others may hear of: `anling.service.<kind>.v1`."""

_KIND = re.compile(r"[a-z][a-z_]{0,39}")
_REF = re.compile(r"[a-z]+(:[0-9A-Za-z_-]+)?")


class Template(StrEnum):
    """In which shape a receiver wants it."""

    STANDARD = "standard"
    WECOM = "wecom"
    """企业微信 group robot (developer.work.weixin.qq.com, 群机器人)."""
    DINGTALK = "dingtalk"
    """钉钉 group robot with the keyword 安铃 (open.dingtalk.com, 自定义机器人)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The alarm of an entry, as far as others may know: `station` and `home` are ids, `exercise` a drill."""

    number: str
    home: str | None = None
    station: str | None = None
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a subscription asks for: types (ends with `*` for all that begin so) and stations; empty is everything."""

    types: Sequence[str] = ()
    stations: Sequence[str] = ()

    def wants(self, type_: str, about: About | None) -> bool:
        """Whether this entry is for this subscription; one that belongs to no station is for everybody's."""
        if self.types and not any(_fits(type_, each) for each in self.types):
            return False
        if not self.stations:
            return True
        return about is not None and (about.station is None or about.station in self.stations)


def type_of(kind: str, *, of_alarm: bool) -> str | None:
    """The type under which an entry leaves, `anling.alarm.raised.v1`; None for one that is nobody else's business."""
    if not of_alarm:
        return f"anling.service.{kind}.v1" if kind in OTHERS else None
    return f"anling.alarm.{kind}.v1"


def is_type(said: str) -> bool:
    """Whether somebody may ask for this: `anling.alarm.raised.v1`, `anling.alarm.*`, `*`."""
    parts = said.removesuffix(".v1").split(".")
    if said == "*":
        return True
    known = len(parts) == 3 and parts[0] == "anling" and parts[1] in {"alarm", "service"}
    return known and (parts[2] == "*" or (said.endswith(".v1") and _KIND.fullmatch(parts[2]) is not None))


def body_of(type_: str, entry: Entry, about: About | None, *, source: str) -> dict[str, Any]:
    """
    The body of one delivery: `type`, `timestamp` and `data` as Standard Webhooks have them, beside the attributes of
    CloudEvents. `source` is this service's public address.
    """
    data: dict[str, Any] = {"entry": entry.number, "by": _person(entry.by)}
    links = {"record": f"{source}/api/v1/record?after={entry.number - 1}&limit=1"}
    if entry.alarm_id is not None:
        data |= {"alarm": entry.alarm_id, "version": entry.version}
        links |= {"alarm": f"{source}/alarms/{entry.alarm_id}", "api": f"{source}/api/v1/alarms/{entry.alarm_id}"}
    if about is not None:
        data |= {"number": about.number, "home": about.home, "station": about.station, "exercise": about.exercise}
    return envelope(type_, f"entry-{entry.number}", entry.at, data | {"links": links}, source=source)


def envelope(type_: str, id_: str, at: datetime, data: Mapping[str, Any], *, source: str) -> dict[str, Any]:
    """The attributes around `data`."""
    time = at.isoformat()
    return {
        "specversion": SPEC, "id": id_, "source": source, "type": type_, "time": time, "timestamp": time,
        "datacontenttype": "application/json", "data": dict(data),
    }  # fmt: skip


def told_in(template: Template, body: Mapping[str, Any]) -> bytes:
    """The body in the shape of this template, as bytes on the wire."""
    told: Mapping[str, Any] = body
    if template is not Template.STANDARD:
        told = {"msgtype": "text", "text": {"content": _sentence(body)}}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def again_in(tries: int) -> timedelta:
    """How long to wait after so many tries in vain."""
    return timedelta(seconds=RETRY_S[min(max(tries, 1), len(RETRY_S)) - 1])


def _fits(type_: str, asked: str) -> bool:
    return type_.startswith(asked[:-1]) if asked.endswith("*") else type_ == asked


def _person(by: str) -> str:
    """Who did it, without the telephone that a reference may be made of."""
    return by if _REF.fullmatch(by) and not by.partition(":")[2].isdecimal() else by.partition(":")[0]


def _sentence(body: Mapping[str, Any]) -> str:
    """One line for people in a group: the keyword, the alarm's number, what happened, and where to read it."""
    data = body["data"]
    kind = body["type"].split(".")[2]
    test = "（演习）" if data.get("exercise") else ""
    link = data.get("links", {}).get("alarm", body["source"])
    return f"安铃{test} {data.get('number', '')} {WORDS.get(kind, kind)}\n{link}"


WORDS: Mapping[str, str] = {
    "raised": "新警报", "joined": "再次按铃", "offered": "已派单", "accepted": "有人接单", "declined": "有人不能去",
    "lapsed": "无人应答", "attended": "已到场", "closed": "已结束", "reopened": "重新打开", "noted": "有备注",
    "called": "已拨打电话", "operator_paged": "已通知值班人员", "gateway_lost": "网关失联", "gateway_back": "网关恢复",
    "device_late": "设备未按时报到", "device_back": "设备恢复", "repair_opened": "新报修", "repair_ended": "修好了",
    "test": "测试消息",
}  # fmt: skip
"""For groups of Chinese staff, the only place where a robot stands."""
