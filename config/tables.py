"""Every table of every room, for migrations: importing this makes the metadata complete."""

import schedules.duty.store  # noqa: F401
from dispatch.store.database import metadata as metadata
