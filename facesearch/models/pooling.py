"""From a feature map to a vector."""

import torch
from torch import Tensor, nn


class GeM(nn.Module):
    """Generalised mean over the places, with a learnt exponent.

    Source:
        Radenovic et al. 2018 (arXiv:1711.02512), eq. 3; p starts at 3 as there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor(3.0))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C], in float32: powers overflow in bf16's eight bits."""
        powered = x_BCHW.float().clamp(min=1e-6).pow(self.exponent)
        return powered.mean(dim=(2, 3)).pow(1 / self.exponent)


class GlobalAverage(nn.Module):
    """Mean over the places: the position of a feature is forgotten."""

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C]."""
        return x_BCHW.mean(dim=(2, 3))


def build_pooling(pooling: str) -> nn.Module:
    """Return the layer named ``gap``, ``gem`` or ``flatten``."""
    return POOLINGS[pooling]()


POOLINGS: dict[str, type[nn.Module]] = {"gap": GlobalAverage, "gem": GeM, "flatten": nn.Flatten}
