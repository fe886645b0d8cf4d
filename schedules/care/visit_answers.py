"""
Signing by text or key: "到了", "3", "123 3", "签到 123" to sign in; "完成", "4", "签退" to sign out.

A bare digit is an open alarm's before it is a visit's: nobody who is called to an emergency may sign in to a visit by
mistake. With a visit's own code, or the words 签到 and 签退, it can mean nothing else.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from dispatch.errors import Conflict
from dispatch.expectations import Done, Expectation, in_earnest, is_answered_at_once, write_back
from dispatch.ids import CarerId
from dispatch.rules.message import Fact
from dispatch.rules.people import Person, carer, carer_id
from dispatch.rules.reply import Action, Parsed
from dispatch.store.alarms import Alarms
from dispatch.store.people import People
from dispatch.store.reach_tests import ReachTests
from dispatch.store.replies import Reply
from dispatch.store.transactions import Tx
from schedules.care.rules.presence import State, Visit, Way, Which, spans
from schedules.care.store.visit_points import Points
from schedules.care.store.visits import Visits
from schedules.care.visit_letters import place_of
from schedules.care.visiting import Said, Visiting

EARLY, LATE = timedelta(hours=2), timedelta(hours=4)
"""A text signs in to a visit this long before its earliest and after its latest start."""

AGAIN = timedelta(minutes=30)
"""Said again so soon it is the same statement: whoever is not sure that it arrived is told so, and not sent away."""

_ASKED = re.compile(
    r"\s*(?:(?P<into>签到|签入|sign ?in)|(?P<out>签退|签出|sign ?out))[\s:：,，]*(?P<code>[1-9]\d\d)?[\s。.!！]*",
    re.IGNORECASE,
)
_INTO = frozenset({Action.ACCEPT, Action.ARRIVED})


def asked_for(text: str) -> tuple[Which, int | None] | None:
    """What a text in the words of this service asks for, with the code it names; None for any other text."""
    found = _ASKED.fullmatch(text)
    if found is None:
        return None
    return Which.BEGIN if found["into"] else Which.FINISH, int(found["code"]) if found["code"] else None


class VisitClaims:
    """What an answer can mean for visits (`answers.Claimant`)."""

    def __init__(self, visiting: Visiting) -> None:
        self._visiting = visiting

    def expects(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Sequence[Expectation]:
        id_ = carer_id(person)
        which = _which(parsed.action)
        if id_ is None or which is None or _is_needed(tx, person, id_, parsed):
            return []
        meant = [each for each in to_sign(tx, id_, which) if parsed.code in {None, each.code}]
        if not meant and parsed.code is not None and (before := signed_before(tx, id_, which, parsed.code)):
            return [Expectation(before.code, place_of(tx, before), lambda tx: confirmed(tx, before, which, id_, reply))]
        return [self._expectation(tx, each, which, id_, reply) for each in meant]

    def _expectation(self, tx: Tx, visit: Visit, which: Which, id_: CarerId, reply: Reply) -> Expectation:
        return Expectation(
            visit.code, named(tx, self._visiting, visit),
            lambda tx: signed(tx, self._visiting, visit, which, id_, reply),
        )  # fmt: skip


class VisitOrders:
    """Texts that say 签到 or 签退 (`answers.Order`): a carer's, whatever else is open."""

    def __init__(self, visiting: Visiting) -> None:
        self._visiting = visiting

    def take(self, tx: Tx, reply: Reply) -> tuple[Done, Person] | None:
        """Signs in or out where one visit is meant; asks back where several are."""
        asked = None if reply.voice else asked_for(reply.text)
        people = People(tx.connection).by_phone(reply.sender) if asked else []
        id_ = next((id_ for each in people if (id_ := carer_id(each))), None)
        if asked is None or id_ is None:
            return None
        which, code = asked
        meant = [each for each in to_sign(tx, id_, which) if code in {None, each.code}]
        if len(meant) == 1:
            return signed(tx, self._visiting, meant[0], which, id_, reply), carer(id_)
        if meant:
            choices = "；".join(f"{each.code} {named(tx, self._visiting, each)}" for each in meant)
            write_back(tx, carer(id_), reply, "visit_which", {"choices": choices})
            return Done("asked_back"), carer(id_)
        if before := signed_before(tx, id_, which, code):
            return confirmed(tx, before, which, id_, reply), carer(id_)
        write_back(tx, carer(id_), reply, "visit_none", {})
        return Done("visit_none"), carer(id_)


def to_sign(tx: Tx, id_: CarerId, which: Which) -> list[Visit]:
    """
    The visits of this carer that can be signed in to, or out of, now. Codes begin anew now and then: of two with one
    code it is the one whose time is nearer.
    """
    day = timedelta(days=1)
    today = tx.now.date()
    found = Visits(tx.connection).of_carer(id_, today - day, today + 2 * day)
    if not found:
        return []
    points = Points(tx.connection).of([each.id for each in found])
    own = {
        each.id: next((s for s in spans([p for p in points if p.visit_id == each.id]) if s.carer_id == id_), None)
        for each in found
    }
    if which is Which.FINISH:
        inside = [each for each in found if (s := own[each.id]) and s.begin and not s.finish]
        return _one_a_code([each for each in inside if each.state is State.BEGUN], tx.now)
    return _one_a_code([
        each for each in found
        if own[each.id] is None and each.state in {State.PLANNED, State.MISSED, State.BEGUN}
        and id_ in each.carer_ids and each.wanted.start_from - EARLY <= tx.now <= each.wanted.start_by + LATE
    ], tx.now)  # fmt: skip


def _one_a_code(found: Sequence[Visit], now: datetime) -> list[Visit]:
    def away(visit: Visit) -> timedelta:
        return max(visit.wanted.start_from - now, now - visit.wanted.start_by, timedelta())

    nearest: dict[int, Visit] = {}
    for each in found:
        known = nearest.get(each.code)
        if known is None or away(each) < away(known):
            nearest[each.code] = each
    return [each for each in found if nearest[each.code] is each]


def signed_before(tx: Tx, id_: CarerId, which: Which, code: int | None) -> Visit | None:
    """The visit that this carer said the same of just before; `code` is the one that is named, None for any."""
    day, today = timedelta(days=1), tx.now.date()
    found = Visits(tx.connection).of_carer(id_, today - day, today + 2 * day)
    named_ = {each.id: each for each in found if code in {None, each.code}}
    said = [
        each for each in Points(tx.connection).of(list(named_))
        if each.carer_id == id_ and each.which is which and tx.now - each.received_at <= AGAIN
    ]  # fmt: skip
    last = max(said, key=lambda each: each.received_at, default=None)
    return named_[last.visit_id] if last else None


def confirmed(tx: Tx, visit: Visit, which: Which, id_: CarerId, reply: Reply) -> Done:
    """Says once more what is on file, and changes nothing."""
    if not is_answered_at_once(reply):
        sentence = "visit_in" if which is Which.BEGIN else "visit_out"
        write_back(tx, carer(id_), reply, sentence, _told(tx, visit))
    return Done("visit_begun" if which is Which.BEGIN else "visit_finished")


def named(tx: Tx, visiting: Visiting, visit: Visit) -> str:
    """A visit among others: its hour and its compound, for a carer may have several in one."""
    return f"{visiting.local(visit.wanted.start_from):%H:%M} {place_of(tx, visit)}"


def signed(tx: Tx, visiting: Visiting, visit: Visit, which: Which, id_: CarerId, reply: Reply) -> Done:
    """Keeps what was said and says so; a text proves no place, and a key in a call neither."""
    way = Way.CALL if reply.voice else Way.SMS
    said = Said(
        key=f"reply:{reply.id}", which=which, way=way, by=carer(id_), carer_id=id_, at=min(reply.received_at, tx.now)
    )
    try:
        after = visiting.sign_in_unit(tx, visit.id, said)
    except Conflict:
        write_back(tx, carer(id_), reply, "visit_none", {})
        return Done("visit_none")
    return confirmed(tx, after, which, id_, reply)


def _told(tx: Tx, visit: Visit) -> dict[str, Fact]:
    minutes = None
    if visit.begun_at and visit.finished_at:
        minutes = int((visit.finished_at - visit.begun_at).total_seconds()) // 60
    return {"place": place_of(tx, visit), "code": visit.code, "minutes": minutes}


def _which(action: Action | None) -> Which | None:
    if action in _INTO:
        return Which.BEGIN
    return Which.FINISH if action is Action.DONE else None


def _is_needed(tx: Tx, person: Person, id_: CarerId, parsed: Parsed) -> bool:
    """Whether an answer is somebody else's: an open alarm's, or the monthly test's "1"; with a code, that alarm's."""
    asked = in_earnest(tx, Alarms(tx.connection).offers_to(person), coded=True)
    if parsed.code is not None:
        # Whoever is asked often has codes of three digits too, and nothing may make an answer to an alarm unclear.
        return any(offer.code == parsed.code for offer, _ in asked)
    if asked:
        return True
    test = ReachTests(tx.connection).open_of(id_)
    return parsed.action is Action.ACCEPT and test is not None and test.state == "asked"
