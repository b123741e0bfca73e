"""`tune`: one call from a space to a finished, tracked sweep."""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from facesearch.config import RunConfig, absolute_root
from facesearch.data.faces import Faces, load_faces_to_search
from facesearch.errors import (
    ClusterError,
    InputError,
    NoResultError,
    StorageError,
    TooManyFailuresError,
)
from facesearch.models import build_network
from facesearch.models.init import load_initial_weights, refuse_known_strangers
from facesearch.space import SearchSpace
from facesearch.space.first_weights import check_first_weights
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import Tracker
from facesearch.training.memory import room_of_trial, training_bytes
from facesearch.tuning.cluster import Cluster, ray_session, raylet_watch
from facesearch.tuning.controller import Controller
from facesearch.tuning.failures import reasons
from facesearch.tuning.folder import (
    CheckpointKeeper,
    SweepFolder,
    newest_folder,
    open_sweep,
    opening,
)
from facesearch.tuning.history import fold
from facesearch.tuning.ledger import read_ledger
from facesearch.tuning.limits import Limits
from facesearch.tuning.live import LiveView, say_on
from facesearch.tuning.pace import Plan
from facesearch.tuning.ray_log import NAME as RAY_LOG
from facesearch.tuning.records import Observer, SweepRecord, TrialRecord
from facesearch.tuning.repeats import config_of
from facesearch.tuning.sweep import (
    busy_slots,
    max_concurrent,
    run_trials,
    trial_resources,
    write_results,
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


# Trials of a sweep that is extended by time alone.
_MANY = 1_000_000


@dataclass(frozen=True)
class Growth:
    """How much longer a sweep goes on than it was to: further trials, further seconds."""

    trials: int = 0
    time_s: float | None = None


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
    _check_objective(space, has_closed_set=len(faces.closed) > 0)
    _check_initial_weights(space, config, faces)
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
        _begin_session(space, folder, root, growth, learned)
        sweep = SweepRecord(space.settings.name, 0, config.train.epochs)
        view = LiveView(
            sweep, console, Plan(space.settings.search, resources["gpu"], len(faces.train))
        )  # fmt: skip
        for note in folder.ledger.notes:
            view.say(note)
        limits = _limits(
            space, root, faces, resources["gpu"], busy_slots(at_once, fold(folder.ledger.events)),
            is_local=cluster.is_own,
        )  # fmt: skip
        observers: list[Observer] = []
        controller = Controller(
            space, folder.ledger, sweep, observers, limits, resources["gpu"]
        )  # fmt: skip
        tracker = Tracker(
            store, sweep, sweep_tags(space, folder.text, faces.fingerprint, folder.path.name),
            lambda trial: absolute_root(config_of(space, trial.point, trial.seed_offset), root),
            lambda reason: view.say(
                f"MLflow does not answer, the sweep goes on and writes it later: {reason}"
            ),
            lambda: view.say("MLflow answers again; everything is written"),
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
            _close(folder, controller)
    why = controller.halted or controller.remark
    result = SweepResult(sweep, folder.path, tracker.parent_id, is_tracked, why)
    _refuse_empty(result)
    return result


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


def _begin_session(
    space: SearchSpace, folder: SweepFolder, root: str | None, growth: Growth | None,
    learned: Sequence[TrialRecord],
) -> None:  # fmt: skip
    """Write into the ledger that a process took the sweep up, how, and for how long."""
    events, search = folder.ledger.events, space.settings.search
    before = fold(events)
    is_same_growth = growth is not None and before.growth == (growth.trials, growth.time_s)
    if growth is not None and is_same_growth and not before.is_done:
        growth = None  # the extension was interrupted: this is the same command again
    trials = max(before.planned_trials, _num_trials(space))
    time_s = before.time_s if before.is_extended else search.time_s
    if growth is not None:
        spent_s = before.past_s + before.session_s
        time_s = None if growth.time_s is None else spent_s + growth.time_s
        trials += growth.trials or _MANY
    if not before.trials:
        known = sum(event["event"] == "learned" for event in events)
        for trial in learned[known:]:
            folder.ledger.append("learned", trial=asdict(trial))
    folder.ledger.append(
        "session", pid=os.getpid(), host=socket.gethostname(), trials=trials, time_s=time_s,
        growth=None if growth is None else [growth.trials, growth.time_s],
        repeat=[search.repeat_top, search.repeat_seeds] if search.repeat_top else None,
        settings=space.settings_raw, root=root,
    )  # fmt: skip


def learned_trials(space: SearchSpace, folders: Sequence[Path]) -> list[TrialRecord]:
    """Return the ended trials of other sweeps that asked for the same score.

    Raises:
        InputError: If a sweep had another objective or another number of epochs.

    """
    objective = space.settings.search.objective
    epochs = space.first_config().train.epochs
    trials: list[TrialRecord] = []
    for folder in folders:
        opened = opening(folder)
        if (opened["objective"], opened["max_epochs"]) != (objective, epochs):
            raise InputError(
                f"--learn-from {folder}: had objective {opened['objective']} and "
                f"{opened['max_epochs']} epochs; its scores cannot be compared with {objective} "
                f"after {epochs} epochs."
            )
        trials += [t for t in fold(read_ledger(folder)).searched() if t.has_ended]
    return trials


def _limits(
    space: SearchSpace, root: str | None, faces: Faces, gpus: float, busy: int, *, is_local: bool
) -> Limits:
    """Refuse what can never fit this machine beside others; of other nodes nothing is known."""
    if not is_local:
        return Limits(space)

    def memory_bytes(config: RunConfig) -> int:
        return training_bytes(
            absolute_root(config, root), len(faces.identities), num_faces=len(faces.train),
            num_held_out=len(faces.strangers),
        ).total  # fmt: skip

    return Limits(space, memory_bytes, room_of_trial(gpus, busy))


def _end_without_ray(view: LiveView, tracker: Tracker, folder: SweepFolder) -> None:
    """End this process at once: Ray would wait for its dead raylet for ever."""
    view.__exit__()
    # a SIGTERM to the whole group, as of a queue that takes a job away, ends Ray's processes first
    is_stopped, log = view.sweep.is_terminated, folder.path / RAY_LOG
    why = (
        "interrupted" if is_stopped
        else f"Ray's own processes on this machine ended (killed, or out of memory), see {log}"
    )  # fmt: skip
    view.say(f"{why}. Nothing is lost: the same command again goes on. {folder.path}")
    view.sweep.is_interrupted = True
    tracker.close(10)
    sys.stdout.flush()
    os._exit(128 + signal.SIGTERM if is_stopped else ClusterError.exit_code)


def _close(folder: SweepFolder, controller: Controller) -> None:
    """Note how the sweep was left, and write its results as JSON."""
    # a full disk: the ledger has it all, and the next session writes the file
    with contextlib.suppress(OSError, StorageError):
        is_done = controller.fatal is None and controller.is_over
        abandoned = controller.sweep.abandoned
        folder.ledger.append("closed", is_done=is_done, abandoned=abandoned)
        write_results(controller.sweep, folder.path / "results.json")


def _refuse_empty(result: SweepResult) -> None:
    sweep = result.sweep
    if sweep.abandoned:
        raise TooManyFailuresError(sweep.abandoned)
    if sweep.best is None and not sweep.is_interrupted:
        told = [f"{r.count} {r}" for r in reasons(sweep.trials.values())]
        told = [result.halted, *told] if result.halted else told
        more = "" if sweep.num_ended else (
            f". Trials wait, and their checkpoints are kept; give more: facesearch extend "
            f"{result.folder.name} --time 15m, or --trials N"
        )  # fmt: skip
        raise NoResultError(
            f"No trial ended with a score: {' | '.join(told[:3]) or outcome_counts(sweep)}{more}"
        )


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


def _check_initial_weights(space: SearchSpace, config: RunConfig, faces: Faces) -> None:
    """Refuse first weights that no trial could use, before any is started."""
    check_first_weights(space)
    if config.model.init is not None:
        network = build_network(config.model, config.data.image_px)
        refuse_known_strangers(load_initial_weights(network, config.model), config, faces)
