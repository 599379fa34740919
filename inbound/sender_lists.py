"""Allow and deny lists: which senders an entry means. Pure, and never by the end of a word.

A list that compares ends takes `notexample.org` for `example.org` (CVE-2026-33393), so domains are compared whole
or from dot to dot.
"""

from collections.abc import Iterable

from gateway.mail.address import is_address, normalise_address, normalise_domain


def is_listed(address: str, entries: Iterable[str]) -> bool:
    """True where one of the entries means this address. Letter case does not count, nor how a domain is spelt:
    `exämple.org` is `xn--exmple-cua.org`.

    - `marie@example.org` means that address alone
    - `example.org`, which may be written `@example.org`, means the addresses of that domain alone
    - `.example.org` means those of the domain and of every domain below it
    """
    plain = normalise_address(address)
    if not is_address(plain):
        return False
    local, _, domain = plain.rpartition("@")
    return any(_means(entry.strip().lower(), local=local, host=domain) for entry in entries)


def _means(entry: str, *, local: str, host: str) -> bool:
    wanted_local, at, wanted = entry.rpartition("@")
    if wanted_local:
        return (wanted_local, normalise_domain(wanted)) == (local, host)
    if wanted.startswith(".") and not at:
        above = normalise_domain(wanted[1:])
        return bool(above) and f".{host}".endswith(f".{above}")
    return normalise_domain(wanted) == host
