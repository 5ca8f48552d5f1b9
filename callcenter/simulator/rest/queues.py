"""Queues and their members: by SID only, a friendly name is not found.

Source: Twilio "Queue resource", "Queue Member resource".
"""

from callcenter.simulator.rest import shapes
from callcenter.simulator.rest.calls import redirect, source_of
from callcenter.simulator.rest.errors import not_found
from callcenter.simulator.rest.paging import page
from callcenter.simulator.rest.request import Json, RestQuery
from callcenter.simulator.waiting import Member, Queue


def listing(query: RestQuery) -> tuple[int, Json]:
    """GET /Queues."""
    rows = list(query.world.queues.values())
    return 200, page(query, "queues", rows, lambda q: shapes.queue(query.world, q))


def find(query: RestQuery, sid: str) -> Queue:
    """Return a queue; raise 20404."""
    queue = query.world.queues.get(sid)
    if queue is None:
        raise not_found(shapes.uri(query.world, f"Queues/{sid}.json"))
    return queue


def fetch(query: RestQuery, sid: str) -> tuple[int, Json]:
    """GET /Queues/{sid}."""
    return 200, shapes.queue(query.world, find(query, sid))


def members(query: RestQuery, sid: str) -> tuple[int, Json]:
    """GET /Queues/{sid}/Members, the first in line first."""
    queue = find(query, sid)
    rows = list(queue.members)
    return 200, page(query, "queue_members", rows, lambda m: shapes.member(query.world, queue, m))


def _member(query: RestQuery, sid: str, who: str) -> tuple[Queue, Member]:
    queue = find(query, sid)
    waiting = queue.members[:1] if who == "Front" else queue.members
    member = next((m for m in waiting if who in (m.call.sid, "Front")), None)
    if member is None:
        raise not_found(shapes.uri(query.world, f"Queues/{sid}/Members/{who}.json"))
    return queue, member


def fetch_member(query: RestQuery, sid: str, who: str) -> tuple[int, Json]:
    """GET /Queues/{sid}/Members/{call or Front}."""
    return 200, shapes.member(query.world, *_member(query, sid, who))


def dequeue(query: RestQuery, sid: str, who: str) -> tuple[int, Json]:
    """POST …: take the caller out and give him another document; Enqueue's action is requested at once."""
    queue, member = _member(query, sid, who)
    shown = shapes.member(query.world, queue, member)
    redirect(member.call, source_of(query))
    return 200, shown
