"""The templates: `templates/LANGUAGE/NOTICE.subject`, `.txt` and `.html`, compiled once for each process.

A file of the same name in the operator's own folder takes the place of ours, `layout.html` and `parts.html` too. Where
it cannot be used, ours is: a mail says the usual words rather than none, and the log says which file is broken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from gateway.domain.ticket import Language

OURS = Path(__file__).parent / "templates"
KINDS = ("subject", "txt", "html")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a mail says."""

    subject: str
    text: str
    html: str


def render(notice: str, lang: Language, values: Mapping[str, Any], *, folder: Path | None = None) -> Rendered:
    """Fill the templates of a notice, the operator's own from `folder` first. Raises jinja2.TemplateError for ours."""
    subject, text, html = (_render(f"{lang}/{notice}.{kind}", values, folder) for kind in KINDS)
    return Rendered(subject=subject, text=text, html=html)


def render_file(name: str, values: Mapping[str, Any], *, folder: Path | None) -> str:
    """Fill one template, from `folder` first, without falling back. Raises whatever is wrong with it."""
    return environment(folder).get_template(name).render(values)


@cache
def environment(folder: Path | None) -> Environment:
    """The templates of a folder, with ours below them; ours alone for None."""
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(path, followlinks=False) for path in (folder, OURS) if path is not None]),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _render(name: str, values: Mapping[str, Any], folder: Path | None) -> str:
    if folder is not None:
        try:
            return render_file(name, values, folder=folder)
        except Exception as error:  # noqa: BLE001  # what an operator wrote must not keep a mail back
            log.error("template.override_broken", template=name, error=type(error).__name__)
    return render_file(name, values, folder=None)
