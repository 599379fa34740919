"""What incoming mail is checked for can be set, and what makes no sense is said before anything starts."""

import pytest
from pydantic import ValidationError

from gateway.config.model import MailSettings


@pytest.mark.parametrize(
    "entry", ["", "@", ".", "marie@", "marie@.example.org", "two words", "a@b@c d", "<a@b.example>"]
)
def test_an_entry_that_means_nothing_is_a_fault_of_the_configuration(entry: str) -> None:
    with pytest.raises(ValidationError):
        MailSettings(deny=(entry,))


def test_entries_are_kept_as_they_are_compared() -> None:
    settings = MailSettings(allow=(" Example.ORG ", ".Example.org", "@example.org", "Marie@Example.org"))
    assert settings.allow == ("example.org", ".example.org", "@example.org", "marie@example.org")
