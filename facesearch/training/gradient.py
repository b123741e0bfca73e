"""The mean gradient of some batches: in as many parts as memory wants, on all ranks that share it.

Shapes: n batches of B faces.
"""

from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from facesearch.config import RunConfig
from facesearch.data.augment import build_augment
from facesearch.data.augment.mix import Mixed, mix
from facesearch.data.faces import FaceSet
from facesearch.heads import Head
from facesearch.models import FaceNetwork
from facesearch.training.evaluate import Autocast, take
from facesearch.training.parallel import Ranks
from facesearch.training.precision import is_bf16


def autocast_of(config: RunConfig, device: torch.device) -> Autocast:
    """Return what gives the context in which the network of ``config`` computes."""
    enabled = is_bf16(config, device)
    return partial(torch.autocast, device.type, torch.bfloat16, enabled=enabled)


class FaceLoss(nn.Module):
    """Network and head as one module from pictures to the loss: DDP watches one forward pass."""

    def __init__(self, network: FaceNetwork, head: Head, autocast: Autocast) -> None:
        super().__init__()
        self.network, self.head, self.autocast = network, head, autocast

    def forward(self, images_BCHW: Tensor, labels_B: Tensor, mixed: Mixed | None) -> Tensor:
        """Return the loss of a batch, a scalar; ``mixed`` says what else its pictures show."""
        with self.autocast():
            images_BCHW = images_BCHW.contiguous(memory_format=torch.channels_last)
            embeddings_BD = self.network(images_BCHW)
        if mixed is None:
            return self.head.loss(embeddings_BD, labels_B)
        return self.head.mixed_loss(embeddings_BD, labels_B, mixed.other_B, mixed.share_B)


class BatchGradient:
    """Adds the mean gradient of batches to the weights of a network and its head.

    Args:
        loss: Of both.
        faces: The training faces.
        config: Says how they are augmented and sampled.
        device: Where all is.
        micro_batches: Parts of a rank's share of a batch, one after the other.
        ranks: Which share is computed here.

    """

    def __init__(
        self,
        loss: FaceLoss,
        faces: FaceSet,
        config: RunConfig,
        device: torch.device,
        micro_batches: int,
        ranks: Ranks,
    ) -> None:
        self.faces, self.config, self.device = faces, config, device
        self.micro_batches, self.ranks = micro_batches, ranks
        self.augment = build_augment(config.augment)
        self.model = ranks.wrap(loss, device)

    def add(self, batches: np.ndarray, generator: torch.Generator) -> Tensor:
        """Compute and return the loss of some batches [n, B]: of this rank, see `Ranks.mean`.

        Raises:
            InputError: If there are too few faces in a batch for all ranks.

        """
        total = torch.zeros((), device=self.device)
        parts = self._parts(batches)
        for number, (positions, divisor) in enumerate(parts, start=1):
            with self.ranks.gradients(self.model, is_last=number == len(parts)):
                loss = self._loss(positions, generator) / divisor
                loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _parts(self, batches: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """Return the positions that are computed at once, each with the divisor of its loss.

        So divided, the mean over the ranks of their sums is the mean over all faces.
        """
        parts = []
        for positions in batches:
            own = self.ranks.share(positions, self._faces_each(len(positions)))
            num_parts = max(1, min(self.micro_batches, len(own) // 2))
            for part in (own[start::num_parts] for start in range(num_parts)):
                divisor = len(batches) * len(positions) / (len(part) * self.ranks.count)
                parts.append((part, divisor))
        return parts

    def _faces_each(self, batch_size: int) -> int:
        """Return how many faces of one identity stand together in a batch."""
        if self.config.sampling != "identities":
            return 1
        return max(1, min(self.config.train.faces_per_identity, batch_size // 2))

    def _loss(self, positions: np.ndarray, generator: torch.Generator) -> Tensor:
        images, labels = take(self.faces, positions, self.device)
        images = self.augment(images, generator)
        mixed = None
        if self.config.augment.mixes:
            mixed = mix(images, labels, self.config.augment, generator)
            images = mixed.images_BCHW
        return cast(Tensor, self.model(images, labels, mixed))
