"""Every table of every room, for migrations: importing this makes the metadata complete."""

from devices.store.devices import devices
from devices.store.edges import edges
from dispatch.store.accounts import operators
from dispatch.store.alarms import alarms
from dispatch.store.database import metadata
from dispatch.store.idempotency import idempotency
from dispatch.store.outbox import messages
from dispatch.store.people import homes
from dispatch.store.policies import policies
from dispatch.store.record import entries
from dispatch.store.replies import replies
from dispatch.store.signals import signals
from schedules.duty.store import shifts

SHELVES = (alarms, devices, edges, entries, homes, idempotency, messages, operators, policies, replies, shifts, signals)
"""One table of each module, so that none of the imports can be taken for a mistake."""

__all__ = ["SHELVES", "metadata"]
