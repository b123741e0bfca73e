"""Random changes of training images, one batch at a time, on the device of the batch.

All draws come from the generator that is given, so a seed fixes them. Images are float32
[B, 3, H, W] in [-1, 1].
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


class Augment:
    """The random changes of one config; call it on a batch.

    Args are those of `facesearch.config.AugmentConfig`, in the same units.
    """

    def __init__(  # noqa: PLR0913 - one keyword a change
        self,
        *,
        flip_probability: float = 0.0,
        shift_fraction: float = 0.0,
        rotate_deg: float = 0.0,
        scale_fraction: float = 0.0,
        brightness: float = 0.0,
        contrast: float = 0.0,
        grey_probability: float = 0.0,
        cutout_fraction: float = 0.0,
    ) -> None:
        self.flip_probability = flip_probability
        self.shift_fraction = shift_fraction
        self.rotate_rad = math.radians(rotate_deg)
        self.scale_fraction = scale_fraction
        self.brightness = brightness
        self.contrast = contrast
        self.grey_probability = grey_probability
        self.cutout_fraction = cutout_fraction

    def __call__(self, images_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """Return changed images of the same shape, dtype and memory format."""
        dice = _Dice(images_BCHW.shape[0], generator)
        images = self._move(images_BCHW, dice)
        images = self._light(images, dice)
        return self._cut_out(images, dice)

    def _move(self, images_BCHW: Tensor, dice: "_Dice") -> Tensor:
        """Flip, rotate, scale and shift in one resampling; the border is repeated."""
        if not (self.flip_probability or self.shift_fraction or self.rotate_rad
                or self.scale_fraction):  # fmt: skip
            return images_BCHW
        mirror = 1 - 2 * (dice.unit() < self.flip_probability).float()
        angle = dice.signed() * self.rotate_rad
        zoom = 1 + dice.signed() * self.scale_fraction
        # grid_sample's unit is half a side
        shift_x, shift_y = (2 * self.shift_fraction * dice.signed() for _ in range(2))
        cos, sin = angle.cos() / zoom, angle.sin() / zoom
        rows = [
            torch.stack([mirror * cos, -mirror * sin, shift_x], 1),
            torch.stack([sin, cos, shift_y], 1),
        ]
        theta_B23 = torch.stack(rows, 1).to(images_BCHW.device)
        shape = list(images_BCHW.shape)
        grid = F.affine_grid(theta_B23, shape, align_corners=False)
        return F.grid_sample(images_BCHW, grid, padding_mode="border", align_corners=False)

    def _light(self, images_BCHW: Tensor, dice: "_Dice") -> Tensor:
        if self.brightness or self.contrast:
            factor = dice.column(1 + self.contrast * dice.signed(), images_BCHW)
            added = dice.column(2 * self.brightness * dice.signed(), images_BCHW)
            centre = images_BCHW.mean(dim=(1, 2, 3), keepdim=True)
            images_BCHW = (images_BCHW - centre).mul_(factor).add_(centre + added).clamp_(-1, 1)
        if self.grey_probability:
            is_grey = dice.column((dice.unit() < self.grey_probability).float(), images_BCHW)
            images_BCHW = torch.lerp(images_BCHW, images_BCHW.mean(1, keepdim=True), is_grey)
        return images_BCHW

    def _cut_out(self, images_BCHW: Tensor, dice: "_Dice") -> Tensor:
        """Hide a grey square (arXiv:1708.04552) of up to the given side."""
        if not self.cutout_fraction:
            return images_BCHW
        device = images_BCHW.device
        half_B1 = (dice.unit() * self.cutout_fraction / 2)[:, None].to(device)
        places = [
            torch.linspace(0, 1, side, device=device)[None] - dice.unit()[:, None].to(device)
            for side in images_BCHW.shape[2:]
        ]
        inside = [(place.abs() < half_B1) for place in places]
        hidden = inside[0][:, None, :, None] & inside[1][:, None, None, :]
        return images_BCHW.masked_fill(hidden, 0.0)


class _Dice:
    """Random numbers for a batch, drawn on the CPU: the same on every device."""

    def __init__(self, batch: int, generator: torch.Generator) -> None:
        self.batch = batch
        self.generator = generator

    def unit(self) -> Tensor:
        """[B] in [0, 1)."""
        return torch.rand(self.batch, generator=self.generator)

    def signed(self) -> Tensor:
        """[B] in [-1, 1)."""
        return self.unit() * 2 - 1

    @staticmethod
    def column(values_B: Tensor, like: Tensor) -> Tensor:
        """[B, 1, 1, 1] on the device of ``like``."""
        return values_B.to(like.device)[:, None, None, None]
