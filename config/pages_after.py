"""Puts together the pages of satisfaction and of personal data."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from dispatch.privacy.consenting import Consenting
from dispatch.store.people import People, residents
from dispatch.web.consents import consents_blueprint
from dispatch.web.privacy import privacy_blueprint, privacy_pages
from dispatch.web.surveys import survey_pages, surveys_blueprint


def after_pages(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what people are called, by reference."""
    after = house.after

    def id_of(code: str) -> str | None:
        with house.reading.connect() as connection:
            return People(connection).id_of(residents, code)

    def everybody() -> Mapping[str, str]:
        with house.reading.connect() as connection:
            found = {f"resident:{each.id}": f"{each.code} {each.name}" for each in People(connection).residents()}
        return {**names(), **found}

    whole = (after.erasing, after.exporting, after.retention)
    return [
        survey_pages(after.surveying, clock=house.clock),
        surveys_blueprint(after.surveying, transactions=house.transactions),
        privacy_pages(*whole, id_of=id_of, names=everybody, zone=house.calendar.tzinfo),
        privacy_blueprint(*whole, transactions=house.transactions),
        consents_blueprint(Consenting(house.transactions, house.reading), transactions=house.transactions),
    ]
