"""The command line ``qe-kg``: one module a command, loaded when it is called."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from qe_kg import __version__
from qe_kg.errors import QeKgError

# Group → command → the line that `qe-kg --help` shows. Kept here so that help needs no command's module.
_GROUPS = {
    "Ask": {
        "impact": "Who is affected if this changes?",
        "trace": "Where does this come from?",
        "paths": "All ways from one place to another, with their evidence.",
        "structure": "Points of failure, bridges, loops, and where both sides meet.",
        "whatif": "What would be different if this flow, zone or consent were?",
        "why": "Why does this triple hold? The rules and lines behind it.",
        "query": "Answer a query of the library, a file or standard input.",
        "queries": "List the library of queries, or describe one.",
        "map": "Draw all flows.",
    },
    "Check": {
        "validate": "Check the model against its rules; the gate for CI.",
        "check": "Check everything that a repository needs.",
        "rules": "Which rules apply, on what basis, how far verified?",
        "evidence": "Which evidence is there for which rule? For an auditor.",
        "repair": "Which triples would mend what a rule finds?",
        "consent": "Which flows need consent, and may they run?",
        "coverage": "Which terms are defined, asked about, checked, used?",
        "cut": "Which flows to stop so that two zones are separated?",
    },
    "Change": {
        "init": "Make a new model directory.",
        "diff": "What does a change say, and what does it mean?",
        "fmt": "Write Turtle files the way everybody writes them.",
        "migrate": "Rewrite a model for the names of this release.",
        "merge-driver": "Merge a Turtle file by statement, for git.",
    },
    "Publish": {
        "publish": "Publish the model to a SPARQL store, all at once.",
        "status": "Compare the model with what is published.",
        "rollback": "Publish a version again that was published before.",
    },
    "Take along": {
        "export": "Write the model as RDF.",
        "reference": "Write pages about the words of the model.",
        "load": "Load a model into a store, on disk or elsewhere.",
        "generate": "Make up a large enterprise, for trials and benchmarks.",
        "demo": "Do the main job once: validate, impact, trace, export.",
        "completion": "Print the completion script for a shell.",
    },
}
_COMMANDS = [name for commands in _GROUPS.values() for name in commands]

_EPILOG = """\b
Examples:
  qe-kg validate
  qe-kg impact AOV-04 --depth 2
  qe-kg trace REV-01 --basis drawn --format json
  qe-kg query impact/list-direct-recipients -p participant=AOV-04
  qe-kg export --to trig -o model.trig

\b
Exit codes: 0 done, nothing open; 1 done, something open; 2 the call is wrong;
3 something could not be read, parsed or written."""


class _LazyGroup(click.Group):
    """A group that imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _COMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = "lineage" if name in ("impact", "trace") else name
        command: click.Command = getattr(import_module(f"qe_kg.cli.{module}"), f"{name}_command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # A reader that has seen enough is no fault; click would leave with 1, "something open".
            _discard_output()
            raise click.exceptions.Exit(0) from None
        return answer

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Not `map`: the command of that name is in this namespace once its module is loaded.
        width = max(len(name) for name in _COMMANDS)
        for title, commands in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), says) for name, says in commands.items()])


@click.group(cls=_LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="qe-kg")
def qe_kg() -> None:
    """Ask and check a business-architecture model of information flows.

    A model is a directory with a qe-kg.toml. Commands use the one in the current folder, else the packaged
    Quantum Energy model; --model names another.
    """


def main() -> NoReturn:
    """Run the command line and leave with the exit code that its help tells."""
    if sys.stdout is None:  # started with standard output closed
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    try:
        # Outside its standalone mode click returns the code that a command left with, and raises what went wrong.
        code = qe_kg.main(prog_name="qe-kg", standalone_mode=False)
        # A reader that has gone away, or a full disk, must show up here, not while Python shuts down.
        sys.stdout.flush()
        code = code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        code = 130
    except QeKgError as error:
        click.echo(f"qe-kg: {error}", err=True)
        code = error.exit_code
    except OSError as error:
        _discard_output()
        click.echo(f"qe-kg: {error}", err=True)
        code = 3
    except Exception:  # what nobody foresaw must not look like "something open"
        traceback.print_exc()
        code = 3
    sys.exit(code)


def _discard_output() -> None:
    """Send what is still buffered nowhere, so that Python does not fail over it while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
