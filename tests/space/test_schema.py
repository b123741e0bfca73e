import pytest

from facesearch.space import json_schema


def test_the_schema_allows_holes_and_knows_the_fields() -> None:
    schema = json_schema()
    lr = schema["$defs"]["OptimConfig"]["properties"]["lr"]
    assert {"$ref": "#/$defs/hole"} in lr["anyOf"]
    assert {"name", "search", "resources", "head"} <= set(schema["properties"])


def test_every_name_of_a_table_is_offered_to_the_editor() -> None:
    model = json_schema()["$defs"]["ModelConfig"]["properties"]["block"]["anyOf"][0]
    assert set(model["enum"]) >= {"residual", "ir", "convnext"}
    assert "What a stage is of." in str(
        json_schema()["$defs"]["ModelConfig"]["properties"]["block"]
    )


def test_what_must_be_the_same_for_all_trials_is_offered_no_hole() -> None:
    definitions = json_schema()["$defs"]
    for part, field in (("TrainConfig", "epochs"), ("DataConfig", "split_seed")):
        assert "hole" not in str(definitions[part]["properties"][field]), field
    assert "hole" in str(definitions["DataConfig"]["properties"]["image_px"])


def test_each_value_of_a_list_may_be_a_hole() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    for depth, is_right in (
        ([1, {"int": [1, 3]}, 2, {"choice": [1, 2]}], True), ({"int": [1, 3]}, True),
        ([1, 2], True),
        ([1, "x"], False), ([1, {"step": 3}], False), ([], False),
    ):  # fmt: skip
        assert validator.is_valid({"model": {"depth": depth}}) == is_right, depth
