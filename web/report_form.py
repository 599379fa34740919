"""What the report form asks for, what is wrong with the answers, and the text that they become. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from gateway.domain.kinds import FIELDS, Field
from gateway.domain.project import Project
from gateway.domain.ticket import Kind, Severity
from gateway.services.web_form import ReportAnswers
from web.reply import MAX_TEXT, clean_text
from web.words import FIELD_NAMES, KIND_MEANINGS

OFFERED = tuple(KIND_MEANINGS)
"""Preventive work is not asked for: it begins with an advisory."""
MAX_SUBJECT = 200
MAX_LINE = 200
_NAMES = ("project", "kind", "severity", "subject", "since", *FIELD_NAMES)


@dataclass(frozen=True, kw_only=True)
class ReportInput:
    """The fields as they were typed, on one line where they have one; what is not there is ""."""

    fields: Mapping[str, str]
    text: str
    expected: str

    def __getitem__(self, name: str) -> str:
        """A field's value."""
        return self.fields.get(name, "")

    @property
    def kind(self) -> Kind | None:
        """The kind of work; None for none, and for one that is not offered."""
        return next((kind for kind in OFFERED if kind == self["kind"]), None)

    @property
    def severity(self) -> Severity | None:
        """The severity; None for none."""
        return next((severity for severity in Severity if severity == self["severity"]), None)

    def as_draft(self) -> dict[str, str]:
        """Everything that is not empty, by the names of the fields."""
        found = {**self.fields, "text": self.text, "expected": self.expected}
        return {name: value for name, value in found.items() if value}


def read_input(form: Mapping[str, str]) -> ReportInput:
    """What was typed, cleaned. Nothing is refused here."""
    fields = {name: " ".join(clean_text(form.get(name, "")).split())[: 2 * MAX_LINE] for name in _NAMES}
    return ReportInput(
        fields=fields, text=clean_text(form.get("text", "")), expected=clean_text(form.get("expected", ""))
    )


def find_project_named(typed: ReportInput, projects: Sequence[Project]) -> Project | None:
    """The project that is meant; the only one where there is one alone."""
    if len(projects) == 1:
        return projects[0]
    return next((project for project in projects if project.key == typed["project"]), None)


def faults(typed: ReportInput, projects: Sequence[Project]) -> list[tuple[str, str]]:
    """What is to be put right: pairs of a field's id and a sentence, in the order of the form."""
    project = find_project_named(typed, projects)
    needs_severity = project is not None and typed.kind is not None and project.contract.carries_severity(typed.kind)
    length = len(full_text(typed).encode())
    checks = (
        (project is None, "project", gettext("Say which application it is about.")),
        (typed.kind is None, "kind-1", gettext("Say what it is.")),
        (needs_severity and typed.severity is None, "severity-1", gettext("Say how bad it is.")),
        (not typed["subject"], "subject", gettext("Give it a title, in a few words.")),
        (
            len(typed["subject"]) > MAX_SUBJECT,
            "subject",
            gettext("Shorten the title to %(count)s characters.", count=MAX_SUBJECT),
        ),
        (not typed.text, "text", gettext("Describe what happens.")),
        (length > MAX_TEXT, "text", gettext("This is too long: shorten it, or send a mail.")),
    )
    found = [(where, str(sentence)) for is_fault, where, sentence in checks if is_fault]
    return found + _detail_faults(typed)


def answers(typed: ReportInput, project: Project) -> ReportAnswers:
    """The answers as they are filed. To be asked of an input without faults."""
    kind = typed.kind or Kind.ASSISTANCE
    asked = ((field.name, typed[field.name]) for field in FIELDS[kind])
    return ReportAnswers(
        project=project.key,
        kind=kind,
        severity=typed.severity if project.contract.carries_severity(kind) else None,
        details=tuple((name, value) for name, value in asked if value),
    )


def full_text(typed: ReportInput) -> str:
    """The text of the ticket's first entry: what happens, since when, and what was expected instead."""
    parts = [typed.text]
    if typed.kind is Kind.CORRECTIVE and typed["since"]:
        parts.append(gettext("Since when: %(since)s", since=typed["since"]))
    if typed.kind is Kind.CORRECTIVE and typed.expected:
        parts.append(gettext("What was expected:") + f"\n{typed.expected}")
    return "\n\n".join(str(part) for part in parts)


def _detail_faults(typed: ReportInput) -> list[tuple[str, str]]:
    fields = FIELDS[typed.kind] if typed.kind is not None else ()
    return [(field.name, _saying(field)) for field in fields if typed[field.name] and field.fault(typed[field.name])]


def _saying(field: Field) -> str:
    name = FIELD_NAMES[field.name]
    if field.is_date:
        return str(gettext("%(name)s: give a date.", name=name))
    return str(gettext("%(name)s: choose one of the list.", name=name))
