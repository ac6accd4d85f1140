"""The OpenAPI 3.1 document of the API, made from the table of routes."""

from __future__ import annotations

from typing import Any

from svsm_cal.web.api import ROUTES, Route

_Schema = dict[str, Any]


def document(version: str) -> _Schema:
    """Return the document; `version` is the program's."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "svsm_cal",
            "version": version,
            "description": "A community's calls, on everybody's clock. Instants end in Z, local times carry their offset, "
            "dates are ISO 8601. The present is the beginning of the current minute.",
        },
        "paths": {
            **{route.path: {"get": _operation(route)} for route in ROUTES.values()},
            "/health": {"get": _health()},
        },
        "components": {"schemas": _SCHEMAS},
    }


def _operation(route: Route) -> _Schema:
    problem = {"content": _json("Problem")}
    answers: _Schema = {
        "200": {"description": "The answer.", "headers": _VALIDATOR, "content": _json(route.shape)},
        "304": {"description": "Not modified since the client's copy."},
        "412": {"description": "Modified since; If-Match or If-Unmodified-Since is false.", **problem},
        "400": {"description": "The question cannot be answered; `hint` is what to write.", **problem},
        "503": {"description": "Too many questions at once; ask again.", **problem},
    }
    if route.may_be_missing:
        answers["404"] = {"description": "There is no such call.", **problem}
    return {
        "operationId": route.path.rpartition("/")[2],
        "summary": route.summary,
        "parameters": [
            {
                "name": each.name,
                "in": "query",
                "required": each.required,
                "description": each.says,
                "schema": dict(each.kind.schema),
            }
            for each in route.parameters
        ],
        "responses": dict(sorted(answers.items())),
    }


def _health() -> _Schema:
    return {
        "operationId": "health",
        "summary": "Whether the calendar that is served is current, and with which tz database.",
        "responses": {
            "200": {"description": "It serves.", "content": _json("Health")},
            "503": {"description": "Its pages have not moved on for an hour.", "content": _json("Health")},
        },
    }


def _json(name: str) -> _Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(of: _Schema) -> _Schema:
    return {"type": "array", "items": of}


def _or_null(schema: _Schema) -> _Schema:
    return {**schema, "type": [schema["type"], "null"]}


_VALIDATOR: _Schema = {"ETag": {"schema": {"type": "string"}}}
_TEXT: _Schema = {"type": "string"}
_DATE: _Schema = {"type": "string", "format": "date"}
_INSTANT: _Schema = {"type": "string", "format": "date-time", "pattern": "Z$"}
_LOCAL: _Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d(:\d\d)?$"}
_NUMBER: _Schema = {"type": "integer"}
_CALL: dict[str, _Schema] = {
    "series": _TEXT,
    "uid": _TEXT,
    "title": _TEXT,
    "recurrence_id": _LOCAL,
    "start": _LOCAL,
    "start_utc": _INSTANT,
    "end_utc": _INSTANT,
    "zone": _TEXT,
    "status": {"enum": ["confirmed", "moved", "cancelled"]},
    "reason": _or_null(_TEXT),
    "url": _or_null(_TEXT),
    "chair": _or_null(_TEXT),
}
_CLOCK: dict[str, _Schema] = {
    "zone": _TEXT,
    "start": _LOCAL,
    "change_minutes": _NUMBER,
    "day_offset": _NUMBER,
}
_WINDOW = _object(
    series=_TEXT,
    zone=_TEXT,
    first=_DATE,
    last=_or_null(_DATE),
    calls=_or_null(_NUMBER),
    local_time={"type": "string", "pattern": r"^\d\d:\d\d(:\d\d)?$"},
    day_offset=_NUMBER,
    change_minutes=_or_null(_NUMBER),
    kind={"enum": ["mismatch", "season"]},
    participants=_list(_TEXT),
)
_DEADLINE = _object(
    id=_TEXT,
    title=_TEXT,
    date=_DATE,
    due_utc=_INSTANT,
    remaining_seconds=_NUMBER,
    calls_left=_NUMBER,
    next_call=_or_null(_LOCAL),
    status={"enum": ["open", "over"]},
    planned=_or_null(_DATE),
    actual=_or_null(_DATE),
    url=_or_null(_TEXT),
)
_FINDING = _object(
    severity={"enum": ["error", "warning"]}, file=_TEXT, line=_NUMBER, column=_NUMBER, message=_TEXT, hint=_TEXT, code=_TEXT
)
_SCHEMAS: _Schema = {
    "Next": _object(occurrences=_list(_object(**_CALL, local=_object(**_CLOCK)))),
    "When": _object(occurrence=_object(**_CALL), participants=_list(_object(id=_or_null(_TEXT), name=_TEXT, **_CLOCK))),
    "Shifts": _object(windows=_list(_WINDOW)),
    "Deadlines": _object(deadlines=_list(_DEADLINE)),
    "Occurrences": _object(occurrences=_list(_object(**_CALL))),
    "Problem": _object(error=_TEXT, hint=_TEXT),
    "Health": _object(
        status={"enum": ["ok", "degraded", "stale"]},
        version=_TEXT,
        tz_database=_TEXT,
        calendar=_object(
            state={"enum": ["current", "broken"]}, loaded_utc=_INSTANT, as_of_utc=_INSTANT, findings=_list(_FINDING)
        ),
    ),
}
