"""
One key after each alarm: when it is over, whoever was helped is asked how satisfied they are.

```
  alarm closed ──► waiting (due within allowed hours) ──► asked ──► answered
                      └──► left, with the reason              └───► silent; a late answer still counts
```

Nothing here may be in the way of an alarm: nobody is asked while one of the home is open, and an answer is taken only
where it cannot be one to an alarm (`rules.satisfaction.is_theirs`). Visits will plan their own rows with `plan_visit`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.expectations import Done, write_back
from dispatch.ids import HomeId, ResidentId, StationId
from dispatch.rules.alarm import OfferState
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import SERVICE, Household, Person
from dispatch.rules.record import Line
from dispatch.rules.reply import parse
from dispatch.rules.satisfaction import OF, Asking, is_theirs, score_of, wanted_after, whom_to_ask
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.replies import Reply
from dispatch.store.satisfaction import Ended, Rating, Ratings
from dispatch.store.transactions import Lane, Transactions, Tx

LOOK_BACK = timedelta(days=7)
"""Alarms raised longer ago are asked about no more: nobody remembers."""

PLANNED_MAX = 200
NOT_NOW = timedelta(minutes=30)
SILENT_AFTER = timedelta(days=2)
LATE_MAX = timedelta(days=30)
"""A digit that comes later than this after the question is no answer to it."""

WORTH_SENDING = timedelta(hours=1)
"""Short: nobody wants to be asked about it tomorrow. What an alarm of the home overtakes does not leave at all."""

SENTENCE = "rating"

Served = Callable[[str], bool]
"""Whether a resident is served now: neither moved away nor dead."""


class SatisfactionAsking:
    """Plans, asks and keeps. An owner of waiting rows, and one who takes answers (`answers.Order`)."""

    name = "ratings"
    patient = True

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        *,
        wanted: bool,
        asking: Asking,
        local: Callable[[datetime], datetime],
        channel_of: Callable[[str], Channel | None],
        is_served: Served = lambda _: True,
    ) -> None:
        """
        `wanted`: whether anybody is asked at all. `channel_of` says how an answer comes back from a number: by text, by
        key in a call, or not at all.
        """
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._wanted = wanted
        self._asking = asking
        self._local = local
        self._channel_of = channel_of
        self._is_served = is_served

    # ------------------------------------------------------------------------------------------- planning

    def check(self) -> None:
        """Plans a question for every alarm that was closed since. Called now and then."""
        if not self._wanted:
            return
        with self._reading.connect() as connection:
            ended = Ratings(connection).unplanned(self._clock.now() - LOOK_BACK, PLANNED_MAX)
        for each in ended:
            self._transactions.run(lambda tx, about=each: self._plan(tx, about), lane=Lane.BULK)  # type: ignore[misc]

    def plan_visit(
        self, tx: Tx, visit_id: str, *, home_id: HomeId, resident_id: ResidentId, station_id: StationId | None
    ) -> None:
        """Whoever was visited is asked like after an alarm; once for each visit, within the unit that ends it."""
        due_at = self._allowed(tx.now + self._asking.after)
        Ratings(tx.connection).plan(
            tx.new_id(), f"visit:{visit_id}", due_at, home_id=home_id, resident_id=resident_id, station_id=station_id
        )

    def _plan(self, tx: Tx, ended: Ended) -> None:
        wanted = wanted_after(self._asking, ended.outcome, exercise=ended.exercise) and ended.home_id is not None
        due_at = self._allowed(ended.closed_at + self._asking.after) if wanted else None
        Ratings(tx.connection).plan(
            tx.new_id(), f"alarm:{ended.id}", due_at, home_id=ended.home_id, resident_id=ended.resident_id,
            station_id=ended.station_id, why=None if wanted else "never",
        )  # fmt: skip

    def _allowed(self, at: datetime) -> datetime:
        """This instant if people may be asked then, else the first hour after it at which they may."""
        local = self._local(at)
        first = local.replace(hour=self._asking.from_hour, minute=0, second=0, microsecond=0)
        if local.hour < self._asking.from_hour:
            return at + (first - local)
        return at if local.hour < self._asking.until_hour else at + (first + timedelta(days=1) - local)

    # ------------------------------------------------------------------------------------------- what falls due

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Ratings(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Ratings(connection).next_due()

    def wake(self, id_: str) -> None:
        """Asks whose hour has come, and lets go what nobody answered."""
        self._transactions.run(lambda tx: self._wake(tx, id_), lane=Lane.BULK)

    def stumble(self, id_: str, error: Exception) -> None:
        """Tried again in a while."""
        self._transactions.run(lambda tx: Ratings(tx.connection).change(id_, due_at=tx.now + NOT_NOW), lane=Lane.BULK)

    def _wake(self, tx: Tx, id_: str) -> None:
        shelf = Ratings(tx.connection)
        rating = shelf.get(id_)
        if rating is None or rating.due_at is None or rating.due_at > tx.now:
            return
        if rating.state == "asked":
            shelf.change(id_, state="silent", due_at=None)
            return
        if rating.home_id is not None:
            tx.hold(f"home:{rating.home_id}")
        allowed = self._allowed(tx.now)
        if allowed > tx.now or shelf.has_open_alarm(rating.home_id):
            shelf.change(id_, due_at=max(allowed, tx.now + NOT_NOW))
            return
        why = self._ask(tx, rating)
        if why is not None:
            shelf.change(id_, state="left", why=why, due_at=None)

    def _ask(self, tx: Tx, rating: Rating) -> str | None:
        """Posts the question; or why it is not asked at all."""
        household = _household(tx, rating.home_id)
        found = whom_to_ask(household, rating.resident_id) if household else None
        if found is None:
            return "nobody"
        about, person, phone, may_be_called = found
        channel, shelf = self._channel_of(phone), Ratings(tx.connection)
        if not self._is_served(about.id):
            return "not_served"
        if channel is None or (channel is Channel.VOICE and not may_be_called):
            return "nobody"
        if shelf.has_refused(phone) or _wants_no_texts(tx, phone):
            return "refused"
        if shelf.asked_since(about.id, phone, tx.now - self._asking.quota):
            return "quota"
        if _engaged(tx, phone):
            shelf.change(rating.id, due_at=self._allowed(tx.now + NOT_NOW))
            return None
        lang = "en" if about.language == "en" else "zh"
        self._post(tx, rating, person, phone, channel, lang)
        return None

    def _post(self, tx: Tx, rating: Rating, person: Person, phone: str, channel: Channel, lang: str) -> None:
        key = f"{SENTENCE}:{rating.id}"
        Outbox.post(tx, [Draft(
            key=key, sentence=SENTENCE, channel=channel, priority=Priority.REPORT, to=phone, person=person, lang=lang,
            expires_at=tx.now + WORTH_SENDING, answerable=True,
        )])  # fmt: skip
        Ratings(tx.connection).change(
            rating.id,
            state="asked",
            asked_at=tx.now,
            due_at=tx.now + SILENT_AFTER,
            message_key=key,
            person=person,
            to=phone,
            means=str(channel),
        )
        tx.log(Line(kind="satisfaction_asked", by=SERVICE, facts={"about": rating.about, "by_means": str(channel)}))

    # ------------------------------------------------------------------------------------------- answers

    def take(self, tx: Tx, reply: Reply) -> tuple[Done, Person] | None:
        """
        An answer to our question; None where it is none, or may be one to an alarm. Refusing further questions counts
        even where the text is also somebody else's to understand.
        """
        rating, certain = self._meant(tx, reply)
        if rating is None or rating.person is None:
            return None
        if not certain and parse(reply.text).stop:
            return self._refused(tx, rating, reply)
        if not certain and not self._theirs(tx, rating, reply):
            return None
        score = score_of(reply.text)
        if score is None:
            return self._unclear(tx, rating, reply) if certain or reply.text.strip()[:1] in "12345" else None
        return self._answered(tx, rating, reply, score)

    def _meant(self, tx: Tx, reply: Reply) -> tuple[Rating | None, bool]:
        """The question, and whether the answer can be about nothing else because it was given in its own call."""
        shelf = Ratings(tx.connection)
        if reply.offer_id is not None:
            return None, False
        if reply.attempt_id is not None:
            attempt = Outbox(tx.connection).attempt(reply.attempt_id)
            return (shelf.by_message(attempt.message_id) if attempt else None), True
        return shelf.asked_at_number(reply.sender, tx.now - LATE_MAX), False

    def _theirs(self, tx: Tx, rating: Rating, reply: Reply) -> bool:
        assert rating.asked_at is not None
        # What was said before we asked answers something else, however late it is told.
        if reply.received_at < rating.asked_at:
            return False
        last = [Alarms(tx.connection).last_of(each, tx.now - LATE_MAX) for each in _everybody(tx, reply.sender)]
        asked = [each[0].offered_at for each in last if each is not None]
        return is_theirs(
            asked_at=rating.asked_at, last_offer_at=max(asked, default=None), engaged=_engaged(tx, reply.sender)
        )

    def _answered(self, tx: Tx, rating: Rating, reply: Reply, score: int) -> tuple[Done, Person]:
        """The last word counts; each one is in the record."""
        assert rating.person is not None
        Ratings(tx.connection).change(
            rating.id, state="answered", score=score, raw=reply.text[:200], answered_at=tx.now, due_at=None
        )
        facts: dict[str, Fact] = {
            "score": score, "of": OF, "team": rating.station_id, "by_means": rating.means, "about": rating.about,
        }  # fmt: skip
        tx.log(Line(kind="satisfaction", by=rating.person, facts=facts))
        if not reply.voice and rating.state != "answered":
            write_back(tx, rating.person, reply, "rating_thanks", {})
        return Done("rating"), rating.person

    def _unclear(self, tx: Tx, rating: Rating, reply: Reply) -> tuple[Done, Person]:
        """Kept as it came: somebody may read it. What was clear before stands."""
        assert rating.person is not None
        if rating.score is None:
            Ratings(tx.connection).change(rating.id, raw=reply.text[:200])
        return Done("rating_unclear"), rating.person

    def _refused(self, tx: Tx, rating: Rating, reply: Reply) -> tuple[Done, Person] | None:
        assert rating.person is not None
        Ratings(tx.connection).refuse(reply.sender, tx.now)
        tx.log(Line(kind="satisfaction_refused", by=rating.person, facts={"about": rating.about}))
        # Where the number is a carer's or a contact's as well, the desk must hear of it too.
        return None if People(tx.connection).by_phone(reply.sender) else (Done("opted_out"), rating.person)


def _household(tx: Tx, home_id: HomeId | None) -> Household | None:
    try:
        return People(tx.connection).household(home_id) if home_id else None
    except NotFound:
        return None


def _everybody(tx: Tx, phone: str) -> list[Person]:
    """Everybody with this number, residents too."""
    people = People(tx.connection)
    found = [each.person for each in people.files_of(phone)]
    return [*dict.fromkeys([*people.by_phone(phone), *found])]


def _engaged(tx: Tx, phone: str) -> bool:
    """Whether anybody with this number is asked about an open alarm, or is on the way to one."""
    shelf = Alarms(tx.connection)
    states = {OfferState.OPEN, OfferState.LAPSED, OfferState.ACCEPTED}
    return any(offer.state in states for each in _everybody(tx, phone) for offer, _ in shelf.offers_to(each))


def _wants_no_texts(tx: Tx, phone: str) -> bool:
    return any(each.opted_out for each in People(tx.connection).carers() if each.phone == phone)
