import pytest
import torch
from torch import nn

from facesearch.models.network import Pixels, map_side_px, normalise, with_plain_pixels


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


def test_pixels_are_scaled_and_shifted_channel_by_channel() -> None:
    pixels, images = Pixels(3), torch.rand(2, 3, 4, 4)
    assert torch.equal(pixels(images), images)
    pixels.scale.copy_(torch.tensor([1.0, 2.0, 3.0])[:, None, None])
    pixels.shift[1] = -1
    for channel, (scale, shift) in enumerate([(1, 0), (2, -1), (3, 0)]):
        torch.testing.assert_close(pixels(images)[:, channel], images[:, channel] * scale + shift)


def test_a_state_of_before_gets_pixels_that_change_nothing() -> None:
    two = nn.ModuleDict({"a": nn.ModuleDict({"pixels": Pixels(3)}), "b": nn.Linear(2, 2)})
    two["a"]["pixels"].scale.fill_(7)  # type: ignore[index]
    own = two.state_dict()
    before = {name: tensor for name, tensor in own.items() if "pixels" not in name}
    found = with_plain_pixels(before, own)
    assert found.keys() == own.keys() and before.keys() != own.keys()
    assert torch.equal(found["a.pixels.scale"], torch.ones(3, 1, 1))
    assert torch.equal(found["a.pixels.shift"], torch.zeros(3, 1, 1))
    assert with_plain_pixels(own, own) == dict(own)
    # nothing else that is missing is made up
    assert with_plain_pixels({}, own).keys() == {"a.pixels.scale", "a.pixels.shift"}
