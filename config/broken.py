"""What of the database may be broken under a command, and the sentence that says so."""


def broken() -> tuple[type[Exception], ...]:
    """Errors of storage; asked only when something was raised, because a command that needs no database loads none."""
    from dispatch.store.idempotency import StorageFailed

    return (StorageFailed,)


def sentence_of(failure: Exception) -> str:
    """
    One sentence with its cure instead of a traceback.

    SQLAlchemy keeps what the database itself said in `orig`; a URL or a password never stands in it.
    """
    said = " ".join(str(getattr(failure, "orig", None) or failure).split())
    if "no such table" in said or "UndefinedTable" in type(getattr(failure, "orig", None)).__name__:
        return f"database_url: {said}. The tables are made by `anling db upgrade`, or by the first `anling serve`."
    return f"database_url: {said}. `anling doctor` says what to do about it."
