"""Whether a store of files does all that we ask of one: said in sentences for the operator."""

from secrets import token_bytes, token_hex

from gateway.errors import NotFound
from gateway.files.store import FileStore, StoreTrouble, content_of, mail_name, settle_all

_CAUSES = {
    "401": "it refuses our keys (401)",
    "403": "it refuses our keys, or gives them no right to list, read, write and delete (403)",
    "UnknownIssuer": "its certificate is signed by nobody whom we believe: see files.ca_file (UnknownIssuer)",
    "NotValidForName": "its certificate is not for the name in files.endpoint (NotValidForName)",
    "Expired": "its certificate has expired (Expired)",
    "404": "there is no such bucket (404)",
}


def store_faults(store: FileStore) -> list[str]:
    """Put a file of nobody's, read it and delete it. One sentence for what does not work, none where all does."""
    name, body = mail_name(token_hex(32)), token_bytes(64)
    try:
        store.require_up()
        store.put(name, content_of(body))
        settle_all(store)
        found = store.read(name)
        store.forget(name)
    except StoreTrouble as error:
        return [f"files.store: {_CAUSES.get(error.cause) or f'no answer ({error.cause})'}"]
    except NotFound:
        return ["files.store: what was put a moment ago is not there"]
    return [] if found == body else ["files.store: what was put a moment ago is not what is there"]
