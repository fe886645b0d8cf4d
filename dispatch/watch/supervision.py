"""
The promises about devices and gateways, as SQL; the forms are told in `predicates.py`.

Those that must read every device say `:since_us = 0`, which is true at a full look only: both databases see that before
they read a row. Silence is counted as PROMISES, I15, has it: only while the gateway that heard the device last was
heard itself, so that neither an outage nor a service that was down is a device's fault.
"""

from dispatch.watch.promise import Predicate

_NO_CASE = "NOT EXISTS (SELECT 1 FROM repairs r WHERE r.device_id = v.device_id AND r.ended_at IS NULL)"
_LISTENED = "CASE WHEN g.heard_at < :now_us THEN g.heard_at ELSE :now_us END"
_HEARD = "COALESCE(s.last_at, v.since)"

SUPERVISION = (
    Predicate(
        name="I15.unwatched",
        english="Somebody looks after every device in use.",
        chinese="每个在用设备都有人看护。",
        sql="""SELECT d.id AS id, 'nobody looks after it' AS what FROM devices d
            WHERE :since_us = 0 AND d.retired_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM vigils v WHERE v.device_id = d.id)""",
    ),
    Predicate(
        name="I15.silent",
        english="A device was heard within its time, or has an open case, or its gateway an open incident.",
        chinese="设备在规定时间内有信号，否则必有未结维修单，或其网关有未结故障。",
        sql=f"""SELECT v.device_id AS id, 'silent without a case' AS what FROM vigils v
            JOIN devices d ON d.id = v.device_id
            LEFT JOIN seen s ON s.device_id = v.device_id
            LEFT JOIN gateways g ON g.name = COALESCE(s.gateway, d.gateway) AND g.dismissed_at IS NULL
            WHERE :since_us = 0 AND d.retired_at IS NULL AND v.silent_s IS NOT NULL
            AND {_LISTENED} - {_HEARD} > v.silent_s * 1000000 + :borne_us
            AND {_LISTENED} - {_HEARD} - COALESCE((SELECT SUM(x."end" - CASE WHEN x.start > {_HEARD} THEN x.start
                    ELSE {_HEARD} END) FROM deafness x WHERE x.gateway = g.name AND x."end" > {_HEARD}), 0)
                > v.silent_s * 1000000 + :borne_us
            AND {_NO_CASE}
            AND NOT EXISTS (SELECT 1 FROM incidents i
                WHERE i.ended_at IS NULL AND i.gateway IN (g.name, g.behind))""",  # noqa: S608
    ),
    Predicate(
        name="I15.no_case",
        english="What was found to be offline has an open case, or is looked at again.",
        chinese="已判定离线的设备必有未结维修单，或会再次检查。",
        sql=f"""SELECT v.device_id AS id, 'offline, and nobody owns it' AS what FROM vigils v
            WHERE v.health <> 'well' AND v.health = 'offline' AND v.due_at IS NULL AND {_NO_CASE}""",  # noqa: S608
    ),
    Predicate(
        name="I15.fault",
        english="A fault that a device told of itself has an open case, or will be looked at.",
        chinese="设备自报的故障必有未结维修单，或将被检查。",
        sql=f"""SELECT s.device_id AS id, 'broken, and nobody looks at it' AS what FROM seen s
            JOIN devices d ON d.id = s.device_id LEFT JOIN vigils v ON v.device_id = s.device_id
            WHERE :since_us = 0 AND d.retired_at IS NULL AND (s.battery_low OR s.fault IS NOT NULL)
            AND v.device_id IS NOT NULL AND v.due_at IS NULL AND {_NO_CASE}""",  # noqa: S608
    ),
    Predicate(
        name="I15.unowned",
        english="Every open case and incident has an owner and a date, and every case somebody who asks the resident.",
        chinese="每张未结维修单和每个未结故障都有负责人和日期，并安排了探问。",
        sql="""SELECT r.id AS id, 'a case without owner, date or check' AS what FROM repairs r
            WHERE r.ended_at IS NULL AND (r.owner = '' OR r.due_at IS NULL OR NOT EXISTS
                (SELECT 1 FROM checks c WHERE c.repair_id = r.id AND c.due_at IS NOT NULL))
            UNION ALL SELECT i.id, 'an incident without owner or date' FROM incidents i
            WHERE i.ended_at IS NULL AND (i.owner = '' OR i.due_at IS NULL)""",
    ),
    # Whoever takes a device out of use ends its case with it, by name and for one of the reasons there are.
    Predicate(
        name="I15.untested",
        english="A case ends with a test press of its device that was seen, or with the device's retirement by name.",
        chinese="维修单只能以收到该设备的测试按压结束，或由具名人员停用设备结束。",
        sql="""SELECT r.id AS id, 'ended by ' || COALESCE(r.ended_by, 'nobody') || ' without a test press' AS what
            FROM repairs r WHERE r.ended_at IS NOT NULL AND r.ended_at >= :since_us
            AND NOT EXISTS (SELECT 1 FROM press_tests t
                WHERE t.id = r.test_id AND t.device_id = r.device_id AND t.state = 'seen')
            AND NOT (r.test_id IS NULL AND r.ended_by LIKE 'operator:_%' AND EXISTS (SELECT 1 FROM assignments m
                WHERE m.device_id = r.device_id AND m.until_at = r.ended_at
                AND m.reason NOT IN ('moved', 'lent', 'brought_back', 'loaded')))""",
    ),
    Predicate(
        name="I15.gateway",
        english="A gateway that hears nothing for 180 s, or for the longer time it was given, has an open incident.",
        chinese="网关超过180秒（或其设定的更长时间）没有信号，必有未结故障。",
        sql="""SELECT g.name AS id, 'hears nothing, and has no incident' AS what FROM gateways g
            WHERE g.dismissed_at IS NULL AND g.quiet_s * 1000000 > :lost_us
            AND (g.silent_s - :usual_silent_us / 1000000) * 1000000 < g.quiet_s * 1000000 - :lost_us
            AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.ended_at IS NULL AND i.gateway IN (g.name, g.behind))""",
    ),
    Predicate(
        name="I15.late",
        english="What waits for devices and repairs is looked at within ten minutes of its time.",
        chinese="设备和维修方面到时的事项，十分钟内必被处理。",
        sql="""SELECT v.device_id AS id, 'a device is not looked at' AS what FROM vigils v
            WHERE v.due_at IS NOT NULL AND v.due_at < :late_look_us
            UNION ALL SELECT c.id, 'a check is not told' FROM checks c
            WHERE c.due_at IS NOT NULL AND c.due_at < :late_look_us
            UNION ALL SELECT r.id, 'a repair is not reminded of' FROM repairs r
            WHERE r.due_at IS NOT NULL AND r.due_at < :late_look_us
            UNION ALL SELECT t.id, 'a test press is not ended' FROM press_tests t
            WHERE t.due_at IS NOT NULL AND t.due_at < :late_look_us
            UNION ALL SELECT i.id, 'an incident is not told again' FROM incidents i
            WHERE i.ended_at IS NULL AND i.due_at < :late_look_us""",
    ),
    Predicate(
        name="O8.test_mode",
        english="No press is waited for as a test for longer than an hour.",
        chinese="测试状态最长一小时。",
        sql="""SELECT t.id AS id, 'is waited for too long' AS what FROM press_tests t
            WHERE t.state = 'waiting' AND t.until_at > t.begun_at + :test_us""",
    ),
)
