"""
When the air itself is the fault: a gateway that is there, and cannot hear what it should.

Two signs. A good part of the devices that it hears fell silent within one interval, while it goes on hearing others:
somebody jams them, or an aerial came off (PROMISES, R8: 30 % of a gateway's devices in two intervals). Or more of what
comes over its line cannot be read than a sound line ever brings (R5: 5 % within 10 min).
"""

from dataclasses import dataclass

SHARE_BEGINS = 0.30
SHARE_ENDS = 0.15
"""Of the devices that a gateway hears. It is over at half of what began it, so that it does not come and go."""

SILENT_MIN = 3
"""Two devices that fall silent together are two devices."""

WINDOW_S = 600.0
BAD_SHARE = 0.05
BAD_MIN = 20
"""Below so many within the window nothing is said of a line on which little is heard."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What a gateway has counted: whole frames, and what could not be read."""

    frames: int = 0
    bad: int = 0


def is_noisy(lately: Noise) -> bool:
    """Whether so much of what was heard within the window could not be read that it is a fault."""
    return lately.bad >= BAD_MIN and lately.bad > BAD_SHARE * (lately.bad + lately.frames)


def is_jammed(*, fell_silent: int, silent: int, supervised: int, before: bool) -> bool:
    """
    Whether a gateway's devices are kept from it.

    Of `supervised` that it heard last and that speak by themselves, `silent` have missed two intervals, and
    `fell_silent` of these have done so lately. `before` says that it was so at the last look.
    """
    if before:
        return silent >= SILENT_MIN and silent >= SHARE_ENDS * supervised
    return fell_silent >= SILENT_MIN and fell_silent >= SHARE_BEGINS * supervised
