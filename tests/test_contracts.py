"""Every name of the catalogue trains, and survives save, load and resume."""

from pathlib import Path
from typing import Any

import pytest
import torch

from facesearch.config import HEAD_CONFIGS, AugmentConfig, RunConfig
from facesearch.config.model import ACTIVATIONS, BLOCKS, NETWORKS, POOLINGS, STEMS
from facesearch.config.optim import LR_SCALINGS, OPTIMIZERS, SAMPLINGS, SCHEDULES
from facesearch.data.faces import load_faces
from facesearch.training.fit import Training

SMALL: dict[str, Any] = {
    "data": {"image_px": 32, "synthetic": {"num_identities": 8, "faces_per_identity": 6}},
    "model": {"num_stages": 2, "width": 4, "embedding_dim": 8},
    "head": {"type": "cosface"},
    "optim": {"lr": 0.01},
    "train": {"epochs": 2, "batch_size": 16, "precision": "fp32"},
}
ON = {"strength": 2.0, "changes_per_image": 2, "hue_deg": 30.0, "rotate_deg": 30.0}
CASES: list[dict[str, Any]] = [
    *({"head": {"type": name}} for name in HEAD_CONFIGS),
    *({"head": {"type": name, "center_weight": 0.01}} for name in ("softmax", "triplet")),
    *({"model": {**SMALL["model"], "block": name}} for name in BLOCKS),
    *({"model": {**SMALL["model"], "stem": name}} for name in STEMS),
    *({"model": {**SMALL["model"], "activation": name}} for name in ACTIVATIONS),
    *({"model": {**SMALL["model"], "pooling": name}} for name in POOLINGS),
    {"model": {**SMALL["model"], "squeeze_excite": True, "drop_path": 0.2, "zero_init": True}},
    {"model": {**SMALL["model"], "input_channels": 1, "embedding_norm": False, "dropout": 0.2}},
    *({"augment": {field: ON.get(field, 0.5)}} for field in AugmentConfig.model_fields
      if not field.endswith("alpha")),
    *({"augment": {field: 1.0}, "head": {"type": "softmax"}}
      for field in AugmentConfig.model_fields if field.endswith("alpha")),
    *({"optim": {"lr": 0.001, "type": name}} for name in OPTIMIZERS),
    *({"optim": {"lr": 0.01, "schedule": name}} for name in SCHEDULES),
    *({"optim": {"lr": 0.01, "lr_scaling": name}} for name in LR_SCALINGS),
    *({"train": {**SMALL["train"], "sampling": name}} for name in SAMPLINGS),
    {"train": {**SMALL["train"], "accumulate": 2}},
    {"optim": {"lr": 0.01, "ema_decay": 0.9, "layer_decay": 0.7}},
]  # fmt: skip


def states(training: Training) -> dict[str, torch.Tensor]:
    parts = {"network": training.best_network, "head": training.head}
    return {f"{p}.{k}": v for p, m in parts.items() for k, v in m.state_dict().items()}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_trains_and_goes_on_exactly_from_a_checkpoint(
    case: dict[str, Any], tmp_path: Path
) -> None:
    config = RunConfig.model_validate({**SMALL, **case})
    faces = load_faces(config.data)
    whole = Training(config, faces)
    before = {k: v.clone() for k, v in states(whole).items()}
    epochs = whole.epochs()
    first = next(epochs)
    assert set(first.metrics) >= {"train/loss", "val/rank1", "val/top1", "cost/gflops"}
    whole.save(tmp_path / "a.ckpt")
    second = next(epochs)
    assert any(not torch.equal(before[k], v) for k, v in states(whole).items())
    other = Training(config, faces)
    other.resume(tmp_path / "a.ckpt")
    resumed = next(other.epochs())
    assert resumed.metrics == pytest.approx(second.metrics, nan_ok=True)
    torch.testing.assert_close(states(other), states(whole))


@pytest.mark.parametrize("network", [n for n in NETWORKS if n not in ("iresnet100", "iresnet50")])
def test_a_named_network_trains_two_steps(network: str) -> None:
    config = RunConfig.model_validate(
        {
            **SMALL,
            "model": {"network": network, "embedding_dim": 8},
            "train": {"epochs": 1, "batch_size": 16},
        }
    )
    (result,) = Training(config, load_faces(config.data)).epochs()
    assert result.metrics["train/loss"] > 0
