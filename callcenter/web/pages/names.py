"""What the product's own names are called on pages: roles, states, outcomes, kinds, reasons."""

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
    "reserved": _("Reserved for a callback"),
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
    "not_reached": _("Not reached"),
}
DIRECTIONS: Mapping[str, str] = {"inbound": _("from a customer"), "outbound": _("to a customer")}
CALLBACKS: Mapping[str, str] = {
    "booked": _("Booked"),
    "waiting": _("Waiting for an agent"),
    "agent": _("Being called"),
    "kept": _("Kept"),
    "failed": _("Not reached"),
    "cancelled": _("Cancelled"),
}
PROMISES: Mapping[str, str] = {
    "open": _("Open"),
    "late": _("Late"),
    "kept": _("Kept"),
    "broken": _("Broken"),
    "cancelled": _("Cancelled"),
    "owed": _("Owed"),
}
TICKETS: Mapping[str, str] = {
    "new": _("New"),
    "open": _("Open"),
    "solved": _("Solved"),
    "closed": _("Closed"),
}
MATTERS: Mapping[str, str] = {
    "technical": _("Technical"),
    "presales": _("Presales"),
    "complaint": _("Complaint"),
    "general": _("General"),
}
CHANNELS: Mapping[str, str] = {
    "phone": _("Telephone"),
    "fax": _("Fax"),
    "email": _("E-mail"),
    "forum": _("Forum"),
    "website": _("Website"),
    "walk_in": _("Walk-in"),
    "visit": _("Visit"),
    "follow_up": _("Follow-up"),
    "survey": _("Survey"),
    "remote": _("Remote help"),
}
TRIES: Mapping[str, str] = {
    "reached": _("Reached"),
    "busy": _("Busy"),
    "no_answer": _("No answer"),
    "not_accepted": _("Picked up, no key pressed"),
    "voicemail": _("Answering machine"),
    "failed": _("Call failed"),
    "canceled": _("Call stopped"),
    "agent_lost": _("Agent lost"),
    "hung_up": _("Hung up while waiting"),
    "nobody_free": _("No agent there"),
    "not_placed": _("Not placed by the carrier"),
    "not_called": _("Not called"),
    "quiet_hours": _("Quiet hours"),
    "number_cap": _("Calls of the day used up"),
    "day_cap": _("Calls of the day used up"),
    "unknown": _("Nobody knows"),
    "number_busy_with_us": _("Was on the line with us"),
    "phoned_in": _("Phoned in"),
    "list_unavailable": _("The carrier's list could not be had"),
    "several_calls": _("Several calls could be ours"),
    "strict": _("Machines may not decide here"),
}
TASKS: Mapping[str, str] = {
    "unknown_call": _("Was this customer called?"),
    "not_dialled": _("Call this customer yourself"),
    "not_reached": _("Not reached by any try"),
}
VERDICTS: Mapping[str, str] = {
    "called": _("Was called"),
    "not_called": _("Was not called"),
    "found": _("Found by itself"),
}
OFFERS: Mapping[str, str] = {
    "ringing": _("Ringing"),
    "accepted": _("Accepted"),
    "joined": _("Talking"),
    "declined": _("Declined"),
    "missed": _("Missed"),
    "withdrawn": _("Withdrawn"),
    "failed": _("Not rung"),
    "ended": _("Ended"),
}
HEARD: Mapping[str, str] = {
    "to_the_end": _("heard to the end"),
    "cut_short": _("cut short"),
    "not_begun": _("not begun"),
    "unknown": _("unknown how far"),
}
STEPS: Mapping[str, str] = {
    "warning": _("Warned before the limit"),
    "owner": _("The owner was told"),
    "duty_manager": _("The duty manager was told"),
    "supervisor": _("The supervisor was told"),
}
EVENTS: Mapping[str, str] = {
    "opened": _("Opened"),
    "changed": _("Changed"),
    "contact": _("The customer phoned again"),
    "message": _("A message was left"),
    "note": _("Note"),
    "closed": _("Closed"),
    "promised": _("Promised"),
    "visit_requested": _("A visit was requested"),
    "problem_reported": _("The problem was reported"),
}
KINDS: Mapping[str, Mapping[str, str]] = {
    "role": ROLES,
    "state": STATES,
    "outcome": OUTCOMES,
    "direction": DIRECTIONS,
    "callback": CALLBACKS,
    "promise": PROMISES,
    "ticket": TICKETS,
    "matter": MATTERS,
    "channel": CHANNELS,
    "try": TRIES,
    "task": TASKS,
    "verdict": VERDICTS,
    "offer": OFFERS,
    "heard": HEARD,
    "step": STEPS,
    "event": EVENTS,
}
