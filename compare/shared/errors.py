"""Mistakes that a user can mend."""


class BadInput(Exception):
    """An option, a file or a value that cannot be used.

    The message is one paragraph: the file or option, what was found, what was expected, how to mend it. The command
    line prints it without a traceback and exits with 2.
    """
