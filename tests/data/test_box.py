import pytest

from facesearch.data.box import WHOLE, Box, checked_box, parse_box
from facesearch.errors import InputError


def test_a_box_is_read_as_it_is_written() -> None:
    box = Box(-0.125, 0.2, 0.875, 1.2)
    assert parse_box(str(box)) == box and str(box) == "-0.125,0.2,0.875,1.2"
    assert str(Box(-0.00001, 0.1004, 1, 1.1)) == "0,0.1,1,1.1"


def test_its_sizes() -> None:
    box = Box(0.1, 0.2, 0.9, 0.8)
    assert (box.width, box.height, box.side) == pytest.approx((0.8, 0.6, 0.7))
    assert box.furthest_from(WHOLE) == pytest.approx(0.2)


@pytest.mark.parametrize("text", ["", "1", "0.1,0.2,0.9", "a,b,c,d", "0,0,1,1,1"])
def test_anything_but_four_numbers_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="write four fractions of the side, left,top,right,bottom"):
        parse_box(text)


@pytest.mark.parametrize(
    "edges",
    [
        (0.9, 0.1, 0.1, 0.9), (0, 0, 0.05, 1), (0, 0, 5, 1), (1.2, 0, 2.2, 1), (0, -1.5, 1, -0.5),
        (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1),
    ],
)  # fmt: skip
def test_a_box_that_cannot_be_cut_is_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"0\.1 to 4 sides of the image"):
        checked_box(Box(*edges))
