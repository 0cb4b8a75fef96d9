"""The standard's schemas with the extensions that we use, and ours, as validators."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT4

FOLDER = Path(__file__).parent / "ocds"
BASE = "https://standard.open-contracting.org/schema/1__1__5/"
# docs/ocds.md: the one property of our own, the direction of money.
OURS = {"Tender": {"properties": {"direction": {"enum": ["purchase", "disposal"]}}}}


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return found


def _patch(whole: dict[str, Any], part: dict[str, Any]) -> None:
    """RFC 7396 merge patch, which is how OCDS extensions are applied."""
    for name, value in part.items():
        if isinstance(value, dict) and isinstance(whole.get(name), dict):
            _patch(whole[name], value)
        else:
            whole[name] = value


def _close(schema: Any) -> None:
    """Refuse properties that the schemas do not know, so that no field of ours slips in unsaid."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") in (None, "object", ["object", "null"]):
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            _close(value)
    elif isinstance(schema, list):
        for value in schema:
            _close(value)


@cache
def release_schema() -> dict[str, Any]:
    """The release schema with bids, lots, enquiries, bid opening and our own extension."""
    schema = _read("release-schema-1.1.5.json")
    extensions = _read("extensions.json")
    extensions.pop("note")
    _patch(schema, extensions)
    _patch(schema["definitions"], OURS)
    _close(schema)
    return schema


@cache
def validator(name: str) -> Draft4Validator:
    """A validator for `release-schema`, `release-package-schema` or `record-package-schema`."""
    registry: Registry[Any] = Registry().with_resource(
        f"{BASE}release-schema.json", DRAFT4.create_resource(release_schema())
    )
    registry = registry.with_resource(
        f"{BASE}versioned-release-validation-schema.json", DRAFT4.create_resource({})
    )
    schema = release_schema() if name == "release-schema" else _read(f"{name}-1.1.5.json")
    return Draft4Validator(schema, registry=registry, format_checker=FormatChecker())


@cache
def codelists() -> dict[str, list[str]]:
    """The standard's codelists."""
    return dict(_read("codelists-1.1.5.json"))


def faults(name: str, value: Any) -> list[str]:
    """What a schema finds wrong with a value, with the place."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(value)]
