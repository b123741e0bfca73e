"""`finalize`: from a trial's run to a model, its figures and its submissions."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from facesearch.config import RunConfig, absolute_root
from facesearch.data.faces import Faces, load_all_faces
from facesearch.errors import InputError
from facesearch.final.bundle import Model, save_bundle
from facesearch.final.targets import read_targets
from facesearch.final.verify import Figure, verify
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store, find_run
from facesearch.tracking.tracker import single_run
from facesearch.training.checkpoint import write_atomically
from facesearch.training.fit import EpochResult, Training


@dataclass(frozen=True)
class Final:
    """What a final stage gave: its folder, its MLflow run, its figures."""

    folder: Path
    run_id: str
    figures: dict[str, Figure]


def config_of_run(store: Store, run_id: str) -> tuple[str, RunConfig]:
    """Return the full id and the config of a trial's run (of a sweep: its best trial).

    Raises:
        InputError: If there is no such run, or it holds no config of ours.

    """
    run = find_run(store, run_id)
    text = run.data.tags.get("facesearch.config")
    if text is None:
        raise InputError(f"run '{run_id}' holds no facesearch config; it was made by another tool.")
    return str(run.info.run_id), RunConfig.model_validate(json.loads(text))


def finalize(
    store: Store, run_id: str, *, runs_dir: Path, root: str | None = None,
    epochs: int | None = None, on_epoch: Callable[[EpochResult, int], None] | None = None,
) -> Final:  # fmt: skip
    """Retrain a trial's config on all training identities, verify it, save it, log it.

    Args:
        store: Where the trial's run is, and where the final run goes.
        run_id: A trial's or a sweep's run; a unique beginning is enough.
        runs_dir: The model goes to ``runs_dir/final-<run id>``.
        root: The faces, where they are not at the place they had in the sweep.
        epochs: Length of the training, where it is not the trial's.
        on_epoch: Called after every epoch with its result and the number of epochs.

    Raises:
        InputError: For a run or faces that cannot be used.
        TrialFailure: If the final training diverges.

    """
    trial_id, config = config_of_run(store, run_id)
    config = absolute_root(config, root)
    if epochs is not None:
        train = config.train.model_copy(update={"epochs": epochs})
        config = config.model_copy(update={"train": train})
    faces = load_all_faces(config.data)
    targets = read_targets(config.data, faces.identities)
    folder = runs_dir / f"final-{trial_id[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    tags = {
        **provenance(json.dumps(config.model_dump()), faces.fingerprint),
        "facesearch.kind": "final", "facesearch.trial_run_id": trial_id,
        "facesearch.config": config.model_dump_json(),
    }  # fmt: skip
    with single_run(store, f"final of {trial_id[:8]}", tags) as (client, final_id):
        training = _train(config, faces, folder / "training.ckpt", on_epoch)
        figures = verify(training, targets, folder)
        model = Model(training.best_network, training.head, config, faces.identities)
        save_bundle(folder, model, {"trial_run_id": trial_id, "faces": faces.fingerprint})
        told = {name: asdict(figure) for name, figure in figures.items()}
        write_atomically(folder / "figures.json", json.dumps(told, indent=1).encode())
        for name, figure in figures.items():
            client.log_metric(final_id, f"final/{name}", figure.value)
        (folder / "training.ckpt").unlink(missing_ok=True)
        client.log_artifacts(final_id, str(folder), "model")
    return Final(folder, final_id, figures)


def _train(
    config: RunConfig, faces: Faces, checkpoint: Path,
    on_epoch: Callable[[EpochResult, int], None] | None,
) -> Training:  # fmt: skip
    """Train to the end; go on from the checkpoint of an interrupted run of the same config."""
    training = Training(config, faces)
    if checkpoint.exists():
        try:
            training.resume(checkpoint)
        except InputError:
            checkpoint.unlink()
            training = Training(config, faces)
    for result in training.epochs():
        training.save(checkpoint)
        if on_epoch:
            on_epoch(result, config.train.epochs)
    return training
