import torch
from augment_cases import dice, images

from facesearch.data.augment import Augment


def test_grey_has_equal_channels_of_the_same_luminance() -> None:
    grey = Augment(grey_probability=1.0)(images(), dice())
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close((grey * weights).sum(1), (images() * weights).sum(1))


def test_a_turn_of_the_hue_keeps_the_luminance_and_grey_pictures() -> None:
    batch = images() / 4  # nothing is clipped
    turned = Augment(hue_deg=90.0)(batch, dice())
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close(
        (turned * weights).sum(1), (batch * weights).sum(1), atol=2e-3, rtol=0
    )
    grey = batch.mean(1, keepdim=True).repeat(1, 3, 1, 1)
    torch.testing.assert_close(Augment(hue_deg=90.0)(grey, dice()), grey, atol=1e-3, rtol=0)
