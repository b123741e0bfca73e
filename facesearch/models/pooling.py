"""From a feature map to a vector."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

_EXPONENTS = (1.0, 6.0)


class GeM(nn.Module):
    """Generalised mean over the places, with a learnt exponent.

    Source:
        Radenovic et al. 2018 (arXiv:1711.02512), eq. 3; p starts at 3 as there. We keep it in
        [1, 6]: at a large rate it grows, and from about 7.5 the power of an empty map is 0 in
        float32, whose logarithm makes the gradient NaN.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor(3.0))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C], in float32: powers overflow in bf16's eight bits."""
        exponent = self.exponent.clamp(*_EXPONENTS)
        powered = x_BCHW.float().clamp(min=1e-6).pow(exponent)
        return powered.mean(dim=(2, 3)).pow(1 / exponent)


class GlobalAverage(nn.Module):
    """Mean over the places: the position of a feature is forgotten."""

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C]."""
        return x_BCHW.mean(dim=(2, 3))


class GlobalDepthwise(nn.Module):
    """A learnt weight for each place and channel: a depthwise convolution over the whole map.

    Source:
        MobileFaceNet, Chen et al. 2018 (arXiv:1804.07573), sec. 3.2: corners of a face crop tell
        less than its centre.
    """

    def __init__(self, channels: int, side_px: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, side_px, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C]."""
        out: Tensor = self.norm(self.conv(x_BCHW))
        return out.flatten(1)


# Maps (channels, side of the map in pixels) to the layer and the length of its vector.
POOLINGS: dict[str, Callable[[int, int], tuple[nn.Module, int]]] = {
    "gap": lambda channels, side_px: (GlobalAverage(), channels),
    "gem": lambda channels, side_px: (GeM(), channels),
    "gdc": lambda channels, side_px: (GlobalDepthwise(channels, side_px), channels),
    "flatten": lambda channels, side_px: (nn.Flatten(), channels * side_px**2),
}


def build_pooling(name: str, channels: int, side_px: int) -> tuple[nn.Module, int]:
    """Return the layer named ``name`` for a map [B, channels, side, side], and its length."""
    return POOLINGS[name](channels, side_px)
