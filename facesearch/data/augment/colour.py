"""Light and colours of a face."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from facesearch.data.augment.dice import Dice, column

# Luminance of red, green and blue, and the two colour axes of YIQ (NTSC 1953).
_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def light(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Change contrast about the mean, and add light."""
    factor = column(1 + settings["contrast"] * dice.signed(), images_BCHW)
    added = column(2 * settings["brightness"] * dice.signed(), images_BCHW)
    centre = images_BCHW.mean(dim=(1, 2, 3), keepdim=True)
    return (images_BCHW - centre).mul_(factor).add_(centre + added).clamp_(-1, 1)


def saturate(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Make the colours weaker or stronger."""
    factor = column(1 + settings["saturation"] * dice.signed(), images_BCHW)
    return torch.lerp(_luminance(images_BCHW), images_BCHW, factor).clamp_(-1, 1)


def turn_hue(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Turn the colours about the grey axis: luminance stays, in YIQ."""
    angle_B = dice.signed() * math.radians(settings["hue_deg"])
    to_yiq = torch.tensor(_YIQ)
    turn_B33 = torch.eye(3).repeat(len(angle_B), 1, 1)
    turn_B33[:, 1, 1] = turn_B33[:, 2, 2] = angle_B.cos()
    turn_B33[:, 1, 2], turn_B33[:, 2, 1] = -angle_B.sin(), angle_B.sin()
    matrix_B33 = (torch.linalg.inv(to_yiq) @ turn_B33 @ to_yiq).to(images_BCHW.device)
    return torch.einsum("bij,bjhw->bihw", matrix_B33, images_BCHW).clamp_(-1, 1)


def greyed(images_BCHW: Tensor, settings: Mapping[str, float], dice: Dice) -> Tensor:
    """Take the colours from some images."""
    is_grey = column((dice.unit() < settings["grey_probability"]).float(), images_BCHW)
    return torch.lerp(images_BCHW, _luminance(images_BCHW), is_grey)


def _luminance(images_BCHW: Tensor) -> Tensor:
    weights = torch.tensor(_YIQ[0], device=images_BCHW.device)
    return (images_BCHW * weights[:, None, None]).sum(1, keepdim=True).expand_as(images_BCHW)
