"""Trying the operator's own templates before anybody is sent one: each on a sample of every mail that it is for."""

from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError

from gateway.domain.ticket import Language
from gateway.notify.render import KINDS, OURS, render_file
from gateway.notify.samples import SAMPLES, sample
from gateway.notify.template_values import template_values
from gateway.runtime import Runtime


def template_faults(runtime: Runtime) -> list[str]:
    """One sentence for each file of `mail.templates` that cannot be used, or is none of ours.

    - the folder is not there
    - a file takes the place of none: its name is wrong
    - a template cannot be read, or names a value that there is not
    - a text or an HTML part without the line above which people answer, where ours has it
    """
    folder = runtime.settings.mail.templates
    if folder is None:
        return []
    if not folder.is_dir():
        return [f"mail.templates: there is no folder {folder}"]
    ours = {str(path.relative_to(OURS)) for path in OURS.rglob("*.*")}
    theirs = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    faults = [f"mail.templates: {name} takes the place of no template of ours" for name in theirs if name not in ours]
    used = {name for name in theirs if name in ours}
    everything = any("/" not in name for name in used)  # a layout is in every mail
    for name in sorted(_tried(everything=everything, names=used)):
        faults += _faults(runtime, folder, name, is_own=name in used)
    return list(dict.fromkeys(faults))


def _tried(*, everything: bool, names: set[str]) -> set[str]:
    notices = {notice.value for notice, _ in SAMPLES.values()}
    html = {f"{lang}/{notice}.html" for lang in Language for notice in notices}
    return {name for name in names if "/" in name} | (html if everything else set())


def _faults(runtime: Runtime, folder: Path, name: str, *, is_own: bool) -> list[str]:
    lang, _, file = name.partition("/")
    notice, _, kind = file.rpartition(".")
    for sample_name, (its_notice, _) in SAMPLES.items():
        if its_notice != notice or kind not in KINDS:
            continue
        row = sample(sample_name, project=runtime.settings.project_list[0].key, lang=Language(lang))
        values = template_values(row, runtime=runtime)
        try:
            text = render_file(name, values, folder=folder)
        except Exception as error:  # noqa: BLE001  # what an operator wrote can fail in any way
            return [f"mail.templates: {fault_sentence(name, error)}"]
        marker = values["marker"]
        if is_own and marker in render_file(name, values, folder=None) and marker not in text:
            return [f"mail.templates: {name} lacks {{{{ marker }}}}, the line above which people answer"]
    return []


def fault_sentence(name: str, error: Exception) -> str:
    """What is wrong with a template, without anything of the values that it was given."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or name}, line {error.lineno}: {error.message}"
    if isinstance(error, TemplateError):
        return f"{name}: {error.message}"
    return f"{name}: {type(error).__name__}"
