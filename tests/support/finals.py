"""Folders as finalize writes them, of a model that nobody has trained."""

import json
from pathlib import Path
from typing import Any

import torch

from facesearch.config import RunConfig, as_plain
from facesearch.final.bundle import HEADER, save_bundle
from facesearch.final.figures import Figure, Report
from facesearch.final.model import FaceModel, build_member
from facesearch.final.shift import accuracy_by_shift
from facesearch.final.targets import read_targets
from facesearch.final.verify import verify

NUM_PEOPLE = 20


def model_of(config: RunConfig, identities: tuple[str, ...], members: int = 2) -> FaceModel:
    """Return a model of random networks."""
    torch.manual_seed(0)
    made = tuple(build_member(config, len(identities)) for _ in range(members))
    for member in made:
        member.network.eval()
        member.head.eval()
    told = {"seeds": [0, 1], "epochs": [3, 3], "training_minutes": 0.1, "trial": "trial 002"}
    return FaceModel(made, config, identities, provenance=told)


def final_folder(parent: Path, names: tuple[str, ...] = (), **data: Any) -> Path:
    """Write a final folder of generated faces, and return it; with two seeds and a control.

    Args:
        parent: It becomes ``parent/final-12345678``.
        names: Of the people, 20 of them; the faces are numbered otherwise.
        data: Fields of the data config, such as the root of a folder of faces.

    """
    faces = {"num_identities": NUM_PEOPLE, "faces_per_identity": 6}
    config = RunConfig.model_validate({
        "data": {"image_px": 16, "synthetic": faces, **data},
        "model": {"num_stages": 2, "width": 4, "embedding_dim": 8},
        "head": {"type": "cosface", "scale": 16.0}, "augment": {"shift_fraction": 0.1},
    })  # fmt: skip
    identities = names or tuple(f"g{number:06d}" for number in range(NUM_PEOPLE))
    model = model_of(config, identities)
    targets = read_targets(config.data, identities)
    model, report = verify(model, targets)
    _tell_more(report, model)
    report.tables["accuracy by shift of the face"] = accuracy_by_shift(model, targets)
    folder = parent / "final-12345678"
    save_bundle(folder / "model", model)
    (folder / "report.json").write_text(report.as_json())
    for seed in (0, 1):
        _member(folder, config, seed)
    still = config.augment.model_copy(update={"shift_fraction": 0.0})
    _member(folder, config.model_copy(update={"augment": still}), 0)
    return folder


def _tell_more(report: Report, model: FaceModel) -> None:
    some = Figure(0.5, 0.4, 0.6, 9)
    top1, rank1 = (
        report.figures.get(name, some).value for name in ("dev/top1", "unknown_dev/rank1")
    )
    report.tables["seeds"] = [
        {"seed": seed, "dev/top1": top1 * part, "unknown_dev/rank1": rank1 * part, "loss": 1.0,
         "minutes": 2.0}
        for seed, part in ((0, 0.9), (1, 0.8))
    ]  # fmt: skip
    report.tables["winner's curse"] = [{
        "rank-1 in the search": 0.6, "best of trials": 12, "gap": 0.2, "low": 0.3, "high": 0.5,
        "retrained, people the search never saw": 0.4,
    }]  # fmt: skip
    report.notes.append("LEAK: 1 picture of dev also in training, byte by byte.")


def _member(folder: Path, config: RunConfig, seed: int) -> None:
    train = config.train.model_copy(update={"seed": seed})
    plain = as_plain(replace_train(config, train))
    member = folder / "members" / f"{seed}{config.augment.shift_fraction:g}"
    (member / "stage0" / "model").mkdir(parents=True)
    (member / "stage0" / "model" / HEADER).write_text(json.dumps({"config": plain}))
    rows = [
        {"stage": 0, "epoch": epoch, "loss": 4.0 / epoch + 0.1 * seed, "seconds": 1.5}
        for epoch in (1, 2, 3)
    ]
    # the last line is torn by a kill
    lines = [json.dumps(row) for row in [*rows[:1], *rows]]
    (member / "curve.jsonl").write_text("\n".join(lines) + '\n{"stage": 0, "ep')


def replace_train(config: RunConfig, train: Any) -> RunConfig:
    """Return the config with another training part."""
    return config.model_copy(update={"train": train})
