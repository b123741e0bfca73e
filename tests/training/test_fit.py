import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces, load_faces
from facesearch.errors import InputError, TrialFailure
from facesearch.final.bundle import save_bundle
from facesearch.final.model import FaceModel, Member
from facesearch.training.checkpoint import load_checkpoint, save_checkpoint
from facesearch.training.fit import Training, fit

CPU = torch.device("cpu")


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


def changed(config: RunConfig, **parts: dict[str, Any]) -> RunConfig:
    raw = config.model_dump()
    for part, values in parts.items():
        raw[part] = values if part == "head" else raw[part] | values
    return RunConfig.model_validate(raw)


def trained(config: RunConfig, path: Path) -> Training:
    training = Training(config, load_faces(config.data), CPU)
    next(training.epochs())
    training.save(path)
    return training


@pytest.mark.parametrize(
    "other",
    [
        {"optim": {"lr": 0.3, "momentum": 0.5, "grad_clip_norm": 0.0}},
        # each of these sorts the weights into other groups
        {"optim": {"weight_decay": 0.0}},
        {"optim": {"layer_decay": 0.8}},
        {"head": {"type": "arcface", "margin_rad": 0.3, "lr_factor": 2.0}},
        {"model": {"dropout": 0.3}, "augment": {"flip_probability": 0.0}, "train": {"seed": 5}},
        {"optim": {"ema_decay": 0.9}},
    ],
    ids=str,
)
@pytest.mark.parametrize("optim", ["sgd", "adamw"])
def test_the_weights_of_another_config_are_taken_over(
    small_config: RunConfig, tmp_path: Path, optim: str, other: dict[str, Any]
) -> None:
    source = trained(changed(small_config, optim={"type": optim, "lr": 0.01}), tmp_path / "c")
    config = changed(source.config, **other)
    target = Training(config, source.faces, CPU)
    with pytest.raises(InputError, match="of another config"):
        target.resume(tmp_path / "c")
    own = [{k: v for k, v in g.items() if k != "params"} for g in target.optimizer.param_groups]
    target.resume(tmp_path / "c", is_other_config=True)
    assert target.epochs_done == 1
    for ours, theirs in ((target.network, source.network), (target.head, source.head)):
        torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
        for name, parameter in ours.named_parameters():
            found = target.optimizer.state[parameter]
            expected = source.optimizer.state[theirs.get_parameter(name)]
            torch.testing.assert_close(found, expected)
    torch.testing.assert_close(target.best_network.state_dict(), target.network.state_dict())
    groups = target.optimizer.param_groups
    assert [{k: v for k, v in group.items() if k != "params"} for group in groups] == own
    result = next(target.epochs())
    assert result.epoch == 2 and target.optimizer.param_groups[0]["lr"] != own[0]["lr"]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (
            {"model": {"width": 8}},
            r"network embedding\.weight is \(8, 8\) in it and \(8, 16\) here",
        ),
        (
            {"model": {"num_stages": 1}},
            r"network embedding\.weight is \(8, 8\) in it and \(8, 4\) here",
        ),
        ({"head": {"type": "softmax"}}, "head .* missing"),
        ({"optim": {"type": "adamw"}}, "its optimiser is sgd"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    small_config: RunConfig, tmp_path: Path, other: dict[str, Any], reason: str
) -> None:
    source = trained(small_config, tmp_path / "c")
    target = Training(changed(small_config, **other), source.faces, CPU)
    before = {k: v.clone() for k, v in target.network.state_dict().items()}
    with pytest.raises(InputError, match=rf"c: does not fit \({reason}"):
        target.resume(tmp_path / "c", is_other_config=True)
    torch.testing.assert_close(target.network.state_dict(), before)
    assert target.epochs_done == 0 and not target.optimizer.state


def test_a_state_with_a_missing_part_is_refused(small_config: RunConfig, tmp_path: Path) -> None:
    source = trained(small_config, tmp_path / "c")
    state = load_checkpoint(tmp_path / "c")
    for name in ("epochs_done", "config", "faces", "network", "head", "optimizer"):
        for broken in ({k: v for k, v in state.items() if k != name}, state | {name: "x"}):
            save_checkpoint(tmp_path / "c", broken)
            with pytest.raises(InputError, match="start without it"):
                source.resume(tmp_path / "c", is_other_config=True)


def test_the_weights_of_other_faces_are_not_taken_over(
    small_config: RunConfig, tmp_path: Path
) -> None:
    trained(small_config, tmp_path / "c")
    raw = small_config.model_dump()
    raw["data"]["synthetic"]["seed"] = 1
    others = RunConfig.model_validate(raw)
    with pytest.raises(InputError, match="trained on other faces"):
        Training(others, load_faces(others.data)).resume(tmp_path / "c", is_other_config=True)


def gradients(config: RunConfig, micro_batches: int) -> dict[str, torch.Tensor]:
    """Return the gradients of one step over two batches, and its loss."""
    training = Training(config, load_faces(config.data), CPU, micro_batches=micro_batches)
    batches = np.arange(18).reshape(2, 9)
    training.network.train()
    training.head.train()
    for module in training.network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()  # its statistics would be those of a part
    found = {"loss": training._step(batches, torch.Generator().manual_seed(0))}
    parts = {"network": training.network, "head": training.head}
    for part, module in parts.items():
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                assert parameter.grad is not None
                found[f"{part}.{name}"] = parameter.grad
    return found


@pytest.mark.parametrize("head", ["softmax", "cosface"])
@pytest.mark.parametrize("micro_batches", [2, 4])
def test_a_batch_in_parts_has_the_same_gradient(
    small_config: RunConfig, head: str, micro_batches: int
) -> None:
    # parts of different sizes, and nothing drawn that differs between them
    config = changed(
        small_config,
        head={"type": head},
        optim={"grad_clip_norm": 0.0},
        model={"dropout": 0.0},
        augment={"strength": 0.0},
        train={"batch_size": 9, "precision": "fp32"},
    )
    whole, parts = gradients(config, 1), gradients(config, micro_batches)
    torch.testing.assert_close(parts, whole, rtol=1e-3, atol=1e-4)


def test_a_training_in_parts_goes_on_in_others(small_config: RunConfig, tmp_path: Path) -> None:
    faces = load_faces(small_config.data)
    first = Training(small_config, faces, CPU, micro_batches=4)
    assert torch.isfinite(torch.tensor(next(first.epochs()).metrics["train/loss"]))
    first.save(tmp_path / "c")
    second = Training(small_config, faces, CPU, micro_batches=2)
    second.resume(tmp_path / "c")
    assert [result.epoch for result in second.epochs()] == [2, 3]


def test_parts_that_cannot_be_are_refused(small_config: RunConfig) -> None:
    faces = load_faces(small_config.data)
    with pytest.raises(InputError, match="a batch of 8 faces in 5 parts"):
        Training(small_config, faces, CPU, micro_batches=5)
    pairs = changed(small_config, head={"type": "supcon"})
    with pytest.raises(InputError, match="cannot be computed in 2 parts"):
        Training(pairs, faces, CPU, micro_batches=2)


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
    model = FaceModel(
        (Member(seen.best_network, seen.head),), small_config, everybody.identities,
        provenance={"faces": everybody.fingerprint},
    )  # fmt: skip
    save_bundle(tmp_path, model)
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
