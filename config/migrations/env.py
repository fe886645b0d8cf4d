"""Alembic's door: which tables there are, and on which database to work."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

from config.tables import metadata
from dispatch.store.database import Instant, Json, writing_engine


def _render(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Our column types stand in a migration as what they are on disk, so that it never depends on later code."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, render_item=_render, render_as_batch=True, compare_type=False
    )
    with context.begin_transaction():
        context.run_migrations()


_given = context.config.attributes.get("connection")
if _given is not None:
    _run(_given)
else:
    _engine = writing_engine(context.config.get_main_option("sqlalchemy.url") or "sqlite:///var/anling.db")
    with _engine.connect() as _connection:
        _run(_connection)
