"""Where a face is: flip, shift, rotation and size in one resampling."""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from facesearch.data.augment.dice import Dice, column


def move(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Flip, rotate, scale and shift each image; the border is repeated."""
    is_mirrored = dice.unit() < settings["flip_probability"]
    if not any(settings[field] for field in ("rotate_deg", "shift_fraction", "scale_fraction")):
        # nothing lies between two pixels: no need to resample
        return torch.where(column(is_mirrored, images_BCHW), images_BCHW.flip(3), images_BCHW)
    mirror = 1 - 2 * is_mirrored.float()
    angle = dice.signed() * math.radians(settings["rotate_deg"])
    zoom = 1 + dice.signed() * settings["scale_fraction"]
    # grid_sample's unit is half a side
    shift_x, shift_y = (2 * settings["shift_fraction"] * dice.signed() for _ in range(2))
    cos, sin = angle.cos() / zoom, angle.sin() / zoom
    rows = [
        torch.stack([mirror * cos, -mirror * sin, shift_x], 1),
        torch.stack([sin, cos, shift_y], 1),
    ]
    theta_B23 = torch.stack(rows, 1).to(images_BCHW.device)
    grid = F.affine_grid(theta_B23, list(images_BCHW.shape), align_corners=False)
    return F.grid_sample(images_BCHW, grid, padding_mode="border", align_corners=False)
