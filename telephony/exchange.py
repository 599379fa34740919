"""The webhooks of an installation: whose requests it believes, and the stores that it hands over to."""

from flask import Flask

from gateway.config.locations import Locations, signing_keys
from gateway.config.model import SettingsModel
from gateway.config.secret_files import read_or_create
from gateway.hotline_snapshot import snapshot_path
from gateway.runtime import Runtime
from telephony.signature import Secrets
from telephony.snapshot import Snapshots
from telephony.webhooks import Exchange, create_app


def open_exchange(runtime: Runtime) -> Flask:
    """The webhooks as an application. Nothing is dialled, now or for a request."""
    settings = runtime.settings
    return create_app(
        Exchange(
            settings=settings,
            secrets=secrets_of(settings, runtime.where),
            snapshots=Snapshots(snapshot_path(runtime.where.data)),
            signing_keys=signing_keys(settings),
            spool=runtime.spool,
            ring=runtime.doorbell.ring_soon,
            clock=runtime.clock,
        )
    )


def secrets_of(settings: SettingsModel, where: Locations) -> Secrets:
    """What webhooks are signed with.

    Without a public address no provider can reach us: there a secret of our own is made at the first start, for the
    simulator on this machine. With one, nothing is believed until the operator gives a secret.
    """
    telephony = settings.telephony
    given = Secrets(auth_tokens=telephony.auth_tokens, shared_keys=telephony.shared_keys)
    if given.any or settings.http.public_url is not None:
        return given
    return Secrets(shared_keys=(read_or_create(where.secrets, "telephony"),))
