"""
The same for what is done at a desk in the office: registers, reviews, figures, requests about data, accounts, keys.

`operations` tells both.
"""

from collections.abc import Mapping
from typing import Any

_KINDS = {
    "homes": "home", "residents": "resident", "contacts": "family member or neighbour", "carers": "carer",
    "stations": "station",
}  # fmt: skip
_ENDED = {
    "homes": "Nobody is served in this home any more", "carers": "This carer works here no longer",
    "contacts": "This person is told no more",
}  # fmt: skip

OFFICE_SUMMARIES: Mapping[str, str] = {
    **{f"POST /{register}": f"A new {kind}" for register, kind in _KINDS.items()},
    **{f"GET /{register}/{{name}}": f"One {kind}, by code or id" for register, kind in _KINDS.items()},
    **{f"PATCH /{register}/{{name}}": f"Change a {kind}, as it was read" for register, kind in _KINDS.items()},
    **{f"POST /{register}/{{name}}/end": text for register, text in _ENDED.items()},
    **{f"POST /{register}/{{name}}/restore": "That ending was a mistake" for register in _ENDED},
    "POST /contacts/{name}/consent": "What a contact may be told of alarms",
    "POST /homes/{name}/checks": "How the key box and the way in were found",
    "POST /residents/{name}/leave": "A resident died, left the service or moved away",
    "POST /residents/{name}/resume": "A resident is served again",
    "POST /residents/{name}/move": "A resident lives in another home now",
    "POST /residents/{name}/unmask": "A resident's numbers whole, with a reason that is kept",
    "POST /residents/{name}/absences": "A resident is away until then",
    "GET /absences": "Who is away, the first to come back first",
    "POST /absences/{id_}/end": "Somebody is back",
    "POST /absences/{id_}/prolong": "Somebody stays away longer",
    "GET /follow-ups": "What is to be done about residents, the most urgent first",
    "POST /follow-ups/{id_}/done": "It was done, in words",
    "GET /find": "Residents, families, homes, carers, devices and alarms that are like these words",
    "GET /review": "Alarms as a reviewer sees them, the newest first",
    "GET /review/{alarm_id}": "One alarm with everything that was done, its breaches and findings",
    "POST /review/{alarm_id}/findings": "Write down why it went as it did",
    "POST /review/{alarm_id}/findings/{finding}/done": "It was looked at again",
    "POST /review/{alarm_id}/sign": "Sign a review",
    "GET /record/verify": "How far the record has been counted over",
    "POST /record/verify": "Begin to count the record over",
    "GET /reports/kpi": "The figures of a month with their sources",
    "GET /reports/trend": "The figures of the months up to this one",
    "GET /reports/calls": "The alarms behind a figure",
    "GET /reports/signed": "Reports of a month that somebody signed",
    "POST /reports/signed": "Sign the report of a month; people only",
    "GET /surveys": "This month's interviews",
    "GET /surveys/results": "How satisfied people are, by station",
    "POST /surveys/{survey_id}/take": "The caller will hold this interview",
    "POST /surveys/{survey_id}/end": "How an interview ended",
    "GET /privacy/requests": "What people asked about their data, open ones first",
    "POST /privacy/requests": "Somebody asks about a resident's data",
    "POST /privacy/requests/{request_id}/approve": "A second person agrees to an erasure",
    "POST /privacy/requests/{request_id}/answer": "What was answered to a request",
    "GET /privacy/residents/{resident_id}/consents": "What a resident agreed to",
    "POST /privacy/residents/{resident_id}/consents": "A resident agreed to something",
    "POST /privacy/residents/{resident_id}/consents/{consent_id}/withdraw": "A consent is taken back",
    "POST /privacy/residents/{resident_id}/export": "Everything kept about a resident, as a file to hand over",
    "GET /privacy/retention": "What every rule of keeping finds due now",
    "GET /users": "All accounts, by login",
    "GET /users/{operator_id}": "One account",
    "POST /users": "A new account, and the code to begin with, shown once",
    "POST /users/{operator_id}/appoint": "What somebody may do, and for which stations",
    "POST /users/{operator_id}/reset": "A code for a new password, shown once; all sessions are over",
    "POST /users/{operator_id}/{deed}": "Close or open an account, drop its second factor, end its sessions",
    "POST /account/proof": "Show once more who is asking, for what needs it",
    "GET /keys": "All keys of machines, the oldest first",
    "POST /keys": "A new key, shown once",
    "POST /keys/{prefix}/revoke": "A key is good for nothing from now on",
}

_HOME = {
    "address": "柏林小区 5-1-302", "station": "S1", "lat": 38.0724, "lng": 114.4931, "datum": "gcj02",
    "entry": "钥匙盒在电表箱左侧",
}  # fmt: skip
_RESIDENT = {
    "name": "刘桂芝", "phone": "+8613800000103", "level": "moderate", "cats": ["living_alone", "oldest_old"],
    "needs": ["lifting"], "talk": ["hard_of_hearing"], "agreements": ["emergency_service", "family_told"],
}  # fmt: skip
_CARER = {
    "name": "赵护理", "phone": "+8613800000004", "station": "S1", "means": "ebike", "skills": ["nurse"],
    "languages": ["zh"],
}  # fmt: skip
_CONTACT = {"name": "刘女士", "phone": "+8613800000203", "relation": "女儿", "order": 1, "key_holder": True}
_SINCE = {"since": "2026-11-01", "until": "2026-11-30", "station": "S1"}

OFFICE_EXAMPLES: Mapping[str, Any] = {
    "POST /homes": {"code": "H3", **_HOME},
    "PATCH /homes/{name}": {"entry": "钥匙在三楼王阿姨家"},
    "POST /homes/{name}/end": {"note": "房子已卖"},
    "POST /homes/{name}/checks": {"found": "changed", "note": "换了锁，新钥匙已放入钥匙盒"},
    "POST /residents": {"code": "R4", "home": "H3", "born_on": "1941-09-12", "language": "zh", **_RESIDENT},
    "PATCH /residents/{name}": {"phone": "+8613800000113", "level": "severe"},
    "POST /residents/{name}/leave": {"why": "moved_away", "note": "搬到女儿家"},
    "POST /residents/{name}/resume": {"note": "从女儿家回来了"},
    "POST /residents/{name}/move": {"new_home": _HOME, "entry": True, "note": "换到一楼"},
    "POST /residents/{name}/unmask": {"reason": "家属来电，核对电话"},
    "POST /residents/{name}/absences": {
        "kind": "hospital", "until_at": "2026-12-01T10:00:00+08:00", "note": "市二院，骨科",
    },
    "POST /absences/{id_}/end": {"note": "提前出院"},
    "POST /absences/{id_}/prolong": {"until_at": "2026-12-08T10:00:00+08:00", "note": "再住一周"},
    "POST /follow-ups/{id_}/done": {"note": "已上门，换了电池"},
    "POST /contacts": {"home": "H3", **_CONTACT},
    "PATCH /contacts/{name}": {"phone": "+8613800000213", "order": 2},
    "POST /contacts/{name}/consent": {"given_by": "刘桂芝", "may_know": ["raised", "closed"]},
    "POST /contacts/{name}/end": {"note": "出国了"},
    "POST /carers": {"code": "C4", **_CARER},
    "PATCH /carers/{name}": {"suspended": True},
    "POST /carers/{name}/end": {"note": "合同到期"},
    "POST /stations": {"code": "S2", "name": "红星颐养驿站", "lat": 38.0731, "lng": 114.4942, "lends": ["S1"]},
    "PATCH /stations/{name}": {"name": "红星颐养驿站（二楼）"},
    "POST /review/search": {**_SINCE, "text": "卫生间", "limit": 50},
    "POST /review/export": {**_SINCE, "kind": "xlsx", "breach": "on_site"},
    "POST /review/{alarm_id}/findings": {
        "cause": "entry", "measure": "register", "text": "钥匙盒密码已改，登记未更新", "station": "S1",
        "follow_up_on": "2026-12-01",
    },
    "POST /review/{alarm_id}/findings/{finding}/done": {"text": "已核对，登记已更新"},
    "POST /review/{alarm_id}/sign": {"seen": 1842},
    "POST /reports/signed": {"month": "2026-10"},
    "POST /surveys/{survey_id}/end": {"state": "unreached", "note": "三次未接"},
    "POST /privacy/requests": {
        "resident": "0197f3a2c5d07c0e8a52f1b3d4e5f602", "kind": "access", "asked_by": "刘女士（女儿）",
        "reason": "想看保存了哪些资料",
    },
    "POST /privacy/requests/{request_id}/answer": {"state": "done", "answer": "已当面交给本人"},
    "POST /privacy/residents/{resident_id}/consents": {
        "purpose": "location", "version": "2026-1", "given_by": "刘桂芝", "channel": "paper",
    },
    "POST /privacy/residents/{resident_id}/export": {"reason": "本人申请"},
    "POST /users": {
        "login": "zhangli", "name": "张丽", "roles": ["operator"], "stations": ["S1"], "phone": "+8613800000301",
        "lang": "zh",
    },
    "POST /users/{operator_id}/appoint": {"roles": ["operator", "reviewer"], "stations": []},
    "POST /users/{operator_id}/reset": {"factor": True},
    "POST /account/proof": {"password": "杨柳岸晓风残月2026"},
    "POST /keys": {"name": "市平台", "scope": "read webhooks"},
}  # fmt: skip
