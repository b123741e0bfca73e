import pytest
import torch
import torchvision
from networks import on_meta, size
from torch import Tensor, nn

from facesearch.config import ModelConfig
from facesearch.config.model import RESNETS
from facesearch.models import FaceNetwork, build_network
from facesearch.models.init import load_initial_weights
from facesearch.models.network import luminance, normalise
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
    assert lacking == {key for key in ours if key.startswith(("embedding.", "norm.", "pixels."))}
    assert all(renamed[key].shape == ours[key].shape for key in ours if key in renamed)


def trained_of(
    name: str, monkeypatch: pytest.MonkeyPatch, input_channels: int = 3
) -> tuple[nn.Module, FaceNetwork]:
    """Return torchvision's network with weights that stand for the trained ones, and ours."""
    torch.manual_seed(1)
    theirs = torchvision.models.get_model(name).eval()
    state = theirs.state_dict()
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: state)
    config = ModelConfig(network=name, input_channels=input_channels, init="torchvision")
    ours = build_network(config, 64)
    load_initial_weights(ours, config)
    last = theirs.classifier if name == "convnext_tiny" else theirs
    setattr(*((last, "2") if name == "convnext_tiny" else (last, "fc")), nn.Identity())
    return theirs, ours.eval()


def as_torchvision_wants(name: str, images_NHWC: Tensor) -> Tensor:
    """Return images as the preset of the weights makes them, all the way from uint8."""
    preset = torchvision.models.get_model_weights(name).DEFAULT.transforms(
        crop_size=64, resize_size=64
    )
    found: Tensor = preset(images_NHWC.permute(0, 3, 1, 2))
    return found


@pytest.mark.parametrize("name", PUBLISHED)
def test_trained_weights_get_the_pixels_that_they_were_made_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = trained_of(name, monkeypatch)
    images = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    seen: list[Tensor] = []
    ours.pooling.register_forward_hook(lambda module, given, found: seen.append(found))
    with torch.inference_mode():
        ours(normalise(images))
        expected = theirs(as_torchvision_wants(name, images))
    torch.testing.assert_close(seen[0], expected, rtol=1e-3, atol=1e-4)


def test_luminance_gets_nearly_what_three_equal_colours_would_have_got(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs, ours = trained_of("resnet18", monkeypatch, input_channels=1)
    assert ours.state_dict()["pixels.scale"].shape == (1, 1, 1)
    grey = torch.randint(0, 256, (2, 64, 64, 1), dtype=torch.uint8).expand(-1, -1, -1, 3)
    with torch.inference_mode():
        expected = theirs.conv1(as_torchvision_wants("resnet18", grey))
        images = luminance(normalise(grey))
        found, plain = (ours.features[0][0](x) for x in (ours.pixels(images), images))
    error, without = ((one - expected).std() for one in (found, plain))
    assert error < 0.2 * expected.std() and error < 0.3 * without


def test_weights_that_nobody_trained_get_pixels_as_they_are() -> None:
    network = build_network(ModelConfig(network="resnet18"), 32)
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(network.pixels(images), images)
