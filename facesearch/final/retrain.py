"""Training the members of the final model; killed at any instant, it goes on.

    members/<key>/stage0/model/          the weights after the first stage, a bundle
    members/<key>/stage0/epoch-*.ckpt    while it is trained
    members/<key>/curve.jsonl            a line an epoch

A key says what is trained on what (`facesearch.final.plan`), so nothing is ever trained twice: what
another final model of these runs has trained is taken over (`facesearch.final.folder`).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from facesearch.config import DataConfig
from facesearch.data.faces import load_all_faces
from facesearch.errors import FacesearchError, InputError, StorageError, TrialFailure
from facesearch.final.beside import Tell, run_beside
from facesearch.final.bundle import load_bundle
from facesearch.final.folder import take_over
from facesearch.final.model import FaceModel
from facesearch.final.plan import Stages, member_key
from facesearch.final.rank import OUT_OF_MEMORY, Job, Stage, train_stage
from facesearch.training.fit import EpochResult
from facesearch.training.memory import default_device, is_out_of_memory
from facesearch.training.parallel import Ranks
from facesearch.training.retention import claim_next, forget

_MOST_MICRO_BATCHES = 8
OnEpoch = Callable[[EpochResult], None]


@dataclass(frozen=True)
class Progress:
    """One finished epoch of the final training."""

    member: int
    num_members: int
    stage: int
    num_stages: int
    epochs: int
    result: EpochResult


@dataclass(frozen=True)
class Trained:
    """A member that was trained: its one-member model, and its curve."""

    seed: int
    model: FaceModel
    curve: list[dict[str, float]]

    @property
    def seconds(self) -> float:
        """What the training took, of all commands together."""
        return sum(row["seconds"] for row in self.curve)


def _nothing(told: object) -> None:
    """Tell nobody; a function with a name, as it is sent to other processes."""


@dataclass(frozen=True)
class Listener:
    """Who is told how it goes.

    Args:
        on_progress: After each epoch.
        on_note: Of what is worth a line: a damaged checkpoint, a smaller batch.
        on_step: Of each step that follows the training, when it begins.

    """

    on_progress: Callable[[Progress], None] = _nothing
    on_note: Callable[[str], None] = _nothing
    on_step: Callable[[str], None] = _nothing


@dataclass(frozen=True)
class Workshop:
    """Where members are trained, and who is told.

    Args:
        folder: Holds ``members/``.
        workers: Processes that share each batch of a member.
        at_once: Members that are trained beside each other.
        listener: Who is told.
        address: Of the Ray cluster on which the workers are; None: one that is started here.
        fingerprints: Of faces that were listed; they stay the same as long as this is used.

    """

    folder: Path
    workers: int = 1
    at_once: int = 1
    listener: Listener = field(default_factory=Listener)
    address: str | None = None
    fingerprints: dict[DataConfig, str] = field(default_factory=dict, compare=False)

    def train(self, members: Sequence[Stages]) -> list[Trained | None]:
        """Train every member that is not trained yet.

        Returns:
            Each member; None for one that could not be trained, which the listener is told of.

        Raises:
            InputError: If faces cannot be read, or another command trains one at this moment.
            TrialFailure: If none could be trained.
            StorageError: If the disk is full.
            KilledError: If a process was killed.

        """
        self._from_siblings(members)
        failures: dict[int, FacesearchError] = {}
        if self.at_once > 1:
            missing = [
                number for number, stages in enumerate(members)
                if not _is_trained(self._folder_of(stages), stages)
            ]  # fmt: skip
            alone = replace(self, at_once=1, listener=Listener())
            work = partial(_work, alone, members)
            failures = run_beside(missing, self.at_once, work, self._pass_on)
        trained: list[Trained | None] = []
        for number, stages in enumerate(members):
            try:
                if number in failures:
                    raise failures[number]
                trained.append(self._train_member(number, len(members), stages))
            except TrialFailure as error:
                failures[number] = error
                trained.append(None)
                self.listener.on_note(
                    f"network {number + 1}: {error.outcome}: {error}; it is left out"
                )
        if all(one is None for one in trained) and failures:
            raise next(iter(failures.values()))
        return trained

    def take_over(self, members: Sequence[Stages]) -> None:
        """Take over what other final models have trained of these members, and tell what is there.

        Raises:
            InputError: If another command trains one of them at this moment.

        """
        whose = self._from_siblings(members)
        folders = [self._folder_of(stages) for stages in members]
        trained = sum(map(_is_trained, folders, members))
        begun = sum(folder.exists() for folder in folders) - trained
        if trained or begun:
            more = f", {begun} begun" if begun else ""
            by = f" (taken over from {', '.join(whose)})" if whose else ""
            told = f"going on: {trained} of {len(members)} networks trained already{more}{by}"
            self.listener.on_note(told)

    def _from_siblings(self, members: Sequence[Stages]) -> list[str]:
        """Return the folders that something was taken over from."""
        found = [take_over(self._folder_of(stages), len(stages)) for stages in members]
        return sorted({str(sibling) for sibling in found if sibling is not None})

    def _pass_on(self, kind: str, told: Any) -> None:
        if kind == "progress":
            self.listener.on_progress(told)
        else:
            self.listener.on_note(told)

    def _folder_of(self, stages: Stages) -> Path:
        return self.folder / "members" / key_of(stages, self.workers, self.fingerprints)

    def _train_member(self, number: int, num_members: int, stages: Stages) -> Trained:
        folder = self._folder_of(stages)
        curve = _Curve(folder / "curve.jsonl")
        model, start = self._newest(folder, len(stages))
        for index in range(start, len(stages)):
            before = folder / f"stage{index - 1}" / "model" if index else None
            stage = Stage(stages[index], folder / f"stage{index}", before)

            def on_epoch(result: EpochResult, index: int = index, stage: Stage = stage) -> None:
                curve.add(index, result)
                epochs = stage.config.train.epochs
                self.listener.on_progress(
                    Progress(number, num_members, index, len(stages), epochs, result)
                )

            model = self._train_stage(stage, on_epoch)
        assert model is not None
        return Trained(stages[0].train.seed, model, curve.rows())

    def _newest(self, folder: Path, num_stages: int) -> tuple[FaceModel | None, int]:
        """Return the model of the last stage that is whole, and the stage to go on with."""
        for index in reversed(range(num_stages)):
            place = folder / f"stage{index}" / "model"
            if place.exists():
                try:
                    return load_bundle(place), index + 1
                except InputError as error:
                    self.listener.on_note(f"{error} Stage {index + 1} is trained again.")
        return None, 0

    def _train_stage(self, stage: Stage, on_epoch: OnEpoch) -> FaceModel:
        if self.workers > 1:
            # Ray takes seconds to import, and most trainings do without
            from facesearch.final.distributed import train_stage_distributed

            return train_stage_distributed(
                stage, self.workers, on_epoch, self.listener.on_note, self.address
            )
        micro_batches = 1
        while True:
            attempt = claim_next(stage.place / "checkpoints")
            job = Job(stage, attempt, micro_batches, torch.get_num_threads())
            try:
                train_stage(job, Ranks(), default_device(), self._teller(on_epoch))
                break
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                if micro_batches >= _MOST_MICRO_BATCHES:
                    raise TrialFailure(OUT_OF_MEMORY, str(error).partition("\n")[0]) from None
            micro_batches *= 2
            self.listener.on_note(
                f"too little memory: each batch is computed in {micro_batches} parts"
            )
        model = load_bundle(stage.place / "model")  # before its checkpoints are given up
        forget(stage.place / "checkpoints")
        return model

    def _teller(self, on_epoch: OnEpoch) -> Callable[..., None]:
        def tell(**line: Any) -> None:
            if "note" in line:
                self.listener.on_note(line["note"])
            else:
                on_epoch(EpochResult(**line))

        return tell


def key_of(
    stages: Stages, workers: int = 1, fingerprints: dict[DataConfig, str] | None = None
) -> str:
    """Return the name of a member that is trained on its faces as they are now.

    Args:
        stages: Of the member.
        workers: Processes that share each batch, a count.
        fingerprints: Of faces that were listed already; those of others are added.

    """
    known, data = {} if fingerprints is None else fingerprints, stages[0].data
    if data not in known:
        known[data] = load_all_faces(data).fingerprint
    return member_key(stages, known[data], workers)


def _is_trained(folder: Path, stages: Stages) -> bool:
    return (folder / f"stage{len(stages) - 1}" / "model").exists()


def _work(workshop: Workshop, members: Sequence[Stages], number: int, tell: Tell) -> None:
    """Train one member in a process of its own; it is loaded from the disk in the other one."""
    listener = Listener(partial(tell, "progress"), partial(tell, "note"))
    replace(workshop, listener=listener)._train_member(number, len(members), members[number])


class _Curve:
    """Loss and seconds of every epoch, on disk; an epoch that is trained again replaces itself."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, stage: int, result: EpochResult) -> None:
        row = {
            "stage": stage,
            "epoch": result.epoch,
            "loss": result.metrics["train/loss"],
            "seconds": result.seconds,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be written ({error.strerror}).") from None

    def rows(self) -> list[dict[str, float]]:
        rows: dict[tuple[float, float], dict[str, float]] = {}
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            try:
                row = json.loads(line)
                rows[row["stage"], row["epoch"]] = row
            except (ValueError, LookupError, TypeError):
                continue  # torn by a kill
        return [rows[key] for key in sorted(rows)]
