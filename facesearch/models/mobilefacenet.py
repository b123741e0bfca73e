"""MobileFaceNet: inverted blocks and a learnt weight for each place.

Source: Chen et al. 2018 (arXiv:1804.07573), table 1.
"""

from torch import nn

from facesearch.config import ModelConfig
from facesearch.models.activations import build_activation
from facesearch.models.blocks import BlockSettings, conv_norm, inverted_block
from facesearch.models.network import FaceNetwork, initialise, map_side_px
from facesearch.models.pooling import GlobalDepthwise
from facesearch.models.stems import large_stem

# Expansion, channels, blocks, stride of the first: the rows of the table.
_ROWS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))


def build_mobilefacenet(model: ModelConfig, image_px: int) -> FaceNetwork:
    """Return MobileFaceNet for images of ``image_px``; 112 px and 128 numbers in the paper."""
    depthwise = [*conv_norm(64, 64, groups=64), build_activation("prelu", 64)]
    stages: list[nn.Module] = [
        nn.Sequential(*large_stem(model.input_channels, 64, "prelu"), *depthwise)
    ]
    channels, number, last = 64, 0, sum(row[2] for row in _ROWS) - 1
    for expansion, out_channels, depth, first_stride in _ROWS:
        blocks = []
        for index in range(depth):
            settings = BlockSettings("prelu", drop_path=model.drop_path * number / last)
            stride = first_stride if index == 0 else 1
            blocks.append(inverted_block(channels, out_channels, stride, settings, expansion))
            channels, number = out_channels, number + 1
        stages.append(nn.Sequential(*blocks))
    stages.append(nn.Sequential(*conv_norm(128, 512, 1, 1), build_activation("prelu", 512)))
    side_px = map_side_px(stages, model.input_channels, image_px)
    pooling = nn.Sequential(GlobalDepthwise(512, side_px), nn.Dropout(model.dropout))
    embedding = nn.Linear(512, model.embedding_dim, bias=False)
    norm = nn.BatchNorm1d(model.embedding_dim)
    network = FaceNetwork(stages, pooling, embedding, norm, model.input_channels)
    initialise(network)
    return network
