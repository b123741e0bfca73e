"""What every network is: uint8 colours made numbers, layers in order, an embedding at the end.

Shapes: B batch, C channels, H and W pixels, D embedding.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

# Luminance of red, green and blue, ITU-R BT.601.
_LUMINANCE = (0.299, 0.587, 0.114)


class FaceNetwork(nn.Module):
    """Face images in, embeddings out.

    Args:
        stages: The layers in order, in parts: the stem, the stages.
        pooling: From the last map to a vector.
        embedding: From that vector to the embedding.
        norm: The last layer.
        input_channels: 3, or 1 for a network that sees the luminance only.
        pixels: What its weights want done to the images first; None: nothing.

    """

    def __init__(
        self,
        stages: list[nn.Module],
        pooling: nn.Module,
        embedding: nn.Module,
        norm: nn.Module,
        input_channels: int = 3,
        pixels: "Pixels | None" = None,
    ) -> None:
        super().__init__()
        self.pixels = pixels or nn.Identity()
        self.features = nn.Sequential(*stages)
        self.pooling = pooling
        self.embedding = embedding
        self.norm = norm
        self.input_channels = input_channels

    def layer_groups(self) -> list[nn.Module]:
        """Return the parts in order, from the stem to the embedding, for rates by layer."""
        return [*self.features, nn.ModuleList([self.pooling, self.embedding, self.norm])]

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Map normalised images [B, 3 or 1, H, W] to embeddings [B, D] (float32, any length)."""
        if self.input_channels == 1 and images_BCHW.shape[1] == 3:
            images_BCHW = luminance(images_BCHW)
        pooled = self.pooling(self.features(self.pixels(images_BCHW)))
        # The embedding's own scale matters to the heads; bf16 would round it to 3 digits.
        embeddings: Tensor = self.norm(self.embedding(pooled).float())
        return embeddings


class Pixels(nn.Module):
    """From images in [-1, 1], as every network gets them, to what trained weights were made for.

    It is a part of the network, so checkpoints, bundles and ONNX files hold it, and who makes the
    images need not know. At first it changes nothing.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, input_channels: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(input_channels, 1, 1))
        self.register_buffer("shift", torch.zeros(input_channels, 1, 1))

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Return images [B, C, H, W] times ``scale`` plus ``shift``, channel by channel."""
        return images_BCHW * self.scale + self.shift


def with_plain_pixels(found: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a state of before there were `Pixels` with those that change nothing.

    Args:
        found: The state of some networks, which may lack them.
        own: A state of the same networks as they are built now.

    """
    plain = dict(found)
    for name in own.keys() - found.keys():
        module, _, what = name.rpartition(".")
        if module.rpartition(".")[2] == "pixels":
            plain[name] = torch.full_like(own[name], float(what == "scale"))
    return plain


def luminance(images_BCHW: Tensor) -> Tensor:
    """Map colours [B, 3, H, W] to their luminance [B, 1, H, W] (ITU-R BT.601)."""
    weights = torch.tensor(_LUMINANCE, dtype=images_BCHW.dtype, device=images_BCHW.device)
    return (images_BCHW * weights[:, None, None]).sum(1, keepdim=True)


def map_side_px(stages: list[nn.Module], input_channels: int, image_px: int) -> int:
    """Return the side of the last map of ``stages`` for images of ``image_px``, computing nothing.

    Asked of the layers themselves: strided convolutions round up or down as they are padded.
    """
    layers = nn.Sequential(*stages)
    was_training = layers.training
    on_meta = {name: t.detach().to("meta") for name, t in layers.state_dict().items()}
    image = torch.empty(1, input_channels, image_px, image_px, device="meta")
    # a map of one place has no statistics, so batch norms must not take any
    found: Tensor = torch.func.functional_call(layers.eval(), on_meta, (image,))
    layers.train(was_training)
    return int(found.shape[-1])


def initialise(network: nn.Module) -> None:
    """He initialisation of the convolutions (arXiv:1502.01852, eq. 10, fan out)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable numbers in ``network``."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


@torch.no_grad()
def normalise(images_BHWC_uint8: Tensor) -> Tensor:
    """Map uint8 [B, H, W, 3] to float32 [B, 3, H, W] in about [-1, 1], channels last in memory."""
    images = images_BHWC_uint8.permute(0, 3, 1, 2)
    return images.float().sub_(127.5).div_(127.5)
