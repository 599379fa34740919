"""`gateway call fallback`: what another host says to callers while this one cannot be reached."""

from pathlib import Path

import click

from gateway.config.load import load_settings
from gateway.errors import Refused


@click.command("fallback")
@click.option("--base", required=True, metavar="URL", help="Where the other host will serve the documents (https).")
@click.option("--project", help="Whose hotline; by default the first project that has one.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Write them here."
)
def call_fallback(base: str, project: str | None, folder: Path) -> None:
    """Write the documents that another host serves to callers while this one is away (deploy/twilio/README.md)."""
    from gateway.wiring import away_documents

    settings = load_settings()
    with_hotline = [one for one in settings.project_list if one.hotline is not None]
    found = [one for one in with_hotline if project is None or one.key == project.upper()]
    if not found:
        raise Refused("no project has a hotline" if project is None else f"the project {project} has no hotline")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in away_documents(settings, found[0], base=base).items():
        (folder / name).write_bytes(content)
        click.echo(str(folder / name))
