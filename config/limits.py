"""Every timeout and limit, in one place.

How long a process may wait for PostgreSQL depends on its kind: a page is answered or refused within
seconds, background work may take longer. docs/production.md lists the same values. Times are in
seconds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import environ

env = environ.Env()
LOCAL: bool = env.str("TRIBUTARY_MODE", default="production") == "local"


@dataclass(frozen=True, slots=True)
class DatabaseLimits:
    """The timeouts for PostgreSQL of one kind of process, in seconds. 0 means no limit."""

    connect: float  # for a new connection to be ready
    pool_wait: float  # for a connection of the pool to be free
    statement: float  # statement_timeout
    lock: float  # lock_timeout
    idle_in_transaction: float  # idle_in_transaction_session_timeout
    # After this much silence, a probe over another connection checks whether PostgreSQL answers. A
    # frozen server does not enforce the limits above.
    silence: float
    probe: float  # for that probe to succeed


PROCESSES = {
    "web": DatabaseLimits(
        connect=1, pool_wait=1, statement=5, lock=2, idle_in_transaction=10, silence=0.4, probe=0.8
    ),
    "worker": DatabaseLimits(
        connect=5, pool_wait=5, statement=60, lock=10, idle_in_transaction=60, silence=2, probe=5
    ),
    "command": DatabaseLimits(
        connect=5, pool_wait=5, statement=0, lock=30, idle_in_transaction=0, silence=2, probe=5
    ),
}


def _kind_of_process() -> str:
    """Return `worker` for Celery's worker and beat, and for the consumer of clicks.

    config.asgi sets `web` for the web process.
    """
    program = Path(sys.argv[0])
    is_celery = "celery" in {program.name, program.parent.name}
    is_worker = is_celery and {"worker", "beat"} & set(sys.argv[1:])
    return "worker" if is_worker or sys.argv[1:2] == ["store_clicks"] else "command"


PROCESS: str = env.str("TRIBUTARY_PROCESS", default=_kind_of_process())
if PROCESS not in PROCESSES:
    raise ValueError(f"TRIBUTARY_PROCESS is {PROCESS!r}: it is one of {', '.join(PROCESSES)}")
_usual = PROCESSES[PROCESS]

# --- PostgreSQL
DATABASE_LIMITS = DatabaseLimits(
    connect=env.float("DATABASE_CONNECT_TIMEOUT", default=_usual.connect),
    pool_wait=env.float("DATABASE_POOL_TIMEOUT", default=_usual.pool_wait),
    statement=env.float("DATABASE_STATEMENT_TIMEOUT", default=_usual.statement),
    lock=env.float("DATABASE_LOCK_TIMEOUT", default=_usual.lock),
    idle_in_transaction=env.float("DATABASE_IDLE_TIMEOUT", default=_usual.idle_in_transaction),
    silence=_usual.silence,
    probe=_usual.probe,
)
DATABASE_POOL_SIZE: int = env.int("DATABASE_POOL_SIZE", default=16)  # connections per process
# A TCP connection whose other end disappeared is closed after about 15 seconds.
DATABASE_KEEPALIVE = {
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}

# --- Valkey: its contents are dispensable, so these timeouts are short
CACHE_TIMEOUT: float = env.float("CACHE_TIMEOUT", default=0.5)
# For the broker to accept a task's message. The sweep finds the row of a message that was lost.
BROKER_TIMEOUT: float = env.float("BROKER_TIMEOUT", default=0.3 if PROCESS == "web" else 5)
BROKER_CHECK_SECONDS = 5  # how often a worker makes sure that its broker still answers
# How long worker and beat wait between attempts to reach the broker: half a second more each time.
BROKER_RETRY_SECONDS = 0.5
BROKER_MAX_RETRY_SECONDS = 2.0

# --- Tracking links; see edge
LINKS_CACHED: int = env.int("LINKS_CACHED", default=100_000)  # links in memory, per web process
# Bytes of clicks that wait on the disk while Valkey is away, per web process: about 300 a click.
CLICKS_MAX_WAITING: int = env.int("CLICKS_MAX_WAITING", default=1_000_000_000)
# Batches of clicks in the stream, which wait in Valkey's memory while nobody stores them.
CLICKS_MAX_ENTRIES: int = env.int("CLICKS_MAX_ENTRIES", default=100_000)

# --- The API: requests, and items of a batch beyond the first, of one key
API_RATE: float = env.float("API_RATE", default=2_000)  # a second, over time; 0 for no limit
API_BURST: int = env.int("API_BURST", default=20_000)  # at once, after a pause

# --- Orders that browsers report with a publishable key, which anybody can read
SCRIPT_RATE: float = env.float("SCRIPT_RATE", default=20)  # a second, of one key; 0 for no limit
SCRIPT_BURST: int = env.int("SCRIPT_BURST", default=600)
SCRIPT_CLIENT_RATE: float = env.float("SCRIPT_CLIENT_RATE", default=0.1)  # the same, of one client
SCRIPT_CLIENT_BURST: int = env.int("SCRIPT_CLIENT_BURST", default=30)
MAX_REPORT_BYTES = 64 * 1024  # of the body of a report or a postback

# --- Mail
# For a connection to the mail server, and for each of its answers. A page must not wait as long.
EMAIL_TIMEOUT: int = env.int("EMAIL_TIMEOUT", default=3 if PROCESS == "web" else 30)

# --- The web process; see config.gate and config.web
# Processes. Local mode has one, because several would need a shared folder for their metrics.
WEB_WORKERS: int = env.int("WEB_WORKERS", default=1 if LOCAL else 2)
WEB_CONCURRENT_REQUESTS: int = env.int("WEB_CONCURRENT_REQUESTS", default=4)  # per process
# Open connections per process, with idle ones; others wait to be accepted. A connection without a
# request is closed after 30 seconds.
WEB_CONNECTIONS: int = env.int("WEB_CONNECTIONS", default=2_000)
# Of a request's first line and headers together: more than twice as much is surely answered 431, as
# granian asks before each read. nginx passes on half of it.
WEB_MAX_HEAD_BYTES = 65_536
# Requests with an order that wait for another one of their shop, per process; see config.groups.
WEB_WAITING_REQUESTS: int = env.int("WEB_WAITING_REQUESTS", default=64)
WEB_GROUP_SECONDS = 10.0  # how long each may wait
WEB_QUEUE: int = env.int("WEB_QUEUE", default=16)  # requests that wait, per process
WEB_QUEUE_SECONDS: float = env.float("WEB_QUEUE_SECONDS", default=1.0)
# Refusals a second, per process. More are sent later, but at most WEB_QUEUE_SECONDS later.
WEB_REFUSALS = 100
WEB_SPARE_THREADS = 2  # only for /readyz, so that it is answered while all places are taken
WEB_RETRY_AFTER = 2  # the Retry-After of a refused request
WEB_STUCK_SECONDS: float = env.float("WEB_STUCK_SECONDS", default=10.0)
WEB_STOP_SECONDS = 15  # for a process to finish what it is doing
