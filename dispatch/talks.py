"""
What is answered while somebody is on the line: how their key stands, the words once more, the resident.

Only reading and a line in the record: nothing is decided here, and nothing of a home is told to anybody who has not
accepted. Where the books cannot be read, the caller hears a neutral sentence instead.
"""

from collections.abc import Sequence

from dispatch.desk import Desk
from dispatch.errors import NotFound
from dispatch.expectations import Done, Expectation
from dispatch.ids import HomeId, OfferId, ResidentId
from dispatch.messages.providers.provider import Inquiry
from dispatch.rules import letters, people
from dispatch.rules.alarm import Alarm
from dispatch.rules.escalation import Decision, Situation
from dispatch.rules.people import SERVICE, Person, Resident, is_resident
from dispatch.rules.record import Line
from dispatch.rules.reply import Action, Parsed
from dispatch.rules.steps.page_operator import paged
from dispatch.rules.talks import Stand, Standing, may_ring, standing_of
from dispatch.store.alarms import Alarms
from dispatch.store.outbox import Attempt, Message, Outbox
from dispatch.store.people import People
from dispatch.store.replies import Replies, Reply
from dispatch.store.transactions import Transactions, Tx


class Talks:
    """Answers inquiries of providers, each in a unit of work of its own."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def answer(self, provider: str, inquiry: Inquiry) -> Standing:
        """
        How things stand for whoever is on the line. What they asked for, or how their talk went, is in the record once,
        however often it is told.

        Raises:
            Busy, StorageFailed: the books cannot be reached just now.
        """
        return self._transactions.run(lambda tx: self._answer(tx, provider, inquiry))

    def _answer(self, tx: Tx, provider: str, inquiry: Inquiry) -> Standing:
        outbox = Outbox(tx.connection)
        attempt = outbox.attempt(inquiry.attempt_id)
        message = outbox.get(attempt.message_id) if attempt else None
        if attempt is None or message is None:
            return Standing()
        if message.alarm_id is None:
            return Standing(stand=Stand.THANKED, text=attempt.text)
        if message.offer_id is None:
            return Standing(stand=Stand.NOTED, text=attempt.text)
        return self._about_offer(tx, provider, inquiry, attempt, message, message.offer_id)

    def _about_offer(
        self, tx: Tx, provider: str, inquiry: Inquiry, attempt: Attempt, message: Message, offer_id: OfferId
    ) -> Standing:
        alarms = Alarms.of(tx)
        offer, pressed = alarms.offer(offer_id), Replies(tx.connection).of_attempt(attempt.id)
        if offer is None or offer.person != message.person:
            return Standing(stand=Stand.NOTED, text=attempt.text)
        alarm = alarms.get(offer.alarm_id)
        stand = standing_of(alarm, offer, waits=pressed is not None and pressed.due_at is not None)
        resident = _resident(tx, alarm.home_id, alarm.resident_id)
        number = resident.phone if stand is Stand.COMING and resident and may_ring(resident, alarm.cause) else None
        if self._to_be_told(inquiry, number) and resident is not None:
            self._tell_once(tx, provider, inquiry, message, resident)
        return Standing(stand=stand, text=attempt.text, number=number)

    def _to_be_told(self, inquiry: Inquiry, number: str | None) -> bool:
        return inquiry.result is not None or (inquiry.talk and number is not None)

    def _tell_once(self, tx: Tx, provider: str, inquiry: Inquiry, message: Message, resident: Resident) -> None:
        result = inquiry.result or "asked"
        new = Outbox(tx.connection).receipt_once(
            provider, inquiry.key, attempt_id=inquiry.attempt_id, kind="talk", status=result, received_at=tx.now
        )
        if new:
            facts = {"person": people.resident(resident.id), "carer": message.person, "result": result}
            tx.log(Line(kind="talked", by=SERVICE, alarm_id=message.alarm_id, facts=facts))


def _resident(tx: Tx, home_id: HomeId | None, resident_id: ResidentId | None) -> Resident | None:
    try:
        household = People(tx.connection).dwelling(home_id) if home_id else None
    except NotFound:
        return None
    return household.resident(resident_id) if household else None


class ResidentClaims:
    """What a resident says by key when told that somebody is coming: that they have heard it, or that it is worse."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def expects(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Sequence[Expectation]:
        """One thing, while the alarm of the call is open; nothing from anybody else."""
        if not is_resident(person) or reply.attempt_id is None or parsed.action is None:
            return []
        outbox = Outbox(tx.connection)
        attempt = outbox.attempt(reply.attempt_id)
        message = outbox.get(attempt.message_id) if attempt else None
        if message is None or message.alarm_id is None:
            return []
        alarm, worse = Alarms.of(tx).get(message.alarm_id), parsed.action is Action.DECLINE
        return [Expectation(0, "", lambda tx: self._said(tx, alarm, person, worse=worse), alarm.id)]

    def _said(self, tx: Tx, alarm: Alarm, person: Person, *, worse: bool) -> Done:
        said = "worse" if worse else "heard"
        tx.log(Line(kind="resident_said", by=person, alarm_id=alarm.id, facts={"person": person, "said": said}))
        if not worse or not alarm.open:
            return Done(f"resident_{said}")
        decision = self._desk.in_unit(tx, alarm.id, _page)
        return Done(f"resident_{said}", lambda: self._desk.after(decision))


def _page(situation: Situation) -> Decision:
    why = "resident_asks"
    return Decision(alarm=situation.alarm, drafts=letters.page(situation, why), lines=(paged(situation, why),))
