import pytest

from facesearch.config import ModelConfig
from facesearch.models.cost import network_cost


@pytest.mark.parametrize(
    ("name", "published"),
    # 10^9 multiply-adds at 224 px: torchvision's documentation
    [("resnet18", 1.81), ("resnet34", 3.66), ("resnet50", 4.09), ("convnext_tiny", 4.46)],
)
def test_operations_are_those_published(name: str, published: float) -> None:
    cost = network_cost(ModelConfig(network=name), 224, 2)
    assert cost.flops / 2e9 == pytest.approx(published, rel=0.01)


def test_a_small_network_costs_what_the_hand_counts() -> None:
    model = ModelConfig(block="plain", num_stages=1, width=4, embedding_dim=5)
    cost = network_cost(model, 16, batch_size=8)
    stem, block = 3 * 4 * 9 * 256, 2 * 4 * 4 * 9 * 256
    assert cost.flops == 2 * (stem + block + 4 * 5)
    assert cost.parameters == 3 * 4 * 9 + 8 + 2 * (4 * 4 * 9 + 8) + 20 + 10


def test_activations_grow_with_the_batch_and_the_image_and_hold_each_map() -> None:
    model = ModelConfig(block="plain", num_stages=1, width=4, embedding_dim=5)
    sizes = ((16, 8), (16, 16), (32, 8))
    small, twice, large = (network_cost(model, *size).activation_bytes for size in sizes)
    assert twice == pytest.approx(2 * small, rel=0.02)
    assert large == pytest.approx(4 * small, rel=0.02)
    maps = 8 * 256 * 4 * (3 + 3 * 4 + 3 * 4)  # image; three convolutions, three activations
    assert small == pytest.approx(maps, rel=0.02)
