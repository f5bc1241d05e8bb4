"""Times in words: what people write when they mean a time, in their languages, as text that bot.schedules reads.

Words become tokens (`tokens.py`) by what a language says that they are (`languages/*.toml`, `language.py`). Patterns
over the kinds of tokens (`reading.py`) fill slots, each once, until every word is used up; what is in the slots
(`slots.py`) becomes a schedule, a question, or nothing (`repeating.py`, `once.py`, `meaning.py`). `understanding.py` is
the door.
"""
