"""What the catalogue says of a head's memory is what a step takes."""

import re

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from facesearch.config import HEAD_CONFIGS
from facesearch.heads import HEADS, build_head


def peak_numbers(name: str, num_identities: int, batch_size: int) -> float:
    """Return the peak of allocated memory in a forward and a backward pass, in 4-byte numbers."""
    torch.manual_seed(0)
    head = build_head({"type": name}, embedding_dim=16, num_identities=num_identities)
    faces = torch.randn(batch_size, 16, requires_grad=True)
    labels = torch.arange(batch_size) // 4
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        head.loss(faces, labels).backward()  # type: ignore[no-untyped-call]
    events = [e for e in recorded.profiler.kineto_results.events() if e.name() == "[memory]"]  # type: ignore[union-attr]
    now = top = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        now += event.nbytes()
        top = max(top, now)
    return top / 4


def stated(name: str, num_identities: int, batch_size: int) -> float:
    """Return the value of the catalogue's formula, with the default of 3 centres."""
    formula = re.sub(r"(?<=[\w)]) (?=[A-Z(])", "*", HEAD_CONFIGS[name].memory)
    numbers = {"N": num_identities, "B": batch_size, "K": 3}
    return float(eval(formula, {"__builtins__": {}}, numbers))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n for n, c in HEAD_CONFIGS.items() if not c.is_pair_based])
def test_a_head_with_centres_takes_what_is_stated_for_each_face(name: str) -> None:
    # the difference of two batches: what does not depend on the batch is told apart
    found = peak_numbers(name, 20_000, 128) - peak_numbers(name, 20_000, 64)
    assert found == pytest.approx(stated(name, 20_000, 128) - stated(name, 20_000, 64), rel=0.05)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n for n in HEADS if HEAD_CONFIGS[n].is_pair_based])
def test_a_pair_based_head_takes_what_is_stated_at_most(name: str) -> None:
    found, told = peak_numbers(name, 100, 128), stated(name, 100, 128)
    assert 0.5 * told < found < 1.1 * told
