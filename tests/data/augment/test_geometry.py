import torch
from augment_cases import dice, images

from facesearch.data.augment import Augment


def test_a_flip_has_an_even_chance_at_any_strength() -> None:
    batch = images(400, 4)
    flipped = Augment(strength=4.0, flip_probability=0.5)(batch, dice())
    share = ((flipped - batch.flip(3)).abs().amax((1, 2, 3)) < 1e-4).float().mean()
    assert 0.42 < share < 0.58


def test_a_flip_is_a_mirror() -> None:
    flipped = Augment(flip_probability=1.0)(images(), dice())
    torch.testing.assert_close(flipped, images().flip(3), atol=1e-5, rtol=0)


def test_a_shift_moves_by_the_fraction_of_the_side_at_most() -> None:
    spot = torch.full((200, 1, 40, 40), -1.0)
    spot[:, :, 19:21, 19:21] = 1.0
    moved = Augment(shift_fraction=0.2)(spot, dice()) + 1
    place = torch.linspace(-0.5, 0.5, 40)
    centre = (moved[:, 0].sum(1) * place).sum(1) / moved.sum((1, 2, 3))
    assert 0.17 < centre.abs().max() < 0.22
