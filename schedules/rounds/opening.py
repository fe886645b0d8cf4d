"""How rounds begin: their days, deadlines and first looks, reckoned in local days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from dispatch.ids import HomeId, ResidentId
from dispatch.store.transactions import Tx
from schedules.calendar import Calendar
from schedules.rounds.rules import round as rules
from schedules.rounds.rules.book import Book, Change, Late, Means, Occasion
from schedules.rounds.rules.days import first_due, planned_on
from schedules.rounds.rules.round import Kind, Round
from schedules.rounds.store.campaigns import Campaign
from schedules.rounds.store.rounds import Listed

DAY = timedelta(days=1)


class Opening:
    """Makes rounds; keeps none."""

    def __init__(self, book: Book, calendar: Calendar, is_workday: Callable[[date], bool]) -> None:
        self._book = book
        self._calendar = calendar
        self._is_workday = is_workday

    def regular(self, tx: Tx, listed: Listed, home_id: HomeId) -> Round:
        """The next one of somebody's interval; the first is spread over the interval."""
        today = self._calendar.day_of(tx.now)
        return self._made(
            tx, key=f"regular:{listed.resident_id}:{tx.new_id()}", resident_id=listed.resident_id, home_id=home_id,
            kind=Kind.REGULAR, cls=listed.cls, why="", due_on=self._due(listed),
            lead_days=self._book.kept(listed.cls).lead_days, means=self._book.kept(listed.cls).means,
            late=self._book.kept(listed.cls).late, today=today,
        )  # fmt: skip

    def moved(self, round_: Round, listed: Listed, today: date) -> Round:
        """The open round of somebody whose class has changed: a graver one pulls it in, none is put off unseen."""
        cls = self._book.kept(listed.cls)
        round_ = replace(round_, cls=listed.cls, means=cls.means, late=cls.late)
        if round_.due_on < today:
            return round_  # It is overdue, and goes on escalating.
        due_on = max(self._due(listed), min(round_.due_on, today + DAY))
        return self._due_by(round_, min(due_on, cls.every.after(max(today, round_.opened_on))))

    def renewed(self, round_: Round, listed: Listed) -> Round:
        """The open round of somebody who was seen meanwhile: due an interval after that, never earlier than it was."""
        due_on = self._due(listed)
        return self._due_by(round_, due_on) if due_on > round_.due_on else round_

    def _due_by(self, round_: Round, due_on: date) -> Round:
        fresh = rules.due_from(round_, due_on=due_on, deadline=self._calendar.start_of(due_on + DAY))
        lead = self._book.kept(round_.cls).lead_days
        return replace(fresh, plan_on=self._planned(due_on, lead, min(round_.opened_on, due_on)))

    def soon(self, tx: Tx, resident_id: ResidentId, home_id: HomeId, change: Change, key: str) -> Round:
        """What a change asks for: within so many hours from now."""
        soon = self._book.changes[change]
        deadline = tx.now + timedelta(hours=soon.within_hours)
        return self._made(
            tx, key=f"change:{resident_id}:{change}:{key}", resident_id=resident_id, home_id=home_id, kind=Kind.CHANGE,
            cls="", why=str(change), due_on=self._calendar.day_of(deadline), lead_days=0, means=soon.means,
            late=soon.late, today=self._calendar.day_of(tx.now), deadline=deadline,
        )  # fmt: skip

    def further(self, tx: Tx, listed: Listed, home_id: HomeId, campaign: Campaign, occasion: Occasion) -> Round:
        """One extra round of many: until the last day, or within the days that the occasion allows."""
        today = self._calendar.day_of(tx.now)
        first = max(today, campaign.from_on)
        due_on = min(first + timedelta(days=occasion.within_days), campaign.until_on) if occasion.within_days else (
            campaign.until_on
        )  # fmt: skip
        return self._made(
            tx, key=f"extra:{listed.resident_id}:{campaign.id}", resident_id=listed.resident_id, home_id=home_id,
            kind=Kind.EXTRA, cls=listed.cls, why=occasion.key, due_on=max(due_on, today), lead_days=0,
            means=occasion.means, late=occasion.late, today=today, campaign_id=campaign.id,
        )  # fmt: skip

    def at(self, day: date, at: time) -> datetime:
        """A local time of a local day, in UTC."""
        return datetime.combine(day, at, self._calendar.tzinfo).astimezone(UTC)

    def _due(self, listed: Listed) -> date:
        every = self._book.kept(listed.cls).every
        if listed.last_on is None:
            return first_due(every, listed.since, listed.resident_id)
        return every.after(listed.last_on)

    def _made(
        self, tx: Tx, *, key: str, resident_id: ResidentId, home_id: HomeId, kind: Kind, cls: str, why: str,
        due_on: date, lead_days: int, means: tuple[Means, ...], late: Late, today: date,
        deadline: datetime | None = None, campaign_id: str | None = None,
    ) -> Round:  # fmt: skip
        deadline = deadline or self._calendar.start_of(due_on + DAY)
        return Round(
            id=tx.new_id(), key=key, resident_id=resident_id, home_id=home_id, kind=kind, cls=cls, why=why, means=means,
            opened_on=today, plan_on=self._planned(due_on, lead_days, today), due_on=due_on, deadline=deadline,
            late=late, look_at=max(tx.now, deadline + timedelta(hours=late.remind)), campaign_id=campaign_id,
        )  # fmt: skip

    def _planned(self, due_on: date, lead_days: int, opened_on: date) -> date:
        """A workday before it is due where there is one, the planned day itself where there is none."""
        first = planned_on(due_on, lead_days, opened_on)
        days = (first + timedelta(days=n) for n in range((due_on - first).days + 1))
        return next((day for day in days if self._is_workday(day)), first)
