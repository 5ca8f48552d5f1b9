"""A telephone network on this machine that plays Twilio over HTTP.

`Network` is the whole of it: people with telephones on one side, signed webhooks and the REST API on the
other, over a virtual clock. It imports nothing else of callcenter; only the command line and tests start it.
"""

from callcenter.simulator.behaviours import (
    Behaviour,
    answers,
    busy,
    declines,
    rings_out,
    unreachable,
    voicemail,
)
from callcenter.simulator.clock import VirtualClock, WallClock
from callcenter.simulator.faults import Fault
from callcenter.simulator.handset import Handset, NotHeard
from callcenter.simulator.network import Network, Telephone
from callcenter.simulator.settings import Settings
from callcenter.simulator.webhooks import WebhookRequest, WebhookResponse

__all__ = [
    "Behaviour",
    "Fault",
    "Handset",
    "Network",
    "NotHeard",
    "Settings",
    "Telephone",
    "VirtualClock",
    "WallClock",
    "WebhookRequest",
    "WebhookResponse",
    "answers",
    "busy",
    "declines",
    "rings_out",
    "unreachable",
    "voicemail",
]
