"""The page of a final model: in words, in figures, in charts, and the faces that it finds hard.

    html, charts = build_final(Path("runs/final-3f2b91c0"))      what the command line shows

Asking the model and drawing the bands take seconds to minutes, laying the page out does not. So for
two pages of one model, with photographs for the user's own disk and without for a tracker:

    page = open_final(folder, root)
    page.html(with_faces=True), page.html(with_faces=False), page.charts.all
    page.source.place       where the page belongs: never inside a bundle, which takes no other file
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from facesearch.final.figures import Report
from facesearch.final.model import FaceModel
from facesearch.final.views import VIEWS
from facesearch.models.cost import network_cost
from facesearch.report.chart import Chart
from facesearch.report.final_charts import FinalCharts, draw_charts
from facesearch.report.final_source import FinalSource, read_final
from facesearch.report.final_verdict import verdict
from facesearch.report.final_words import cautions, summary
from facesearch.report.page import Prose, Section, Table, render
from facesearch.report.pictures import confused_faces, hardest_faces

Blocks = list[Any]
# Tables that stand in a section of their own, or are drawn; the rest follow at the end.
_DRAWN = ("calibration", "seeds", "winner's curse", "accuracy by shift", "CMC", "by group")
_NAMING = ("recognised least", "most confused")
_PHOTOGRAPHS = (
    "This page holds photographs of people, and their names as the faces give them. It is for "
    "whoever may see these faces, and not for publication."
)
_GENERATED = "These faces are generated: they show nobody."
_ORDER = (
    "Of each pair the first picture is the one that is asked about, the second the gallery's; the "
    "number is their score."
)
_PAIRS = (
    "A pair is accepted if its score is above a threshold. The false accept rate (FAR) is the part "
    "of the pairs of two persons that is accepted, the true accept rate (TAR) that of the pairs of "
    "one. Bands are 95 % intervals, drawn from whole people; dots stand at powers of ten; a rate "
    "that would need more pairs than there are is not drawn."
)
_SEARCH = (
    "Each picture is looked for among the people of the gallery. In the open set some of those who "
    "are looked for are not in it: a search for them raises an alarm if its best score is above "
    "the threshold. Bands are 95 % intervals, drawn from whole people."
)
_RULES = {
    "eer": "as many false accepts as false rejects",
    "far_1e-2": "of 100 pairs of two persons 1 is accepted",
    "far_1e-3": "of 1,000 pairs of two persons 1 is accepted",
    "even_odds": "a pair above it is likelier one person's than not, if as many are",
    "accuracy": "most pairs of the list are judged rightly",
    "rejection": "most searches are answered rightly, strangers among them",
    "rejection, mates left out": "most searches are answered rightly, if half are for strangers",
    "fpir_0.1": "of 10 searches for a stranger 1 raises an alarm",
}


@dataclass(frozen=True)
class FinalPage:
    """A final model that was read, asked and drawn."""

    source: FinalSource
    charts: FinalCharts

    def html(self, *, with_faces: bool = True) -> str:
        """Return the page.

        Args:
            with_faces: With pictures of faces and names of people, for the user's own disk.
                Otherwise without either, fit to be passed on.

        """
        source = self.source if with_faces else _nameless(self.source)
        title = f"Final model {source.name}"
        sections = _sections(source, self.charts, with_faces)
        return render(title, _subtitle(source, with_faces), sections)


def build_final(
    folder: Path, root: str | None = None, *, with_faces: bool = True
) -> tuple[str, list[Chart]]:
    """Return the page of a final model as HTML, and its charts.

    Args:
        folder: What finalize wrote, as ``runs/final-3f2b91c0``; a bundle; or a folder with only a
            ``report.json``, which gives a page without curves of every score.
        root: The faces; None: where they were when the model was made, if they are still there.
        with_faces: As of `FinalPage.html`.

    Raises:
        InputError: If there is no final model, it is damaged, or the faces cannot be read.

    """
    page = open_final(folder, root)
    return page.html(with_faces=with_faces), page.charts.all


def open_final(folder: Path, root: str | None = None) -> FinalPage:
    """Read a final model, ask it about the faces that are at hand, and draw its charts.

    Arguments and errors are those of `build_final`.
    """
    source = read_final(folder, root)
    return FinalPage(source, draw_charts(source))


def _nameless(source: FinalSource) -> FinalSource:
    """Return it without pictures, and without names as far as they are known."""
    names = source.model.identities if source.model else ()
    told = source.report.without_names(names)
    tables = {
        name: rows for name, rows in told.tables.items() if not any(n in name for n in _NAMING)
    }
    notes = told.notes
    if source.model is None:  # who was trained on is not known, so no names can be masked
        notes = [re.sub(r" \([^)]*\)", "", n) if n.startswith("LEAK") else n for n in notes]
    report = Report(told.figures, notes, tables)
    return replace(source, report=report, seen=None)


def _subtitle(source: FinalSource, with_faces: bool) -> str:
    model = source.model
    if model is None:
        return "the report alone"
    root = model.config.data.root
    faces = PurePath(root).name if root else "generated faces"
    said = f"{model.config.model.network}, {model.config.head.type}; trained on {faces}"
    if with_faces and source.seen is not None and not source.seen.is_generated:
        said += ". With photographs and names: not for publication"
    return said


def _sections(source: FinalSource, charts: FinalCharts, with_faces: bool) -> list[Section]:
    report, model = source.report, source.model
    parts: dict[str, Blocks] = {
        "Verdict": verdict(report, model),
        "In words": [Prose(text) for text in summary(report, model)],
        "What to mind": [Prose(text) for text in cautions(report, model)],
        "All figures": _figures(report),
        "1:1: do two pictures show one person?": _pairs(source, charts),
        "1:N: whose face is it?": [Prose(_SEARCH), *charts.search] if charts.search else [],
        "Training, seeds and luck": [*charts.training],
        "Where it is better and worse": [*charts.evenness, *_other_tables(report)],
        "Faces that it finds hard": _faces(source) if with_faces else [],
        "How it was made": [] if model is None else [_made(model)],
    }
    return [Section(title, blocks) for title, blocks in parts.items() if blocks]


def _figures(report: Report) -> Blocks:
    """Return a table a set; of each figure its interval, and what it rests on."""
    sets: dict[str, list[dict[str, object]]] = {}
    for name, figure in report.figures.items():
        place, _, measure = name.partition("/")
        row = {
            "measure": measure or place, "value": figure.value, "low": figure.low,
            "high": figure.high, "faces or pairs": figure.num_faces,
        }  # fmt: skip
        sets.setdefault(place, []).append(row)
    if not sets:
        return [Prose("Not measured: there is no figure of this model.")]
    note = (
        "Fractions; low and high end the 95 % interval, drawn from whole people. Where they are "
        "empty there is none: the notes of 'What to mind' say what it would need."
    )
    return [Prose(note), *(Table(place, rows) for place, rows in sets.items())]


def _pairs(source: FinalSource, charts: FinalCharts) -> Blocks:
    blocks = [*charts.pairs, *_thresholds(source.report, source.model)]
    why = [Prose(source.why_unseen)] if source.why_unseen else []
    return [*why, Prose(_PAIRS), *blocks] if blocks else [*why]


def _thresholds(report: Report, model: FaceModel | None) -> Blocks:
    blocks: Blocks = []
    if model is not None and model.thresholds:
        rows = [
            {"threshold": name, "value": found.value, "unit": found.unit,
             "rule": _RULES.get(found.rule, found.rule), "fitted on": found.fitted_on}
            for name, found in model.thresholds.items()
        ]  # fmt: skip
        blocks.append(Table("Frozen thresholds of the model", rows))
    blocks += [
        Table(name, rows) for name, rows in report.tables.items() if "frozen thresholds" in name
    ]
    return blocks


def _other_tables(report: Report) -> Blocks:
    return [
        Table(name, rows)
        for name, rows in report.tables.items()
        if rows and "frozen thresholds" not in name and not any(part in name for part in _DRAWN)
    ]


def _faces(source: FinalSource) -> Blocks:
    seen, model = source.seen, source.model
    if seen is None or model is None:
        return [Prose("The faces are not at hand, so none is shown. Give them with --data FACES.")]
    confused = confused_faces(seen, model.identities)
    blocks = [*hardest_faces(seen), *([confused] if confused else [])]
    if not blocks:
        return []
    return [Prose(_GENERATED if seen.is_generated else _PHOTOGRAPHS), Prose(_ORDER), *blocks]


def _made(model: FaceModel) -> Table:
    config, told = model.config, model.provenance
    cost, count, views = network_cost(config.model, model.image_px), len(model.members), model.views
    giga = cost.flops * count * VIEWS[views][0] / 1e9
    facts = {
        "network": _settings(config.model),
        "head (loss)": _settings(config.head),
        "optimiser": _settings(config.optim),
        "augmentation": _settings(config.augment),
        "training": _settings(config.train),
        "seeds": _listed(told.get("seeds", [config.train.seed])),
        "epochs of each member": _listed(told.get("epochs", [config.train.epochs])),
        "views of a picture": f"{views} ({VIEWS[views][0]})",
        "operations a picture": f"{giga:.3g} GFLOPs, all networks and views",
        "parameters": f"{cost.parameters * count:,}, without the heads",
        "fingerprint of the faces": str(told.get("faces", "not known")),
        "trial": str(told.get("trial", "not known")),
        "run of the trial": str(told.get("trial_run_id", "not known")),
        "code": str(told.get("facesearch.git", "not known")),
    }
    return Table("Recipe", [{"part": name, "what": fact} for name, fact in facts.items()])


def _settings(part: Any) -> str:
    """Return what differs from the default, and the type or network."""
    changed = part.model_dump(exclude_defaults=True, exclude={"init", "seed"})
    for name in ("type", "network"):
        if hasattr(part, name):
            changed = {name: getattr(part, name), **changed}
    said = (f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in changed.items())
    return ", ".join(said) or "as by default"


def _listed(values: Any) -> str:
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    return ", ".join(map(str, values)) if is_list else str(values)
