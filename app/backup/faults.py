"""What stops a backup or a restore, as a sentence in the language of the command line."""

from app.errors import DubanError


class BackupFault(DubanError):
    """Nothing was made; nothing was changed."""


class BadBackup(BackupFault):
    """The file is no backup of ours, or no longer what it was."""


class NotEmpty(BackupFault):
    """There is something already where a backup would go."""
