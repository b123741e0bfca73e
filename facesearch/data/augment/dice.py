"""Random numbers for a batch of images, drawn on the CPU: the same on every device."""

import torch
from torch import Tensor


class Dice:
    """Draws for ``batch`` images from one seed."""

    def __init__(self, batch: int, seed: int) -> None:
        self.batch = batch
        self.generator = torch.Generator().manual_seed(seed)

    def unit(self) -> Tensor:
        """[B] in [0, 1)."""
        return torch.rand(self.batch, generator=self.generator)

    def signed(self) -> Tensor:
        """[B] in [-1, 1)."""
        return self.unit() * 2 - 1


def column(values_B: Tensor, like: Tensor) -> Tensor:
    """[B, 1, 1, 1] on the device of ``like``."""
    return values_B.to(like.device)[:, None, None, None]
