"""PERSONALITY.md: how the bot was asked to speak."""

from __future__ import annotations

from exports.markdown import cell, code, table
from exports.page import DatedLine, MarkdownPage, count
from storage.ids import place_named
from storage.views.projections import ExportedProfile, Projections


def personality(asked: Projections) -> MarkdownPage:
    """The page of `polar_personality_profiles`."""
    rows = sum(day.rows for day in asked.days_of_profiles())
    return MarkdownPage(
        title="Personality",
        intro="How the bot was asked to speak: `polar_personality_profiles`, by the day of the last change, in UTC.",
        last=asked.last_profile(),
        counts=(count(rows, "profile"),),
        tables=(table(("scope", "profiles"), [(cell(scope), n) for scope, _, n in asked.profiles_by_scope()]),),
        rows=rows,
        days=((day.day, count(day.rows, "profile")) for day in asked.days_of_profiles()),
        entries=map(_entry, asked.profiles()),
    )


def _entry(profile: ExportedProfile) -> DatedLine:
    user = "" if profile.user_id is None else f" of {code(profile.user_id)}"
    chat = "" if profile.session_id is None else f" in {code(place_named(profile.session_id))}"
    name = "" if profile.name is None else f", named {code(profile.name)}"
    return profile.at_ms, f"{code(profile.scope)}{user}{chat}{name}: {code(profile.prompt, 2000)}"
