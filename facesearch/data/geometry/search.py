"""The box of one mean face that is most like another: all scales and shifts, then the best refined.

Coarse: at each scale all shifts at once by the Fourier transform (the masked normalised correlation
of Padfield, "Masked object registration in the Fourier domain", 2012, of gradients instead of
values). Fine: Nelder-Mead on centre and scale.

Shapes: H pixels of a mean face, K pixels of it on the coarse grid, L of the transforms.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft, optimize

from facesearch.data.box import WHOLE, Box
from facesearch.data.geometry.gradients import (
    Gradients,
    correlation,
    gradients_in,
    shared_part,
)

# Sides of a box: a face that fills 0.36 of the other image, or that is 2.75 times too large for it.
MIN_SIDE, MAX_SIDE = 0.36, 2.75
_NUM_SIDES = 33
_COARSE_PX, _FINE_PX = 32, 64
# Which part of the smaller image must be in both: less is an edge that looks like an edge.
_MIN_SHARED = 0.5
_REFINED = 3
_NEAREST_TO_ONE = 0.9999


@dataclass(frozen=True)
class Found:
    """A box, the correlation in it, and how much evidence that is, see `evidence`."""

    box: Box
    correlation: float
    evidence: float


def evidence(correlation: float, covered: float) -> float:
    """Return how much a correlation says: Fisher's z times the root of the area it was seen on.

    Fisher's z has a spread of 1 / sqrt(independent values), and these grow with the area.

    Args:
        correlation: In [-1, 1].
        covered: Part of the reference that was compared, in [0, 1].

    """
    bounded = min(correlation, _NEAREST_TO_ONE)
    return float(np.arctanh(bounded) * np.sqrt(covered))


def find_box(reference_HH: np.ndarray, other_HH: np.ndarray) -> Found:
    """Return the box of the other image that looks most like the reference.

    Args:
        reference_HH: A mean face.
        other_HH: Another; it may be of another size.

    """
    starts = coarse_boxes(reference_HH, other_HH)[:_REFINED]
    fixed = gradients_in(reference_HH, WHOLE, _FINE_PX)
    refined = [_refine(fixed, other_HH, start.box) for start in starts]
    return max(refined, key=lambda found: found.evidence)


def best_by_chance(reference_HH: np.ndarray, other_HH: np.ndarray) -> float:
    """Return the most evidence that the other image gives when it is turned by a quarter or more.

    Turned, it is as smooth and as contrasty as before, but no face: what is found then is chance.
    """
    turned = (np.rot90(other_HH, quarter) for quarter in (1, 2, 3))
    return max(coarse_boxes(reference_HH, image)[0].evidence for image in turned)


def coarse_boxes(reference_HH: np.ndarray, other_HH: np.ndarray) -> list[Found]:
    """Return the best shift of each scale, that with the most evidence first."""
    fixed = gradients_in(reference_HH, WHOLE, _COARSE_PX)
    sizes = {round(_COARSE_PX / side) for side in np.geomspace(MIN_SIDE, MAX_SIDE, _NUM_SIDES)}
    found = [_best_shift(fixed, other_HH, size) for size in sorted(sizes)]
    return sorted(found, key=lambda one: -one.evidence)


def _best_shift(fixed: Gradients, other_HH: np.ndarray, size_px: int) -> Found:
    """Return the best place of the other image, made ``size_px`` large, on the fixed one."""
    moved = gradients_in(other_HH, WHOLE, size_px)
    length = fft.next_fast_len(_COARSE_PX + size_px - 1, real=True)

    def shifts(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        shape = (length, length)
        product = fft.rfft2(first, shape) * np.conj(fft.rfft2(second, shape))
        sums: np.ndarray = fft.irfft2(product, shape)
        return sums

    alike = shifts(fixed.across, moved.across) + shifts(fixed.down, moved.down)
    norms = shifts(fixed.energy, moved.inside) * shifts(fixed.inside, moved.energy)
    shared = shifts(fixed.inside, moved.inside)
    # what should be 0 is rounding
    smallest = 1e-6 * float(fixed.energy.sum() * moved.energy.sum())
    values = alike / np.sqrt(np.maximum(norms, max(smallest, 1e-12)))
    values = values.clip(-_NEAREST_TO_ONE, _NEAREST_TO_ONE)
    covered = np.clip(shared / fixed.inside.sum(), 0, 1)
    says = np.arctanh(values) * np.sqrt(covered)
    says[shared < _MIN_SHARED * min(fixed.inside.sum(), moved.inside.sum())] = -1
    place = np.unravel_index(int(says.argmax()), says.shape)
    # a shift of more than half of the transform is one to the other side
    down, right = ((int(at) + size_px - 1) % length - size_px + 1 for at in place)
    side = _COARSE_PX / size_px
    box = Box(-right / size_px, -down / size_px, side - right / size_px, side - down / size_px)
    return Found(box, float(values[place]), float(says[place]))


def _refine(fixed: Gradients, other_HH: np.ndarray, start: Box) -> Found:
    def box_of(place: np.ndarray) -> Box:
        side = float(np.exp(place[2]))
        left, top = float(place[0]) - side / 2, float(place[1]) - side / 2
        return Box(left, top, left + side, top + side)

    def loss(place: np.ndarray) -> float:
        box = box_of(place)
        moved = gradients_in(other_HH, box, _FINE_PX)
        if not MIN_SIDE <= box.side <= MAX_SIDE or shared_part(fixed, moved, box.side) < (
            _MIN_SHARED
        ):
            return 1.0
        return -correlation(fixed, moved)

    side = start.side
    first = np.array([start.left + side / 2, start.top + side / 2, np.log(side)])
    corners = np.vstack([first, first + np.diag([0.03 * side, 0.03 * side, 0.05])])
    options = {"initial_simplex": corners, "xatol": 5e-4, "fatol": 1e-6, "maxfev": 150}
    result = optimize.minimize(loss, first, method="Nelder-Mead", options=options)
    box = box_of(result.x)
    moved = gradients_in(other_HH, box, _FINE_PX)
    covered = shared_part(fixed, moved, box.side) / max(1.0, box.side**2)
    return Found(box, -float(result.fun), evidence(-float(result.fun), min(1.0, covered)))
