import torch

from facesearch.data.augment.dice import Dice, column


def test_the_seed_decides_and_draws_follow_each_other() -> None:
    one, two = Dice(8, 3), Dice(8, 3)
    first, second = one.unit(), one.unit()
    assert torch.equal(first, two.unit()) and torch.equal(second, two.unit())
    assert not torch.equal(first, second)


def test_some_images_get_what_they_would_get_in_the_whole_batch() -> None:
    rows = torch.tensor([1, 4, 6])
    whole, some = Dice(8, 3), Dice(8, 3, rows)
    for _ in range(3):
        assert torch.equal(whole.unit()[rows], some.unit())
    assert torch.equal(whole.signed()[rows], some.signed())


def test_draws_fill_their_range() -> None:
    unit, signed = Dice(5000, 0).unit(), Dice(5000, 0).signed()
    assert 0 <= unit.min() < 0.01 and 0.99 < unit.max() < 1
    assert -1 <= signed.min() < -0.99 and 0.99 < signed.max() < 1 and signed.mean().abs() < 0.03


def test_a_column_can_be_multiplied_with_images() -> None:
    images = torch.ones(3, 2, 4, 5)
    product = images * column(torch.tensor([1.0, 2.0, 3.0]), images)
    assert product.sum((1, 2, 3)).tolist() == [40, 80, 120]
