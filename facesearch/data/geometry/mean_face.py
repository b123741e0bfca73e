"""The mean grey image of a set of faces: how they are cropped, and nobody in particular.

Each image is centred and scaled before the mean is taken, so that neither a dark image nor a grey
one counts for more or less. Two halves are kept beside the whole: what they disagree about is
noise.

Shapes: N images, H pixels, square.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from facesearch.data.decode import decode_with_digest
from facesearch.data.layouts import FaceList
from facesearch.errors import InputError

MEAN_PX = 64
MAX_IMAGES = 500
# The mean of fewer identities may show somebody; it is neither stored nor drawn.
MIN_IDENTITIES = 20
# Below this spread, in grey values of 0 to 255, an image is flat and says nothing.
_MIN_SPREAD = 4.0
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's mode L


@dataclass(frozen=True)
class MeanFace:
    """A mean image, float32 [H, H] in units of an image's own spread, and what it is the mean of.

    halves are the means of one half of the identities and of the other; empty where they are not
    known, as in what is stored with a model.
    """

    grey_HH: np.ndarray
    num_images: int
    num_identities: int
    halves: tuple[np.ndarray, ...] = ()

    @property
    def is_anonymous(self) -> bool:
        """Whether it is the mean of so many identities that it shows nobody."""
        return self.num_identities >= MIN_IDENTITIES


def mean_of_images(images_NHHC: np.ndarray, identities: Sequence[str]) -> MeanFace:
    """Return the mean face of images in memory.

    Args:
        images_NHHC: RGB uint8 [N, H, H, 3], at least one.
        identities: Whose each is; "" where nobody says it: then each counts as its own half's.

    """
    grey_NHH = _standardised(images_NHHC)
    names = [name or f"\0{row}" for row, name in enumerate(identities)]
    number = {name: row for row, name in enumerate(dict.fromkeys(names))}
    half_N = np.array([number[name] % 2 for name in names])
    if len(number) == 1:
        half_N = np.arange(len(names)) % 2
    halves = tuple(grey_NHH[half_N == side].mean(0) for side in (0, 1) if (half_N == side).any())
    count = len(set(identities) - {""})
    return MeanFace(grey_NHH.mean(0), len(names), count, halves if len(halves) == 2 else ())


def mean_of_faces(faces: FaceList) -> MeanFace | None:
    """Return the mean face of at most 500 files, as many identities as can be; None without any.

    Files that cannot be read are passed over; whoever reads them all tells of them.
    """
    rows = spread_rows(faces.identities)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(
            lambda row: decode_with_digest(faces.paths[row], MEAN_PX, faces.box), rows
        )
        found = [
            (result[0], faces.identities[row])
            for row, result in zip(rows, results, strict=True)
            if not isinstance(result, InputError)
        ]
    if not found:
        return None
    return mean_of_images(np.stack([pixels for pixels, _ in found]), [name for _, name in found])


def spread_rows(identities: Sequence[str], count: int = MAX_IMAGES) -> list[int]:
    """Return up to ``count`` rows, spread evenly: everybody's first images, then their second.

    The order depends on the identities and their number alone.
    """
    order = np.random.default_rng(0).permutation(len(identities)).tolist()
    seen: dict[str, int] = {}
    ranked = []
    for place, row in enumerate(order):
        name = identities[row]
        seen[name] = seen.get(name, 0) + 1 if name else 0
        ranked.append((seen[name] or 1, place, row))
    return [row for _, _, row in sorted(ranked)[:count]]


def _standardised(images_NHHC: np.ndarray) -> np.ndarray:
    """Return luminances float32 [N, H, H], each image with mean 0 and spread 1."""
    grey_NHH = images_NHHC.astype(np.float32) @ _LUMA
    centred = grey_NHH - grey_NHH.mean((1, 2), keepdims=True)
    spread = np.maximum(grey_NHH.std((1, 2), keepdims=True), _MIN_SPREAD)
    scaled: np.ndarray = (centred / spread).astype(np.float32)
    return scaled
