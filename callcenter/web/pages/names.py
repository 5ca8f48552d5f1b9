"""What the product's own names are called on pages: roles, states of agents, outcomes of calls."""

from collections.abc import Mapping

from callcenter.web.pages.words import marked as _

ROLES: Mapping[str, str] = {
    "agent": _("Agent"),
    "supervisor": _("Supervisor"),
    "admin": _("Administrator"),
}
STATES: Mapping[str, str] = {
    "available": _("Available"),
    "ringing": _("Ringing"),
    "talking": _("Talking"),
    "wrap_up": _("Wrap-up"),
    "break": _("Break"),
    "offline": _("Offline"),
}
OUTCOMES: Mapping[str, str] = {
    "answered": _("Answered"),
    "callback": _("Callback promised"),
    "voicemail": _("Voicemail"),
    "overflow": _("Forwarded"),
    "failed": _("Failed"),
    "abandoned_in_queue": _("Abandoned in queue"),
    "abandoned_short": _("Abandoned at once"),
    "abandoned_in_menu": _("Abandoned in the menu"),
    "abandoned_in_greeting": _("Abandoned in the greeting"),
    "self_served": _("Self-served"),
    "closed": _("Closed hours"),
    "blocked": _("Blocked"),
    "open": _("Open"),
}
KINDS: Mapping[str, Mapping[str, str]] = {"role": ROLES, "state": STATES, "outcome": OUTCOMES}
