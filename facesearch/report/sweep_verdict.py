"""The first page of a sweep's report, for whoever decides: what is better, and at what cost.

Plain words; each term of the field is explained where it comes first.
"""

from pathlib import Path
from typing import Any

from facesearch.report.curve_end import rise_at_end
from facesearch.report.head_to_head import Lead, lead_of
from facesearch.report.page import Block, Prose, Table
from facesearch.report.sweep_source import SweepSource
from facesearch.tuning.ranking import mean_words
from facesearch.tuning.records import TrialRecord, describe_point
from facesearch.tuning.tables import format_seconds

# Costs that differ by less are called the same.
_ALIKE = 0.05
_MEANINGS = {
    "val/rank1": "rank-1, how often the image most alike, of one image of each held-out identity, "
    "is of the right one",
    "val/tar_at_far_1e-3": "the true accept rate at FAR 1 in 1,000, the part of the pairs of one "
    "identity that is accepted where 1 in 1,000 pairs of two identities is, too",
    "val/top1": "top-1, how often a further image of a trained identity is given to the right one",
}


def verdict(source: SweepSource) -> list[Block]:
    """Return the blocks of the verdict: sentences, and the best two side by side."""
    ranked = source.scored()
    if not ranked:
        return [Prose("Not measured: no trial of this sweep has a score yet.")]
    pair = ranked[:2]
    blocks: list[Block] = [Prose(_who_is_better(source, pair)), Table(*_beside(source, pair))]
    return [*blocks, Prose(_on_whom(source, pair)), Prose("\n\n".join(caveats(source, pair[0])))]


def _who_is_better(source: SweepSource, pair: list[TrialRecord]) -> str:
    best = pair[0]
    told = f"Best: trial {best.name} ({describe_point(best.point)}), {_score(source, best)}"
    if len(pair) < 2:
        return f"{told}. There is no other to compare it with."
    if pair[1].epochs != best.epochs:
        return (
            f"{told}, after {best.epochs} epochs. No other trained as long: the next, trial "
            f"{pair[1].name}, ended after {pair[1].epochs}, so the two cannot be compared."
        )
    lead = lead_of(source, *pair)
    return f"{told}.\n\n{lead_words(source, lead, *pair)}{_at_cost(source, *pair)}"


def _score(source: SweepSource, trial: TrialRecord) -> str:
    scores = source.sweep.scores_of(trial)
    seeds = " seeds (mean ± standard deviation)" if len(scores) > 1 else ""
    return f"score {mean_words(scores)}{seeds}"


def lead_words(
    source: SweepSource, lead: Lead, first: TrialRecord, second: TrialRecord
) -> str:  # fmt: skip
    """Return whether one trial beats another, and how sure that is."""
    by = f"{lead.value:.4f}"
    if not lead.has_interval:
        return (
            f"Trial {first.name} is {by} ahead of trial {second.name}, with one seed each: a "
            f"single seed cannot tell them apart.{_ask_for_seeds(source)}"
        )
    ends = f"95 % interval {lead.low:+.4f} to {lead.high:+.4f}, over {_over(lead)}"
    if lead.is_repeated:
        if lead.excludes_zero:
            return f"Trial {first.name} beats trial {second.name} by {by} ({ends})."
        return (
            f"Trials {first.name} and {second.name} cannot be told apart: the difference of {by} "
            f"has a {ends}, which includes zero."
        )
    clear = "is ahead of" if lead.excludes_zero else "cannot be told from"
    return (
        f"As trained, trial {first.name} {clear} trial {second.name} on these identities: {by} "
        f"({ends}). Another seed would change both, and by how much one seed each cannot say: "
        f"which config is better is not known.{_ask_for_seeds(source)}"
    )


def _over(lead: Lead) -> str:
    parts = []
    if lead.num_identities:
        parts.append(f"{lead.num_identities:,} held-out identities")
    if lead.is_repeated:
        parts.append(f"{lead.seeds[0]} and {lead.seeds[1]} seeds")
    return " and ".join(parts)


def _ask_for_seeds(source: SweepSource) -> str:
    if source.space.settings.search.has_several:
        return ""
    return " facesearch tune SPACE --repeat-top 3 --seeds 3 trains the best three again, to say so."


def _at_cost(source: SweepSource, first: TrialRecord, second: TrialRecord) -> str:
    told = []
    for name, what in (("cost/gflops", "operations an image"), ("seconds", "training time")):
        costs = [_cost(trial, name) for trial in (first, second)]
        if all(costs):
            told.append(_times(costs[0] / costs[1], what))
    return f" It takes {' and '.join(told)}." if told else ""


def _times(ratio: float, what: str) -> str:
    return f"about the same {what}" if abs(ratio - 1) < _ALIKE else f"{ratio:.2g} times the {what}"


def _cost(trial: TrialRecord, name: str) -> float:
    if name == "seconds":
        return sum(row.get("seconds", 0.0) for row in trial.curve)
    return trial.curve[-1].get(name, 0.0)


def _beside(source: SweepSource, pair: list[TrialRecord]) -> tuple[str, list[dict[str, Any]], str]:
    rows = []
    for trial in pair:
        scores = source.sweep.scores_of(trial)
        rows.append(
            {"trial": trial.name, "score": mean_words(scores), "seeds": len(scores),
             "epochs": trial.epochs, "GFLOP an image": trial.curve[-1].get("cost/gflops"),
             "M parameters": trial.curve[-1].get("cost/mparams"),
             "training": format_seconds(_cost(trial, "seconds")),
             "config": describe_point(trial.point)}
        )  # fmt: skip
    note = (
        "GFLOP: 10^9 multiplications and additions; parameters: numbers that the network consists "
        "of, without its head. Training: of one seed, with whatever else the machine did."
    )
    return "The best two" if len(pair) > 1 else "The best", rows, note


def _on_whom(source: SweepSource, pair: list[TrialRecord]) -> str:
    faces = "generated faces" if source.root is None else f"the faces of {Path(source.root).name}"
    hits = pair[0].hits
    if hits is None:
        who = (
            "identities held out of training (how many, and their hits, this sweep has not noted: "
            "no interval over identities can be given)"
        )
    else:
        asked = sum(count > 0 for count in hits[1])
        who = (
            f"{asked:,} identities held out of training, {sum(hits[1]):,} images of which were "
            "looked for among one other image of each"
        )
    told = [
        _MEANINGS[name] for name in source.space.settings.search.objectives if name in _MEANINGS
    ]
    score = f" The score is {'; and '.join(told)}." if told else ""
    return f"On whom: {faces}, {who}.{score}"


def caveats(source: SweepSource, best: TrialRecord) -> list[str]:
    """Return what is to be kept in mind, each in a sentence or two."""
    count = len(source.searched())
    found = [
        f"Caveats: the best of {count} trials was chosen on these very identities, so its score is "
        "higher than it would be elsewhere. What it is worth on identities that nobody looked at, "
        "facesearch finalize measures."
    ]
    if source.sweep.repeats():
        found.append(
            "One seed of each is the one that it was chosen by, so the means are too high."
        )
    if best.outcome != "completed":
        found.append("No trial trained to the end.")
    rise = rise_at_end([row["score"] for row in best.curve])
    if rise is not None and rise.is_rising:
        found.append(
            f"Trial {best.name} was still rising at the last epoch ({rise.slope:+.4f} an epoch "
            f"over its last {rise.num_epochs}): more epochs may give more."
        )
    if source.root is None:
        found.append("The faces are generated: nothing here says anything of real ones.")
    return found
