import math
import random

from facesearch.report.curve_end import rise_at_end


def test_a_curve_that_flattens_is_not_rising_whatever_its_last_epoch_did() -> None:
    rng = random.Random(0)
    told = 0
    for _ in range(200):
        scores = [1 - math.exp(-epoch) + rng.gauss(0, 0.01) for epoch in range(10, 40)]
        rise = rise_at_end(scores)
        assert rise is not None and rise.num_epochs == 10
        told += rise.is_rising
    assert told <= 12  # one side of a 95 % interval: 2.5 % of them


def test_a_curve_that_goes_up_is_rising_by_its_slope() -> None:
    rng = random.Random(1)
    rise = rise_at_end([0.01 * epoch + rng.gauss(0, 0.002) for epoch in range(30)])
    assert rise is not None and rise.is_rising and 0.008 < rise.slope < 0.012
    falling = rise_at_end([1 - 0.01 * epoch for epoch in range(30)])
    assert falling is not None and not falling.is_rising


def test_few_epochs_say_nothing() -> None:
    assert rise_at_end([0.1 * epoch for epoch in range(11)]) is None
