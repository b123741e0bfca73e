"""The blocks that a stage is made of. Not here: how stages are stacked (`cnn.py`).

A block with a shortcut is its shortcut plus a branch; a subclass only says what the branch is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.ops import SqueezeExcitation, StochasticDepth

from facesearch.models.activations import build_activation


@dataclass(frozen=True)
class BlockSettings:
    """What is the same in all blocks of a network.

    drop_path is the chance to skip the branch for a face while training (arXiv:1603.09382).
    """

    activation: str = "relu"
    squeeze_excite: bool = False
    drop_path: float = 0.0
    zero_init: bool = False


# Maps [B, in_channels, H, W] to [B, out_channels, H/stride, W/stride].
BlockBuilder = Callable[[int, int, int, BlockSettings], nn.Module]


def conv_norm(
    in_channels: int, out_channels: int, stride: int = 1, kernel_px: int = 3, groups: int = 1
) -> nn.Sequential:
    """Return a convolution without bias (the norm has one) and its batch norm."""
    conv = nn.Conv2d(
        in_channels, out_channels, kernel_px, stride,
        padding=kernel_px // 2, groups=groups, bias=False,
    )  # fmt: skip
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels))


def squeeze_excite(channels: int) -> nn.Module:
    """Return a reweighing of the channels by their means (arXiv:1709.01507, reduction 16)."""
    layer: nn.Module = SqueezeExcitation(channels, max(4, channels // 16))
    return layer


def is_same_shape(in_channels: int, out_channels: int, stride: int) -> bool:
    """Whether a block keeps the shape, so that its shortcut needs no weights."""
    return stride == 1 and in_channels == out_channels


class PlainBlock(nn.Module):
    """Two 3x3 convolutions one after the other, as in VGG (arXiv:1409.1556)."""

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, settings: BlockSettings
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_norm(in_channels, out_channels, stride),
            build_activation(settings.activation, out_channels),
            conv_norm(out_channels, out_channels),
            squeeze_excite(out_channels) if settings.squeeze_excite else nn.Identity(),
            build_activation(settings.activation, out_channels),
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C', H/stride, W/stride]."""
        out: Tensor = self.layers(x_BCHW)
        return out


class ShortcutBlock(nn.Module):
    """A shortcut plus a branch.

    Args:
        branch: The layers beside the shortcut.
        shortcut: What carries the input past them.
        after: What follows the sum.
        channels: Channels of the branch's end.
        settings: Squeeze-and-excitation and stochastic depth are added to the branch's end.

    """

    def __init__(
        self,
        branch: nn.Sequential,
        shortcut: nn.Module,
        after: nn.Module,
        channels: int,
        settings: BlockSettings,
    ) -> None:
        super().__init__()
        if settings.zero_init:
            zero_last_scale(branch)
        if settings.squeeze_excite:
            branch.append(squeeze_excite(channels))
        if settings.drop_path > 0:
            branch.append(StochasticDepth(settings.drop_path, "row"))
        self.branch, self.shortcut, self.after = branch, shortcut, after

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C', H/stride, W/stride]."""
        out: Tensor = self.after(self.branch(x_BCHW) + self.shortcut(x_BCHW))
        return out


class Subsample(nn.Module):
    """Every ``stride``-th place of a map, from the first on."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C, H/stride, W/stride], rounded up."""
        return x_BCHW[:, :, :: self.stride, :: self.stride]


class LayerScale(nn.Module):
    """A learnt factor a channel, small at first (arXiv:2103.17239, eq. 2)."""

    def __init__(self, channels: int, first: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), first))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to the same shape."""
        return x_BCHW * self.weight


def zero_last_scale(branch: nn.Sequential) -> None:
    """Make the branch start at 0 (arXiv:1706.02677, sec. 5.1): its last norm or scale is 0."""
    last = [m for m in branch.modules() if isinstance(m, (nn.BatchNorm2d, LayerScale))][-1]
    nn.init.zeros_(last.weight)


def _projection(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    if is_same_shape(in_channels, out_channels, stride):
        return nn.Identity()
    # The same as a 1x1 convolution with a stride, whose gradient crashes in oneDNN 3.12: float32,
    # channels last, few channels.
    return nn.Sequential(Subsample(stride), conv_norm(in_channels, out_channels, 1, 1))


def _activated_sum(
    branch: nn.Sequential,
    in_channels: int,
    out_channels: int,
    stride: int,
    settings: BlockSettings,
) -> nn.Module:
    shortcut = _projection(in_channels, out_channels, stride)
    after = build_activation(settings.activation, out_channels)
    return ShortcutBlock(branch, shortcut, after, out_channels, settings)


def residual_block(
    in_channels: int, out_channels: int, stride: int, settings: BlockSettings
) -> nn.Module:
    """Two 3x3 convolutions beside a shortcut, as in ResNet (arXiv:1512.03385, fig. 5 left)."""
    branch = nn.Sequential(
        conv_norm(in_channels, out_channels, stride),
        build_activation(settings.activation, out_channels),
        conv_norm(out_channels, out_channels),
    )
    return _activated_sum(branch, in_channels, out_channels, stride, settings)


def bottleneck_block(
    in_channels: int, out_channels: int, stride: int, settings: BlockSettings
) -> nn.Module:
    """1x1, 3x3, 1x1 beside a shortcut (arXiv:1512.03385, fig. 5 right), stride on the 3x3."""
    inside = max(1, out_channels // 4)
    branch = nn.Sequential(
        conv_norm(in_channels, inside, 1, 1),
        build_activation(settings.activation, inside),
        conv_norm(inside, inside, stride),
        build_activation(settings.activation, inside),
        conv_norm(inside, out_channels, 1, 1),
    )
    return _activated_sum(branch, in_channels, out_channels, stride, settings)


def ir_block(
    in_channels: int, out_channels: int, stride: int, settings: BlockSettings
) -> nn.Module:
    """Norm, 3x3, PReLU, 3x3 beside a shortcut, nothing after the sum (arXiv:1801.07698, 3.1)."""
    branch = nn.Sequential(
        nn.BatchNorm2d(in_channels),
        conv_norm(in_channels, out_channels),
        build_activation(settings.activation, out_channels),
        conv_norm(out_channels, out_channels, stride),
    )
    shortcut = _projection(in_channels, out_channels, stride)
    return ShortcutBlock(branch, shortcut, nn.Identity(), out_channels, settings)


def inverted_block(
    in_channels: int,
    out_channels: int,
    stride: int,
    settings: BlockSettings,
    expansion: int = 2,
) -> nn.Module:
    """1x1 up, depthwise 3x3, linear 1x1 down (arXiv:1801.04381, fig. 4b; 2 as arXiv:1804.07573).

    There is a shortcut only where the shape stays.
    """
    inside = in_channels * expansion
    branch = nn.Sequential(
        conv_norm(in_channels, inside, 1, 1),
        build_activation(settings.activation, inside),
        conv_norm(inside, inside, stride, groups=inside),
        build_activation(settings.activation, inside),
        conv_norm(inside, out_channels, 1, 1),
    )
    if is_same_shape(in_channels, out_channels, stride):
        return ShortcutBlock(branch, nn.Identity(), nn.Identity(), out_channels, settings)
    if settings.squeeze_excite:
        branch.append(squeeze_excite(out_channels))
    return branch


def convnext_block(
    in_channels: int, out_channels: int, stride: int, settings: BlockSettings
) -> nn.Module:
    """Depthwise 7x7, 1x1 up, 1x1 down beside a shortcut (arXiv:2201.03545, fig. 4).

    Batch norm in the place of layer norm: it costs nothing at inference and suits small batches of
    small images. A change of shape is a 2x2 convolution before the block, as there.
    """
    branch = nn.Sequential(
        conv_norm(out_channels, out_channels, kernel_px=7, groups=out_channels),
        nn.Conv2d(out_channels, 4 * out_channels, 1),
        build_activation(settings.activation, 4 * out_channels),
        nn.Conv2d(4 * out_channels, out_channels, 1),
        LayerScale(out_channels, 0.1),
    )
    block = ShortcutBlock(branch, nn.Identity(), nn.Identity(), out_channels, settings)
    if is_same_shape(in_channels, out_channels, stride):
        return block
    down = nn.Conv2d(in_channels, out_channels, stride, stride, bias=False)
    return nn.Sequential(nn.BatchNorm2d(in_channels), down, block)


BLOCKS: dict[str, BlockBuilder] = {
    "plain": PlainBlock,
    "residual": residual_block,
    "bottleneck": bottleneck_block,
    "ir": ir_block,
    "inverted": inverted_block,
    "convnext": convnext_block,
}
