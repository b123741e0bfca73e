from typing import Any

import pytest
from pydantic import ValidationError

from facesearch.config import HEAD_CONFIGS, RunConfig, absolute_root, as_plain


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


def test_a_config_survives_json() -> None:
    config = RunConfig.model_validate({"head": {"type": "adaface", "margin": 0.3}})
    assert RunConfig.model_validate(as_plain(config)) == config


def test_a_root_becomes_absolute() -> None:
    config = absolute_root(RunConfig(), "faces")
    assert config.data.root is not None and config.data.root.startswith("/")
    assert absolute_root(RunConfig(), None).data.root is None


def test_the_head_decides_who_is_in_a_batch() -> None:
    for name, head in HEAD_CONFIGS.items():
        sampling = RunConfig.model_validate({"head": {"type": name}}).sampling
        assert sampling == ("identities" if head.is_pair_based else "shuffle")


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
