"""How much is measured: everything, or a quick look."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`seconds` is how long the loads last; `quick` takes the smaller of two sizes."""

    seconds: float = 60.0
    quick: bool = False

    def of(self, full: int, *, quick: int) -> int:
        return quick if self.quick else full
