"""The questions of the log's first page, asked once before anybody does."""

from datetime import date

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dispatch.errors import SLIPS
from dispatch.rules.review import Stage
from dispatch.rules.rights import DISTRICT
from dispatch.store.log_search import Filter, Search
from dispatch.store.logbook import Log

PAGE, DUE = 51, 20
"""As many as `/review` shows of cases (and one, to know whether there are more) and of what is due."""


def look_once(reading: Engine, today: date) -> bool:
    """
    Whether the log could be asked. Afterwards the SQL of its first page is made, a connection is open, and what it
    reads lies in the cache. A refusal of the database is the first reader's to be told; it stops no start.
    """
    try:
        with reading.connect() as connection:
            search = Search(connection, DISTRICT)
            search.waiting()
            search.page(Filter(stages=(Stage.OPEN, Stage.FOUND)), PAGE)
            search.follow_ups(today, DUE)
            Log(connection).bookmark()
    except (SQLAlchemyError, *SLIPS):
        return False
    return True
