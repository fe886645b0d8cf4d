"""
Words of people that are markup and formula at once, in every column that takes words: no page, list or file runs them.

Generated: the columns are those of the inventory, the pages those of the url map, so neither a new page nor a new
column is forgotten.
"""

import csv
import io
import re
import tomllib
from html.parser import HTMLParser

import icalendar
import openpyxl
import pytest
from sqlalchemy import String, Text
from sqlalchemy.exc import IntegrityError

from dispatch.rules.rights import Role
from dispatch.store.database import metadata
from tests.architecture.tree import ROOT
from tests.integration.rights_goods import furnish
from tests.integration.rights_rig import OURS, Town
from tests.integration.test_rights_matrix import address, looked_at, taken_away

WORDS = "=1+1\"'><img src=x onerror=boo()>"
"""Breaks out of attributes, begins as a formula does; 33 characters."""

ROOM = 40
"""Columns with less room than this hold codes, not words."""

ALWAYS = frozenset({"name", "title", "note", "text", "address", "why", "reason", "answer"})
"""Columns so called hold words in every table, also those of stations, canteens, orders and the staff."""

DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = Town(tmp_path_factory.mktemp("town"))
    furnish(made)
    made.told = told_everywhere(made)
    yield made
    made.close()


def columns():
    """Every column whose words people typed, by the inventory: what is blanked by erasing, and names of staff."""
    inventory = tomllib.loads((ROOT / "dispatch/privacy/inventory.toml").read_text(encoding="utf-8"))["tables"]
    for name, about in inventory.items():
        table = metadata.tables[name]
        typed = {column for column, left in about.get("erase", {}).items() if left in {"empty", "null"}}
        typed |= {column for column in ALWAYS if column in table.c}
        for column in sorted(typed & set(table.c.keys())):
            kind = table.c[column].type
            if isinstance(kind, (String, Text)) and (kind.length or ROOM) >= ROOM and "phone" not in column:
                yield table, column


def told_everywhere(town) -> set[str]:
    """Writes the words into every such column of every row; where they are, by table and column."""
    written = set()
    for table, column in columns():
        try:
            found = town.house.transactions.run(
                lambda tx, table=table, column=column: (
                    tx.connection.execute(
                        table.update().where(table.c[column].is_not(None)).values({column: WORDS})
                    ).rowcount
                )
            )
        except IntegrityError:
            continue
        if found:
            written.add(f"{table.name}.{column}")
    town.house.forget()
    return written


class Running(HTMLParser):
    """Notes what of the words became an element or an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.run: list[str] = []

    def handle_starttag(self, tag, attrs):
        if any(name.startswith("on") for name, _ in attrs) or (tag == "img" and ("src", "x") in attrs):
            self.run.append(f"{tag} {attrs}")


def live(content: bytes, kind: str) -> list[str]:
    """What a browser or Excel would run of this answer."""
    if content.startswith(b"PK"):
        book = openpyxl.load_workbook(io.BytesIO(content))
        return [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    if kind.startswith("text/csv"):
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return [cell for row in rows for cell in row if cell.startswith(DANGEROUS)]
    if kind.startswith(("text/html", "image/svg")):
        parser = Running()
        parser.feed(content.decode())
        return parser.run
    return []


@pytest.fixture(scope="module")
def answers(town):
    """What everybody's pages and lists answer, by their rule: status, headers, content."""
    everybody, found = town.browser(frozenset(Role)), {}
    for rule in looked_at(town):
        answer = everybody.get(address(town, rule, OURS, full=True))
        found[rule] = answer.status_code, answer.headers, answer.get_data()
        answer.close()
    return found


def test_words_stand_in_every_table_that_takes_them(town):
    wanted = {
        "residents.name", "residents.illness", "contacts.name", "homes.address", "homes.entry", "carers.name",
        "operators.name", "notes.text", "handovers.note", "orders.note", "stations.name", "bills.why",
    }  # fmt: skip
    assert wanted - town.told == set()
    assert len(town.told) > 35


def test_no_page_list_or_file_runs_what_somebody_wrote(town, answers):
    assert {rule: status for rule, (status, _, _) in answers.items() if status >= 500} == {}
    found = {rule: live(content, headers["Content-Type"]) for rule, (_, headers, content) in answers.items()}
    assert {rule: ran[:2] for rule, ran in found.items() if ran} == {}
    shown = [rule for rule, (_, _, content) in answers.items() if b"onerror" in content]
    assert len(shown) > 80, "the words are shown, or nothing was looked at"


def test_what_would_run_is_noticed():
    assert live(f"<p title='{WORDS}'>".encode(), "text/html") != []
    assert live(f"a,{WORDS}".encode("utf-8-sig"), "text/csv") != []


def test_no_file_that_is_taken_away_runs_what_somebody_wrote(town):
    everybody = town.browser(frozenset(Role))
    for kind in ("residents", "carers", "devices", "shifts", "canteens"):
        for form in ("csv", "xlsx"):
            sent = {"csrf_token": town.csrf, "format": form, "reason": "because"}
            answer = everybody.post(f"/export/{kind}", data=sent)
            assert answer.status_code == 200, (kind, form)
            assert live(answer.get_data(), answer.headers["Content-Type"]) == [], (kind, form)
    for form in ("csv", "xlsx"):
        answer = everybody.post("/review/export", data={"csrf_token": town.csrf, "kind": form})
        assert live(answer.get_data(), answer.headers["Content-Type"]) == [], form
    assert any("onerror" in text for text in taken_away(town, everybody).values())


def test_a_calendar_holds_the_words_whole_and_nothing_they_could_begin(town):
    twice = f"{WORDS}\r\nEND:VEVENT\nATTENDEE:mailto:x@example.org"
    for table in ("carers", "stations"):
        town.house.transactions.run(
            lambda tx, table=metadata.tables[table]: tx.connection.execute(table.update().values(name=twice))
        )
    town.house.forget()
    page = town.browser(frozenset(Role)).get("/roster").text
    read = 0
    for path in sorted(set(re.findall(r"/calendar/[^\"<\s]+\.ics", page))):
        answer = town.app.test_client().get(path)
        assert answer.status_code == 200
        for event in icalendar.Calendar.from_ical(answer.get_data()).walk("VEVENT"):
            assert "ATTENDEE" not in event
            assert WORDS in str(event["summary"]) + str(event.get("location", ""))
            read += 1
    assert read > 0


def test_what_tells_of_people_is_kept_by_no_browser_and_tells_no_other_site(answers):
    lacking = {}
    for rule, (_, headers, content) in answers.items():
        if b"onerror" not in content:
            continue
        wanted = {
            "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": "default-src 'self'",
        }  # fmt: skip
        if found := {name: headers.get(name) for name, part in wanted.items() if part not in headers.get(name, "")}:
            lacking[rule] = found
    assert lacking == {}
