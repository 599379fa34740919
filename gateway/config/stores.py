"""How the servers that all machines share are reached: PostgreSQL, and Redis or Valkey, beside their URLs."""

from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from gateway.config.section import Section


class DatabaseSettings(Section):
    """Connections to PostgreSQL. `pool_size` is how many each process keeps at most; `connect_timeout`, in seconds, is
    for each server that the URL names."""

    pool_size: int = Field(default=10, ge=1)
    connect_timeout: int = Field(default=5, ge=1)


class RedisSettings(Section):
    """Connections to Redis or Valkey. `ca_file`, `cert_file` and `key_file` are for `rediss`, in PEM: whom we believe,
    and who we are. `password_file` is read at each connection, so a password is changed by changing the file. The
    Sentinels may want a password of their own."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    password_file: Path | None = None
    sentinel_username: str | None = None
    sentinel_password: SecretStr | None = None

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> "RedisSettings":
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file must be given together")
        return self
