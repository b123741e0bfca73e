"""What a final model is, in sentences: for whoever reads no chart.

Not here: the charts. Text stays text; the page escapes it.
"""

from typing import Any

from facesearch.final.cross_validation import NAME as CROSS_VALIDATED
from facesearch.final.figures import Figure, Report, headline_tar
from facesearch.final.model import FaceModel, Threshold

_SETS = {
    "dev": "other pictures of the people it was trained on",
    "test": "the test pictures of the people it was trained on",
    "unknown_dev": "people it has never seen",
    "unknown_test": "further people it has never seen",
    CROSS_VALIDATED: "the identities that networks like it were each trained without",
    "pairs": "the list of pairs",
}
_FAR_WORDS = {"1e-3": "1 in 1,000", "1e-2": "1 in 100", "1e-1": "1 in 10"}


def summary(report: Report, model: FaceModel | None) -> list[str]:
    """Return paragraphs: what it is, how good it is, at which threshold."""
    parts = [_what(model), *_how_good(report), _thresholds(model, report), _promise(report)]
    return [part for part in parts if part]


def cautions(report: Report, model: FaceModel | None) -> list[str]:
    """Return what is to be minded, leaks first."""
    notes = sorted(report.notes, key=lambda note: not note.startswith("LEAK"))
    if model is not None and model.config.data.root is None:
        notes.append("It was trained on generated faces: its figures say nothing of real ones.")
    if not any(": by group" in name and rows for name, rows in report.tables.items()):
        notes.append("How its errors differ between groups of people was not measured.")
    return notes


def _what(model: FaceModel | None) -> str:
    if model is None:
        return "There is only the report of the model here, and not the model."
    config, told = model.config, model.provenance
    count = len(model.members)
    members = f"{count} networks together" if count > 1 else "one network"
    minutes = told.get("training_minutes")
    took = f", in {minutes:.3g} minutes of training" if isinstance(minutes, (int, float)) else ""
    return (
        f"The model is {members} ({config.model.network}, head {config.head.type}) on pictures of "
        f"{model.image_px} px, with {model.embedding_dim:,} numbers an embedding. It was trained "
        f"on {len(model.identities):,} people{took}."
    )


def _how_good(report: Report) -> list[str]:
    """Return a paragraph for each set, of the figures that are easiest to understand."""
    found = []
    for place, whose in _SETS.items():
        sentences = [
            sentence for measure, text in _SENTENCES
            if (sentence := _said(text, report.figures.get(f"{place}/{measure}")))
        ]  # fmt: skip
        if (tar := headline_tar(report.figures, place)) is not None:
            far, figure = tar
            sentences.append(
                f"At a false accept rate of {_FAR_WORDS[far]}, {percent(figure)} of the "
                "pairs of one person are accepted."
            )
        if sentences:
            found.append(f"On {whose} ({place}): " + " ".join(sentences))
    return found


_SENTENCES = (
    ("top1", "The right identity comes first for {} of the faces."),
    ("rank1", "The right person is found first for {} of the faces."),
    ("accuracy", "Of the pairs {} are judged rightly."),
    ("accuracy_with_rejection", "With strangers to be rejected, {} are answered rightly."),
    ("eer", "The equal error rate is {}."),
)


def _said(text: str, figure: Figure | None) -> str:
    return text.format(percent(figure)) if figure is not None else ""


def percent(figure: Figure) -> str:
    """Return a figure in percent with its interval, or that it has none."""
    value = f"{100 * figure.value:.1f}\N{NO-BREAK SPACE}%"
    if not figure.has_interval:
        return f"{value} (no interval: too few identities)"
    ends = f"{100 * figure.low:.1f} to {100 * figure.high:.1f}"
    return f"{value} (95\N{NO-BREAK SPACE}%: {ends})"


def _thresholds(model: FaceModel | None, report: Report) -> str:
    if model is None:
        return ""
    if not model.thresholds:
        return "It has no threshold: it gives scores, and decides nothing."
    said = [f"{name} at {_at(found)}" for name, found in model.thresholds.items()]
    places = ", ".join(dict.fromkeys(found.fitted_on for found in model.thresholds.values()))
    advice = _advice(model.thresholds)
    return (
        f"Its frozen thresholds, fitted on {places}: {'; '.join(said)}. Two faces are taken for "
        f"one person's if their score is above.{advice} On other faces the rates will be others."
    )


def _at(found: Threshold) -> str:
    return f"{found.unit} {found.value:.3f}"


def _advice(known: Any) -> str:
    if "far_1e-3" in known:
        return " To compare two pictures, far_1e-3 is the careful one."
    return ""


def _promise(report: Report) -> str:
    rows = report.tables.get("winner's curse")
    if not rows:
        return ""
    row = rows[0]
    gap = row["gap"]
    side = "more" if gap > 0 else "less"
    return (
        f"The search had promised a rank-1 of {row['rank-1 in the search']:.3f}, the best of "
        f"{row['best of trials']}; on people that it never saw one network reaches "
        f"{row['retrained, people the search never saw']:.3f} ({row['low']:.3f} to "
        f"{row['high']:.3f}): {abs(gap):.3f} {side} was promised than found."
    )
