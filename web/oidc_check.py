"""Can staff sign in by their organisation? Asked by `gateway check`."""

from importlib.util import find_spec

from gateway.config.sign_in import OidcSettings
from gateway.errors import GatewayError
from web.oidc_client import OidcClient


def oidc_faults(oidc: OidcSettings) -> list[str]:
    """A sentence for each thing that is in the way: a missing package, a provider that does not answer as one."""
    if find_spec("joserfc") is None:
        return ["sign_in.oidc: needs the package joserfc, which the extra `sso` brings"]
    try:
        OidcClient(oidc, redirect_uri="").discovery()
    except (GatewayError, OSError) as error:
        return [f"sign_in.oidc: {oidc.issuer}: {error}"]
    return []
