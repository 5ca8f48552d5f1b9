"""What Prometheus may ask a process for. Labels are few and closed: no number, no id, no caller."""

import structlog
from prometheus_client import Counter, Histogram, start_http_server

log = structlog.get_logger()

# A caller notices a second of silence, and the carrier gives up after fifteen.
_WEBHOOK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 15.0)
_REQUEST_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

WEBHOOKS = Counter(
    "callcenter_webhooks_total", "Webhooks answered, by kind and HTTP status.", ["kind", "status"]
)
WEBHOOK_SECONDS = Histogram(
    "callcenter_webhook_seconds",
    "From a webhook's receipt to its answer.",
    ["kind"],
    buckets=_WEBHOOK_BUCKETS,
)
APOLOGIES = Counter(
    "callcenter_apologies_total", "Callers who heard an apology, by why (deadline, commit, error).", ["why"]
)
JOBS = Counter(
    "callcenter_jobs_total", "Jobs performed, by name and result (done, failed).", ["name", "result"]
)
JOB_SECONDS = Histogram("callcenter_job_seconds", "How long a job took.", ["name"], buckets=_REQUEST_BUCKETS)
SPOOLED = Counter(
    "callcenter_spooled_total",
    "What was put on the disk while the database was away, by kind and result (kept, lost, brought_home).",
    ["kind", "result"],
)
BELLS = Counter("callcenter_bells_total", "Jobs handed to Redis, by result (rung, lost).", ["result"])
CARRIER_REQUESTS = Counter(
    "callcenter_carrier_requests_total", "Requests to the carrier, by verb and result.", ["verb", "result"]
)
CARRIER_SECONDS = Histogram(
    "callcenter_carrier_seconds", "How long the carrier took to answer.", ["verb"], buckets=_REQUEST_BUCKETS
)
BREAKER = Counter(
    "callcenter_breaker_total",
    "How often calls were held back because the carrier failed, and let go (opened, closed).",
    ["result"],
)
SECOND_SIDS = Counter(
    "callcenter_second_sids_total",
    "Calls that were stopped: their attempt had another, or was over.",
)
TASKS = Counter(
    "callcenter_tasks_total",
    "What was left to people, by kind and result (opened, resolved).",
    ["kind", "result"],
)


def serve(port: int | None) -> None:
    """Let Prometheus ask a process that serves nothing else; several on one machine cannot share a port."""
    if port is None:
        return
    try:
        start_http_server(port)
    except OSError as taken:
        log.warning("metrics.not_served", port=port, reason=type(taken).__name__)
