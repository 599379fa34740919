"""Which domains belong together (RFC 7489 section 3.2): by the public suffix list, never by the end of a word."""

from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from gateway.mail.address import normalise_domain


def organisational_domain(domain: str) -> str:
    """The domain that somebody registered: `example.co.uk` for `mail.example.co.uk`; a bare suffix is its own."""
    plain = normalise_domain(domain)
    return _suffixes().privatesuffix(plain) or plain


def is_aligned(domain: str, other: str, *, strict: bool = False) -> bool:
    """True where both are one domain or, unless `strict`, of one organisation (RFC 7489 section 3.1)."""
    one, two = normalise_domain(domain), normalise_domain(other)
    if not one or not two:
        return False
    return one == two or (not strict and organisational_domain(one) == organisational_domain(two))


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The list that comes with the library; reading it takes a moment, so it is read when it is first needed."""
    return PublicSuffixList()
