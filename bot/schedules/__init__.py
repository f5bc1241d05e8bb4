"""When automations are due: schedule types without a database and without a clock."""

from bot.schedules.cron import Cron
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Daily, Interval, Monthly, Once, Schedule, Weekly, upcoming
from bot.schedules.rules import CalendarRule, ElapsedRule
from bot.schedules.stored import is_legacy, load
from bot.schedules.text import parse

__all__ = [
    "CalendarRule",
    "Cron",
    "Daily",
    "ElapsedRule",
    "Interval",
    "Monthly",
    "Once",
    "Schedule",
    "ScheduleError",
    "Weekly",
    "is_legacy",
    "load",
    "parse",
    "upcoming",
]
