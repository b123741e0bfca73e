import pytest
import torch

from facesearch.config import ModelConfig
from facesearch.config.model import NETWORKS as CATALOGUE
from facesearch.models import NETWORKS, build_network
from facesearch.models.network import FaceNetwork

# All parameters of torchvision's own networks (its documentation), and of their last layer.
PUBLISHED = {
    "resnet18": (11_689_512, 512 * 1000 + 1000),
    "resnet34": (21_797_672, 512 * 1000 + 1000),
    "resnet50": (25_557_032, 2048 * 1000 + 1000),
    "convnext_tiny": (28_589_128, 768 * 1000 + 1000),
}
# At 112 px and 512 numbers; the last norm's fixed scale counts, as in the printed summaries.
IRESNETS = {
    "iresnet18": 24_025_600,
    "iresnet34": 34_139_328,
    "iresnet50": 43_590_848,
    "iresnet100": 65_156_160,
}


def on_meta(name: str, embedding_dim: int = 512) -> FaceNetwork:
    with torch.device("meta"):
        return build_network(ModelConfig(network=name, embedding_dim=embedding_dim), 112)


def size(network: FaceNetwork) -> int:
    return sum(p.numel() for p in network.parameters())


def test_the_catalogue_names_what_is_built() -> None:
    assert list(NETWORKS) == list(CATALOGUE)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_of_torchvision_has_the_published_size(name: str) -> None:
    network = on_meta(name)
    own = sum(p.numel() for part in (network.embedding, network.norm) for p in part.parameters())
    whole, classifier = PUBLISHED[name]
    assert size(network) - own == whole - classifier


@pytest.mark.parametrize("name", IRESNETS)
def test_an_iresnet_has_the_published_size(name: str) -> None:
    assert size(on_meta(name)) == IRESNETS[name]


def test_mobilefacenet_has_the_published_size() -> None:
    # the paper says 0.99 million
    assert size(on_meta("mobilefacenet", 128)) / 1e6 == pytest.approx(0.99, abs=0.015)


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
