"""What every table of the configuration has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the configuration file; a key that we do not know is a fault, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
