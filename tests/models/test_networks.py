"""What holds for every named network; what is special has a file of its name."""

import pytest
import torch
from networks import on_meta

from facesearch.config import ModelConfig
from facesearch.config.model import NETWORKS as CATALOGUE
from facesearch.models import NETWORKS, build_network


def test_the_catalogue_names_what_is_built() -> None:
    assert list(NETWORKS) == list(CATALOGUE)


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - {"iresnet34", "iresnet100", "resnet34"}))
@pytest.mark.parametrize("channels", [1, 3])
def test_a_named_network_learns_saves_and_loads(name: str, channels: int) -> None:
    torch.manual_seed(0)
    config = ModelConfig(network=name, embedding_dim=6, input_channels=channels)  # type: ignore[arg-type]
    network = build_network(config, 32)
    images = torch.randn(4, 3, 32, 32)
    embeddings = network(images)
    assert embeddings.shape == (4, 6) and torch.isfinite(embeddings).all()
    embeddings.square().sum().backward()
    trained = [p for p in network.parameters() if p.requires_grad]
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in trained)
    other = build_network(config, 32)
    other.load_state_dict(network.state_dict())
    torch.testing.assert_close(other.eval()(images), network.eval()(images))
    with torch.autocast("cpu", torch.bfloat16):
        assert network(images).dtype == torch.float32


@pytest.mark.parametrize("name", NETWORKS)
def test_the_layer_groups_hold_every_parameter_once(name: str) -> None:
    network = on_meta(name)
    groups = [id(p) for group in network.layer_groups() for p in group.parameters()]
    assert sorted(groups) == sorted(id(p) for p in network.parameters())
    assert len(network.layer_groups()) >= 5
