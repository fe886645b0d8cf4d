"""Puts together who looks through the files that people bring."""

from config.settings import Settings
from dispatch.clock import Clock
from dispatch.scanner import Scanner


def scanner_of(settings: Settings, clock: Clock) -> Scanner | None:
    """The scanner of the settings; None where there is none."""
    said = settings.uploads
    return Scanner(said.scanner, clock, total_s=said.scan_s) if said.scanner else None
