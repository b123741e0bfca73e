import pytest
from pydantic import ValidationError

from facesearch.config import SearchConfig


def test_a_weighted_objective_is_a_weighted_sum() -> None:
    search = SearchConfig(objective={"val/rank1": 0.25, "val/top1": 0.75})
    assert search.score({"val/rank1": 0.4, "val/top1": 0.8}) == pytest.approx(0.7)


def test_cost_alone_is_no_objective() -> None:
    with pytest.raises(ValidationError, match="trivial winner"):
        SearchConfig(objective={"cost/gflops": -1.0})


def test_a_failure_never_looks_better_than_a_success() -> None:
    search = SearchConfig(objective={"val/rank1": 1.0, "cost/gflops": -0.2})
    worst_success = search.score({"val/rank1": 0.0, "cost/gflops": 3.0})
    assert search.least_score({"cost/gflops": 3.0}) == worst_success < 0
    assert search.least_score({}) < search.score({"val/rank1": 0.0, "cost/gflops": 900.0})
    assert SearchConfig().least_score({"cost/gflops": 3.0}) == 0.0
