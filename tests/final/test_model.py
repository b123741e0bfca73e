import numpy as np
import pytest
import torch
from models import IDENTITIES, untrained

from facesearch.errors import InputError
from facesearch.final.views import VIEWS

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)


@pytest.mark.parametrize("views", VIEWS)
def test_a_view_is_of_the_size_of_the_picture(views: str) -> None:
    count, make = VIEWS[views]
    images = torch.randn(2, 3, 24, 24)
    made = make(images)
    assert len(made) == count and all(view.shape == images.shape for view in made)
    torch.testing.assert_close(made[0], images)


def test_mirrors_are_alike_for_a_model_that_looks_at_both() -> None:
    model = untrained()
    one, mirrored = model.embed(IMAGES, "flip"), model.embed(IMAGES[:, :, ::-1], "flip")
    np.testing.assert_allclose(one, mirrored, atol=1e-5)
    assert (
        np.abs(model.embed(IMAGES, "plain") - model.embed(IMAGES[:, :, ::-1], "plain")).max() > 0.01
    )


@pytest.mark.parametrize("views", VIEWS)
@pytest.mark.parametrize("members", [1, 3])
def test_the_cosine_of_several_members_is_the_mean_of_theirs(members: int, views: str) -> None:
    model = untrained(members, views=views)
    vectors = model.embed(IMAGES)
    assert vectors.shape == (5, members * 8) == (5, model.embedding_dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = [model.only(number).embed(IMAGES) for number in range(members)]
    np.testing.assert_allclose(
        vectors @ vectors.T, np.mean([v @ v.T for v in alone], axis=0), atol=1e-5
    )


def test_a_picture_is_embedded_alike_whoever_is_beside_it() -> None:
    model = untrained(2)
    many = np.concatenate([IMAGES] * 30)  # more than one batch
    np.testing.assert_allclose(model.embed(many)[-5:], model.embed(IMAGES), atol=1e-5)
    assert model.embed(IMAGES[:0]).shape == (0, 16)
    assert model.classify(IMAGES[:0], 3)[0].shape == (0, 3)


def test_classes_are_those_of_the_mean_probability() -> None:
    model = untrained(2, views="plain")
    shares = []
    for member in model.members:
        with torch.inference_mode():
            pictures = torch.from_numpy(IMAGES).permute(0, 3, 1, 2).float() / 127.5 - 1
            shares.append(member.head.scores(member.network(pictures)).softmax(1).numpy())
    expected = np.mean(shares, axis=0)
    numbers, found = model.classify(IMAGES, top=100)
    assert numbers.shape == (5, len(IDENTITIES))
    np.testing.assert_allclose(np.take_along_axis(expected, numbers, 1), found, atol=1e-6)
    np.testing.assert_array_equal(numbers[:, 0], expected.argmax(1))


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(InputError, match=r"uint8 \[N, 16, 16, 3\], but got \[N, 24, 24, 3\]"):
        untrained().embed(np.zeros((2, 24, 24, 3), np.uint8))
