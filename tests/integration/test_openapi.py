"""The description of the interface against the interface: nothing left out, nothing promised that is not so."""

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
import schemathesis
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig

from config.description import application, written
from config.district import read_district
from config.loading import load_into
from config.options import AccountSettings
from dispatch.accounts.keys import Keys
from dispatch.accounts.sign_in import SignIn
from dispatch.web.api import ApiBlueprint, ProblemSchema, make_api
from dispatch.web.describing import METHODS
from dispatch.web.once import ONCE
from tests.builders import DISTRICT, LOGIN, PASSWORD
from tests.builders import _token as token_of

DOCS = Path(__file__).parents[2] / "docs" / "openapi.json"
SCOPES = (
    "read alarms devices signals shifts roads webhooks import registers surveys:read money money:read money:settle "
    "orders rounds visits visits:read visits:judge beds welfare welfare:read till"
)
API = "/api/v1"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The whole application as it is served, on a small district; with a session and with a key."""
    open_door = AccountSettings(second_factor="optional")
    app, house = application(tmp_path_factory.mktemp("service"), accounts=open_door)
    load_into(house.transactions, read_district(tomllib.loads(DISTRICT)))
    house.forget()
    sign_in = SignIn(
        house.transactions, house.reading, house.clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    sign_in.add_operator(LOGIN, "王芳", PASSWORD)
    key = Keys(house.transactions, house.reading, house.clock).new_key("program", SCOPES)
    yield app, house, key
    sign_in.close()
    house.stop()


@pytest.fixture(scope="module")
def document(service):
    return service[0].test_client().get(f"{API}/openapi.json").json


def operations(document):
    return [
        (f"{method.upper()} {path}", method, path, each[method])
        for path, each in document["paths"].items() for method in METHODS if method in each
    ]  # fmt: skip


def braced(rule: str) -> str:
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule)


def views(app):
    return [
        (f"{method} {rule.rule}", app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(f"{API}/")
    ]  # fmt: skip


def test_nothing_is_put_together_for_the_description_before_somebody_asks_for_it():
    bp = ApiBlueprint("things", __name__, url_prefix="/things")
    asked, answered = ProblemSchema(), ProblemSchema()

    @bp.post("/")
    @bp.arguments(asked, example={"title": "x"})
    @bp.response(200, answered)
    def add(said):
        """Adds one."""
        return said

    noted = add._apidoc
    assert noted["arguments"]["parameters"][0]["schema"] is asked
    [response] = noted["response"]["responses"][200]
    assert response["schema"] is answered
    assert not bp._docs
    # One and the same may be part of several applications, and be asked about in any of them first.
    for _ in range(2):
        app = Flask(__name__)
        api = make_api(app)
        api.register_blueprint(bp)
        described = api.described()["paths"]["/things/"]["post"]
        assert described["summary"] == "Adds one."
        assert described["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
        assert described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")


def test_the_document_in_the_repository_is_that_of_the_program(document):
    assert DOCS.read_text(encoding="utf-8") == written(document), "anling openapi -o docs/openapi.json"


def test_every_operation_says_what_it_does_who_may_and_which_no_can_come(document):
    assert document["openapi"].startswith("3.1")
    for name, method, path, each in operations(document):
        assert each["summary"], f"{name}: a line in its view's docstring or in dispatch/web/operations.py"
        assert each["security"], name
        codes = set(each["responses"])
        assert {"401", "403", "422"} <= codes, name
        assert ("404" in codes) == ("{" in path), name
        for code in codes:
            kinds = list(each["responses"][code].get("content", {}))
            assert kinds or code == "204", (name, code)
            assert code < "300" or kinds == ["application/problem+json"], (name, code)
        if method == "get":
            assert "requestBody" not in each


def test_every_body_has_an_example_that_is_good(document):
    for name, _, _, each in operations(document):
        body = each.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        assert "example" in body, f"{name}: an example in dispatch/web/operations.py"
        schema = {**body["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(body["example"])


def test_every_view_of_the_api_is_described(service, document):
    described = {name for name, *_ in operations(document)}
    served = {braced(name) for name, _ in views(service[0])}
    free = {f"GET {API}/openapi.json", f"GET {API}/docs", f"GET {API}/stream"}
    board = {name for name in served if "/console" in name or "/stream" in name}
    assert served - described - free - board == set()
    assert described <= served


def test_every_post_that_creates_may_be_repeated(service, document):
    once = {braced(name) for name, view in views(service[0]) if getattr(view, ONCE, 0)}
    creating = {
        name for name, method, _, each in operations(document) if method == "post" and "201" in each["responses"]
    }
    assert creating <= once
    for name, _, _, each in operations(document):
        told = any(parameter.get("name") == "Idempotency-Key" for parameter in each.get("parameters", []))
        assert told == (name in once), name


def test_every_list_has_a_cursor(document):
    for name, method, _, each in operations(document):
        answer = each["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        kind = answer.get("$ref", "").rpartition("/")[2]
        names = {parameter.get("name") for parameter in each.get("parameters", [])}
        if method == "get" and kind.endswith("Page"):
            assert names >= {"limit"}, name
            assert names & {"cursor", "after"}, name


TWINS = {
    "POST /roads/drill": "POST /drills", "POST /roads/street": "POST /streets",
    "POST /devices/pair": "POST /devices",
    "POST /devices/{name}/{deed}": [
        "POST /devices/{name}/test", "POST /devices/{name}/cancel", "POST /devices/{name}/move",
        "POST /devices/{name}/lend", "POST /devices/{name}/return", "POST /devices/{name}/retire",
    ],
    "POST /devices/{name}/report": "POST /repairs",
    "POST /repairs/assign/{id_}": "POST /repairs/{repair_id}/assign",
    "POST /repairs/{deed}/{id_}": ["POST /checks/{check_id}/done", "POST /incidents/{incident_id}/dismiss"],
    "POST /roster/put": "POST /shifts", "POST /roster/take/{shift_id}": "DELETE /shifts/{shift_id}",
    "POST /webhooks": "POST /webhooks", "POST /webhooks/{webhook_id}": "PUT /webhooks/{webhook_id}",
    "POST /webhooks/{webhook_id}/secret": "POST /webhooks/{webhook_id}/secret",
    "POST /webhooks/{webhook_id}/{deed}": [
        "POST /webhooks/{webhook_id}/rotate", "POST /webhooks/{webhook_id}/pause",
        "POST /webhooks/{webhook_id}/resume", "POST /webhooks/{webhook_id}/test", "DELETE /webhooks/{webhook_id}",
    ],
    "POST /webhooks/{webhook_id}/replay/{delivery_id}": "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    "POST /import": "POST /imports/files", "POST /import/{token}": "POST /imports/files/{token}/commit",
    "POST /import/{token}/forget": "DELETE /imports/files/{token}",
    "POST /import/undo/{import_id}": "POST /imports/{import_id}/undo", "POST /export/{kind}": "GET /exports/{kind}",
}  # fmt: skip
"""What a page does → what a program calls for the same. A roster's draft has no twin: the API changes at once."""


def test_what_a_page_can_do_a_program_can(service, document):
    described = {name.replace(f" {API}", " ") for name, *_ in operations(document)}
    pages = {
        "POST " + braced(rule.rule) for rule in service[0].url_map.iter_rules()
        if "POST" in (rule.methods or set()) and not rule.rule.startswith(f"{API}/")
    }  # fmt: skip
    mine = {name for name in pages if name in TWINS or any(area in name for area in ("/roads", "/devices", "/repairs"))}
    assert mine <= set(TWINS), "a page of these areas without a twin in the API"
    for name, twins in TWINS.items():
        assert name in pages, name
        assert set([twins] if isinstance(twins, str) else twins) <= described, name


def test_a_parameter_nobody_knows_is_named(service):
    app, _, key = service
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    for path in (
        "/alarms",
        "/checks",
        "/campaigns",
        "/webhooks",
        "/shifts",
        "/imports",
        "/repairs/x",
        "/drills",
        "/homes",
    ):
        answer = client.get(f"{API}{path}?limitt=3")
        assert answer.status_code == 422, path
        assert "limitt" in answer.json["errors"]["query"], path
    assert app.test_client().get(f"{API}/alarms?limitt=3").status_code == 401


# ------------------------------------------------------------------------------------------------ the whole of it


def checks():
    from schemathesis.checks import CHECKS

    names = ("not_a_server_error", "response_schema_conformance", "status_code_conformance", "content_type_conformance")
    return [CHECKS.get_one(name) for name in names]


WELL = 40
"""So many operations are answered with a yes at least: a suite that only hears no has looked at nothing."""


KNOWN = {
    "homes": "H1", "residents": "R1", "contacts": "H1%2F0", "carers": "C1", "stations": "S1", "devices": "D1",
}  # fmt: skip
"""What an address may name: somebody who is there, every second time. Only made-up names would meet nothing but 404."""


def play(service, document, *, who, headers, most, seed):
    """Every operation with good and bad requests; the first that breaks a promise is told with how to repeat it."""
    app, _, _ = service

    def door(environ, start_response):
        """The application, met by somebody whose every request shows who they are."""
        return app({**environ, **headers}, start_response)

    config = SchemathesisConfig.from_dict({"generation": {"mode": "all", "database": "none"}})
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", door, config=config)
    found, tried, well = [], 0, set()

    def tried_out(operation, times):
        @settings(
            max_examples=times, deadline=None, derandomize=seed is None, database=None, print_blob=False,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def once(case):
            nonlocal tried
            tried += 1
            register = operation.path.removeprefix(f"{API}/").partition("/")[0]
            if tried % 2 and "name" in case.path_parameters and register in KNOWN:
                case.path_parameters["name"] = KNOWN[register]
            if case.call_and_validate(checks=checks()).status_code < 300:
                well.add(operation.label)

        return once

    for result in schema.get_all_operations():
        operation = result.ok()
        ways = document["paths"][operation.path][operation.method]["security"]
        # What is not for this one answers 401 or 403 to everything: once is enough.
        times = most if any(who in way for way in ways) else 1
        try:
            tried_out(operation, times)()
        except (Exception, BaseExceptionGroup) as wrong:  # noqa: BLE001  all operations are looked at first
            found.append(f"{operation.label}: {_told(wrong)}")
    assert found or len(well) >= WELL, sorted(well)
    return found, tried


def _told(wrong):
    """What broke, with how to repeat it."""
    parts = [str(wrong), *[str(each) for each in getattr(wrong, "exceptions", ())]]
    return "\n".join(parts)[:1500]


def session_headers(app):
    client = app.test_client()
    form = {"login": LOGIN, "password": PASSWORD, "csrf_token": token_of(client, "/login")}
    assert client.post("/login", data=form).status_code == 303
    token = token_of(client, "/nowhere")
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    return {"HTTP_COOKIE": f"{cookie.key}={cookie.value}", "HTTP_X_CSRFTOKEN": token}


@pytest.mark.parametrize("who", ["session", "key"])
@pytest.mark.filterwarnings("ignore")
def test_no_request_breaks_a_promise_of_the_document(service, document, who):
    app, _, key = service
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if who == "key" else session_headers(app)
    found, tried = play(service, document, who=who, headers=headers, most=3, seed=None)
    assert tried > 100
    assert not found, "\n\n".join(found)


@pytest.mark.drill
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("who", ["session", "key"])
def test_no_request_of_very_many_breaks_a_promise_of_the_document(service, document, who):
    app, _, key = service
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if who == "key" else session_headers(app)
    found, _ = play(service, document, who=who, headers=headers, most=400, seed=1)
    assert not found, "\n\n".join(found)
