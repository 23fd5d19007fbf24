"""Client of the EmoStage worker: turns in, their replies streamed back, whole and in order.

`Client` is for asyncio, `blocking.Client` for programs without an event loop; both speak
schemas/PROTOCOL.md over ZeroMQ. Whatever gets lost on the way is asked for again, each reply is
held against its byte count and XXH64, and leaving a turn cancels it.
"""

from . import blocking
from ._collect import Reply
from ._link import Link
from ._sockets import DEFAULT_COMMANDS, DEFAULT_EVENTS
from ._turn import Counters, OnLeave
from ._wire import as_map
from .client import Client
from .commands import OnBusy, OnLost, Priority, Role, Utterance
from .config import Config
from .errors import (
    ClientClosed,
    EmoStageError,
    TurnCancelled,
    TurnError,
    TurnFailed,
    TurnRejected,
)
from .events import (
    Accepted,
    Alert,
    Cancelled,
    Completed,
    Delta,
    End,
    Event,
    Failed,
    Limits,
    Rejected,
    Reset,
    Stage,
    StageStatus,
    Started,
    TurnEvent,
    Usage,
)
from .stream import TurnStream

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_COMMANDS",
    "DEFAULT_EVENTS",
    "Accepted",
    "Alert",
    "Cancelled",
    "Client",
    "ClientClosed",
    "Completed",
    "Config",
    "Counters",
    "Delta",
    "EmoStageError",
    "End",
    "Event",
    "Failed",
    "Limits",
    "Link",
    "OnBusy",
    "OnLeave",
    "OnLost",
    "Priority",
    "Rejected",
    "Reply",
    "Reset",
    "Role",
    "Stage",
    "StageStatus",
    "Started",
    "TurnCancelled",
    "TurnError",
    "TurnEvent",
    "TurnFailed",
    "TurnRejected",
    "TurnStream",
    "Usage",
    "Utterance",
    "as_map",
    "blocking",
]
