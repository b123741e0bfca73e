import numpy as np

from facesearch.data.synthetic import contact_sheet, draw_faces


def test_more_faces_never_change_the_first() -> None:
    few, names = draw_faces(3, 2, 24, 5)
    many, _ = draw_faces(4, 3, 24, 5)
    np.testing.assert_array_equal(
        few.reshape(3, 2, 24, 24, 3), many.reshape(4, 3, 24, 24, 3)[:3, :2]
    )
    assert names == ("g000000", "g000000", "g000001", "g000001", "g000002", "g000002")


def test_another_seed_gives_other_people() -> None:
    assert not np.array_equal(draw_faces(1, 1, 24, 0)[0], draw_faces(1, 1, 24, 1)[0])


def test_the_mean_colour_does_not_tell_who_it_is() -> None:
    images, _ = draw_faces(30, 6, 24, 0)
    means = images.reshape(30, 6, -1, 3).mean(axis=2)
    gallery, probes = means[:, 0], means[:, 1:].reshape(-1, 3)
    distance = np.linalg.norm(probes[:, None] - gallery[None], axis=2)
    right = distance.argmin(axis=1) == np.arange(30).repeat(5)
    assert right.mean() < 0.2


def test_a_contact_sheet_has_a_place_for_every_face() -> None:
    images, _ = draw_faces(2, 5, 16, 0)
    assert contact_sheet(images, 4).size == (64, 48)
