"""Keep only what a person wrote: quotes, signatures and disclaimers are told from it by rules, and kept beside it."""

from inbound.trimming.model import Forwarded, Kind, Piece, Trimmed
from inbound.trimming.trimmer import trim

__all__ = ["Forwarded", "Kind", "Piece", "Trimmed", "trim"]
