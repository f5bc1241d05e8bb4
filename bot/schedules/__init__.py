"""When automations are due: schedules without a database, without a clock and without words."""

from bot.schedules.cron import Cron
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Daily, Interval, Monthly, Once, Schedule, Weekly, upcoming
from bot.schedules.rules import CalendarRule, ElapsedRule
from bot.schedules.text import is_legacy, load, parse

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
