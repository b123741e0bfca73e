"""The help of ``facesearch`` itself: its commands in groups, and its exit codes."""

import click

from facesearch.cli.words import refuse_unusable

SECTIONS = {
    "Search": {
        "init": "write a first search space for a folder of faces",
        "validate": "check search spaces: all faults at once",
        "preview": "what a sweep would do and cost here; nothing is started",
        "tune": "sweep a space; the same command again goes on",
        "extend": "let a finished sweep go on",
        "baseline": "random search on the same space, to compare with",
        "sync": "write into MLflow what it missed of a sweep",
    },
    "Look and compare": {
        "ui": "the trials of a sweep in MLflow's interface",
        "runs": "the trials of a sweep as a table: sorted, filtered, as CSV",
        "show": "one run in full",
        "diff": "what differs between two runs",
        "report": "one HTML file that says what came out",
        "compare": "whether one model is better than another on the same faces",
    },
    "Final model": {
        "finalize": "retrain the best trial on all but the reserved faces, verify it",
        "models": "the final models: list, show, compare, remove",
        "evaluate": "measure a model on other faces",
        "export": "a model as one ONNX file",
        "verify": "whether two pictures show one person",
        "identify": "who of a folder of known people a picture shows",
        "embed": "the embeddings of pictures",
        "classify": "who of the people it was trained on a picture shows",
        "predict": "the course's submissions (HW2P2)",
    },
    "Set-up": {
        "doctor": "what is wrong with this machine, and how to mend it",
        "data": "look at faces: check, show, download-lfw",
        "list": "every name and setting that a space may use",
        "schema": "the JSON schema of a space, for editors",
        "completion": "completion for bash, zsh and fish",
    },
}

EXIT_CODES = """\b
Exit codes:
  0    done
  1    an error of facesearch itself; its traceback is printed
  2    what was given is wrong, or the doctor found something wrong
  3    a sweep was given up, as most of its trials failed alike
  4    no trial has a result, or disk or Ray failed; the same command goes on
  5    verify or identify had no threshold: scores, and nothing decided
  130  stopped by Ctrl-C; the same command goes on
  143  stopped by SIGTERM; the same command goes on

\b
NO_COLOR=1 turns colours off; -v and -q may stand before a command or behind
it; facesearch completion says how the tab key completes spaces and sweeps.
"""


class GroupedCommands(click.Group):
    """A group that lists its commands by what they are for, and looks at the words first."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words that can name nothing, whatever the command."""
        if not ctx.resilient_parsing:  # the tab key gets no message
            refuse_unusable(args)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each purpose, in the order in which they are used."""
        known = {name for lines in SECTIONS.values() for name in lines}
        rest = {
            name: self.commands[name].get_short_help_str(60)
            for name in self.list_commands(ctx)
            if name not in known
        }
        for title, lines in {**SECTIONS, "Others": rest}.items():
            rows = [(name, line) for name, line in lines.items() if name in self.commands]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=12)
