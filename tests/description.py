"""Requests and answers held against the public API description (Swagger 2.0), for whoever tests with the sandbox.

The description is a fixture beside the project and not shipped with it; :func:`load` says ``None`` where it is missing.
Stricter than the text in one way: a property that it does not declare is a fault. Looser where it is known to be wrong:
``maxItems: 0`` (it forbids every real request) and the undeclared ``cursor`` of next links.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import yaml

PLACE = Path(__file__).parents[1].parent / "shared" / "specs" / "constant-contact-v3.yaml"
_BASE = "/v3"


class NotAsDescribed(AssertionError):
    """A request or an answer that the description does not allow."""


@lru_cache(maxsize=1)
def load() -> Description | None:
    """The description, or ``None`` where the file is not there."""
    if not PLACE.exists():
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Description(yaml.load(PLACE.read_text(encoding="utf-8"), Loader=loader))


class Description:
    """The description, ready to check with."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._definitions = _strict(document["definitions"])
        self._operations = [
            (re.compile("".join(_pattern(part) for part in re.split(r"(\{\w+\})", template))), template)
            for template in document["paths"]
        ]
        self._formats = jsonschema.FormatChecker(formats=())
        for name, check in (("uuid", _is_uuid), ("date-time", _is_moment), ("date", _is_day)):
            self._formats.checks(name)(check)

    def check_request(
        self,
        method: str,
        path: str,
        query: str | Mapping[str, str] = "",
        content_type: str | None = None,
        body: bytes | str | None = None,
        form: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise :class:`NotAsDescribed` unless the request fits.

        ``path`` has its ``/v3``; ``form`` are the fields of a multipart body, a file as anything but text.
        """
        operation, values = self._operation(method, path)
        where = f"{method} {path}"
        declared = {(item["in"], item["name"]): item for item in operation.get("parameters", [])}
        given = dict(parse_qsl(query, keep_blank_values=True)) if isinstance(query, str) else dict(query)
        for name, value in given.items():
            if name == "cursor":
                continue
            if ("query", name) not in declared:
                raise NotAsDescribed(f"{where}: the query has {name!r}, which is not described")
            self._check_parameter(where, declared["query", name], value)
        for name, value in values.items():
            if ("path", name) in declared:
                self._check_parameter(where, declared["path", name], value)
        consumes = operation.get("consumes") or self._document["consumes"]
        media_type = (content_type or "").partition(";")[0].strip()
        takes_body = any(place in {"body", "formData"} for place, _name in declared)
        if takes_body and media_type not in consumes:
            raise NotAsDescribed(f"{where}: the content type is {media_type!r}, described are {consumes}")
        if form is not None:
            self._check_form(where, declared, form)
        described = next((item for (place, _name), item in declared.items() if place == "body"), None)
        if described is not None:
            if not body:
                raise NotAsDescribed(f"{where}: there is no body")
            self._check(where, described["schema"], json.loads(body))
        elif body and not takes_body:
            raise NotAsDescribed(f"{where}: there is a body, none is described")

    def check_recorded(self, entry: Mapping[str, Any]) -> None:
        """Check a request of the API as ``/sandbox/requests?full=1`` tells it (with ``record_requests``)."""
        headers = entry.get("headers") or {}
        self.check_request(
            entry["method"],
            entry["path"],
            entry.get("query", ""),
            headers.get("content-type"),
            entry.get("json"),
            entry.get("form"),
        )

    def check_answer(self, method: str, path: str, status: int, body: Any) -> None:
        """Raise :class:`NotAsDescribed` unless the JSON of an answer fits.

        Errors have no schema of their own in the description, so they are held against its two shapes of errors.
        """
        where = f"{method} {path} {status}"
        operation, _values = self._operation(method, path)
        described = operation["responses"].get(str(status))
        if described is None:
            raise NotAsDescribed(f"{where}: the status is not described")
        if status < 400:
            self._check(where, described["schema"], body)
            return
        name = "APIErrorSchema" if isinstance(body, list) else "AuthorizationErrorSchema"
        self._check(where, {"$ref": f"#/definitions/{name}"}, body)

    def _operation(self, method: str, path: str) -> tuple[dict[str, Any], dict[str, str]]:
        plain = path.removeprefix(_BASE)
        if plain == path:
            raise NotAsDescribed(f"{path} is not below {_BASE}")
        best = None
        for pattern, template in self._operations:
            found = pattern.fullmatch(plain)
            if found and method.lower() in self._document["paths"][template]:
                if not found.groupdict():
                    return self._document["paths"][template][method.lower()], {}
                best = best or (self._document["paths"][template][method.lower()], found.groupdict())
        if best is None:
            raise NotAsDescribed(f"{method} {path} is not described")
        return best

    def _check_parameter(self, where: str, described: dict[str, Any], value: str) -> None:
        what = f"{where}: {described['name']}={value!r}"
        kind = described.get("type")
        if kind == "integer":
            if not value.isdecimal():
                raise NotAsDescribed(f"{what} is no integer")
            if not described.get("minimum", 0) <= int(value) <= described.get("maximum", int(value)):
                raise NotAsDescribed(f"{what} is out of range")
        if kind == "boolean" and value not in {"true", "false"}:
            raise NotAsDescribed(f"{what} is no boolean")
        if described.get("format") == "uuid" and described["in"] == "path" and not _is_uuid(value):
            raise NotAsDescribed(f"{what} is no UUID")
        if "enum" in described and set(value.split(",")) - set(described["enum"]):
            raise NotAsDescribed(f"{what} is not one of {described['enum']}")

    def _check_form(self, where: str, declared: dict[tuple[str, str], dict[str, Any]], form: Mapping[str, Any]) -> None:
        fields = {name: item for (place, name), item in declared.items() if place == "formData"}
        for name, value in form.items():
            if name not in fields:
                raise NotAsDescribed(f"{where}: the form has {name!r}, which is not described")
            if (fields[name]["type"] == "file") is isinstance(value, str):
                raise NotAsDescribed(f"{where}: {name!r} is not of the type {fields[name]['type']}")
            if name == "list_ids":
                ids = value.split(",")
                if not 0 < len(ids) <= fields[name]["maxItems"] or not all(map(_is_uuid, ids)):
                    raise NotAsDescribed(f"{where}: list_ids are not up to {fields[name]['maxItems']} UUIDs")
        missing = {name for name, item in fields.items() if item.get("required")} - set(form)
        if missing:
            raise NotAsDescribed(f"{where}: the form lacks {sorted(missing)}")

    def _check(self, where: str, schema: dict[str, Any], value: Any) -> None:
        whole = {**_strict(schema), "definitions": self._definitions}
        checker = jsonschema.Draft4Validator(whole, format_checker=self._formats)
        for problem in checker.iter_errors(value):
            place = "/".join(str(part) for part in problem.absolute_path)
            raise NotAsDescribed(f"{where}: {place or 'the body'}: {problem.message}")


def _strict(schema: Any) -> Any:
    """A schema without the known faults of the description, in which undeclared properties are faults."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        name: _strict(value)
        for name, value in schema.items()
        if name not in {"example", "x-example", "description", "readOnly"} or isinstance(value, dict)
    }
    if kept.get("maxItems") == 0:
        del kept["maxItems"]
    properties = kept.get("properties")
    if isinstance(properties, dict) and "additionalProperties" not in kept and kept.get("type") == "object":
        kept["additionalProperties"] = False
        custom = next((name for name in properties if name.startswith("cf:")), None)
        if custom:
            kept["patternProperties"] = {"^cf:.+": properties[custom]}
    return kept


def _pattern(part: str) -> str:
    return f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)


def _is_uuid(value: object) -> bool:
    try:
        return not isinstance(value, str) or str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def _is_moment(value: object) -> bool:
    try:
        return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_day(value: object) -> bool:
    try:
        return not isinstance(value, str) or bool(date.fromisoformat(value))
    except ValueError:
        return False
