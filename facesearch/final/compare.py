"""Two models on the same faces: which is better, and how sure that is.

A face that both get right, or both wrong, says nothing; only the others count. So the interval of
the difference is far narrower than those of the two figures, and two figures whose intervals
overlap may well be told apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from facesearch.data.faces import FaceSet
from facesearch.data.left_out import PassedOver
from facesearch.errors import InputError
from facesearch.final.asked_faces import AskedFaces, Question, asked_faces
from facesearch.final.figures import Outcome
from facesearch.final.leaks import DIGESTS, find_leaks
from facesearch.final.left_out import passed_over_in
from facesearch.final.locate import find_bundle, load_model
from facesearch.final.model import FaceModel
from facesearch.final.outcomes import outcomes_of
from facesearch.final.targets import Targets
from facesearch.metrics.intervals import paired_difference

BETTER, WORSE, UNDECIDED = "better", "worse", "no difference shown"
INCOMPARABLE = "not comparable"
# The sets that decide, the first that there is: identities that are in no training and that no
# threshold was fitted on; those that thresholds are fitted on; else the closed task.
DECIDING = ("unknown_test", "unknown_dev", "dev")
MAIN_FIGURES = ("unknown_test/rank1", "unknown_dev/rank1", "dev/top1")
_LEVEL = 0.05
_NOTHING = (
    "nothing could be compared: these faces hold no known people with labelled pictures of them in "
    "unknown_dev or unknown_test, and no dev set of people whom both models were trained on"
)
# What `outcomes_of` asks about.
_PARTS = ("dev", "known", "unknown_dev", "unknown_test", "known_test")


@dataclass(frozen=True)
class Difference:
    """One figure of both models on the same faces.

    Args:
        name: ``set/measure``.
        value_a: Of A, a fraction of the faces.
        value_b: Of B.
        difference: A - B, with its 95 % interval ``low`` to ``high``.
        low: See there.
        high: See there.
        p_value: How often chance alone gives a difference of this size or more.
        num_faces: Faces that it rests on, a count.

    """

    name: str
    value_a: float
    value_b: float
    difference: float
    low: float
    high: float
    p_value: float
    num_faces: int

    @property
    def verdict(self) -> str:
        """What A is, compared with B: better or worse only if 0 is outside the interval.

        And only if chance is unlikely: where few identities differ, and all of them to one side,
        drawing identities gives an interval without 0 though so few may well agree by chance.
        """
        if not self.p_value <= _LEVEL:
            return UNDECIDED
        if self.low > 0:
            return BETTER
        return WORSE if self.high < 0 else UNDECIDED

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.value_a:.3f} - {self.value_b:.3f} = {self.difference:+.3f} "
            f"[{self.low:+.3f}, {self.high:+.3f}], p {self.p_value:.3f}, {self.num_faces} faces: "
            f"{self.verdict}"
        )


@dataclass(frozen=True)
class Contender:
    """A model, and the digests of what it was trained on (`facesearch.final.leaks`), if known."""

    model: FaceModel
    digests: bytes = b""


@dataclass(frozen=True)
class Shared:
    """The same faces for each model, and what is to be known of them.

    left_out names files and identities, so it is told on the screen and not kept: notes count it.
    """

    of_each: tuple[Targets, ...]
    notes: list[str]
    left_out: list[PassedOver] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """What differs between two models, and what could not be compared."""

    differences: list[Difference]
    notes: list[str] = field(default_factory=list)

    @property
    def main(self) -> Difference | None:
        """The figure that decides, if there is one."""
        by_name = {found.name: found for found in self.differences}
        return next((by_name[name] for name in MAIN_FIGURES if name in by_name), None)

    @property
    def verdict(self) -> str:
        """Better only if the main figure is and no other is worse; worse if the main figure is."""
        if not self.differences:
            return INCOMPARABLE
        if self.main is None:
            return UNDECIDED
        is_spoilt = any(found.verdict == WORSE for found in self.differences)
        return UNDECIDED if self.main.verdict == BETTER and is_spoilt else self.main.verdict

    @property
    def reason(self) -> str:
        """The verdict's ground, a line."""
        if not self.differences:
            return _NOTHING
        if self.main is None:
            return f"neither has a figure that decides ({' or '.join(MAIN_FIGURES)})"
        worse = [str(d) for d in self.differences if d.verdict == WORSE and d != self.main]
        return "; but worse in ".join([str(self.main), *worse])


def compare(
    a: FaceModel, b: FaceModel, targets: Targets, targets_b: Targets | None = None
) -> Comparison:
    """Compare two models on each labelled set that both can be asked about.

    Args:
        a: The model that is judged.
        b: The one that it is compared with.
        targets: The reporting sets in the size that A takes.
        targets_b: The same faces in the size that B takes; None: both take the same.

    Raises:
        InputError: If the sets do not hold the same faces in the same order.

    Returns:
        What differs; where no set is one of both, a note says so.

    """
    sets_a, sets_b = targets, targets if targets_b is None else targets_b
    _refuse_other_sizes(a, sets_a)
    _refuse_other_sizes(b, sets_b)
    notes = []
    if a.identities != b.identities:
        # labels are numbers of a head; of another head they mean other people
        notes.append("dev/top1 is left out: the models were trained on different people.")
        sets_a, sets_b = replace(sets_a, dev=None), replace(sets_b, dev=None)
    found_a, found_b = outcomes_of(a, sets_a), outcomes_of(b, sets_b)
    notes += [
        f"{name} is left out: only one model has it." for name in sorted({*found_a} ^ {*found_b})
    ]
    differences = [
        _difference(name, outcome, found_b[name])
        for name, outcome in found_a.items()
        if name in found_b
    ]
    if not differences:
        notes.append(f"{_NOTHING}.")
    return Comparison(differences, notes)


def _difference(name: str, a: Outcome, b: Outcome) -> Difference:
    if not np.array_equal(a.identities_N, b.identities_N):
        raise InputError(f"compare: {name}: the two models were not asked about the same faces.")
    paired = paired_difference(a.is_right_N, b.is_right_N, a.identities_N)
    return Difference(
        name,
        float(a.is_right_N.mean()),
        float(b.is_right_N.mean()),
        paired.difference,
        paired.low,
        paired.high,
        paired.p_value,
        len(a.is_right_N),
    )


def _refuse_other_sizes(model: FaceModel, targets: Targets) -> None:
    for name in _PARTS:
        faces: FaceSet | None = getattr(targets, name)
        if faces is not None and faces.images_NHWC.shape[1] != model.image_px:
            raise InputError(
                f"compare: {name} is of {faces.images_NHWC.shape[1]} px, but the model takes "
                f"{model.image_px}."
            )


def contender(
    where: str, *, tracking_uri: str | None = None, runs_dir: Path = Path("runs")
) -> Contender:
    """Return the model that is named, with its digests; arguments as of `find_bundle`.

    Raises:
        InputError: If there is no such model, or it is not what was written.

    """
    folder = find_bundle(where, tracking_uri=tracking_uri, runs_dir=runs_dir)
    return Contender(load_model(folder), read_digests(folder))


def read_digests(bundle: Path) -> bytes:
    """Return the digests of what the model of a bundle was trained on; none if it has none."""
    path = bundle / DIGESTS
    return path.read_bytes() if path.exists() else b""


def targets_of_both(a: Contender, b: Contender, root: str | None = None) -> Shared:
    """Return the reporting faces for both, in the size that each takes.

    Args:
        a: Says which faces: the folder of its config, or its generated ones.
        b: The other.
        root: Another folder of faces, as an absolute path; see `asked_faces`.

    Raises:
        InputError: If the faces cannot be read.

    """
    model = a.model
    digests = [a.digests, b.digests]
    question = Question(root=root)
    faces = asked_faces(model.config.data, model.identities, digests, question)
    targets = faces.targets(model.image_px, model.identities)
    shared = same_faces(targets, faces, model, [a, b])
    left_out = passed_over_in(question, model.config.data)
    counted = [line for one in left_out for line in one.counts()]
    return Shared(shared.of_each, [*faces.notes, *shared.notes, *counted], left_out)


def same_faces(
    targets: Targets, faces: AskedFaces, model: FaceModel, others: Sequence[Contender]
) -> Shared:
    """Return the reporting sets of a model for all that are asked about the same faces.

    Args:
        targets: What was read for ``model``, perhaps without some faces.
        faces: Where it was read from.
        model: Whose size and identities it has.
        others: Who is asked; a picture that one of them was trained on is left out for all.

    Raises:
        InputError: If faces of another size cannot be read.

    """
    notes, data, folder = [], faces.data, faces.folder
    targets = replace(targets, pairs=None)  # no figure that is compared is of pairs
    for number, other in enumerate(others):
        if folder is not None and other.digests:
            leaks = find_leaks(other.digests, other.model.identities, folder)
            notes += [f"model {'AB'[number]}: {line}" for line in leaks.lines()]
            targets = leaks.without_copies(targets)
    if folder is None and any(o.model.config.data.synthetic != data.synthetic for o in others):
        # generated people have the same names whatever their seed is
        notes.append("dev/top1 is left out: the models learnt other generated people.")
        targets = replace(targets, dev=None)
    of_each = [_resized(targets, faces, model, other.model) for other in others]
    return Shared(tuple(of_each), notes)


def _resized(targets: Targets, faces: AskedFaces, model: FaceModel, asked: FaceModel) -> Targets:
    """Return the same rows, of pictures in the size that ``asked`` takes."""
    if asked.image_px == model.image_px:
        return targets
    found = faces.targets(asked.image_px, model.identities)
    resized: dict[str, Any] = {}
    for part in _PARTS:
        rows: FaceSet | None = getattr(targets, part)
        others: FaceSet | None = getattr(found, part)
        if rows is not None and others is not None:
            resized[part] = replace(rows, images_NHWC=others.images_NHWC)
    return replace(targets, **resized)
