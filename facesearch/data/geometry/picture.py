"""The mean faces of two sets side by side, and the second as its box makes it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from facesearch.data.box import Box
from facesearch.data.geometry.mean_face import MIN_IDENTITIES, MeanFace, mean_of_faces
from facesearch.data.geometry.stamp import as_grey
from facesearch.data.layouts import FaceList
from facesearch.errors import InputError

_TILE_PX, _GAP_PX = 192, 6
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def write_picture(out: Path, reference: MeanFace, other: FaceList, box: Box) -> None:
    """Write three mean faces side by side: the reference's, the other set's, and that in the box.

    Raises:
        InputError: If it cannot be written, or a set has so few identities that it may show one.

    """
    if out.suffix.lower() not in _SUFFIXES:
        raise InputError(f"--picture {out}: the name must end in {', '.join(_SUFFIXES)}.")
    means = [reference, mean_of_faces(other), mean_of_faces(replace(other, box=box))]
    found = [mean for mean in means if mean is not None]
    fewest = min(mean.num_identities for mean in found)
    if fewest < MIN_IDENTITIES:
        raise InputError(
            f"--picture {out}: a set has {fewest} labelled identities; the mean face of fewer than "
            f"{MIN_IDENTITIES} may show one of them, and is not drawn."
        )
    try:
        _side_by_side(found).save(out)
    except OSError as error:
        raise InputError(f"--picture {out}: cannot be written ({error}).") from None


def _side_by_side(means: list[MeanFace]) -> Image.Image:
    width = len(means) * (_TILE_PX + _GAP_PX) - _GAP_PX
    sheet = np.full((_TILE_PX, width), 255, np.uint8)
    for number, mean in enumerate(means):
        tile = Image.fromarray(as_grey(mean.grey_HH)).resize((_TILE_PX, _TILE_PX))
        left = number * (_TILE_PX + _GAP_PX)
        sheet[:, left : left + _TILE_PX] = np.asarray(tile)
    return Image.fromarray(sheet)
