"""Services that watch us from outside; none is told anything unless it is named here."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from gateway.config.section import Section

SECRETS = ("observe.sentry_dsn",)


def _needs(package: str) -> None:
    if find_spec(package) is None:
        raise ValueError("needs the extra `observe`: pip install 'support-gateway[observe]'")


class ObserveSettings(Section):
    """`sentry_dsn` is where errors are reported (Sentry or what speaks like it), `otlp_endpoint` is an OpenTelemetry
    collector that takes spans over HTTP, such as http://localhost:4318.

    What they are told holds ids, names of our own and the lines of our own code: no address, no number, no text.
    """

    sentry_dsn: SecretStr | None = None
    otlp_endpoint: str | None = Field(default=None)

    @field_validator("sentry_dsn")
    @classmethod
    def _is_a_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        parts = urlsplit(value.get_secret_value())
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or not parts.username
            or not parts.path.strip("/")
        ):
            raise ValueError("must look like https://KEY@sentry.example.org/1")
        _needs("sentry_sdk")
        return value

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_a_collector(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must look like http://localhost:4318")
        _needs("opentelemetry")
        return value.rstrip("/")
