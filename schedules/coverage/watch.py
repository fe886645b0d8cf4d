"""
What `anling watch` asks of coverage (PROMISES, I15 c), stated anew in SQL and weaker than what the agent keeps.

It knows no distances: it finds instants of the next day at which nobody who may be called is on duty in the whole
district although people were told of no gap there, and an agent that does not look any more.
"""

from collections.abc import Sequence

from dispatch.watch.promise import Predicate

COVERAGE: Sequence[Predicate] = (
    Predicate(
        name="I15.coverage_unlooked",
        english="Coverage is worked out every two hours at least.",
        chinese="服务覆盖至少每两小时核算一次。",
        sql="""SELECT 'coverage' AS id, 'was not worked out for two hours' AS what FROM coverage_looks l
            WHERE l.until > l.at AND l.at < :now_us - :borne_us""",
    ),
    # Only rosters that were looked at: a minute after a change the agent may still be at work.
    Predicate(
        name="I15.gap_untold",
        english="For each home and instant of the next 24 h somebody is on duty, or people were told of the gap.",
        chinese="未来24小时内任一时刻，每户均有人值班，否则缺口已告知。",
        sql="""SELECT h.code AS id, 'nobody is on duty, and nobody was told' AS what
            FROM (SELECT x.at AS at FROM (
                    SELECT l.at AS at FROM coverage_looks l
                    UNION SELECT s.end_at AS at FROM shifts s
                    WHERE s.end_at > :now_us AND s.end_at < :now_us + 86400000000) x
                WHERE x.at >= :now_us - :look_us AND NOT EXISTS (SELECT 1 FROM shifts s CROSS JOIN carers c
                    WHERE c.id = s.carer_id AND s.end_at > x.at AND s.start_at <= x.at AND c.phone IS NOT NULL
                    AND NOT c.suspended AND NOT c.opted_out AND c.ended_at IS NULL)) e
            CROSS JOIN homes h LEFT JOIN stations t ON t.id = h.station_id
            WHERE h.ended_at IS NULL
            AND EXISTS (SELECT 1 FROM coverage_looks l CROSS JOIN shift_changes v
                WHERE l.shifts_version = v.version AND l.at < :now_us - :offer_us)
            AND NOT EXISTS (SELECT 1 FROM coverage_gaps g WHERE g.told > 0 AND g.closed_at IS NULL
                AND g.start_at <= e.at AND e.at < g.end_at
                AND g.community = COALESCE(NULLIF(h.community, ''), NULLIF(h.street, ''), t.name, ''))""",
    ),
)
