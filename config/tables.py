"""Every table of every room, for migrations: importing this makes the metadata complete."""

import devices.store.devices
import dispatch.store.accounts
import dispatch.store.alarms
import dispatch.store.outbox
import dispatch.store.people
import dispatch.store.policies
import dispatch.store.record
import dispatch.store.replies
import dispatch.store.signals
import schedules.duty.store  # noqa: F401
from dispatch.store.database import metadata as metadata
