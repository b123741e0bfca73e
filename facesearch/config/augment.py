"""Random changes of a training image."""

from pydantic import Field

from facesearch.config.part import Part


class AugmentConfig(Part):
    """Random changes of a training image, batched on the device; 0 switches one off."""

    strength: float = Field(
        1.0, ge=0, le=4, description="Factor on every change below but mixup and cutmix; 0 = none."
    )
    changes_per_image: int = Field(
        0, ge=0, le=8, description="Changes drawn for each image (RandAugment's N); 0 = all."
    )
    flip_probability: float = Field(0.5, ge=0, le=1, description="Chance of a mirror image.")
    shift_fraction: float = Field(0.08, ge=0, le=0.5, description="Largest shift / image side.")
    rotate_deg: float = Field(8.0, ge=0, le=90, description="Largest rotation in degrees.")
    scale_fraction: float = Field(0.1, ge=0, le=0.5, description="Largest change of size.")
    brightness: float = Field(0.2, ge=0, le=1, description="Largest added light, 1 = full range.")
    contrast: float = Field(0.2, ge=0, le=1, description="Largest relative change of contrast.")
    saturation: float = Field(0.0, ge=0, le=1, description="Largest relative change of colour.")
    hue_deg: float = Field(0.0, ge=0, le=180, description="Largest turn of the hue in degrees.")
    grey_probability: float = Field(0.0, ge=0, le=1, description="Chance of losing the colours.")
    blur_sigma_px: float = Field(0.0, ge=0, le=8, description="Largest blur, sigma in pixels.")
    low_resolution: float = Field(
        0.0, ge=0, le=0.9, description="Largest part of the resolution that is lost."
    )
    cutout_fraction: float = Field(0.0, ge=0, le=0.7, description="Side of the hidden square.")
    mixup_alpha: float = Field(
        0.0, ge=0, le=10, description="Beta parameter of blended pairs; softmax heads only."
    )
    cutmix_alpha: float = Field(
        0.0, ge=0, le=10, description="Beta parameter of pasted boxes; softmax heads only."
    )

    @property
    def mixes(self) -> bool:
        """Whether two faces are mixed, so that a picture has two identities."""
        return self.mixup_alpha > 0 or self.cutmix_alpha > 0
