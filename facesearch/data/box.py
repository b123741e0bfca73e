"""The part of an image that is taken as the face: a box in fractions of its centre square.

(0, 0, 1, 1) is the centre square itself, which is taken where nothing is said. A box may reach out
of the image; there the image's edge is repeated.
"""

from typing import NamedTuple

from facesearch.errors import InputError

# Beyond these a face has a few pixels, or the image is a stamp in the middle of its own edge.
_MIN_SIDE, _MAX_SIDE = 0.1, 4.0


class Box(NamedTuple):
    """Left, top, right and bottom edge, in fractions of the side of the centre square."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in sides of the centre square."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in sides of the centre square."""
        return self.bottom - self.top

    @property
    def side(self) -> float:
        """The mean of width and height."""
        return (self.width + self.height) / 2

    def furthest_from(self, other: "Box") -> float:
        """Return the largest distance of an edge from the same edge of another box."""
        return max(abs(mine - theirs) for mine, theirs in zip(self, other, strict=True))

    def __str__(self) -> str:
        # 0.0 is added as a small negative number is rounded to -0.0
        return ",".join(f"{round(edge, 3) + 0.0:g}" for edge in self)


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def parse_box(text: str) -> Box:
    """Return the box that is written as ``left,top,right,bottom``.

    Raises:
        InputError: If it is not four numbers, or no box that can be cut out.

    """
    try:
        edges = [float(part) for part in text.split(",")]
    except ValueError:
        edges = []
    if len(edges) != 4:
        raise InputError(
            f"box '{text}': write four fractions of the side, left,top,right,bottom, such as "
            "0.1,0.15,0.9,0.95."
        )
    return checked_box(Box(*edges))


def checked_box(box: Box) -> Box:
    """Return a box that can be cut out.

    Raises:
        InputError: If right is not beyond left or bottom beyond top, or it is far outside.

    """
    is_sized = all(_MIN_SIDE <= side <= _MAX_SIDE for side in (box.width, box.height))
    is_inside = min(box.right, box.bottom) > 0 and max(box.left, box.top) < 1
    if not (is_sized and is_inside):  # NaN neither
        raise InputError(
            f"box {box}: its width and height must be {_MIN_SIDE} to {_MAX_SIDE:g} sides of the "
            "image, and a part of it inside of 0 to 1; write left,top,right,bottom."
        )
    return box
