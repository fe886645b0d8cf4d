"""What `anling doctor` asks of the files without which a room stands still while the service runs."""

from collections.abc import Callable, Iterator

from config.findings import Finding
from config.retention import read_retention
from config.settings import Settings
from config.survey import read_form
from config.wiring_anomalies import thresholds
from config.wiring_logbook import review_limits
from dispatch.errors import Misconfigured

CURE = "mend the file, then start the service again; until then %s"


def room_files(settings: Settings) -> Iterator[Finding]:
    """One finding for each file; what stands still with it is part of the cure."""
    looks: dict[str, tuple[Callable[[], object], str]] = {
        "anomalies file": (lambda: thresholds(settings.anomalies.rules), "nobody looks for anomalies of money"),
        "retention file": (lambda: read_retention(settings.privacy.retention), "nothing is erased by its age"),
        "review file": (lambda: review_limits(settings.review.file), "the limits that held last go on holding"),
        "survey file": (lambda: read_form(settings.satisfaction.form), "nobody is drawn for an interview"),
    }
    for name, (read, meanwhile) in looks.items():
        try:
            read()
        except Misconfigured as wrong:
            yield Finding(name=name, well=False, seen=wrong.detail, cure=CURE % meanwhile)
        else:
            yield Finding(name=name, well=True, seen="in order")
