import os
from pathlib import Path

import pytest
from ray._private.utils import validate_socket_filepath

from facesearch.errors import InputError
from facesearch.tuning import ray_folder
from facesearch.tuning.ray_folder import choose_folder, trouble, usual_folder

# as Ray names them; a process has a number of up to seven digits
SOCKET = "session_2026-11-28_14-41-57_692976_4194304/sockets/plasma_store"


def folder_of(num_bytes: int) -> Path:
    path = Path("/tmp/" + "x" * (num_bytes - len("/tmp/")))
    assert len(os.fsencode(path)) == num_bytes
    return path


def test_what_is_allowed_is_what_ray_allows() -> None:
    def is_allowed_by_ray(folder: Path) -> bool:
        try:
            validate_socket_filepath(str(folder / SOCKET))
        except OSError:
            return False
        return True

    verdicts = {n: not trouble(folder_of(n)) for n in range(20, 80)}
    assert verdicts == {n: is_allowed_by_ray(folder_of(n)) for n in range(20, 80)}
    assert set(verdicts.values()) == {True, False}


def test_bytes_are_counted_and_not_letters() -> None:
    assert trouble(Path("/tmp") / ("x" * 30)) == ""
    assert "bytes too long" in trouble(Path("/tmp") / ("é" * 30))


def test_the_usual_folder_is_that_of_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray._common.utils import get_default_ray_temp_dir

    for variables in (
        {},
        {"TMPDIR": "/a"},
        {"RAY_TMPDIR": "/b"},
        {"TMPDIR": "/a", "RAY_TMPDIR": "/b"},
    ):
        for name in ("TMPDIR", "RAY_TMPDIR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert str(usual_folder()[0]) == get_default_ray_temp_dir()


def test_a_long_folder_is_left_for_a_short_one_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", "/tmp")
    assert choose_folder() == (None, "")
    long = tmp_path / ("long" * 20)
    monkeypatch.setenv("TMPDIR", str(long))
    chosen, why = choose_folder()
    assert chosen is not None and not trouble(chosen)
    assert f"TMPDIR={long}" in why and "too long for Unix sockets" in why and str(chosen) in why


@pytest.mark.parametrize("variable", ["TMPDIR", "RAY_TMPDIR"])
def test_a_folder_that_cannot_be_made_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv(variable, "/dev/null")
    chosen, why = choose_folder()
    assert chosen is not None and f"{variable}=/dev/null" in why and "/dev/null is a file" in why


def test_without_any_folder_the_message_names_what_to_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_TMPDIR", "/x" * 60)
    monkeypatch.setattr(ray_folder, "trouble", lambda folder: "cannot be written")
    with pytest.raises(
        InputError, match=r"RAY_TMPDIR.*TMPDIR.*at most (\d+) bytes.*export"
    ) as told:
        choose_folder()
    longest = int(str(told.value).split("at most ")[1].split()[0])
    monkeypatch.undo()
    assert trouble(folder_of(longest) / "ray") == ""
    assert trouble(folder_of(longest + 1) / "ray") != ""


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.statvfs_result((4096, 4096, 1000, 10, 10, 1000, 10, 10, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    assert "room" in trouble(Path("/tmp/ray"))
