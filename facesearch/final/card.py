"""The model card: what a model is for, what it is worth, and what nobody has measured.

Not in it: names of people. Whatever comes from outside (paths, names of trials, of sets) is written
so that neither Markdown nor HTML takes it for its own.
"""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from facesearch.final.compare import MAIN_FIGURES
from facesearch.final.figures import Figure, Report
from facesearch.final.model import FaceModel
from facesearch.final.views import VIEWS
from facesearch.models.cost import network_cost

_ROWS = 12
_MOST_CHARACTERS = 300
# an underscore within a word stands for itself, a list begins with a line
_MARKDOWN = re.compile(r"([\\`*{}\[\]#|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[ ]*[-+](?= ))")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
# control characters and marks that turn the direction of writing
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")

_USE = """\
**For:** research on face recognition, and applications whose subjects have agreed: comparing two
pictures (1:1), searching a gallery (1:N), classifying the people it was trained on (closed set).

**Not for:** identifying people who have not agreed; surveillance, policing, border control, or any
decision about a person without a human who can be asked; guessing age, sex, origin, health or mood;
unlocking anything alone, as nothing here detects a photograph or a mask held before the camera.
Pictures must be cropped to one upright face, as the training pictures were; faces are not searched
for in a scene."""

_LICENCE = """\
Pictures of faces are biometric data; laws such as the GDPR (article 9) ask for a ground to process
them. The weights inherit the terms of the faces they were trained on: VGGFace2, CASIA-WebFace,
MS1M, LFW, Families in the Wild and their derivatives (HW2P2 among them) are for non-commercial
research only. Who uses or passes on this model must keep to them. The licence of facesearch covers
its code, not these weights.

This card names nobody, but the model does: `config.json` beside the weights holds the names of the
people it was trained on, as it was given them. Whoever gets the model, or may ask it, gets them."""


def model_card(model: FaceModel, report: Report) -> str:
    """Return the card of a model, in Markdown.

    Args:
        model: With its thresholds and its provenance.
        report: Its figures, notes and tables.

    """
    parts = {
        "What it is for": _USE,
        "How it was made": _made(model),
        "Figures": _figures(report),
        "Thresholds": _thresholds(model),
        "Limits": _limits(model, report),
        "Costs": _costs(model),
        "Tables": _tables(model, report),
        "Licence and personal data": _LICENCE,
        "How to use it": _commands(model),
    }
    sections = [f"## {title}\n\n{text}" for title, text in parts.items() if text]
    return "\n\n".join([card_head(model, report), *sections]) + "\n"


def card_head(model: FaceModel, report: Report) -> str:
    """Return the title and the card in three lines: what it is, its main figures, its warning."""
    config = model.config
    count = len(model.members)
    members = f"{count} networks together" if count > 1 else "one network"
    main = [name for name in MAIN_FIGURES if name in report.figures]
    said = "; ".join(f"{plain(name)} {report.figures[name]}" for name in main)
    return (
        f"# Face model: {plain(config.model.network)}, {plain(config.head.type)}\n\n"
        f"{members}, {model.image_px} px, {model.embedding_dim} numbers an embedding, trained on "
        f"{len(model.identities):,} people. {said or 'No main figure was measured'}.\n\n"
        "Faces are biometric data: see what it is not for, and the terms of its training faces."
    )


def plain(text: object) -> str:
    """Return text that Markdown and HTML show as it is: one line, at most 300 characters."""
    line = _UNSEEN.sub(" ", str(text))
    if len(line) > _MOST_CHARACTERS:
        line = line[:_MOST_CHARACTERS] + "..."
    line = _MARKDOWN.sub(r"\\\1", line)
    line = "".join(_HTML.get(character, character) for character in line)
    # a bare address would become a link
    return line.replace("://", ":&#47;&#47;")


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; the cells are escaped here."""
    lines = [header, ["---"] * len(header), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _made(model: FaceModel) -> str:
    config, told = model.config, model.provenance
    faces = "generated faces" if config.data.root is None else PurePath(config.data.root).name
    facts: dict[str, object] = {
        "faces": f"{faces}, layout {config.data.layout}",
        "fingerprint of the faces": told.get("faces", "not known"),
        "people": f"{len(model.identities):,}",
        "network": _network(model),
        "head (loss)": _settings(config.head),
        "optimiser": _settings(config.optim),
        "augmentation": _settings(config.augment),
        "seeds": told.get("seeds", config.train.seed),
        "epochs of each member": told.get("epochs", config.train.epochs),
        "views of a picture": f"{model.views} ({VIEWS[model.views][0]})",
        "chosen by": f"trial {told['trial']}" if "trial" in told else "not known",
        "run of the trial": told.get("trial_run_id", "not known"),
        "code": told.get("facesearch.git", "not known"),
        "versions": ", ".join(
            f"{key.removeprefix('facesearch.version.')} {value}"
            for key, value in told.items()
            if key.startswith("facesearch.version.")
        )
        or "not known",
    }
    return _table(("", ""), facts.items())


def _network(model: FaceModel) -> str:
    if model.config.model.network != "cnn":
        return model.config.model.network
    return f"cnn: {_settings(model.config.model)}"


def _settings(part: Any) -> str:
    """Return what differs from the default, and the type."""
    changed = part.model_dump(exclude_defaults=True)
    if hasattr(part, "type"):
        changed = {"type": part.type, **changed}
    said = [f"{key} {value}" for key, value in changed.items() if key != "init"]
    return ", ".join(said) or "as by default"


def _figures(report: Report) -> str:
    """Return a table a set; of each figure its interval, and what it rests on."""
    sets: dict[str, list[tuple[str, Figure]]] = {}
    for name, figure in report.figures.items():
        place, _, measure = name.partition("/")
        sets.setdefault(place, []).append((measure or place, figure))
    if not sets:
        return "Not measured: there is no figure of this model."
    header = ("measure", "value", "95 % interval", "faces or pairs")
    parts = [
        f"### {plain(place)}\n\n{_table(header, (_figure_row(*row) for row in rows))}"
        for place, rows in sets.items()
    ]
    return "\n\n".join(["Fractions; intervals are of whole people where these are known.", *parts])


def _figure_row(measure: str, figure: Figure) -> tuple[str, ...]:
    ends = f"{_number(figure.low)} to {_number(figure.high)}"
    is_withheld = math.isnan(figure.low) and math.isnan(figure.high)
    interval = "none: too few identities" if is_withheld else ends
    return measure, _number(figure.value), interval, f"{figure.num_faces:,}"


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    if not math.isfinite(value):
        return "not known"
    return f"{value:.3g}" if 0 < abs(value) < 0.01 else f"{value:.3f}"


def _thresholds(model: FaceModel) -> str:
    if not model.thresholds:
        return "It has none: it gives scores, and decides nothing."
    rows = [
        (name, f"{found.value:.4f}", found.unit, found.rule, found.fitted_on)
        for name, found in model.thresholds.items()
    ]
    fitted = model.calibration is not None
    return "\n\n".join([
        "Two faces are taken for one person's if their score is **above** the threshold. On other "
        "faces the rates will be others: fit them there with `facesearch evaluate --freeze`.",
        _table(("name", "value", "unit", "rule", "fitted on"), rows),
        "Scores can be turned into probabilities of one person, for as many equal as other pairs."
        if fitted else "Scores are no probabilities: no calibration was fitted.",
    ])  # fmt: skip


def _limits(model: FaceModel, report: Report) -> str:
    fewest = min((f.num_faces for f in report.figures.values()), default=0)
    lines = [f"The smallest of the figures above rests on {fewest:,} faces or pairs."]
    by_group = [rows for name, rows in report.tables.items() if "by group" in name]
    if not any(by_group):
        why = (
            "every group has too few faces"
            if by_group
            else "the faces do not say who belongs to which"
        )
        lines.append(
            "How its errors differ between groups of people (skin, sex, age) was not measured: "
            f"{why}."
        )
    if not any(_is_told(name, rows) for name, rows in report.tables.items() if "by shift" in name):
        lines.append("How it suffers when a face is not in the middle was not measured.")
    lines.append(
        "Not measured either: masks, glasses and other covers, very old pictures, twins, drawings, "
        "manipulated pictures, other cameras."
    )
    lines.append(
        "The likeliest identity is always one of the people it was trained on, even for a stranger."
    )
    if model.config.data.root is None:
        lines.append("It was trained on generated faces: its figures say nothing of real ones.")
    notes = report.without_names(model.identities).notes
    return "\n".join(f"- {line}" for line in [*lines, *map(plain, notes)])


def _is_told(name: str, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether a table says anything; one of shifts without an accuracy does not."""
    return any(row.keys() - {"shift"} for row in rows) if "by shift" in name else bool(rows)


def _costs(model: FaceModel) -> str:
    cost = network_cost(model.config.model, model.image_px)
    members, views = len(model.members), VIEWS[model.views][0]
    giga = cost.flops * members * views / 1e9
    rows = [
        (
            "operations a picture",
            f"{giga:.3g} GFLOPs: {cost.flops / 1e9:.3g} x {members} x {views}",
        ),
        ("parameters", f"{cost.parameters * members:,}, without the heads"),
        ("weights", f"{cost.state_bytes * members / 2**20:.1f} MiB, without the heads"),
        ("training", f"{model.provenance.get('training_minutes', 'not known')} minutes"),
    ]
    return _table(("", "members x views; a multiplication and an addition are two"), rows)


def _tables(model: FaceModel, report: Report) -> str:
    shareable = report.without_names(model.identities).tables
    parts = []
    for name, rows in report.tables.items():
        if not _is_told(name, rows):
            continue
        if name not in shareable:
            parts.append(f"### {plain(name)}\n\nOnly in the report: it names people.")
            continue
        columns = list(dict.fromkeys(key for row in rows for key in row))
        shown = [[_number(row.get(key, "")) for key in columns] for row in rows[:_ROWS]]
        more = f"\n\n{len(rows) - _ROWS} more rows in the report." if len(rows) > _ROWS else ""
        header = [plain(column) for column in columns]
        parts.append(f"### {plain(name)}\n\n{_table(header, shown)}{more}")
    return "\n\n".join(parts)


def _commands(model: FaceModel) -> str:
    return f"""\
```
facesearch verify MODEL a.jpg b.jpg              do two pictures show one person?
facesearch identify MODEL a.jpg --gallery DIR    who of a folder is it?
facesearch evaluate MODEL --data FACES           what is it worth on other faces?
facesearch compare MODEL OTHER --data FACES      is it better than another?
```

MODEL is the folder of this file, the id of its MLflow run, or its registered name, such as
`models:/NAME@champion`; `facesearch models` prints it.
Pictures are JPEG or PNG; the centre square is resized to {model.image_px} px, RGB."""
