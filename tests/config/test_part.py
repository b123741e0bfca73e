from pydantic import BaseModel

from facesearch.config import HEAD_CONFIGS, RunConfig
from facesearch.config.part import Part


def parts(kind: type[Part] = Part) -> list[type[Part]]:
    """Every model of the config, however deep."""
    return [found for child in kind.__subclasses__() for found in [child, *parts(child)]]


PARTS = parts()


def test_every_scalar_field_has_a_sentence() -> None:
    lacking = [
        f"{part.__name__}.{name}"
        for part in PARTS
        for name, field in part.model_fields.items()
        if name != "type"
        and not field.description
        and not (isinstance(field.default, BaseModel) or field.annotation is RunConfig)
    ]
    assert lacking == []


def test_every_head_is_among_the_parts() -> None:
    assert len(PARTS) > 25 and set(HEAD_CONFIGS.values()) <= set(PARTS)
