"""A final model in MLflow's registry: its logged model and its version.

Not in this module: who is the champion (`champion.py`), the run's own figures and files
(`tracking.py`) and what is served (`serving.py`). Only calls of a client are used: MLflow's global
state belongs to the caller.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.errors import InputError
from facesearch.final.bundle import model_digest
from facesearch.final.card import card_head, plain
from facesearch.final.champion import (
    CHALLENGER,
    FACES_TAG,
    MODEL_TAG,
    Entrant,
    Verdict,
    judge,
    reported_on,
    versions_of,
)
from facesearch.final.dataset import registry_name
from facesearch.final.figures import Report
from facesearch.final.model import FaceModel
from facesearch.final.targets import Targets
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling

# isort: split
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric
from mlflow.exceptions import MlflowException

# Why a version became what it is; and its last tag: what it became, so nothing is left to be done.
VERDICT_TAG = "facesearch.verdict"
_SETTLED = "facesearch.settled"
# MLflow's own limits: characters of a digest and of a description, metrics in a call
_DIGEST, _DESCRIPTION, _BATCH = 36, 4900, 1000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Registered:
    """A version of a registered model: what it became at its registration, and why."""

    name: str
    version: str
    standing: str
    reason: str

    @property
    def address(self) -> str:
        """What finds this version."""
        return f"models:/{self.name}/{self.version}"


def register(  # noqa: PLR0913
    store: Store, run_id: str, folder: Path, model: FaceModel, report: Report, targets: Targets,
    name: str = "",
) -> Registered:  # fmt: skip
    """Log a bundle as a model that MLflow serves, and make it a version of a registered model.

    The first version with figures that decide is the champion. A later one becomes it only if both
    can be asked about the same reserved faces, and it is shown to be better there; otherwise it is
    the challenger. What has no such figures, or cannot be compared, gets no alias
    (`facesearch.final.champion`). The reason stands in the version's description. Each comparison
    uses the reporting faces once more: after many versions a champion is a little too good on them.
    A bundle that is a version already stays that one.

    Args:
        store: Where.
        run_id: The final run, which holds the bundle in ``model/``.
        folder: The bundle.
        model: What is in it.
        report: Its figures; they become the metrics of the logged model.
        targets: The sets that they are of.
        name: Of the registered model; "": that of the data set.

    Returns:
        The version, and what it became.

    Raises:
        InputError: If the name is none, or the store refuses.

    """
    if name:
        refuse_name(name)
    name = name or registry_name(model.config.data)
    client = store.client()
    saved = f"; the model is saved in {folder}; the same command registers it"
    with telling(store, "the model was not registered: ", saved):
        entrant = Entrant(model, model_digest(folder), targets, reported_on(model, targets))
        earlier = _settled(client, name, entrant.digest)
        if earlier:
            return earlier
        datasets = _datasets(model, targets)
        client.log_inputs(run_id, datasets=list(datasets.values()))
        logged = _log_model(client, run_id, folder, model, name)
        _log_metrics(client, run_id, logged.model_id, report, datasets)
        return _add_version(client, name, logged, judge(store, name, entrant), entrant, report)


def refuse_name(name: str) -> None:
    """Refuse what cannot be the name of a registered model.

    Raises:
        InputError: If it is none.

    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"registered model '{name}': must be 1 to 64 letters, digits, dots, - and _, and begin "
            "with a letter or digit."
        )


def _settled(client: Any, name: str, digest: str) -> Registered | None:
    """Return the version that the bundle is already, if it is one."""
    there = [
        version
        for version in versions_of(client, name)
        if version.tags.get(MODEL_TAG) == digest and _SETTLED in version.tags
    ]
    if not there:
        return None
    newest = max(there, key=lambda version: int(version.version))
    reason = newest.tags.get(VERDICT_TAG, "")
    return Registered(name, str(newest.version), newest.tags[_SETTLED], reason)


# --- the logged model -------------------------------------------------------------------


def _log_model(client: Any, run_id: str, folder: Path, model: FaceModel, name: str) -> Any:
    """Return the logged model of the run: READY, with all its files, or none that looks so."""
    # pyfunc takes seconds to import, and only a registration needs it
    from facesearch.final.serving import describe, save_pyfunc

    logged = client.create_logged_model(
        client.get_run(run_id).info.experiment_id,
        name=name,
        source_run_id=run_id,
        tags={"facesearch.faces": _faces_of(model)},
        params=_params(model),
        model_type="face embedding",
    )
    status = "FAILED"
    try:
        with TemporaryDirectory(prefix="facesearch-") as temporary:
            served = Path(temporary) / "model"
            save_pyfunc(folder, served, describe(run_id, logged))
            client.log_model_artifacts(logged.model_id, str(served))
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])
        status = "READY"
    finally:
        client.finalize_logged_model(logged.model_id, status)
    return logged


def _params(model: FaceModel) -> dict[str, str]:
    config = model.config
    values = {
        "network": config.model.network, "head": config.head.type, "image_px": model.image_px,
        "embedding_dim": model.embedding_dim, "members": len(model.members), "views": model.views,
        "identities": len(model.identities),
    }  # fmt: skip
    return {key: str(value) for key, value in values.items()}


def _log_metrics(
    client: Any, run_id: str, model_id: str, report: Report, datasets: Mapping[str, DatasetInput]
) -> None:
    """Tie every figure to the model, and to the set that it is of."""
    metrics = []
    for name, figure in report.figures.items():
        used = datasets.get(name.partition("/")[0])
        whose = (used.dataset.name, used.dataset.digest) if used else (None, None)
        for end, value in (("", figure.value), ("/low", figure.low), ("/high", figure.high)):
            if np.isfinite(value):  # a store may refuse NaN
                # at time 0 as the run's own, so that they are one point and not two
                metrics.append(Metric(f"final/{name}{end}", value, 0, 0, model_id, *whose))
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])


# --- its faces --------------------------------------------------------------------------


def _faces_of(model: FaceModel) -> str:
    return str(model.provenance.get("faces", "unknown"))[:_DIGEST]


def _datasets(model: FaceModel, targets: Targets) -> dict[str, DatasetInput]:
    """Return the training faces and each reporting set, by name; no pictures, only digests."""
    root = model.config.data.root or "generated faces"
    found = {}
    if "faces" in model.provenance:
        about = {"num_identities": len(model.identities)}
        found["train"] = _dataset("train", _faces_of(model), root, about)
    for name in ("dev", "known", "unknown_dev", "unknown_test", "known_test"):
        faces: FaceSet | None = getattr(targets, name)
        if faces is not None and len(faces):
            about = {"num_faces": len(faces), "num_identities": len(set(faces.labels_M.tolist()))}
            found[name] = _dataset(name, digest_of(faces), root, about)
    return found


def _dataset(name: str, digest: str, root: str, about: dict[str, int]) -> DatasetInput:
    dataset = Dataset(
        f"faces/{name}", digest, "local", json.dumps({"uri": root}), profile=json.dumps(about)
    )
    context = "train" if name == "train" else "test"
    return DatasetInput(dataset, [InputTag("mlflow.data.context", context)])


def digest_of(faces: FaceSet) -> str:
    """Return 32 characters that follow from the pictures, as they are, and whose they are."""
    digest = hashlib.sha256(np.ascontiguousarray(faces.labels_M).tobytes())
    for start in range(0, len(faces), 256):
        rows = faces.index_M[start : start + 256]
        digest.update(np.ascontiguousarray(faces.images_NHWC[rows]).tobytes())
    return digest.hexdigest()[:32]


# --- the version ------------------------------------------------------------------------


def _add_version(
    client: Any, name: str, logged: Any, verdict: Verdict, entrant: Entrant, report: Report
) -> Registered:
    with suppress(MlflowException):  # it is there already; if it is not, the next call says why
        client.create_registered_model(name, description="Face models of facesearch.")
    tags = {
        "facesearch.final_run_id": logged.source_run_id,
        "facesearch.model_id": logged.model_id,
        "facesearch.faces": _faces_of(entrant.model),
        VERDICT_TAG: verdict.reason[:1000],
        MODEL_TAG: entrant.digest,
        FACES_TAG: entrant.reported_on,
    }
    if verdict.replaced:
        tags["facesearch.replaced"] = verdict.replaced
    head = card_head(entrant.model, report)
    # not models:/<id>, which a SQL store resolves in MLflow's global store
    version = client.create_model_version(
        name,
        logged.artifact_location,
        logged.source_run_id,
        tags=tags,
        description=f"{verdict.standing}: {plain(verdict.reason)}\n\n{head}"[:_DESCRIPTION],
        model_id=logged.model_id,
    ).version
    # how MLflow itself ties the two together: its SQL store keeps no model_id of a version
    versions = json.dumps([{"name": name, "version": int(version)}])
    client.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": versions})
    if verdict.alias:
        client.set_registered_model_alias(name, verdict.alias, version)
    if verdict.replaced:
        # whoever challenged before was not compared with the new champion
        with suppress(MlflowException):
            client.delete_registered_model_alias(name, CHALLENGER)
    client.set_model_version_tag(name, str(version), _SETTLED, verdict.standing)
    return Registered(name, str(version), verdict.standing, verdict.reason)
