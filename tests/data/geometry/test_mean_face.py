from pathlib import Path

import numpy as np
import pytest
from drawn_faces import drawn_faces, write_faces

from facesearch.data.box import Box
from facesearch.data.geometry.mean_face import (
    MAX_IMAGES,
    mean_of_faces,
    mean_of_images,
    spread_rows,
)
from facesearch.data.layouts import FaceList, read_layout


def names(count: int, each: int = 1) -> list[str]:
    return [f"p{row // each}" for row in range(count)]


def test_the_mean_is_that_of_images_of_mean_0_and_spread_1() -> None:
    images = drawn_faces(4)
    slow = []
    for image in images.astype(np.float64):
        grey = 0.299 * image[..., 0] + 0.587 * image[..., 1] + 0.114 * image[..., 2]
        slow.append((grey - grey.mean()) / grey.std())
    found = mean_of_images(images, names(4))
    assert found.grey_HH == pytest.approx(np.mean(slow, axis=0), abs=1e-4)


def test_a_bright_image_counts_as_much_as_a_dark_one() -> None:
    images = drawn_faces(20)
    half = (images // 2).astype(np.uint8)
    both = [mean_of_images(some, names(20)).grey_HH for some in (images, half)]
    assert both[0] == pytest.approx(both[1], abs=0.05)


def test_flat_images_neither_fail_nor_count() -> None:
    flat = np.full((3, 16, 16, 3), 9, np.uint8)
    assert not mean_of_images(flat, names(3)).grey_HH.any()


def test_halves_share_no_identity_and_make_up_the_whole() -> None:
    images = drawn_faces(8)
    found = mean_of_images(images, names(8, each=2))
    first = mean_of_images(images[[0, 1, 4, 5]], names(4)).grey_HH
    assert found.halves[0] == pytest.approx(first, abs=1e-5)
    assert sum(found.halves) / 2 == pytest.approx(found.grey_HH, abs=1e-5)


def test_one_identity_has_halves_too_but_one_image_has_none() -> None:
    assert len(mean_of_images(drawn_faces(4), ["a"] * 4).halves) == 2
    assert mean_of_images(drawn_faces(1), ["a"]).halves == ()


def test_unlabelled_images_are_no_identities() -> None:
    found = mean_of_images(drawn_faces(25), [*names(19), *[""] * 6])
    assert found.num_identities == 19 and not found.is_anonymous
    assert mean_of_images(drawn_faces(20), names(20)).is_anonymous


def test_everybody_comes_before_anybody_comes_twice() -> None:
    identities = names(3 * MAX_IMAGES // 2, each=3)
    rows = spread_rows(identities, 300)
    assert len(set(rows)) == 300
    assert {identities[row] for row in rows[:250]} == set(identities)
    assert len(spread_rows(["", "a", ""])) == 3


def test_files_are_read_with_their_box_and_damaged_ones_are_passed_over(tmp_path: Path) -> None:
    write_faces(tmp_path, 12, each=2)
    (tmp_path / "p0000" / "0.png").write_bytes(b"no image")
    faces = read_layout(tmp_path).train
    plain = mean_of_faces(faces)
    assert plain is not None and plain.num_images == 11 and plain.num_identities == 6
    cut = mean_of_faces(FaceList(faces.paths, faces.identities, box=Box(0.3, 0.3, 0.9, 0.9)))
    assert cut is not None and np.abs(cut.grey_HH - plain.grey_HH).max() > 0.5
    assert mean_of_faces(FaceList()) is None
