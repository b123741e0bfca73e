"""Random numbers for a batch of images, drawn on the CPU: the same on every device."""

import torch
from torch import Tensor


class Dice:
    """Draws for a batch of images from one seed.

    Args:
        batch: Images in the batch, a count.
        seed: Of all draws.
        rows: The images that are wanted, [B]; each gets what it would get in the whole batch.

    """

    def __init__(self, batch: int, seed: int, rows: Tensor | None = None) -> None:
        self.batch, self.rows = batch, rows
        self.generator = torch.Generator().manual_seed(seed)

    def unit(self) -> Tensor:
        """[B] in [0, 1)."""
        drawn = torch.rand(self.batch, generator=self.generator)
        return drawn if self.rows is None else drawn[self.rows]

    def signed(self) -> Tensor:
        """[B] in [-1, 1)."""
        return self.unit() * 2 - 1


def column(values_B: Tensor, like: Tensor) -> Tensor:
    """[B, 1, 1, 1] on the device of ``like``."""
    return values_B.to(like.device)[:, None, None, None]
