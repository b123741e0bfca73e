"""Faces of a few strokes, all in the same place: what the crop of a set can be told from."""

from pathlib import Path

import numpy as np
from PIL import Image

from facesearch.data.box import WHOLE, Box

# Centre across and down, width, height, and how much lighter: head, eyes, nose, mouth.
_STROKES = (
    (0.5, 0.5, 0.30, 0.42, 90), (0.36, 0.42, 0.055, 0.03, -70), (0.64, 0.42, 0.055, 0.03, -70),
    (0.5, 0.56, 0.03, 0.07, 30), (0.5, 0.72, 0.11, 0.025, -60),
)  # fmt: skip


def drawn_faces(count: int, box: Box = WHOLE, seed: int = 0, side_px: int = 48) -> np.ndarray:
    """Return faces RGB uint8 [N, H, H, 3], or what of them a box holds."""
    rng = np.random.default_rng(seed)
    places = (np.arange(side_px) + 0.5) / side_px
    down, across = np.meshgrid(
        box.top + places * box.height, box.left + places * box.width, indexing="ij"
    )
    images = np.empty((count, side_px, side_px), np.float64)
    for image in images:
        image[:] = rng.uniform(20, 120)
        for x, y, width, height, lighter in _STROKES:
            x, y = np.array([x, y]) + rng.normal(0, 0.012, 2)
            far = ((across - x) / width) ** 2 + ((down - y) / height) ** 2
            image += lighter * rng.uniform(0.7, 1.3) * (1 - np.tanh(4 * (far - 1))) / 2
        image += rng.normal(0, 6, image.shape)
    return np.repeat(images.clip(0, 255).astype(np.uint8)[..., None], 3, axis=3)


def true_box(planted: Box) -> Box:
    """Return the box that undoes a cut."""
    width, height = planted.width, planted.height
    left, top = -planted.left / width, -planted.top / height
    return Box(left, top, left + 1 / width, top + 1 / height)


def write_faces(
    folder: Path, count: int, box: Box = WHOLE, *, seed: int = 0, each: int = 1, first: int = 0
) -> Path:
    """Write faces as ``folder/<identity>/<number>.png``, ``each`` of an identity."""
    for row, pixels in enumerate(drawn_faces(count, box, seed)):
        person = folder / f"p{first + row // each:04d}"
        person.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(person / f"{row % each}.png")
    return folder
