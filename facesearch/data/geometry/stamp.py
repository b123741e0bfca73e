"""A mean face as a small file: JSON with grey values of 0 to 255, so that nothing of it is run."""

import json
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from scipy import ndimage

from facesearch.data.geometry.mean_face import MeanFace
from facesearch.errors import InputError

STAMP = "mean-face.json"
STAMP_PX = 48
_Grey = Annotated[int, Field(ge=0, le=255)]


class _Stamp(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    num_images: int = Field(ge=1)
    num_identities: int = Field(ge=1)
    grey: list[list[_Grey]] = Field(min_length=8, max_length=256)

    @model_validator(mode="after")
    def _square(self) -> "_Stamp":
        if {len(row) for row in self.grey} != {len(self.grey)}:
            raise ValueError("grey must be a square")
        return self


def stamp_of(mean: MeanFace) -> bytes | None:
    """Return the file of a mean face; None if it is of so few identities that it may show one."""
    if not mean.is_anonymous:
        return None
    small = ndimage.zoom(
        ndimage.gaussian_filter(mean.grey_HH, max(0.0, len(mean.grey_HH) / STAMP_PX - 1)),
        STAMP_PX / len(mean.grey_HH), order=1, grid_mode=True, mode="nearest",
    )  # fmt: skip
    stamp = {
        "num_images": mean.num_images,
        "num_identities": mean.num_identities,
        "grey": as_grey(small).tolist(),
    }
    return json.dumps(stamp).encode()


def as_grey(grey_HH: np.ndarray) -> np.ndarray:
    """Return a mean face as grey values uint8, from its darkest place to its lightest."""
    low, high = float(grey_HH.min()), float(grey_HH.max())
    scaled = (grey_HH - low) / max(high - low, 1e-6) * 255
    return np.asarray(scaled.round(), dtype=np.uint8)


def read_stamp(content: bytes, name: str) -> MeanFace:
    """Return the mean face of a file that `stamp_of` made.

    Raises:
        InputError: If it is none.

    """
    try:
        stamp = _Stamp.model_validate_json(content)
    except ValidationError as error:
        raise InputError(f"{name}: not a mean face: {error.errors()[0]['msg']}.") from None
    grey_HH = np.array(stamp.grey, dtype=np.float32)
    return MeanFace((grey_HH - grey_HH.mean()) / 64, stamp.num_images, stamp.num_identities)
