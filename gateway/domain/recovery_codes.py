"""Codes on paper for whoever has lost their telephone: ten of them, each good once, in the place of an app's code."""

from hashlib import sha256

from gateway.ids import random32

HOW_MANY = 10
_CHARS = 16  # 80 bits: nobody finds one from its sum
_MISREAD = str.maketrans("oil", "011")


def new_recovery_codes() -> list[str]:
    """Ten codes nobody can guess, in groups of four characters."""
    return [grouped(random32(_CHARS)) for _ in range(HOW_MANY)]


def sum_of_recovery_code(typed: str) -> str:
    """The sum under which a code is kept, however it was typed: in any case, with blanks and hyphens or without."""
    return sha256(f"recovery:{plain_form(typed)}".encode()).hexdigest()


def plain_form(typed: str) -> str:
    """The characters of a code that was copied from paper, with those that are misread for others put right."""
    return "".join(char for char in typed.lower() if char.isalnum()).translate(_MISREAD)


def grouped(code: str) -> str:
    """A code as it is shown, four characters at a time."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
