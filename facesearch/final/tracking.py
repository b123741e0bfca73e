"""A final model in MLflow: one run with its figures, its curves and its files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, Param

from facesearch.final.figures import Report
from facesearch.final.finalists import Finalist
from facesearch.final.model import FaceModel
from facesearch.final.registry import register
from facesearch.final.retrain import Trained
from facesearch.final.targets import Targets
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import single_run

_BATCH = 1000
_SUBMISSIONS = ("classification.csv", "verification.csv")


@dataclass(frozen=True)
class Made:
    """What a final stage has made.

    Args:
        folder: Holds ``model/`` and the report.
        model: What is in ``model/``.
        report: Its figures.
        targets: The sets that they are of; the registered champion is asked about the same.
        finalist: The trial that it came from.
        trained: Its members, with their curves.

    """

    folder: Path
    model: FaceModel
    report: Report
    targets: Targets
    finalist: Finalist
    trained: list[Trained]


def log_final(store: Store, made: Made, *, is_registered: bool) -> tuple[str, str]:
    """Write a final model into MLflow, and register it if it is to be.

    Returns:
        The run's id, and the registered version, "" if there is none.

    Raises:
        InputError: If the store does not answer; everything is in the folder, and the same command
            writes it again.

    """
    folder, model = made.folder, made.model
    tags = {
        **{f"facesearch.{k}" if "." not in k else k: str(v) for k, v in _tags(model).items()},
        "facesearch.kind": "final",
        "facesearch.trial_run_id": made.finalist.run_id,
        "facesearch.config": model.config.model_dump_json(),
        "mlflow.note.content": (folder / "report.md").read_text(),
    }
    name = f"final of {made.finalist.name}"[:250]
    with single_run(store, name, tags) as (client, run_id):
        client.log_batch(run_id, params=_params(model, made.trained))
        metrics = _metrics(made.report, made.trained)
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
        client.log_artifacts(run_id, str(folder / "model"), "model")
        # the names of people stay on this disk
        told = made.report.without_names(model.identities)
        client.log_text(run_id, told.as_json(), "report/report.json")
        for file in ("report.md", *_SUBMISSIONS):
            if (folder / file).exists():
                client.log_artifact(run_id, str(folder / file), "report")
        version = ""
        if is_registered:
            version = register(store, run_id, folder / "model", model, made.report, made.targets)
    return run_id, version


def _tags(model: FaceModel) -> dict[str, Any]:
    return {k: v for k, v in model.provenance.items() if isinstance(v, str)}


def _params(model: FaceModel, trained: list[Trained]) -> list[Param]:
    config = model.config
    values = {
        "seeds": len(trained), "members": len(model.members), "views": model.views,
        "image_px": model.image_px, "epochs": len(trained[0].curve), "head": config.head.type,
        "network": config.model.network, "lr": config.optim.lr,
    }  # fmt: skip
    return [Param(name, str(value)) for name, value in values.items()]


def _metrics(report: Report, trained: list[Trained]) -> list[Metric]:
    """Return every figure with its ends, and the loss and seconds of every epoch of each seed."""
    found = []
    for name, figure in report.figures.items():
        for end, value in (("", figure.value), ("/low", figure.low), ("/high", figure.high)):
            if value == value:  # a store may refuse NaN
                found.append(Metric(f"final/{name}{end}", value, 0, 0))
    for one in trained:
        for step, row in enumerate(one.curve, start=1):
            found.append(Metric(f"train/loss/seed{one.seed}", row["loss"], 0, step))
            found.append(Metric(f"seconds/seed{one.seed}", row["seconds"], 0, step))
    return found
