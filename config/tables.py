"""Every table of every room, for migrations: importing this makes the metadata complete."""

from devices.store.assignments import assignments
from devices.store.devices import devices
from devices.store.edges import edges
from devices.store.gateways import gateways
from devices.store.meanings import meanings
from devices.store.press_tests import press_tests
from devices.store.repairs import repairs
from devices.store.vigils import vigils
from dispatch.store.absences import absences
from dispatch.store.account_codes import account_codes
from dispatch.store.accounts import operators
from dispatch.store.alarms import alarms
from dispatch.store.calls import calls
from dispatch.store.claims import claims
from dispatch.store.database import metadata
from dispatch.store.drills import drills
from dispatch.store.finds import finds
from dispatch.store.follow_ups import follow_ups
from dispatch.store.handovers import handovers
from dispatch.store.idempotency import idempotency
from dispatch.store.logbook import log_alarms
from dispatch.store.moves import register_moves
from dispatch.store.outbox import messages
from dispatch.store.people import homes
from dispatch.store.policies import policies
from dispatch.store.privacy import erasures
from dispatch.store.proofs import proofs
from dispatch.store.pulse import pulses
from dispatch.store.reach_tests import reach_tests
from dispatch.store.record import entries
from dispatch.store.replies import replies
from dispatch.store.satisfaction import ratings
from dispatch.store.shadows import shadowed
from dispatch.store.signals import signals
from dispatch.store.signed_reports import signed_reports
from dispatch.store.subscriptions import subscriptions
from dispatch.store.visits import carer_visits
from schedules.care.store.assessments import bed_assessments
from schedules.care.store.beds import beds
from schedules.care.store.papers import bed_papers
from schedules.care.store.plans import care_plans
from schedules.care.store.standings import bed_standings
from schedules.care.store.visit_pictures import visit_pictures
from schedules.care.store.visit_points import visit_points
from schedules.care.store.visits import visits
from schedules.coverage.store import coverage_gaps
from schedules.duty.store import shift_drafts, shifts
from schedules.duty.store.away import carer_absences
from schedules.duty.store.rotations import rotations
from schedules.duty.store.swaps import swaps
from schedules.meals.store.canteens import canteens
from schedules.meals.store.diners import diner_facts, diners
from schedules.meals.store.orders import meal_orders
from schedules.meals.store.servings import servings
from schedules.money.anomalies.store.checks import money_checks
from schedules.money.anomalies.store.findings import money_findings
from schedules.money.beds.store import bills
from schedules.money.corrections.store import corrections
from schedules.money.operators.store import operator_terms
from schedules.money.store.ledger import ledger_entries
from schedules.money.store.shared import rules_shared
from schedules.money.store.statements import statements
from schedules.money.store.versions import policy_versions
from schedules.orders.store.orders import orders
from schedules.places.store import places
from schedules.planning.store import visit_plans
from schedules.rounds.store.campaigns import round_campaigns
from schedules.rounds.store.rounds import care_rounds
from schedules.welfare.store import welfare_signals

SHELVES = (
    absences, account_codes, alarms, assignments, bed_assessments, bed_papers, bed_standings, beds, bills, calls,
    canteens, care_plans, care_rounds, carer_absences, carer_visits, claims, corrections, coverage_gaps, devices,
    diner_facts, diners, drills, edges, entries, erasures, finds, follow_ups, gateways, handovers, homes, idempotency,
    ledger_entries, log_alarms, meal_orders, meanings, messages, money_checks, money_findings, operator_terms,
    operators, orders, places, policies, policy_versions, press_tests, proofs, pulses, ratings, reach_tests,
    register_moves, repairs, replies, rotations, round_campaigns, rules_shared, servings, shadowed, shift_drafts,
    shifts, signals, signed_reports, statements, subscriptions, swaps, vigils, visit_pictures, visit_plans,
    visit_points, visits, welfare_signals,
)  # fmt: skip
"""One table of each module, so that none of the imports can be taken for a mistake."""

__all__ = ["SHELVES", "metadata"]
