"""What is wrong with a schedule."""

from middleware.texts import say


class ScheduleError(ValueError):
    """This schedule cannot be read."""

    def __init__(self, text: str, position: int, expected: str, example: str = "daily at 18:00") -> None:
        """Keep the text, the index in it where reading failed, what belongs there, and a valid schedule."""
        super().__init__(text, position, expected, example)
        self.text = text
        self.position = position
        self.expected = expected
        self.example = example

    def __str__(self) -> str:
        """Say where it fails, what is expected there, and show a valid example."""
        word = next(iter(self.text[self.position :].split()), "")
        shown = word if len(word) <= 30 else f"{word[:29]}…"
        at_word = say("schedule.at_word", position=self.position + 1, word=shown)
        where = at_word if word else say("schedule.at_end")
        return say("schedule.wrong", where=where, expected=self.expected, example=self.example)
