"""The JSON schema of a space file, for editors."""

from typing import Any

from facesearch.config import RunConfig, SweepSettings
from facesearch.space.holes import NUMERIC, is_same_for_all_trials

# Where the definitions stand in a run whose fields may have to be the same for all trials.
_PLACES: dict[str, tuple[str, ...]] = {
    "": (), "DataConfig": ("data",), "SyntheticConfig": ("data", "synthetic"),
    "ReserveConfig": ("data", "reserve"), "TrainConfig": ("train",),
}  # fmt: skip


def json_schema() -> dict[str, Any]:
    """Return a JSON schema of a space file, in which any value of the run may be a hole."""
    schema = RunConfig.model_json_schema()
    settings = SweepSettings.model_json_schema()
    holes = _hole_schema()
    definitions: dict[str, Any] = {**schema.pop("$defs"), "hole": holes}
    for name, definition in [("", schema), *definitions.items()]:
        place = _PLACES.get(name, (name,))
        for key, field in definition.get("properties", {}).items():
            if name != "hole" and key != "type" and not is_same_for_all_trials((*place, key)):
                _allow_in_lists(field)
                definition["properties"][key] = {"anyOf": [field, {"$ref": "#/$defs/hole"}]}
    schema["properties"].update(settings["properties"])
    schema["$defs"] = {**definitions, **settings.get("$defs", {})}
    schema["title"] = "facesearch space"
    return schema


def _allow_in_lists(field: Any) -> None:
    """Let the values in a list, such as the depth of each stage, be holes."""
    for kind in (field, *field.get("anyOf", ()), *field.get("oneOf", ())):
        if kind.get("type") == "array" and "items" in kind:
            kind["items"] = {"anyOf": [kind["items"], {"$ref": "#/$defs/hole"}]}


def _hole_schema() -> dict[str, Any]:
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    options = {kind: {**pair} for kind in NUMERIC}
    properties: dict[str, Any] = {**options, "choice": {"type": "array", "minItems": 1}}
    return {
        "type": "object", "properties": properties, "additionalProperties": False,
        "minProperties": 1, "maxProperties": 1,
    }  # fmt: skip
