"""Making and repeating offers: one row for each alarm and person, with a reply code of two digits."""

import hashlib
from dataclasses import replace

from dispatch.ids import OfferId
from dispatch.rules.alarm import Offer, OfferState
from dispatch.rules.escalation import Situation
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line

CODES = tuple(code for code in range(10, 100) if code not in {11, 22, 33, 44})
"""
Two digits: short enough to type back. A code is never reused for the same person within seven days. A digit pressed
twice is no code, so that "11" of a slow thumb is the answer 1.
"""

LONG_CODES = tuple(code for code in range(100, 1000) if code % 10 in {0, 6, 7, 8, 9})
"""
For who has had all of them: three digits, of which the last is no action, so that "126" can never be 12 and an answer.
"""


def ask(situation: Situation, person: Person, eta_s: int | None) -> tuple[Offer, Line]:
    """A new offer for this person, or the old one asked again, with its line in the log."""
    before = situation.offer_of(person)
    offer = _again(before, eta_s) if before else _first(situation, person, eta_s)
    facts = {"person": person, "offer": offer.id, "eta_s": eta_s, "asked": offer.asked}
    return offer, Line(kind="offered", by=SERVICE, alarm_id=situation.alarm.id, facts=facts)


def lapse(offer: Offer) -> tuple[Offer, Line]:
    """The offer was not answered in its time. It may still be accepted while nobody else has."""
    line = Line(kind="lapsed", by=SERVICE, alarm_id=offer.alarm_id, facts={"person": offer.person, "offer": offer.id})
    return replace(offer, state=OfferState.LAPSED), line


def withdraw(offer: Offer) -> Offer:
    return replace(offer, state=OfferState.WITHDRAWN)


def _again(offer: Offer, eta_s: int | None) -> Offer:
    return replace(
        offer, state=OfferState.OPEN, asked=offer.asked + 1, eta_s=eta_s if eta_s is not None else offer.eta_s
    )


def _first(situation: Situation, person: Person, eta_s: int | None) -> Offer:
    id_ = OfferId(situation.ids())
    return Offer(
        id=id_,
        alarm_id=situation.alarm.id,
        person=person,
        code=_code(situation, person, id_),
        state=OfferState.OPEN,
        offered_at=situation.now,
        eta_s=eta_s,
    )


def _code(situation: Situation, person: Person, id_: OfferId) -> int:
    """
    One of the codes this person has not had of late, spread by the offer's id so that it cannot be guessed from the
    last.

    When all 536 are taken the offer shares one: an answer with it will be asked back, which is better than no offer.
    """
    taken = set(situation.codes_taken.get(person, ()))
    free = (
        [code for code in CODES if code not in taken]
        or [code for code in LONG_CODES if code not in taken]
        or list(CODES)
    )
    return free[int.from_bytes(hashlib.sha256(id_.encode()).digest()[:4]) % len(free)]
