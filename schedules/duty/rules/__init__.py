"""The rules of duty: who is there by the `shifts`, the `rotation` that lays them, and the `rest` people are owed."""

from schedules.duty.rules.shifts import Hole as Hole
from schedules.duty.rules.shifts import Shift as Shift
from schedules.duty.rules.shifts import Stretch as Stretch
from schedules.duty.rules.shifts import changes_after as changes_after
from schedules.duty.rules.shifts import holes as holes
from schedules.duty.rules.shifts import joined as joined
from schedules.duty.rules.shifts import on_duty as on_duty
from schedules.duty.rules.shifts import overlapping as overlapping
from schedules.duty.rules.shifts import present as present
