"""Networks: what they are made of, and how a config becomes one.

Names are those of `facesearch.config.model`; here they become code.
"""

from collections.abc import Callable

from facesearch.config import ModelConfig
from facesearch.models.cnn import build_cnn
from facesearch.models.iresnet import build_iresnet
from facesearch.models.mobilefacenet import build_mobilefacenet
from facesearch.models.network import FaceNetwork
from facesearch.models.torchvision_networks import build_convnext, build_resnet

__all__ = ["NETWORKS", "FaceNetwork", "build_network"]

NETWORKS: dict[str, Callable[[ModelConfig, int], FaceNetwork]] = {
    "cnn": build_cnn,
    "resnet18": build_resnet,
    "resnet34": build_resnet,
    "resnet50": build_resnet,
    "iresnet18": build_iresnet,
    "iresnet34": build_iresnet,
    "iresnet50": build_iresnet,
    "iresnet100": build_iresnet,
    "mobilefacenet": build_mobilefacenet,
    "convnext_tiny": build_convnext,
}


def build_network(model: ModelConfig, image_px: int) -> FaceNetwork:
    """Return the network of a config for square images of ``image_px`` pixels."""
    return NETWORKS[model.network](model, image_px)
