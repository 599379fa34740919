"""How long things are kept. The bounds stand in code: no setting keeps longer, and none forgets what work needs.

Voice messages and call metadata have theirs with the hotline (`gateway.config.telephony`).
"""

from pydantic import Field

from gateway.config.section import Section


class RetentionSettings(Section):
    """Days. Raw mail counts from the closing of its ticket, or from its filing where it is on none; a mail with files
    is kept as long as its files. Sessions and sign-in links count from their end."""

    raw_mail_days: int = Field(default=365, ge=30, le=1095)
    attachment_days: int = Field(default=365, ge=30, le=1095)
    sent_days: int = Field(default=30, ge=1, le=365, description="files in sent/, where there is no relay")
    session_days: int = Field(default=7, ge=1, le=90)
    log_days: int = Field(default=30, ge=1, le=180)
    audit_days: int = Field(default=365, ge=180, le=1095, description="who did what, for supervisors")
