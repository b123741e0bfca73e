import subprocess
import sys
from pathlib import Path

import pytest
import torch

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces, load_faces
from facesearch.errors import InputError, TrialFailure
from facesearch.final.bundle import Model, save_bundle
from facesearch.training.fit import Training, fit


def losses(config: RunConfig, checkpoint: Path | None = None, stop_after: int = 99) -> list[float]:
    found = []
    for result in fit(config, load_faces(config.data), checkpoint):
        found.append(result.metrics["train/loss"])
        if len(found) == stop_after:
            break
    return found


@pytest.mark.parametrize("optim", ["sgd", "adamw"])
@pytest.mark.parametrize("head", ["softmax", "adaface"])
def test_a_resumed_training_has_the_same_losses(
    small_config: RunConfig, tmp_path: Path, optim: str, head: str
) -> None:
    raw = small_config.model_dump() | {"head": {"type": head}}
    raw["optim"] |= {"type": optim, "lr": 0.01}
    config = RunConfig.model_validate(raw)
    whole = losses(config)
    path = tmp_path / "training.ckpt"
    # the generator saves before it yields, so leaving it is like being killed between epochs
    assert losses(config, path, stop_after=2) == whole[:2]
    assert losses(config, path) == whole[2:]


def test_the_seed_decides_all(small_config: RunConfig) -> None:
    other = small_config.model_copy(
        update={"train": small_config.train.model_copy(update={"seed": 1})}
    )
    assert losses(small_config) == losses(small_config) != losses(other)


def test_it_learns(small_config: RunConfig) -> None:
    raw = small_config.model_dump()
    raw["train"]["epochs"] = 15
    found = losses(RunConfig.model_validate(raw))
    assert found[-1] < 0.7 * found[0]


def test_a_loss_that_is_not_finite_has_a_name(small_config: RunConfig) -> None:
    raw = small_config.model_dump()
    raw["optim"] |= {"lr": 100.0, "grad_clip_norm": 0.0, "warmup_fraction": 0.0}
    raw["head"] = {"type": "softmax"}
    config = RunConfig.model_validate(raw)
    training = Training(config, load_faces(config.data))
    with torch.no_grad():
        next(training.network.parameters()).fill_(float("nan"))
    with pytest.raises(TrialFailure, match="not finite in epoch 1") as caught:
        list(training.epochs())
    assert caught.value.outcome == "diverged"


def test_a_checkpoint_of_another_config_or_other_faces_is_refused(
    small_config: RunConfig, tmp_path: Path
) -> None:
    path = tmp_path / "training.ckpt"
    losses(small_config, path, stop_after=1)
    raw = small_config.model_dump()
    raw["optim"]["lr"] = 0.5
    with pytest.raises(InputError, match="of another config"):
        losses(RunConfig.model_validate(raw), path)


def test_metrics_are_fractions(small_config: RunConfig) -> None:
    result = next(iter(fit(small_config, load_faces(small_config.data))))
    assert set(result.metrics) == {
        "train/loss", "val/rank1", "val/tar_at_far_1e-3", "val/top1", "cost/gflops",
        "cost/mparams",
    }  # fmt: skip
    assert all(0 <= v <= 1 for k, v in result.metrics.items() if k.startswith("val/"))


def test_training_needs_no_ray_mlflow_or_optuna() -> None:
    script = """
import sys
for name in ("ray", "mlflow", "optuna"):
    sys.modules[name] = None  # makes an import of it fail
from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces, load_faces
from facesearch.training.fit import fit
config = RunConfig.model_validate({
    "data": {"image_px": 16, "synthetic": {"num_identities": 6, "faces_per_identity": 4}},
    "model": {"width": 4, "num_stages": 2}, "train": {"epochs": 1, "batch_size": 4}})
print([r.epoch for r in fit(config, load_faces(config.data))])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[1]", done.stderr


def test_a_model_that_has_seen_the_strangers_is_no_start(
    small_config: RunConfig, tmp_path: Path
) -> None:
    everybody = load_all_faces(small_config.data)
    seen = Training(small_config, everybody)
    model = Model(seen.best_network, seen.head, small_config, everybody.identities)
    save_bundle(tmp_path, model, {"faces": everybody.fingerprint})
    raw = small_config.model_dump()
    raw["model"]["init"] = str(tmp_path)
    config = RunConfig.model_validate(raw)
    with pytest.raises(InputError, match="every score would be too good"):
        Training(config, load_faces(config.data))
    # to train on everybody, or to rank by other people, it may be
    started = Training(config, everybody)
    torch.testing.assert_close(started.network.state_dict(), seen.network.state_dict())
    raw["data"]["synthetic"]["seed"] = 1
    others = RunConfig.model_validate(raw)
    Training(others, load_faces(others.data))
