"""What happened to people that asks for a round soon, as the record tells it."""

import orjson

from dispatch.ids import AlarmId, ResidentId
from dispatch.rules.record import Entry
from dispatch.rules.signal import Cause
from dispatch.store.people import People
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Tx
from schedules.rounds.rules.book import Change
from schedules.rounds.store.rounds import Rounds


def asked_by(tx: Tx, entry: Entry) -> list[tuple[ResidentId, Change]]:
    """Whose round an entry of the record asks for, and why: the end of an absence, a death, help given."""
    facts = orjson.loads(entry.body)
    people = People(tx.connection)
    if entry.kind == "absence_over" and facts.get("why") in {"hospital", "away"}:
        change = Change.DISCHARGE if facts["why"] == "hospital" else Change.ABSENCE
        return [(ResidentId(facts["resident"]), change)] if people.is_served(facts["resident"]) else []
    if entry.kind == "resident_left" and facts.get("why") == "died":
        home = RegisterRows(tx.connection).by_ids(RESIDENTS, [facts["resident"]]).get(facts["resident"])
        living = people.dwelling(home["home_id"]).residents if home else ()
        return [(each.id, Change.BEREAVEMENT) for each in living if each.is_served]
    if entry.kind == "closed" and facts.get("outcome") == "helped" and entry.alarm_id:
        return _after_alarm(tx, entry.alarm_id)
    return []


def _after_alarm(tx: Tx, alarm_id: AlarmId) -> list[tuple[ResidentId, Change]]:
    resident_id, home_id, cause = Rounds(tx.connection).whose_alarm(alarm_id)
    if cause in {Cause.EXERCISE, Cause.MISSED_VISIT, Cause.MISSED_CALL}:
        return []
    living = People(tx.connection).dwelling(home_id).residents if home_id else ()
    change = Change.FALL if cause == Cause.FALL else Change.ALARM
    return [(each.id, change) for each in living if each.is_served and (resident_id is None or each.id == resident_id)]
