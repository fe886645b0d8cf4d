"""Ringing everybody who should look at once."""

from collections.abc import Callable


class Nudges:
    """Rings everybody who should look at once, after something has become durable."""

    def __init__(self) -> None:
        self._bells: list[Callable[[], None]] = []

    def join(self, bell: Callable[[], None]) -> None:
        self._bells.append(bell)

    def __call__(self) -> None:
        for ring in self._bells:
            ring()
