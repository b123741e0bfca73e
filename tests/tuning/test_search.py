import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from facesearch.config.sweep import SAMPLERS
from facesearch.errors import InputError
from facesearch.space import Point, SearchSpace, space_from_text
from facesearch.tuning.records import TrialRecord
from facesearch.tuning.search import Proposer, build_proposer

SPACE = """
head:
  choice:
    - {type: arcface, margin_rad: {uniform: [0.1, 0.5]}, scale: {log_uniform: [10, 64]}}
    - {type: softmax}
    - {type: normface}
model: {width: {log_int: [8, 64]}, depth: {int: [1, 4]}}
optim: {lr: {log_uniform: [0.01, 1]}, weight_decay: {log_uniform: [1.0e-5, 1.0e-2]}}
"""
LEARNING = ["tpe", "gp", "nsga2", "cmaes"]
# a draw of the Gaussian process takes seconds as soon as 8 points are known
FEW = {"gp": 9}
WORKERS = [(s, w) for s in sorted(SAMPLERS) for w in (1, 4) if (s, w) != ("gp", 1)]
Judge = Callable[[Point], tuple[str, list[float]]]


def build(sampler: str, seed: int = 0, text: str = SPACE, **search: Any) -> SearchSpace:
    return space_from_text(text).with_settings(sampler=sampler, seed=seed, **search)


def toy(point: Point) -> tuple[str, list[float]]:
    """An outcome and a curve: best at lr 0.1 and width 32; above lr 0.5 it diverges."""
    lr, width = math.log10(point["optim.lr"]), math.log2(point["model.width"])
    score = 0.9 - 0.3 * (lr + 1) ** 2 - 0.02 * (width - 5) ** 2
    if point["optim.lr"] > 0.5:
        return "diverged", [score]
    curve = [score - 0.1 / epoch for epoch in (1, 2, 3)]
    return ("completed", curve) if score > 0.6 else ("pruned", curve[:1])


def as_trial(draw: int, point: Point, outcome: str, curve: list[float]) -> TrialRecord:
    rows = [{"score": score} for score in curve]
    return TrialRecord(draw, point, draw, rows, outcome)


class Sweep:
    """A sweep of toys on some workers, which notes all that it tells its proposer."""

    def __init__(self, space: SearchSpace, judge: Judge = toy, workers: int = 1) -> None:
        self.space, self.judge, self.workers = space, judge, workers
        self.proposer, self.events = build_proposer(space), []
        self.under_way: list[TrialRecord] = []
        self.points: list[Point] = []
        self.rng = random.Random(1)

    def tell(self, what: str, *told: Any) -> None:
        self.events.append((what, told))
        getattr(self.proposer, what)(*told)

    def run(self, draws: int, limit: float = math.inf) -> "Sweep":
        """Draw so many points; those beyond a width are refused."""
        for draw in range(len(self.points), len(self.points) + draws):
            point = self.proposer.propose(draw)
            assert point is not None
            self.points.append(point)
            if point.get("model.width", 0) > limit:
                excess = {"cost/mparams": point["model.width"] / limit - 1}
                self.tell("refused", draw, point, excess)
                continue
            self.tell("drawn", draw, point)
            self.under_way.append(as_trial(draw, point, *self.judge(point)))
            while len(self.under_way) >= self.workers:
                place = self.rng.randrange(len(self.under_way))
                self.tell("ended", self.under_way.pop(place))
        return self

    def rebuilt(self) -> Proposer:
        """Return a new proposer that is told the same, as it comes from a file."""
        proposer = build_proposer(self.space)
        for what, told in self.events:
            getattr(proposer, what)(*as_written(told))
        return proposer


def as_written(told: tuple[Any, ...]) -> list[Any]:
    """Return what becomes of the arguments of an event in a ledger."""
    plain = json.loads(json.dumps([vars(t) if isinstance(t, TrialRecord) else t for t in told]))
    return [TrialRecord(**p) if isinstance(p, dict) and "curve" in p else p for p in plain]


# --- every sampler ---------------------------------------------------------------------------


@pytest.mark.parametrize(("sampler", "workers"), WORKERS)
def test_a_rebuilt_proposer_goes_on_exactly_and_repeats_no_draw(sampler: str, workers: int) -> None:
    draws = 11 if sampler == "gp" else 26
    sweep = Sweep(build(sampler), workers=workers).run(draws, limit=40)
    kinds = {what for what, _ in sweep.events}
    assert kinds == {"drawn", "ended", "refused"} or sampler == "grid"
    rebuilt, point = sweep.rebuilt(), sweep.proposer.propose(draws)
    assert rebuilt.propose(draws) == point
    assert point not in sweep.points


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_every_point_is_one_of_the_space_and_proposing_changes_nothing(sampler: str) -> None:
    sweep = Sweep(build(sampler)).run(draws := FEW.get(sampler, 20))
    for point in sweep.points:
        sweep.space.config(point)
        assert ("head.arcface.scale" in point) == (point["head"] == "arcface")
        assert json.loads(json.dumps(point)) == point
    assert sweep.proposer.propose(draws) == sweep.proposer.propose(draws)
    # a child of NSGA-II may be as its parent
    assert len({json.dumps(point) for point in sweep.points}) == draws or sampler == "nsga2"


@pytest.mark.parametrize("sampler", sorted(set(SAMPLERS) - {"grid"}))
def test_the_seed_decides_and_so_does_the_number_of_the_draw(sampler: str) -> None:
    first = [build_proposer(build(sampler, seed)).propose(0) for seed in (0, 0, 1)]
    assert first[0] == first[1] != first[2]
    assert build_proposer(build(sampler)).propose(1) != first[0]


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_first_points_come_first_and_what_they_leave_open_is_drawn(sampler: str) -> None:
    named = {"head": "arcface", "head.arcface.margin_rad": 0.5, "optim.lr": 0.1}
    full = {"head": "softmax", "model.width": 8, "model.depth": 2}
    sweep = Sweep(build(sampler, first_points=[named, full])).run(3)
    first, second, third = sweep.points
    assert first.items() >= named.items() and 10 <= first["head.arcface.scale"] <= 64
    assert second.items() >= full.items() and set(second) > set(full)
    beginning = build_proposer(build(sampler)).propose(0)
    assert (third == beginning) == (sampler in ("grid", "qmc"))


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_a_space_without_holes_has_one_point(sampler: str) -> None:
    proposer = build_proposer(build(sampler, text="head: {type: softmax}"))
    assert proposer.propose(0) == {}
    assert (proposer.propose(1) is None) == (sampler == "grid")


@pytest.mark.parametrize("sampler", ["tpe", "gp", "nsga2"])
def test_several_objectives_are_told_together(sampler: str) -> None:
    objective = ["val/rank1", "cost/mparams"]
    space = build(sampler, objective=objective)
    live, again = build_proposer(space), build_proposer(space)
    draws = 8 if sampler == "gp" else 14
    for draw in range(draws):
        point = live.propose(draw)
        assert point is not None
        space.config(point)
        outcome, curve = toy(point)
        rows = [{"score": score, "score_1": -point["model.width"]} for score in curve]
        trial = TrialRecord(draw, point, draw, rows, outcome)
        for proposer in (live, again):
            proposer.drawn(draw, point)
            proposer.ended(trial)
    assert live.propose(draws) == again.propose(draws)


def test_cmaes_refuses_several_objectives() -> None:
    with pytest.raises(InputError, match="cmaes maximises one number; write nsga2, tpe or gp"):
        build_proposer(build("cmaes", objective=["val/rank1", "cost/mparams"]))


def test_the_grid_ends_after_its_last_combination() -> None:
    text = "head: {choice: [{type: softmax}, {type: normface}]}\noptim: {lr: {uniform: [0.1, 0.3]}}"
    proposer = build_proposer(build("grid", text=text, first_points=[{"head": "softmax"}]))
    points = [proposer.propose(draw) for draw in range(8)]
    assert points[7] is None and None not in points[:7]
    assert len({json.dumps(point) for point in points[1:7]}) == 6


# --- learning --------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", LEARNING)
def test_scores_get_better(sampler: str) -> None:
    def near(points: list[Point]) -> float:
        return sum(abs(math.log10(point["optim.lr"]) + 1) for point in points) / len(points)

    seeds, draws = (1, 13) if sampler == "gp" else (4, 60)
    first = last = 0.0
    for seed in range(seeds):
        points = Sweep(build(sampler, seed)).run(draws).points
        first, last = first + near(points[:8]), last + near(points[-6:])
    assert last < 0.7 * first


FAILING = """
head: {choice: [{type: arcface, margin_rad: {uniform: [0.1, 0.5]}}, {type: softmax}]}
optim: {lr: {log_uniform: [0.01, 1]}, weight_decay: {log_uniform: [1.0e-5, 1.0e-2]}}
"""


def high_rates_diverge(point: Point) -> tuple[str, list[float]]:
    """Half of the points fail; the best ones are in the middle of the others."""
    lr = math.log10(point["optim.lr"])
    return "diverged" if lr > -1 else "completed", [0.9 - 0.3 * (lr + 1.5) ** 2]


def a_head_needs_too_much(point: Point) -> tuple[str, list[float]]:
    """Half of the points have a head for which the memory does not suffice."""
    return ("out_of_memory", []) if point["head"] == "arcface" else ("completed", [0.5])


def shares(sampler: str, judge: Judge, seeds: int, draws: int) -> tuple[float, float]:
    """Return the share of failing trials in the first and in the last third of the sweeps."""
    first, last, third = 0, 0, draws // 3
    for seed in range(seeds):
        points = Sweep(build(sampler, seed, FAILING), judge).run(draws).points
        failed = [judge(point)[0] != "completed" for point in points]
        first, last = first + sum(failed[:third]), last + sum(failed[-third:])
    return first / (seeds * third), last / (seeds * third)


@pytest.mark.parametrize("judge", [high_rates_diverge, a_head_needs_too_much])
def test_failing_trials_get_fewer_under_tpe_and_do_not_at_random(judge: Judge) -> None:
    random_first, random_last = shares("random", judge, seeds=20, draws=36)
    assert 0.4 < random_first < 0.6 and 0.4 < random_last < 0.6
    first, last = shares("tpe", judge, seeds=8, draws=36)
    assert last < 0.5 * first and last < random_last - 0.2


@pytest.mark.parametrize("sampler", ["gp", "nsga2", "cmaes"])
def test_failing_trials_get_fewer_under_the_others_too(sampler: str) -> None:
    seeds, draws = (1, 15) if sampler == "gp" else (4, 60)
    first, last = shares(sampler, high_rates_diverge, seeds, draws)
    assert last < first


@pytest.mark.parametrize("sampler", LEARNING)
def test_refused_points_get_fewer(sampler: str) -> None:
    first = last = 0
    seeds, draws = (1, 12) if sampler == "gp" else (6, 45)
    for seed in range(seeds):
        sweep = Sweep(build(sampler, seed)).run(draws, limit=23)
        refused = [point["model.width"] > 23 for point in sweep.points]
        first, last = first + sum(refused[: draws // 3]), last + sum(refused[-draws // 3 :])
    assert last < first


def test_tpe_draws_at_random_while_nothing_but_failures_is_known() -> None:
    """A sampler that takes the first failure for the best point would stay beside it."""
    sweep = Sweep(build("tpe"), lambda point: ("failed", [])).run(30)
    late = [point["optim.lr"] for point in sweep.points[10:]]
    assert min(late) < 0.03 and max(late) > 0.3


def test_a_trial_of_another_sweep_counts_where_it_fits() -> None:
    other = Sweep(build("random", seed=7)).run(30)
    trials = [told[0] for what, told in other.events if what == "ended"]
    taught, fresh = build_proposer(build("tpe")), build_proposer(build("tpe"))
    assert all(taught.learn(trial) for trial in trials)
    near = [abs(math.log10((taught.propose(draw) or {})["optim.lr"]) + 1) for draw in range(10)]
    anew = [abs(math.log10((fresh.propose(draw) or {})["optim.lr"]) + 1) for draw in range(10)]
    assert sum(near) < sum(anew)


def test_what_a_pause_tells_is_replaced_by_the_end() -> None:
    proposer = build_proposer(build("tpe"))
    point = proposer.propose(0) or {}
    proposer.drawn(0, point)
    trial = as_trial(0, point, "paused", [0.1])
    proposer.ended(trial)
    assert proposer.past.draws[0].scores == (0.1,)
    proposer.ended(as_trial(0, point, "completed", [0.1, 0.4]))
    assert proposer.past.draws[0].scores == (0.4,)
    assert len(proposer.past.known()) == 1
