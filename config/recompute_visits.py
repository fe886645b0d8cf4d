"""
Which visits of stations count, on which day and for whom, found out from visits as they were given out; which stations
are paid for them counts recompute_operators.py, which lies beside this file.

Needs nothing but Python 3.11; shares no line with the program that it checks. What a visit's line holds stands in
docs/recompute-money.md.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

OVERLAP_S = 60
"""So long two visits of one carer may overlap: telephones do not sign to the second."""


class Visited:
    """
    Visits as they were given out, by station. Whether one counts, and on which day, is found out here: it was finished
    and looked at, nothing that speaks against it is open or was upheld, and nobody was at two places at once.
    """

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.by: dict[str, list[tuple[date, str]]] = defaultdict(list)
        self.faults: list[str] = []
        self.counted = 0
        self.spans: dict[str, list[tuple[datetime, datetime, str, bool]]] = defaultdict(list)

    def read(self, lines: Iterable[str]) -> None:
        """Visits; one that stands in two files is taken once."""
        seen = set()
        for line in lines:
            said = json.loads(line) if line.strip() else None
            if said is None or said["id"] in seen:
                continue
            seen.add(said["id"])
            counts = self._counts(said)
            if counts is not said["counts"]:
                self.faults.append(
                    f"visit {said['id']}: says {said['counts']}, and what is said of it comes to {counts}"
                )
            if counts:
                self._take(said)

    def _counts(self, said: Json) -> bool:
        upheld = any(resolution in (None, "rejected") for _, resolution in said["findings"])
        whole = said["state"] == "finished" and said["judged_at"] and said["begun_at"] and said["finished_at"]
        return bool(whole) and not upheld

    def _take(self, said: Json) -> None:
        self.counted += 1
        day = datetime.fromisoformat(said["begun_at"]).astimezone(self.zone).date()
        if day.isoformat() != said["date"]:
            self.faults.append(f"visit {said['id']}: says {said['date']}, and began on {day}")
        if said["station"]:
            self.by[said["station"]].append((day, said["resident"]))
        accepted = any(code == "overlap" for code, _ in said["findings"])
        for carer, begun, finished in said["carers"]:
            if begun and finished:
                span = datetime.fromisoformat(begun), datetime.fromisoformat(finished)
                self.spans[carer].append((*span, said["id"], accepted))

    def doubts(self) -> list[str]:
        """What is wrong with the visits themselves."""
        for carer, spans in self.spans.items():
            spans.sort()
            for (_, end, one, known), (start, _, other, also) in pairwise(spans):
                if (end - start).total_seconds() > OVERLAP_S and one != other and not (known or also):
                    self.faults.append(f"visit {other}: {carer} was at {one} at the same time, and both count")
        return self.faults

    def at(self, said: Json) -> list[tuple[date, str]]:
        """Day and resident of each that counts for this station, on the days of the line."""
        spans = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in said["spans"]]
        own = self.by.get(said["payee"], ())
        return [(day, who) for day, who in own if any(first <= day <= last for first, last in spans)]
