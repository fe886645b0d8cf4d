"""What is kept of duty: shifts and their drafts by this name, rotations, swaps, absences of carers beside."""

from schedules.duty.store.shifts import PUT as PUT
from schedules.duty.store.shifts import TAKE as TAKE
from schedules.duty.store.shifts import Plans as Plans
from schedules.duty.store.shifts import ReadingEngine as ReadingEngine
from schedules.duty.store.shifts import ShiftDraft as ShiftDraft
from schedules.duty.store.shifts import Shifts as Shifts
from schedules.duty.store.shifts import feeds as feeds
from schedules.duty.store.shifts import shift_changes as shift_changes
from schedules.duty.store.shifts import shift_drafts as shift_drafts
from schedules.duty.store.shifts import shifts as shifts
