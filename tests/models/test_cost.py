from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from facesearch.config import ModelConfig
from facesearch.config.model import BLOCKS, NETWORKS, POOLINGS, STEMS
from facesearch.models import build_network
from facesearch.models.cost import _kept_bytes, network_cost
from facesearch.models.network import count_parameters

EVERY_PART: list[dict[str, Any]] = [
    # the larger ones only have more of the same blocks
    *({"network": name} for name in NETWORKS if name.rstrip("0123456789") + "18" not in NETWORKS),
    {"network": "resnet18"}, {"network": "resnet50"}, {"network": "iresnet18"},
    *({"block": name} for name in BLOCKS),
    *({"stem": name} for name in STEMS),
    *({"pooling": name} for name in POOLINGS),
    {"squeeze_excite": True, "activation": "prelu", "depth": [1, 2, 1, 1], "dropout": 0.1},
    {"input_channels": 1, "drop_path": 0.2, "embedding_norm": False, "activation": "silu"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "published"),
    # 10^9 multiply-adds at 224 px: torchvision's documentation
    [("resnet18", 1.81), ("resnet34", 3.66), ("resnet50", 4.09), ("convnext_tiny", 4.46)],
)
def test_operations_are_those_published(name: str, published: float) -> None:
    cost = network_cost(ModelConfig(network=name), 224, 2)
    assert cost.flops / 2e9 == pytest.approx(published, rel=0.01)


@pytest.mark.parametrize("settings", EVERY_PART, ids=str)
def test_the_short_cuts_change_nothing(settings: dict[str, Any]) -> None:
    """Torch's own counter, and batch norms as they are, on real numbers."""
    model = ModelConfig(**settings)
    network = build_network(model, 32)
    images = torch.randn(2, model.input_channels, 32, 32)
    with FlopCounterMode(display=False) as counter:
        kept = _kept_bytes(network, images)
    cost = network_cost(model, 32, 2)
    assert cost.flops == counter.get_total_flops() // 2
    assert cost.parameters == count_parameters(network)
    assert cost.state_bytes == sum(t.nbytes for t in network.state_dict().values())
    # what cannot be known without numbers: which samples drop_path and dropout leave
    assert cost.activation_bytes == pytest.approx(kept, rel=0.02)


def test_a_small_network_costs_what_the_hand_counts() -> None:
    model = ModelConfig(block="plain", num_stages=1, width=4, embedding_dim=5)
    cost = network_cost(model, 16, batch_size=8)
    stem, block = 3 * 4 * 9 * 256, 2 * 4 * 4 * 9 * 256
    assert cost.flops == 2 * (stem + block + 4 * 5)
    assert cost.parameters == 3 * 4 * 9 + 8 + 2 * (4 * 4 * 9 + 8) + 20 + 10
    statistics = 3 * (2 * 4 * 4 + 8) + 2 * 5 * 4 + 8  # means, variances, a counter of 8 bytes
    assert cost.state_bytes == 4 * cost.parameters + statistics


def test_activations_grow_with_the_batch_and_the_image_and_hold_each_map() -> None:
    model = ModelConfig(block="plain", num_stages=1, width=4, embedding_dim=5)
    sizes = ((16, 8), (16, 16), (32, 8))
    small, twice, large = (network_cost(model, *size).activation_bytes for size in sizes)
    assert twice == pytest.approx(2 * small, rel=0.02)
    assert large == pytest.approx(4 * small, rel=0.02)
    maps = 8 * 256 * 4 * (3 + 3 * 4 + 3 * 4)  # image; three convolutions, three activations
    assert small == pytest.approx(maps, rel=0.02)


def test_the_same_network_is_counted_once() -> None:
    model = ModelConfig(network="iresnet100", init="weights.pt")
    first = network_cost(model, 112)
    assert network_cost(model.model_copy(update={"init": None}), 112) is first
