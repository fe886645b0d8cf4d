"""
The promises as SQL: each predicate returns what breaks it, so that nothing returned is a promise kept.

Everything is stated anew from PROMISES, section 5, never taken from the rules: a mistake there must not also blind the
auditor. Every statement returns `id` (of what broke the promise) and `what` (in a few words), and runs on SQLite and
PostgreSQL alike; times are integer microseconds since 1970. CROSS JOIN is a plain join that SQLite does in the order
written: from the few open alarms to their offers, never from all offers there ever were.

    looked       the alarms looked at: the open ones, and those raised since :since_us
    :from_number, :to_number   the entries of the record looked at: the new ones, or a slice of all
    FACT, RECENT, KIND   see dispatch/store/audit.py
"""

from collections.abc import Sequence

from dispatch.watch.evidence import ACCOUNTS, EVIDENCE, TIME, TRANSITIONS
from dispatch.watch.promise import Predicate
from dispatch.watch.supervision import SUPERVISION

COVERAGE = (
    Predicate(
        name="I1.due",
        english="Every open alarm has a time at which it is looked at again.",
        chinese="每个未结束的警报都有下一次处理的时间。",
        sql="""SELECT a.id AS id, 'open, and never looked at again' AS what FROM alarms a
            WHERE a.state <> 'closed' AND a.due_at IS NULL""",
    ),
    Predicate(
        name="I1.no_lead",
        english="An accepted alarm has somebody who is coming.",
        chinese="已接受的警报必有负责前往的人。",
        sql="""SELECT a.id AS id, 'accepted by nobody' AS what FROM alarms a
            WHERE a.state <> 'closed' AND a.state = 'accepted'
            AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.alarm_id = a.id AND o.role = 'lead')""",
    ),
    # A fall-back, which is everybody at once, may wait as long as the last step; it is told by its entry.
    # Only times that lie ahead are judged, those that have passed are I2's: so whatever is due at once is right.
    Predicate(
        name="I1.deadline",
        english="While nobody has accepted, the next step comes within 60 s of the last, the last repeats every 120 s.",
        chinese="无人接受时，60秒内必有下一步；最后一步每120秒重复。",
        sql="""SELECT a.id AS id, 'the next step is too far away' AS what FROM alarms a
            WHERE a.state <> 'closed' AND a.state IN ('raised', 'offered') AND a.due_at > :now_us + :epsilon_us
            AND a.due_at > COALESCE(a.stepped_at, a.raised_at) + :epsilon_us + CASE
                WHEN a.stepped_at IS NULL THEN 0 WHEN a.rounds > 0 THEN :repeat_us ELSE :offer_us END
            AND NOT (a.due_at <= a.stepped_at + :repeat_us + :epsilon_us AND EXISTS (SELECT 1 FROM entries e
                WHERE e.alarm_id = a.id AND e.kind = 'fell_back' AND e.at = a.stepped_at))""",
    ),
    Predicate(
        name="I1.final",
        english="Everybody is asked at the latest 300 s after the asking began.",
        chinese="开始呼叫后最迟300秒，全体人员均被通知。",
        sql="""SELECT a.id AS id, 'the last step comes too late' AS what FROM alarms a
            WHERE a.state <> 'closed' AND a.state IN ('raised', 'offered') AND a.rounds = 0
            AND a.due_at > :now_us + :epsilon_us AND a.due_at > :up_us + :final_us + :epsilon_us
            AND a.due_at > :final_us + :epsilon_us + COALESCE((
                SELECT MAX(e.at + CASE e.kind WHEN 'fell_back' THEN 120000000 ELSE 0 END) FROM entries e
                WHERE e.alarm_id = a.id
                AND e.kind IN ('raised', 'reopened', 'gave_up', 'not_arrived', 'fell_back', 'went_live')),
                a.raised_at)
            AND a.due_at > :final_us + :epsilon_us + COALESCE((SELECT MAX(j.at) FROM entries j
                WHERE j.kind = 'clock_jumped'), 0)""",
        # A fall-back tells everybody; the asking begins anew when its 120 s are over. Across a moved clock no 300 s
        # can be measured in times of day: as after a start, they are counted from there.
    ),
    Predicate(
        name="I1.arrival",
        english="Whoever accepted has 1.5 times the travel time to arrive, at least 10 and at most 30 minutes.",
        chinese="接受者须在预计路程时间的1.5倍内到达，最少10分钟，最多30分钟。",
        sql="""SELECT a.id AS id, 'waits too long for ' || o.person AS what
            FROM alarms a CROSS JOIN offers o WHERE o.alarm_id = a.id AND o.role = 'lead'
            AND a.state <> 'closed' AND a.state = 'accepted' AND (
                o.arrival_due_at > o.answered_at + :epsilon_us + CASE
                    WHEN CAST(COALESCE(o.eta_s, 0) AS BIGINT) * 1500000 < :arrival_min_us THEN :arrival_min_us
                    WHEN CAST(o.eta_s AS BIGINT) * 1500000 > :arrival_max_us THEN :arrival_max_us
                    ELSE CAST(o.eta_s AS BIGINT) * 1500000 END
                OR (a.due_at > :now_us + :epsilon_us AND a.due_at > o.arrival_due_at + :epsilon_us
                    AND NOT (a.due_at <= COALESCE(a.stepped_at, 0) + :repeat_us + :epsilon_us
                        AND EXISTS (SELECT 1 FROM entries e
                            WHERE e.alarm_id = a.id AND e.kind = 'fell_back' AND e.at = a.stepped_at))))""",
    ),
    Predicate(
        name="I1.closing",
        english="A claimed arrival is checked every 120 s; a proved one is closed within the hour or asked about.",
        chinese="仅声称到达的，每120秒核实；已证实到达的，一小时内结束或再次询问。",
        sql="""SELECT a.id AS id, 'attended, and asked about too late' AS what FROM alarms a
            WHERE a.state <> 'closed' AND a.state = 'attended' AND a.due_at > :now_us + :epsilon_us
            AND ((COALESCE(a.proof, 'claimed') = 'claimed'
                    AND a.due_at > a.attended_at + :claim_us + :epsilon_us
                    AND a.due_at > COALESCE(a.stepped_at, 0) + :claim_us + :epsilon_us)
                OR (a.proof <> 'claimed' AND a.due_at > COALESCE(a.stepped_at, 0) + :unclosed_us + :epsilon_us
                    AND a.due_at > :close_us + :epsilon_us + COALESCE((SELECT MIN(e.at) FROM entries e
                        WHERE e.alarm_id = a.id AND e.at >= a.attended_at
                        AND e.kind IN ('attended', 'arrival_proved') AND FACT(e.body, proof) <> 'claimed'),
                        a.attended_at)))""",
    ),
)

PUNCTUALITY = (
    Predicate(
        name="I2.late",
        english="No alarm is looked at more than 2 s after its time.",
        chinese="任何警报的处理不晚于其时间2秒。",
        sql="SELECT a.id AS id, 'is overdue' AS what FROM alarms a WHERE a.due_at < :late_us",
    ),
    Predicate(
        name="I2.late_message",
        english="No message of an alarm waits more than 5 s for the courier.",
        chinese="警报消息等待发送不超过5秒。",
        sql="""SELECT m.id AS id, m.sentence || ' has not left' AS what FROM messages m
            WHERE m.due_at IS NOT NULL AND m.priority IN (0, 1) AND m.due_at < :late_send_us""",
    ),
    Predicate(
        name="I2.late_reply",
        english="No answer waits more than 2 s to be understood.",
        chinese="任何回复等待处理不超过2秒。",
        sql="""SELECT r.id AS id, 'an answer is not read' AS what FROM replies r
            WHERE r.due_at IS NOT NULL AND r.due_at < :late_us""",
    ),
    Predicate(
        name="I2.late_call",
        english="No call that rang in is looked at more than 2 s after its time.",
        chinese="任何来电的处理不晚于其时间2秒。",
        sql="SELECT c.id AS id, 'is overdue' AS what FROM calls c WHERE c.due_at < :late_us",
    ),
)

ORIGINS = (
    Predicate(
        name="I4.orphan_press",
        english="Every press belongs to an alarm.",
        chinese="每次按压都属于某个警报。",
        sql="""SELECT s.id AS id, s.event || ' without an alarm' AS what FROM signals s
            WHERE RECENT(s) AND s.cause IS NOT NULL""",
    ),
    Predicate(
        name="I4.alarm_without_cause",
        english="Every alarm was raised by a signal, a call, a named operator or key (a missed visit by its plan).",
        chinese="每个警报都源于信号、来电、具名值班员或具名密钥（漏访则源于计划）。",
        sql="""SELECT a.id AS id, 'raised by nothing' AS what FROM looked a WHERE a.cause <> 'missed_visit'
            AND NOT EXISTS (SELECT 1 FROM signals s WHERE s.alarm_id = a.id AND s.cause IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.alarm_id = a.id)
            AND NOT EXISTS (SELECT 1 FROM entries e
                WHERE e.alarm_id = a.id AND e.version = 1
                AND (e."by" LIKE 'operator:_%' OR e."by" LIKE 'key:_%'))""",
    ),
    Predicate(
        name="I4.lost_call",
        english="Every call that nobody took is an alarm, or a named operator has said that it is none.",
        chinese="每个未接来电都成为警报，或由具名值班员判定无事。",
        sql="""SELECT c.id AS id, 'missed, and nobody turned to it' AS what FROM calls c
            WHERE c.judged IS NULL AND c.alarm_id IS NULL AND c.state <> 'answered' AND c.due_at IS NULL""",
    ),
)

WINNERS = (
    Predicate(
        name="I6.two_leads",
        english="One person at most leads an alarm.",
        chinese="每个警报最多一人负责。",
        sql="""SELECT a.id AS id, 'is led by ' || COUNT(*) AS what
            FROM looked a CROSS JOIN offers o WHERE o.alarm_id = a.id AND o.role = 'lead'
            GROUP BY a.id HAVING COUNT(*) > 1""",
    ),
    Predicate(
        name="I6.idle_lead",
        english="Nobody leads an alarm for which others are being asked.",
        chinese="仍在呼叫他人的警报没有负责人。",
        sql="""SELECT o.id AS id, o.person || ' leads an alarm that still asks' AS what
            FROM alarms a CROSS JOIN offers o WHERE o.alarm_id = a.id AND o.role = 'lead'
            AND a.state <> 'closed' AND a.state IN ('raised', 'offered')""",
    ),
    # The flag is the fact `both` of the acceptance, or an operator who accepts for somebody.
    Predicate(
        name="I6.double_carer",
        english="Nobody on the way to one alarm leads a second without having said so, or an operator for them.",
        chinese="正前往一处的人，未经明确同意不得再负责另一处。",
        sql="""SELECT o.id AS id, o.person || ' is on the way to two alarms' AS what
            FROM alarms a CROSS JOIN offers o CROSS JOIN offers p
            WHERE o.alarm_id = a.id AND o.role = 'lead' AND o.state = 'accepted'
            AND p.person = o.person AND p.alarm_id <> o.alarm_id AND p.role = 'lead'
            AND p.state IN ('open', 'accepted') AND p.state = 'accepted' -- the first for the index of the engaged
            AND a.state <> 'closed' AND o.attended_at IS NULL AND p.attended_at IS NULL
            AND (p.answered_at < o.answered_at OR (p.answered_at = o.answered_at AND p.id < o.id))
            AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.alarm_id = a.id AND e.kind = 'accepted'
                AND FACT(e.body, offer) = o.id
                AND (e."by" LIKE 'operator:%' OR FACT(e.body, both) IS NOT NULL))
            AND NOT (p.answered_at > o.answered_at - 30000000 AND EXISTS (SELECT 1 FROM entries f
                WHERE f.alarm_id = p.alarm_id AND f.kind = 'accepted'
                AND FACT(f.body, offer) = p.id AND FACT(f.body, both) IS NOT NULL))""",
        # Units side by side take their time before they wait for each other: the later of two may have been first.
    ),
    Predicate(
        name="I6.out_of_nowhere",
        english="Whoever is coming has accepted, and the record says so.",
        chinese="前往者均已接受，且有记录。",
        sql="""SELECT o.id AS id, o.person || ' is coming without having accepted' AS what
            FROM alarms a CROSS JOIN offers o WHERE o.alarm_id = a.id AND o.role IS NOT NULL
            AND a.state <> 'closed' AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.alarm_id = a.id
                AND e.kind IN ('accepted', 'attended') AND FACT(e.body, offer) = o.id)""",
    ),
    Predicate(
        name="I6.kept_for_nothing",
        english="Nobody is held for an alarm that is over.",
        chinese="警报结束后不再占用任何人。",
        sql="""SELECT o.id AS id, o.person || ' is held for a closed alarm' AS what
            FROM offers o CROSS JOIN alarms a
            WHERE a.id = o.alarm_id AND o.state IN ('open', 'accepted') AND a.state = 'closed'""",
    ),
)

CLOSING = (
    Predicate(
        name="I8.closed_by_nobody",
        english="A closed alarm was closed by a named operator with an outcome.",
        chinese="已结束的警报必由具名值班员以明确结果结束。",
        sql="""SELECT a.id AS id, 'closed by ' || COALESCE(a.closed_by, 'nobody') AS what FROM looked a
            WHERE a.state = 'closed'
            AND (a.closed_by IS NULL OR a.closed_by NOT LIKE 'operator:_%' OR a.outcome IS NULL)""",
    ),
    Predicate(
        name="I8.silent_closing",
        english="The record of every closing names the operator and the outcome.",
        chinese="每次结束的记录都写明值班员和结果。",
        log=True,
        sql="""SELECT e.number AS id, e.kind || ' by ' || e."by" || ' closed an alarm' AS what FROM entries e
            WHERE e.number > :from_number AND e.number <= :to_number AND e.version IS NOT NULL
            AND FACT(e.body, to) = 'closed' AND FACT(e.body, from) <> 'closed'
            AND NOT (e.kind = 'closed' AND e."by" LIKE 'operator:_%' AND FACT(e.body, outcome) IS NOT NULL)""",
    ),
)

PREDICATES: Sequence[Predicate] = (
    *COVERAGE, *PUNCTUALITY, *ORIGINS, *WINNERS, *CLOSING, *TRANSITIONS, *ACCOUNTS, *EVIDENCE, *TIME,
    *SUPERVISION,
)  # fmt: skip
"""All promises that are kept an eye on."""
