from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from facesearch.config import HEAD_CONFIGS, RunConfig, SearchConfig, absolute_root, as_plain
from facesearch.config.part import Part


def parts(kind: type[Part] = Part) -> list[type[Part]]:
    """Every model of the config, however deep."""
    return [found for child in kind.__subclasses__() for found in [child, *parts(child)]]


PARTS = parts()


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
        and not (isinstance(field.default, BaseModel) or field.annotation is RunConfig)
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


def test_every_head_is_among_the_parts() -> None:
    assert len(PARTS) > 25 and set(HEAD_CONFIGS.values()) <= set(PARTS)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"block": "residul"}, "unknown name 'residul'; did you mean 'residual'"),
        ({"network": "iresnet50", "depth": 3}, "depth is fixed by network iresnet50; remove it"),
        ({"num_stages": 3, "depth": [1, 2]}, "2 numbers for num_stages 3"),
        ({"block": "plain", "drop_path": 0.1}, "drop_path needs a block with a shortcut"),
        ({"block": "plain", "zero_init": True}, "zero_init needs a block with a shortcut"),
        ({"network": "resnet18", "drop_path": 0.1}, "resnet18 of torchvision has no stochastic"),
        ({"init": "torchvision"}, "not for cnn"),
        ({"input_channels": 2}, "Input should be 1 or 3"),
    ],
)
def test_a_network_that_does_not_fit_together_is_refused(raw: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RunConfig.model_validate({"model": raw})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"head": {"type": "triplet"}, "train": {"sampling": "shuffle"}}, "write identities"),
        ({"head": {"type": "supcon"}, "train": {"batch_size": 6}}, "fewer than 2 identities"),
        ({"head": {"type": "magface", "norm_low": 5.0, "norm_high": 2.0}}, "above norm_low 5"),
        ({"head": {"type": "combined", "margin_rad": 20.0}}, "If you meant degrees, write 0.349"),
        ({"head": {"type": "sphereface", "blend_first": 2.0}}, "must be blend_least 5 or more"),
        ({"head": {"type": "supcon", "lr_factor": 2.0}}, "Extra inputs are not permitted"),
        ({"head": {"type": "arcface"}, "augment": {"cutmix_alpha": 1.0}}, "two identities"),
        (
            {"head": {"type": "softmax", "center_weight": 0.1}, "augment": {"mixup_alpha": 1.0}},
            "center_weight",
        ),
    ],
)
def test_a_head_that_does_not_fit_the_run_is_refused(raw: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RunConfig.model_validate(raw)


def test_the_head_decides_who_is_in_a_batch() -> None:
    for name, head in HEAD_CONFIGS.items():
        sampling = RunConfig.model_validate({"head": {"type": name}}).sampling
        assert sampling == ("identities" if head.is_pair_based else "shuffle")


def test_cost_alone_is_no_objective() -> None:
    with pytest.raises(ValidationError, match="trivial winner"):
        SearchConfig(objective={"cost/gflops": -1.0})


def test_a_failure_never_looks_better_than_a_success() -> None:
    search = SearchConfig(objective={"val/rank1": 1.0, "cost/gflops": -0.2})
    worst_success = search.score({"val/rank1": 0.0, "cost/gflops": 3.0})
    assert search.least_score({"cost/gflops": 3.0}) == worst_success < 0
    assert SearchConfig().least_score({"cost/gflops": 3.0}) == 0.0
