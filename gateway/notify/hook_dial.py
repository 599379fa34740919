"""Handing one webhook over: to the address that its name has now, if that may be dialled, and within its time.

The name is resolved once, and what was looked at is what is dialled, so that no name leads elsewhere a moment later.
Redirects are not followed, no proxy is asked, and of the answer nothing is read beyond its first bytes.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ADDRESSES = 3
"""As many addresses of one name are tried."""


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What came of it: the HTTP status, None where there was none; why not, without anything that a receiver said."""

    status: int | None
    error: str


class _Refused(Exception):
    """The address is not one that may be dialled."""


def hand_over(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float, private: bool) -> Handed:
    """POST it. `timeout` is in seconds, for all of it; `private` lets the address be one of a network of one's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connection = _connection(host, _dialled(host, port, private=private, timeout=timeout), timeout, parts.scheme)
    except _Refused as refusal:
        return Handed(status=None, error=str(refusal))
    except (OSError, ValueError) as error:  # ssl's errors are OSErrors
        return Handed(status=None, error=f"no connection: {type(error).__name__}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    ending = threading.Timer(timeout, _end, [connection.sock])
    ending.start()
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        status = connection.getresponse().status
    except (OSError, HTTPException, ValueError) as error:
        return Handed(status=None, error=f"no answer: {type(error).__name__}")
    finally:
        ending.cancel()
        connection.close()
    return Handed(status=status, error="" if 200 <= status < 300 else f"it answered {status}")


def may_dial(address: str, *, private: bool) -> bool:
    """Whether an address may be dialled.

    - never: what stands for nobody or many (unspecified, multicast), and link-local, where clouds keep their metadata
    - where `private`: everything else
    - otherwise: what is reached by everybody, also where it is an IPv4 address within an IPv6 one
    """
    found = _plain(ipaddress.ip_address(address.partition("%")[0]))
    if found.is_unspecified or found.is_multicast or found.is_link_local:
        return False
    return private or (found.is_global and not found.is_reserved)


def _plain(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if isinstance(found, ipaddress.IPv4Address):
        return found
    within = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
    if within is None and found in _NAT64:
        within = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return within or found


def _dialled(host: str, port: int, *, private: bool, timeout: float) -> socket.socket:
    found = list(dict.fromkeys(info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    allowed = [str(address) for address in found if may_dial(str(address), private=private)]
    if not allowed:
        raise _Refused("its address is in a network that is not dialled")
    trouble: OSError = ConnectionError()
    for address in allowed[:_ADDRESSES]:
        try:
            return socket.create_connection((address, port), timeout=timeout / min(len(allowed), _ADDRESSES))
        except OSError as error:
            trouble = error
    raise trouble


def _connection(host: str, raw: socket.socket, timeout: float, scheme: str) -> HTTPConnection:
    raw.settimeout(timeout)
    if scheme != "https":
        plain = HTTPConnection(host, raw.getpeername()[1], timeout=timeout)
        plain.sock = raw
        return plain
    try:
        context = ssl.create_default_context()
        safe = HTTPSConnection(host, raw.getpeername()[1], timeout=timeout, context=context)
        safe.sock = context.wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise
    return safe


def _end(sock: socket.socket) -> None:
    """The time is over, however slowly something still comes."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
