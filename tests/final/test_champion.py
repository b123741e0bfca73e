from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faces_on_disk import people, picture
from models import untrained

from facesearch.config import DataConfig
from facesearch.data.faces import read_reserve
from facesearch.final import champion as champion_module
from facesearch.final import compare as compare_module
from facesearch.final.champion import (
    CHAMPION,
    FACES_TAG,
    MODEL_TAG,
    Entrant,
    Verdict,
    judge,
    reported_on,
)
from facesearch.final.compare import INCOMPARABLE, compare
from facesearch.final.dataset import registry_name
from facesearch.final.figures import Outcome
from facesearch.final.leaks import training_digests
from facesearch.final.model import FaceModel
from facesearch.final.targets import Targets, read_targets
from facesearch.tracking.store import Store, resolve_store

NAMES = [f"p{number:02d}" for number in range(20)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return resolve_store(None, tmp_path_factory.mktemp("runs"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return people(tmp_path / tmp_path.name, NAMES)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[set[str]]]:
    """Whom each comparison asked about; the new model knows everybody, the champion nobody."""
    found: list[set[str]] = []

    def outcomes(model: FaceModel, targets: Targets) -> dict[str, Outcome]:
        faces = targets.labelled("unknown_test")
        assert faces is not None
        found.append({targets.gallery_names[label] for label in faces.labels_M})
        right = np.full(len(faces), float("new" in model.provenance))
        return {"unknown_test/rank1": Outcome(right, faces.labels_M)}

    monkeypatch.setattr(compare_module, "outcomes_of", outcomes)
    yield found


def entrant(root: Path, **reserve: float) -> Entrant:
    """Return a model of a folder of which dev and test are reserved."""
    parts = {"images": 0.0, "dev": 0.2, "test": 0.4, **reserve}
    data = DataConfig(root=str(root), image_px=16, reserve=parts)
    names = tuple(sorted(set(read_reserve(data).folder.train.identities)))
    model = untrained(identities=names, provenance={"new": True})
    model = replace(model, config=model.config.model_copy(update={"data": data}))
    targets = read_targets(data, names)
    return Entrant(model, "new", targets, reported_on(model, targets))


class Registry:
    """A champion of a registered model, whose bundle is not read."""

    def __init__(self, store: Store, patch: pytest.MonkeyPatch, before: Entrant) -> None:
        self.store, self.name = store, registry_name(before.model.config.data)
        folder = read_reserve(before.model.config.data).folder
        self.digests = training_digests(folder.train)
        patch.setattr(champion_module, "find_bundle", lambda *_: Path())
        patch.setattr(champion_module, "load_model", lambda _: replace(before.model, provenance={}))
        patch.setattr(champion_module, "read_digests", lambda _: self.digests)
        self.crown(self.name, before.reported_on)

    def crown(self, name: str, faces: str) -> None:
        client = self.store.client()
        client.create_registered_model(name)
        tags = {MODEL_TAG: "old", FACES_TAG: faces}
        number = client.create_model_version(name, "/nowhere", tags=tags).version
        client.set_registered_model_alias(name, CHAMPION, number)

    def judge(self, new: Entrant, name: str = "") -> Verdict:
        return judge(self.store, name or self.name, new)


def reserved(one: Entrant) -> set[str]:
    assert one.targets.unknown_test is not None
    return {one.targets.gallery_names[label] for label in one.targets.unknown_test.labels_M}


def test_one_more_image_of_a_reserved_identity_does_not_stop_the_race(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch, asked: list[set[str]]
) -> None:
    before = entrant(root)
    registry = Registry(store, monkeypatch, before)
    whose = min(reserved(before))
    picture(root / whose / f"{whose}_0009.jpg", 99)
    after = entrant(root)
    assert after.reported_on != before.reported_on
    verdict = registry.judge(after)
    assert (verdict.standing, verdict.replaced) == (CHAMPION, "1")
    assert "version 1, on those reserved now that it was not trained on: unknown" in verdict.reason
    assert asked == [reserved(after)] * 2


def test_nobody_whom_the_champion_was_trained_on_is_asked_about(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch, asked: list[set[str]]
) -> None:
    before = entrant(root)
    trained = sorted(reserved(before))[:1]
    known = replace(before.model, identities=(*before.model.identities, *trained))
    registry = Registry(store, monkeypatch, replace(before, model=known))
    whose = max(reserved(before))
    picture(root / whose / f"{whose}_0009.jpg", 99)
    registry.judge(entrant(root))
    assert asked == [reserved(before) - set(trained)] * 2


def test_a_reserve_of_others_is_not_compared_on(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch, asked: list[set[str]]
) -> None:
    before = entrant(root)
    trained, registry = set(before.model.identities), Registry(store, monkeypatch, before)
    drawn = (entrant(root, seed=seed) for seed in range(1, 50))
    others = next(one for one in drawn if len(reserved(one) & trained) > 4)
    verdict = registry.judge(others)
    assert verdict.standing == INCOMPARABLE
    assert "were in its training, so too few are left" in verdict.reason
    assert asked == []


def test_what_is_not_known_to_be_one_data_set_is_not_compared(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch, asked: list[set[str]]
) -> None:
    before = entrant(root)
    registry = Registry(store, monkeypatch, before)
    whose = min(reserved(before))
    picture(root / whose / f"{whose}_0009.jpg", 99)
    after = entrant(root)
    registry.crown("by-hand", before.reported_on)
    verdict = registry.judge(after, "by-hand")
    assert verdict.standing == INCOMPARABLE and "reported on other faces" in verdict.reason
    closed = replace(after, reported_on="dev:0")
    assert "reported on other faces" in registry.judge(closed).reason
    registry.digests = b""
    verdict = registry.judge(after)
    assert verdict.standing == INCOMPARABLE
    assert "it does not say which images it was trained on" in verdict.reason
    assert asked == []


def alone_in_test(root: Path) -> Path:
    """Write train/ and val/ of identities, and test/ of others with one image each."""
    people(root / "train", "abcdef", each=4)
    people(root / "val", [f"v{number}" for number in range(6)])
    people(root / "test", [f"t{number}" for number in range(6)], each=1)
    return root


def test_a_test_set_without_mated_probes_does_not_decide(tmp_path: Path) -> None:
    data = DataConfig(root=str(alone_in_test(tmp_path / "faces")), image_px=16)
    model = untrained(identities=tuple("abcdef"))
    model = replace(model, config=model.config.model_copy(update={"data": data}))
    targets = read_targets(data, model.identities)
    assert targets.labelled("unknown_test") is not None
    assert reported_on(model, targets).startswith("unknown_dev:")
    assert reported_on(model, replace(targets, unknown_dev=None, dev=None)) == ""
    found = compare(model, model, targets)
    assert [one.name for one in found.differences] == ["unknown_dev/rank1"]
    assert found.main is not None and np.isfinite(found.main.value_a)
