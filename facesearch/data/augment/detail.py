"""How much of a face can be seen: blur, low resolution and hidden squares."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from facesearch.data.augment.dice import Dice


def blur(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Blur each image by a Gaussian of its own sigma, up to the given one."""
    largest = settings["blur_sigma_px"]
    radius = min(max(1, round(3 * largest)), min(images_BCHW.shape[2:]) - 1)
    sigma_B1 = (dice.unit() * largest).clamp(min=1e-3)[:, None]
    places = torch.arange(-radius, radius + 1)[None]
    weights_BK = torch.exp(-0.5 * (places / sigma_B1) ** 2)
    weights_BK = (weights_BK / weights_BK.sum(1, keepdim=True)).to(images_BCHW.device)
    batch, channels, height, width = images_BCHW.shape
    # each image and channel is a group of one convolution with its own kernel
    kernel = weights_BK.repeat_interleave(channels, 0)[:, None]
    flat = images_BCHW.reshape(1, batch * channels, height, width)
    flat = F.pad(flat, (radius,) * 4, mode="reflect")
    flat = F.conv2d(flat, kernel[:, :, None, :], groups=batch * channels)
    flat = F.conv2d(flat, kernel[:, :, :, None], groups=batch * channels)
    return flat.view(batch, channels, height, width)


_LEVELS = 4


def reduce_resolution(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Make each image smaller and large again, by one of a few sizes down to the least.

    A size for every image would need a loop over the batch; sizes in steps need one over the steps.
    """
    size = images_BCHW.shape[2:]
    level_B = (dice.unit() * (_LEVELS + 1)).long()
    images = images_BCHW
    for level in range(1, _LEVELS + 1):
        kept = 1 - settings["low_resolution"] * level / _LEVELS
        small = [max(1, round(side * kept)) for side in size]
        rows = (level_B == level).nonzero()[:, 0].to(images.device)
        if len(rows):
            reduced = F.interpolate(images[rows], small, mode="bilinear", antialias=True)
            images = images.index_copy(0, rows, F.interpolate(reduced, size, mode="bilinear"))
    return images


def cut_out(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Hide a grey square (arXiv:1708.04552) of up to the given side."""
    device = images_BCHW.device
    half_B1 = (dice.unit() * settings["cutout_fraction"] / 2)[:, None].to(device)
    places = [
        torch.linspace(0, 1, side, device=device)[None] - dice.unit()[:, None].to(device)
        for side in images_BCHW.shape[2:]
    ]
    inside = [(place.abs() < half_B1) for place in places]
    hidden = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images_BCHW.masked_fill(hidden, 0.0)
