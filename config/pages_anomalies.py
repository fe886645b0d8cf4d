"""The pages and the programs' side of findings about public money."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from schedules.money.anomalies.web.api import findings_api
from schedules.money.anomalies.web.pages import finding_pages


def anomaly_blueprints(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what people are called, by reference."""
    desk = house.homecare.anomalies.desk
    return [finding_pages(desk, names=names), findings_api(desk, transactions=house.transactions)]
