"""Networks of torchvision below their classifiers, with an embedding in its place.

Its trained weights want pixels with the mean and deviation of ImageNet, which is not what this
project's networks get: so each of these begins with a step that `pretrained_state` sets.
"""

import torch
from torch import Tensor, nn
from torchvision import models

from facesearch.config import ModelConfig
from facesearch.models.network import FaceNetwork, Pixels

_RESNETS = {
    "resnet18": models.resnet18,
    "resnet34": models.resnet34,
    "resnet50": models.resnet50,
}


def build_resnet(model: ModelConfig, image_px: int) -> FaceNetwork:
    """Return ResNet-18, 34 or 50 (arXiv:1512.03385); made for 224 px, any size works."""
    whole = _RESNETS[model.network]()
    if model.input_channels == 1:
        whole.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
        nn.init.kaiming_normal_(whole.conv1.weight, mode="fan_out", nonlinearity="relu")
    stem = nn.Sequential(whole.conv1, whole.bn1, whole.relu, whole.maxpool)
    stages = [stem, whole.layer1, whole.layer2, whole.layer3, whole.layer4]
    return _with_embedding(stages, whole.fc.in_features, model)


def build_convnext(model: ModelConfig, image_px: int) -> FaceNetwork:
    """Return ConvNeXt-T (arXiv:2201.03545), with its own layer norms; made for 224 px."""
    whole = models.convnext_tiny(stochastic_depth_prob=model.drop_path)
    if model.input_channels == 1:
        whole.features[0][0] = nn.Conv2d(1, 96, 4, 4)
        nn.init.trunc_normal_(whole.features[0][0].weight, std=0.02)
    return _with_embedding(list(whole.features), 768, model, whole.classifier[0])


def _with_embedding(
    stages: list[nn.Module], channels: int, model: ModelConfig, norm: nn.Module | None = None
) -> FaceNetwork:
    parts = [
        nn.AdaptiveAvgPool2d(1),
        norm or nn.Identity(),
        nn.Flatten(),
        nn.Dropout(model.dropout),
    ]
    embedding = nn.Linear(channels, model.embedding_dim, bias=False)
    last = nn.BatchNorm1d(model.embedding_dim)
    channels_in = model.input_channels
    pooling = nn.Sequential(*parts)
    return FaceNetwork(stages, pooling, embedding, last, channels_in, Pixels(channels_in))


# How torchvision's names of layers become ours: the stem's and the stages' places.
_RESNET_PLACES = {
    "conv1.": "features.0.0.", "bn1.": "features.0.1.", "layer1.": "features.1.",
    "layer2.": "features.2.", "layer3.": "features.3.", "layer4.": "features.4.",
}  # fmt: skip
_CONVNEXT_PLACES = {"classifier.0.": "pooling.1."}


def pretrained_state(name: str) -> dict[str, Tensor]:
    """Return torchvision's trained weights of a network, under our names, with their `Pixels`.

    Raises:
        URLError: If they are not in torch's cache and cannot be downloaded.

    Source:
        The preset that torchvision has with the weights: ((x + 1) / 2 - mean) / deviation, where x
        in [-1, 1] is (value - 127.5) / 127.5.

    """
    weights = models.get_model_weights(name).DEFAULT
    preset = weights.transforms()
    mean, deviation = torch.tensor(preset.mean), torch.tensor(preset.std)
    pixels = {"scale": 0.5 / deviation, "shift": (0.5 - mean) / deviation}
    return {
        **rename_state(name, weights.get_state_dict(progress=False)),
        **{f"pixels.{what}": value[:, None, None] for what, value in pixels.items()},
    }


def rename_state(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a state of torchvision's network ``name`` under our names."""
    places = _CONVNEXT_PLACES if name == "convnext_tiny" else _RESNET_PLACES
    renamed = {}
    for key, tensor in state.items():
        start = next((p for p in places if key.startswith(p)), "")
        renamed[places.get(start, "") + key.removeprefix(start)] = tensor
    return renamed
