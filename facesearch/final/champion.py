"""The champion of a data set: whether a new version of its registered model is to be it.

Without proof nobody is: a model without figures that decide gets no alias.

Not in this module: how versions are made (`registry.py`) and compared (`compare.py`).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.errors import FacesearchError, InputError
from facesearch.final.asked_faces import own_faces
from facesearch.final.compare import (
    BETTER,
    DECIDING,
    INCOMPARABLE,
    Contender,
    compare,
    read_digests,
    same_faces,
)
from facesearch.final.dataset import SHARED, registry_name
from facesearch.final.locate import find_bundle, load_model
from facesearch.final.model import FaceModel
from facesearch.final.targets import Targets, reporting_folder
from facesearch.final.unseen import num_mated, refuse_too_few, without_identities
from facesearch.tracking.store import Store

# isort: split
from mlflow.exceptions import MlflowException

# Aliases, and what a version is that gets none; `INCOMPARABLE` is another such.
CHAMPION, CHALLENGER = "champion", "challenger"
UNMEASURED = "not measured"
# Tags of a version: the SHA-256 of its bundle's manifest, and the faces that it was reported on.
MODEL_TAG, FACES_TAG = "facesearch.model_sha256", "facesearch.reported_on"
# What a model or its faces may raise that is no fault of the new model.
_FAULTS = (FacesearchError, ValueError, RuntimeError, LookupError, ArithmeticError)
_BY_HAND = f"to make this one the champion, give it the alias '{CHAMPION}' in MLflow"
_NO_FIGURES = (
    "no figure of this model decides, as its faces have no labelled set to compare models on "
    "(unknown_test or unknown_dev with other images of those in the gallery, or dev), and none was "
    f"reserved (data.reserve); so it gets no alias and cannot become {CHAMPION}"
)


@dataclass(frozen=True)
class Verdict:
    """What a new version is, and why.

    Args:
        standing: `CHAMPION` or `CHALLENGER`, which become its alias; `INCOMPARABLE` or
            `UNMEASURED`, which get none.
        reason: A line.
        replaced: The version that was the champion before, if this one takes its place.

    """

    standing: str
    reason: str
    replaced: str = ""

    @property
    def alias(self) -> str:
        """The alias that it gets; "" for none."""
        return self.standing if self.standing in (CHAMPION, CHALLENGER) else ""


@dataclass(frozen=True)
class Entrant:
    """A model that is to be registered, its digest, and the faces that it was reported on."""

    model: FaceModel
    digest: str
    targets: Targets
    reported_on: str


def judge(store: Store, name: str, entrant: Entrant) -> Verdict:
    """Compare a model with the champion of a registered model, on the faces of both.

    A model without figures that decide is never the champion, not even as the first version. The
    place is empty only where no other model with such figures was ever registered. A champion that
    was reported on other faces, or that cannot be asked, stays where it is; but where a data set
    was only added to, both are asked about what is reserved now and the champion has not seen.

    Raises:
        MlflowException: If the store does not answer.

    """
    if not entrant.reported_on:
        return Verdict(UNMEASURED, _NO_FIGURES)
    client = store.client()
    known = versions_of(client, name)
    others = [version for version in known if version.tags.get(MODEL_TAG) != entrant.digest]
    number = champion_of(client, name)
    champion = next((version for version in known if str(version.version) == number), None)
    if champion is None:
        return _without_champion(store, name, others, entrant)
    if champion not in others:
        reason = f"the same model as the champion, version {number}, not wholly registered before"
        return Verdict(CHAMPION, reason, number)
    where, what = f"models:/{name}/{number}", f"version {number}"
    why_not = _why_other_faces(entrant, champion)
    if not why_not:
        return _compared(store, where, what, entrant, number)
    if not _is_of_one_data_set(name, entrant, champion):
        return Verdict(INCOMPARABLE, f"not compared with the champion, {what}: {why_not}")
    what += ", on those reserved now that it was not trained on"
    return _compared(store, where, what, entrant, number, is_changed=True)


def _without_champion(store: Store, name: str, others: list[Any], entrant: Entrant) -> Verdict:
    """Judge a model where nobody is the champion of its data set yet."""
    before = None if name == SHARED else _with_the_one_of_before(store, entrant)
    if before is not None and before.standing != INCOMPARABLE:
        return before
    measured = [version for version in others if version.tags.get(FACES_TAG)]
    if measured:
        said = f"of the {len(measured)} measured versions before it none is the champion"
        return Verdict(INCOMPARABLE, f"{said}; {_BY_HAND}")
    more = f"; {before.reason}" if before is not None else ""
    reason = f"the first version with figures: there was no champion before it{more}"
    return Verdict(CHAMPION, reason)


def _with_the_one_of_before(store: Store, entrant: Entrant) -> Verdict | None:
    """Compare with the champion that a store has from before data sets had names of their own.

    None if there is none, or it was reported on other faces.
    """
    client = store.client()
    number = champion_of(client, SHARED)
    if not number or _why_other_faces(entrant, client.get_model_version(SHARED, number)):
        return None
    where = f"models:/{SHARED}/{number}"
    return _compared(store, where, where, entrant)


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


def champion_of(client: Any, name: str) -> str:
    """Return the number of the champion, "" if there is none."""
    try:
        return str(client.get_registered_model(name).aliases.get(CHAMPION, ""))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return ""


def _why_other_faces(entrant: Entrant, champion: Any) -> str:
    of_champion = champion.tags.get(FACES_TAG, "")
    if not of_champion:
        return f"it does not say on which faces it was reported; {_BY_HAND}"
    part = of_champion.partition(":")[0]
    if of_champion != reported_on(entrant.model, entrant.targets, part):
        return f"it was reported on other faces; {_BY_HAND}"
    return ""


def _is_of_one_data_set(name: str, entrant: Entrant, champion: Any) -> bool:
    """Whether both have the same identities under the same names, with a measured set to search.

    A closed set is not enough: who is in it was trained on, by other files of the same images too.
    """
    data, part = entrant.model.config.data, entrant.reported_on.partition(":")[0]
    is_searched = part != "dev" and bool(champion.tags.get(FACES_TAG))
    return is_searched and data.root is not None and name == registry_name(data)


def _compared(
    store: Store, where: str, what: str, entrant: Entrant, replaced: str = "", *,
    is_changed: bool = False,
) -> Verdict:  # fmt: skip
    model = entrant.model
    try:
        folder = find_bundle(where, store)
        champion = Contender(load_model(folder), read_digests(folder))
        found = compare(model, champion.model, *_of_both(entrant, champion, is_changed=is_changed))
    except _FAULTS as error:
        reason = " ".join(str(error).split())[:300]
        if not isinstance(error, FacesearchError):
            reason = f"{type(error).__name__}: {reason}"
        said = f"the champion, {what}, could not be compared: {reason}"
        return Verdict(INCOMPARABLE, said)
    if found.verdict == INCOMPARABLE or found.main is None:
        return Verdict(INCOMPARABLE, f"the champion, {what}: {found.reason}")
    said = f"compared with the champion, {what}: {found.reason}"
    if found.verdict == BETTER:
        return Verdict(CHAMPION, f"better, {said}", replaced)
    return Verdict(CHALLENGER, f"not shown to be better, {said}")


def _of_both(entrant: Entrant, champion: Contender, *, is_changed: bool) -> tuple[Targets, ...]:
    """Return the faces of a new model for it and the champion, in the size of each.

    Args:
        entrant: The new model.
        champion: What it is compared with.
        is_changed: Whether the champion was reported on other faces: then nobody whom it was
            trained on may be among these.

    Raises:
        InputError: If too few are left, or it is not known what it was trained on.

    """
    model, asked = entrant.model, entrant.targets
    if is_changed:
        if not champion.digests:
            raise InputError("it does not say which images it was trained on.")
        asked = without_identities(asked, set(champion.model.identities))
    faces = own_faces(model.config.data)
    shared = same_faces(asked, faces, model, [Contender(model), champion])
    if is_changed:
        part = entrant.reported_on.partition(":")[0]
        refuse_too_few(entrant.targets, shared.of_each[0], part)
    return shared.of_each


# --- the faces --------------------------------------------------------------------------


def reported_on(model: FaceModel, targets: Targets, part: str = "") -> str:
    """Return which set decides, and a digest of its faces and of whose they are; "" if none does.

    It is of the files, so that two models which see them in two sizes, or without some copies of
    what they were trained on, are reported on the same faces.

    Args:
        model: Whose faces they are.
        targets: Its reporting sets.
        part: The set that decides; "": the first that is labelled of `DECIDING`.

    Raises:
        InputError: If the faces cannot be read.

    """
    part = part or next((name for name in DECIDING if _can_decide(targets, name)), "")
    if part not in DECIDING:
        return ""
    data = model.config.data
    folder = reporting_folder(data)
    if folder is None:
        lines = ["generated", data.synthetic.model_dump_json()]
    else:
        sides = _sides(folder, part)
        lines = [line for side in sides for line in _lines(side, getattr(folder, side))]
    digest = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{part}:{digest[:32]}"


def _can_decide(targets: Targets, part: str) -> bool:
    """Whether a figure of a set can tell models apart: of probes that needs a mated one."""
    if part == "dev":
        return targets.labelled(part) is not None
    return num_mated(targets, part) > 0


def _sides(folder: FaceFolder, part: str) -> tuple[str, ...]:
    """Return the parts of the folder that a set is asked about with: its gallery, and itself."""
    if part == "dev":
        return (part,)
    return ("known_test" if part == "unknown_test" and len(folder.known_test) else "known", part)


def _lines(part: str, faces: FaceList) -> list[str]:
    pairs = zip(faces.paths, faces.identities, strict=True)
    return sorted(f"{part} {_digest(path)} {identity}" for path, identity in pairs)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
