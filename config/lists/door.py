"""What the pages of lists ask for, answered by the desk with plain values (`dispatch.web.lists.Lists`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from config.lists.columns import NAMES
from config.lists.commands import export
from config.lists.desk import ImportDesk, Wanted
from config.lists.journal import Journal
from config.wiring import House
from dispatch.errors import Conflict
from dispatch.rules.people import Person
from dispatch.rules.rights import Area


class ListDoor:
    """Keeps `dispatch.web.lists.Lists`."""

    def __init__(self, house: House, desk: ImportDesk) -> None:
        self._house = house
        self._desk = desk

    def upload(self, content: bytes, name: str, *, by: Person) -> str:
        return self._desk.upload(content, name, by=by)

    def look(
        self, token: str, *, kind: str, columns: Mapping[str, str], datum: str, by: Person, area: Area
    ) -> dict[str, Any]:
        seen = self._desk.preview(token, Wanted(kind=kind, columns=columns, datum=datum), by=by, area=area)
        return {**seen.told(), "seal": seen.seal}

    def commit(
        self, token: str, *, kind: str, columns: Mapping[str, str], datum: str, seal: str | None, by: Person, area: Area
    ) -> dict[str, Any]:
        seen = self._desk.preview(token, Wanted(kind=kind, columns=columns, datum=datum), by=by, area=area)
        if seal is not None and seal != seen.seal:
            raise Conflict("The registers have changed meanwhile: look at the preview again.")
        return _told(self._desk.commit(seen, by=by, area=area))

    def undo(self, id_: str, *, by: Person, area: Area) -> int:
        return self._desk.undo(id_, by=by, area=area)

    def forget(self, token: str) -> None:
        self._desk.forget(token)

    def imports(self, *, by: Person, area: Area) -> Sequence[dict[str, Any]]:
        return [_told(each) for each in self._desk.imports() if area.is_district or each.by == by]

    def fields(self, kind: str) -> Mapping[str, str]:
        return {name: all_[0] for name, all_ in NAMES[kind].items()}

    def export(self, kind: str, form: str, *, full: bool, reason: str, by: Person, area: Area) -> bytes:
        return export(self._house, kind, form, full=full, reason=reason, by=by, area=area)


def _told(done: Journal) -> dict[str, Any]:
    return {
        "id": done.id, "kind": done.kind, "file": done.file, "by": done.by, "at": done.at.isoformat(),
        "rows": done.rows, "changes": done.size, "state": done.state,
    }  # fmt: skip
