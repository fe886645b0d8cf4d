"""What speaks against a shift, and what else the pages of duty say, in words: message ids with names and times."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from dispatch.ids import CarerId
from dispatch.rules.people import Carer
from dispatch.web.i18n import N_, gettext
from schedules.calendar import Calendar
from schedules.duty.desk import DutyDesk
from schedules.duty.guard import Clashing
from schedules.duty.rules.rest import Clash, Why
from schedules.duty.rules.shifts import Shift

CLASHES: Mapping[Why, str] = {
    Why.OVERLAP: N_("%(who)s has %(other)s already: %(new)s would overlap it."),
    Why.ABSENT: N_("%(who)s is absent %(away)s (%(kind)s), and %(new)s is in that time."),
    Why.REST: N_("%(who)s would have %(found)s h of rest between %(new)s and %(other)s; %(limit)s h is the least."),
    Why.DAY: N_("%(who)s would have %(found)s h on %(day)s with %(new)s and %(other)s; %(limit)s h is the most."),
    Why.WEEK: N_("%(who)s would have %(found)s h in the week of %(day)s with %(new)s and %(other)s; %(limit)s h is the most."),  # noqa: E501
    Why.DAYS: N_("%(who)s would be on duty %(found)s days in a row from %(day)s, with %(new)s and %(other)s; %(limit)s is the most."),  # noqa: E501
    Why.NIGHTS: N_("%(who)s would be on duty %(found)s nights in a row from %(day)s, with %(new)s and %(other)s; %(limit)s is the most."),  # noqa: E501
}  # fmt: skip

_IN_A_ROW = N_("%(who)s would be on duty too often in a row with %(new)s alone; %(limit)s is the most.")

ALONE: Mapping[Why, str] = {
    Why.DAY: N_("%(who)s would have %(found)s h on %(day)s with %(new)s alone; %(limit)s h is the most."),
    Why.WEEK: N_("%(who)s would have %(found)s h in the week of %(day)s with %(new)s alone; %(limit)s h is the most."),
    Why.DAYS: _IN_A_ROW, Why.NIGHTS: _IN_A_ROW,
}  # fmt: skip
"""The same of a shift that is too much by itself: no other is named."""

SHORT: Mapping[str, str] = {
    "overlap": N_("overlaps another shift"), "absent": N_("is absent then"), "rest": N_("too little rest"),
    "day": N_("too many hours that day"), "week": N_("too many hours that week"),
    "days": N_("too many days in a row"), "nights": N_("too many nights in a row"),
    "changed": N_("the shift has changed"), "manager": N_("a manager said no"), "": "",
}  # fmt: skip

KINDS: Mapping[str, str] = {
    "sick": N_("sick"), "leave": N_("leave"), "training": N_("training"), "other": N_("other")
}  # fmt: skip

STATES: Mapping[str, str] = {
    "asked": N_("waits for an answer"), "accepted": N_("waits for a manager"), "done": N_("in force"),
    "declined": N_("declined"), "refused": N_("refused"), "expired": N_("nobody answered"),
    "withdrawn": N_("withdrawn"),
}  # fmt: skip

HOLIDAYS: Mapping[str, str] = {
    "new_year": N_("New Year's Day"), "spring_festival": N_("Spring Festival"), "qingming": N_("Qingming Festival"),
    "labour_day": N_("Labour Day"), "dragon_boat": N_("Dragon Boat Festival"), "mid_autumn": N_("Mid-Autumn Festival"),
    "national_day": N_("National Day"), "lantern": N_("Lantern Festival"), "chongyang": N_("Double Ninth Festival"),
}  # fmt: skip

View = TypeVar("View", bound=Any)


class Words:
    """Says shifts and clashes with the names and times of the place."""

    def __init__(self, desk: DutyDesk, calendar: Calendar) -> None:
        self._desk = desk
        self._calendar = calendar

    def spoken(self, view: View) -> View:
        """A view whose refusal because of a clash says what it is, in the language of whoever asks."""

        @wraps(view)
        def told(*arguments: Any, **values: Any) -> Any:
            try:
                return view(*arguments, **values)
            except Clashing as refused:
                raise Clashing(refused.clashes, self.reasons(refused.clashes)) from None

        return cast(View, told)

    def reasons(self, found: Sequence[Clash]) -> str:
        """All that speaks against it, one sentence each."""
        names = {each.id: each for each in self._desk.people()[0]}
        return " ".join(self.said(each, names) for each in found)

    def said(self, clash: Clash, names: Mapping[CarerId, Carer]) -> str:
        """One sentence that names both shifts; a clash of one shift with itself names it once."""
        who = names.get(clash.shift.carer_id)
        away = clash.away
        sentence = CLASHES[clash.why] if clash.other or clash.why not in ALONE else ALONE[clash.why]
        return gettext(
            sentence, who=f"{who.code} {who.name}" if who else clash.shift.carer_id,
            new=self.shift(clash.shift), other=self.shift(clash.other or clash.shift), found=f"{clash.found:g}",
            limit=clash.limit, day=f"{clash.day:%m-%d}" if clash.day else "",
            away=self.window(away.start_at, away.end_at) if away else "",
            kind=gettext(KINDS[away.kind]) if away else "",
        )  # fmt: skip

    def shift(self, shift: Shift) -> str:
        return self.window(shift.start_at, shift.end_at)

    def window(self, start: datetime, end: datetime) -> str:
        return window(self._calendar, start, end)


def window(calendar: Calendar, start: datetime, end: datetime) -> str:
    """A window as people say it: the day once where both ends are on it, and midnight at its end as 24:00."""
    first, last = calendar.local(start), calendar.local(end)
    if (last.hour, last.minute) == (0, 0) and (last.date() - first.date()).days == 1:
        return f"{first:%m-%d %H:%M}–24:00"
    day = "" if first.date() == last.date() else f"{last:%m-%d} "
    return f"{first:%m-%d %H:%M}–{day}{last:%H:%M}"
