from facesearch.config import CATALOGUE, HEAD_CONFIGS, RunConfig
from facesearch.config.catalogue import PARTS, settings_of
from facesearch.config.sweep import LIMITS, OBJECTIVES, SAMPLERS, SCHEDULERS


def test_every_field_that_takes_a_name_of_a_table_is_in_the_catalogue() -> None:
    named = {field for fields in CATALOGUE.values() for field in fields}
    for part, model in PARTS.items():
        if part in HEAD_CONFIGS:
            continue
        for field, schema in model.model_json_schema()["properties"].items():
            if "enum" in schema and "." not in field:
                # a choice of a few words that explain themselves stands in the field's sentence
                is_short = len(schema["enum"]) <= 3
                assert f"{part}.{field}" in named or is_short, f"{part}.{field}"


def test_a_line_is_no_repetition_of_the_name() -> None:
    for fields in CATALOGUE.values():
        for lines in fields.values():
            assert all(line.strip() and line.strip() != name for name, line in lines.items())


def test_the_settings_of_a_part_are_its_fields() -> None:
    parts = set(RunConfig.model_fields)
    assert parts - {"head"} <= set(PARTS)
    assert settings_of("arcface")["margin_rad"].endswith("Default: 0.25.")
    assert settings_of("data")["root"].endswith("Default: none.")


def test_the_tables_of_the_sweep_are_in_the_catalogue() -> None:
    assert CATALOGUE["objectives"] == {"search.objective": OBJECTIVES, "search.limits": LIMITS}
    assert CATALOGUE["search"] == {
        "search.sampler": SAMPLERS,
        "search.scheduler.type": SCHEDULERS,
    }


def test_every_cost_that_can_be_an_objective_can_be_limited() -> None:
    assert {name for name in OBJECTIVES if name.startswith("cost/")} <= set(LIMITS)
