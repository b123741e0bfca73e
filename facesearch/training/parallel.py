"""One training on several processes: who computes what of a batch, and what they agree on.

The processes are called ranks, as in torch.distributed, and each holds a whole copy. Who starts
them and their process group is not in this module: see `facesearch.final.distributed`.

What differs from one process, by design:
    - statistics of batch norm and the running ones of a head are of rank 0's share of each batch;
    - a head that compares the faces of a batch (pairs, triplets) sees those of one share only.

Shapes: B faces in a batch.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from facesearch.errors import InputError
from facesearch.training.checkpoint import flatten_state, restore_state


def seed_of(*words: int) -> int:
    """Return the seed that some numbers, each at least 0, decide together."""
    return int(np.random.SeedSequence(words).generate_state(1)[0])


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this one is; alone, every method does nothing.

    With more than one, the process group must exist, and all ranks must call alike.

    Args:
        rank: From 0; rank 0 alone reads and writes files.
        count: Of all processes.

    """

    rank: int = 0
    count: int = 1

    def share(self, positions_B: np.ndarray, faces_each: int = 1) -> np.ndarray:
        """Return what this rank computes of a batch: a part of it, of about the same size for all.

        Args:
            positions_B: The batch, the same on all ranks.
            faces_each: Faces of one identity that stand together. They stay together where every
                rank gets two identities or more; else each rank gets some faces of every identity,
                so that there are others to tell apart on each.

        Raises:
            InputError: If a rank would get fewer than 2 faces, which batch norm needs.

        """
        if self.count == 1:
            return positions_B
        if len(positions_B) < 2 * self.count:
            raise InputError(
                f"a batch of {len(positions_B)} faces for {self.count} workers: each needs 2 or "
                f"more. Use fewer workers, or a larger train.batch_size."
            )
        num_groups = len(positions_B) // faces_each
        if num_groups < 2 * self.count:
            return positions_B[self.rank :: self.count]
        cuts = [faces_each * (num_groups * rank // self.count) for rank in range(self.count + 1)]
        return positions_B[cuts[self.rank] : cuts[self.rank + 1]]

    def seed_of(self, *words: int) -> int:
        """Return a seed that differs between ranks; on rank 0 it is that of one process."""
        return seed_of(*words, self.rank) if self.rank else seed_of(*words)

    def wrap(self, loss: nn.Module, device: torch.device) -> nn.Module:
        """Return a module of which all ranks get the mean of their gradients, and rank 0's buffers.

        Its weights become those of rank 0.
        """
        if self.count == 1:
            return loss
        devices = [device] if device.type == "cuda" else None
        return DistributedDataParallel(loss, device_ids=devices, gradient_as_bucket_view=True)

    def gradients(self, module: nn.Module, *, is_last: bool) -> AbstractContextManager[None]:
        """Return the context of both passes; those that are the last of a step exchange."""
        if self.count == 1 or is_last:
            return nullcontext()
        return cast(DistributedDataParallel, module).no_sync()

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean over the ranks, the same on all; a value that is not finite stays so."""
        if self.count == 1:
            return value
        total = value.clone()
        dist.all_reduce(total)
        return total / self.count

    def align_buffers(self, *modules: nn.Module | None) -> None:
        """Take over the buffers of rank 0."""
        if self.count > 1:
            for module in modules:
                for buffer in () if module is None else module.buffers():
                    dist.broadcast(buffer, src=0)

    def from_rank_0(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state (nested, of tensors and JSON values) that rank 0 gives, on the CPU."""
        if self.count == 1:
            return state
        told: list[Any] = [None, None]
        if self.rank == 0:
            tensors: dict[str, Tensor] = {}
            told = [flatten_state(state, "state", tensors), tensors]
        dist.broadcast_object_list(told, src=0)
        return cast(dict[str, Any], restore_state(*told))
