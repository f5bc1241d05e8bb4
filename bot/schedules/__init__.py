"""When automations are due: schedule types without a database and without a clock."""

from bot.schedules.kinds import Daily, Interval, Once, Schedule, Weekly
from bot.schedules.stored import is_legacy, load
from bot.schedules.text import ScheduleError, parse

__all__ = ["Daily", "Interval", "Once", "Schedule", "ScheduleError", "Weekly", "is_legacy", "load", "parse"]
