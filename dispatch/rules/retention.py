"""How long what is kept: rules as data, checked whole before any of them is followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dispatch.rules.inventory import Blank, Inventory

NEVER = frozenset({"entries", "notes", "erasures", "alarms", "offers", "residents", "homes", "contacts", "policies"})
"""Evidence and registers: no rule may touch them. Notes are erased with their person, never by their age."""

NETWORK_LOGS = frozenset({"sign_in_failures", "sessions", "receipts", "carer_visits"})
NETWORK_LOG_DAYS = 184
"""Network logs are kept at least six months (Cybersecurity Law, Art. 21(3) of the 2016 text)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rows of `table` whose `age` is more than `days` ago: `blank` names what is emptied, nothing means deleted."""

    kind: str
    table: str
    age: str
    days: int
    source: str
    zh: str = ""
    source_zh: str = ""
    blank: Mapping[str, Blank] = field(default_factory=dict)


def read_rules(said: Mapping[str, Any], inventory: Inventory) -> tuple[Rule, ...]:
    """
    The rules in these tables of TOML.

    Raises:
        ValueError: a rule names what is not there, has no source, is shorter than the law, or touches evidence.
    """
    rules = tuple(
        Rule(
            kind=str(each["kind"]), table=str(each["table"]), age=str(each["age"]), days=int(each["days"]),
            source=str(each["source"]), zh=str(each.get("zh", "")),
            source_zh=str(each.get("source_zh", "")),
            blank={column: Blank(word) for column, word in each.get("blank", {}).items()},
        )
        for each in said["rules"]
    )  # fmt: skip
    faults = [fault for each in rules for fault in _faults(each, inventory)]
    if faults:
        raise ValueError("; ".join(faults))
    return rules


def _faults(rule: Rule, inventory: Inventory) -> Sequence[str]:
    held = inventory.get(rule.table)
    if held is None or rule.table in NEVER:
        return [f"{rule.kind}: no rule may touch '{rule.table}'"]
    missing = {rule.age, *rule.blank} - held.columns
    faults = [f"{rule.kind}: '{rule.table}' has no column {', '.join(sorted(missing))}"] if missing else []
    if rule.days < 1 or (rule.table in NETWORK_LOGS and rule.days < NETWORK_LOG_DAYS):
        faults.append(f"{rule.kind}: {rule.days} days are too few")
    if Blank.UNIQUE in rule.blank.values():
        faults.append(f"{rule.kind}: a rule cannot write 'unique'")
    return [*faults, *([] if rule.source.strip() else [f"{rule.kind}: without a source"])]
