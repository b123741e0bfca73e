from pathlib import Path

from facesearch.cli.model_text import as_object, details, table
from facesearch.final.listing import FinalModel, Version

NAN = float("nan")
ABOUT = {"members": 2, "image_px": 64, "size_mb": 12.5, "trial_run_id": "c" * 32, "trial": "002"}


def model(name: str, **changes: object) -> FinalModel:
    fields = {"faces": "staff", "folder": Path("runs") / name, "about": ABOUT, "made_s": 1e9}
    return FinalModel(name, **{**fields, **changes})  # type: ignore[arg-type]


def test_models_of_one_data_set_stand_together() -> None:
    version = Version("facesearch-staff-123456", "2", ("champion",), "why", "dev:1")
    rows = list(
        table(
            [
                model("final-new", figures={"dev/top1": (0.5, 0.4, 0.6)}, versions=(version,)),
                model("final-toy", faces="generated faces", problem="cannot be read"),
                model("final-old", versions=(version,), figures={"dev/top1": (0.4, NAN, NAN)}),
            ],
            70,
        )
    )
    assert rows[0] == "staff   facesearch-staff-123456"
    assert [row.split()[0] for row in rows[2:6:2]] == ["final-new", "final-old"]
    assert "0.500 [0.400, 0.600]" in rows[2] and "0.400" in rows[4]
    assert "2 networks at 64 px, 12.5 MB, trial cccccccc" in rows[3]
    assert rows[6] == "generated faces   not registered" and "cannot be read" in rows[-1]
    assert max(map(len, rows)) <= 70


def test_what_a_model_is_called_cannot_steer_the_terminal() -> None:
    odd = model("final-\x1b[31m", faces="st\x1baff", about={**ABOUT, "trial": "\x1b[2J"})
    for text in ("\n".join(table([odd], 80)), "\n".join(details(odd))):
        assert "\x1b" not in text


def test_numbers_that_are_none_are_left_out_of_the_json() -> None:
    told = as_object(model("a", folder=None, figures={"x/eer": (NAN, NAN, NAN)}))
    assert told["figures"] == {} and told["folder"] is told["model"] is None
    assert told["is_measured"] is False and told["main_figure"] is None
