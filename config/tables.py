"""Every table of every room, for migrations: importing this makes the metadata complete."""

from devices.store.assignments import assignments
from devices.store.devices import devices
from devices.store.edges import edges
from devices.store.gateways import gateways
from devices.store.meanings import meanings
from devices.store.press_tests import press_tests
from devices.store.repairs import repairs
from devices.store.vigils import vigils
from dispatch.store.accounts import operators
from dispatch.store.alarms import alarms
from dispatch.store.calls import calls
from dispatch.store.database import metadata
from dispatch.store.drills import drills
from dispatch.store.idempotency import idempotency
from dispatch.store.outbox import messages
from dispatch.store.people import homes
from dispatch.store.policies import policies
from dispatch.store.pulse import pulses
from dispatch.store.reach_tests import reach_tests
from dispatch.store.record import entries
from dispatch.store.replies import replies
from dispatch.store.shadows import shadowed
from dispatch.store.signals import signals
from dispatch.store.subscriptions import subscriptions
from dispatch.store.visits import carer_visits
from schedules.duty.store import shift_drafts, shifts

SHELVES = (
    alarms, assignments, calls, carer_visits, devices, drills, edges, entries, gateways, homes, idempotency, meanings,
    messages, operators, policies, press_tests, pulses, reach_tests, repairs, replies, shadowed, shift_drafts, shifts,
    signals, subscriptions, vigils,
)  # fmt: skip
"""One table of each module, so that none of the imports can be taken for a mistake."""

__all__ = ["SHELVES", "metadata"]
