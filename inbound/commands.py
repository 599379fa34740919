"""What an agent orders in the first lines of a mail: `#severity blocking`, `#note`, `#level N2 the queue is full`.

Pure: it reads the lines and says what they ask for. Whether the agent may is for the services to say, and lines
of anybody who is no agent are text, so they are never brought here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.change import Change
from gateway.domain.reasons import Reason, Why
from gateway.domain.ticket import Kind, Level, Severity, Status

MAX_COMMANDS = 20
_LINE = re.compile(r"#([a-z]{2,20})(?:[ \t:]+(.*))?", re.IGNORECASE)


class CommandName(StrEnum):
    """The commands; each is told to agents who ask for one that there is not."""

    NOTE = "note"  # the text of this mail is for agents only
    SEVERITY = "severity"
    STATUS = "status"
    LEVEL = "level"
    KIND = "kind"
    ASSIGN = "assign"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One order. `argument` is the rest of its line, "" without one."""

    name: CommandName
    argument: str

    def __str__(self) -> str:
        return f"#{self.name} {self.argument}".strip()


@dataclass(frozen=True, kw_only=True)
class Orders:
    """The orders at the head of a mail, why not for the lines that look like one and are none, and the text that
    follows."""

    commands: tuple[Command, ...]
    unknown: tuple[Why, ...]
    text: str

    @property
    def is_note(self) -> bool:
        """True where the text is for agents only."""
        return any(command.name is CommandName.NOTE for command in self.commands)


def read_orders(text: str) -> Orders:
    """Read the first lines of a text. The first line that is no `#word` ends the orders; blank ones between do not.

    What follows `#note` on its line belongs to the text.
    """
    lines = text.split("\n")
    commands: list[Command] = []
    unknown: list[Why] = []
    extra: list[str] = []
    end = 0
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            break
        if len(commands) + len(unknown) >= MAX_COMMANDS:
            unknown.append(Reason.COMMANDS_TOO_MANY(count=MAX_COMMANDS))
            break
        end = number + 1
        word, argument = found[1].lower(), (found[2] or "").strip()
        if word not in set(CommandName):
            unknown.append(Reason.COMMAND_UNKNOWN(command=f"#{word}"))
        elif word == CommandName.NOTE:
            commands.append(Command(name=CommandName.NOTE, argument=""))
            extra += [argument] if argument else []
        else:
            commands.append(Command(name=CommandName(word), argument=argument))
    rest = "\n".join([*extra, *lines[end:]]).strip("\n") if commands or unknown else text
    return Orders(commands=tuple(commands), unknown=tuple(unknown), text=rest if rest.strip() else "")


def to_change(orders: Orders, *, agent: str, enclosed: str = "") -> tuple[Change, tuple[Why, ...]]:
    """What the orders ask for, with the text as an answer or as a note; and what cannot be understood of them.

    Of two orders of one name the last counts. `enclosed` names the files that came along: it stands for the text of
    whoever wrote none, and ordered nothing but a note.
    """
    is_only_files = not orders.text and all(command.name is CommandName.NOTE for command in orders.commands)
    text = enclosed if is_only_files else orders.text
    wanted: dict[str, object] = {"note" if orders.is_note else "reply": text}
    faults = list(orders.unknown)
    for command in orders.commands:
        if command.name is CommandName.NOTE:
            continue
        try:
            wanted |= _meaning(command, agent)
        except ValueError:
            faults.append(Reason.COMMAND_NOT_UNDERSTOOD(command=command))
    return Change(**wanted), tuple(faults)  # type: ignore[arg-type]  # each value has its field's type


def _meaning(command: Command, agent: str) -> dict[str, object]:
    """The fields of a change that a command sets. Raises ValueError for an argument that it does not know."""
    word, _, rest = command.argument.partition(" ")
    if rest and command.name is not CommandName.LEVEL:
        raise ValueError("one word is expected")
    match command.name:
        case CommandName.SEVERITY:
            return {"severity": Severity(word.lower())}
        case CommandName.STATUS:
            return {"status": Status(word.lower())}
        case CommandName.LEVEL:
            return {"level": Level(word.upper()), "reason": rest.strip()}
        case CommandName.KIND:
            return {"kind": Kind(word.lower())}
    if not word:
        raise ValueError("assign whom?")
    return {"assignee": agent if word.lower() == "me" else word}
