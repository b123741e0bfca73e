"""Folders as finalize writes them, of a model that nobody has trained."""

import json
from pathlib import Path
from typing import Any

import torch
from models import untrained

from facesearch.config import RunConfig, as_plain
from facesearch.final.bundle import HEADER, model_digest, save_bundle
from facesearch.final.figures import Figure, Report
from facesearch.final.model import FaceModel, build_member
from facesearch.final.shift import accuracy_by_shift
from facesearch.final.targets import read_targets
from facesearch.final.verify import verify
from facesearch.tracking.store import Store

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


def final_folder(
    parent: Path, names: tuple[str, ...] = (), *, folder: str = "final-12345678", **data: Any
) -> Path:
    """Write a final folder of generated faces, and return it; with two seeds and a control.

    Args:
        parent: It becomes ``parent/<folder>``.
        names: Of the people, 20 of them; the faces are numbered otherwise.
        folder: Its name.
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
    place = parent / folder
    save_bundle(place / "model", model)
    (place / "report.json").write_text(report.as_json())
    for seed in (0, 1):
        _member(place, config, seed)
    still = config.augment.model_copy(update={"shift_fraction": 0.0})
    _member(place, config.model_copy(update={"augment": still}), 0)
    return place


def small_final(place: Path, rank1: float | None = 0.5, **provenance: Any) -> Path:
    """Write the folder of a model without its training: a bundle, and a report of one figure.

    Args:
        place: The folder.
        rank1: Of unknown_test; None: the report has no figure.
        provenance: Of the model; another one, another bundle.

    """
    save_bundle(place / "model", untrained(provenance={"place": place.name, **provenance}))
    figures = {} if rank1 is None else {"unknown_test/rank1": Figure(rank1, 0.4, 0.6, 90)}
    (place / "report.json").write_text(Report(figures).as_json())
    return place


def in_registry(store: Store, place: Path, name: str, *aliases: str) -> tuple[str, str]:
    """Write a final folder's run and version as finalize does; return the run and the number."""
    client, digest = store.client(), model_digest(place / "model")
    tags = {
        "facesearch.kind": "final", "facesearch.folder": place.name,
        "facesearch.model_sha256": digest, "facesearch.trial_run_id": "12345678abc",
        "facesearch.config": as_json(place),
    }  # fmt: skip
    run_id = str(client.create_run(store.experiment_id(client), tags=tags).info.run_id)
    client.set_terminated(run_id)
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    told = {"facesearch.model_sha256": digest, "facesearch.verdict": "because of the figures"}
    version = client.create_model_version(name, "file:///nowhere", run_id, tags=told).version
    for alias in aliases:
        client.set_registered_model_alias(name, alias, version)
    return run_id, str(version)


def as_json(place: Path) -> str:
    """Return the config of the model in a final folder."""
    return json.dumps(json.loads((place / "model" / HEADER).read_text())["config"])


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
