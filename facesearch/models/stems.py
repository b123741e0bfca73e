"""The first layers: from an image to the first stage."""

from collections.abc import Callable

from torch import nn

from facesearch.models.activations import build_activation
from facesearch.models.blocks import conv_norm

# Maps (input channels, channels, activation) to the layers.
StemBuilder = Callable[[int, int, str], list[nn.Module]]


def small_stem(in_channels: int, channels: int, activation: str) -> list[nn.Module]:
    """3x3, the size stays."""
    return [*conv_norm(in_channels, channels), build_activation(activation, channels)]


def large_stem(in_channels: int, channels: int, activation: str) -> list[nn.Module]:
    """3x3, stride 2."""
    return [*conv_norm(in_channels, channels, 2), build_activation(activation, channels)]


def resnet_stem(in_channels: int, channels: int, activation: str) -> list[nn.Module]:
    """7x7, stride 2, then 3x3 max pooling, stride 2 (arXiv:1512.03385, table 1)."""
    layers = [*conv_norm(in_channels, channels, 2, 7), build_activation(activation, channels)]
    return [*layers, nn.MaxPool2d(3, 2, 1)]


def patch_stem(in_channels: int, channels: int, activation: str) -> list[nn.Module]:
    """4x4, stride 4, and a norm (arXiv:2201.03545, sec. 2.2)."""
    conv = nn.Conv2d(in_channels, channels, 4, 4, bias=False)
    return [conv, nn.BatchNorm2d(channels)]


STEMS: dict[str, StemBuilder] = {
    "small": small_stem,
    "large": large_stem,
    "resnet": resnet_stem,
    "patch": patch_stem,
}
