"""The settings of the welfare signal, as values."""

from dataclasses import dataclass
from pathlib import Path

_SCALE = Path(__file__).parent / "care" / "welfare.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class WelfareSettings:
    """`on`: whether signs are gathered and signals raised; `file`: what signs weigh."""

    on: bool = True
    file: Path = _SCALE
