"""Whether one set of faces is cropped as another is: the box, and how sure that is.

Shapes: H pixels of a mean face.
"""

from dataclasses import dataclass

import numpy as np

from facesearch.data.box import WHOLE, Box
from facesearch.data.geometry.gradients import correlation_in
from facesearch.data.geometry.mean_face import MeanFace
from facesearch.data.geometry.search import MAX_SIDE, MIN_SIDE, best_by_chance, find_box

# Edges so near, in fractions of the side, are the same crop.
SAME_WITHIN = 0.04
# Below so many images nothing is compared; from so many on it is nearly always enough.
MIN_IMAGES, ENOUGH_IMAGES = 20, 50
CONFIDENT = 0.9
# Logistic fit to planted crops, of the box being within 0.04; how: experiments/crop-geometry.
_INTERCEPT, _PER_MARGIN, _PER_TIGHTNESS = -1.49, 6.04, 0.45
_SMALLEST_SPREAD = 0.002
# A box at the end of the scales that are searched may belong beyond it.
_NEAR_THE_END = 1.03


@dataclass(frozen=True)
class Alignment:
    """What of another set's images looks like a reference's images.

    Args:
        box: The part of the other set's images, in fractions of their side.
        before: Correlation of the two mean faces as they are, in [-1, 1].
        after: Correlation in the box.
        margin: Evidence of the box over the best of chance, see `facesearch.data.geometry.search`.
        spread: Largest distance of the boxes of the two halves of the other set, per side of the
            box or of the image, whichever is larger.
        num_images: Images of the other set that were looked at.
        confidence: Estimated probability that the box is within 0.04 of the true one, in [0, 1].

    """

    box: Box
    before: float
    after: float
    margin: float
    spread: float
    num_images: int
    confidence: float

    @property
    def is_confident(self) -> bool:
        """Whether the box may be relied on."""
        return self.confidence >= CONFIDENT

    @property
    def is_same(self) -> bool:
        """Whether both sets are cropped alike, if it can be told."""
        return self.is_confident and self.box.furthest_from(WHOLE) <= SAME_WITHIN

    @property
    def differs(self) -> bool:
        """Whether the sets are cropped otherwise for sure."""
        return self.is_confident and not self.is_same

    def in_words(self, reference: str = "the reference") -> str:
        """Return the verdict in one sentence, with its figures.

        Args:
            reference: What the other set is compared with.

        """
        if self.is_same:
            return (
                f"cropped as {reference} (correlation {self.before:.2f}, {self.num_images} images)"
            )
        if self.is_confident:
            return f"cropped otherwise than {reference}: {self._figures()}"
        is_few = self.num_images < 2 * ENOUGH_IMAGES
        more = f"; give {ENOUGH_IMAGES} or more" if is_few else ""
        return (
            f"whether it is cropped as {reference} cannot be told from {self.num_images} images "
            f"(confidence {self.confidence:.2f}, and {CONFIDENT} is needed){more}"
        )

    def _figures(self) -> str:
        right = (self.box.left + self.box.right) / 2 - 0.5
        down = (self.box.top + self.box.bottom) / 2 - 0.5
        return (
            f"its faces are {self.box.side:.2f} times as large and lie {abs(right):.2f} of the "
            f"side {'left' if right < 0 else 'right'} and {abs(down):.2f} "
            f"{'higher' if down < 0 else 'lower'}; correlation {self.before:.2f} as they are, "
            f"{self.after:.2f} in the box {self.box} (confidence {self.confidence:.2f}, "
            f"{self.num_images} images)"
        )


def align(reference: MeanFace, other: MeanFace) -> Alignment:
    """Find the part of another set's images that looks like a reference's images.

    Args:
        reference: The mean face to be like.
        other: Another one, with its halves.

    """
    found = find_box(reference.grey_HH, other.grey_HH)
    margin = found.evidence - best_by_chance(reference.grey_HH, other.grey_HH)
    spread = _spread(reference.grey_HH, other.halves) / max(1.0, found.box.side)
    is_inside = MIN_SIDE * _NEAR_THE_END < found.box.side < MAX_SIDE / _NEAR_THE_END
    is_told = other.num_images >= MIN_IMAGES and is_inside
    return Alignment(
        box=found.box,
        before=correlation_in(reference.grey_HH, other.grey_HH),
        after=found.correlation,
        margin=margin,
        spread=spread,
        num_images=other.num_images,
        confidence=confidence_of(margin, spread) if is_told else 0.0,
    )


def confidence_of(margin: float, spread: float) -> float:
    """Return the estimated probability that a box is within 0.04 of the true one."""
    tight = -np.log(max(spread, _SMALLEST_SPREAD))
    logit = _INTERCEPT + _PER_MARGIN * margin + _PER_TIGHTNESS * tight
    return float(1 / (1 + np.exp(-logit)))


def _spread(reference_HH: np.ndarray, halves: tuple[np.ndarray, ...]) -> float:
    """Return how far the boxes of two halves are from each other; infinite without halves."""
    if len(halves) != 2:
        return float("inf")
    first, second = (find_box(reference_HH, half).box for half in halves)
    return first.furthest_from(second)
