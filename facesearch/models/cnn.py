"""The configurable CNN: stem, stages of blocks, pooling, embedding.

Not here: named networks (`iresnet.py`, `mobilefacenet.py`, `torchvision_networks.py`) and losses.
"""

from torch import nn

from facesearch.config import ModelConfig
from facesearch.models.blocks import BLOCKS, BlockSettings
from facesearch.models.network import FaceNetwork, initialise, map_side_px
from facesearch.models.pooling import build_pooling
from facesearch.models.stems import STEMS


def build_cnn(model: ModelConfig, image_px: int) -> FaceNetwork:
    """Return the network that ``model`` describes.

    Args:
        model: Its parts; each stage after the first halves the image and doubles the channels.
        image_px: Side of the images; only ``gdc`` and ``flatten`` tie the network to it.

    """
    activation = activation_of(model)
    stem = STEMS[model.stem](model.input_channels, model.width, activation)
    stages: list[nn.Module] = [nn.Sequential(*stem), *_stages(model, activation)]
    side_px = map_side_px(stages, model.input_channels, image_px)
    channels = model.width * 2 ** (model.num_stages - 1)
    pooling, length = build_pooling(model.pooling, channels, side_px)
    network = FaceNetwork(
        stages,
        nn.Sequential(pooling, nn.Dropout(model.dropout)),
        nn.Linear(length, model.embedding_dim, bias=not model.embedding_norm),
        nn.BatchNorm1d(model.embedding_dim) if model.embedding_norm else nn.Identity(),
        model.input_channels,
    )
    initialise(network)
    return network


def activation_of(model: ModelConfig) -> str:
    """Return the name of the activation, with ``auto`` decided by the block."""
    if model.activation != "auto":
        return model.activation
    return {"ir": "prelu", "convnext": "gelu"}.get(model.block, "relu")


def _stages(model: ModelConfig, activation: str) -> list[nn.Module]:
    depths = model.depth if isinstance(model.depth, list) else [model.depth] * model.num_stages
    stages: list[nn.Module] = []
    channels, number, last = model.width, 0, max(1, sum(depths) - 1)
    for stage, depth in enumerate(depths):
        out_channels = model.width * 2**stage
        blocks = []
        for index in range(depth):
            settings = BlockSettings(
                activation=activation,
                squeeze_excite=model.squeeze_excite,
                # the first block is never skipped, the last one most often (arXiv:1603.09382)
                drop_path=model.drop_path * number / last,
                zero_init=model.zero_init,
            )
            stride = 2 if stage > 0 and index == 0 else 1
            blocks.append(BLOCKS[model.block](channels, out_channels, stride, settings))
            channels, number = out_channels, number + 1
        stages.append(nn.Sequential(*blocks))
    return stages
