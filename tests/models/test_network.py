import pytest
import torch

from facesearch.models.network import normalise


def test_pixels_are_centred() -> None:
    pixels = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    assert normalise(pixels).flatten().tolist() == pytest.approx([-1, -0.5 / 127.5, 1])


def test_the_memory_is_channels_last() -> None:
    images = normalise(torch.zeros(2, 8, 8, 3, dtype=torch.uint8))
    assert images.shape == (2, 3, 8, 8)
    assert images.is_contiguous(memory_format=torch.channels_last)
