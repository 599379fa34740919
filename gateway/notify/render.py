"""The templates: `templates/LANGUAGE/NOTICE.subject`, `.txt` and `.html`, compiled once for each process."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from gateway.domain.ticket import Language

_FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a mail says."""

    subject: str
    text: str
    html: str


def render(notice: str, lang: Language, values: Mapping[str, Any]) -> Rendered:
    """Fill the templates of a notice. Raises jinja2.TemplateError where one is missing, wrong or lacks a value."""
    subject, text, html = (
        _environment().get_template(f"{lang}/{notice}.{kind}").render(values) for kind in ("subject", "txt", "html")
    )
    return Rendered(subject=subject, text=text, html=html)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER, followlinks=False),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
