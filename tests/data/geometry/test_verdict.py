import numpy as np
import pytest
from drawn_faces import drawn_faces, true_box

from facesearch.data.box import WHOLE, Box
from facesearch.data.geometry import MeanFace, align, mean_of_images
from facesearch.data.geometry.verdict import confidence_of

PLANTED = [
    Box(0.1, 0.05, 0.95, 0.9),
    Box(-0.3, -0.1, 1.1, 1.3),
    Box(0.0, 0.2, 1.0, 1.2),
    Box(-0.6, -0.5, 1.6, 1.7),
]


def mean(images: np.ndarray) -> MeanFace:
    return mean_of_images(images, [str(row) for row in range(len(images))])


@pytest.fixture(scope="module")
def reference() -> MeanFace:
    return mean(drawn_faces(80, seed=1))


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_crop_is_found_and_relied_on(reference: MeanFace, planted: Box) -> None:
    found = align(reference, mean(drawn_faces(60, planted, seed=2)))
    assert found.box.furthest_from(true_box(planted)) < 0.03
    assert found.differs and found.after > 0.8 > found.before
    assert f"in the box {found.box}" in found.in_words("train")


@pytest.mark.parametrize("how", ["dark", "bright", "blue"])
def test_a_set_that_is_cropped_alike_is_the_same_whatever_its_light(
    reference: MeanFace, how: str
) -> None:
    images = drawn_faces(60, seed=3)
    if how == "blue":
        images = images * np.array([0, 0, 1], np.uint8)
    else:
        images = np.clip(images * {"dark": 0.3, "bright": 1.4}[how], 0, 255).astype(np.uint8)
    found = align(reference, mean(images))
    assert found.is_same and not found.differs
    assert "cropped as train" in found.in_words("train")


@pytest.mark.parametrize("kind", ["noise", "turned", "few"])
def test_what_cannot_be_told_is_not_told(reference: MeanFace, kind: str) -> None:
    images = drawn_faces(12 if kind == "few" else 60, PLANTED[0], seed=4)
    if kind == "noise":
        images = np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)
    if kind == "turned":
        images = np.rot90(images, axes=(1, 2))
    found = align(reference, mean(images))
    assert not found.is_confident and not found.differs and not found.is_same
    assert "cannot be told" in found.in_words()


def test_few_images_are_told_how_many_are_enough(reference: MeanFace) -> None:
    assert "give 50 or more" in align(reference, mean(drawn_faces(8))).in_words()


def test_a_face_beyond_the_searched_scales_is_no_confident_box(reference: MeanFace) -> None:
    tiny = drawn_faces(60, Box(-1.2, -1.2, 2.2, 2.2), seed=5)
    assert not align(reference, mean(tiny)).is_confident


def test_confidence_rises_with_the_evidence_and_falls_with_the_spread() -> None:
    assert confidence_of(0.1, 0.01) < confidence_of(0.5, 0.01) < confidence_of(0.9, 0.01) < 1
    assert confidence_of(0.5, 0.1) < confidence_of(0.5, 0.01)
    assert confidence_of(0.9, float("inf")) == 0


def test_without_halves_nothing_is_relied_on(reference: MeanFace) -> None:
    other = mean(drawn_faces(60, seed=2))
    assert align(reference, MeanFace(other.grey_HH, 60, 60)).confidence == 0


def test_reference_and_other_may_have_different_sizes(reference: MeanFace) -> None:
    found = align(reference, mean(drawn_faces(60, PLANTED[0], seed=2, side_px=40)))
    assert found.box.furthest_from(true_box(PLANTED[0])) < 0.03
    assert align(reference, reference).box.furthest_from(WHOLE) < 0.01
