"""One of the processes that train a stage together; it knows torch.distributed, but not Ray.

Who starts them, and reads what they tell, is `facesearch.final.distributed`.
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.errors import FacesearchError, TrialFailure
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.model import FaceModel, Member
from facesearch.training.checkpoint import all_finite
from facesearch.training.fit import Training
from facesearch.training.memory import is_out_of_memory
from facesearch.training.parallel import Ranks
from facesearch.training.retention import Checkpoints

OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True)
class Stage:
    """What is trained: a config's run, in a folder, from the bundle of the stage before it.

    Args:
        config: With absolute paths; all nodes read the same faces.
        place: Its folder.
        before: The bundle of the previous stage; None: from the first weights.

    """

    config: RunConfig
    place: Path
    before: Path | None = None


@dataclass(frozen=True)
class Job:
    """One attempt at a stage; it is sent to all ranks."""

    stage: Stage
    attempt: int
    micro_batches: int
    num_threads: int

    @property
    def folder(self) -> Path:
        """Where the ranks of this attempt tell what they have done."""
        return self.stage.place / "ray" / f"attempt-{self.attempt}"


def train_rank(job: Job, ranks: Ranks, device: torch.device) -> None:
    """Train a stage to the end, or tell why not; the process group exists.

    Told is a JSON line each: an epoch (all of an `EpochResult`), a ``note``, or a ``failure``: the
    name of an error of ours, or `OUT_OF_MEMORY`.

    Raises:
        RuntimeError: For a failure that was told.
        Exception: Any other, for a bug of ours or a rank that has died.

    """
    path = job.folder / f"rank-{ranks.rank}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)

    def tell(**line: Any) -> None:
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    try:
        train_stage(job, ranks, device, tell)
    except Exception as error:
        is_memory = is_out_of_memory(error)
        if is_memory or isinstance(error, FacesearchError):
            kind = OUT_OF_MEMORY if is_memory else type(error).__name__
            with contextlib.suppress(OSError):
                tell(failure=kind, message=str(error), outcome=getattr(error, "outcome", ""))
            raise RuntimeError(f"{kind}: {error}") from None
        raise


def train_stage(job: Job, ranks: Ranks, device: torch.device, tell: Callable[..., None]) -> None:
    """Train a stage to its end, from its newest checkpoint that is whole; rank 0 writes the bundle.

    Args:
        job: What, and in how many parts.
        ranks: Which of the processes this one is; they share one process group.
        device: Where.
        tell: Called by rank 0 with the fields of an `EpochResult`, or with a ``note``.

    Raises:
        TrialFailure: With outcome ``diverged``, on all ranks alike.

    """
    stage, config = job.stage, job.stage.config
    torch.set_num_threads(job.num_threads)
    faces = load_all_faces(config.data)
    training = Training(config, faces, device, micro_batches=job.micro_batches, ranks=ranks)
    checkpoints = Checkpoints(stage.place / "checkpoints", job.attempt)
    if ranks.rank == 0:
        if stage.before is not None:
            before = load_bundle(stage.before).members[0]
            training.start_from(before.network, before.head)
        for note in checkpoints.load(training, config.train.epochs):
            tell(note=note)
    # nobody but rank 0 reads a checkpoint, so that all begin with the same one
    training.take_over(ranks.from_rank_0(training.state()), "what rank 0 begins with")
    for result in training.epochs():
        if ranks.rank == 0:
            # first told, then saved: killed between, it is told again, but never left out
            tell(epoch=result.epoch, metrics=result.metrics, seconds=result.seconds)
            # nothing is held out, so the newest is the one to keep
            checkpoints.save(training, float(result.epoch))
    weights = {**training.best_network.state_dict(), **training.best_head.state_dict()}
    if not all_finite(weights):
        raise TrialFailure("diverged", "after its last step not every weight is finite")
    if ranks.rank == 0:
        member = Member(training.best_network, training.best_head)
        save_bundle(stage.place / "model", FaceModel((member,), config, faces.identities))
