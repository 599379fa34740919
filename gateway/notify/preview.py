"""How each mail that we write looks: on samples, in both languages, with the operator's own templates where there are.

What is signed in a preview is signed with a key that is thrown away: the samples name tickets, people and sign-in links
by numbers that real ones may have.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from gateway.domain.ticket import Language
from gateway.mail.tokens import TokenSigner
from gateway.notify.notices import Notice
from gateway.notify.render import KINDS, render_file
from gateway.notify.samples import SAMPLES, sample
from gateway.notify.template_check import fault_sentence
from gateway.notify.template_values import template_values
from gateway.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A mail as it would be sent. `overridden` are the files of it that are the operator's own, `faults` a sentence for
    each of these that cannot be used: there ours stands."""

    name: str
    notice: Notice
    lang: Language
    subject: str
    text: str
    html: str
    overridden: tuple[str, ...]
    faults: tuple[str, ...]


def list_previews(runtime: Runtime, *, project: str) -> Iterator[Preview]:
    """Every mail, in both languages."""
    for name in SAMPLES:
        for lang in Language:
            yield preview(runtime, name, lang, project=project)


def preview(runtime: Runtime, name: str, lang: Language, *, project: str) -> Preview:
    """The sample with this name, written for this project. Raises KeyError for one that there is not."""
    row = sample(name, project=project, lang=lang)
    values = template_values(row, runtime=replace(runtime, signer=_throwaway()))
    folder, said, faults, overridden = runtime.settings.mail.templates, {}, [], []
    for kind in KINDS:
        file = f"{lang}/{row.notice}.{kind}"
        is_own = folder is not None and (folder / file).is_file()
        overridden += [file] if is_own else []
        try:
            said[kind] = render_file(file, values, folder=folder)
        except Exception as error:  # noqa: BLE001  # what an operator wrote can fail in any way
            faults.append(fault_sentence(file, error))
            said[kind] = render_file(file, values, folder=None)
    if folder is not None:
        overridden += [shared for shared in ("layout.html", "parts.html") if (folder / shared).is_file()]
    return Preview(
        name=name,
        notice=Notice(row.notice),
        lang=lang,
        subject=said["subject"].strip(),
        text=said["txt"],
        html=said["html"],
        overridden=tuple(overridden),
        faults=tuple(faults),
    )


@cache
def _throwaway() -> TokenSigner:
    return TokenSigner(keys=(secrets.token_bytes(32),), lifetime_days=1)
