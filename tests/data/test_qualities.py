from pathlib import Path

from facesearch.data.qualities import qualities


def named(*names: str) -> list[Path]:
    return [Path("people") / name for name in names]


def test_names_of_files_tell_pose_camera_and_view() -> None:
    paths = named("anna_pose30_cam2.jpg", "ben-pose-0-cam1.png", "pose90.cam2.frontal.jpg", "x.jpg")
    found = qualities(paths, {})
    assert found == {"pose": ("30", "0", "90", ""), "camera": ("2", "1", "2", "")}
    assert qualities(named("a_frontal.jpg", "b_Profile.jpg"), {}) == {
        "view": ("frontal", "profile")
    }


def test_words_inside_of_other_words_and_rare_ones_tell_nothing() -> None:
    assert qualities(named("compose30.jpg", "compose40.jpg", "posed_1.jpg"), {}) == {}
    assert qualities(named("pose1.jpg", "pose2.jpg", "a.jpg", "b.jpg", "c.jpg"), {}) == {}
    assert qualities(named("pose1.jpg", "pose1_b.jpg"), {}) == {}  # all alike


def test_a_list_goes_before_the_names_and_many_numbers_become_thirds() -> None:
    paths = named(*(f"{number}_pose{number % 2}.jpg" for number in range(30)))
    ages = tuple(str(number) if number else "" for number in range(30))
    found = qualities(paths, {"pose": ("left", "right") * 15, "age": ages, "note": ages[::-1]})
    assert found["pose"] == ("left", "right") * 15
    assert found["age"][0] == "" and len(set(found["age"])) == 4
    counts = [found["age"].count(value) for value in sorted(set(found["age"]) - {""})]
    assert max(counts) - min(counts) <= 1
    many = tuple(f"text {number}" for number in range(30))
    assert "note" not in qualities(paths, {"note": many})
