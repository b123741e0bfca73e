"""Random changes of training images, one batch at a time, on the device of the batch.

Images are float32 [B, 3, H, W] in [-1, 1]. Each change draws from a generator of its own, so that
switching one on does not alter the others. The changes are in `geometry`, `colour` and `detail`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from facesearch.config import AugmentConfig, as_plain
from facesearch.data.augment.colour import greyed, light, saturate, turn_hue
from facesearch.data.augment.detail import blur, cut_out, reduce_resolution
from facesearch.data.augment.dice import Dice
from facesearch.data.augment.geometry import move

Settings = Mapping[str, float]
Change = Callable[[Tensor, Settings, Dice], Tensor]

# The fields of each change; it is off where all of them are 0.
CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "geometry": (move, ("flip_probability", "shift_fraction", "rotate_deg", "scale_fraction")),
    "light": (light, ("brightness", "contrast")),
    "saturation": (saturate, ("saturation",)),
    "hue": (turn_hue, ("hue_deg",)),
    "grey": (greyed, ("grey_probability",)),
    "blur": (blur, ("blur_sigma_px",)),
    "low_resolution": (reduce_resolution, ("low_resolution",)),
    "cutout": (cut_out, ("cutout_fraction",)),
}
# Where a larger strength has to stop.
_LIMITS = {
    "flip_probability": 0.5, "shift_fraction": 0.5, "rotate_deg": 180.0, "scale_fraction": 0.9,
    "brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue_deg": 180.0,
    "grey_probability": 1.0, "blur_sigma_px": 8.0, "low_resolution": 0.95, "cutout_fraction": 0.9,
}  # fmt: skip


class Augment:
    """The random changes of one config; call it on a batch.

    Args:
        strength: Factor on every other value; 0 leaves the images as they are.
        changes_per_image: Changes drawn for each image, 0 = all (RandAugment, arXiv:1909.13719).
        **values: The fields of `facesearch.config.AugmentConfig`, in the same units.

    """

    def __init__(
        self, *, strength: float = 1.0, changes_per_image: int = 0, **values: float
    ) -> None:
        self.changes_per_image = changes_per_image
        scaled = {k: _scaled(k, v, strength) for k, v in values.items()}
        # the place among all changes decides the seed, whichever of them are on
        self.active: list[tuple[int, Change, dict[str, Any]]] = []
        for place, (change, fields) in enumerate(CHANGES.values()):
            own = {field: scaled.get(field, 0.0) for field in fields}
            if any(own.values()):
                self.active.append((place, change, own))

    def __call__(self, images_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed images of the same shape, dtype and memory format."""
        is_last = images_BCHW.is_contiguous(memory_format=torch.channels_last)
        kept = torch.channels_last if is_last else torch.contiguous_format
        batch = len(images_BCHW)
        seeds = torch.randint(2**62, (len(CHANGES) + 1,), generator=generator).tolist()
        chosen_BN = self._chosen(batch, seeds[-1])
        images = images_BCHW
        for number, (place, change, settings) in enumerate(self.active):
            if chosen_BN is None:
                images = change(images, settings, Dice(batch, seeds[place]))
                continue
            rows = chosen_BN[:, number].nonzero()[:, 0]
            if len(rows):
                changed = change(images[rows.to(images.device)], settings,
                                 Dice(batch, seeds[place], rows))  # fmt: skip
                images = images.index_copy(0, rows.to(images.device), changed)
        return images.contiguous(memory_format=kept)

    def _chosen(self, batch: int, seed: int) -> Tensor | None:
        """Return which changes each image gets, bool [B, N], or None where it gets all."""
        if not 0 < self.changes_per_image < len(self.active):
            return None
        generator = torch.Generator().manual_seed(seed)
        rank_BN = torch.rand(batch, len(self.active), generator=generator).argsort(1).argsort(1)
        return rank_BN < self.changes_per_image


def build_augment(settings: AugmentConfig) -> Augment:
    """Return the changes of a config; mixing two faces is not one of them (`mix.py`)."""
    values = as_plain(settings)
    return Augment(**{k: v for k, v in values.items() if k not in ("mixup_alpha", "cutmix_alpha")})


def _scaled(field: str, value: float, strength: float) -> float:
    return min(value * strength, max(value, _LIMITS.get(field, math.inf)))
