from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from facesearch import config as config_module
from facesearch.config import RunConfig, SearchConfig, absolute_root, as_plain

PARTS = [
    c for c in vars(config_module).values() if isinstance(c, type) and issubclass(c, BaseModel)
]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"head": {"type": "arcface", "margin_rad": 28.6}}, "If you meant degrees, write 0.499"),
        ({"model": {"embedding_dim": 0}}, "greater than or equal to 2"),
        ({"model": {"embedding_dim": 10**9}}, "less than or equal to 4096"),
        ({"train": {"batch_size": 1}}, "greater than or equal to 2"),
        ({"optim": {"lr": float("nan")}}, "finite number"),
        ({"optim": {"lr": "fast"}}, "valid number"),
        ({"data": {"image_px": 16}, "model": {"num_stages": 5, "stem": "large"}}, "halved 5 times"),
    ],
)
def test_a_contradiction_is_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RunConfig.model_validate(raw)


def test_every_scalar_field_has_a_sentence() -> None:
    lacking = [
        f"{part.__name__}.{name}"
        for part in PARTS
        for name, field in part.model_fields.items()
        if name != "type"
        and not field.description
        and not (
            isinstance(field.default, BaseModel) or field.annotation is config_module.RunConfig
        )
    ]
    assert lacking == []


def test_a_config_survives_json() -> None:
    config = RunConfig.model_validate({"head": {"type": "adaface", "margin": 0.3}})
    assert RunConfig.model_validate(as_plain(config)) == config


def test_a_weighted_objective_is_a_weighted_sum() -> None:
    search = SearchConfig(objective={"val/rank1": 0.25, "val/top1": 0.75})
    assert search.score({"val/rank1": 0.4, "val/top1": 0.8}) == pytest.approx(0.7)


def test_a_root_becomes_absolute() -> None:
    config = absolute_root(RunConfig(), "faces")
    assert config.data.root is not None and config.data.root.startswith("/")
    assert absolute_root(RunConfig(), None).data.root is None
