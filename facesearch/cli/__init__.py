"""The command line: parse, call, print. Heavy imports wait until a command needs them."""

# first, as it guards the imports that follow
from facesearch.cli.search_path import blamed_for, protect_children

# isort: split
import signal
import sys

import click

from facesearch.cli.compare import compare
from facesearch.cli.complete import propose_for
from facesearch.cli.completion import completion
from facesearch.cli.diff import diff
from facesearch.cli.doctor import doctor
from facesearch.cli.evaluate import evaluate
from facesearch.cli.export import export
from facesearch.cli.final import finalize
from facesearch.cli.final_models import models_group
from facesearch.cli.help import EXIT_CODES, GroupedCommands
from facesearch.cli.init import init
from facesearch.cli.look import data, list_names, schema, validate
from facesearch.cli.models import classify, embed, identify, predict, verify
from facesearch.cli.options import Interrupted
from facesearch.cli.report import report
from facesearch.cli.runs import runs
from facesearch.cli.show import show
from facesearch.cli.sweeps import baseline, extend, preview, sync, tune
from facesearch.cli.text import printable
from facesearch.cli.ui import ui
from facesearch.cli.verbosity import accept_verbosity
from facesearch.errors import FacesearchError, InputError


@click.group(
    cls=GroupedCommands, epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
@click.version_option(package_name="facesearch")
def cli() -> None:
    """Find the best face-recognition CNN for your faces and hardware, and prove it.

    \b
    facesearch tune searchspaces/quickstart.yaml     sweep on generated faces
    facesearch finalize --run-id RUN                 retrain the best, verify it
    """


for _command in (
    tune, extend, preview, baseline, sync, runs, show, diff, ui, finalize,
    evaluate, models_group, compare, report, verify, identify, embed, classify, predict, export,
    validate, schema, list_names, data, doctor, init, completion,
):  # fmt: skip
    cli.add_command(_command)
accept_verbosity(propose_for(cli))


def main() -> None:
    """Run the command line; errors of the user get one message and their exit code."""
    protect_children()
    try:
        code = _run()
    except Exception as error:
        message = blamed_for(error)
        if not message:
            raise
        click.echo(f"error: {printable(message)}", err=True)
        code = InputError.exit_code
    sys.exit(code)


def _run() -> int:
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except FacesearchError as error:
        click.echo(f"error: {printable(str(error))}", err=True)
        return error.exit_code
    except Interrupted as stop:
        return stop.exit_code
    except SystemExit as stop:
        if stop.code == signal.SIGTERM:  # Ray's own handler, before the sweep has its own
            return 128 + signal.SIGTERM
        raise
    return code if isinstance(code, int) else 0
