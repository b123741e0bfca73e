import pytest
import torch
import torchvision
from networks import on_meta, size
from torch import nn

from facesearch.config import ModelConfig
from facesearch.config.model import RESNETS
from facesearch.models import build_network
from facesearch.models.torchvision_networks import rename_state

# All parameters of torchvision's own networks (its documentation), and of their last layer.
PUBLISHED = {
    "resnet18": (11_689_512, 512 * 1000 + 1000),
    "resnet34": (21_797_672, 512 * 1000 + 1000),
    "resnet50": (25_557_032, 2048 * 1000 + 1000),
    "convnext_tiny": (28_589_128, 768 * 1000 + 1000),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_of_torchvision_has_the_published_size(name: str) -> None:
    network = on_meta(name)
    own = sum(p.numel() for part in (network.embedding, network.norm) for p in part.parameters())
    whole, classifier = PUBLISHED[name]
    assert size(network) - own == whole - classifier


@pytest.mark.parametrize("name", PUBLISHED)
def test_before_the_embedding_it_computes_what_torchvision_computes(name: str) -> None:
    torch.manual_seed(0)
    theirs = torchvision.models.get_model(name).eval()
    ours = build_network(ModelConfig(network=name), 64).eval()
    ours.load_state_dict(rename_state(name, theirs.state_dict()), strict=False)
    last = theirs.classifier if name == "convnext_tiny" else theirs
    setattr(*((last, "2") if name == "convnext_tiny" else (last, "fc")), nn.Identity())
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(ours.pooling(ours.features(images)), theirs(images))


def test_drop_path_reaches_convnext_and_is_refused_elsewhere() -> None:
    with torch.device("meta"):
        network = build_network(ModelConfig(network="convnext_tiny", drop_path=0.3), 64)
    rates = [m.p for m in network.modules() if type(m).__name__ == "StochasticDepth"]
    assert max(rates) == pytest.approx(0.3) and min(rates) == 0
    for name in RESNETS:
        with pytest.raises(ValueError, match="no stochastic depth"):
            ModelConfig(network=name, drop_path=0.3)


@pytest.mark.parametrize("name", ["resnet18", "convnext_tiny"])
def test_the_names_of_torchvision_fit_ours(name: str) -> None:
    with torch.device("meta"):
        theirs = torchvision.models.get_model(name).state_dict()
        ours = build_network(ModelConfig(network=name), 64).state_dict()
    renamed = rename_state(name, theirs)
    lacking = {key for key in ours if key not in renamed}
    assert lacking == {key for key in ours if key.startswith(("embedding.", "norm."))}
    assert all(renamed[key].shape == ours[key].shape for key in ours if key in renamed)
