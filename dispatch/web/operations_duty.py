"""The same for duty: rotations, swaps, absences of carers, stand-ins, days off. `operations` tells it."""

from collections.abc import Mapping
from typing import Any

DUTY_SUMMARIES: Mapping[str, str] = {
    "GET /rotations": "Rotations, with the turns that could not be laid",
    "POST /rotations": "A new rotation, which lays its shifts some weeks ahead",
    "GET /rotations/{rotation_id}": "One rotation",
    "PATCH /rotations/{rotation_id}": "Change or end a rotation; what was changed by hand stays",
    "GET /swaps": "Swaps that are open, and those of the last two weeks",
    "POST /swaps": "Ask a carer to take a shift, in return for one of theirs or for nothing",
    "GET /swaps/{swap_id}": "One swap",
    "POST /swaps/{swap_id}/answer": "What the carer who was asked says",
    "POST /swaps/{swap_id}/decide": "What a manager says to a swap both agreed to",
    "POST /swaps/{swap_id}/withdraw": "A swap is not asked any more",
    "GET /carer-absences": "Carers who are absent within sixty days, with the holes they leave",
    "POST /carer-absences": "A carer is absent and off duty for that time",
    "POST /carer-absences/{absence_id}/end": "A carer is back",
    "GET /vacancies": "Windows of duty that absences left open",
    "POST /vacancies/{vacancy_id}/fill": "Somebody takes a window that was left open",
    "POST /shifts/{shift_id}/stand-in": "Somebody stands in for a part of a shift",
    "GET /holidays": "Days off, worked weekends and lunar festivals of a year",
}

_WEEK = {"start": "2026-11-23T00:00:00+08:00", "end": "2026-11-30T00:00:00+08:00"}

DUTY_EXAMPLES: Mapping[str, Any] = {
    "POST /rotations": {
        "name": "白夜休休", "station": "S1", "first_day": "2026-11-23",
        "cycle": [[{"start": "08:00", "end": "20:00"}], [{"start": "20:00", "end": "08:00"}], [], []],
        "places": [{"carer": "C1", "offset": 0}, {"carer": "C2", "offset": 1}],
    },
    "PATCH /rotations/{rotation_id}": {"last_day": "2026-12-31", "version": 1},
    "POST /swaps": {"shift": "0197f3a2c5d07c0e8a52f1b3d4e5f601", "carer": "C2"},
    "POST /swaps/{swap_id}/answer": {"yes": True},
    "POST /swaps/{swap_id}/decide": {"yes": True, "reason": "两人都同意"},
    "POST /carer-absences": {"carer": "C1", "kind": "sick", **_WEEK},
    "POST /carer-absences/{absence_id}/end": {"at": "2026-11-25T08:00:00+08:00"},
    "POST /vacancies/{vacancy_id}/fill": {"carer": "C2", "reason": "没有别人"},
    "POST /shifts/{shift_id}/stand-in": {
        "carer": "C2", "start": "2026-11-23T10:00:00+08:00", "end": "2026-11-23T12:00:00+08:00",
    },
}  # fmt: skip
