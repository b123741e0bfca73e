"""How a set of faces is cropped, told from its mean grey image; no detector, no landmarks.

`mean_of_faces` (what a set looks like) -> `align` (which box of another set looks like it, and how
sure that is) -> `Alignment`. Not here: cutting the box out (`facesearch.data.decode`).
"""

from facesearch.data.geometry.mean_face import (
    MIN_IDENTITIES,
    MeanFace,
    mean_of_faces,
    mean_of_images,
    spread_rows,
)
from facesearch.data.geometry.sets import compare, disagreements, faces_of_folder, parts_of
from facesearch.data.geometry.stamp import STAMP, read_stamp, stamp_of
from facesearch.data.geometry.verdict import MIN_IMAGES, Alignment, align

__all__ = [
    "MIN_IDENTITIES", "MIN_IMAGES", "STAMP", "Alignment", "MeanFace", "align", "compare",
    "disagreements", "faces_of_folder", "mean_of_faces", "mean_of_images", "parts_of",
    "read_stamp", "spread_rows", "stamp_of",
]  # fmt: skip
