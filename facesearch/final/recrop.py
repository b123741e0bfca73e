"""Sets that are cropped otherwise than a model's training faces: told, and recropped where asked.

A network has learnt where eyes and mouth lie; faces in another place or of another size score low,
and nothing else would tell why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from facesearch.data.box import Box, parse_box
from facesearch.data.geometry import MIN_IMAGES, Alignment, MeanFace, compare, parts_of
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.errors import InputError
from facesearch.final.model import FaceModel

AUTO, OFF = "auto", "off"
_TRAINING = "the training faces"


@dataclass(frozen=True)
class Crops:
    """The box of each set, and what is to be said of it.

    Args:
        boxes: By the name of the set; a set that is left as it is has none.
        lines: A sentence each for whoever asked: what differs, what was recropped.
        details: What could not be told.

    """

    boxes: Mapping[str, Box] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    def of(self, name: str, faces: FaceList) -> FaceList:
        """Return a set with its box."""
        return replace(faces, box=self.boxes.get(name))

    def of_folder(self, folder: FaceFolder) -> FaceFolder:
        """Return a folder whose parts have their boxes; that of pairs goes to the pairs."""
        parts: dict[str, Any] = {
            name: self.of(name, faces)
            for name, faces in parts_of(folder).items()
            if name in self.boxes and name != "pairs"
        }
        pairs = replace(folder.pairs, box=self.boxes.get("pairs"))
        return replace(folder, **parts, pairs=pairs)


def plan_crops(model: FaceModel, sets: Mapping[str, FaceList], recrop: str = OFF) -> Crops:
    """Say which box each set gets.

    Args:
        model: Its training faces are what the sets are compared with.
        sets: By name.
        recrop: ``off``: none, but sets that differ for sure are told of; ``auto``: those get the
            box in which they look like the training faces, and sets that are too small to tell
            get the box of the largest other one, which is told; or a box as `parse_box` reads it,
            for all sets.

    Raises:
        InputError: If it is none of these, or ``auto`` of a model that does not know its faces.

    """
    if recrop not in (AUTO, OFF):
        return _given(sets, recrop)
    mean = model.mean_face
    if mean is None:
        if recrop == AUTO:
            raise InputError(_UNKNOWN)
        return Crops(details=(_UNKNOWN,))
    found = compare(mean, sets)
    return _automatic(sets, found) if recrop == AUTO else _told(sets, found)


_UNKNOWN = (
    "the model does not say how its training faces were cropped (it was made by an earlier "
    "version, or of too few identities). Find the box: facesearch data geometry TRAINING-FACES "
    "OTHER-FACES; then write --recrop LEFT,TOP,RIGHT,BOTTOM."
)


def tell_of_training(mean: MeanFace | None, folder: FaceFolder) -> list[str]:
    """Return a sentence for each part of a folder that is cropped otherwise than was trained on."""
    if mean is None:
        return []
    found = compare(mean, parts_of(folder))
    return [_sentence(name, one) for name, one in found.items() if one.differs]


def _given(sets: Mapping[str, FaceList], recrop: str) -> Crops:
    try:
        box = parse_box(recrop)
    except InputError as error:
        raise InputError(f"--recrop: write auto, off, or a box. {error}") from None
    return Crops(dict.fromkeys(sets, box), (f"{', '.join(sets)}: recropped to {box}, as asked.",))


def _told(sets: Mapping[str, FaceList], found: Mapping[str, Alignment]) -> Crops:
    lines = [
        f"{_sentence(name, one)} That alone lowers scores; write --recrop auto."
        for name, one in found.items()
        if one.differs
    ]
    return Crops({}, tuple(lines), _untold(sets, found))


def _automatic(sets: Mapping[str, FaceList], found: Mapping[str, Alignment]) -> Crops:
    boxes = {name: one.box for name, one in found.items() if one.differs}
    lines = [f"{_sentence(name, one)} Recropped." for name, one in found.items() if one.differs]
    sure = [name for name, one in found.items() if one.is_confident]
    if boxes:
        largest = max(sure, key=lambda name: len(sets[name]))
        for name in [name for name in sets if name not in sure and largest in boxes]:
            boxes[name] = boxes[largest]
            lines.append(
                f"{name}: too few images to tell ({len(sets[name])}); recropped as {largest} is. "
                "If they come from elsewhere, write --recrop off or a box."
            )
    elif sure:
        lines.append(f"{', '.join(sure)}: cropped as {_TRAINING}; nothing was recropped.")
    else:
        lines.append(f"too few or too unlike images to tell their crop: {', '.join(sets)}.")
    return Crops(boxes, tuple(lines), _untold(sets, found))


def _sentence(name: str, alignment: Alignment) -> str:
    return f"{name}: {alignment.in_words(_TRAINING)}."


def _untold(sets: Mapping[str, FaceList], found: Mapping[str, Alignment]) -> tuple[str, ...]:
    few = [
        f"{name}: {len(faces)} images are too few to tell how they are cropped ({MIN_IMAGES} is "
        "the least)."
        for name, faces in sets.items()
        if name not in found
    ]
    unsure = [_sentence(name, one) for name, one in found.items() if not one.is_confident]
    return tuple(few + unsure)
