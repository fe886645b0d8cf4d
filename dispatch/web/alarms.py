# mypy: disable-error-code="untyped-decorator"
"""Alarms on the wire: the list, the story of one, and what people do to it. Every change answers with the story."""

from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from flask import request
from marshmallow import RAISE

from dispatch.desk import Desk
from dispatch.errors import AlarmClosed, Invalid, NotAllowed, NotFound
from dispatch.ids import AlarmId, HomeId, ResidentId
from dispatch.review import Review
from dispatch.rules import people
from dispatch.rules.alarm import State
from dispatch.rules.people import Person
from dispatch.rules.rights import Area, Right
from dispatch.store.accounts import Reading
from dispatch.store.alarms import Alarms, alarms
from dispatch.store.areas import alarms_in
from dispatch.store.database import from_us, to_us
from dispatch.store.people import People, carers, homes, residents
from dispatch.store.record import entries
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either, has_bearer, signed_in
from dispatch.web.api import ApiBlueprint
from dispatch.web.eyes import for_eyes, note_opened
from dispatch.web.i18n import current_words
from dispatch.web.once import Once, View
from dispatch.web.registers import Plain, bookmarked, discreet
from dispatch.web.schemas import (
    AlarmListSchema,
    AlarmPageSchema,
    AttendSchema,
    CloseSchema,
    EmergencySchema,
    NoteSchema,
    OfferSchema,
    PersonSchema,
    RaiseSchema,
    ReopenSchema,
    StorySchema,
    position_of,
)

READ, WRITE = "read", "alarms"
"""The scopes of keys that may look at alarms, and act on them."""


def alarms_blueprint(desk: Desk, review: Review, *, reading: Reading, transactions: Transactions) -> ApiBlueprint:
    """
    `/api/v1/alarms` and everything below it.

    `{id}` is an alarm's id or its number. A POST may bring an `Idempotency-Key`: the same again gets the same answer
    for a day. Who is named and unknown is 422, an unknown alarm 404; the other refusals are those of `rules.answering`.
    """
    bp = ApiBlueprint("alarms", __name__, url_prefix="/alarms", description="Needs for someone to come")
    names, once = Names(reading), Once(transactions)

    def story(alarm_id: AlarmId) -> Plain:
        told = review.story(alarm_id, current_words().lang, area())
        note_opened(told)
        return discreet(told) if has_bearer(request) else for_eyes(told)

    @bp.get("")
    @either(READ, Right.ALARMS_SEE)
    @bp.arguments(AlarmListSchema, location="query", unknown=RAISE)
    @bp.response(200, AlarmPageSchema)
    def listed(wanted: dict[str, Any]) -> Any:
        page, next_ = _page(reading, review, area(), **wanted)
        return bookmarked(page, next_)

    @bp.get("/<name>")
    @either(READ, Right.ALARMS_SEE)
    @bp.response(200, StorySchema)
    def told(name: str) -> Plain:
        return story(names.alarm(name))

    @bp.post("")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(RaiseSchema)
    @bp.response(201, StorySchema)
    def raised(wanted: dict[str, Any]) -> Plain:
        home_id, resident_id = names.home(wanted["home"], wanted.get("resident"))
        note = wanted.get("note")
        return story(
            desk.raise_by_hand(wanted["cause"], by=caller(), home_id=home_id, resident_id=resident_id, note=note)
        )

    @bp.post("/<name>/accept")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(PersonSchema)
    @bp.response(200, StorySchema)
    def accept(wanted: dict[str, Any], name: str) -> Plain:
        alarm_id, person = names.open_and_person(name, wanted["person"])
        desk.accept(alarm_id, person, by=caller())
        return story(alarm_id)

    @bp.post("/<name>/decline")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(PersonSchema)
    @bp.response(200, StorySchema)
    def decline(wanted: dict[str, Any], name: str) -> Plain:
        alarm_id, person = names.open_and_person(name, wanted["person"])
        desk.decline(alarm_id, person, by=caller())
        return story(alarm_id)

    @bp.post("/<name>/attend")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(AttendSchema)
    @bp.response(200, StorySchema)
    def attend(wanted: dict[str, Any], name: str) -> Plain:
        alarm_id, person = names.open_and_person(name, wanted["person"])
        desk.attend(alarm_id, person, proof=wanted["proof"], by=caller(), at=position_of(wanted))
        return story(alarm_id)

    @bp.post("/<name>/offer")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(OfferSchema)
    @bp.response(200, StorySchema)
    def offer(wanted: dict[str, Any], name: str) -> Plain:
        if wanted.get("everybody"):
            alarm_id = names.open_alarm(name)
            desk.offer_all(alarm_id, by=caller())
        else:
            alarm_id, person = names.open_and_person(name, wanted["person"])
            desk.offer(alarm_id, person, by=caller())
        return story(alarm_id)

    @bp.post("/<name>/close")
    @either(WRITE, Right.ALARMS_ACT)
    @_humans_only
    @once
    @bp.arguments(CloseSchema)
    @bp.response(200, StorySchema)
    def close(wanted: dict[str, Any], name: str) -> Plain:
        alarm_id = names.alarm(name)
        desk.close(alarm_id, by=people.operator(signed_in().id), outcome=wanted["outcome"], note=wanted.get("note"))
        return story(alarm_id)

    @bp.post("/<name>/reopen")
    @either(WRITE, Right.ALARMS_ACT)
    @_humans_only
    @once
    @bp.arguments(ReopenSchema)
    @bp.response(200, StorySchema)
    def reopen(wanted: dict[str, Any], name: str) -> Plain:
        alarm_id = names.alarm(name)
        desk.reopen(alarm_id, by=caller(), note=wanted.get("note"))
        return story(alarm_id)

    @bp.post("/<name>/note")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(NoteSchema)
    @bp.response(200, StorySchema)
    def note(wanted: dict[str, Any], name: str) -> Plain:
        alarm_id = names.alarm(name)
        desk.note(alarm_id, wanted["text"], by=caller())
        return story(alarm_id)

    @bp.post("/<name>/emergency")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(EmergencySchema)
    @bp.response(200, StorySchema)
    def emergency(wanted: dict[str, Any], name: str) -> Plain:
        alarm_id = names.alarm(name)
        desk.emergency_called(alarm_id, reference=wanted["reference"], by=caller())
        return story(alarm_id)

    return bp


def _humans_only(view: View) -> View:
    """Only a named human closes, or takes a closing back: a key is refused first, whatever its scope."""

    @wraps(view)
    def guarded(*arguments: Any, **values: Any) -> Any:
        if has_bearer(request):
            raise NotAllowed("Only a person who is signed in closes an alarm.")
        return view(*arguments, **values)

    return cast(View, guarded)


# ------------------------------------------------------------------------------------------------ who and which


class Names:
    """From what a request calls things to what they are."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def alarm(self, name: str) -> AlarmId:
        """
        An alarm by its id or number.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            known = ((alarms.c.id == name) | (alarms.c.number == name)) & alarms_in(area())
            found = connection.execute(alarms.select().with_only_columns(alarms.c.id).where(known)).scalar()
        if found is None:
            raise NotFound(f"no alarm {name[:40]}")
        return AlarmId(found)

    def open_alarm(self, name: str) -> AlarmId:
        """
        An alarm that somebody may still be sent to.

        Raises:
            NotFound: there is none.
            AlarmClosed: it is over, whether or not the person named was ever asked.
        """
        alarm_id = self.alarm(name)
        with self._reading.connect() as connection:
            alarm = Alarms(connection).get(alarm_id)
        if not alarm.open:
            raise AlarmClosed(f"alarm {alarm.number} is closed")
        return alarm_id

    def open_and_person(self, name: str, person: str) -> tuple[AlarmId, Person]:
        """
        An open alarm and somebody who may be sent: of one's own stations, or one whom the alarm names already.

        Raises:
            NotFound: there is no such alarm. AlarmClosed: it is over. Invalid: there is no such person.
        """
        alarm_id = self.open_alarm(name)
        return alarm_id, self.person_for(alarm_id, person)

    def person_for(self, alarm_id: AlarmId, person: str) -> Person:
        """
        Somebody who may be named with this alarm: of one's own stations, or one whom the alarm names already.

        Raises:
            Invalid: there is no such person.
        """
        meant = self.person(person)
        if not area().is_district and not self._is_ours(meant, alarm_id):
            raise _unknown("person", f"nobody is called {person}")
        return meant

    def person_at(self, home_id: HomeId, person: str) -> Person:
        """
        Somebody who may be named with a home: a carer of one's own stations, or a contact of that home.

        Raises:
            Invalid: there is no such person.
        """
        meant = self.person(person)
        with self._reading.connect() as connection:
            if area().is_district or self._is_near(People(connection), meant, home_id):
                return meant
        raise _unknown("person", f"nobody is called {person}")

    def _is_ours(self, person: Person, alarm_id: AlarmId) -> bool:
        with self._reading.connect() as connection:
            shelf, shelved = People(connection), Alarms(connection)
            choice = shelved.choice_of(alarm_id)
            known = {each.person for each in shelved.offers_of(alarm_id)}
            known |= {people.carer(each.carer_id) for each in (choice.ranked if choice else ())}
            return person in known or self._is_near(shelf, person, shelved.get(alarm_id).home_id)

    def _is_near(self, shelf: People, person: Person, home_id: HomeId | None) -> bool:
        id_ = people.carer_id(person)
        if id_ is not None:
            return area().covers(shelf.carers_by_id([id_])[id_].station_id)
        kin = shelf.household(home_id).contacts if home_id else ()
        return person in {people.contact(each.id) for each in kin}

    def home(self, code: str, resident: str | None) -> tuple[HomeId, ResidentId | None]:
        """
        A home and who lives there, by their codes.

        Raises:
            Invalid: no home has this code, or nobody there has that one.
        """
        with self._reading.connect() as connection:
            shelf = People(connection)
            home_id = shelf.id_of(homes, code)
            if home_id is None or not area().covers(shelf.home(HomeId(home_id)).station_id):
                raise _unknown("home", f"no home {code}")
            if resident is None:
                return HomeId(home_id), None
            resident_id = shelf.id_of(residents, resident)
            living = {each.id for each in shelf.household(HomeId(home_id)).residents}
        if resident_id not in living:
            raise _unknown("resident", f"no resident {resident} in home {code}")
        return HomeId(home_id), ResidentId(str(resident_id))

    def person(self, name: str) -> Person:
        """
        A carer by reference, code or id, or a contact by reference or id.

        Raises:
            Invalid: there is none.
        """
        with self._reading.connect() as connection:
            shelf = People(connection)
            by_code = f"carer:{shelf.id_of(carers, name)}"
            meant = (
                [Person(name)] if ":" in name else [Person(by_code), Person(f"carer:{name}"), Person(f"contact:{name}")]
            )
            known = next((each for each in meant if shelf.name_of(each) != each), None)
        if known is not None:
            return known
        raise _unknown("person", f"nobody is called {name}")


def _unknown(field: str, detail: str) -> Invalid:
    return Invalid(detail, {"json": {field: [detail]}})


# ------------------------------------------------------------------------------------------------ the list


def _page(
    reading: Reading,
    review: Review,
    area: Area,
    *,
    limit: int,
    cursor: str | None = None,
    state: State | None = None,
    since: int | None = None,
) -> tuple[list[Plain], str | None]:
    """One page of alarms, newest first, and the cursor of the next."""
    query = alarms.select().with_only_columns(alarms.c.id, alarms.c.raised_at).where(alarms_in(area))
    if state is not None:
        query = query.where(alarms.c.state == str(state))
    if since is not None:
        touched = entries.select().with_only_columns(entries.c.alarm_id).where(entries.c.number > since)
        query = query.where(alarms.c.id.in_(touched.where(entries.c.alarm_id.is_not(None))))
    if cursor is not None:
        at, id_ = _place_in(cursor)
        query = query.where((alarms.c.raised_at < at) | ((alarms.c.raised_at == at) & (alarms.c.id < id_)))
    query = query.order_by(alarms.c.raised_at.desc(), alarms.c.id.desc()).limit(limit + 1)
    with reading.connect() as connection:
        rows = [(AlarmId(row.id), row.raised_at) for row in connection.execute(query)]
    page = _shorts(review, rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return page, f"{to_us(last[1])}.{last[0]}" if last else None


def _shorts(review: Review, rows: list[tuple[AlarmId, datetime]]) -> list[Plain]:
    """These alarms in short. They mostly lie together, so that one look is enough."""
    if not rows:
        return []
    wanted = {id_ for id_, _ in rows}
    before, oldest, look = rows[0][1] + timedelta(microseconds=1), rows[-1][1].isoformat(), len(rows) + 1
    while True:
        seen = review.recent(look, before=before)
        found = [each for each in seen if each["id"] in wanted]
        if len(found) == len(wanted) or len(seen) < look or seen[-1]["raised_at"] < oldest:
            return found
        look *= 4


def _place_in(cursor: str) -> tuple[datetime, str]:
    at_us, dot, id_ = cursor.partition(".")
    if not dot or not (at_us.isascii() and at_us.isdigit()) or len(at_us) > 17:
        raise Invalid("This cursor is none of ours.", {"query": {"cursor": ["not a cursor"]}})
    return from_us(int(at_us)), id_
