import pytest
import torch
from networks import on_meta, size
from torch import nn

from facesearch.config import ModelConfig
from facesearch.models import build_network

# At 112 px and 512 numbers; the last norm's fixed scale counts, as in the printed summaries.
PUBLISHED = {
    "iresnet18": 24_025_600,
    "iresnet34": 34_139_328,
    "iresnet50": 43_590_848,
    "iresnet100": 65_156_160,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_iresnet_has_the_published_size(name: str) -> None:
    assert size(on_meta(name)) == PUBLISHED[name]


def test_the_scale_of_the_last_norm_is_fixed() -> None:
    network = on_meta("iresnet18")
    assert isinstance(network.norm, nn.BatchNorm1d)
    assert not network.norm.weight.requires_grad and network.norm.bias.requires_grad


def test_a_deep_one_gives_usable_numbers_before_any_training() -> None:
    """With the statistics of batch norm at their first values, 49 blocks must not overflow."""
    torch.manual_seed(0)
    network = build_network(ModelConfig(network="iresnet100", embedding_dim=8), 32).eval()
    with torch.inference_mode():
        lengths = network(torch.randn(2, 3, 32, 32)).norm(dim=1)
    assert torch.isfinite(lengths).all() and lengths.max() < 1e12
