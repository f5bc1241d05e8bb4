"""All stores of one database, built once and handed to whoever reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_type_hints

from storage.erasure import Erasure
from storage.readers import OwnReaders
from storage.tables.access import Permissions
from storage.tables.budgets import Budgets
from storage.tables.chats import Chats
from storage.tables.custom_emoji import CustomEmoji
from storage.tables.deliveries import Deliveries
from storage.tables.experiments import Experiments
from storage.tables.feedback import FeedbackLedger
from storage.tables.heartbeats import HeartbeatPolicies
from storage.tables.jobs import Jobs
from storage.tables.keys import Keys
from storage.tables.memories import Memories
from storage.tables.message_parts import MessageParts
from storage.tables.messages import Messages
from storage.tables.occurrences import Occurrences
from storage.tables.personalities import Personalities
from storage.tables.properties import Properties
from storage.tables.proposals import Proposals
from storage.tables.run_deliveries import RunDeliveries
from storage.tables.runs import Runs
from storage.tables.shares import Shares
from storage.tables.status_reactions import StatusReactions
from storage.tables.stop_marks import StopMarks
from storage.tables.updates import Updates
from storage.tables.users import Users
from storage.views.chat_feedback import ChatFeedback
from storage.views.due_jobs import DueJobs
from storage.views.feedback_summary import FeedbackSummaries
from storage.views.health import Health
from storage.views.own_data import OwnData
from storage.views.queue_counts import QueueCounts
from storage.views.tasks import TaskBoard

ASKED = frozenset(
    {"asked_memories", "chat_feedback", "feedback_summaries", "health", "own_data", "queue_counts", "tasks"}
)
"""Questions of people, or of checks for them, that may grow with all that is stored: they have readers of their own."""


@dataclass(frozen=True, slots=True, init=False)
class Stores:
    """The stores that can be asked, by subject.

    What is only written needs no store: statements are made by the classes themselves (`Audit.append`, `Jobs.add`).
    """

    access: Permissions
    asked_memories: Memories
    budgets: Budgets
    chat_feedback: ChatFeedback
    chats: Chats
    custom_emoji: CustomEmoji
    deliveries: Deliveries
    due_jobs: DueJobs
    erasure: Erasure
    experiments: Experiments
    feedback: FeedbackLedger
    feedback_summaries: FeedbackSummaries
    health: Health
    heartbeats: HeartbeatPolicies
    jobs: Jobs
    keys: Keys
    memories: Memories
    message_parts: MessageParts
    messages: Messages
    occurrences: Occurrences
    own_data: OwnData
    personalities: Personalities
    properties: Properties
    proposals: Proposals
    queue_counts: QueueCounts
    run_deliveries: RunDeliveries
    runs: Runs
    shares: Shares
    status_reactions: StatusReactions
    stop_marks: StopMarks
    tasks: TaskBoard
    updates: Updates
    users: Users

    def __init__(self, database: OwnReaders) -> None:
        for name, store in _CLASSES.items():
            object.__setattr__(self, name, store(database.asking if name in ASKED else database))


_CLASSES = get_type_hints(Stores)
