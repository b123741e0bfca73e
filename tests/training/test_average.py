import pytest
import torch
from torch import nn

from facesearch.training.average import build_average, kept_part, update_average


def test_the_average_is_exponential_in_the_weights_after_a_warm_up() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = build_average(network, 0.5)
    assert average is not None
    update_average(average, network)  # the first one copies
    expected, kept = 0.0, [2 / 11, 3 / 12, 4 / 13]
    for value in (1.0, 2.0, -1.0):
        nn.init.constant_(network.weight, value)
        update_average(average, network)
        part = kept.pop(0)
        expected = part * expected + (1 - part) * value
    assert average.module.weight.item() == pytest.approx(expected)


def test_in_the_long_run_the_decay_is_the_one_that_was_asked_for() -> None:
    assert kept_part(0.9, 79) < 0.9 == kept_part(0.9, 80) == kept_part(0.9, 10_000)
    # after few steps the first weights are forgotten, whatever the decay
    left = 1.0
    for step in range(1, 40):
        left *= kept_part(0.9999, step)
    assert left < 1e-3


def test_the_statistics_of_batch_norm_are_averaged_like_the_weights() -> None:
    torch.manual_seed(0)
    network = nn.BatchNorm1d(2)
    average = build_average(network, 0.5)
    assert average is not None
    means = []
    for _ in range(3):
        network(torch.randn(8, 2) + 5)
        update_average(average, network)
        means.append(network.running_mean.clone())
    second = torch.lerp(means[1], means[0], 2 / 11)
    torch.testing.assert_close(average.module.running_mean, torch.lerp(means[2], second, 3 / 12))
    assert average.module.num_batches_tracked == 3


def test_no_decay_is_no_average() -> None:
    assert build_average(nn.Linear(1, 1), 0.0) is None
