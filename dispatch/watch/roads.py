"""
Promises that the world outside can break although the engine does all it should: for the watch of a running service.

The simulation kills every provider on purpose and asks only what the engine does then, so that these are not among
`PREDICATES`; `anling watch` judges by both.
"""

from collections.abc import Sequence

from dispatch.watch.promise import Predicate

ROADS: Sequence[Predicate] = (
    Predicate(
        name="I20.not_taken",
        english="Every emergency message is taken by a provider within 20 s, or a siren sounds.",
        chinese="每条紧急消息20秒内被服务商接收，否则警笛响起。",
        sql="""SELECT m.id AS id, m.sentence || ' is not taken by any provider' AS what
            FROM messages m JOIN alarms a ON a.id = m.alarm_id
            WHERE m.priority = 0 AND m.due_at IS NOT NULL AND (m.tries > 0 OR m.due_at <= :now_us)
            AND m.posted_at < :now_us - :untaken_us AND m.expires_at > :now_us
            AND a.state <> 'closed' AND a.cause <> 'exercise'
            AND NOT EXISTS (SELECT 1 FROM attempts t
                WHERE t.message_id = m.id AND t.outcome IN ('taken', 'confirmed'))
            AND NOT EXISTS (SELECT 1 FROM shadowed s WHERE s.alarm_id = a.id AND s.until_at IS NULL)""",
    ),
    Predicate(
        name="I20.nobody_told",
        english="Of every alarm somebody is told within 20 s, or a siren sounds.",
        chinese="每个警报20秒内必有人被通知，否则警笛响起。",
        sql="""SELECT a.id AS id, 'nobody has been told of it' AS what FROM alarms a
            WHERE a.state IN ('raised', 'offered') AND a.cause <> 'exercise' AND a.raised_at < :now_us - :untaken_us
            AND NOT EXISTS (SELECT 1 FROM messages m JOIN attempts t ON t.message_id = m.id
                WHERE m.alarm_id = a.id AND m.priority = 0 AND t.outcome IN ('taken', 'confirmed'))
            AND NOT EXISTS (SELECT 1 FROM shadowed s WHERE s.alarm_id = a.id AND s.until_at IS NULL)""",
    ),
)
