"""A final model in MLflow: one run with its figures, its curves and its files.

A run says which bundle it is of, so that the same command, after whatever has stopped it, goes on
with that run and makes no second one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, Param

from facesearch.final.bundle import model_digest
from facesearch.final.champion import MODEL_TAG
from facesearch.final.figures import Report
from facesearch.final.finalists import Finalist
from facesearch.final.model import FaceModel
from facesearch.final.registry import Registered, register
from facesearch.final.retrain import Trained
from facesearch.final.targets import Targets
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling
from facesearch.tracking.tracker import single_run

# The name of the folder that holds the model and its report.
FOLDER_TAG = "facesearch.folder"
_BATCH = 1000
# MLflow takes 8,000 characters of a tag
_NOTE = 7900
_REST = "\n\nCut here: the rest is in report/report.md, among the files of this run."
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
        register_as: Name of the registered model; "": that of the data set.

    """

    folder: Path
    model: FaceModel
    report: Report
    targets: Targets
    finalist: Finalist
    trained: list[Trained]
    register_as: str = ""


def log_final(store: Store, made: Made, *, is_registered: bool) -> tuple[str, Registered | None]:
    """Write a final model into MLflow, and register it if it is to be.

    A bundle that a finished run of the same trial holds is not written again, and one that is
    registered stays that version. A run that was cut short is taken up again.

    Returns:
        The run's id, and the registered version, None if it is not to be one.

    Raises:
        InputError: If the store fails; everything is in the folder, and the same command writes it
            again.

    """
    saved = f"; the model and its report are saved in {made.folder}"
    saved += "; the same command writes them again"
    tags = _tags(made)
    with telling(store, saved=saved):
        run_id, is_whole = _earlier(store, tags)
    if is_whole:
        return run_id, _registered(store, run_id, made) if is_registered else None
    name = f"final of {made.finalist.name}"[:250]
    with single_run(store, name, tags, run_id=run_id, saved=saved) as (client, run_id):
        _write(client, run_id, made)
        return run_id, _registered(store, run_id, made) if is_registered else None


def _earlier(store: Store, tags: dict[str, str]) -> tuple[str, bool]:
    """Return the run of the same bundle and trial, "" if there is none, and whether it is whole.

    Other runs of them that never ended are ended: what was to end them was killed.
    """
    client = store.client()
    same = (MODEL_TAG, "facesearch.trial_run_id", "facesearch.kind")
    runs = client.search_runs(
        [store.experiment_id(client)],
        f"tags.`{MODEL_TAG}` = '{tags[MODEL_TAG]}'",
        order_by=["attributes.start_time DESC"],
    )
    runs = [run for run in runs if all(run.data.tags.get(key) == tags[key] for key in same)]
    if not runs:
        return "", False
    chosen = next((run for run in runs if run.info.status == "FINISHED"), runs[0])
    for run in runs:
        if run is not chosen and run.info.status == "RUNNING":
            client.set_terminated(run.info.run_id, "KILLED")
    return str(chosen.info.run_id), bool(chosen.info.status == "FINISHED")


def _write(client: Any, run_id: str, made: Made) -> None:
    client.log_batch(run_id, params=_params(made.model, made.trained))
    metrics = _metrics(made.report, made.trained)
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
    # its config.json holds the names of the people who were trained on: without them the model
    # could not say who is on a picture
    client.log_artifacts(run_id, str(made.folder / "model"), "model")
    # the report that is sent names nobody; the one in the folder may
    told = made.report.without_names(made.model.identities)
    client.log_text(run_id, told.as_json(), "report/report.json")
    for file in ("report.md", *_SUBMISSIONS):
        if (made.folder / file).exists():
            client.log_artifact(run_id, str(made.folder / file), "report")


def _registered(store: Store, run_id: str, made: Made) -> Registered:
    bundle = made.folder / "model"
    return register(store, run_id, bundle, made.model, made.report, made.targets, made.register_as)


def _tags(made: Made) -> dict[str, str]:
    told = {k: v for k, v in made.model.provenance.items() if isinstance(v, str)}
    return {
        **{k if "." in k else f"facesearch.{k}": v for k, v in told.items()},
        "facesearch.kind": "final",
        FOLDER_TAG: made.folder.name,
        "facesearch.trial_run_id": made.finalist.run_id,
        "facesearch.config": made.model.config.model_dump_json(),
        MODEL_TAG: model_digest(made.folder / "model"),
        "mlflow.note.content": _note((made.folder / "report.md").read_text()),
    }


def _note(text: str) -> str:
    """Return a report as the run's description: whole lines of it, if it is too long."""
    if len(text) <= _NOTE:
        return text
    return text[: _NOTE - len(_REST)].rpartition("\n")[0] + _REST


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
