import itertools
from typing import Any

import pytest
import torch

from facesearch.config import ModelConfig
from facesearch.config.model import ACTIVATIONS, BLOCKS, POOLINGS, STEMS
from facesearch.models import build_network
from facesearch.models.network import FaceNetwork, count_parameters


def make(image_px: int = 32, **model: Any) -> FaceNetwork:
    settings = {"width": 8, "num_stages": 2, "embedding_dim": 6, **model}
    return build_network(ModelConfig.model_validate(settings), image_px)


def check(network: FaceNetwork, image_px: int, channels: int = 3) -> None:
    embeddings = network(torch.randn(3, channels, image_px, image_px))
    assert embeddings.shape == (3, 6) and embeddings.dtype == torch.float32
    embeddings.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize(("block", "stem"), list(itertools.product(BLOCKS, STEMS)))
@pytest.mark.parametrize("image_px", [32, 23])
def test_every_block_with_every_stem(block: str, stem: str, image_px: int) -> None:
    check(make(image_px, block=block, stem=stem), image_px)


@pytest.mark.parametrize(("pooling", "image_px"), list(itertools.product(POOLINGS, [16, 23])))
def test_every_pooling(pooling: str, image_px: int) -> None:
    check(make(image_px, pooling=pooling, num_stages=3), image_px)


@pytest.mark.parametrize(("block", "activation"), list(itertools.product(BLOCKS, ACTIVATIONS)))
def test_every_activation_is_used(block: str, activation: str) -> None:
    network = make(block=block, activation=activation)
    check(network, 32)
    kinds = {type(module).__name__.lower() for module in network.modules()}
    papers = {"ir": "prelu", "convnext": "gelu"}.get(block, "relu")
    expected = papers if activation == "auto" else activation.replace("_", "")
    assert kinds & {name.replace("_", "") for name in ACTIVATIONS} == {expected}


@pytest.mark.parametrize("pooling", ["gdc", "flatten"])
@pytest.mark.parametrize(("block", "stem"), list(itertools.product(("ir", "convnext"), STEMS)))
@pytest.mark.parametrize("image_px", [64, 65, 80, 97, 113, 130])
def test_a_place_for_every_weight_at_any_size(
    pooling: str, block: str, stem: str, image_px: int
) -> None:
    network = make(image_px, pooling=pooling, block=block, stem=stem, num_stages=4, width=4).eval()
    assert network(torch.zeros(1, 3, image_px, image_px)).shape == (1, 6)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grey_network_takes_colours_and_grey(channels: int) -> None:
    check(make(input_channels=1), 32, channels)


def test_a_grey_network_sees_the_luminance_only() -> None:
    network = make(input_channels=1).eval()
    colours = torch.rand(2, 3, 32, 32)
    grey = (0.299 * colours[:, 0] + 0.587 * colours[:, 1] + 0.114 * colours[:, 2])[:, None]
    torch.testing.assert_close(network(colours), network(grey))


def test_parameters_are_those_counted_by_hand() -> None:
    network = make(num_stages=1, width=4, embedding_dim=5)
    stem = 3 * 4 * 9 + 2 * 4
    block = 2 * (4 * 4 * 9 + 2 * 4)
    assert count_parameters(network) == stem + block + 4 * 5 + 2 * 5


def test_a_list_of_depths_is_one_for_each_stage() -> None:
    network = make(num_stages=3, depth=[1, 3, 2])
    assert [len(stage) for stage in list(network.features)[1:]] == [1, 3, 2]  # type: ignore[arg-type]


def test_drop_path_grows_from_nothing_to_the_end() -> None:
    network = make(num_stages=2, depth=3, drop_path=0.5)
    chances = [m.p for m in network.modules() if type(m).__name__ == "StochasticDepth"]
    assert chances == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


def test_without_embedding_norm_the_last_layer_is_linear() -> None:
    network = make(embedding_norm=False).eval()
    pooled = network.pooling(network.features(torch.ones(1, 3, 32, 32)))
    torch.testing.assert_close(network(torch.ones(1, 3, 32, 32)), network.embedding(pooled))


def test_gap_forgets_the_place_of_a_pattern_and_flatten_does_not() -> None:
    image = torch.zeros(1, 3, 32, 32)
    image[..., 8:12, 8:12] = 1.0
    moved = image.roll((8, 8), (2, 3))
    for pooling, is_same in (("gap", True), ("flatten", False)):
        torch.manual_seed(0)
        network = make(pooling=pooling, num_stages=3, width=4).eval()
        assert torch.allclose(network(image), network(moved), atol=1e-3) == is_same
