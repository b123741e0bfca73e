"""The first page of a final model's report, for whoever decides: how good, at what cost, on whom.

Plain words; each term of the field is explained where it comes first.
"""

import re
from collections.abc import Mapping
from typing import Any

from facesearch.final.cross_validation import NAME as CROSS_VALIDATED
from facesearch.final.figures import Figure, Report, headline_tar
from facesearch.final.model import FaceModel
from facesearch.final.views import VIEWS
from facesearch.models.cost import network_cost
from facesearch.report.final_words import percent
from facesearch.report.page import Block, Prose, Table

# The sets of identities that it was not trained on, the least looked at first.
_SETS = ("unknown_test", "unknown_dev")
_FAR_SETS = (*_SETS, CROSS_VALIDATED, "pairs")
_GALLERY = re.compile(r"(\w+): CMC, (\d+) people in the gallery")
_GALLERIES = (1, 100, 1_000, 10_000)
_STRANGERS_A_DAY = 1_000


def verdict(report: Report, model: FaceModel | None) -> list[Block]:
    """Return the blocks of the verdict.

    Args:
        report: Figures, notes and tables.
        model: None where there is the report alone.

    """
    blocks: list[Block] = [Prose(_how_good(report))]
    if model is not None:
        blocks.append(_cost(model))
    far = _measured_far(report)
    if far is not None:
        blocks += [Prose(_far_words(*far)), far_table(far[1], _gallery_of(report, far[0]))]
    return [*blocks, Prose(_caveats(report, model))]


def _how_good(report: Report) -> str:
    """Return the figures on identities that it never saw, or plainly that there are none."""
    if not report.figures:
        return (
            "Not measured. These faces have no labelled set to report on, so nothing can be said "
            "of how often this model is right: it is no ground for a decision."
        )
    place = _place(report)
    if place is None and f"{CROSS_VALIDATED}/rank1" in report.figures:
        return _cross_validated(report)
    if place is None:
        closed = report.figures.get("dev/top1") or report.figures.get("test/top1")
        known = (
            f" Further images of the identities that it was trained on get the right name in "
            f"{percent(closed)} of {closed.num_faces:,}." if closed else ""
        )  # fmt: skip
        return f"Not measured: how often it is right about identities that it never saw.{known}"
    figure, people = report.figures[f"{place}/rank1"], _gallery_of(report, place)
    among = f"the {people:,} of the gallery" if people else "those of the gallery"
    return (
        f"Given an image of an identity that it never saw in training, it puts the right one of "
        f"{among} first in {percent(figure)} of {figure.num_faces:,} searches ({place}; field "
        f"name: rank-1).{_chosen(report)}{_seeds(report, place)}"
    )


def _cross_validated(report: Report) -> str:
    """Return the figure of networks like it, as it was itself trained on all identities."""
    figure = report.figures[f"{CROSS_VALIDATED}/rank1"]
    return (
        "Networks like it, each trained without a part of the identities, put the right one of "
        f"that part first in {percent(figure)} of {figure.num_faces:,} searches among that part "
        f"alone ({CROSS_VALIDATED}; field name: rank-1); among more identities fewer are found. "
        "The model itself was trained on all identities, so none is left to ask it "
        f"about.{_chosen(report)}"
    )


def _place(report: Report) -> str | None:
    return next((name for name in _SETS if f"{name}/rank1" in report.figures), None)


def _gallery_of(report: Report, place: str) -> int:
    for title in report.tables:
        found = _GALLERY.fullmatch(title)
        if found is not None and found[1] == place:
            return int(found[2])
    return 0


def _chosen(report: Report) -> str:
    rows: list[Mapping[str, Any]] = list(report.tables.get("finalists", []))
    if len(rows) < 2:
        return ""
    best, second = sorted(rows, key=lambda row: -row["mean of the dev sets"])[:2]
    lead = best["mean of the dev sets"] - second["mean of the dev sets"]
    return (
        f" It was chosen before {second['trial']}, by {100 * lead:.1f} points in the mean of the "
        "dev sets; no interval of that lead was measured."
    )


def _seeds(report: Report, place: str) -> str:
    found = [row[place] for row in report.tables.get("seeds", []) if place in row]
    found = found or [row[k] for row in report.tables.get("seeds", [])
                      if (k := f"{place}/rank1") in row]  # fmt: skip
    if len(found) < 2:
        return " It was trained with one seed; what another would change was not measured."
    ends = f"{100 * min(found):.1f} to {100 * max(found):.1f}\N{NO-BREAK SPACE}%"
    return f" Its {len(found)} networks alone, of as many seeds, reach {ends}."


def _cost(model: FaceModel) -> Table:
    cost, count = network_cost(model.config.model, model.image_px), len(model.members)
    giga = cost.flops * count * VIEWS[model.views][0] / 1e9
    minutes = model.provenance.get("training_minutes")
    row = {
        "networks": count, "GFLOP an image": giga, "M parameters": cost.parameters * count / 1e6,
        "training": f"{minutes:g} minutes" if isinstance(minutes, (int, float)) else "not known",
        "trained on": f"{len(model.identities):,} identities",
    }  # fmt: skip
    note = "GFLOP: 10^9 multiplications and additions; parameters: numbers that it consists of."
    return Table("What it costs", [row], note)


def _measured_far(report: Report) -> tuple[str, float, Figure] | None:
    """Return the set, FAR and TAR: of the least seen set that has one with an interval."""
    known = [(place, headline_tar(report.figures, place)) for place in _FAR_SETS]
    found = [(place, float(tar[0]), tar[1]) for place, tar in known if tar is not None]
    return next((one for one in found if one[2].has_interval), found[0] if found else None)


def _far_words(place: str, far: float, figure: Figure) -> str:
    accepts = "those networks accept" if place == CROSS_VALIDATED else "it accepts"
    return (
        "False accept rate (FAR): of the pairs of images of two identities, the part that is taken "
        f"for one. Where the threshold lets 1 in {round(1 / far):,} of these pass, {accepts} "
        f"{percent(figure)} of the pairs of one identity ({place}). A search makes a comparison "
        "with every identity of the gallery, so its errors add up with the size of the gallery:"
    )


def far_table(far: float, people: int) -> Table:
    """Return what a FAR means for searches in galleries of several sizes.

    Args:
        far: A fraction.
        people: In the gallery of the report; 0 if that is not known.

    Source:
        1 - (1 - far)^N, as of N independent comparisons; those of one face are not quite.

    """
    rows = []
    for size in sorted({*_GALLERIES, *([people] if people else [])}):
        once = 1 - (1 - far) ** size
        rows.append(
            {"gallery": f"{size:,}{' (this one)' if size == people else ''}",
             "wrong matches a search": size * far,
             "searches with a wrong match": _share(once),
             f"a day of {_STRANGERS_A_DAY:,} strangers": f"about {_STRANGERS_A_DAY * once:,.0f}"}
        )  # fmt: skip
    note = (
        "Of searches for somebody who is not in the gallery, as if comparisons were independent of "
        "each other. Fewer wrong matches need a higher threshold, which rejects more of the right."
    )
    return Table(f"What FAR 1 in {round(1 / far):,} means for a gallery of this size", rows, note)


def _share(part: float) -> str:
    """Return a part in per cent, small ones with two digits."""
    return f"{100 * part:.0f} %" if part >= 0.1 else f"{100 * part:.2g} %"


def _caveats(report: Report, model: FaceModel | None) -> str:
    leaks = [note for note in report.notes if note.startswith("LEAK")]
    told = [f"Caveats: {' '.join(leaks)}" if leaks else "Caveats: it holds for faces like these."]
    if model is not None and model.config.data.root is None:
        told.append("The faces are generated: nothing here says anything of real ones.")
    broken = [name.rpartition(": by ")[2] for name, rows in report.tables.items()
              if ": by " in name and rows]  # fmt: skip
    known = ", ".join(dict.fromkeys(broken))
    told.append(
        f"How its errors differ by {known} is told below."
        if known
        else "Whether it is worse for some groups of identities, poses or cameras: not measured."
    )
    return " ".join(told)
