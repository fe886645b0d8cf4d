"""`anling openapi`: the description of the programming interface, as it stands in docs/openapi.json."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from config.options import AccountSettings, Settings
from config.pages import Pages
from config.wiring import build
from dispatch.clock import SystemClock
from dispatch.ids import new_id


def application(folder: Path, *, accounts: AccountSettings | None = None) -> Any:
    """The application of a service with no other settings, on an empty database in this folder; and its house."""
    settings = replace(
        Settings(), home=folder, database_url=f"sqlite:///{folder}/anling.db", accounts=accounts or AccountSettings()
    )
    house = build(settings, SystemClock(), new_id)
    return Pages(house).app(secret_key="x" * 40), house


def written(document: dict[str, Any]) -> str:
    """The document as it stands in the repository: the same for the same interface."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def describe() -> str:
    """The document of this program."""
    with tempfile.TemporaryDirectory() as folder:
        app, house = application(Path(folder))
        try:
            return written(app.test_client().get("/api/v1/openapi.json").json)
        finally:
            house.stop()
