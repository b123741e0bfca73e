"""The blocks that a stage is made of. Not here: how stages are stacked (`cnn.py`)."""

from typing import Protocol

from torch import Tensor, nn


class BlockBuilder(Protocol):
    """Whatever maps [B, in_channels, H, W] to [B, out_channels, H/stride, W/stride]."""

    def __call__(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        """Build the block."""


def conv_norm(
    in_channels: int, out_channels: int, stride: int, kernel_px: int = 3
) -> nn.Sequential:
    """Return a convolution without bias (the norm has one) and its batch norm."""
    conv = nn.Conv2d(
        in_channels, out_channels, kernel_px, stride, padding=kernel_px // 2, bias=False
    )
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels))


class PlainBlock(nn.Module):
    """Two 3x3 convolutions one after the other, as in VGG (arXiv:1409.1556)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_norm(in_channels, out_channels, stride),
            nn.ReLU(inplace=True),
            conv_norm(out_channels, out_channels, 1),
            nn.ReLU(inplace=True),
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C', H/stride, W/stride]."""
        out: Tensor = self.layers(x_BCHW)
        return out


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut, as in ResNet (arXiv:1512.03385, fig. 5 left)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.first = conv_norm(in_channels, out_channels, stride)
        self.second = conv_norm(out_channels, out_channels, 1)
        self.activation = nn.ReLU(inplace=True)
        is_same = stride == 1 and in_channels == out_channels
        self.shortcut = (
            nn.Identity() if is_same else conv_norm(in_channels, out_channels, stride, 1)
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C', H/stride, W/stride]."""
        change = self.second(self.activation(self.first(x_BCHW)))
        out: Tensor = self.activation(change + self.shortcut(x_BCHW))
        return out


BLOCKS: dict[str, BlockBuilder] = {"plain": PlainBlock, "residual": ResidualBlock}
