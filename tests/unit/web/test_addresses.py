"""Addresses are put together as the library would, but nothing is compiled for one before somebody asks for it."""

import pytest
from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Map, Rule

from dispatch.web.addresses import LateRule
from dispatch.web.api import ApiBlueprint, make_api


@pytest.fixture
def compiled(monkeypatch):
    """The addresses for which a function was compiled."""
    seen, compile_builder = [], Rule._compile_builder

    def noting(rule, append_unknown=True):
        seen.append((rule.rule, append_unknown))
        return compile_builder(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", noting)
    return seen


def test_an_address_is_compiled_when_it_is_first_built_and_once(compiled):
    way = Map([LateRule("/alarms/<int:id>", endpoint="alarm"), LateRule("/board", endpoint="board")]).bind("here")
    assert way.match("/alarms/7") == ("alarm", {"id": 7})
    assert compiled == []
    assert way.build("alarm", {"id": 7}) == "/alarms/7"
    assert way.build("alarm", {"id": 8, "lang": "zh"}) == "/alarms/8?lang=zh"
    assert compiled == [("/alarms/<int:id>", True)]
    assert way.build("alarm", {"id": 7, "x": "1"}, append_unknown=False) == "/alarms/7"
    assert compiled == [("/alarms/<int:id>", True), ("/alarms/<int:id>", False)]


def test_the_api_is_described_when_somebody_asks_and_once():
    app = Flask("of the test")
    api, bp = make_api(app), ApiBlueprint("things", "things", url_prefix="/things")
    bp.route("/<int:number>")(lambda number: {"number": number})
    api.register_blueprint(bp)
    assert not api.spec.to_dict()["paths"]
    assert not api.spec.components.responses_lazy
    assert list(api.described()["paths"]) == ["/things/{number}"]
    assert api.described() == api.described()
    assert "NOT_FOUND" in {**api.spec.components.responses_lazy, **api.spec.components.responses}


def test_a_schema_is_made_once_for_all_answers_of_its_class():
    made = []

    class ThingSchema(Schema):
        number = fields.Integer(metadata={"description": "Which"})

        def __init__(self, *args, **more):
            made.append(self)
            super().__init__(*args, **more)

    said = []
    for name in ("one", "two"):
        app = Flask(name)
        api, bp = make_api(app), ApiBlueprint("things", "things", url_prefix="/things")
        for path in ("/first", "/second"):
            answering = bp.response(200, ThingSchema)(lambda: {"number": "7", "more": 1})
            bp.route(path, endpoint=path[1:])(bp.alt_response(503, schema=ThingSchema)(answering))
        api.register_blueprint(bp)
        said += [app.test_client().get(f"/things{path}").json for path in ("/first", "/second")]
        assert api.described()["components"]["schemas"]["Thing"]["properties"]["number"]["description"] == "Which"
    assert said == [{"number": 7}] * 4
    assert len(made) == 1
