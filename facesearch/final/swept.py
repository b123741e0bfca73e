"""Whether what is trained on now is what the sweep was searched on, and is reserved as it was then.

A sweep notes both in the first line of its ledger; where that is not at hand, its runs in MLflow
note the faces.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facesearch.config import DataConfig, ReserveConfig
from facesearch.data.faces import Faces, load_all_faces
from facesearch.errors import InputError
from facesearch.final.finalists import Finalist
from facesearch.tracking.store import Store
from facesearch.tracking.telling import telling
from facesearch.tuning.folder import opening

_NOTHING = ReserveConfig(images=0.0, dev=0.0, test=0.0)


@dataclass(frozen=True)
class Swept:
    """What a sweep notes of its faces.

    Attributes:
        fingerprint: Of the training faces, or how it begins; "" where nobody noted it.
        reserved: As `Reserve.about` has it; None where nobody noted it.
        name: Of the folder; "" where nobody noted it.

    """

    fingerprint: str = ""
    reserved: Mapping[str, Any] | None = None
    name: str = ""


def other_faces(store: Store, finalist: Finalist, runs_dir: Path) -> list[str]:
    """Return a line if the faces, or what is reserved of them, are not those of the sweep.

    Args:
        store: Where the trial's run is.
        finalist: The trial; its config says which faces are trained on now.
        runs_dir: Where the folder of its sweep may be.

    Raises:
        InputError: If the store does not answer, or the faces cannot be read.

    """
    with telling(store):
        tags = store.reader().get_run(finalist.run_id).data.tags
    swept = swept_faces(tags, runs_dir)
    data = finalist.config.data
    if data.root is None or not swept.fingerprint:
        return []  # what is generated follows from the config
    if not finalist.knew_reserve:  # it was searched on everything, which is told elsewhere
        data = data.model_copy(update={"reserve": _NOTHING})
        swept = Swept(swept.fingerprint, None, swept.name)
    line = _difference(swept, load_all_faces(data), data)
    return [line] if line else []


def swept_faces(tags: Mapping[str, str], runs_dir: Path) -> Swept:
    """Return what a sweep notes of its faces: its ledger's first line, or the tags of its runs."""
    noted = Swept(tags.get("facesearch.faces_sha256", ""))
    name = Path(tags.get("facesearch.folder", "")).name
    if not name:
        return noted
    try:
        opened = opening(runs_dir / name)
    except (InputError, OSError):
        return noted
    if opened.get("sweep_id") != tags.get("facesearch.sweep_id"):
        return noted
    root = opened.get("root")
    return Swept(
        str(opened["identity"]["faces"]), opened.get("reserved"),
        Path(root).name if root else "",
    )  # fmt: skip


def _difference(swept: Swept, now: Faces, data: DataConfig) -> str:
    """Return what differs, a sentence; "" if nothing does."""
    reserved = now.reserve.about() if now.reserve is not None else {}
    is_same = now.fingerprint.startswith(swept.fingerprint)
    is_kept = swept.reserved is None or dict(swept.reserved) == reserved
    if is_same and is_kept:
        return ""
    assert data.root is not None
    place = Path(data.root).name
    then = f" ({swept.name})" if swept.name and swept.name != place else ""
    if is_kept:
        what = f"the training faces of {place} are not those of the sweep{then}"
    elif is_same:
        what = f"what is reserved of {place} is not what was reserved in the sweep"
    else:
        what = f"neither the training faces of {place} nor its reserve are those of the sweep{then}"
    seen = "" if is_kept else ", and the search may have seen what is reported on"
    return (
        f"OTHER FACES: {what}: its scores are of other faces, what was best there need not be best "
        f"here{seen}."
    )
