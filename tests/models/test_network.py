import pytest
import torch
from torch import nn

from facesearch.models.network import map_side_px, normalise


def test_pixels_are_centred() -> None:
    pixels = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    assert normalise(pixels).flatten().tolist() == pytest.approx([-1, -0.5 / 127.5, 1])


def test_the_memory_is_channels_last() -> None:
    images = normalise(torch.zeros(2, 8, 8, 3, dtype=torch.uint8))
    assert images.shape == (2, 3, 8, 8)
    assert images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("image_px", [16, 31, 33])
def test_the_side_of_the_last_map_is_that_of_a_real_one(image_px: int) -> None:
    stages: list[nn.Module] = [
        nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4)),
        nn.Conv2d(4, 4, 2, 2),
    ]
    expected = nn.Sequential(*stages)(torch.zeros(2, 3, image_px, image_px)).shape[-1]
    before = stages[0][1].running_mean.clone()
    assert map_side_px(stages, 3, image_px) == expected
    assert torch.equal(stages[0][1].running_mean, before) and stages[0].training
