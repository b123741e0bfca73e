import pytest
import torch

from facesearch.models.cost import network_costs
from facesearch.space import SearchSpace, space_from_text
from facesearch.tuning import limits as limits_module
from facesearch.tuning.limits import Limits, measure_latency_ms

SMALL, LARGE = {"model.width": 8}, {"model.width": 32}


def space(limits: str) -> SearchSpace:
    return space_from_text(
        "data: {image_px: 32}\n"
        "model: {width: {log_int: [8, 32]}, depth: 1, embedding_dim: 16}\n"
        f"search: {{limits: {limits}}}\n"
    )


def test_the_excess_is_relative_and_only_of_what_is_broken() -> None:
    plain = space("{}")
    small, large = (network_costs(plain.config(point)) for point in (SMALL, LARGE))
    most = (small["cost/mparams"] + large["cost/mparams"]) / 2
    limits = Limits(space(f"{{cost/mparams: {most}, cost/gflops: 1000}}"))
    assert limits.excess(SMALL) == {}
    expected = {"cost/mparams": pytest.approx(large["cost/mparams"] / most - 1)}
    assert limits.excess(LARGE) == expected
    assert 0 < limits.excess(LARGE)["cost/mparams"] < 1


def test_a_point_exactly_at_the_limit_may_start() -> None:
    most = network_costs(space("{}").config(LARGE))["cost/gflops"]
    assert Limits(space(f"{{cost/gflops: {most!r}}}")).excess(LARGE) == {}


def test_memory_is_judged_only_where_both_numbers_are_known() -> None:
    def needs(config: object) -> int:
        return 3_000_000_000

    assert Limits(space("{}"), needs, 2e9).excess(SMALL) == {"memory": 0.5}
    assert Limits(space("{}"), needs, 4e9).excess(SMALL) == {}
    assert Limits(space("{}"), needs, None).excess(SMALL) == {}
    assert Limits(space("{}"), None, 1.0).excess(SMALL) == {}


def test_the_reason_is_one_line_with_the_point_the_value_and_the_limit() -> None:
    limits = Limits(space("{cost/mparams: 2}"), lambda config: 3_000_000_000, 2e9)
    told = limits.reason({"cost/mparams": 0.25, "memory": 0.5}, {"model.width": 32})
    assert told == (
        "width=32: cost/mparams is 2.5, above the limit 2, needs 3 GB of memory, but has 2"
    )


def test_a_network_is_measured_once_whatever_else_the_point_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = []

    def measure(config: object) -> float:
        measured.append(config)
        return 12.0

    monkeypatch.setattr(limits_module, "measure_latency_ms", measure)
    with_rate = space_from_text(
        "optim: {lr: {uniform: [0.01, 0.1]}}\nsearch: {limits: {cost/latency_ms: 10}}"
    )
    limits = Limits(with_rate)
    assert limits.excess({"optim.lr": 0.01}) == {"cost/latency_ms": pytest.approx(0.2)}
    assert limits.excess({"optim.lr": 0.1}) == {"cost/latency_ms": pytest.approx(0.2)}
    assert len(measured) == 1


def test_the_latency_grows_with_the_network_and_leaves_torch_as_it_was() -> None:
    wide = space_from_text(
        "data: {image_px: 64}\nmodel: {width: {int: [4, 128]}, depth: 1, embedding_dim: 16}"
    )
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    device = torch.device("cpu")
    small = measure_latency_ms(wide.config({"model.width": 4}), device)
    large = measure_latency_ms(wide.config({"model.width": 128}), device)
    assert 0 < small < large
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)
