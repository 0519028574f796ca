"""`positivity usage`: what was read from X and what it cost, by month."""

from typing import TYPE_CHECKING

from positivity.cli.formats import format_of
from positivity.cli.options import FileFormatOption, Format, OutputOption

if TYPE_CHECKING:
    from positivity.store import Spent


def usage_command(format: FileFormatOption = None, output: OutputOption = None) -> None:
    """Show what was read from X and what it cost, by month (UTC).

    X itself counts a post that comes twice in a day once, so its bill may be lower.

    Example: positivity usage
    """
    from positivity.cli.stored import open_store
    from positivity.report.output import refuse_clashes, report_output

    refuse_clashes([("--output", output)])
    format = format_of(format, output, Format)
    with open_store(reading=True) as store:
        months = store.ledger.months()
    with report_output(output) as out:
        if format is Format.JSON:
            from positivity.report.machine import write_json

            write_json([{"month": month, **_amounts(spent)} for month, spent in months], out)
            return
        if not months:
            out.write("nothing was read from X yet\n")
            return
        from rich.table import Table
        from rich.text import Text

        from positivity.check.money import shown
        from positivity.report.terminal_page import make_console
        from positivity.store import Spent

        table = Table("month", box=None)
        for title in ("posts", "accounts", "cost"):
            table.add_column(title, justify="right")
        total = Spent()
        for month, spent in months:
            total += spent
            table.add_row(month, f"{spent.posts:,}", f"{spent.users:,}", Text(shown(spent.dollars)))
        if len(months) > 1:
            table.add_row(
                "in all", f"{total.posts:,}", f"{total.users:,}", Text(shown(total.dollars))
            )
        make_console(out).print(table)


def _amounts(spent: "Spent") -> dict[str, float]:
    return {"posts": spent.posts, "users": spent.users, "dollars": spent.dollars}
