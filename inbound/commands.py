"""What an agent orders in the first lines of a mail: `#severity blocking`, `#note`, `#level N2 the queue is full`.

Pure: it reads the lines and says what they ask for. Whether the agent may is for the services to say, and lines
of anybody who is no agent are text, so they are never brought here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

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


USAGE = (
    "#note",
    "#severity blocking | major | minor",
    "#status open | pending | resolved | closed",
    "#level N1 | N2 | N3 (and why)",
    "#kind corrective | preventive | adaptive | evolutive | regulatory | assistance",
    "#assign me",
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One order. `argument` is the rest of its line, "" without one."""

    name: CommandName
    argument: str


@dataclass(frozen=True, kw_only=True)
class Orders:
    """The orders at the head of a mail, the lines that look like one and are none, and the text that follows."""

    commands: tuple[Command, ...]
    unknown: tuple[str, ...]
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
    unknown: list[str] = []
    extra: list[str] = []
    end = 0
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or len(commands) + len(unknown) >= MAX_COMMANDS:
            break
        end = number + 1
        word, argument = found[1].lower(), (found[2] or "").strip()
        if word not in set(CommandName):
            unknown.append(f"#{word}")
        elif word == CommandName.NOTE:
            commands.append(Command(name=CommandName.NOTE, argument=""))
            extra += [argument] if argument else []
        else:
            commands.append(Command(name=CommandName(word), argument=argument))
    rest = "\n".join([*extra, *lines[end:]]).strip("\n") if commands or unknown else text
    return Orders(commands=tuple(commands), unknown=tuple(unknown), text=rest if rest.strip() else "")
