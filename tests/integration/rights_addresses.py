"""How every address of the url map is filled, with which body, and what belongs to no station: tables of the matrix."""

DEEDS = "accept, decline, attend, offer, close, reopen, note, emergency"
LISTS = "residents, carers, devices, shifts, canteens"

REGISTERS = {
    "residents": "resident", "homes": "home", "contacts": "contact2", "carers": "carer2", "stations": "station",
}  # fmt: skip
"""Each register, and what of it stands in an address: the second contact and carer may come and go."""

ENDED = ("homes", "contacts", "carers")

ADDRESSES = {
    "/alarms/<alarm_id>": "/alarms/{alarm}",
    f"/alarms/<alarm_id>/<any({DEEDS}):deed>": "/alarms/{alarm}/note",
    "/alarms/<name>/<any(take, leave, tick):what>": "/alarms/{alarm}/take",
    "/calls/<call_id>/<any(alarm, dismiss):what>": "/calls/{call}/dismiss",
    "/devices/<name>": "/devices/{device}",
    "/devices/<name>/report": "/devices/{device}/report",
    "/devices/<name>/<any(test, cancel, move, lend, return, retire):deed>": "/devices/{device}/return",
    "/repairs/assign/<id_>": "/repairs/assign/{repair}",
    "/repairs/<any(check, dismiss):deed>/<id_>": "/repairs/dismiss/{incident}",
    "/api/v1/alarms/<name>": "/api/v1/alarms/{alarm}",
    **{f"/api/v1/alarms/<name>/{deed}": f"/api/v1/alarms/{{alarm}}/{deed}"
       for deed in ("note", "reopen", "emergency", "close", "accept", "decline", "attend", "offer", "take", "leave",
                    "tick")},
    "/api/v1/calls/<call_id>/alarm": "/api/v1/calls/{call}/alarm",
    "/api/v1/calls/<call_id>/dismiss": "/api/v1/calls/{call}/dismiss",
    "/api/v1/devices/<name>": "/api/v1/devices/{device}",
    **{f"/api/v1/devices/<name>/{deed}": f"/api/v1/devices/{{device}}/{deed}"
       for deed in ("test", "cancel", "move", "lend", "return", "retire")},
    "/api/v1/repairs/<repair_id>": "/api/v1/repairs/{repair}",
    "/api/v1/repairs/<repair_id>/assign": "/api/v1/repairs/{repair}/assign",
    "/api/v1/checks/<check_id>/done": "/api/v1/checks/{check}/done",
    "/api/v1/incidents/<incident_id>": "/api/v1/incidents/{incident}",
    "/api/v1/incidents/<incident_id>/dismiss": "/api/v1/incidents/{incident}/dismiss",
    "/unmask": "/unmask?person=resident:{resident}",
    **{f"/api/v1/{each}/<name>": f"/api/v1/{each}/{{{one}}}" for each, one in REGISTERS.items()},
    **{f"/{each}/<name>/edit": f"/{each}/{{{one}}}/edit" for each, one in REGISTERS.items()},
    **{f"/api/v1/{each}/<name>/{deed}": f"/api/v1/{each}/{{{REGISTERS[each]}}}/{deed}"
       for each in ENDED for deed in ("end", "restore")},
    **{f"/{each}/<name>/<any(end, restore):deed>": f"/{each}/{{{REGISTERS[each]}}}/restore" for each in ENDED},
    "/contacts/<name>/consent": "/contacts/{contact2}/consent",
    "/api/v1/contacts/<name>/consent": "/api/v1/contacts/{contact2}/consent",
    "/<any(carers, stations):register>/<name>": "/carers/{carer}",
    "/residents/<name>": "/residents/{resident}", "/homes/<name>": "/homes/{home}",
    "/homes/<name>/checked": "/homes/{home}/checked", "/api/v1/homes/<name>/checks": "/api/v1/homes/{home}/checks",
    "/residents/<name>/<any(away, leave, resume, move, task):deed>": "/residents/{resident}/leave",
    "/residents/<name>/unmask": "/residents/{resident}/unmask",
    **{f"/api/v1/residents/<name>/{deed}": f"/api/v1/residents/{{resident}}/{deed}"
       for deed in ("absences", "leave", "move", "resume", "unmask")},
    "/absences/<id_>/<any(end, prolong):deed>": "/absences/{absence}/end",
    **{f"/api/v1/absences/<id_>/{deed}": f"/api/v1/absences/{{absence}}/{deed}" for deed in ("end", "prolong")},
    "/follow-ups/<id_>/<any(done, mine, give):deed>": "/follow-ups/{task}/mine",
    "/api/v1/follow-ups/<id_>/done": "/api/v1/follow-ups/{task}/done",
    **{f"{base}/<alarm_id>{rest}": f"{base}/{{old}}{rest.replace('<finding>', '{finding}')}"
       for base in ("/review", "/api/v1/review") for rest in ("", "/findings", "/findings/<finding>/done", "/sign")},
    "/api/v1/shifts/<shift_id>": "/api/v1/shifts/{shift}", "/roster/take/<shift_id>": "/roster/take/{shift}",
    "/roster/drop/<draft_id>": "/roster/drop/{draft}",
    "/roster/rotations/<rotation_id>": "/roster/rotations/{rotation}",
    "/roster/absences/<absence_id>": "/roster/absences/{carer_absence}",
    "/roster/vacancies/<vacancy_id>": "/roster/vacancies/{vacancy}",
    "/roster/swaps/<swap_id>/<any(yes, no, agree, refuse, withdraw):deed>": "/roster/swaps/{swap}/withdraw",
    "/api/v1/rotations/<rotation_id>": "/api/v1/rotations/{rotation}",
    "/api/v1/swaps/<swap_id>": "/api/v1/swaps/{swap}",
    **{f"/api/v1/swaps/<swap_id>/{deed}": f"/api/v1/swaps/{{swap}}/{deed}"
       for deed in ("answer", "decide", "withdraw")},
    "/api/v1/carer-absences/<absence_id>/end": "/api/v1/carer-absences/{carer_absence}/end",
    "/api/v1/vacancies/<vacancy_id>/fill": "/api/v1/vacancies/{vacancy}/fill",
    "/api/v1/shifts/<shift_id>/stand-in": "/api/v1/shifts/{given}/stand-in",
    "/roster/renew/<any(carer, station):kind>/<id_>": "/roster/renew/station/{station}",
    "/planning/<plan_id>": "/planning/{plan}",
    "/planning/<plan_id>/<any(publish, undo, drop):deed>": "/planning/{plan}/undo",
    "/api/v1/plans/<plan_id>": "/api/v1/plans/{plan}",
    **{f"/api/v1/plans/<plan_id>/{deed}": f"/api/v1/plans/{{plan}}/{deed}" for deed in ("publish", "undo", "drop")},
    "/surveys/<survey_id>": "/surveys/{survey}", "/surveys/<survey_id>/take": "/surveys/{survey}/take",
    **{f"/api/v1/surveys/<survey_id>/{deed}": f"/api/v1/surveys/{{survey}}/{deed}" for deed in ("take", "end")},
    "/privacy/<request_id>/<any(approve, done, refused):what>": "/privacy/{request}/approve",
    **{f"/api/v1/privacy/requests/<request_id>/{deed}": f"/api/v1/privacy/requests/{{request}}/{deed}"
       for deed in ("answer", "approve")},
    "/api/v1/privacy/residents/<resident_id>/consents": "/api/v1/privacy/residents/{resident}/consents",
    "/api/v1/privacy/residents/<resident_id>/consents/<consent_id>/withdraw":
        "/api/v1/privacy/residents/{resident}/consents/{consent}/withdraw",
    "/api/v1/privacy/residents/<resident_id>/export": "/api/v1/privacy/residents/{resident}/export",
    "/handover/<id_>/take": "/handover/{handover}/take",
    **{f"/beds/<name>{rest}": f"/beds/{{bed}}{rest}"
       for rest in ("", "/assess", "/review", "/step", "/form", "/paper", "/plan", "/month", "/print")},
    "/beds/<name>/papers/<paper_id>": "/beds/{bed}/papers/{paper}",
    **{f"/api/v1/beds/<name>{rest}": f"/api/v1/beds/{{bed}}{rest}"
       for rest in ("", "/assessments", "/review", "/steps", "/plans", "/standing", "/statement")},
    **{f"/settlement/<statement_id>{rest}": f"/settlement/{{statement}}{rest}"
       for rest in ("", "/step", "/review", "/objections", "/print", "/notice", "/list.xlsx")},
    "/settlement/<statement_id>/objections/<objection_id>": "/settlement/{statement}/objections/{objection}",
    "/settlement/residents/<name>": "/settlement/residents/{resident}",
    **{f"/api/v1/statements/<statement_id>{rest}": f"/api/v1/statements/{{statement}}{rest}"
       for rest in ("", "/people", "/steps", "/review", "/objections")},
    "/api/v1/statements/<statement_id>/objections/<objection_id>":
        "/api/v1/statements/{statement}/objections/{objection}",
    "/visits/<visit_id>": "/visits/{visit}", "/api/v1/visits/<visit_id>": "/api/v1/visits/{visit}",
    **{f"/visits/<visit_id>/{deed}": f"/visits/{{visit}}/{deed}"
       for deed in ("assign", "cancel", "entry", "judge", "approve")},
    **{f"/api/v1/visits/<visit_id>/{deed}": f"/api/v1/visits/{{visit}}/{deed}"
       for deed in ("begin", "finish", "cancel", "assign", "photo", "resolve", "approve")},
    "/rounds/<round_id>/review": "/rounds/{round}/review",
    "/api/v1/rounds/<round_id>/review": "/api/v1/rounds/{round}/review",
    "/rounds/<round_id>/result": "/rounds/{round}/result", "/rounds/residents/<name>": "/rounds/residents/{resident}",
    "/rounds/residents/<name>/ask": "/rounds/residents/{resident}/ask",
    "/rounds/residents/<name>/<any(class, responsible):what>": "/rounds/residents/{resident}/class",
    "/rounds/extra/<campaign_id>/end": "/rounds/extra/{campaign}/end",
    "/api/v1/rounds/<round_id>/result": "/api/v1/rounds/{round}/result",
    "/api/v1/rounds/extra/<campaign_id>/end": "/api/v1/rounds/extra/{campaign}/end",
    "/orders/<order_id>": "/orders/{order}", "/orders/link/<contact_id>": "/orders/link/{contact}",
    "/visits/<visit_id>/photos/<photo_id>": "/visits/{visit}/photos/{visit_photo}",
    "/orders/<order_id>/photos/<photo_id>": "/orders/{order}/photos/{photo}",
    "/orders/<order_id>/<any(accept, decline, done, cancel, rate, step):deed>": "/orders/{order}/decline",
    "/api/v1/orders/<order_id>": "/api/v1/orders/{order}",
    **{f"/api/v1/orders/<order_id>/{deed}": f"/api/v1/orders/{{order}}/{deed}"
       for deed in ("accept", "decline", "done", "cancel", "rate", "step")},
    "/money/beds/residents/<name>": "/money/beds/residents/{resident}",
    "/money/beds/bills/<bill_id>": "/money/beds/bills/{bill}",
    "/money/bills/<bill_id>": "/money/bills/{bill}", "/money/bills/<bill_id>/withdraw": "/money/bills/{bill}/withdraw",
    "/api/v1/bills/<bill_id>/withdraw": "/api/v1/bills/{bill}/withdraw",
    "/api/v1/bills/facts/<resident>": "/api/v1/bills/facts/{resident}",
    "/findings/money/<finding_id>": "/findings/money/{money_finding}",
    "/findings/money/checks/<check_id>": "/findings/money/checks/{money_check}",
    "/api/v1/money-findings/<finding_id>": "/api/v1/money-findings/{money_finding}",
    "/api/v1/money-findings/<finding_id>/outcome": "/api/v1/money-findings/{money_finding}/outcome",
    "/api/v1/money-findings/checks/<check_id>": "/api/v1/money-findings/checks/{money_check}",
    "/meals/diner/<resident>": "/meals/diner/{resident}",
    "/welfare/homes/<home>": "/welfare/homes/{home}", "/welfare/signals/<signal_id>": "/welfare/signals/{signal}",
    "/api/v1/welfare/homes/<home>/threshold": "/api/v1/welfare/homes/{home}/threshold",
    "/api/v1/welfare/signals/<signal_id>/became": "/api/v1/welfare/signals/{signal}/became",
}  # fmt: skip
"""How an address is filled with what belongs to a station; for these another station's thing answers 404."""

BODIES = {
    "/api/v1/money-findings/<finding_id>/outcome": {"state": "explained", "note": "x"},
    "/api/v1/money-findings/checks/<check_id>": {"result": "right"},
    "/api/v1/alarms/<name>/accept": {"person": "C1"}, "/api/v1/alarms/<name>/decline": {"person": "C1"},
    "/api/v1/alarms/<name>/offer": {"person": "C1"}, "/api/v1/alarms/<name>/note": {"text": "x"},
    "/api/v1/alarms/<name>/attend": {"person": "C1", "proof": "voice"},
    "/api/v1/alarms/<name>/emergency": {"reference": "x"}, "/api/v1/alarms/<name>/close": {"outcome": "test"},
    "/api/v1/alarms/<name>/reopen": {}, "/api/v1/calls/<call_id>/alarm": {},
    "/api/v1/alarms/<name>/tick": {"step": "call"},
    "/api/v1/devices/<name>/test": {}, "/api/v1/devices/<name>/move": {"resident": "R1"},
    "/api/v1/devices/<name>/lend": {"resident": "R1", "back_at": "2030-01-01T00:00:00+08:00"},
    "/api/v1/devices/<name>/retire": {"reason": "lost"}, "/api/v1/repairs/<repair_id>/assign": {"owner": "operators"},
    "/api/v1/checks/<check_id>/done": {"result": "well"},
    "/api/v1/account/proof": {"password": "x" * 300},  # a wrong one would be 403 for a reason of its own
    "/api/v1/residents/<name>/leave": {"why": "left"}, "/api/v1/residents/<name>/move": {"home": "H1"},
    "/api/v1/contacts/<name>/consent": {"given_by": "本人", "may_know": ["raised"]},
    "/api/v1/residents/<name>/absences": {"kind": "away", "until_at": "2030-01-01T00:00:00+08:00"},
    "/api/v1/residents/<name>/unmask": {"reason": "because"}, "/api/v1/homes/<name>/checks": {"found": "good"},
    "/api/v1/absences/<id_>/prolong": {"until_at": "2030-01-01T00:00:00+08:00"},
    "/api/v1/follow-ups/<id_>/done": {"note": "done"},
    "/api/v1/review/<alarm_id>/findings": {"cause": "in_order"}, "/api/v1/review/<alarm_id>/sign": {"seen": 1},
    "/api/v1/surveys/<survey_id>/end": {"state": "refused"},
    "/api/v1/privacy/requests/<request_id>/answer": {"state": "done", "answer": "x"},
    "/api/v1/privacy/residents/<resident_id>/export": {"reason": "because"},
    "/api/v1/reports/signed": {"month": "2024-01"},
    "/api/v1/rotations/<rotation_id>": {"name": "x"}, "/api/v1/swaps/<swap_id>/answer": {"yes": False},
    "/api/v1/swaps/<swap_id>/decide": {"yes": False}, "/api/v1/vacancies/<vacancy_id>/fill": {"carer": "C1"},
    "/api/v1/carer-absences/<absence_id>/end": {},
    "/api/v1/shifts/<shift_id>/stand-in":
        {"carer": "C1", "start": "2030-01-01T00:00:00+08:00", "end": "2030-01-01T01:00:00+08:00"},
    "/api/v1/beds/<name>/assessments":
        {"standard": "gbt42195-2022", "assessed_on": "2026-01-01", "org": "x", "score": 50},
    "/api/v1/beds/<name>/review": {"deed": "send_back"}, "/api/v1/beds/<name>/steps": {"deed": "resume"},
    "/api/v1/beds/<name>/plans": {"base": 77, "lines": []},
    **{f"/api/v1/corrections/<correction_id>/{deed}": {"note": "x"} for deed in ("want", "decline")},
    "/api/v1/months": {"month": "2031-01", "sure": True}, "/api/v1/statements": {"month": "2024-01"},
    "/api/v1/statements/budgets": {"fund": "city", "year": 2026, "amount_fen": 1},
    "/api/v1/statements/<statement_id>/steps": {"deed": "submit"},
    "/api/v1/statements/<statement_id>/review": {"deed": "approve"},
    "/api/v1/statements/<statement_id>/objections": {"text": "x"},
    "/api/v1/statements/<statement_id>/objections/<objection_id>": {"upheld": False, "answer": "x"},
    **{f"/api/v1/visits/<visit_id>/{deed}": {"carer": "C1", "reason": "x"} for deed in ("begin", "finish")},
    "/api/v1/visits/<visit_id>/cancel": {"reason": "family"}, "/api/v1/visits/<visit_id>/assign": {"carers": []},
    "/api/v1/visits/<visit_id>/photo": {"sha256": "0" * 64},
    "/api/v1/visits/<visit_id>/resolve": {"finding": "no_begin", "resolution": "rejected"},
    "/api/v1/visits/<visit_id>/approve": {"point": "none"},
    "/api/v1/rounds/<round_id>/result": {"result": "well", "means": "visit"},
    "/api/v1/rounds/<round_id>/review": {"accepted": True},
    "/api/v1/orders/<order_id>/accept": {"provider": "provider:none"}, "/api/v1/orders/<order_id>/rate": {"score": 5},
    "/api/v1/orders/<order_id>/cancel": {"why": "x"}, "/api/v1/orders/<order_id>/step": {"step": "survey"},
    "/api/v1/meals/waiting": {"since": "2026-11-01"},
    "/api/v1/bills/<bill_id>/withdraw": {"why": "x"}, "/api/v1/bills/facts/<resident>": {"from_on": "2020-01-01"},
    "/api/v1/operators/settle": {"month": "2020-01"},
    "/api/v1/operators/terms/<term_id>/end": {"until_on": "2020-01-01"},
    "/api/v1/operators/terms": {"kind": "canteen", "payee": "none", "policy": "none", "from_on": "2020-01-01"},
    "/api/v1/bills": {"kind": "home"}, "/api/v1/bills/settle": {"month": "2020-01"},
    "/api/v1/welfare/homes/<home>/threshold": {"threshold": -3.0, "reason": "because"},
    "/api/v1/welfare/signals/<signal_id>/became": {"became": "wrong"},
    "/api/v1/privacy/residents/<resident_id>/consents":
        {"purpose": "care", "version": "1", "given_by": "x", "channel": "paper"},
}  # fmt: skip
"""Bodies good enough to come past the schema, so that it is the station that answers 404."""

KEPT = {
    **{f"/api/v1/{each}/<name>/end": {"note": 5} for each in ENDED}, "/api/v1/residents/<name>/leave": {},
    "/api/v1/absences/<id_>/end": {"note": 5}, "/api/v1/follow-ups/<id_>/done": {},
    "/api/v1/surveys/<survey_id>/end": {}, "/api/v1/privacy/requests/<request_id>/answer": {},
    "/api/v1/swaps/<swap_id>/answer": {}, "/api/v1/carer-absences/<absence_id>/end": {"at": 5},
    "/api/v1/vacancies/<vacancy_id>/fill": {},
}  # fmt: skip
"""What is sent for a station's own things instead, so that they are still there for whoever comes next."""

FORMS = {
    f"/alarms/<alarm_id>/<any({DEEDS}):deed>": {"text": "x"},
    "/devices/<name>/report": {}, "/repairs/assign/<id_>": {"owner": "operators"}, "/unmask": {"reason": "because"},
    "/contacts/<name>/consent": {"given_by": "本人", "may_know": "raised"},
    "/homes/<name>/checked": {"found": "good"}, "/reports/sign": {"month": "2024-01"},
    "/money/beds/settle": {"month": "2020-01"}, "/money/beds/bills/<bill_id>": {"why": "x"},
    "/money/bills/<bill_id>/withdraw": {"why": "x"}, "/money/operators/settle": {"month": "2020-01"},
    "/money/operators/terms/<term_id>/end": {"until_on": "2020-01-01"},
    "/welfare/homes/<home>": {"threshold": "-3", "reason": "because"},
    "/welfare/signals/<signal_id>": {"became": "wrong"},
}  # fmt: skip

DISTRICT_ONLY = {
    # Gateways and their frames, exercises, streets and canaries reach every station at once.
    "/phones", "/phones/live", "/roads/drill", "/roads/street", "/api/v1/gateways/<name>/frames", "/alive/canary",
    "/phones/<any(reply, key, receipt, fault, press, gateway):deed>", "/api/v1/drills", "/api/v1/paths",
    "/api/v1/streets",
    # A month is drawn whole, and funds and budgets are the district's.
    "/money/beds/settle", "/api/v1/bills/settle", "/settlement/draw", "/settlement/budget",
    "/settlement/closing", "/money/operators/settle", "/api/v1/operators/settle",
    "/settlement/corrections", "/api/v1/corrections",
    *(f"{base}/<correction_id>{rest}" for base in ("/settlement/corrections", "/api/v1/corrections")
      for rest in ("", "/want", "/decline", "/approve")), "/api/v1/corrections/<correction_id>/items",
    "/api/v1/months", "/api/v1/months/<month>",
    "/money/operators/terms", "/money/operators/terms/<term_id>/end", "/api/v1/operators/terms/<term_id>/end",
    "/api/v1/statements/budgets",
    # One file holds the meals of all canteens.
    "/meals/export.csv",
    # After a restored backup the open alarms of all stations are looked through.
    "/alive/looked",
}  # fmt: skip
"""What belongs to no station: 404 to whoever works for some stations only, as is what `rights.WHOLE` opens."""

REFUSED_TO_NARROW = {
    "/reports/sign", "/api/v1/reports/signed", "/record/export", "/api/v1/statements", "/api/v1/operators/terms",
}  # fmt: skip
"""One signature stands under the whole district's month, one file holds the whole record: 403 or 404 to a station."""

NO_STATION = {
    "/api/v1/gateways/<name>/frames": "/api/v1/gateways/none/frames",
    "/phones/<any(reply, key, receipt, fault, press, gateway):deed>": "/phones/reply",
    **{f"{base}/<operator_id>/{deed}": f"{base}/{{spare}}/{deed}"
       for base in ("/users", "/api/v1/users") for deed in ("appoint", "reset")},
    **{f"{base}/<operator_id>/<any(disable, enable, factor, sessions):deed>": f"{base}/{{spare}}/enable"
       for base in ("/users", "/api/v1/users")},
    "/api/v1/users/<operator_id>": "/api/v1/users/{spare}",
    "/keys/<prefix>/revoke": "/keys/{key}/revoke", "/api/v1/keys/<prefix>/revoke": "/api/v1/keys/{key2}/revoke",
    **{f"/api/v1/webhooks/<webhook_id>{rest}": f"/api/v1/webhooks/{{webhook}}{rest}"
       for rest in ("", "/deliveries", "/pause", "/resume", "/rotate", "/secret", "/test")},
    "/api/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/replay":
        "/api/v1/webhooks/{webhook}/deliveries/{delivery}/replay",
    "/webhooks/<webhook_id>": "/webhooks/{webhook}", "/webhooks/<webhook_id>/secret": "/webhooks/{webhook}/secret",
    "/webhooks/<webhook_id>/<any(rotate, pause, resume, skip, test, remove):deed>": "/webhooks/{webhook}/pause",
    "/webhooks/<webhook_id>/replay/<delivery_id>": "/webhooks/{webhook}/replay/{delivery}",
    f"/export/<any({LISTS}):kind>": "/export/residents",
    f"/api/v1/exports/<any({LISTS}):kind>": "/api/v1/exports/residents?format=csv",
    "/reports/chart/<name>.svg": "/reports/chart/trend.svg?month={month}",
    **{f"{base}/<term_id>/end": f"{base}/none/end" for base in ("/money/operators/terms", "/api/v1/operators/terms")},
    "/api/v1/imports/<import_id>/undo": "/api/v1/imports/none/undo", "/import/undo/<import_id>": "/import/undo/none",
    "/meals/day/<any(order, settle, count):deed>": "/meals/day/settle",
    "/api/v1/months/<month>": "/api/v1/months/2024-01",
    **{f"{base}/<correction_id>{rest}": f"{base}/correction-1{rest}"
       for base in ("/settlement/corrections", "/api/v1/corrections")
       for rest in ("", "/want", "/decline", "/approve")},
    "/api/v1/corrections/<correction_id>/items": "/api/v1/corrections/correction-1/items",
    "/import/<token>": "/import/none", "/import/<token>/forget": "/import/none/forget",
    "/api/v1/imports/files/<token>": "/api/v1/imports/files/none",
    **{f"/api/v1/imports/files/<token>/{deed}": f"/api/v1/imports/files/none/{deed}" for deed in ("commit", "preview")},
}  # fmt: skip
"""Addresses of things that no station has; an upload and an import are theirs who brought them."""

FULL = {
    "/api/v1/vouchers": "/api/v1/vouchers?resident={resident}&month={month}",
    "/money/beds": "/money/beds?month={month}", "/money/bills": "/money/bills?month={month}",
    "/api/v1/bills": "/api/v1/bills?month={month}", "/api/v1/operators": "/api/v1/operators?month={month}",
    "/find": "/find?q=邻站", "/api/v1/find": "/api/v1/find?q=邻站", "/alarms": "/alarms?q=邻站",
    **{each: f"{each}?month={{month}}"
       for each in ("/reports", "/reports/calls", "/reports/print", "/reports/monthly.pdf", "/reports/monthly.xlsx",
                    "/api/v1/reports/kpi", "/api/v1/reports/trend", "/api/v1/reports/calls", "/api/v1/reports/signed")},
}  # fmt: skip
"""What is asked of pages that show nothing by themselves."""

ENDS_SESSIONS = {"/account/sessions", "/account/factor"}
"""After these the browser is a new one."""

ABSENT = {
    "/places/end", "/till/cancel", "/meals/day/<any(order, settle, count):deed>", "/api/v1/meals/cancellations",
    "/api/v1/gateways/<name>/frames", "/api/v1/devices/<name>/cancel", "/keys/<prefix>/revoke",
    "/api/v1/keys/<prefix>/revoke", "/alive/looked", "/api/v1/webhooks/<webhook_id>", "/find",
    "/money/operators/terms/<term_id>/end", "/api/v1/operators/terms/<term_id>/end",
    *(rule for rule in NO_STATION if "import" in rule),
}  # fmt: skip
"""Of these there may be nothing (left) in this small town: 404 also to whoever may see them."""

STREAMS = {"/api/v1/stream", "/events"}
