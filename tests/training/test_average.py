import pytest
import torch
from torch import nn

from facesearch.training.average import build_average, update_average


def test_the_average_is_exponential_in_the_weights() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = build_average(network, 0.9)
    assert average is not None
    update_average(average, network)  # the first one copies
    expected = 0.0
    for value in (1.0, 2.0, -1.0):
        nn.init.constant_(network.weight, value)
        update_average(average, network)
        expected = 0.9 * expected + 0.1 * value
    assert average.module.weight.item() == pytest.approx(expected)


def test_the_statistics_of_batch_norm_are_the_last_ones() -> None:
    network = nn.BatchNorm1d(2)
    average = build_average(network, 0.99)
    assert average is not None
    for _ in range(3):
        network(torch.randn(8, 2) + 5)
        update_average(average, network)
    assert torch.equal(average.module.running_mean, network.running_mean)


def test_no_decay_is_no_average() -> None:
    assert build_average(nn.Linear(1, 1), 0.0) is None
