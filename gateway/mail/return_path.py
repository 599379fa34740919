"""The envelope sender, as the last delivery noted it on top of a mail (RFC 5321 section 4.4)."""

UNKNOWN = "unknown"


def return_path(raw: bytes) -> str:
    """What an MTA's delivery noted; without it the sender is unknown, which is not the null sender."""
    for line in raw[:65536].split(b"\n"):
        if line.lower().startswith(b"return-path:"):
            return line.partition(b":")[2].decode("utf-8", "replace").strip(" <>\r\t")
        if not line.strip():
            break
    return UNKNOWN
