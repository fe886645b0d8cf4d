"""
What the document says of every operation beyond what the schemas say: one line of summary, who may call it, an example,
and every refusal that can really come. It is read from the views themselves, so that it cannot go stale.

From the same document the requests are judged: a query parameter that no operation knows is refused by name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, request, session

from dispatch.errors import Invalid
from dispatch.web.access import ACCESS, RECENTLY, has_bearer
from dispatch.web.once import ONCE, UNTOLD
from dispatch.web.operations import EXAMPLES, SUMMARIES
from dispatch.web.problems import MIME

PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = ("get", "post", "put", "patch", "delete")

WHYS: Mapping[int, str] = {
    400: "The body is not JSON, or not what it says it is",
    401: "Nobody is signed in, and there is no key; or the key is none of ours",
    403: "The account or the key may not do this, or the form's token is missing",
    404: "There is none, or none of a station you work for",
    409: "True a moment ago, no longer",
    412: "Somebody else changed it meanwhile",
    413: "Too large",
    415: "Not JSON",
    422: "Something in it is wrong; `errors` names the place",
    428: "Say which version you change (If-Match)",
    429: "Too many attempts",
    503: "Busy; try again in a few seconds (Retry-After)",
}

_KEY_HEADER = {
    "name": "Idempotency-Key", "in": "header", "required": False, "example": "6f1c2f0e-shift-17",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "The same again with the same key is done once and answered as it was, for a day",
}  # fmt: skip

_UNTOLD_HEADER = {
    **_KEY_HEADER,
    "description": "The same again with the same key is done once, for a day; then it is 409, for its secret was shown",
}

_MATCH_HEADER = {
    "name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "The ETag that was read; 412 where somebody was quicker",
}  # fmt: skip
_MUST_MATCH_HEADER = {
    **_MATCH_HEADER,
    "description": "The ETag that was read, or * for whichever there is; 428 without, 412 where somebody was quicker",
}
MATCHED = frozenset({"/api/v1/shifts/{shift_id}"})
MUST_MATCH = frozenset(
    f"/api/v1/{register}/{{name}}" for register in ("homes", "residents", "contacts", "carers", "stations")
)
"""Paths whose changes may name the version they change; and those where they must."""

RACED = frozenset({
    "/api/v1/rotations/{rotation_id}", "/api/v1/statements/{statement_id}/steps",
    "/api/v1/statements/{statement_id}/review",
    *(f"/api/v1/beds/{{name}}/{part}" for part in ("assessments", "plans", "review", "steps")),
})  # fmt: skip
"""Paths whose changes are refused where somebody was quicker, by what the body says or what was read just before."""

_API = "/api/"
_PROVING = "/api/v1/account/proof"


def describe(app: Flask, document: dict[str, Any]) -> dict[str, Any]:
    """The document with everything said; the one that came in is changed."""
    rules = _views(app)
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(operations[method], path, method, rules.get((path, method)))
    document["components"].setdefault("schemas", {})
    return document


def refuse_strange(app: Flask, known: Callable[[], Mapping[tuple[str, str], frozenset[str]]]) -> None:
    """From now on a request of the API with a query parameter that its operation does not know is 422."""

    @app.before_request
    def look() -> None:
        if request.url_rule is None or not request.url_rule.rule.startswith(_API) or not request.args:
            return
        if not (has_bearer(request) or _has_session()):
            return
        wanted = known().get((_path(request.url_rule.rule), request.method.lower()))
        strange = [] if wanted is None else [name for name in request.args if name not in wanted]
        if strange:
            raise Invalid(
                "Please check what was entered", {"query": {name[:80]: ["Unknown field."] for name in strange[:10]}}
            )


def parameters(document: Mapping[str, Any]) -> dict[tuple[str, str], frozenset[str]]:
    """The query parameters of every operation, by path and method."""
    return {
        (path, method): frozenset(
            each["name"] for each in operations[method].get("parameters", []) if each.get("in") == "query"
        )
        for path, operations in document["paths"].items() for method in METHODS if method in operations
    }  # fmt: skip


def _has_session() -> bool:
    return "_user_id" in session


def _views(app: Flask) -> dict[tuple[str, str], Any]:
    return {
        (_path(rule.rule), method.lower()): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules() for method in rule.methods or ()
    }  # fmt: skip


def _path(rule: str) -> str:
    """`/x/<any(a, b):kind>/<id>` → `/x/{kind}/{id}`."""
    parts = [f"{{{each.strip('<>').rpartition(':')[2]}}}" if each.startswith("<") else each for each in rule.split("/")]
    return "/".join(parts)


def _complete(operation: dict[str, Any], path: str, method: str, view: Any) -> None:
    name = f"{method.upper()} {path.removeprefix('/api/v1')}"
    operation["summary"] = operation.get("summary") or SUMMARIES.get(name, "")
    access = str(getattr(view, ACCESS, ""))
    operation["security"] = _security(access)
    operation["description"] = _who(operation.get("description", ""), access)
    own = operation.setdefault("parameters", [])
    once = getattr(view, ONCE, "")
    if once:
        own.append(_UNTOLD_HEADER if once == UNTOLD else _KEY_HEADER)
    if method in {"patch", "delete"} and path in MATCHED | MUST_MATCH:
        own.append(_MUST_MATCH_HEADER if path in MUST_MATCH else _MATCH_HEADER)
    _answers(operation, path, method, access)
    if getattr(view, RECENTLY, False) or path == _PROVING:
        _tell(operation, 429)
    _example(operation, name)


def _security(access: str) -> list[dict[str, list[str]]]:
    if access in {"public", "code"}:
        return []
    scope = access.partition("key:")[2]
    ways: list[dict[str, list[str]]] = [] if access.startswith("key:") else [{"session": []}]
    return [*ways, {"key": [scope]}] if scope else ways


def _who(said: str, access: str) -> str:
    right, scope = access.partition("right:")[2].partition(" ")[0], access.partition("key:")[2]
    parts = [f"a person with the right `{right}`"] if right else []
    parts += ["anybody signed in"] if access == "operator" else []
    parts += [f"a key with the scope `{scope}`"] if scope else []
    return " ".join(filter(None, [said, f"For {' or '.join(parts)}." if parts else ""]))


def _answers(operation: dict[str, Any], path: str, method: str, access: str) -> None:
    responses = operation["responses"]
    responses.pop("default", None)
    codes = {503} | (set() if access == "public" else {401, 403})
    codes |= {404} if "{" in path else set()
    codes.add(422)
    if method != "get":
        codes |= {409, 413}
    if operation.get("requestBody"):
        codes |= {400, 415}
    if method != "get" and path in RACED:
        codes.add(412)
    if method in {"patch", "delete"}:
        codes |= {412, 428} if path in MUST_MATCH else {412} if path in MATCHED else set()
    _tell(operation, *codes)


def _tell(operation: dict[str, Any], *codes: int) -> None:
    """These refusals can come."""
    told = {str(code): {"description": WHYS[code], "content": {MIME: {"schema": PROBLEM}}} for code in codes}
    operation["responses"] = dict(sorted({**operation["responses"], **told}.items()))


def _example(operation: dict[str, Any], name: str) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and name in EXAMPLES:
        body["example"] = EXAMPLES[name]
