"""What can speak against a visit, one small rule after the other; `proof.find` asks them all."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from dispatch.rules.message import Fact
from dispatch.rules.place import distance_m
from schedules.care.rules.evidence import Case, Code, Finding, Limits, Place, Shown, Trip, place_of, vouched
from schedules.care.rules.presence import PROVES_PLACE, Photo, Point, Way

Check = Callable[[Case, Shown, Limits], Iterable[Finding]]
CheckBetween = Callable[[Case, Shown, Limits, Sequence[Trip]], Iterable[Finding]]


def _found(code: Code, **evidence: Fact) -> list[Finding]:
    return [Finding(code=code, evidence=evidence)]


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds()) // 60


# ------------------------------------------------------------------------------------------------ the six points


def who(case: Case, seen: Shown, _: Limits) -> list[Finding]:
    """Everybody who signed was sent, and as many hands as were asked for."""
    strangers = [each.carer_id for each in seen.spans if each.carer_id not in case.visit.carer_ids]
    found = _found(Code.NOT_ASSIGNED, carer=strangers[0]) if strangers else []
    others = [each for each in _ends(seen) if each.by.startswith("carer:") and each.by != f"carer:{each.carer_id}"]
    found += _found(Code.OTHER_TELEPHONE, carer=others[0].carer_id, by=others[0].by) if others else []
    whole, hands = [each for each in seen.spans if each.begin and each.finish], case.visit.wanted.carers
    if hands > 1 and seen.spans and len(whole) < hands:
        found += _found(Code.HANDS_MISSING, came=len(whole), wanted=hands)
    return found


def when(_: Case, seen: Shown, __: Limits) -> list[Finding]:
    """It was said when it began and when it ended, in this order."""
    if not any(each.begin for each in seen.spans):
        return _found(Code.NO_BEGIN)
    if not any(each.begin and each.finish for each in seen.spans):
        return _found(Code.NO_FINISH)
    if seen.begun_at and seen.finished_at and seen.finished_at <= seen.begun_at:
        return _found(Code.TOO_SHORT, minutes=0, least=1)
    return []


def what(case: Case, _: Shown, __: Limits) -> list[Finding]:
    """Something of what was planned was done. A round has no items: it is its own what."""
    planned, done = case.visit.wanted.items, case.visit.items
    return _found(Code.NO_ITEMS, planned=len(planned)) if planned and not done else []


def where(case: Case, seen: Shown, limits: Limits) -> list[Finding]:
    """
    Each carer's coming and leaving was at the home, as far as can be told.

    The word of the home stands in for a position that is not known; it never outweighs one that says elsewhere.
    """
    found: list[Finding] = []
    for point in _ends(seen):
        place = place_of(point, case.home, limits)
        if place in {Place.PROVEN, Place.NEAR} or (place is Place.UNKNOWN and vouched(case, point, limits)):
            continue
        found += _misplaced(case, point, place, limits)
    return found


def placed_anew(case: Case, seen: Shown, _: Limits) -> list[Finding]:
    """No telephone finds the very same position twice, to a hand's breadth; somebody has invented it."""
    again = [each for each in _ends(seen) if each.id in case.same_place]
    return _found(Code.POSITION_REUSED, which=again[0].which, visit=case.same_place[again[0].id]) if again else []


def _misplaced(case: Case, point: Point, place: Place, limits: Limits) -> list[Finding]:
    if place is Place.FAR and case.home is not None and point.position is not None:
        far_m = round(distance_m(point.position, case.home))
        return _found(
            Code.TOO_FAR, which=point.which, distance_m=far_m, accuracy_m=point.accuracy_m, radius=int(limits.radius_m)
        )
    if point.way is Way.OFFICE:
        return []  # It waits for a second person already.
    if point.position is not None and case.home is None:
        return _found(Code.HOME_UNPLACED, which=point.which)
    return _found(Code.POSITION_MISSING, which=point.which, way=point.way, accuracy_m=point.accuracy_m)


def _ends(seen: Shown) -> list[Point]:
    return [point for each in seen.spans for point in (each.begin, each.finish) if point is not None]


# ------------------------------------------------------------------------------------------------ how long, and when


def long_enough(case: Case, seen: Shown, limits: Limits) -> list[Finding]:
    if seen.begun_at is None or seen.finished_at is None or seen.finished_at <= seen.begun_at:
        return []
    lasted = seen.finished_at - seen.begun_at
    least = _least(case, limits.short_percent)
    if lasted < timedelta(minutes=least):
        return _found(Code.TOO_SHORT, minutes=_minutes(lasted), least=least)
    most = timedelta(minutes=case.visit.wanted.minutes) + limits.long_over
    return _found(Code.TOO_LONG, minutes=_minutes(lasted), most=_minutes(most)) if lasted > most else []


def _least(case: Case, percent: int) -> int:
    said = case.visit.least_minutes
    return said if said is not None else -(-case.visit.wanted.minutes * percent // 100)


def in_its_time(case: Case, seen: Shown, limits: Limits) -> list[Finding]:
    """It began about when it was planned: a visit of another hour is another visit."""
    wanted, begun_at = case.visit.wanted, seen.begun_at
    if begun_at is None or wanted.start_from - limits.early <= begun_at <= wanted.start_by + limits.late:
        return []
    return _found(Code.OFF_TIME, begun_at=begun_at.isoformat(), start_by=wanted.start_by.isoformat())


def entered_in_time(_: Case, seen: Shown, limits: Limits) -> list[Finding]:
    late = [each for each in _ends(seen) if each.received_at - each.at > limits.entered_within]
    hours = [int((each.received_at - each.at).total_seconds()) // 3600 for each in late]
    return _found(Code.ENTERED_LATE, which=late[0].which, hours=max(hours)) if late else []


def clock_right(case: Case, _: Shown, limits: Limits) -> list[Finding]:
    """Nothing was said of a time that had not come yet."""
    ahead = [each for each in case.points if each.at - each.received_at > limits.clock_ahead]
    if not ahead:
        return []
    seconds = int((ahead[0].at - ahead[0].received_at).total_seconds())
    return _found(Code.CLOCK_WRONG, which=ahead[0].which, ahead_s=seconds)


def at_a_desk(_: Case, seen: Shown, __: Limits) -> list[Finding]:
    """What was written down afterwards has a reason, and a second person has agreed."""
    alone = [each for each in _ends(seen) if each.way is Way.OFFICE and each.approved_by in {None, each.by}]
    return _found(Code.OFFICE_ENTRY, which=alone[0].which, by=alone[0].by) if alone else []


# ------------------------------------------------------------------------------------------------ between two visits


def overlaps(_: Case, seen: Shown, limits: Limits, others: Sequence[Trip]) -> list[Finding]:
    """Nobody is in two homes at once."""
    found: list[Finding] = []
    for each, begun_at, finished_at in _against(seen, others):
        shared = min(finished_at, each.finished_at) - max(begun_at, each.begun_at)
        if shared > limits.overlap:
            found += _found(Code.OVERLAP, visit=each.visit_id, carer=each.carer_id, seconds=int(shared.total_seconds()))
    return found


def can_travel(case: Case, seen: Shown, limits: Limits, others: Sequence[Trip]) -> list[Finding]:
    """Between two visits lies enough time for the way, by the fastest means and a straight line."""
    found: list[Finding] = []
    for each, begun_at, finished_at in _against(seen, others):
        gap = max(begun_at - each.finished_at, each.begun_at - finished_at)
        if case.home is None or each.place is None or gap < -limits.overlap:
            continue
        metres, gap_s = distance_m(case.home, each.place), max(0.0, gap.total_seconds())
        speed = limits.speeds_mps.get(case.means.get(each.carer_id, ""), max(limits.speeds_mps.values()))
        if metres - limits.travel_slack_m > speed * gap_s:
            found += _found(
                Code.IMPOSSIBLE_TRAVEL, visit=each.visit_id, carer=each.carer_id, metres=round(metres),
                seconds=int(gap_s),
            )  # fmt: skip
    return found


def _against(seen: Shown, others: Sequence[Trip]) -> list[tuple[Trip, datetime, datetime]]:
    """Other visits of each carer beside this one's own times of that carer."""
    own = {each.carer_id: (each.begin.at, each.finish.at) for each in seen.spans if each.begin and each.finish}
    return [(each, *own[each.carer_id]) for each in others if each.carer_id in own]


def bursts(case: Case, seen: Shown, limits: Limits, _: Sequence[Trip]) -> list[Finding]:
    """Signing for many homes within the same minute is done at a table."""
    for point in _ends(seen):
        if point.way is Way.OFFICE or place_of(point, case.home, limits) is Place.PROVEN:
            continue
        near = {
            each.visit_id for each in case.entries
            if each.carer_id == point.carer_id and abs(each.received_at - point.received_at) <= limits.burst_within
        } - {case.visit.id}  # fmt: skip
        if len(near) + 1 >= limits.burst_visits:
            return _found(Code.BURST, visits=len(near) + 1, seconds=int(limits.burst_within.total_seconds()))
    return []


# ------------------------------------------------------------------------------------------------ photos and people


def photos_fresh(case: Case, seen: Shown, limits: Limits) -> list[Finding]:
    stale = [each for each in case.photos if _is_stale(each, seen, limits)]
    if not stale or stale[0].taken_at is None:
        return []
    return _found(Code.PHOTO_STALE, photo=stale[0].sha256[:16], taken_at=stale[0].taken_at.isoformat(),
                  age_s=int(stale[0].age_s or 0))  # fmt: skip


def photos_new(case: Case, _: Shown, __: Limits) -> list[Finding]:
    used = [each for each in case.photos if each.sha256 in case.used]
    return _found(Code.PHOTO_REUSED, photo=used[0].sha256[:16], visit=case.used[used[0].sha256]) if used else []


def witnessed(case: Case, seen: Shown, limits: Limits) -> list[Finding]:
    """At least a photo of these minutes, or the home itself: the resident, their landline, a tag (section 1.5)."""
    if not limits.witness or not seen.spans:
        return []
    home = any(each.way in PROVES_PLACE and each.proof is not None for each in case.points)
    desk = any(each.way is Way.OFFICE for each in _ends(seen))
    photo = any(_shows(each, case, seen, limits) for each in case.photos)
    return [] if home or desk or photo else _found(Code.NO_WITNESS, photos=len(case.photos))


def _shows(photo: Photo, case: Case, seen: Shown, limits: Limits) -> bool:
    if photo.sha256 in case.used or _is_stale(photo, seen, limits):
        return False
    return photo.taken_at is not None or _is_around(photo.received_at, seen, limits)


def _is_stale(photo: Photo, seen: Shown, limits: Limits) -> bool:
    if photo.taken_at is None:
        return False
    late = photo.received_at - photo.taken_at > limits.entered_within
    ahead = photo.taken_at - photo.received_at > limits.clock_ahead
    return late or ahead or not _is_around(photo.taken_at, seen, limits)


def _is_around(at: datetime, seen: Shown, limits: Limits) -> bool:
    if seen.begun_at is None:
        return False
    end = seen.finished_at or seen.begun_at
    return seen.begun_at - limits.photo_around <= at <= end + limits.photo_around


def resident_there(case: Case, seen: Shown, _: Limits) -> list[Finding]:
    """Whom: somebody who lives, is served, and is at home."""
    begun_at = seen.begun_at
    if begun_at is None:
        return []
    if case.died_on is not None and case.died_on < _day(case, begun_at):
        return _found(Code.RESIDENT_DEAD, died_on=case.died_on.isoformat())
    if case.left_at is not None and case.left_at < begun_at and case.died_on is None:
        return _found(Code.RESIDENT_LEFT, left_at=case.left_at.isoformat())
    end = seen.finished_at or begun_at
    away = [each for each in case.away if each.from_at < end and begun_at < each.until_at]
    return _found(Code.RESIDENT_AWAY, why=away[0].kind, until=away[0].until_at.isoformat()) if away else []


def _day(case: Case, begun_at: datetime) -> date:
    return case.local_day or begun_at.date()


ALONE: tuple[Check, ...] = (
    who, when, what, where, placed_anew, long_enough, in_its_time, entered_in_time, clock_right, at_a_desk,
    photos_fresh, photos_new, witnessed, resident_there,
)  # fmt: skip
"""What is asked of a visit by itself."""

BETWEEN: tuple[CheckBetween, ...] = (overlaps, can_travel, bursts)
"""What is asked of it beside the others of its carers."""
