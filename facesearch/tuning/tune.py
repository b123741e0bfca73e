"""`tune`: one call from a space to a finished, tracked sweep."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from facesearch.config import RunConfig, absolute_root
from facesearch.data.faces import load_faces_to_search
from facesearch.errors import (
    ClusterError,
    InputError,
    NoResultError,
    TooManyFailuresError,
)
from facesearch.space import SearchSpace
from facesearch.tracking.address import said_again
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import Tracker
from facesearch.tuning.admission import (
    check_initial_weights,
    check_objective,
    first_config,
    limits_of,
)
from facesearch.tuning.cluster import Cluster, ray_session, raylet_watch
from facesearch.tuning.controller import Controller
from facesearch.tuning.failures import reasons
from facesearch.tuning.folder import (
    CheckpointKeeper,
    SweepFolder,
    newest_folder,
    open_sweep,
)
from facesearch.tuning.history import fold
from facesearch.tuning.live import LiveView, say_on
from facesearch.tuning.pace import Plan
from facesearch.tuning.ray_log import NAME as RAY_LOG
from facesearch.tuning.records import Observer, SweepRecord, TrialRecord
from facesearch.tuning.repeats import config_of
from facesearch.tuning.session import Growth, begin_session, close_session, learned_trials
from facesearch.tuning.sweep import (
    busy_slots,
    max_concurrent,
    run_trials,
    trial_resources,
)
from facesearch.tuning.sync import sweep_tags, sync_sweep
from facesearch.tuning.tables import outcome_counts
from facesearch.tuning.trial import TrialTask


@dataclass(frozen=True)
class SweepResult:
    """A sweep as it was left: its records, its folder, and its run in MLflow (None: unreachable).

    is_tracked says whether MLflow has everything that the ledger has.
    """

    sweep: SweepRecord
    folder: Path
    run_id: str | None
    is_tracked: bool
    halted: str


def tune(  # noqa: PLR0913 - what, whence, whither, and where it shows
    space: SearchSpace, store: Store, *, runs_dir: Path, console: Console,
    root: str | None = None, cluster: Cluster | None = None,
    is_fresh: bool = False, growth: Growth | None = None, learn_from: Sequence[Path] = (),
) -> SweepResult:  # fmt: skip
    """Run a sweep, or go on with the newest one of its name.

    Args:
        space: From `load_space`.
        store: The MLflow store.
        runs_dir: The sweep's folder is in here.
        console: Where the live view goes.
        root: Folder of faces; None: the one in the space, or generated faces.
        cluster: Which Ray; None starts one here.
        is_fresh: Begin a new sweep though there is one of this name.
        growth: Let it go on for longer than its space says.
        learn_from: Folders of other sweeps, for the sampler to learn from before the first draw.

    Raises:
        InputError: If the space and the faces, the machine or the sweep to continue do not fit;
            nothing was started.
        NoResultError: If no trial ended with a score.
        TooManyFailuresError: If the sweep was given up, as most trials failed alike.
        StorageError: If the disk is full.

    """
    config = first_config(space, root)
    faces = load_faces_to_search(config.data)
    check_objective(space, has_closed_set=len(faces.closed) > 0)
    check_initial_weights(space, config, faces)
    learned = learned_trials(space, learn_from)
    if is_fresh:
        _leave(space, store, runs_dir)
    reserved = faces.reserve.about() if faces.reserve else None
    folder = open_sweep(
        space, faces.fingerprint, runs_dir, root=root, is_fresh=is_fresh, reserved=reserved
    )
    cluster, log = cluster or Cluster(), folder.path / RAY_LOG
    with folder.ledger, ray_session(cluster, say_on(console), log) as available:
        resources = trial_resources(space, available)
        at_once = max_concurrent(resources, available)
        begin_session(space, folder, root, growth, learned)
        sweep = SweepRecord(space.settings.name, 0, config.train.epochs)
        view = LiveView(
            sweep, console, Plan(space.settings.search, resources["gpu"], len(faces.train))
        )  # fmt: skip
        for note in folder.ledger.notes:
            view.say(note)
        limits = limits_of(
            space, root, faces, resources["gpu"], busy_slots(at_once, fold(folder.ledger.events)),
            is_local=cluster.is_own,
        )  # fmt: skip
        observers: list[Observer] = []
        controller = Controller(
            space, folder.ledger, sweep, observers, limits, resources["gpu"]
        )  # fmt: skip
        tracker = _tracker(
            store, view, sweep_tags(space, folder.text, faces.fingerprint, folder.path.name),
            lambda trial: absolute_root(config_of(space, trial.point, trial.seed_offset), root),
        )  # fmt: skip
        keeper = CheckpointKeeper(folder.trials)
        keeper.tidy(sweep.trials.values(), is_cut=bool(folder.ledger.notes))
        observers += [tracker, view, keeper]
        task = _task(space, root, folder)
        try:
            with view, raylet_watch(lambda: _end_without_ray(view, tracker, folder)):
                run_trials(
                    controller, task, resources, at_once, task.stall_s * 1.2,
                    lambda line: view.say(f"{line}; what Ray says of it: {log}"),
                )  # fmt: skip
        except BaseException:
            sweep.is_interrupted = True
            raise
        finally:
            is_tracked = tracker.close()
            close_session(folder, controller)
    why = controller.halted or controller.remark
    result = SweepResult(sweep, folder.path, tracker.parent_id, is_tracked, why)
    _refuse_empty(result)
    return result


def _tracker(
    store: Store, view: LiveView, tags: dict[str, str], config: Callable[[TrialRecord], RunConfig]
) -> Tracker:
    """Return who writes the sweep into MLflow, and tells in the view when that does not answer."""
    return Tracker(
        store, view.sweep, tags, config,
        lambda reason: view.say(
            f"MLflow does not answer, the sweep goes on and writes it later: {reason}"
        ),
        lambda: view.say("MLflow answers again; everything is written"),
    )  # fmt: skip


def _task(space: SearchSpace, root: str | None, folder: SweepFolder) -> TrialTask:
    """Return what the workers need: the space itself, with the settings that are in force."""
    asked, place = space.settings.resources, str(folder.trials.resolve())
    return TrialTask(space, root, asked.cpus_per_trial, place, asked.stall_s)


def _leave(space: SearchSpace, store: Store, runs_dir: Path) -> None:
    """End the MLflow runs of the sweep that a fresh one follows, if it was killed and left so."""
    left = newest_folder(runs_dir, space.settings.name)
    if left is not None:
        with contextlib.suppress(InputError):  # open elsewhere, or of another version
            sync_sweep(left, store, lambda reason: None)


def _end_without_ray(view: LiveView, tracker: Tracker, folder: SweepFolder) -> None:
    """End this process at once: Ray would wait for its dead raylet for ever."""
    view.__exit__()
    # a SIGTERM to the whole group, as of a queue that takes a job away, ends Ray's processes first
    is_stopped, log = view.sweep.is_terminated, folder.path / RAY_LOG
    why = (
        "interrupted" if is_stopped
        else f"Ray's own processes on this machine ended (killed, or out of memory), see {log}"
    )  # fmt: skip
    goes_on = "the same command again, without --fresh, goes on"
    view.say(f"{why}. Nothing is lost: {goes_on}. {folder.path}")
    view.sweep.is_interrupted = True
    tracker.close(10)
    sys.stdout.flush()
    os._exit(128 + signal.SIGTERM if is_stopped else ClusterError.exit_code)


def _refuse_empty(result: SweepResult) -> None:
    sweep = result.sweep
    if sweep.abandoned:
        raise TooManyFailuresError(sweep.abandoned)
    if sweep.best is None and not sweep.is_interrupted:
        told = [f"{r.count} {r}" for r in reasons(sweep.trials.values())]
        told = [result.halted, *told] if result.halted else told
        more = "" if sweep.num_ended else (
            f". Trials wait, and their checkpoints are kept; give more: facesearch extend "
            f"{result.folder.name} --time 15m{said_again(result.folder.parent)}, or --trials N"
        )  # fmt: skip
        raise NoResultError(
            f"No trial ended with a score: {' | '.join(told[:3]) or outcome_counts(sweep)}{more}"
        )
