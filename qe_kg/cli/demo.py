"""``qe-kg demo``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from qe_kg.cli.output import styled


@click.command("demo")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("quantum-energy.ttl"),
    show_default=True, help="Where to write the export.",
)  # fmt: skip
@click.pass_context
def demo_command(ctx: click.Context, output: Path) -> None:
    """Do the main job once, on the packaged model: validate it, ask two questions, export it."""
    from qe_kg.assets import packaged_model

    group = ctx.find_root().command
    assert isinstance(group, click.Group)
    model = ["--model", str(packaged_model())]
    for title, line in (
        ("Is the model sound?", "validate --format table"),
        ("Who is affected if Electric Energy Delivery changes?", "impact AOV-04 --depth 2 --format table"),
        ("What does the rate case rest on?", "trace REV-01 --depth 2 --format table"),
        ("Hand the model to a triple store.", f"export -o {shlex.quote(str(output))}"),
    ):
        arguments = shlex.split(line)
        click.echo(styled(title, bold=True))
        click.echo(styled(f"$ qe-kg {line}", fg="cyan"))
        # Each step is the real command; a step that fails ends the demo with its exit code.
        command = group.get_command(ctx, arguments[0])
        assert command is not None
        try:
            with command.make_context(f"qe-kg {arguments[0]}", [*arguments[1:], *model], parent=ctx) as step:
                command.invoke(step)
        except click.exceptions.Exit as error:
            if error.exit_code:
                raise
        click.echo()
    click.echo(f"The model is in {output}.")
