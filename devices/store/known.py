"""Who else has or had an address."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.ids import DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device that is or was in use, as far as it matters who else may have its address or code."""

    id: DeviceId
    code: str
    gateway: str
    retired_at: datetime | None
