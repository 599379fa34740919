"""The core of the support gateway: accepting, remembering, deciding, timing, telling.

Nothing here imports `inbound`, `telephony` or `web`; `gateway.wiring` is the one exception, because it is
where the parts are put together.
"""

__version__ = "0.1.0"
