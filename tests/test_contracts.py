"""Every name of `facesearch list` trains two steps and survives resume, save and load.

A name added to a table of the config is found here by itself.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from faces_on_disk import WRITERS

from facesearch.config import CATALOGUE, RunConfig, SearchConfig
from facesearch.data.faces import Faces, load_faces
from facesearch.final.bundle import Model, load_bundle, save_bundle
from facesearch.training.fit import Training

SMALL: dict[str, Any] = {
    "data": {"image_px": 32, "synthetic": {"num_identities": 8, "faces_per_identity": 6}},
    "model": {"num_stages": 2, "width": 4, "embedding_dim": 8},
    "head": {"type": "cosface"},
    "optim": {"lr": 0.01},
    "train": {"epochs": 2, "batch_size": 16, "precision": "fp32"},
}
# Where 0.5 is no value that changes something.
ON = {"strength": 2.0, "changes_per_image": 2, "hue_deg": 30.0, "rotate_deg": 30.0}
# Settings that are no names, but change what is trained.
SWITCHES: list[dict[str, Any]] = [
    {"model": {"squeeze_excite": True, "drop_path": 0.2, "zero_init": True}},
    {"model": {"embedding_norm": False, "dropout": 0.2}},
    {"train": {"accumulate": 2}},
    {"optim": {"ema_decay": 0.9, "layer_decay": 0.7}},
    *({"head": {"type": name, "center_weight": 0.01}} for name in ("softmax", "triplet")),
    {"head": {"type": "arcface", "learn_scale": True, "margin_warmup": 0.8, "lr_factor": 5.0}},
]


def settings_of(field: str, name: str) -> dict[str, Any]:
    """The settings that use one name of the catalogue."""
    if field == "model.network" and name != "cnn":
        # the structure is its own; few faces, as some are large
        synthetic = {"num_identities": 5, "faces_per_identity": 3}
        return {
            "model": {"network": name, "embedding_dim": 8},
            "data": {"image_px": 32, "synthetic": synthetic},
            "train": {**SMALL["train"], "batch_size": 4},
        }
    if field == "augment":
        head = "softmax" if name.endswith("alpha") else "cosface"
        return {"augment": {name: ON.get(name, 0.5)}, "head": {"type": head}}
    part, _, key = field.partition(".")
    return {part: {key: name}}


def merged(settings: dict[str, Any]) -> dict[str, Any]:
    """The small run with other settings."""
    is_named = "network" in settings.get("model", {})
    small = {**SMALL, "model": {}} if is_named else SMALL
    parts = {**small, **settings}
    return {k: {**small.get(k, {}), **v} for k, v in parts.items()}


NAMES = [
    (field, name)
    for topic, fields in CATALOGUE.items()
    if topic not in ("layouts", "objectives")
    for field, names in fields.items()
    for name in names
]
CASES = [
    *(pytest.param(settings_of(field, name), id=f"{field}={name}") for field, name in NAMES),
    *(pytest.param(settings, id=str(settings)) for settings in SWITCHES),
]


def states(training: Training) -> dict[str, torch.Tensor]:
    parts = {"network": training.best_network, "head": training.head}
    return {f"{p}.{k}": v for p, m in parts.items() for k, v in m.state_dict().items()}


def train_and_resume(config: RunConfig, faces: Faces, path: Path) -> dict[str, float]:
    """Train an epoch, save, train another; resume and do the same again. Return its metrics."""
    whole = Training(config, faces)
    before = {k: v.clone() for k, v in states(whole).items()}
    epochs = whole.epochs()
    next(epochs)
    whole.save(path)
    second = next(epochs)
    trained = states(whole)
    assert any(not torch.equal(before[k], v) for k, v in trained.items())
    assert all(torch.isfinite(v).all() for v in trained.values())
    other = Training(config, faces)
    other.resume(path)
    resumed = next(other.epochs())
    assert resumed.metrics == pytest.approx(second.metrics, nan_ok=True)
    torch.testing.assert_close(states(other), trained)
    survives_its_bundle(whole, path.parent / "model")
    return second.metrics


def survives_its_bundle(training: Training, folder: Path) -> None:
    """A model that is saved and loaded gives the same embeddings and scores."""
    model = Model(training.best_network, training.head, training.config, training.faces.identities)
    save_bundle(folder, model)
    loaded = load_bundle(folder)
    # the same layout in memory: another one adds up in another order
    loaded.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        found = [part.network.eval()(images) for part in (model, loaded)]
        torch.testing.assert_close(found[0], found[1])
        scores = [part.head.eval().scores(found[0]) for part in (model, loaded)]
        torch.testing.assert_close(scores[0], scores[1])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("settings", CASES)
def test_it_trains_and_goes_on_exactly_from_a_checkpoint(
    settings: dict[str, Any], channels: int, tmp_path: Path
) -> None:
    raw = merged(settings)
    raw["model"]["input_channels"] = channels
    config = RunConfig.model_validate(raw)
    metrics = train_and_resume(config, load_faces(config.data), tmp_path / "a.ckpt")
    assert set(metrics) >= {"train/loss", "val/rank1", "val/top1", "cost/gflops"}


@pytest.mark.parametrize("name", CATALOGUE["layouts"]["data.layout"])
def test_the_faces_of_every_layout_train(name: str, tmp_path: Path) -> None:
    root = WRITERS[name](tmp_path / "faces")
    settings = {"data": {"root": str(root), "layout": name}, "train": {"batch_size": 4}}
    config = RunConfig.model_validate(merged(settings))
    faces = load_faces(config.data)
    assert str(root) in faces.source
    train_and_resume(config, faces, tmp_path / "a.ckpt")


@pytest.mark.parametrize("name", CATALOGUE["objectives"]["search.objective"])
def test_every_objective_is_measured_by_a_training(name: str, tmp_path: Path) -> None:
    config = RunConfig.model_validate(merged({}))
    metrics = train_and_resume(config, load_faces(config.data), tmp_path / "a.ckpt")
    search = SearchConfig(objective={name: 1.0, "val/rank1": 1.0})
    expected = metrics[name] + (metrics["val/rank1"] if name != "val/rank1" else 0.0)
    assert search.score(metrics) == pytest.approx(expected)
