"""All stores of one database, built once."""

from __future__ import annotations

from storage.database import Database
from storage.tables.access import Access
from storage.tables.answers import Answers
from storage.tables.audit import Audit
from storage.tables.budgets import Budgets
from storage.tables.chats import Chats
from storage.tables.custom_emoji import CustomEmoji
from storage.tables.deliveries import Deliveries
from storage.tables.feedback import Feedback
from storage.tables.jobs import Jobs
from storage.tables.memories import Memories
from storage.tables.messages import Messages
from storage.tables.personalities import Personalities
from storage.tables.properties import Properties
from storage.tables.proposals import Proposals
from storage.tables.runs import Runs
from storage.tables.stop_marks import StopMarks
from storage.tables.updates import Updates
from storage.tables.users import Users
from storage.views.health import Health


class Stores:
    """Each store by its name."""

    def __init__(self, database: Database) -> None:
        self.access = Access(database)
        self.answers = Answers(database)
        self.audit = Audit()
        self.budgets = Budgets(database)
        self.chats = Chats(database)
        self.custom_emoji = CustomEmoji(database)
        self.deliveries = Deliveries(database)
        self.feedback = Feedback(database)
        self.health = Health(database)
        self.jobs = Jobs(database)
        self.memories = Memories(database)
        self.messages = Messages(database)
        self.personalities = Personalities(database)
        self.properties = Properties(database)
        self.proposals = Proposals(database)
        self.runs = Runs(database)
        self.stop_marks = StopMarks(database)
        self.updates = Updates(database)
        self.users = Users(database)
