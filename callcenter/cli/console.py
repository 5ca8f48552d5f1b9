"""What the console is: the language of whoever sits before it."""

from collections.abc import Mapping

# POSIX asks them in this order; LANGUAGE, GNU's list of wishes, comes first where it is set.
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def console_language(environ: Mapping[str, str]) -> str:
    """Return `zh-CN` where the console's locale is a Chinese one, else `en-US`."""
    wished = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return "zh-CN" if wished.lower().startswith("zh") else "en-US"
