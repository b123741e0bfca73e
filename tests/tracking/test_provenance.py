from pathlib import Path

from facesearch.tracking.provenance import git_commit, provenance


def test_the_tags_tell_space_faces_and_versions() -> None:
    tags, other = provenance("a: 1", "f" * 64), provenance("a: 2", "f" * 64)
    assert tags["facesearch.space_sha256"] != other["facesearch.space_sha256"]
    assert tags["facesearch.faces_sha256"] == "f" * 16
    assert tags["facesearch.version.torch"][0].isdigit()


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == "unknown"
