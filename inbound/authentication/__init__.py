"""Is a mail from whom it says? `authenticate` finds out, `held_reason` says whether a person must look at it first."""

from gateway.mail.authentication import held_reason
from inbound.authentication.checks import authenticate
from inbound.authentication.resolver import Resolver

__all__ = ["Resolver", "authenticate", "held_reason"]
