"""The one error that the lab shows its user: what is wrong, and what to do about it."""


class LabError(Exception):
    """Something that the user can act on; its text is a complete sentence, shown without a traceback."""
