"""
How many strangers may each raise an alarm of their own at one gateway, before they share one.

Whoever reaches an open port may forge an emergency of an account that nobody has registered, and of a thousand. Each is
heard, since one of them may be real; but all beyond the first few are one alarm of their gateway, so that a flood calls
the carers once. Time is passed in, as seconds of a steady clock whose zero does not matter.
"""

from collections import OrderedDict

OWN_MAX = 5
"""Strangers with an alarm of their own at one gateway at a time: more than an installer forgets to pair in an hour."""

PRESSES_MAX = 30
"""So often one of them may press within its time. Who presses every two seconds has been understood."""

OWN_S = 3_600.0
"""For so long after its last press a stranger keeps its own."""


class Strangers:
    """
    Who has one of their own, at each gateway: memory is bounded by the number of gateways.

    Not safe for threads: the caller holds a lock or owns it alone. A restart forgets it, which lets a few more in.
    """

    def __init__(self) -> None:
        self._own: dict[str, OrderedDict[str, tuple[float, int]]] = {}

    def has_own(self, gateway: str, address: str, at_s: float) -> bool:
        """Whether this emergency of a stranger is an alarm of its own, or joins its own; it is counted either way."""
        own = self._own.setdefault(gateway, OrderedDict())
        while own and next(iter(own.values()))[0] <= at_s - OWN_S:
            own.popitem(last=False)
        if address not in own and len(own) >= OWN_MAX:
            return False
        _, presses = own.pop(address, (at_s, 0))
        own[address] = (at_s, presses + 1)
        return presses < PRESSES_MAX
