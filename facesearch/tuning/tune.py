"""`tune`: one call from a space to a finished, tracked sweep."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from facesearch.config import RunConfig, absolute_root
from facesearch.data.faces import Faces, OnProgress, load_faces
from facesearch.errors import InputError, NoResultError
from facesearch.models import build_network
from facesearch.models.init import load_initial_weights
from facesearch.space import SearchSpace
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import Tracker
from facesearch.training.fit import refuse_known_strangers
from facesearch.tuning.progress import LiveView
from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.tuning.sweep import Cluster, ray_session, run_trials, write_results
from facesearch.tuning.trial import TrialTask


@dataclass(frozen=True)
class SweepResult:
    """A finished sweep: its records, its folder, and its run in MLflow (None if unreachable)."""

    sweep: SweepRecord
    folder: Path
    run_id: str | None


def tune(  # noqa: PLR0913 - what, whence, whither, and where it shows
    space: SearchSpace, store: Store, *, runs_dir: Path, console: Console,
    root: str | None = None, cluster: Cluster | None = None, on_progress: OnProgress | None = None,
) -> SweepResult:  # fmt: skip
    """Run a sweep.

    Args:
        space: From `load_space`.
        store: The MLflow store.
        runs_dir: The sweep's folder is made in here.
        console: Where the live view goes.
        root: Folder of faces; None: the one in the space, or generated faces.
        cluster: Which Ray; None starts one here.
        on_progress: Called with (done, all) while images are decoded for the first time.

    Raises:
        InputError: If the space and the faces or the machine do not fit; nothing was started.
        NoResultError: If no trial ended with a score.

    """
    config = first_config(space, root)
    faces = load_faces(config.data, on_progress)
    _check_objective(space, has_closed_set=len(faces.closed) > 0)
    _check_initial_weights(config, faces)
    settings = space.settings
    max_epochs = config.train.epochs
    sweep = SweepRecord(settings.name, _num_trials(space), max_epochs)
    folder = _new_folder(runs_dir, settings.name)
    text = Path(space.document.source).read_text(encoding="utf-8-sig")
    shutil.copy(space.document.source, folder / "space.yaml")
    task = TrialTask(text, space.document.source, root, settings.resources.cpus_per_trial)

    def config_of(trial: TrialRecord) -> RunConfig:
        return absolute_root(space.config(trial.point), root)

    def tell(reason: str) -> None:
        console.print(f"MLflow does not answer, the sweep goes on without it: {reason}")

    with ray_session(cluster or Cluster()) as available:
        tracker = Tracker(store, sweep, provenance(text, faces.fingerprint), config_of, tell)
        try:
            with LiveView(sweep, console, settings.search.time_s) as view:
                run_trials(space, task, sweep, [tracker, view], available)
        except KeyboardInterrupt:
            sweep.is_interrupted = True
            raise
        finally:
            tracker.close()
            write_results(sweep, folder / "results.json")
    if sweep.best is None and not sweep.is_interrupted:
        reasons = sorted({t.message.splitlines()[0] for t in sweep.trials.values() if t.message})
        raise NoResultError(f"No trial ended with a score. {' | '.join(reasons[:3])}")
    return SweepResult(sweep, folder, tracker.parent_id)


def _num_trials(space: SearchSpace) -> int:
    """A space without holes is one training run."""
    return space.settings.search.trials if space.holes() else 1


def first_config(space: SearchSpace, root: str | None) -> RunConfig:
    """Return one config of the space: what is the same for all trials can be read from it."""
    return absolute_root(space.first_config(), root)


def _check_objective(space: SearchSpace, *, has_closed_set: bool) -> None:
    objective = space.settings.search.objective
    names = [objective] if isinstance(objective, str) else list(objective)
    if "val/top1" in names and not has_closed_set:
        raise InputError(
            f"{space.document.source}: search.objective val/top1 needs data.held_out_faces > 0 and "
            "identities of 3 faces or more; use val/rank1 instead."
        )


def _check_initial_weights(config: RunConfig, faces: Faces) -> None:
    """Refuse first weights that no trial could use, before any is started."""
    if config.model.init is not None:
        network = build_network(config.model, config.data.image_px)
        refuse_known_strangers(load_initial_weights(network, config.model), config, faces)


def _new_folder(runs_dir: Path, name: str) -> Path:
    """Make the next free ``runs_dir/name-0001``.

    Raises:
        InputError: If the folder cannot be written.

    """
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            folder = runs_dir / f"{name}-{number:04d}"
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                continue
    except OSError as error:
        raise InputError(f"{runs_dir}: cannot be written ({error}); use --runs FOLDER.") from None
    raise InputError(f"{runs_dir}: holds 9,999 sweeps named {name}; use --name.")
