"""The pages and the programs' side of findings about public money."""

from flask import Blueprint

from config.wiring import House
from schedules.money.anomalies.web.api import findings_api
from schedules.money.anomalies.web.pages import finding_pages


def anomaly_blueprints(house: House) -> list[Blueprint]:
    desk = house.homecare.anomalies.desk
    return [finding_pages(desk), findings_api(desk, transactions=house.transactions)]
