"""The register of OWASP ASVS is whole and true, and what it claims that had no test of its own."""

import re
import tomllib
from pathlib import Path

import pytest

from config.sbom import LOCK, bill
from tests.integration.after_rig import AfterRig

ROOT = Path(__file__).parent.parent.parent
REGISTER = tomllib.loads((ROOT / "docs" / "asvs.toml").read_text(encoding="utf-8"))
COUNTS = {
    1: 27,
    2: 11,
    3: 19,
    4: 10,
    5: 9,
    6: 35,
    7: 18,
    8: 7,
    9: 7,
    10: 29,
    11: 14,
    12: 9,
    13: 13,
    14: 9,
    15: 13,
    16: 16,
    17: 7,
}
"""Requirements of levels 1 and 2 by chapter (SECURITY, section 5.1)."""


@pytest.fixture
def rig(tmp_path):
    rig = AfterRig(tmp_path)
    yield rig
    rig.sign_in.close()
    rig.close()


# ------------------------------------------------------------------------------------------------ the register


def test_every_requirement_of_levels_one_and_two_is_in_the_register():
    found = dict.fromkeys(COUNTS, 0)
    for id_ in REGISTER:
        found[int(id_.split(".")[0])] += 1
    assert found == COUNTS
    assert sum(row["level"] == 1 for row in REGISTER.values()) == 70


@pytest.mark.parametrize("id_", REGISTER)
def test_every_line_says_where_and_what_shows_it(id_):
    row = REGISTER[id_]
    assert row["is"] in {"done", "gap", "being built", "n/a"}
    assert len(row["what"]) > 3
    assert row["by"]
    assert row["see"] or row["is"] != "done", "done, and what shows it?"
    missing = [each for each in row["see"] if not is_there(each)]
    assert missing == []


def is_there(named):
    path, _, test = named.partition("::")
    file = ROOT / path
    return file.exists() and (not test or f"def {test}(" in file.read_text(encoding="utf-8"))


def test_a_line_that_names_what_is_gone_would_be_noticed():
    assert not is_there("tests/integration/test_asvs.py::test_that_is_gone")
    assert not is_there("dispatch/gone.py")


def test_the_list_of_parts_is_the_lock():
    parts = bill(LOCK.read_text(encoding="utf-8"))["components"]
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert [each["name"] for each in parts] == [re.sub(r"[-_.]+", "-", name).lower() for name in pinned]
    assert all(each["externalReferences"] for each in parts)


# ------------------------------------------------------------------------------------------------ what is written


def sources(*folders, ending=".py"):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{ending}")):
            if "vendor" not in path.parts and "migrations" not in path.parts:
                yield path, path.read_text(encoding="utf-8")


MARKED = ["dispatch/web/account/second.py", "dispatch/web/board.py", "dispatch/web/shown.py"]
"""
The QR code of a second step, drawn out of our own text; rows and details of the board, kept as rendered, and
one of them marked as chosen.
"""

WEAK = [
    "devices/decoders/dc09_cipher.py",
    "devices/ports/sip_digest.py",
    "dispatch/messages/providers/aliyun_queue.py",
]
"""What panels of DC-09, units of SIP and a provider's queue (HMAC-SHA-1) speak: their standards or makers say so."""

GAPS = {"11.3.1", "11.3.2", "11.3.3", "11.4.1", "12.3.1"}
"""Not fulfilled by default: what devices speak is not ours to choose, and issue 3 names their protocols."""

OURS = ("config", "devices", "dispatch", "schedules")


def found(pattern, *folders, ending=".py"):
    return [str(path.relative_to(ROOT)) for path, text in sources(*folders, ending=ending) if re.search(pattern, text)]


def test_no_template_switches_escaping_off():
    """
    But for the styles of pages that stand alone, which are files of ours read at the start; what a view marks as ready
    was made by a template of ours, or is a drawing by a library out of numbers and escaped words.
    """
    pattern = r"\|\s*safe\b|autoescape\s+false"
    assert found(pattern, "dispatch", "devices", ending=".html") == [
        "dispatch/web/templates/sheet_file.html", "dispatch/web/templates/small.html",
    ]  # fmt: skip
    assert found(r"\bMarkup\(", *OURS) == MARKED


def test_nothing_evaluates_text():
    hits = found(r"(?<![.\w])(?:eval|exec)\(|\bimport (?:pickle|marshal|shelve)\b|yaml\.load\(", *OURS)
    # Two processes of ours speak over a pipe that nobody else has an end of.
    assert [each for each in hits if each != "schedules/apart.py"] == []


def test_bandits_rules_are_on():
    """ruff's S rules are bandit's: shell, SQL from text, eval, pickle, TLS, weak hashes …"""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert {rule for rule in lint["ignore"] if re.fullmatch(r"S\d+", rule)} == {"S101", "S311"}


def test_weak_ciphers_and_hashes_are_used_where_others_want_them_alone():
    """Nothing of ours is under them: panels are read, SIP units prove a password, requests to Aliyun's queue signed."""
    weak = r"hashlib\.(?:md5|sha1)|new\([\"']md5|modes import (?!GCM)|\b(?:ECB|TripleDES|ARC4|Blowfish)\b"
    assert found(weak, *OURS) == WEAK


def test_every_gap_says_what_is_missing_and_shows_it():
    gaps = {id_: row for id_, row in REGISTER.items() if row["is"] == "gap"}
    assert set(gaps) == GAPS
    assert all(row["see"] for row in gaps.values())


def test_no_pattern_is_built_from_input():
    pattern = r"re\.(?:compile|match|search|fullmatch|sub|findall|split)\(\s*(?:f[\"']|request\.)"
    assert found(pattern, "dispatch/web", "devices/web") == []


def test_our_scripts_write_no_markup_of_their_own():
    pattern = r"(?:inner|outer)HTML\s*\+?=|insertAdjacentHTML|document\.write|\beval\(|new Function|window\.onmessage"
    assert found(pattern, "dispatch/web/static", ending=".js") == []


def test_our_scripts_keep_nothing_of_people():
    kept = {
        name
        for _, text in sources("dispatch/web/static", ending=".js")
        for name in re.findall(r"(?:local|session)Storage\.setItem\((\w+|[\"'][^\"']+[\"'])", text)
    }
    assert kept <= {"LOOKED", "DUTY", "CONSOLE"}, "what is kept in a browser is named here on purpose"


def test_nobody_switches_certificates_off():
    assert found(r"verify\s*=\s*False|CERT_NONE|_create_unverified_context|check_hostname\s*=\s*False", *OURS) == []


def test_views_read_a_parameter_from_one_place():
    assert found(r"request\.values", "dispatch/web", "devices/web") == [
        "dispatch/web/account/second.py", "dispatch/web/entrance.py",
    ]  # fmt: skip


def test_views_open_no_file():
    assert found(r"(?<![.\w])(?<!def )open\(|\.save\(|send_from_directory\(", "dispatch/web", "devices/web") == []


def test_debug_is_never_switched_on():
    assert found(r"debug\s*=\s*True|\.run\(.*debug|FLASK_DEBUG", *OURS) == []


def test_no_form_sends_words_in_the_address():
    """Forms that look something up by GET carry a search box and nothing else; all others are posted."""
    forms = [
        (str(path.relative_to(ROOT)), form)
        for path, text in sources("dispatch/web/templates", "devices/web/templates", ending=".html")
        for form in re.findall(r"<form\b(?:[^>\"]|\"[^\"]*\")*>", text)
    ]
    by_get = [(path, form) for path, form in forms if 'method="post"' not in form]
    assert len(forms) > 10
    assert [path for path, form in by_get if 'role="search"' not in form] == []


# ------------------------------------------------------------------------------------------------ what is answered


PATHS = (
    "/login",
    "/surveys",
    "/privacy",
    "/api/v1/openapi.json",
    "/api/v1/surveys",
    "/healthz",
    "/nowhere",
    "/static/style.css",
)


@pytest.mark.parametrize("path", PATHS)
def test_trace_is_not_answered(rig, path):
    answer = rig.app.test_client().open(path, method="TRACE", headers={"Cookie": "secret=1"})
    assert answer.status_code in {404, 405}
    assert b"secret" not in answer.data


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_what_it_is(rig, path):
    answer = rig.app.test_client().get(path)
    kind = answer.headers["Content-Type"]
    answer.close()
    assert kind.startswith(("application/json", "application/problem+json")) or "charset=utf-8" in kind.lower()


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_opens_itself_to_another_site(rig, path):
    for method in ("GET", "OPTIONS"):
        answer = rig.app.test_client().open(path, method=method, headers={"Origin": "https://evil.example"})
        answer.close()
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/.git/config", "/static/", "/static/../app.py", "/static/%2e%2e/app.py", "/config/default.toml"]
)
def test_nothing_of_the_repository_is_served(rig, path):
    assert rig.app.test_client().get(path).status_code == 404


def test_signing_out_clears_the_browser(rig):
    anna = rig.browser()
    answer = anna.post("/logout")
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "Clear-Site-Data" not in anna.get("/login").headers


def test_a_refused_right_is_logged(rig, log_lines):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE operators SET roles='installer' WHERE login='anna'")
    assert rig.browser_without("anna").get("/privacy").status_code == 403
    assert [(each["event"], each["right"]) for each in log_lines if each["event"] == "right_refused"] == [
        ("right_refused", "erase")
    ]


def test_a_forged_form_is_logged(rig, log_lines):
    anna = rig.browser()
    assert anna.client.post("/privacy/ask", data={"resident": "R1"}).status_code == 400
    site = {"Sec-Fetch-Site": "cross-site"}
    assert anna.client.post("/privacy/ask", data={"resident": "R1"}, headers=site).status_code == 400
    told = [(each["site"], "R1" in str(each)) for each in log_lines if each["event"] == "form_refused"]
    assert told == [("unknown", False), ("cross-site", False)]
