"""Training as a generator: one result an epoch, and stopping is not asking for the next.

The same code serves a trial, `finalize`, the tests and the benchmarks. It imports neither ray nor
mlflow nor optuna.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facesearch.config import RunConfig, as_plain, placeless
from facesearch.data.faces import Faces
from facesearch.errors import InputError, TrialFailure
from facesearch.heads import Head, build_head
from facesearch.models import FaceNetwork, build_network
from facesearch.models.cost import network_costs
from facesearch.models.init import load_initial_weights, refuse_known_strangers
from facesearch.training.average import Average
from facesearch.training.checkpoint import load_checkpoint, load_parts, save_checkpoint
from facesearch.training.earlier import upgraded
from facesearch.training.evaluate import Evaluation, evaluate
from facesearch.training.gradient import BatchGradient, FaceLoss, autocast_of
from facesearch.training.memory import default_device, refuse_parts
from facesearch.training.optim import build_optimizer, lr_factor, parameter_groups, peak_lr
from facesearch.training.parallel import Ranks, seed_of
from facesearch.training.sampling import SAMPLINGS


@dataclass(frozen=True)
class EpochResult:
    """One epoch: its number (from 1), metrics, seconds, and in the last one `Evaluation.hits`."""

    epoch: int
    metrics: dict[str, float]
    seconds: float
    hits: tuple[list[int], list[int]] | None = None


class Training:
    """One training in progress: network, head, optimiser and how far they are."""

    def __init__(
        self,
        config: RunConfig,
        faces: Faces,
        device: torch.device | None = None,
        *,
        micro_batches: int = 1,
        ranks: Ranks = Ranks(),  # noqa: B008 - frozen
    ) -> None:
        """Build everything from the config's seed; nothing is trained yet.

        Args:
            config: The training run.
            faces: From `load_faces` or `load_all_faces`.
            device: The GPU if there is one, else the CPU, where none is given.
            micro_batches: Parts of a batch that are computed one after the other, to save memory.
                The step follows the mean gradient of the batch, but statistics are of a part: those
                of batch norm, and the running ones of a head.
            ranks: Which one this process is of those that share the training; all must be made
                alike. After an epoch they hold the same.

        Raises:
            InputError: If there are fewer training faces than one batch needs, or the batch cannot
                be computed in so many parts.

        """
        self.config, self.faces, self.ranks = config, faces, ranks
        self.device = device or default_device()
        torch.manual_seed(config.train.seed)
        network = build_network(config.model, config.data.image_px)
        refuse_known_strangers(load_initial_weights(network, config.model), config, faces)
        head = build_head(
            as_plain(config.head),
            embedding_dim=config.model.embedding_dim,
            num_identities=len(faces.identities),
        )
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.head = head.to(self.device)
        self.autocast = autocast_of(config, self.device)
        groups = parameter_groups(
            self.network.layer_groups(), self.head, config.optim, config.head.lr_factor
        )
        self.optimizer = build_optimizer(groups, config.optim)
        self.average = self._new_average()
        self.costs = network_costs(config)
        self.batch_size = min(config.train.batch_size, len(faces.train))
        if self.batch_size < 2:
            raise InputError(f"{faces.source}: {len(faces.train)} training faces; needs 2 or more.")
        ranks.share(np.arange(self.batch_size))
        refuse_parts(config, self.batch_size // ranks.count, micro_batches)
        loss = FaceLoss(self.network, self.head, self.autocast)
        self._gradient = BatchGradient(loss, faces.train, config, self.device, micro_batches, ranks)
        self.epochs_done = 0

    def epochs(self) -> Iterator[EpochResult]:
        """Train on, one epoch for each result.

        Raises:
            TrialFailure: With outcome ``diverged`` when the loss is not finite any more.

        """
        while self.epochs_done < self.config.train.epochs:
            start = time.perf_counter()
            epoch = self.epochs_done + 1
            loss = self._train_epoch(epoch)
            self.epochs_done = epoch
            found = self.score()
            metrics = {"train/loss": loss, **found.metrics, **self.costs}
            hits = found.hits if epoch == self.config.train.epochs else None
            yield EpochResult(epoch, metrics, time.perf_counter() - start, hits)

    def score(self) -> Evaluation:
        """Return what the network to keep is worth on faces that are held out of training."""
        return evaluate(self.best_network, self.best_head, self.faces, self.autocast)

    @property
    def best_network(self) -> FaceNetwork:
        """The network to score and to keep: the averaged weights where there are some."""
        return self.network if self.average is None else self.average.network

    @property
    def best_head(self) -> Head:
        """The head to score and to keep, averaged together with the network."""
        return self.head if self.average is None else self.average.head

    def _new_average(self) -> Average | None:
        decay = self.config.optim.ema_decay
        return Average(self.network, self.head, decay) if decay else None

    def _train_epoch(self, epoch: int) -> float:
        train, optim = self.config.train, self.config.optim
        # of the epoch alone, so that a resumed training needs no random state from before
        seed, own_seed = seed_of(train.seed, epoch), self.ranks.seed_of(train.seed, epoch)
        torch.manual_seed(own_seed)
        generator = torch.Generator().manual_seed(own_seed)
        self.network.train()
        self.head.train()
        batches = SAMPLINGS[self.config.sampling](
            self.faces.train.labels_M, self.batch_size, train.faces_per_identity,
            np.random.default_rng(seed),
        )  # fmt: skip
        # a step cannot hold more batches than there are
        accumulate = min(train.accumulate, len(batches))
        steps = -(-len(batches) // accumulate)
        peak = peak_lr(optim, batches.shape[1] * accumulate)
        total = torch.zeros((), device=self.device)
        for index in range(steps):
            step, num_steps = (epoch - 1) * steps + index, steps * train.epochs
            self._set_lr(peak * lr_factor(step, num_steps, optim))
            self.head.set_progress(step / num_steps)
            group = batches[index * accumulate : (index + 1) * accumulate]
            total += self._step(group, generator)
            if index % 50 == 49 or index == steps - 1:
                # one look in 50 steps: each look makes a GPU wait
                mean = self.ranks.mean(total)
                _refuse_non_finite(mean, epoch, index + 1)
        self.optimizer.zero_grad(set_to_none=True)  # validation takes their memory
        self.ranks.align_buffers(self.network, self.head, self.average)
        return float(mean) / steps

    def _set_lr(self, lr: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["lr_factor"]

    def _step(self, batches: np.ndarray, generator: torch.Generator) -> torch.Tensor:
        """Take one step of the optimiser on the mean gradient of some batches [n, B]."""
        self.optimizer.zero_grad(set_to_none=True)
        total = self._gradient.add(batches, generator)
        if self.config.optim.grad_clip_norm:
            parameters = [p for g in self.optimizer.param_groups for p in g["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, self.config.optim.grad_clip_norm)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.network, self.head)
        return total

    def state(self) -> dict[str, Any]:
        """Return the state after the last finished epoch; see `take_over`."""
        return {
            "epochs_done": self.epochs_done,
            "config": as_plain(self.config),
            "faces": self.faces.fingerprint,
            "network": self.network.state_dict(),
            "head": self.head.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def save(self, path: Path) -> None:
        """Write the `state` into a file; see `resume`."""
        save_checkpoint(path, self.state())

    def resume(self, path: Path, *, is_other_config: bool = False) -> list[str]:
        """Continue from a checkpoint: `take_over` of what is in the file."""
        return self.take_over(load_checkpoint(path), str(path), is_other_config=is_other_config)

    def take_over(
        self, state: dict[str, Any], source: str, *, is_other_config: bool = False
    ) -> list[str]:
        """Continue from a `state` of the same config and faces; exactly on the CPU, not on a GPU.

        Args:
            state: As it was given or stored.
            source: Where it is from, for messages.
            is_other_config: Take over the weights of another training of the same shapes; rates
                and all other settings stay those of this config.

        Returns:
            A line for each thing that an earlier version has saved otherwise.

        Raises:
            InputError: If it is damaged, or does not fit; then nothing is changed.

        """
        if not is_other_config and placeless(state.get("config")) != placeless(
            as_plain(self.config)
        ):
            raise InputError(f"{source}: is the checkpoint of another config; start without it.")
        if state.get("faces") != self.faces.fingerprint:
            raise InputError(f"{source}: was trained on other faces; start without it.")
        try:
            return self._load(state)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{source}: does not fit ({error}); start without it.") from None

    def start_from(self, network: torch.nn.Module, head: torch.nn.Module) -> None:
        """Begin with the weights of another training, as a later stage of it; its rates are new.

        Args:
            network: Of the same shapes; the pictures may be of another size.
            head: Of the same shapes.

        Raises:
            InputError: If a name or a shape differs.

        """
        try:
            self.network.load_state_dict(network.state_dict())
            self.head.load_state_dict(head.state_dict())
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise InputError(f"a later stage needs weights of the same shapes: {reason}") from None
        self.average = self._new_average()

    def _load(self, state: dict[str, Any]) -> list[str]:
        state, notes = upgraded(state, self.network.state_dict())
        saved = RunConfig.model_validate(state["config"])
        if saved.optim.type != self.config.optim.type:
            raise ValueError(f"its optimiser is {saved.optim.type}")
        modules: dict[str, torch.nn.Module] = {"network": self.network, "head": self.head}
        if self.average is not None and state["average"] is not None:
            modules["average"] = self.average
        groups = parameter_groups(
            self.network.layer_groups(), self.head, saved.optim, saved.head.lr_factor
        )
        epochs_done = int(state["epochs_done"])
        load_parts(state, modules, [p for group in groups for p in group["params"]], self.optimizer)
        if self.average is not None and state["average"] is None:
            self.average = self._new_average()
        self.epochs_done = epochs_done
        return notes


def _refuse_non_finite(total: torch.Tensor, epoch: int, steps: int) -> None:
    if not bool(torch.isfinite(total)):
        raise TrialFailure("diverged", f"the loss is not finite in epoch {epoch}, by step {steps}")


def fit(config: RunConfig, faces: Faces, checkpoint: Path | None = None) -> Iterator[EpochResult]:
    """Train ``config`` on ``faces``; yield one result an epoch.

    Args:
        config: The training run.
        faces: From `load_faces` or `load_all_faces`.
        checkpoint: A file to go on from if it exists; rewritten after every epoch.

    Raises:
        TrialFailure: With a named outcome, when training cannot go on.
        InputError: When the checkpoint does not fit.

    """
    training = Training(config, faces)
    if checkpoint is not None and checkpoint.exists():
        training.resume(checkpoint)
    for result in training.epochs():
        if checkpoint is not None:
            training.save(checkpoint)
        yield result
