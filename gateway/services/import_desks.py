"""The exports of other desks, as their interfaces give them: JSON, or CSV with a row for each message. Pure.

Which fields are read stands in `deploy/IMPORT.md`; others are no harm. A desk's export becomes `OldTicket` values; an
item that cannot be read becomes the sentence that says why.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from gateway.mail.address import normalise_address
from gateway.mail.message_id import parse_message_ids
from gateway.services.import_items import BadItem, OldMessage, OldTicket

ToText = Callable[[str], str]
"""HTML as text."""

Item = Mapping[str, Any]
_CLOSED = frozenset({"closed", "resolved", "merged", "removed", "spam", "archived"})


def read_export(desk: str, content: bytes, *, to_text: ToText) -> Iterator[OldTicket | str]:
    """The tickets of an export. Raises BadItem for a file that is none at all."""
    items = _rows(content) if content.lstrip()[:1] not in {b"[", b"{"} else _documents(content)
    reader = _DESKS[desk]
    for number, item in enumerate(items, 1):
        try:
            yield reader(item, to_text)
        except (BadItem, KeyError, TypeError, ValueError, AttributeError) as error:
            name = item.get("number") or item.get("id") or number if isinstance(item, Mapping) else number
            missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            yield f"ticket {name}: {missing}"


def _documents(content: bytes) -> list[Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise BadItem(f"the file is not valid JSON: {error}") from error
    if isinstance(found, dict):
        found = found.get("_embedded", found)
        found = next((found[name] for name in ("tickets", "conversations", "objects") if name in found), [found])
    return list(found) if isinstance(found, list) else [found]


def _rows(content: bytes) -> list[Any]:
    """Rows of a CSV as nested documents: `ticket_...` columns are the ticket's, the others its message's."""
    text = content.decode("utf-8-sig", "replace")
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    found: dict[str, dict[str, Any]] = {}
    for row in csv.DictReader(io.StringIO(text), delimiter=delimiter):
        named = {str(key).strip().lower().replace(" ", "_"): value for key, value in row.items() if key}
        key = named.get("ticket_id") or named.get("ticket_number") or ""
        own = {name.removeprefix("ticket_"): value for name, value in named.items() if name.startswith("ticket_")}
        message = {name: value for name, value in named.items() if not name.startswith("ticket_")}
        ticket = found.setdefault(key, {**message, "number": key, **own, "articles": []})
        if message.get("body"):
            ticket["articles"].append({**message, "id": message.get("id") or f"{key}/{len(ticket['articles']) + 1}"})
    if not found:
        raise BadItem("the file is neither JSON nor a CSV with rows")
    return list(found.values())


def _zammad(item: Item, to_text: ToText) -> OldTicket:
    """`/api/v1/tickets?expand=true` with the articles of each under `articles`."""
    articles = [_zammad_article(one, to_text) for one in item.get("articles", ())]
    customer = _address(item.get("customer"), next((one.email for one in articles if not one.is_ours), ""))
    return _ticket(item, email=customer, messages=articles, closed_at=item.get("close_at"), subject=item.get("title"))


def _zammad_article(item: Item, to_text: ToText) -> OldMessage:
    is_ours = str(item.get("sender", "")).lower() != "customer"
    name, address = parseaddr(str(item.get("from") or ""))
    return _message(
        item,
        email=_address(address, item.get("created_by")),
        name=name,
        text=_text(item, to_text, html="html" in str(item.get("content_type", ""))),
        is_ours=is_ours,
        is_internal=_is_true(item.get("internal")),
    )


def _osticket(item: Item, to_text: ToText) -> OldTicket:
    """Tickets with their `thread` (rows of `thread_entry`), or the CSV of the ticket list, which has no messages."""
    user = item.get("user") or {}
    email = _address(user.get("email"), item.get("from_email"), item.get("email"))
    listed = item.get("thread") or item.get("articles") or ()
    messages = [_osticket_entry(one, to_text, reporter=email) for one in listed]
    return _ticket(
        item,
        email=email,
        name=str(user.get("name") or item.get("from") or ""),
        messages=messages,
        closed_at=item.get("closed") or item.get("closed_date"),
        state=item.get("current_status"),
    )


def _osticket_entry(item: Item, to_text: ToText, *, reporter: str) -> OldMessage:
    kind = str(item.get("type", "M"))[:1].upper()  # message, response, note
    return _message(
        item,
        email=_address(item.get("email"), reporter if kind == "M" else "", item.get("poster")) or reporter,
        name=str(item.get("poster") or ""),
        text=_text(item, to_text, html=str(item.get("format", "html")) == "html"),
        is_ours=kind == "R",
        is_internal=kind == "N",
    )


def _freescout(item: Item, to_text: ToText) -> OldTicket:
    """`/api/conversations?embed=threads`."""
    threads = (item.get("_embedded") or item).get("threads") or item.get("articles") or ()
    customer = item.get("customer") or {}
    email = _address(customer.get("email"), item.get("customer_email"))
    messages = [_freescout_thread(one, to_text, reporter=email) for one in threads if one.get("type") != "lineitem"]
    name = " ".join(str(customer[part]) for part in ("firstName", "lastName") if customer.get(part))
    return _ticket(item, email=email, name=name, messages=messages, closed_at=item.get("closedAt"))


def _freescout_thread(item: Item, to_text: ToText, *, reporter: str) -> OldMessage:
    kind = str(item.get("type", "customer"))
    by = item.get("createdBy") or item.get("customer") or {}
    return _message(
        item,
        email=_address(by.get("email") if isinstance(by, Mapping) else by, item.get("from")) or reporter,
        text=_text(item, to_text, html=True),
        is_ours=kind == "message",
        is_internal=kind == "note",
    )


_DESKS: Mapping[str, Callable[[Item, ToText], OldTicket]] = {
    "zammad": _zammad,
    "osticket": _osticket,
    "freescout": _freescout,
}
DESKS = tuple(_DESKS)


def _ticket(
    item: Item,
    *,
    email: str,
    messages: Sequence[OldMessage],
    closed_at: Any,
    name: str = "",
    subject: Any = None,
    state: Any = None,
) -> OldTicket:
    number = str(item.get("number") or item["id"])
    created = _moment(_first(item, "created_at", "created", "createdAt", "date_created", "date") or "")
    status = str(state or item.get("state") or item.get("status") or "").lower()
    last = max((one.at for one in messages), default=created)
    return OldTicket(
        key=str(item.get("id") or number),
        number=number,
        subject=str(subject or item.get("subject") or ""),
        email=email,
        name=name,
        created_at=created,
        closed_at=(_moment(closed_at) if closed_at else last) if status in _CLOSED else None,
        messages=messages,
    )


def _message(item: Item, *, email: str, text: str, is_ours: bool, is_internal: bool, name: str = "") -> OldMessage:
    named = {
        field: parse_message_ids(str(_first(item, *fields) or ""))
        for field, fields in (
            ("own", ("message_id", "messageId", "mid")),
            ("parent", ("in_reply_to", "inReplyTo")),
            ("references", ("references",)),
        )
    }
    return OldMessage(
        key=str(item["id"]),
        at=_moment(_first(item, "created_at", "created", "createdAt", "date") or ""),
        email=email,
        name=name,
        text=text,
        is_ours=is_ours and not is_internal,
        is_internal=is_internal,
        message_id=named["own"][0] if named["own"] else None,
        in_reply_to=named["parent"][0] if named["parent"] else None,
        references=named["references"],
        addressed=tuple(_address(one) for one in str(item.get("to") or "").split(",") if "@" in one),
    )


def _text(item: Item, to_text: ToText, *, html: bool) -> str:
    body = str(item.get("body") or "")
    return to_text(body) if html and "<" in body else body.strip()


def _address(*candidates: Any) -> str:
    """The first of these that has an address in it, normalised; "" where none has."""
    for candidate in candidates:
        address = parseaddr(str(candidate or ""))[1]
        if "@" in address:
            return normalise_address(address)
    return ""


def _first(item: Item, *names: str) -> Any:
    return next((item[name] for name in names if item.get(name)), None)


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() in {"true", "1", "yes"}


def _moment(text: Any) -> datetime:
    """A date of an export; without a zone it is in UTC. Raises BadItem."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        try:
            found = parsedate_to_datetime(str(text))
        except ValueError as error:
            raise BadItem(f"{text!r} is not a date") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
