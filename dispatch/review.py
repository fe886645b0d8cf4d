"""
Reading: alarms and everything around them, as plain values for pages and the API.

Nothing is decided here. Names and doors are shown to whoever may see the board; phones are masked.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from dispatch.callbook import calls_of
from dispatch.errors import NotFound
from dispatch.ids import AlarmId
from dispatch.messages.reasons import explain
from dispatch.rules.absences import State as Away
from dispatch.rules.alarm import Alarm, Offer, State
from dispatch.rules.nearest import Ranked
from dispatch.rules.people import Household, Person, Resident, age, carer
from dispatch.rules.record import Entry
from dispatch.rules.rights import DISTRICT, Area
from dispatch.rules.urgency import urgency
from dispatch.store.absences import Absences
from dispatch.store.alarms import Alarms
from dispatch.store.areas import alarms_answered, alarms_in, alarms_named, answers, entries_in, messages_in
from dispatch.store.briefs import Briefs
from dispatch.store.database import Connection, Engine
from dispatch.store.history import History
from dispatch.store.log_search import EntryFilter, EntrySearch
from dispatch.store.outbox import Attempt, Message, Outbox
from dispatch.store.people import People
from dispatch.store.policies import KeptPolicies
from dispatch.store.record import Record, entry_of
from dispatch.store.signals import Signals

Plain = dict[str, Any]
Names = Mapping[str, str]

CANDIDATES_SHOWN = 20


class Review:
    """Reads for people. Every method takes a connection of its own from the reading engine."""

    def __init__(self, reading: Engine, today: Callable[[], date]) -> None:
        """`today` is the district's local day, for ages."""
        self._reading = reading
        self._today = today

    def board(self, area: Area = DISTRICT, only: Collection[AlarmId] | None = None) -> list[Plain]:
        """
        All open alarms in short, the most urgent first: unanswered before accepted, the longest waiting first. `only`
        says which of them are wanted.
        """
        with self._reading.connect() as connection:
            found = Alarms(connection).open(alarms_in(area) & alarms_named(only))
            return briefs_of(
                connection, sorted(found, key=lambda each: urgency(each.state, each.cause, each.raised_at))
            )

    def longest(self, area: Area = DISTRICT) -> datetime | None:
        """Since when the alarm waits that nobody has answered for longest; None when none waits."""
        with self._reading.connect() as connection:
            if area.is_district:
                return History(connection).longest_waiting()
            unanswered = [each for each in Alarms(connection).open(alarms_in(area)) if each.needs_asking]
            return min((each.raised_at for each in unanswered), default=None)

    def recent(
        self, limit: int, *, before: datetime | None = None, state: State | None = None, area: Area = DISTRICT
    ) -> list[Plain]:
        """The newest alarms in short."""
        with self._reading.connect() as connection:
            found = Alarms(connection).recent(limit, before=before, state=state, such=alarms_in(area))
            return briefs_of(connection, found)

    def story(self, alarm_id: AlarmId, lang: str, area: Area = DISTRICT) -> Plain:
        """
        One alarm whole: people, offers, candidates with reasons, attempts, timeline.

        Raises:
            NotFound: there is none with this id, or the area does not answer for it.
        """
        with self._reading.connect() as connection:
            if not area.is_district and not answers(connection, area, alarm_id):
                raise NotFound(f"no alarm {alarm_id}")
            alarms = Alarms(connection)
            alarm = alarms.get(alarm_id)
            offers = alarms.offers_of(alarm_id)
            household = People(connection).household(alarm.home_id, alarm.resident_id) if alarm.home_id else None
            choice = alarms.choice_of(alarm_id)
            ranked = choice.ranked[:CANDIDATES_SHOWN] if choice else ()
            messages = Outbox(connection).of_alarm(alarm_id)
            asked = [*(each.person for each in offers), *(each.person for each in messages)]
            names = People(connection).names_of([*asked, *(carer(each.carer_id) for each in ranked)])
            return {
                **briefs_of(connection, [alarm])[0],
                "home_file": self._household(household),
                "resident_file": self._resident(
                    connection, household.resident(alarm.resident_id) if household else None
                ),
                "responders": [_offer(each, names) for each in offers if each.role is not None],
                "offers": [_offer(each, names) for each in offers],
                "candidates": [_candidate(each, names, lang) for each in ranked],
                "excluded": dict(choice.excluded) if choice else {},
                "steps": self._steps(connection, alarm),
                "attempts": _messages(connection, messages, names),
                "calls": calls_of(connection, alarm_id),
                "signals": [_signal(row) for row in Signals(connection).of_alarm(alarm_id)],
                "timeline": self._timeline(connection, alarm_id),
            }

    def timeline(self, alarm_id: AlarmId) -> list[Plain]:
        """The entries about one alarm, with the names and words that belong to them: the record and nothing else."""
        with self._reading.connect() as connection:
            return self._timeline(connection, alarm_id)

    def messages(self, limit: int, area: Area = DISTRICT) -> list[Plain]:
        """The newest messages with their attempts, for the message page and the demo's telephones."""
        with self._reading.connect() as connection:
            found = Outbox(connection).recent(limit, None if area.is_district else messages_in(area))
            return _messages(connection, found, People(connection).names_of([each.person for each in found]))

    def entries(self, after: int, limit: int, area: Area = DISTRICT) -> list[Plain]:
        """The next entries of the record after a number."""
        with self._reading.connect() as connection:
            such = None if area.is_district else entries_in(area)
            return [_entry(each) for each in Record(connection).after(after, limit, such)]

    def answered_by(self, area: Area, alarm_ids: Collection[AlarmId]) -> set[AlarmId]:
        """Which of these alarms the area answers for."""
        with self._reading.connect() as connection:
            return alarms_answered(connection, area, set(alarm_ids))

    def entries_of(
        self, wanted: EntryFilter, *, after: int, limit: int, area: Area
    ) -> tuple[list[Plain], int | None]:  # fmt: skip
        """The next entries after a number that fit, and the number after which to look on; None at the end."""
        with self._reading.connect() as connection:
            found = EntrySearch(connection, area).after(wanted, after, limit)
        return [_entry(entry_of(row)) for row in found.rows], found.next

    def head(self) -> int:
        """The number of the newest entry."""
        with self._reading.connect() as connection:
            return Record(connection).head()[0]

    def head_of(self, alarm_id: AlarmId) -> int:
        """The number of the newest entry about this alarm; 0 where there is none."""
        with self._reading.connect() as connection:
            return Record(connection).head_of(alarm_id)

    def _household(self, household: Household | None) -> Plain | None:
        if household is None:
            return None
        home = household.home
        return {
            "code": home.code, "address": home.address, "entry": home.entry,
            "contacts": [
                {"id": f"contact:{each.id}", "name": each.name, "phone": each.phone, "order": each.order,
                 "relation": each.relation, "key_holder": each.key_holder}
                for each in household.contacts
            ],
        }  # fmt: skip

    def _resident(self, connection: Connection, resident: Resident | None) -> Plain | None:
        if resident is None:
            return None
        return {
            "id": resident.id, "code": resident.code, "name": resident.name,
            "age": age(resident.born_on, self._today()),
            "phone": resident.phone, "level": resident.level, "cats": list(resident.cats),
            "needs": sorted(resident.needs), "language": resident.language,
            "talk": [str(each) for each in resident.talk], "agreements": sorted(resident.agreements),
            "illness": resident.illness, "plan": resident.plan, "ended": resident.ended_why,
            "away": _away(connection, resident),
        }  # fmt: skip

    def _steps(self, connection: Connection, alarm: Alarm) -> list[Plain]:
        policy = KeptPolicies(connection).get(alarm.policy_id)
        return [
            {"step": spec.step, "wait_s": spec.wait_s, "next": index == alarm.step}
            for index, spec in enumerate(policy.steps)
        ]

    def _timeline(self, connection: Connection, alarm_id: AlarmId) -> list[Plain]:
        record = Record(connection)
        entries = record.of_alarm(alarm_id)
        words = record.notes_of([each.note_hash for each in entries if each.note_hash])
        lines = [_entry(each) for each in entries]
        people = {person for line in lines for person in (line["by"], line["facts"].get("person")) if person}
        names = People(connection).names_of(Person(each) for each in people)
        for line in lines:
            line["by_name"] = names.get(line["by"], line["by"])
            line["person_name"] = names.get(line["facts"].get("person") or "")
            line["note"] = words.get(line["note_hash"]) if line["note_hash"] else None
        return lines


def briefs_of(connection: Connection, alarms: Sequence[Alarm]) -> list[Plain]:
    """These alarms in short, in a few statements however many they are."""
    briefs = Briefs(connection, alarms)
    return [_brief(each, briefs.household(each.home_id), briefs.shade(each.id)) for each in alarms]


def _brief(alarm: Alarm, household: Household | None, shade: str | None) -> Plain:
    """One alarm in short; `shade` is the street in whose shadow it stands."""
    resident = household.resident(alarm.resident_id) if household else None
    return {
        "id": alarm.id,
        "number": alarm.number,
        "cause": str(alarm.cause),
        "shadow": shade,
        "state": str(alarm.state),
        "home": household.home.code if household else None,
        "resident": resident.code if resident else None,
        "address": household.home.address if household else None,
        "name": resident.name if resident else None,
        "station": household.station.name if household and household.station else None,
        "station_id": alarm.station_id,
        "place": _place(alarm),
        "raised_at": _iso(alarm.raised_at),
        "due_at": _iso(alarm.due_at),
        "pressed_at": _iso(alarm.pressed_at),
        "accepted_at": _iso(alarm.accepted_at),
        "attended_at": _iso(alarm.attended_at),
        "closed_at": _iso(alarm.closed_at),
        "closed_by": alarm.closed_by,
        "press_count": alarm.press_count,
        "policy": alarm.policy_id,
        "proof": alarm.proof and str(alarm.proof),
        "outcome": alarm.outcome and str(alarm.outcome),
        "delayed_s": alarm.delayed_s,
        "version": alarm.version,
        "step": alarm.step,
    }


def _away(connection: Connection, resident: Resident) -> Plain | None:
    """Why and until when this resident should not be at home; a press is an alarm all the same."""
    now = next((each for each in Absences(connection).of([resident.id]) if each.state is not Away.PLANNED), None)
    return None if now is None else {"kind": now.kind.value, "until_at": _iso(now.until_at)}


def _offer(offer: Offer, names: Names) -> Plain:
    return {
        "id": offer.id,
        "person": offer.person,
        "name": names[offer.person],
        "code": offer.code,
        "state": str(offer.state),
        "role": offer.role and str(offer.role),
        "eta_s": offer.eta_s,
        "asked": offer.asked,
        "offered_at": _iso(offer.offered_at),
        "answered_at": _iso(offer.answered_at),
        "arrival_due_at": _iso(offer.arrival_due_at),
        "attended_at": _iso(offer.attended_at),
        "proof": offer.proof and str(offer.proof),
    }


def _messages(connection: Connection, messages: Sequence[Message], names: Names) -> list[Plain]:
    outbox = Outbox(connection)
    return [_message(each, outbox.attempts_of(each.id), names) for each in messages]


def _message(message: Message, attempts: Sequence[Attempt], names: Names) -> Plain:
    return {
        "id": message.id,
        "sentence": message.sentence,
        "channel": message.channel.value,
        "person": message.person,
        "name": names[message.person],
        "to": message.to,
        "state": message.state,
        "reason": message.reason,
        "answerable": message.answerable,
        "alarm": message.alarm_id,
        "posted_at": _iso(message.posted_at),
        "sent_at": _iso(message.sent_at),
        "delivered_at": _iso(message.delivered_at),
        "attempts": [_attempt(each) for each in attempts],
        "text": attempts[-1].text if attempts else None,
    }


def _candidate(ranked: Ranked, names: Names, lang: str) -> Plain:
    person = carer(ranked.carer_id)
    return {
        "carer": ranked.carer_id,
        "person": person,
        "code": ranked.code,
        "name": names[person],
        "ring": ranked.ring,
        "distance_m": None if ranked.distance_m is None else round(ranked.distance_m),
        "travel_s": round(ranked.travel_s),
        "effective_s": round(ranked.effective_s),
        "eta_s": ranked.eta_s,
        "reasons": [{"code": reason.code, "seconds": reason.seconds, **reason.figures} for reason in ranked.reasons],
        "words": explain(ranked, lang),
    }


def _signal(row: Mapping[str, Any]) -> Plain:
    return {
        "id": row["id"], "event": row["event"], "gateway": row["gateway"], "protocol": row["protocol"],
        "address": row["address"], "received_at": _iso(row["received_at"]), "copies": row["copies"],
        "trusted": bool(row["trusted"]), "raw": row["raw"].hex(),
    }  # fmt: skip


def _attempt(attempt: Attempt) -> Plain:
    return {
        "id": attempt.id, "seq": attempt.seq, "provider": attempt.provider, "outcome": attempt.outcome,
        "status": attempt.status, "code": attempt.code, "detail": attempt.detail,
        "started_at": _iso(attempt.started_at),
        "ended_at": _iso(attempt.ended_at), "provider_id": attempt.provider_id,
    }  # fmt: skip


def _entry(entry: Entry) -> Plain:
    return {
        "number": entry.number, "at": _iso(entry.at), "kind": entry.kind, "by": entry.by, "alarm": entry.alarm_id,
        "version": entry.version, "facts": json.loads(entry.body), "note_hash": entry.note_hash, "hash": entry.hash,
    }  # fmt: skip


def _place(alarm: Alarm) -> Plain:
    place = alarm.place
    return {"lat": place.lat if place else None, "lng": place.lng if place else None, "source": alarm.place_source}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
