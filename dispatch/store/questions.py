"""
What is asked of the database: by the siren itself, and by the engine, which puts the answer into its beat.

Plain SQL that SQLite and PostgreSQL understand, with times in microseconds since 1970 as the tables keep them.
"""

from datetime import UTC, datetime, timedelta

SHOWN_MAX = 5
"""Ids named at most: what matters is whether there is one."""

UNTAKEN = """
SELECT m.id AS id FROM messages m JOIN alarms a ON a.id = m.alarm_id
WHERE m.priority = 0 AND m.due_at IS NOT NULL AND m.posted_at < :before_us AND m.expires_at > :now_us
  AND a.state <> 'closed' AND a.cause <> 'exercise' AND (m.tries > 0 OR m.due_at <= :now_us)
  AND NOT EXISTS (SELECT 1 FROM attempts t WHERE t.message_id = m.id AND t.outcome IN ('taken', 'confirmed'))
  AND NOT EXISTS (SELECT 1 FROM shadowed s WHERE s.alarm_id = a.id AND s.until_at IS NULL)
UNION ALL
SELECT a.id AS id FROM alarms a
WHERE a.state IN ('raised', 'offered') AND a.cause <> 'exercise' AND a.raised_at < :before_us
  AND NOT EXISTS (SELECT 1 FROM messages m JOIN attempts t ON t.message_id = m.id
    WHERE m.alarm_id = a.id AND m.priority = 0 AND t.outcome IN ('taken', 'confirmed'))
  AND NOT EXISTS (SELECT 1 FROM shadowed s WHERE s.alarm_id = a.id AND s.until_at IS NULL)
LIMIT 5
"""
"""
Emergency messages that no provider has taken in time, and alarms of which nobody at all was told in time: because
every message was refused, or because there was nobody to write to. A message that was never tried and is due later was
planned for later. An exercise on a dead road fails by itself and need not wake anybody.
"""

OVERDUE = "SELECT id FROM alarms WHERE state <> 'closed' AND due_at < :before_us LIMIT 5"
"""Alarms that should have been looked at: the engine is stuck, whatever its beat says."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def values_at(now: datetime, seconds: float) -> dict[str, int]:
    """The figures for a question asked now about what is older than so many seconds."""
    now_us = (now - _EPOCH) // timedelta(microseconds=1)
    return {"now_us": now_us, "before_us": now_us - int(seconds * 1_000_000)}
