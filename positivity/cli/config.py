"""`positivity config`: every setting and where it comes from."""

from dataclasses import replace

from positivity.cli.options import Format, FormatOption


def config_command(format: FormatOption = Format.TERMINAL) -> None:
    """Show every setting and where it comes from: environment, config file or default.

    To change one, write max_posts = 400 into the config file, or set POSITIVITY_MAX_POSTS.

    Example: positivity config
    """
    from positivity.messages import say
    from positivity.report.output import report_output
    from positivity.report.sanitize import sanitize
    from positivity.settings import MEANINGS, config_path, origins, unknown_variables
    from positivity.sources.urls import url_name
    from positivity.store import store_path

    found = origins()
    for name in unknown_variables():
        say(f"note: ${name} is no setting; they are named below")
    # One with a password is refused when it is used; until then it is not shown around.
    found["api_url"] = replace(found["api_url"], value=url_name(str(found["api_url"].value)))
    with report_output(None) as out:
        if format is Format.JSON:
            from positivity.report.machine import write_json

            settings = {
                name: {"value": origin.value, "source": origin.source}
                for name, origin in found.items()
            }
            paths = {"config": str(config_path()), "store": str(store_path())}
            write_json({"settings": settings, "paths": paths}, out)
            return
        from rich.table import Table
        from rich.text import Text

        from positivity.report.terminal_page import make_console

        table = Table("setting", "value", "from", "means", box=None)
        for name, origin in found.items():
            cells = (name, str(origin.value), origin.source, MEANINGS[name])
            table.add_row(*(Text(sanitize(cell), overflow="fold") for cell in cells))
        console = make_console(out)
        console.print(table)
        there = "" if config_path().exists() else " (not there)"
        console.print(Text(sanitize(f"\nconfig file  {config_path()}{there}"), overflow="fold"))
        console.print(Text(sanitize(f"store        {store_path()}"), overflow="fold"))
