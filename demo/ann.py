"""Ann: what she writes, what she hears, and what she presses."""

from __future__ import annotations

from typing import Any

from demo.screen import Screen
from demo.stage import Stage


class Ann:
    """Acts in her private chat with the bot, and has everything shown that happens there."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self._stage = stage
        self._screen = screen
        self._id = 0
        self._seen = 0

    async def join(self) -> None:
        """Come to Telegram."""
        self._id = (await self._stage.act("person", first_name="Ann", username="ann"))["id"]

    async def page(self) -> str | None:
        """Where a browser shows her chat."""
        return await self._stage.page(self._id)

    async def say(self, text: str, *, shown: str | None = None, answers: int = 1) -> None:
        """Write, and wait for so many answers."""
        self._screen.ann(shown or text)
        await self.write(text)
        await self.hear(answers)

    async def write(self, text: str) -> None:
        """Write, and wait for nothing."""
        await self._stage.act("say", chat=self._id, person=self._id, text=text)

    async def hear(self, count: int) -> None:
        """Wait for so many further messages, and show them; while one is being written, show that too."""
        goal = self._seen + count
        delivered = "SELECT count(*) FROM polar_messages WHERE role = 'assistant' AND messageId IS NOT NULL"
        before = len(self._stage.drafts())
        with self._screen.writing() as show:

            def is_heard() -> bool:
                if drafts := self._stage.drafts()[before:]:
                    show(drafts[-1])
                return not count or self._stage.rows(delivered) == [(goal,)]

            await self._stage.until(is_heard, f"{goal} answers")
        await self.look(goal)

    async def look(self, goal: int | None = None) -> None:
        """Show the messages that came since she last looked, up to the one of this number."""
        messages = await self.messages()
        for message in messages[self._seen : goal]:
            self._screen.bot(message)
        self._seen = len(messages[:goal])

    async def messages(self) -> list[dict[str, Any]]:
        """The bot's messages, as they are now, in order."""
        messages: list[dict[str, Any]] = await self._stage.act("sent", chat=self._id)
        return messages

    async def react(self, message: dict[str, Any], *reactions: str, told: str) -> None:
        """Put these reactions on a message, in place of her earlier ones."""
        await self._stage.act(
            "react", chat=self._id, person=self._id, message_id=message["message_id"], reactions=reactions
        )
        self._screen.event(told)

    async def press(self, message: dict[str, Any], number: int = 0) -> None:
        """Press a button of a message's first row."""
        button = message["reply_markup"]["inline_keyboard"][0][number]
        await self._stage.act(
            "press", chat=self._id, person=self._id, message_id=message["message_id"], data=button["callback_data"]
        )
        self._screen.event(f"Ann presses [{button['text']}]")
