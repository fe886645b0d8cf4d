"""
The promises as SQL: each predicate returns what breaks it, so that nothing returned is a promise kept.

Everything is stated anew from PROMISES, section 5, never taken from the rules: a mistake there must not also blind the
auditor. Every statement returns `id` (of what broke the promise) and `what` (in a few words), and runs on SQLite and
PostgreSQL alike; times are integer microseconds since 1970.

    looked       the alarms looked at: the open ones, and those raised since :since_us
    :from_number, :to_number   the entries of the record looked at: the new ones, or a slice of all
    FACT, RECENT see dispatch/store/audit.py
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A figure that is promised, in seconds, and where it is promised."""

    seconds: float
    source: str


CONSTANTS: Mapping[str, Constant] = MappingProxyType(
    {
        "epsilon_us": Constant(seconds=2, source="PROMISES 5: ε, lateness while the engine is up"),
        "send_us": Constant(seconds=5, source="PROMISES 2: durable → first offer handed to a provider, 100 %"),
        "offer_us": Constant(seconds=60, source="PROMISES 5: W_offer"),
        "unknown_us": Constant(seconds=30, source="PROMISES 5: W_unk"),
        "final_us": Constant(seconds=300, source="PROMISES 5: W_final"),
        "repeat_us": Constant(seconds=120, source="PROMISES 5: Y; also the fall-back, DESIGN 2"),
        "arrival_min_us": Constant(seconds=600, source="PROMISES 5: W_arr"),
        "arrival_max_us": Constant(seconds=1800, source="PROMISES 5: W_arr"),
        "close_us": Constant(seconds=3600, source="PROMISES 5: W_close"),
        "claim_us": Constant(seconds=120, source="PROMISES 5: Y; a claimed arrival is verified or asked about again"),
        "unclosed_us": Constant(seconds=600, source="PROMISES 4, H19: lone-worker timer, repeated after the hour"),
        "jump_us": Constant(seconds=4, source="PROMISES 5: I12, 2 s, and ε for steps too small to be told"),
    }
)
"""The figures, by the names of their parameters."""

RESTART_GRACE_S = 5
"""ε_r: so long after a start the engine is not yet held to punctuality; PROMISES, section 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """
    One promise. `english` and `chinese` say it to people; `log` marks those that walk through entries of the record,
    which are looked at once each, the others look at alarms again and again.
    """

    name: str
    english: str
    chinese: str
    sql: str
    log: bool = False


LOOKED = (
    "WITH looked AS (SELECT id, state, version, raised_at, closed_by, outcome, cause FROM alarms "
    "WHERE state <> 'closed' UNION ALL SELECT id, state, version, raised_at, closed_by, outcome, cause FROM alarms "
    "WHERE raised_at >= :since_us AND state = 'closed') "
)

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
    # Only times that lie ahead are judged, those that have passed are I2's: so whatever is due at once is right.
    Predicate(
        name="I1.deadline",
        english="While nobody has accepted, the next step comes within 60 s of the last, the last repeats every 120 s.",
        chinese="无人接受时，60秒内必有下一步；最后一步每120秒重复。",
        sql="""SELECT a.id AS id, 'the next step is too far away' AS what FROM alarms a
            WHERE a.state <> 'closed' AND a.state IN ('raised', 'offered') AND a.due_at > :now_us + :epsilon_us
            AND a.due_at > COALESCE(a.stepped_at, a.raised_at) + :epsilon_us + CASE
                WHEN a.rounds > 0 OR a.failures > 1 THEN :repeat_us
                WHEN a.stepped_at IS NULL THEN 0 ELSE :offer_us END""",
    ),
    Predicate(
        name="I1.final",
        english="Everybody is asked at the latest 300 s after the asking began.",
        chinese="开始呼叫后最迟300秒，全体人员均被通知。",
        sql="""SELECT a.id AS id, 'the last step comes too late' AS what FROM alarms a
            WHERE a.state <> 'closed' AND a.state IN ('raised', 'offered') AND a.rounds = 0 AND a.failures < 2
            AND a.due_at > :now_us + :epsilon_us AND a.due_at > :up_us + :final_us + :epsilon_us
            AND a.due_at > :final_us + :epsilon_us + COALESCE((SELECT MAX(e.at) FROM entries e
                WHERE e.alarm_id = a.id
                AND e.kind IN ('raised', 'reopened', 'gave_up', 'not_arrived', 'worsened', 'fell_back')),
                a.raised_at)""",
    ),
    Predicate(
        name="I1.arrival",
        english="Whoever accepted has 1.5 times the travel time to arrive, at least 10 and at most 30 minutes.",
        chinese="接受者须在预计路程时间的1.5倍内到达，最少10分钟，最多30分钟。",
        sql="""SELECT a.id AS id, 'waits too long for ' || o.person AS what
            FROM alarms a JOIN offers o ON o.alarm_id = a.id AND o.role = 'lead'
            WHERE a.state <> 'closed' AND a.state = 'accepted' AND (
                o.arrival_due_at > o.answered_at + :epsilon_us + CASE
                    WHEN CAST(COALESCE(o.eta_s, 0) AS BIGINT) * 1500000 < :arrival_min_us THEN :arrival_min_us
                    WHEN CAST(o.eta_s AS BIGINT) * 1500000 > :arrival_max_us THEN :arrival_max_us
                    ELSE CAST(o.eta_s AS BIGINT) * 1500000 END
                OR (a.due_at > :now_us + :epsilon_us AND a.due_at > o.arrival_due_at + :epsilon_us
                    AND NOT (a.failures > 1 AND a.due_at <= a.stepped_at + :repeat_us + :epsilon_us)))""",
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
        english="Every alarm was raised by a signal or by a named operator (a missed visit by its plan).",
        chinese="每个警报都源于信号或具名值班员（漏访则源于计划）。",
        sql="""SELECT a.id AS id, 'raised by nothing' AS what FROM looked a WHERE a.cause <> 'missed_visit'
            AND NOT EXISTS (SELECT 1 FROM signals s WHERE s.alarm_id = a.id AND s.cause IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM entries e
                WHERE e.alarm_id = a.id AND e.version = 1 AND e."by" LIKE 'operator:%')""",
    ),
)

WINNERS = (
    Predicate(
        name="I6.two_leads",
        english="One person at most leads an alarm.",
        chinese="每个警报最多一人负责。",
        sql="""SELECT a.id AS id, 'is led by ' || COUNT(*) AS what
            FROM looked a JOIN offers o ON o.alarm_id = a.id AND o.role = 'lead' GROUP BY a.id HAVING COUNT(*) > 1""",
    ),
    Predicate(
        name="I6.idle_lead",
        english="Nobody leads an alarm for which others are being asked.",
        chinese="仍在呼叫他人的警报没有负责人。",
        sql="""SELECT o.id AS id, o.person || ' leads an alarm that still asks' AS what
            FROM alarms a JOIN offers o ON o.alarm_id = a.id AND o.role = 'lead'
            WHERE a.state <> 'closed' AND a.state IN ('raised', 'offered')""",
    ),
    # The flag is the fact `both` of the acceptance, or an operator who accepts for somebody.
    Predicate(
        name="I6.double_carer",
        english="Nobody on the way to one alarm leads a second without having said so, or an operator for them.",
        chinese="正前往一处的人，未经明确同意不得再负责另一处。",
        sql="""SELECT o.id AS id, o.person || ' is on the way to two alarms' AS what
            FROM alarms a JOIN offers o ON o.alarm_id = a.id AND o.role = 'lead' AND o.state = 'accepted'
            JOIN offers p ON p.person = o.person AND p.alarm_id <> o.alarm_id AND p.role = 'lead'
                AND p.state IN ('open', 'accepted') AND p.state = 'accepted'
            WHERE a.state <> 'closed' AND o.attended_at IS NULL AND p.attended_at IS NULL
            AND (p.answered_at < o.answered_at OR (p.answered_at = o.answered_at AND p.id < o.id))
            AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.alarm_id = a.id AND e.kind = 'accepted'
                AND FACT(e.body, offer) = o.id
                AND (e."by" LIKE 'operator:%' OR FACT(e.body, both) IS NOT NULL))""",
    ),
    Predicate(
        name="I6.out_of_nowhere",
        english="Whoever is coming has accepted, and the record says so.",
        chinese="前往者均已接受，且有记录。",
        sql="""SELECT o.id AS id, o.person || ' is coming without having accepted' AS what
            FROM alarms a JOIN offers o ON o.alarm_id = a.id AND o.role IS NOT NULL
            WHERE a.state <> 'closed' AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.alarm_id = a.id
                AND e.kind IN ('accepted', 'attended') AND FACT(e.body, offer) = o.id)""",
    ),
    Predicate(
        name="I6.kept_for_nothing",
        english="Nobody is held for an alarm that is over.",
        chinese="警报结束后不再占用任何人。",
        sql="""SELECT o.id AS id, o.person || ' is held for a closed alarm' AS what
            FROM offers o JOIN alarms a ON a.id = o.alarm_id
            WHERE o.state IN ('open', 'accepted') AND a.state = 'closed'""",
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

TRANSITIONS = (
    Predicate(
        name="I9.illegal_change",
        english="An alarm changes from one state to another only as declared; only a reopening leaves closed.",
        chinese="警报状态只按规定变化；只有重新打开才能离开结束状态。",
        log=True,
        sql="""SELECT e.number AS id, e.kind || ': ' || COALESCE(FACT(e.body, from), '?') || ' to '
                || COALESCE(FACT(e.body, to), '?') AS what
            FROM entries e WHERE e.number > :from_number AND e.number <= :to_number AND e.version IS NOT NULL
            AND CASE COALESCE(FACT(e.body, from), '?') || '>' || COALESCE(FACT(e.body, to), '?')
                WHEN '>raised' THEN CASE WHEN e.version = 1 THEN 0 ELSE 1 END
                WHEN 'closed>raised' THEN CASE WHEN e.kind = 'reopened' THEN 0 ELSE 1 END
                WHEN 'raised>raised' THEN 0 WHEN 'raised>offered' THEN 0 WHEN 'raised>accepted' THEN 0
                WHEN 'raised>closed' THEN 0 WHEN 'offered>offered' THEN 0 WHEN 'offered>accepted' THEN 0
                WHEN 'offered>closed' THEN 0 WHEN 'accepted>accepted' THEN 0 WHEN 'accepted>offered' THEN 0
                WHEN 'accepted>attended' THEN 0 WHEN 'accepted>closed' THEN 0 WHEN 'attended>attended' THEN 0
                WHEN 'attended>closed' THEN 0 WHEN 'closed>closed' THEN 0 ELSE 1 END = 1""",
    ),
    Predicate(
        name="I9.leap",
        english="A change begins in the state in which the one before it ended.",
        chinese="每次变化始于上一次变化的结果状态。",
        log=True,
        sql="""SELECT e.number AS id, 'does not begin where the change before it ended' AS what
            FROM entries e JOIN entries p ON p.alarm_id = e.alarm_id AND p.version = e.version - 1
            WHERE e.number > :from_number AND e.number <= :to_number AND e.version > 1
            AND FACT(p.body, to) <> FACT(e.body, from)""",
    ),
    Predicate(
        name="I9.version",
        english="An alarm's version grows by exactly one with every change.",
        chinese="警报每变化一次，版本号恰好加一。",
        log=True,
        sql="""SELECT e.number AS id, 'version ' || e.version || ' of ' || e.alarm_id || ' has no predecessor' AS what
            FROM entries e WHERE e.number > :from_number AND e.number <= :to_number AND e.version <> 1
            AND NOT EXISTS (SELECT 1 FROM entries p
                WHERE p.alarm_id = e.alarm_id AND p.version = e.version - 1 AND p.number < e.number)""",
    ),
    Predicate(
        name="I9.step_back",
        english="The escalation never goes back a step unless the asking begins anew.",
        chinese="升级步骤不会后退，除非重新开始呼叫。",
        log=True,
        sql="""SELECT e.number AS id, 'went back to step ' || FACT(e.body, index) AS what FROM entries e
            WHERE e.number > :from_number AND e.number <= :to_number AND e.kind = 'step_taken'
            AND EXISTS (SELECT 1 FROM entries p
                WHERE p.alarm_id = e.alarm_id AND p.number < e.number AND p.kind = 'step_taken'
                AND CAST(FACT(p.body, index) AS INTEGER) > CAST(FACT(e.body, index) AS INTEGER)
                AND NOT EXISTS (SELECT 1 FROM entries r
                    WHERE r.alarm_id = e.alarm_id AND r.number > p.number AND r.number < e.number
                    AND r.kind IN ('reopened', 'gave_up', 'not_arrived', 'worsened')))""",
    ),
)

ACCOUNTS = (
    Predicate(
        name="I10.stuck_attempt",
        english="What became of every attempt to send is known within 30 s, if only that it is not known.",
        chinese="每次发送尝试在30秒内都有结论（包括“未知”）。",
        sql="""SELECT t.id AS id, 'in flight with ' || t.provider AS what FROM attempts t
            WHERE t.outcome = 'in_flight' AND t.started_at < :stuck_us""",
    ),
    Predicate(
        name="I10.unknown_taken",
        english="A message counts as sent only when a provider has taken it: unknown is not received.",
        chinese="只有服务商确认接收才算已发送；“未知”视为未收到。",
        log=True,
        sql="""SELECT DISTINCT m.id AS id, m.sentence || ' counts as sent, and no provider took it' AS what
            FROM entries e JOIN messages m ON m.id = FACT(e.body, message)
            WHERE e.number > :from_number AND e.number <= :to_number AND e.kind = 'message_settled'
            AND m.state = 'sent' AND NOT EXISTS (SELECT 1 FROM attempts t
                WHERE t.message_id = m.id AND t.outcome IN ('taken', 'confirmed'))""",
    ),
    Predicate(
        name="I10.too_many_sms",
        english="Nobody gets more texts asking about an alarm than times they were asked.",
        chinese="询问短信的数量不多于询问次数。",
        sql="""SELECT o.id AS id, o.person || ' was sent ' || COUNT(*) || ' texts' AS what
            FROM alarms a JOIN offers o ON o.alarm_id = a.id
            JOIN messages m ON m.alarm_id = a.id AND m.offer_id = o.id AND m.channel = 'sms' AND m.answerable
            WHERE a.state <> 'closed' GROUP BY o.id, o.person, o.asked HAVING COUNT(*) > o.asked""",
    ),
    Predicate(
        name="I10.sent_again",
        english="A message that a provider has taken is not sent again.",
        chinese="服务商已接收的消息不再重发。",
        log=True,
        sql="""SELECT DISTINCT t.id AS id, 'sent although the attempt before it was taken' AS what
            FROM entries e JOIN attempts b ON b.message_id = FACT(e.body, message) AND b.outcome = 'taken'
            JOIN attempts t ON t.message_id = b.message_id AND t.seq = b.seq + 1
            WHERE e.number > :from_number AND e.number <= :to_number AND e.kind = 'message_settled'
            AND t.started_at > b.ended_at AND t.outcome NOT IN ('absent', 'not_sent')""",
    ),
)

EVIDENCE = (
    Predicate(
        name="I11.gap",
        english="The entries of the record are numbered without a gap.",
        chinese="记录编号连续无缺。",
        log=True,
        sql="""SELECT e.number AS id, 'the entry before it is missing' AS what FROM entries e
            WHERE e.number > :from_number AND e.number <= :to_number AND e.number <> 1
            AND NOT EXISTS (SELECT 1 FROM entries p WHERE p.number = e.number - 1)""",
    ),
    Predicate(
        name="I11.chain",
        english="Every entry is chained to the hash of the one before it.",
        chinese="每条记录都以前一条的哈希相连。",
        log=True,
        sql="""SELECT e.number AS id, 'is not chained to the entry before it' AS what
            FROM entries e LEFT JOIN entries p ON p.number = e.number - 1
            WHERE e.number > :from_number AND e.number <= :to_number
            AND e.before <> CASE WHEN e.number = 1 THEN :genesis ELSE p.hash END""",
    ),
    Predicate(
        name="I11.rewritten",
        english="What the watch has seen of the record is still there, unchanged.",
        chinese="监督者已看过的记录仍在且未变。",
        sql="""SELECT n.number AS id, 'seen before, and gone or altered' AS what
            FROM (SELECT CAST(:seen_number AS BIGINT) AS number) n
            WHERE n.number > 0 AND NOT EXISTS (SELECT 1 FROM entries e
                WHERE e.number = n.number AND e.hash = :seen_hash)""",
    ),
    Predicate(
        name="I11.unwritten_change",
        english="The record, read from its beginning, gives the alarms as they stand.",
        chinese="由记录推得的状态与警报现状一致。",
        sql="""SELECT a.id AS id, 'stands at ' || a.state || ' ' || a.version || ', the record says '
                || COALESCE(FACT(e.body, to), 'nothing') || ' ' || COALESCE(e.version, 0) AS what
            FROM looked a LEFT JOIN entries e ON e.alarm_id = a.id
                AND e.version = (SELECT MAX(v.version) FROM entries v WHERE v.alarm_id = a.id)
            WHERE e.version IS NULL OR e.version <> a.version OR COALESCE(FACT(e.body, to), '') <> a.state""",
    ),
)

TIME = (
    Predicate(
        name="I12.backwards",
        english="Between two starts of the machine the steady clock never runs backwards in the record.",
        chinese="同一次开机内，记录的单调时钟不会倒退。",
        log=True,
        sql="""SELECT e.number AS id, 'the steady clock ran backwards' AS what
            FROM entries e JOIN entries p ON p.number = e.number - 1 AND p.boot = e.boot
            WHERE e.number > :from_number AND e.number <= :to_number AND e.steady_us < p.steady_us - :overlap_us""",
    ),
    Predicate(
        name="I12.untold_jump",
        english="Whenever somebody moves the clock, the record says so.",
        chinese="时钟被改动时，必有记录。",
        log=True,
        sql="""SELECT e.number AS id, 'the clock was moved, and nothing says so' AS what
            FROM entries e JOIN entries p ON p.number = e.number - 1 AND p.boot = e.boot
            WHERE e.number > :from_number AND e.number <= :to_number AND e.kind <> 'clock_jumped'
            AND ABS((e.at - p.at) - (e.steady_us - p.steady_us)) > :jump_us""",
    ),
)

PREDICATES: Sequence[Predicate] = (
    *COVERAGE, *PUNCTUALITY, *ORIGINS, *WINNERS, *CLOSING, *TRANSITIONS, *ACCOUNTS, *EVIDENCE, *TIME,
)  # fmt: skip
"""All promises that are kept an eye on."""


def all_of(predicates: Sequence[Predicate]) -> str:
    """One statement for all of these: it returns `promise`, `id` and `what`."""
    parts = [
        f"SELECT '{each.name}' AS promise, CAST(x.id AS VARCHAR(80)) AS id, x.what AS what FROM ({each.sql}) x"  # noqa: S608
        for each in predicates
    ]
    return LOOKED + " UNION ALL ".join(parts)
