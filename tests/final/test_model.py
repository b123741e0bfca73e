from dataclasses import replace

import numpy as np
import pytest
import torch
from models import IDENTITIES, untrained
from PIL import Image

from facesearch.final.model import Temperature
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


def test_images_are_taken_as_people_have_them() -> None:
    model = untrained()
    wanted = model.embed(IMAGES)
    as_pil = [Image.fromarray(image) for image in IMAGES]
    for same in (
        as_pil, iter(as_pil), list(IMAGES), IMAGES / np.float32(255), IMAGES.astype(np.float64),
        IMAGES.astype(np.int64), torch.from_numpy(IMAGES).permute(0, 3, 1, 2),
    ):  # fmt: skip
        np.testing.assert_array_equal(model.embed(same), wanted)
    for one in (IMAGES[2], as_pil[2], torch.from_numpy(IMAGES[2]).permute(2, 0, 1) / 255):
        np.testing.assert_allclose(model.embed(one), wanted[2:3], atol=1e-6)
        assert model.classify(one)[0].shape == (1, 1)
    larger = [image.resize((40, 40)) for image in as_pil]
    np.testing.assert_array_equal(
        model.embed(np.stack([np.asarray(image) for image in larger])), model.embed(larger)
    )


def test_a_temperature_changes_the_probabilities_and_not_the_order() -> None:
    plain = untrained(3)
    numbers, shares = plain.classify(IMAGES, top=8)
    for value in (0.25, 1.0, 4.0):
        model = replace(plain, temperature=Temperature(value, "dev"))
        order, found = model.classify(IMAGES, top=8)
        np.testing.assert_array_equal(order, numbers)
        powers = shares.astype(np.float64) ** (1 / value)
        np.testing.assert_allclose(found, powers / powers.sum(1, keepdims=True), rtol=1e-4)
    np.testing.assert_allclose(np.exp(plain.log_probabilities(IMAGES)).sum(1), 1, atol=1e-5)
    assert model.only(0).temperature is None
