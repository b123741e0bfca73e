from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sweeps import simulated_sweep

from facesearch.report.head_to_head import lead_of
from facesearch.report.sweep_source import SweepSource, read_source
from facesearch.tuning.records import TrialRecord

NUM_IDENTITIES, PROBES = 60, 5


@pytest.fixture
def source(tmp_path: Path) -> SweepSource:
    return read_source(
        simulated_sweep(tmp_path, trials=2, num_failed=0, epochs=3, scheduler={"type": "none"})
    )


def trained(
    source: SweepSource, number: int, skill: np.ndarray, rng: np.random.Generator,
    of: int | None = None,
) -> TrialRecord:  # fmt: skip
    """Put a trained trial into the sweep, with hits by a skill for each identity."""
    hits = rng.binomial(PROBES, np.clip(skill, 0, 1))
    probes = [PROBES] * NUM_IDENTITIES
    trial = TrialRecord(
        number, {}, curve=[{"score": float(hits.sum()) / sum(probes)}], outcome="completed",
        repeat_of=of, hits=[hits.tolist(), probes],
    )  # fmt: skip
    source.sweep.trials[number] = trial
    return trial


def worlds(
    source: SweepSource, seeds: int, true_lead: float, spread: float = 0.02
) -> tuple[int, int]:
    """Return how many of 200 simulated intervals cover the true lead, and how many exclude zero.

    ``spread`` is by how much the rates of trainings of one config differ.
    """
    covered = clear = 0
    for world in range(200):
        rng = np.random.default_rng(world)
        source.sweep.trials.clear()
        easy = rng.uniform(0.2, 0.8, NUM_IDENTITIES)  # shared: who is easy is so for both
        for config in (0, 1):
            for seed in range(seeds):
                luck = rng.normal(0, spread) + rng.normal(0, 0.05, NUM_IDENTITIES)
                own = easy + true_lead * (config == 0) + luck
                trained(source, config + 2 * seed, own, rng, config if seed else None)
        lead = lead_of(source, source.sweep.trials[0], source.sweep.trials[1])
        covered += lead.low <= true_lead <= lead.high
        clear += lead.excludes_zero
    return covered, clear


def test_the_interval_over_identities_and_seeds_covers_the_truth(source: SweepSource) -> None:
    covered, clear = worlds(source, 3, 0.0)
    assert covered >= 184 and clear <= 16  # 95 % of 200 are 190; clear are those not covered
    covered, clear = worlds(source, 3, 0.15)
    assert covered >= 184 and clear >= 180
    covered, _ = worlds(source, 3, 0.0, spread=0.04)
    assert covered >= 184


def test_one_seed_each_knows_nothing_of_seeds(source: SweepSource) -> None:
    # so its interval is too narrow for configs, which is why a report never calls it a victory
    covered, _ = worlds(source, 1, 0.0, spread=0.04)
    assert covered < 180
    lead = lead_of(source, source.sweep.trials[0], source.sweep.trials[1])
    assert not lead.is_repeated and lead.num_identities == 60 and lead.num_probes == 300


def test_without_hits_or_for_another_objective_there_is_no_interval(source: SweepSource) -> None:
    rng = np.random.default_rng(0)
    first, second = (trained(source, n, np.full(NUM_IDENTITIES, 0.5), rng) for n in (0, 1))
    assert lead_of(source, first, second).has_interval
    second.hits = None
    assert not lead_of(source, first, second).has_interval
    third = trained(source, 1, np.full(NUM_IDENTITIES, 0.5), rng)
    other = replace(source, space=source.space.with_settings(objective="val/top1"))
    assert not lead_of(other, first, third).has_interval


def test_a_seed_that_failed_has_no_part_in_the_mean(source: SweepSource) -> None:
    rng = np.random.default_rng(0)
    skill = np.full(NUM_IDENTITIES, 0.5)
    first, second = (trained(source, n, skill, rng) for n in (0, 1))
    for number, of in ((2, 0), (3, 1), (4, 0)):
        trained(source, number, skill, rng, of)
    source.sweep.trials[4].outcome = "diverged"
    lead = lead_of(source, first, second)
    scores = [source.sweep.trials[n].score or 0.0 for n in range(4)]
    assert lead.seeds == (2, 2)
    assert lead.value == pytest.approx((scores[0] + scores[2] - scores[1] - scores[3]) / 2)
