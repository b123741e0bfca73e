import itertools

import pytest
import torch

from facesearch.models.blocks import BLOCKS
from facesearch.models.cnn import FaceCNN, count_parameters, normalise
from facesearch.models.pooling import POOLINGS


@pytest.mark.parametrize(
    ("block", "pooling", "stem"), list(itertools.product(BLOCKS, POOLINGS, ["small", "large"]))
)
@pytest.mark.parametrize("image_px", [16, 23])
def test_every_network_gives_embeddings_and_gradients(
    block: str, pooling: str, stem: str, image_px: int
) -> None:
    network = FaceCNN(
        block=block, pooling=pooling, stem=stem, width=4, num_stages=3, embedding_dim=6,
        image_px=image_px,
    )  # fmt: skip
    embeddings = network(torch.randn(3, 3, image_px, image_px))
    assert embeddings.shape == (3, 6) and embeddings.dtype == torch.float32
    embeddings.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def test_parameters_are_those_counted_by_hand() -> None:
    network = FaceCNN(num_stages=1, depth=1, width=4, embedding_dim=5)
    stem = 3 * 4 * 9 + 2 * 4
    block = 2 * (4 * 4 * 9 + 2 * 4)
    assert count_parameters(network) == stem + block + 4 * 5 + 2 * 5


def test_gap_forgets_the_place_of_a_pattern_and_flatten_does_not() -> None:
    image = torch.zeros(1, 3, 32, 32)
    image[..., 8:12, 8:12] = 1.0
    moved = image.roll((8, 8), (2, 3))
    for pooling, is_same in (("gap", True), ("flatten", False)):
        torch.manual_seed(0)
        network = FaceCNN(pooling=pooling, num_stages=3, width=4, image_px=32).eval()
        assert torch.allclose(network(image), network(moved), atol=1e-3) == is_same


def test_pixels_are_centred() -> None:
    pixels = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    assert normalise(pixels).flatten().tolist() == pytest.approx([-1, -0.5 / 127.5, 1])
