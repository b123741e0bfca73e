import signal
import subprocess
import sys

import click
import pytest

from facesearch.cli.options import Interrupted, told_when_stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_is_inside_with_one_line(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    of_term = signal.getsignal(signal.SIGTERM)
    ended = []
    try:
        with pytest.raises(Interrupted) as caught, told_when_stopped("all is kept"):
            try:
                signal.raise_signal(number)
            finally:
                ended.append("inside")
    finally:
        signal.signal(signal.SIGINT, before)
    assert caught.value.exit_code == 128 + number and ended == ["inside"]
    assert capsys.readouterr().err == "all is kept\n"
    assert signal.getsignal(signal.SIGTERM) is of_term


def test_the_exit_of_rays_own_handler_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Interrupted) as caught, told_when_stopped("all is kept"):
        raise SystemExit(signal.SIGTERM.value)
    assert caught.value.exit_code == 143 and capsys.readouterr().err == "all is kept\n"
    with pytest.raises(SystemExit, match="2"), told_when_stopped("all is kept"):
        raise SystemExit(2)


def test_an_error_inside_passes_through() -> None:
    with pytest.raises(click.UsageError), told_when_stopped("all is kept"):
        raise click.UsageError("something else")


def test_the_shell_sees_the_exit_code_of_a_stopped_finalize() -> None:
    script = (
        "import signal, sys\n"
        "import facesearch.final.finalize as stage\n"
        "stage.finalize = lambda *a, **k: signal.raise_signal(signal.SIGTERM)\n"
        "sys.argv = ['facesearch', 'finalize', '--run-id', '3f2b91c0']\n"
        "from facesearch.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 143, done.stderr
    assert "the same command goes on" in done.stderr and "Traceback" not in done.stderr
