"""The functions between the layers."""

from collections.abc import Callable

from torch import nn

# `auto` is decided before, by the block (`cnn.py`).
ACTIVATIONS: dict[str, Callable[[int], nn.Module]] = {
    "relu": lambda channels: nn.ReLU(inplace=True),
    "leaky_relu": lambda channels: nn.LeakyReLU(0.01, inplace=True),
    "prelu": nn.PReLU,
    "silu": lambda channels: nn.SiLU(inplace=True),
    "gelu": lambda channels: nn.GELU(),
    "hardswish": lambda channels: nn.Hardswish(inplace=True),
}


def build_activation(name: str, channels: int) -> nn.Module:
    """Return a new activation over ``channels`` (only ``prelu`` has weights)."""
    return ACTIVATIONS[name](channels)
