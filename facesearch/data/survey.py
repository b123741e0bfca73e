"""A quick look at a folder of faces: who, how many, how large. Not every picture is opened.

Whether all of them can be read is asked of `facesearch.data.check`.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from facesearch.config import DataConfig
from facesearch.data.faces import read_reserve
from facesearch.data.reserve import Reserve
from facesearch.errors import InputError
from facesearch.space.starter import Found

_OPENED = 100


def survey(root: str | None) -> tuple[Found, Reserve | None]:
    """Return how many training faces a folder holds, and about how large they are.

    Args:
        root: The folder; None: the generated faces.

    Returns:
        What is left to train on, and what is reserved for the report.

    Raises:
        InputError: If there is no folder, no layout, or no training faces in it.

    """
    if root is None:
        data = DataConfig()
        count, each = data.synthetic.num_identities, data.synthetic.faces_per_identity
        return Found("generated faces", count, count * each, each, each, each), None
    reserve = read_reserve(DataConfig(root=root))
    folder = reserve.folder
    faces = folder.train
    if not faces.paths:
        raise InputError(
            f"{root}: layout {folder.layout} with no training faces; give a folder that holds "
            "train/ (or a classification part) too."
        )
    counts = sorted(Counter(faces.identities).values())
    found = Found(
        f"layout {folder.layout}", len(counts), len(faces), counts[0],
        counts[len(counts) // 2], counts[-1], median_side_px(faces.paths),
    )  # fmt: skip
    return found, reserve


def median_side_px(paths: Sequence[Path], opened: int = _OPENED) -> int:
    """Return the median of the shorter sides of some pictures, spread over the list; 0 if none."""
    step = max(1, len(paths) // opened)
    sides = []
    for path in paths[::step]:
        try:
            with Image.open(path) as image:
                sides.append(min(image.size))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # what cannot be read is told by the check
    return int(statistics.median(sides)) if sides else 0
