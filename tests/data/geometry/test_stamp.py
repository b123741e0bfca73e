import json

import numpy as np
import pytest
from drawn_faces import drawn_faces, true_box

from facesearch.data.box import Box
from facesearch.data.geometry import MeanFace, align, mean_of_images, read_stamp, stamp_of
from facesearch.errors import InputError


def mean(count: int, box: Box | None = None, side_px: int = 64) -> MeanFace:
    images = drawn_faces(count, *([] if box is None else [box]), side_px=side_px)
    return mean_of_images(images, [str(row) for row in range(count)])


@pytest.mark.parametrize("side_px", [32, 64, 112])
def test_what_was_written_is_read_and_aligns_as_before(side_px: int) -> None:
    content = stamp_of(mean(40, side_px=side_px))
    assert content is not None and len(content) < 20_000
    read = read_stamp(content, "model")
    assert (read.num_images, read.num_identities) == (40, 40)
    planted = Box(0.1, 0.0, 0.9, 0.8)
    found = align(read, mean(60, planted))
    assert found.differs and found.box.furthest_from(true_box(planted)) < 0.03


def test_of_few_identities_nothing_is_written() -> None:
    assert stamp_of(mean(19)) is None and stamp_of(mean(20)) is not None
    alone = mean_of_images(drawn_faces(60), ["anna"] * 60)
    assert stamp_of(alone) is None


def test_it_is_grey_values_from_dark_to_light() -> None:
    content = stamp_of(mean(30))
    assert content is not None
    grey = np.array(json.loads(content)["grey"])
    assert grey.shape == (48, 48) and (grey.min(), grey.max()) == (0, 255)


@pytest.mark.parametrize(
    "told",
    [
        {"num_images": 3, "num_identities": 3, "grey": [[0, 1], [2, 3]]},
        {"num_images": 3, "num_identities": 3, "grey": [[0] * 9] * 8},
        {"num_images": 3, "num_identities": 3, "grey": [[256] * 8] * 8},
        {"num_images": 3, "num_identities": 3, "grey": [[0] * 8] * 8, "more": 1},
        {"num_images": 0, "num_identities": 3, "grey": [[0] * 8] * 8},
        [],
    ],
)
def test_anything_else_is_refused(told: object) -> None:
    with pytest.raises(InputError, match=r"model/mean-face\.json: not a mean face"):
        read_stamp(json.dumps(told).encode(), "model/mean-face.json")
