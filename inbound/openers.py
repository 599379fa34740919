"""Envelopes of other kinds opened: winmail.dat, S/MIME that is only signed. And what kinds of protection a mail has.

What is found takes the place of the part in the tree, so it is counted, shown and read again like every other part.
What cannot be opened stays the file that it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from inbound.bounds import MAX_OPENED_BYTES
from inbound.charset import clean_line
from inbound.mime_tree import OPENED_TNEF, Branch, Leaf, all_branches, all_leaves, read_tree
from inbound.smime import SmimeError, SmimeKind, open_smime
from inbound.tnef import TnefError, TnefFile, open_tnef

_TNEF_TYPES = {"application/ms-tnef", "application/vnd.ms-tnef"}
_SMIME_TYPES = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_MAX_LEVELS = 3
_MAX_ENVELOPES = 20


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The tree with its envelopes opened, and what there is to note and to forgive about them."""

    root: Branch | Leaf
    notes: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()


def open_envelopes(root: Branch | Leaf) -> Opened:
    """Open what can be opened; total."""
    opener = _Opener()
    opened = opener.node(root, level=0)
    return Opened(
        root=opened, notes=tuple(dict.fromkeys([*opener.notes, *_protection(opened)])), defects=tuple(opener.defects)
    )


@dataclass
class _Opener:
    notes: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    left: int = _MAX_ENVELOPES

    def node(self, node: Branch | Leaf, *, level: int) -> Branch | Leaf:
        if isinstance(node, Branch):
            return replace(node, children=tuple(self.node(child, level=level) for child in node.children))
        if self.left == 0 or level == _MAX_LEVELS or node.end - node.start > MAX_OPENED_BYTES:
            return node
        if node.type in _TNEF_TYPES or node.name.lower() == "winmail.dat":
            return self._tnef(node)
        if node.type in _SMIME_TYPES or node.name.lower() in {"smime.p7m", "smime.p7z"}:
            return self._smime(node, level=level)
        return node

    def _tnef(self, leaf: Leaf) -> Branch | Leaf:
        self.left -= 1
        try:
            found = open_tnef(leaf.content())
        except TnefError:
            self.notes.append("unreadable-tnef")
            return leaf
        if not (found.text or found.html or found.files):
            return leaf
        self.notes.append("opened-tnef")
        bodies = [("text/plain", found.text), ("text/html", found.html)]
        texts = [_new_leaf(kind, text.encode(), charset="utf-8") for kind, text in bodies if text]
        body = Branch(type="multipart/alternative", parameters={}, children=tuple(texts))
        return Branch(type=OPENED_TNEF, parameters={}, children=(body, *map(_file, found.files)))

    def _smime(self, leaf: Leaf, *, level: int) -> Branch | Leaf:
        self.left -= 1
        try:
            kind, content = open_smime(leaf.content())
        except SmimeError:
            self.notes.append("unreadable-smime")
            return leaf
        if kind is SmimeKind.ENCRYPTED:
            self.notes.append("encrypted-smime")
        if kind is not SmimeKind.SIGNED:
            return leaf
        self.notes.append("signed-not-verified")
        if not content.strip():
            return leaf
        inner = read_tree(content)
        self.notes += inner.notes
        self.defects += inner.defects
        # The envelope stays, as a file, for whoever wants to verify it.
        kept = replace(leaf, name=leaf.name or "smime.p7m")
        return Branch(type="multipart/signed", parameters={}, children=(self.node(inner.root, level=level + 1), kept))


def _protection(root: Branch | Leaf) -> Iterator[str]:
    """Signed or encrypted, as the structure says it (RFC 1847, RFC 3156)."""
    for branch in all_branches(root):
        if branch.type == "multipart/signed":
            yield "signed-not-verified"
        elif branch.type == "multipart/encrypted":
            protocol = clean_line(branch.parameters.get("protocol", "")).lower()
            yield "encrypted-smime" if "pkcs7" in protocol else "encrypted-pgp"
    for leaf in all_leaves(root):
        if leaf.type == "application/pgp-encrypted":
            yield "encrypted-pgp"


def inline_protection(text: str) -> Iterator[str]:
    """PGP within a text (RFC 9580 section 6.2)."""
    if "-----BEGIN PGP MESSAGE-----" in text:
        yield "encrypted-pgp"
    if "-----BEGIN PGP SIGNED MESSAGE-----" in text:
        yield "signed-not-verified"


def _file(file: TnefFile) -> Leaf:
    kind = clean_line(file.type).lower()
    return _new_leaf(
        kind if kind.count("/") == 1 else "application/octet-stream",
        file.data,
        name=clean_line(file.name) or "winmail.bin",
        content_id=clean_line(file.content_id).strip("<> ")[:250],
    )


def _new_leaf(kind: str, data: bytes, *, charset: str | None = None, name: str = "", content_id: str = "") -> Leaf:
    return Leaf(
        type=kind[:200],
        raw=data,
        start=0,
        end=len(data),
        charset=charset,
        name=name,
        disposition="attachment" if name else "",
        content_id=content_id,
    )


def calendars(root: Branch | Leaf) -> Sequence[Leaf]:
    """The parts that may hold an invitation, the most likely first."""
    found = [leaf for leaf in all_leaves(root) if leaf.type in {"text/calendar", "application/ics"}]
    return sorted(found, key=lambda leaf: "method" not in leaf.parameters)[:3]
