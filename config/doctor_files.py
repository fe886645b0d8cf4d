"""The files without which a room stands still, or goes by the program's own, while the service runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

from config.beds_options import BedSettings
from config.care_files import read_items, read_standards
from config.findings import Finding
from config.holiday_files import own_folder, wrong_holidays
from config.quoting import IMPLIED
from config.retention import read_retention
from config.settings import Settings
from config.survey import read_form
from config.travel import barriers_of
from config.wiring_anomalies import thresholds
from config.wiring_beds import wrong_standards
from config.wiring_desk import read_escalation
from config.wiring_devices import plan_of
from config.wiring_logbook import review_limits
from config.wiring_rounds import read_offered, read_rounds
from config.wiring_welfare import scale_of
from dispatch.errors import SLIPS, Misconfigured
from schedules.money.book import read_book

POLICIES = "policies"

CURE = "mend the file, then start the service again; until then %s"


def room_files(settings: Settings, *, but: str = "") -> Iterator[Finding]:
    """One finding for each file `but` for one; what stands still with it is part of the cure."""
    beds = settings.beds
    looks: dict[str, tuple[Callable[[], object], str]] = {
        "anomalies file": (lambda: thresholds(settings.anomalies.rules), "nobody looks for anomalies of money"),
        "retention file": (lambda: read_retention(settings.privacy.retention), "nothing is erased by its age"),
        "review file": (lambda: review_limits(settings.review.file), "the limits that held last go on holding"),
        "survey file": (lambda: read_form(settings.satisfaction.form), "nobody is drawn for an interview"),
        "standards of beds": (lambda: _standards(beds), "months of beds that are held to it stand as not known"),
        "assessments file": (lambda: read_standards(beds.assessments), "no assessment can be written down"),
        "service list": (lambda: read_items(beds.items), "nobody counts basic items"),
        "book of rounds": (lambda: read_rounds(settings), "intervals are the program's, and nobody changes lists"),
        "services file": (lambda: read_offered(settings), "the program's own services can be booked"),
        "welfare file": (lambda: scale_of(settings.welfare.file), "signs weigh what the program gives them"),
        "devices file": (lambda: plan_of(settings.devices.file), "devices are supervised as the program says"),
        "barriers file": (lambda: barriers_of(settings), "ways go straight over rivers"),
        "holidays folder": (lambda: _holidays(settings), "the year of the file goes by its weekdays"),
        POLICIES: (lambda: _policies(settings), "their rules give nothing, and meals of them wait for a price"),
    }
    looks.pop(but, None)
    for name, (read, meanwhile) in looks.items():
        try:
            read()
        except Misconfigured as wrong:
            yield Finding(name=name, well=False, seen=wrong.detail, cure=CURE % meanwhile)
        except SLIPS as wrong:
            yield Finding(name=name, well=False, seen=f"{wrong!r}", cure=CURE % meanwhile)
        else:
            yield Finding(name=name, well=True, seen="in order")


def broken_files(settings: Settings) -> list[str]:
    """
    The names of those that are not in order; without the policies, which are many, and are told of by whoever asks for
    one.
    """
    try:
        read_escalation(settings)
    except Misconfigured:
        first = ["escalation file"]
    else:
        first = []
    return [*first, *(each.name for each in room_files(settings, but=POLICIES) if not each.well)]


def _holidays(settings: Settings) -> None:
    if wrong := wrong_holidays(own_folder(settings.duty.holidays, settings.home)):
        raise Misconfigured("duty.holidays", " ".join(wrong))


def _policies(settings: Settings) -> None:
    own = settings.meals.policies
    folders = {settings.bedmoney.policies, *([Path(own)] if own else [])}
    if faults := [str(each) for folder in sorted(folders) for each in read_book(folder, implied=IMPLIED).faults]:
        raise Misconfigured("bedmoney.policies", "; ".join(faults))


def _standards(said: BedSettings) -> None:
    wrong = wrong_standards(said)
    if wrong:
        raise Misconfigured("beds.standards", " ".join(wrong))
