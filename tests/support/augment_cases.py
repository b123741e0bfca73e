"""Images and draws for the tests of augmentation."""

import torch


def images(batch: int = 8, side: int = 20) -> torch.Tensor:
    return torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
