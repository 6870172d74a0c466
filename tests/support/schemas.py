"""Published schemas of the formats that we write; they lie beside the repository, where the recorded cases are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[2].parent / "shared" / "data" / "schemas"


def without_schema(name: str) -> bool:
    """Whether the schema called `name` is not there."""
    return not (SCHEMAS / f"{name}.json").exists()


@cache
def _validator(name: str) -> Any:
    from jsonschema.validators import validator_for

    schema = json.loads((SCHEMAS / f"{name}.json").read_bytes())
    return validator_for(schema)(schema, registry=_registry())


@cache
def _registry() -> Any:
    """The schemas that others refer to; nothing is asked of the network."""
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    schemas = [json.loads(path.read_bytes()) for path in SCHEMAS.glob("cyclonedx-*.json")]
    return Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema, default_specification=DRAFT7)) for schema in schemas
    )


def schema_errors(document: bytes, name: str) -> list[str]:
    """What the schema called `name` says against `document`: places and reasons."""
    errors = _validator(name).iter_errors(json.loads(document))
    return [f"{error.json_path}: {error.message[:300]}" for error in errors]
