"""The final training of one stage on several processes, GPUs or nodes: DDP on Ray Train.

    <place>/checkpoints/                       as without this module; only rank 0 reads and writes
    <place>/ray/attempt-<number>/rank-0.jsonl  what the ranks tell the command, a line each
    <place>/model/                             the bundle, in the end

Ranks tell their epochs and failures on disk, not through Ray: it delivers reports to an actor of
its own and wraps exceptions, of which ours do not survive pickling. All nodes must see ``place``.
"""

import contextlib
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from facesearch.errors import ClusterError, FacesearchError, InputError, StorageError, TrialFailure
from facesearch.final.bundle import load_bundle
from facesearch.final.model import FaceModel
from facesearch.final.rank import OUT_OF_MEMORY, Job, Stage, train_rank
from facesearch.training.fit import EpochResult
from facesearch.training.parallel import Ranks
from facesearch.training.retention import claim, forget
from facesearch.tuning.cluster import Cluster, ray_session, raylet_watch
from facesearch.tuning.ray_log import NAME as RAY_LOG

# after facesearch.tuning, which sets the environment that Ray reads when it is imported
# isort: split
import ray
from ray import train
from ray.train.torch import TorchTrainer, get_device

_MOST_MICRO_BATCHES = 8
# Failures one after the other without a finished epoch between them.
_MOST_RESTARTS = 3
OnEpoch = Callable[[EpochResult], None]
OnNote = Callable[[str], None]


def train_stage_distributed(
    stage: Stage, workers: int, on_epoch: OnEpoch, on_note: OnNote, address: str | None = None
) -> FaceModel:
    """Train a stage on several processes; killed at any instant, the same call goes on.

    Args:
        stage: What is trained.
        workers: Processes, a count of 2 or more; each gets a GPU where the cluster has any.
        on_epoch: Called after every epoch, in this thread; at first with those that a killed call
            did not come to. An epoch of which no checkpoint was left is trained and told again.
        on_note: Called with what is worth a line.
        address: HOST:PORT of a Ray cluster, or ``auto``; None: one is started here, and stopped
            afterwards. It does not count inside a `ray_session`, whose Ray is used.

    Returns:
        The model of one member; its bundle is in ``stage.place / "model"``.

    Raises:
        InputError: If something does not fit, or the cluster is too small.
        TrialFailure: If it diverges, or its memory is too small.
        StorageError: If the disk is full.
        ClusterError: If Ray's own processes have died.
        TrainingFailedError: Ray's, if workers die again and again, or by a bug of ours.

    """
    stage = replace(stage, place=stage.place.resolve())
    for folder in sorted((stage.place / "ray").glob("attempt-*")):
        _Inbox(folder, on_epoch, on_note).look()
    # ranks of a killed call that are still at work end here, as they can tell nothing any more
    shutil.rmtree(stage.place / "ray", ignore_errors=True)
    with _session(address, on_note, stage.place / RAY_LOG):
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        resources = worker_resources(workers, nodes)
        _train_with_restarts(stage, workers, resources, on_epoch, on_note)
    model = load_bundle(stage.place / "model")
    forget(stage.place / "checkpoints")
    shutil.rmtree(stage.place / "ray", ignore_errors=True)
    return model


def worker_resources(workers: int, nodes: Sequence[Mapping[str, float]]) -> dict[str, int]:
    """Return what each worker asks Ray for: a GPU if there are any, and as many CPUs as fit.

    Args:
        workers: A count.
        nodes: What each node has: ``CPU`` and perhaps ``GPU``, counts.

    Raises:
        InputError: If the cluster is too small; Ray would wait for ever.

    """
    has_gpu = any(node.get("GPU", 0) for node in nodes)

    def places(num_cpus: int) -> int:
        by_cpu = [int(node.get("CPU", 0)) // num_cpus for node in nodes]
        if not has_gpu:
            return sum(by_cpu)
        return sum(min(n, int(node.get("GPU", 0))) for n, node in zip(by_cpu, nodes, strict=True))

    if places(1) < workers:
        raise InputError(
            f"{workers} workers need {'a GPU and ' if has_gpu else ''}a CPU each, but Ray has room "
            f"for {places(1)}. Use fewer workers, or a larger cluster."
        )
    most = int(max(node.get("CPU", 0) for node in nodes))
    num_cpus = max(n for n in range(1, most + 1) if places(n) >= workers)
    return {"CPU": num_cpus} | ({"GPU": 1} if has_gpu else {})


def _session(address: str | None, on_note: OnNote, log: Path) -> AbstractContextManager[object]:
    os.environ.setdefault("RAY_TRAIN_METRICS_ENABLED", "0")  # nobody reads them
    if ray.is_initialized():
        return contextlib.nullcontext()
    cluster = Cluster(address)
    if cluster.is_own:
        # gloo would else ask what the name of this machine means outside
        loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback[0] if loopback else "lo")
    return ray_session(cluster, on_note, log)


# --- the command ------------------------------------------------------------------------


@dataclass
class _Inbox:
    """What the ranks of one attempt have told; every line is passed on once.

    How far it was read stands beside it, in ``rank-0.read``: a number of bytes.
    """

    folder: Path
    on_epoch: OnEpoch
    on_note: OnNote
    num_epochs: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)

    def look(self) -> None:
        for path in sorted(self.folder.glob("rank-*.jsonl")):
            mark = path.with_suffix(".read")
            start = int(mark.read_text() or 0) if mark.exists() else 0
            # what follows the last line end is still being written
            whole, end, _ = path.read_bytes()[start:].rpartition(b"\n")
            for line in whole.splitlines():
                self._pass_on(json.loads(line))
            if end:
                mark.write_text(str(start + len(whole + end)))

    def _pass_on(self, told: dict[str, Any]) -> None:
        if "note" in told:
            self.on_note(told["note"])
        elif "failure" in told:
            self.failures.append(told)
        else:
            self.num_epochs += 1
            self.on_epoch(EpochResult(**told))


def _train_with_restarts(
    stage: Stage, workers: int, resources: dict[str, int], on_epoch: OnEpoch, on_note: OnNote
) -> None:
    micro_batches, restarts, message = 1, 0, ""
    while True:
        job = Job(stage, _claim(stage.place), micro_batches, resources["CPU"])
        inbox = _Inbox(job.folder, on_epoch, on_note)
        error = _follow(lambda job=job: _fit(job, workers, resources), inbox)  # type: ignore[misc]
        if error is None:
            return
        kinds = {told["failure"]: told for told in inbox.failures}
        if OUT_OF_MEMORY in kinds and micro_batches < _MOST_MICRO_BATCHES:
            message, micro_batches = kinds[OUT_OF_MEMORY]["message"], 2 * micro_batches
            on_note(f"too little memory: each batch is computed in {micro_batches} parts")
            continue
        if kinds:
            raise _failure(inbox.failures[0], message) from None
        restarts = 1 if inbox.num_epochs else restarts + 1
        if restarts > _MOST_RESTARTS:
            raise error
        on_note(f"a worker has ended ({_reason(error)}); all go on from the last checkpoint")


def _claim(place: Path) -> int:
    """Let only a new attempt write: ranks of a killed command may still be at work elsewhere."""
    attempt = int(time.time()) % 10**9
    with contextlib.suppress(OSError):
        (place / "checkpoints" / "attempt").unlink(missing_ok=True)
    claim(place / "checkpoints", attempt)
    return attempt


def _fit(job: Job, workers: int, resources: dict[str, int]) -> None:
    trainer = TorchTrainer(
        _train_worker,
        train_loop_config={"job": job},
        scaling_config=train.ScalingConfig(
            num_workers=workers, use_gpu="GPU" in resources, resources_per_worker=resources
        ),
        run_config=train.RunConfig(
            name=job.folder.name,
            storage_path=str(job.folder.parent),
            # it is this module that restarts: a diverged training must not be
            failure_config=train.FailureConfig(max_failures=0),
        ),
    )
    trainer.fit()


def _train_worker(loop: dict[str, Job]) -> None:
    context = train.get_context()
    ranks = Ranks(context.get_world_rank(), context.get_world_size())
    train_rank(loop["job"], ranks, get_device())


def _follow(fit: Callable[[], None], inbox: _Inbox, poll_s: float = 0.5) -> Exception | None:
    """Run ``fit`` in a thread and pass on, in this one, what comes in; return its exception.

    In the main thread Ray would take SIGINT over, and would block what shows the progress.
    """
    errors: list[Exception] = []
    is_dead = threading.Event()

    def run() -> None:
        try:
            fit()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="ray-train", daemon=True)
    thread.start()
    with raylet_watch(is_dead.set):
        while thread.is_alive():
            thread.join(poll_s)
            inbox.look()
            if is_dead.is_set():
                raise ClusterError(
                    "Ray's own processes on this machine ended (killed, or out of memory). Nothing "
                    "is lost: the same command again goes on."
                )
    inbox.look()
    return errors[0] if errors else None


def _failure(told: dict[str, str], message: str) -> FacesearchError:
    """Return the error that a rank told; ``message`` says why batches are computed in parts."""
    kind, text = told["failure"], told["message"]
    if kind == OUT_OF_MEMORY or (message and kind == "InputError"):
        # it did not fit whole, and it cannot be halved any more
        return TrialFailure(OUT_OF_MEMORY, "; ".join(filter(None, (message, text))))
    if kind == "TrialFailure":
        return TrialFailure(told["outcome"], text)
    return {"InputError": InputError, "StorageError": StorageError}.get(kind, FacesearchError)(text)


def _reason(error: Exception) -> str:
    causes = [*getattr(error, "worker_failures", {}).values(), error]
    return f"{type(causes[0]).__name__}: {causes[0]}".partition("\n")[0][:200]
