"""The promises about changes, messages, the record and the clock, as SQL; the forms are told in `predicates.py`."""

from dispatch.watch.promise import Predicate

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
            WHERE e.number > :from_number AND e.number <= :to_number AND KIND(e) = 'step_taken'
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
            WHERE e.number > :from_number AND e.number <= :to_number AND KIND(e) = 'message_settled'
            AND m.state = 'sent' AND NOT EXISTS (SELECT 1 FROM attempts t
                WHERE t.message_id = m.id AND t.outcome IN ('taken', 'confirmed'))""",
    ),
    Predicate(
        name="I10.too_many_sms",
        english="Nobody gets more texts asking about an alarm than times they were asked.",
        chinese="询问短信的数量不多于询问次数。",
        sql="""SELECT o.id AS id, o.person || ' was sent ' || COUNT(*) || ' texts' AS what
            FROM alarms a CROSS JOIN messages m CROSS JOIN offers o
            WHERE m.alarm_id = a.id AND o.id = m.offer_id AND m.channel = 'sms' AND m.answerable
            AND a.state <> 'closed' GROUP BY o.id, o.person, o.asked HAVING COUNT(*) > o.asked""",
    ),
    Predicate(
        name="I10.sent_again",
        english="A message that a provider has taken is not sent again, unless the attempt says why.",
        chinese="服务商已接收的消息不再重发，除非该次尝试写明了原因。",
        log=True,
        sql="""SELECT DISTINCT t.id AS id, 'sent although the attempt before it was taken' AS what
            FROM entries e JOIN attempts b ON b.message_id = FACT(e.body, message) AND b.outcome = 'taken'
            JOIN attempts t ON t.message_id = b.message_id AND t.seq = b.seq + 1
            WHERE e.number > :from_number AND e.number <= :to_number AND KIND(e) = 'message_settled'
            AND t.started_at > b.ended_at AND t.why IS NULL AND t.outcome NOT IN ('absent', 'not_sent')""",
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
