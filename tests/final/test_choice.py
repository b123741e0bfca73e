from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faces_on_disk import hw2p2, picture
from models import CONFIG

from facesearch.config import RunConfig
from facesearch.errors import InputError
from facesearch.final.choice import Choice, options_of, plan_final
from facesearch.final.finalists import Finalist
from facesearch.final.plan import FineTune, Plan
from facesearch.final.retrain import Listener


def finalist(**data: Any) -> Finalist:
    config = RunConfig.model_validate({**CONFIG, "data": {**CONFIG["data"], **data}})
    return Finalist("3f2b91c0" * 4, "trial 003", config, {}, 2, 1)


def options(choice: Choice, **data: Any) -> dict[str, Any]:
    return options_of(plan_final([finalist(**data)], choice, Listener()), choice)


def test_what_makes_another_model_makes_other_options() -> None:
    base = Choice(Plan(seeds=2))
    others = [
        Choice(Plan(seeds=3)), Choice(Plan(seeds=2, epochs=9)), Choice(Plan(seeds=2, image_px=24)),
        Choice(Plan(seeds=2, ema_decay=0.9)), Choice(Plan(seeds=2, fine_tune=FineTune(1))),
        Choice(Plan(seeds=2, workers=2)), replace(base, views="plain"),
        replace(base, keeps_all=False), replace(base, has_shift_control=True),
    ]  # fmt: skip
    found = [str(options(choice)) for choice in (base, *others)]
    planned = plan_final([finalist()], base, Listener())
    found.append(str(options_of(planned, replace(base, folds=3))))
    assert len(set(found)) == len(found)


def test_how_it_is_made_is_no_matter_of_the_model() -> None:
    base = options(Choice())
    assert options(Choice(at_once=4, registers=False, register_as="x")) == base
    assert options(Choice(keeps_all=False)) == base  # of one seed the first is all


def test_other_reporting_faces_are_another_report(tmp_path: Path) -> None:
    root = hw2p2(tmp_path)
    before = options(Choice(), root=str(root))
    assert options(Choice(), root=str(root)) == before
    picture(root / "classification/dev/n000000/10.jpg", 77)
    after = options(Choice(), root=str(root))
    assert after["members"] == before["members"] and after != before


def test_what_is_planned_is_told_and_what_cannot_be_is_refused() -> None:
    notes: list[str] = []
    plan_final([finalist()], Choice(Plan(seeds=2)), Listener(on_note=notes.append))
    assert notes == ["trial trial 003 (run 3f2b91c0): 2 networks, 10 epochs at 16 px"]
    with pytest.raises(InputError, match="have held-out identities to report on already"):
        plan_final([finalist()], Choice(folds=3), Listener())
    with pytest.raises(InputError, match="nothing of these faces is reserved"):
        plan_final([finalist()], Choice(with_reserved=True), Listener())
