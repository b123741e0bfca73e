"""One configurable CNN: stem, stages of blocks, pooling, embedding.

Shapes: B batch, C channels, H and W pixels, D embedding. Not here: losses (`heads/`).
"""

import torch
from torch import Tensor, nn

from facesearch.models.blocks import BLOCKS, conv_norm
from facesearch.models.pooling import build_pooling


class FaceCNN(nn.Module):
    """Face images in, embeddings out.

    Args:
        block: A name in `BLOCKS`.
        stem: ``small`` keeps the size, ``large`` halves it.
        num_stages: Stages; each after the first halves the image and doubles the channels.
        depth: Blocks in each stage.
        width: Channels of the first stage.
        embedding_dim: D.
        pooling: A name in `POOLINGS`.
        dropout: Chance to drop a pooled feature, in [0, 1).
        image_px: Side of the images; only ``flatten`` ties the network to it.

    """

    def __init__(  # noqa: PLR0913 - one keyword a property of the network
        self,
        *,
        block: str = "residual",
        stem: str = "small",
        num_stages: int = 4,
        depth: int = 1,
        width: int = 32,
        embedding_dim: int = 256,
        pooling: str = "gap",
        dropout: float = 0.0,
        image_px: int = 64,
    ) -> None:
        super().__init__()
        stem_stride = 2 if stem == "large" else 1
        layers: list[nn.Module] = [*conv_norm(3, width, stem_stride), nn.ReLU(inplace=True)]
        channels = width
        for stage in range(num_stages):
            out_channels = width * 2**stage
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                layers.append(BLOCKS[block](channels, out_channels, stride))
                channels = out_channels
        self.features = nn.Sequential(*layers)
        self.pooling = build_pooling(pooling)
        self.dropout = nn.Dropout(dropout)
        side_px = -(-image_px // (stem_stride * 2 ** (num_stages - 1)))
        pooled_dim = channels * side_px**2 if pooling == "flatten" else channels
        self.embedding = nn.Linear(pooled_dim, embedding_dim, bias=False)
        self.norm = nn.BatchNorm1d(embedding_dim)
        _initialise(self)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Map normalised images [B, 3, H, W] to embeddings [B, D] (float32, any length)."""
        pooled = self.dropout(self.pooling(self.features(images_BCHW)))
        # The embedding's own scale matters to the heads; bf16 would round it to 3 digits.
        embeddings: Tensor = self.norm(self.embedding(pooled).float())
        return embeddings


def _initialise(network: nn.Module) -> None:
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
