import pytest
from faces_on_disk import people

from facesearch.config import DataConfig
from facesearch.errors import InputError
from facesearch.final.targets import Targets, read_targets
from facesearch.final.unseen import num_mated, refuse_too_few, without_identities


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Targets:
    """Twenty identities of three images each, of which four are in dev and six in test."""
    root = people(tmp_path_factory.mktemp("faces"), [f"p{number:02d}" for number in range(20)])
    reserve = {"images": 0.0, "dev": 0.2, "test": 0.3}
    return read_targets(DataConfig(root=str(root), image_px=16, reserve=reserve), ())


def names_of(targets: Targets, part: str) -> set[str]:
    faces = getattr(targets, part)
    return {targets.gallery_names[label] for label in faces.labels_M}


def test_identities_are_left_out_of_gallery_and_probes(targets: Targets) -> None:
    mated = sorted(names_of(targets, "known_test") & names_of(targets, "unknown_test"))
    assert num_mated(targets, "unknown_test") == len(mated) > 3
    left = without_identities(targets, {mated[0], "somebody else"})
    for part in ("known_test", "unknown_test"):
        assert names_of(targets, part) - names_of(left, part) == {mated[0]}
    assert num_mated(left, "unknown_test") == len(mated) - 1
    assert left.known is targets.known and left.unknown_dev is targets.unknown_dev
    refuse_too_few(targets, left, "unknown_test")


def test_half_of_the_identities_are_too_few(targets: Targets) -> None:
    mated = sorted(names_of(targets, "known_test") & names_of(targets, "unknown_test"))
    half = without_identities(targets, mated[: -(-len(mated) // 2)])
    with pytest.raises(InputError, match=rf"of the {len(mated)} identities of unknown_test \d"):
        refuse_too_few(targets, half, "unknown_test")
    none = without_identities(targets, mated)
    assert none.unknown_test is None or num_mated(none, "unknown_test") == 0
    with pytest.raises(InputError, match="too few are left to compare on"):
        refuse_too_few(targets, none, "unknown_test")


def test_probes_of_whom_nobody_is_in_the_gallery_are_not_mated(targets: Targets) -> None:
    assert num_mated(Targets(), "unknown_test") == 0
    other = Targets(known=targets.known_test, unknown_test=targets.unknown_dev)
    assert other.labelled("unknown_test") is not None and num_mated(other, "unknown_test") == 0
