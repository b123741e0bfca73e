"""Position invariance: how accuracy falls as the face is moved out of the middle.

Shapes: N faces, H and W pixels.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.final.model import FaceModel, SetImages
from facesearch.final.outcomes import classify_set, rank1, search_set
from facesearch.final.targets import Targets
from facesearch.progress import track

SHIFTS = (0.0, 0.05, 0.10, 0.15, 0.20, 0.25)
# Faces of a set that are moved, at most: a curve needs no more, and each costs 21 looks.
_MOST_FACES = 1000
_DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def shifted(images_NHWC: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return pictures moved down and right by so many pixels; the edge is repeated behind them."""
    height, width = images_NHWC.shape[1:3]
    row = np.clip(np.arange(height) - rows, 0, height - 1)
    column = np.clip(np.arange(width) - columns, 0, width - 1)
    return images_NHWC[:, row][:, :, column]


def accuracy_by_shift(model: FaceModel, targets: Targets) -> list[dict[str, Any]]:
    """Return a row a shift: top-1 of dev and rank-1 of unknown_dev, the mean of four directions.

    The gallery stays where it is: a picture that was taken with care is asked about one that was
    not. Only one view is used, as mirrors and crops would hide what is measured.

    Args:
        model: The model.
        targets: The reporting sets; of each at most 1,000 faces, evenly chosen.

    Returns:
        Rows of ``shift`` (part of the width), and ``dev/top1``, ``unknown_dev/rank1`` as far as
        there are such faces; no rows if there are none.

    """
    known = None if targets.known is None else model.embed(SetImages(targets.known), "plain")
    rows = [
        {"shift": shift, **_accuracy(model, targets, known, shift)}
        for shift in track(SHIFTS, "moving faces")
    ]
    return rows if len(rows[0]) > 1 else []


def _accuracy(
    model: FaceModel, targets: Targets, known_GD: np.ndarray | None, shift: float
) -> dict[str, float]:
    pixels = round(shift * model.image_px)
    directions = _DIRECTIONS if pixels else ((0, 0),)
    found: dict[str, list[float]] = {}
    for down, right in directions:
        if targets.dev is not None:
            dev = _moved(targets.dev, down * pixels, right * pixels)
            hits = classify_set(model, dev, "plain").top(1).is_right_N
            found.setdefault("dev/top1", []).append(float(hits.mean()))
        probes = targets.labelled("unknown_dev")
        if probes is not None and targets.known is not None and known_GD is not None:
            moved = _moved(probes, down * pixels, right * pixels)
            searches = search_set(model, known_GD, targets.known, moved, "plain")
            hits = rank1(searches).is_right_N
            if not len(hits):  # nobody of them is in the gallery
                continue
            found.setdefault("unknown_dev/rank1", []).append(float(hits.mean()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _moved(faces: FaceSet, rows: int, columns: int) -> FaceSet:
    step = max(1, -(-len(faces) // _MOST_FACES))
    index = faces.index_M[::step]
    images = shifted(faces.images_NHWC[index], rows, columns)
    return replace(
        faces, images_NHWC=images, index_M=np.arange(len(index)), labels_M=faces.labels_M[::step]
    )
