"""Finding a person in mail that was written by whatever program: nothing in it may stop an erasure."""

import pytest

from gateway.services.personal_files import decode_words


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("=?utf-8?q?Zo=C3=A9?=", "Zoé"),
        ("=?windows-12\ufffd51?q?x?=", "=?windows-12\ufffd51?q?x?="),
        ("=?no-such-charset?q?x?=", "=?no-such-charset?q?x?="),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
    ],
)
def test_words_that_cannot_be_read_stand_as_they_are(field: str, read: str) -> None:
    assert decode_words(field) == read
