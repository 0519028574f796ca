"""`positivity score --list-inputs`: the forms of files that are known."""

import typer


def print_inputs(wanted: bool) -> None:
    """Print what can be read and what each form is recognised by, and end; if that is wanted."""
    if not wanted:
        return
    from rich.table import Table

    from positivity.report.output import report_output
    from positivity.report.terminal_page import make_console
    from positivity.sources.exports import list_inputs

    table = Table("--as", "form", "recognised by", box=None)
    for key, name, what in list_inputs():
        table.add_row(key, name, what)
    with report_output(None) as out:
        make_console(out).print(table)
    raise typer.Exit
