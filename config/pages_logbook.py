"""The pages and the API of the response log, with what they need of the house."""

from flask import Blueprint

from config.wiring import House
from dispatch.web.access import file_opened
from dispatch.web.logbook.api import review_api, verify_api
from dispatch.web.logbook.reading import LogRoom
from dispatch.web.logbook.record import record_blueprint
from dispatch.web.logbook.review import review_blueprint


def logbook_blueprints(house: House) -> list[Blueprint]:
    """`/review`, `/record`, and the same on the wire."""
    room = log_room(house)
    return [review_blueprint(room), record_blueprint(room), review_api(room), verify_api(room)]


def log_room(house: House) -> LogRoom:
    """What the views need; that somebody read in a resident's file is an entry of the record."""

    def seen(*, subject: str, **_: object) -> None:
        file_opened(subject.removeprefix("resident:"))

    own = house.logbook
    return LogRoom(
        reading=house.reading, transactions=house.transactions, clock=house.clock, zone=house.calendar.tzinfo,
        follower=own.follower, reviewing=own.reviewing, stories=own.stories, verifier=own.verifier, seen=seen,
        limits=own.limits, lacking=own.lacking,
    )  # fmt: skip
