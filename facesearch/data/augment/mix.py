"""Mixing two faces of a batch: such a picture has two identities, which only softmax can learn.

Shapes: B faces; images are float32 [B, 3, H, W].
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facesearch.config import AugmentConfig


@dataclass(frozen=True)
class Mixed:
    """Images, the other identity of each, and the share of the first one, in [0, 1]."""

    images_BCHW: Tensor
    other_B: Tensor
    share_B: Tensor


def mix(
    images_BCHW: Tensor, labels_B: Tensor, settings: AugmentConfig, generator: torch.Generator
) -> Mixed:
    """Mix every image with another one of the batch, by mixup or by cutmix.

    Args:
        images_BCHW: The batch.
        labels_B: The identities.
        settings: ``mixup_alpha`` and ``cutmix_alpha``; where both are above 0, a coin decides.
        generator: Source of all draws.

    """
    seed = int(torch.randint(2**62, (1,), generator=generator))
    rng = np.random.default_rng(seed)
    order = torch.from_numpy(rng.permutation(len(labels_B))).to(labels_B.device)
    is_cut = settings.cutmix_alpha > 0 and (settings.mixup_alpha == 0 or rng.random() < 0.5)
    alpha = settings.cutmix_alpha if is_cut else settings.mixup_alpha
    share = float(rng.beta(alpha, alpha))
    blend = cutmix if is_cut else mixup
    images, share = blend(images_BCHW, images_BCHW[order], share, rng)
    share_B = torch.full(labels_B.shape, share, device=labels_B.device)
    return Mixed(images, labels_B[order], share_B)


def mixup(
    first_BCHW: Tensor, second_BCHW: Tensor, share: float, rng: np.random.Generator
) -> tuple[Tensor, float]:
    """Blend two batches (Zhang et al. 2018, arXiv:1710.09412, eq. 1); return also the share."""
    return torch.lerp(second_BCHW, first_BCHW, share), share


def cutmix(
    first_BCHW: Tensor, second_BCHW: Tensor, share: float, rng: np.random.Generator
) -> tuple[Tensor, float]:
    """Paste a box of the second batch (Yun et al. 2019, arXiv:1905.04899, eq. 1 and 2).

    Returns:
        The images, and the share that the first one really keeps: the box may cross the border.

    """
    height, width = first_BCHW.shape[2:]
    side = (1 - share) ** 0.5
    top, bottom = _span(height, side, rng)
    left, right = _span(width, side, rng)
    images = first_BCHW.clone()
    images[:, :, top:bottom, left:right] = second_BCHW[:, :, top:bottom, left:right]
    return images, 1 - (bottom - top) * (right - left) / (height * width)


def _span(size_px: int, fraction: float, rng: np.random.Generator) -> tuple[int, int]:
    centre, half = rng.integers(size_px), size_px * fraction / 2
    return max(0, round(centre - half)), min(size_px, round(centre + half))
