"""Every name of `facesearch list` does what names of its kind do.

What a training is made of trains two steps and survives resume, save and load; what a sweep is
made of proposes, stops, or judges.
A name added to a table of the config is found here by itself.
"""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from faces_on_disk import WRITERS

from facesearch.config import CATALOGUE, RunConfig, SearchConfig
from facesearch.data.faces import Faces, load_faces
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.model import FaceModel, Member
from facesearch.space import Point, SearchSpace, space_from_text
from facesearch.training.fit import Training
from facesearch.tuning.attempt import Attempt
from facesearch.tuning.controller import Controller
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.limits import Limits
from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.tuning.search import build_proposer
from facesearch.tuning.simulate import simulate

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


# Topics that no training shows: each has a contract of its own below.
ELSEWHERE = ("layouts", "objectives", "search")
NAMES = [
    (field, name)
    for topic, fields in CATALOGUE.items()
    if topic not in ELSEWHERE
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
    member = Member(training.best_network, training.head)
    model = FaceModel((member,), training.config, training.faces.identities)
    save_bundle(folder, model)
    loaded = load_bundle(folder).members[0]
    # the same layout in memory: another one adds up in another order
    loaded.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        found = [part.network.eval()(images) for part in (member, loaded)]
        torch.testing.assert_close(found[0], found[1])
        scores = [part.head.eval().scores(found[0]) for part in (member, loaded)]
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
    sign = -1 if name.startswith("cost/") else 1
    expected = sign * metrics[name] + (metrics["val/rank1"] if name != "val/rank1" else 0.0)
    assert search.scores(metrics) == [pytest.approx(expected)]
    both = SearchConfig(objective=list(dict.fromkeys([name, "val/rank1"])))
    assert both.scores(metrics)[0] == sign * metrics[name]


# --- what a sweep is made of -------------------------------------------------------------

# every kind of hole, and one that only an option has
SEARCHED = """
data: {image_px: 32}
model: {width: {log_int: [4, 32]}, num_stages: {int: [1, 2]}, embedding_dim: 8}
head: {choice: [{type: softmax}, {type: arcface, margin_rad: {uniform: [0.0, 0.5]}}]}
optim: {lr: {log_uniform: [0.01, 1.0]}}
"""
# a member of pbt keeps its weights, so only numbers that shape none of them
RATES = """
head: {type: arcface, scale: {log_uniform: [10, 64]}}
optim: {lr: {log_uniform: [0.01, 1.0]}, weight_decay: {log_uniform: [1e-5, 1e-2]}}
"""
EPOCHS = 9


def space_of(text: str, **search: Any) -> SearchSpace:
    return space_from_text(f"{text}train: {{epochs: {EPOCHS}}}").with_settings(**search)


def closeness(point: Point, epoch: int) -> list[float]:
    """Best at a rate of 0.1; better with each epoch."""
    return [1 - abs(math.log10(point["optim.lr"]) + 1) - 1 / (1 + epoch)]


@pytest.mark.parametrize("name", CATALOGUE["search"]["search.sampler"])
def test_every_sampler_proposes_points_of_the_space(name: str) -> None:
    space = space_of(SEARCHED, sampler=name)
    proposer, again = build_proposer(space), build_proposer(space)
    holes = {hole.name: hole for hole in space.holes()}
    points = []
    for draw in range(10):  # from the 8th on they go by what is known
        point = proposer.propose(draw)
        assert point is not None
        config = space.config(point)
        assert ("head.arcface.margin_rad" in point) == (config.head.type == "arcface")
        assert all(
            value in holes[hole].values
            if holes[hole].kind == "choice"
            else holes[hole].values[0] <= value <= holes[hole].values[1]
            for hole, value in point.items()
        )
        points.append(point)
        rows = [{"score": closeness(point, epoch)[0]} for epoch in range(1, EPOCHS + 1)]
        for told in (proposer, again):
            told.drawn(draw, point)
            told.ended(TrialRecord(draw, point, draw, rows, "completed"))
    assert len({repr(point) for point in points}) == 10
    # another process that was told the same goes on with the same
    assert proposer.propose(10) == again.propose(10)


@pytest.mark.parametrize("objective", ["val/rank1", ["val/rank1", "cost/gflops"]])
@pytest.mark.parametrize("name", CATALOGUE["search"]["search.scheduler.type"])
def test_every_scheduler_takes_a_sweep_to_its_end(name: str, objective: Any) -> None:
    search = {"trials": 9, "sampler": "random", "objective": objective}
    space = space_of(RATES, scheduler={"type": name}, **search)
    ledger = MemoryLedger()
    ledger.append("opened", sweep_id="s", name="sweep", max_epochs=EPOCHS)
    ledger.append("session", trials=9, time_s=None)
    controller = Controller(space, ledger, SweepRecord("sweep", 0, EPOCHS), [])
    has_several = space.settings.search.has_several

    def train(attempt: Attempt, epoch: int) -> tuple[list[float], float]:
        cost = [-attempt.point["head.scale"]] if has_several else []
        return closeness(attempt.point, epoch) + cost, 1.0

    simulate(controller, train, workers=2)
    sweep = controller.sweep
    assert controller.is_over and len(sweep.trials) == 9
    assert {trial.outcome for trial in sweep.trials.values()} <= {"completed", "pruned"}
    assert sweep.best is not None and sweep.best.epochs == EPOCHS
    assert sweep.best.outcome == "completed"
    stops = name not in ("none", "pbt")
    assert (sweep.epochs_spent < 9 * EPOCHS) == stops


@pytest.mark.parametrize("name", CATALOGUE["objectives"]["search.limits"])
def test_every_limit_judges_a_point(name: str) -> None:
    point = {"model.width": 8, "model.num_stages": 1, "head": "softmax", "optim.lr": 0.1}
    strict = Limits(space_of(SEARCHED, limits={name: 1e-9}))
    excess = strict.excess(point)
    assert list(excess) == [name] and excess[name] > 0
    assert f"{name} is" in strict.reason(excess, point)
    assert "above the limit 1e-09" in strict.reason(excess, point)
    assert Limits(space_of(SEARCHED, limits={name: 1e9})).excess(point) == {}
