"""Test-time augmentation: one picture seen several times, its embeddings averaged.

Shapes: N faces, B of one view, C channels, H and W pixels.
"""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

# What of the side stays in a corner crop: a shift by 4 % of the width, and a little larger.
_CROP_FRACTION = 0.92


def _plain(images_NCHW: Tensor) -> list[Tensor]:
    return [images_NCHW]


def _flip(images_NCHW: Tensor) -> list[Tensor]:
    return [images_NCHW, images_NCHW.flip(3)]


def _crops(images_NCHW: Tensor) -> list[Tensor]:
    """The whole picture and its four corner crops, enlarged to its size, each with its mirror."""
    height, width = images_NCHW.shape[2:]
    rows, columns = round(height * _CROP_FRACTION), round(width * _CROP_FRACTION)
    views = _flip(images_NCHW)
    for top in (0, height - rows):
        for left in (0, width - columns):
            crop = images_NCHW[:, :, top : top + rows, left : left + columns]
            views += _flip(F.interpolate(crop, (height, width), mode="bilinear"))
    return views


# By name: how many views there are (so many times the cost), and how they are made.
VIEWS: dict[str, tuple[int, Callable[[Tensor], list[Tensor]]]] = {
    "plain": (1, _plain),
    "flip": (2, _flip),
    "crops": (10, _crops),
}
