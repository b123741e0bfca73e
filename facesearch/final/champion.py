"""Who wears the crown: whether a new version of a registered model is to be its champion.

Not in this module: how versions are made (`registry.py`) and compared (`compare.py`).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facesearch.data.layouts import FaceList
from facesearch.errors import FacesearchError
from facesearch.final.asked_faces import own_faces
from facesearch.final.compare import (
    BETTER,
    INCOMPARABLE,
    Contender,
    compare,
    read_digests,
    same_faces,
)
from facesearch.final.locate import find_bundle, load_model
from facesearch.final.model import FaceModel
from facesearch.final.targets import Targets, reporting_folder
from facesearch.tracking.store import Store

# isort: split
from mlflow.exceptions import MlflowException

CHAMPION, CHALLENGER = "champion", "challenger"
# Tags of a version: the SHA-256 of its bundle's manifest, and the faces that it was reported on.
MODEL_TAG, FACES_TAG = "facesearch.model_sha256", "facesearch.reported_on"
# What a model or its faces may raise that is no fault of the new model.
_FAULTS = (FacesearchError, ValueError, RuntimeError, LookupError, ArithmeticError)
_BY_HAND = f"to crown this one, give it the alias '{CHAMPION}' in MLflow"


@dataclass(frozen=True)
class Verdict:
    """Whether a new version takes the champion's place, and why."""

    is_champion: bool
    reason: str
    replaced: str = ""


@dataclass(frozen=True)
class Entrant:
    """A model that is to be registered, its digest, and the faces that it was reported on."""

    model: FaceModel
    digest: str
    targets: Targets
    reported_on: str


def judge(store: Store, name: str, entrant: Entrant) -> Verdict:
    """Compare a model with the champion of a registered model, on the faces of both.

    The place is empty only where no other model was ever registered. A champion that was reported
    on other faces, or that cannot be asked, stays where it is.

    Raises:
        MlflowException: If the store does not answer.

    """
    client = store.client()
    known = versions_of(client, name)
    others = [version for version in known if version.tags.get(MODEL_TAG) != entrant.digest]
    number = _champion_of(client, name)
    champion = next((version for version in known if str(version.version) == number), None)
    if champion is None:
        if not others:
            return Verdict(True, "the first version: there was no champion to compare it with")
        return Verdict(
            False, f"of the {len(others)} versions before it none is the champion; {_BY_HAND}"
        )
    if champion not in others:
        reason = f"the same model as the champion, version {number}, not wholly registered before"
        return Verdict(True, reason, number)
    why_not = _why_other_faces(entrant, champion)
    if why_not:
        return Verdict(False, f"not compared with the champion, version {number}: {why_not}")
    return _compared(store, f"models:/{name}/{number}", number, entrant)


def versions_of(client: Any, name: str) -> list[Any]:
    """Return all versions of a registered model; none if there is no such model."""
    found: list[Any] = []
    token = None
    while True:
        page = client.search_model_versions(f"name='{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _champion_of(client: Any, name: str) -> str:
    """Return the number of the champion, "" if there is none."""
    try:
        return str(client.get_registered_model(name).aliases.get(CHAMPION, ""))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return ""


def _why_other_faces(entrant: Entrant, champion: Any) -> str:
    of_champion = champion.tags.get(FACES_TAG, "")
    if not entrant.reported_on:
        return f"no figure of this model decides, as its faces have no such set; {_BY_HAND}"
    if not of_champion:
        return f"it does not say on which faces it was reported; {_BY_HAND}"
    if of_champion != entrant.reported_on:
        return f"it was reported on other faces; {_BY_HAND}"
    return ""


def _compared(store: Store, where: str, number: str, entrant: Entrant) -> Verdict:
    model, targets = entrant.model, entrant.targets
    try:
        folder = find_bundle(where, store)
        champion = load_model(folder)
        contenders = [Contender(model), Contender(champion, read_digests(folder))]
        shared = same_faces(targets, own_faces(model.config.data), model, contenders)
        found = compare(model, champion, *shared.of_each)
    except _FAULTS as error:
        reason = " ".join(str(error).split())[:300]
        if not isinstance(error, FacesearchError):
            reason = f"{type(error).__name__}: {reason}"
        return Verdict(False, f"the champion, version {number}, could not be compared: {reason}")
    if found.verdict == INCOMPARABLE:
        return Verdict(False, f"the champion, version {number}: {found.reason}")
    said = f"compared with the champion, version {number}: {found.reason}"
    if found.verdict == BETTER:
        return Verdict(True, f"better, {said}", number)
    return Verdict(False, f"not shown to be better, {said}")


# --- the faces --------------------------------------------------------------------------


def reported_on(model: FaceModel, targets: Targets) -> str:
    """Return which set decides, and a digest of its faces and of whose they are; "" if none does.

    It is of the files, so that two models which see them in two sizes, or without some copies of
    what they were trained on, are reported on the same faces.

    Raises:
        InputError: If the faces cannot be read.

    """
    parts: tuple[str, ...] = ()
    if targets.known is not None and targets.labelled("unknown_dev") is not None:
        parts = ("known", "unknown_dev")
    elif targets.dev is not None:
        parts = ("dev",)
    else:
        return ""
    data = model.config.data
    folder = reporting_folder(data)
    if folder is None:
        lines = ["generated", data.synthetic.model_dump_json()]
    else:
        lines = [line for part in parts for line in _lines(part, getattr(folder, part))]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"{parts[-1]}:{digest[:32]}"


def _lines(part: str, faces: FaceList) -> list[str]:
    pairs = zip(faces.paths, faces.identities, strict=True)
    return sorted(f"{part} {_digest(path)} {identity}" for path, identity in pairs)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
