"""The errors of a schedule."""


class ScheduleError(ValueError):
    """This schedule cannot be read."""

    def __init__(
        self, text: str, position: int, expected: str, example: str = "daily at 18:00", **values: object
    ) -> None:
        """Keep the text, the index in it where reading failed, what belongs there, and a valid schedule.

        What belongs there is a name, such as `time`, and the values that go with it; others have the words for it.
        """
        super().__init__(text, position, expected, example)
        self.text = text
        self.position = position
        self.expected = expected
        self.example = example
        self.values = values

    def __str__(self) -> str:
        """Where it fails and what belongs there, without a word of the text."""
        return f"{self.expected} expected at character {self.position + 1}"
