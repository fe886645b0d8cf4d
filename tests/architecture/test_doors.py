"""Foreign libraries, and what a machine is asked for, come in by one door each."""

from fnmatch import fnmatch

import pytest

from tests.architecture.tree import attributes, files, imports, name_of

DOORS = {
    "alembic": ["config/migrations/*", "config/databases.py"],
    "apscheduler": ["schedules/runner.py"],
    "cryptography": ["devices/decoders/dc09_cipher.py"],
    "flask": ["*/web/*", "config/pages*.py"],
    "marshmallow": ["*/web/*", "config/schemas.py", "config/settings*.py", "config/district*.py"],
    "paho": ["devices/ports/mqtt.py"],
    "serial": ["devices/ports/serial.py"],
    "sqlalchemy": ["*/store/*", "*/store.py", "config/migrations/*", "config/wiring*"],
    "twilio": ["dispatch/messages/providers/twilio*.py"],
}
"""Library → the files that may import it. A new door is a line here, written on purpose."""

CALLS = {
    "datetime.now": ["dispatch/clock.py"],
    "datetime.utcnow": [],
    "date.today": [],
    "os.environ": ["config/settings.py", "dispatch/horn/__main__.py"],
    "os.getenv": [],
    "time.monotonic": ["dispatch/clock.py"],
    "time.monotonic_ns": ["dispatch/clock.py"],
    "time.sleep": [],
    "time.time": ["dispatch/clock.py"],
    "time.time_ns": ["dispatch/clock.py"],
    "uuid.uuid4": ["dispatch/ids.py"],
}
"""What is asked of the machine → the files that may ask. Ruff bans the same; its doors open for a whole file only."""


def may(name: str, doors: list[str]) -> bool:
    return any(fnmatch(name, door) for door in doors)


@pytest.mark.parametrize("library", DOORS)
def test_a_foreign_library_is_imported_at_its_door_only(library):
    strays = [
        name_of(path)
        for path in files(".py")
        if any(module.split(".")[0] == library for module in imports(path)) and not may(name_of(path), DOORS[library])
    ]
    assert strays == []


@pytest.mark.parametrize("call", CALLS)
def test_the_machine_is_asked_at_one_door_only(call):
    strays = [
        name_of(path) for path in files(".py") if call in attributes(path) and not may(name_of(path), CALLS[call])
    ]
    assert strays == []


def test_every_library_with_a_door_is_really_looked_for():
    """The doors would hold nothing if the search found no import at all."""
    assert "marshmallow" in {module.split(".")[0] for path in files(".py") for module in imports(path)}
