"""
Whether somebody is rung before anybody is sent: most signs are of people who are well, or away and told nobody.

```
  by day    threshold ≤ score < sure       ring them; nobody said they are well within the hour: send
  at night  threshold ≤ score < at_night   ring them in the morning;  from at_night on: send at once
  always    score ≥ sure                   send at once
```
"""

from datetime import datetime, time, timedelta

from schedules.welfare.rules.signs import Scale
from schedules.welfare.rules.watching import Local

FROM, UNTIL = time(8), time(22)
"""Local times between which old people are rung; defaults."""

WITHIN = timedelta(hours=1)
"""So long people on watch have to ring; then somebody is sent. A default."""


def ring_until(score: float, scale: Scale, now: datetime, local: Local) -> datetime | None:
    """Until when they are to be rung; None where somebody is sent at once."""
    if scale.sure is None or score >= scale.sure:
        return None
    here = local(now)
    if FROM <= here.time() < UNTIL:
        return now + WITHIN
    if scale.at_night is not None and score >= scale.at_night:
        return None
    morning = here.replace(hour=FROM.hour, minute=FROM.minute, second=0, microsecond=0)
    return (morning if here < morning else morning + timedelta(days=1)).astimezone(now.tzinfo) + WITHIN
