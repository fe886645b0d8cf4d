"""What a promise is to the watch: a sentence, a statement of SQL, and the figures it is measured by."""

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
        "borne_us": Constant(seconds=7200, source="PROMISES 5: I15; a look put off by an hour, and a clock set by one"),
        "look_us": Constant(seconds=600, source="PROMISES 5: I15; a whole district may be due at once"),
        "lost_us": Constant(seconds=180, source="PROMISES 2: gateway lost → operator told"),
        "usual_silent_us": Constant(seconds=150, source="PROMISES 2: 180 s less what the telling takes"),
        "test_us": Constant(seconds=3600, source="PROMISES 4, O8: test mode expires within 60 min"),
        "untaken_us": Constant(
            seconds=20, source="MESSAGING 8: taken by a provider within 20 s, or somebody hears of it"
        ),
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


def all_of(predicates: Sequence[Predicate]) -> str:
    """One statement for all of these: it returns `promise`, `id` and `what`."""
    parts = [
        f"SELECT '{each.name}' AS promise, CAST(x.id AS VARCHAR(80)) AS id, x.what AS what FROM ({each.sql}) x"  # noqa: S608
        for each in predicates
    ]
    return LOOKED + " UNION ALL ".join(parts)
