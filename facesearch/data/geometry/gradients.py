"""How alike two mean faces are inside a box: the normalised correlation of their gradients.

Gradients, as the brightness of a face's sides changes with the light while its eyes, nose and mouth
stay where they are.

Shapes: H pixels of a mean face, G pixels of the grid that both are compared on; square.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from facesearch.data.box import WHOLE, Box

# Blur of both before they are compared, in pixels of the grid: finer detail is noise of the mean.
_BLUR_PX = 1.5
# What the rounding of a flat image leaves is no gradient.
_FLAT = 1e-9


@dataclass(frozen=True)
class Gradients:
    """Gradients on a grid, float [G, G] each, 0 where ``inside`` is: outside of the image."""

    across: np.ndarray
    down: np.ndarray
    inside: np.ndarray

    @property
    def energy(self) -> np.ndarray:
        """Squared length of each gradient."""
        squared: np.ndarray = self.across**2 + self.down**2
        return squared


def gradients_in(grey_HH: np.ndarray, box: Box, grid_px: int) -> Gradients:
    """Return the gradients of the part of an image that a box takes, on a grid."""
    height = len(grey_HH)
    step = box.side * height / grid_px
    smooth = ndimage.gaussian_filter(grey_HH, _BLUR_PX * step, mode="nearest")
    places = (np.arange(grid_px) + 0.5) * step - 0.5
    rows, columns = places + box.top * height, places + box.left * height
    grid = np.meshgrid(rows, columns, indexing="ij")
    values = ndimage.map_coordinates(smooth, grid, order=1, mode="nearest")
    # the outermost pixels lack a neighbour, and blur repeats the edge
    valid = [(0.5 <= p) & (p <= height - 1.5) for p in (rows, columns)]
    return _gradients(values, valid[0][:, None] & valid[1][None, :])


def _gradients(values: np.ndarray, valid: np.ndarray) -> Gradients:
    across, down = np.zeros_like(values), np.zeros_like(values)
    across[:, 1:-1] = values[:, 2:] - values[:, :-2]
    down[1:-1] = values[2:] - values[:-2]
    inside = ndimage.binary_erosion(valid, border_value=0)
    return Gradients(across * inside, down * inside, inside.astype(np.float64))


def shared_part(reference: Gradients, other: Gradients, side: float) -> float:
    """Return which part of the smaller of two images, on the reference's grid, both cover.

    Args:
        reference: Covers its whole grid.
        other: Of a box of the other image.
        side: Side of that box.

    """
    both = float((reference.inside * other.inside).sum())
    return both / float(reference.inside.sum()) * max(1.0, side**2)


def correlation(reference: Gradients, other: Gradients) -> float:
    """Return the normalised correlation of two fields of gradients, in [-1, 1]; 0 if one is flat.

    sum(r . o) / sqrt(sum(r . r) sum(o . o)) over all places that both cover.
    """
    both = reference.inside * other.inside
    product = (reference.across * other.across + reference.down * other.down) * both
    norm = float((reference.energy * both).sum() * (other.energy * both).sum()) ** 0.5
    return float(product.sum()) / norm if norm > _FLAT else 0.0


def correlation_in(reference_HH: np.ndarray, other_HH: np.ndarray, box: Box = WHOLE) -> float:
    """Return how alike a reference and a part of another image are, in [-1, 1]."""
    grid_px = len(other_HH)
    return correlation(
        gradients_in(reference_HH, WHOLE, grid_px), gradients_in(other_HH, box, grid_px)
    )
