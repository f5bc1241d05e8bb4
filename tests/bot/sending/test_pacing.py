"""The pace of sending. Rates are so low that what has to wait would wait for hours: no test looks at a clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hypothesis import example, given
from hypothesis import strategies as st

from bot.sending.pacing import REMEMBERED_CHATS, SECOND_S, Pacing
from tests.clocks import LeapingLoop
from tests.house import until

FAST, NEVER = 1_000_000.0, 0.0001
ANN, BOB, GROUP = 1, 2, -3


@asynccontextmanager
async def pacing(
    *, per_second: float = FAST, chat_per_second: float = FAST, group_per_minute: float = FAST
) -> AsyncIterator[Pacing]:
    """A pacing that hands out."""
    made = Pacing(per_second=per_second, chat_per_second=chat_per_second, group_per_minute=group_per_minute)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def ranked(rank: int = 0) -> Callable[[], Awaitable[int]]:
    """A rank that stays what it is."""

    async def told() -> int:
        return rank

    return told


def ask(made: Pacing, chat: int) -> asyncio.Task[None]:
    """One who waits for the right to send, and makes a call that takes no time."""

    async def send() -> None:
        async with made.right_to_send(chat, ranked()):
            pass

    return asyncio.create_task(send())


async def granted(*tasks: asyncio.Task[None]) -> None:
    """These get it."""
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks)


async def refused(*tasks: asyncio.Task[None]) -> None:
    """These still wait; they give up."""
    assert not any(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_chat_that_used_up_its_share_waits_while_another_sends() -> None:
    """The limit of one chat is no limit of the others."""
    async with pacing(chat_per_second=NEVER) as made:
        await granted(ask(made, ANN))
        waiting = ask(made, ANN)
        await granted(ask(made, BOB), ask(made, GROUP), ask(made, GROUP))
        await refused(waiting)


async def test_a_right_is_there_at_once_only_where_nobody_waits_and_nothing_is_used_up() -> None:
    """It is one of the same rights: of the chat's, of all chats', and a place until a second after its end."""
    async with pacing(chat_per_second=NEVER) as made:
        assert await made.take_now(ANN)
        assert not await made.take_now(ANN)
        assert await made.take_now(BOB)
    async with pacing(per_second=NEVER) as made:
        assert await made.take_now(ANN)
        assert not await made.take_now(BOB)
        made.give_back()
        waiting = ask(made, BOB)
        await asyncio.sleep(0)
        await refused(waiting)
    made = Pacing(per_second=FAST, chat_per_second=FAST, group_per_minute=FAST)
    waiting = ask(made, ANN)
    await until(lambda: made.waiting == 1)
    assert not await made.take_now(BOB)
    await refused(waiting)


async def test_a_group_has_a_limit_of_its_own() -> None:
    """Negative ids are groups."""
    async with pacing(group_per_minute=NEVER) as made:
        await granted(ask(made, GROUP))
        waiting = ask(made, GROUP)
        await granted(*(ask(made, ANN) for _ in range(20)))
        await refused(waiting)


async def test_a_quiet_chat_may_send_a_short_burst() -> None:
    """Three seconds' worth at once, and not a message more."""
    async with pacing(chat_per_second=1) as made:
        await granted(*(ask(made, ANN) for _ in range(3)))
        waiting = ask(made, ANN)
        await granted(ask(made, BOB))
        await refused(waiting)


async def test_all_chats_together_have_a_limit() -> None:
    """Whoever comes when it is used up waits."""
    async with pacing(per_second=NEVER) as made:
        await granted(ask(made, ANN))
        waiting = [ask(made, BOB), ask(made, GROUP)]
        await asyncio.sleep(0)
        await refused(*waiting)


async def test_what_somebody_waits_for_goes_before_what_the_clock_started() -> None:
    """By rank, and within one rank in order of arrival."""
    made = Pacing(per_second=FAST, chat_per_second=FAST, group_per_minute=FAST)
    order: list[tuple[int, int]] = []

    async def send(chat: int, rank: int) -> None:
        async with made.right_to_send(chat, ranked(rank)):
            order.append((rank, chat))

    asked = [(10, 1), (0, 2), (10, 3), (-10, 4), (0, 5)]
    tasks = [asyncio.create_task(send(chat, rank)) for rank, chat in asked]
    await until(lambda: made.waiting == len(asked))
    running = asyncio.create_task(made.run())
    await granted(*tasks)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert order == [(-10, 4), (0, 2), (0, 5), (10, 1), (10, 3)]


async def test_who_gives_up_takes_nobodys_turn() -> None:
    """A send that was cancelled while it waited holds nobody up."""
    made = Pacing(per_second=FAST, chat_per_second=FAST, group_per_minute=FAST)
    gone = ask(made, ANN)
    await until(lambda: made.waiting == 1)
    gone.cancel()
    running = asyncio.create_task(made.run())
    await granted(ask(made, ANN))
    running.cancel()
    await asyncio.gather(gone, running, return_exceptions=True)


async def test_what_becomes_more_urgent_while_it_waits_goes_sooner() -> None:
    """Its rank is asked anew; in the line it stands once, and it takes one turn."""
    made = Pacing(per_second=FAST, chat_per_second=FAST, group_per_minute=FAST)
    ranks, order = {ANN: 5, BOB: 20, GROUP: 30}, []

    async def send(chat: int) -> None:
        async def rank() -> int:
            return ranks[chat]

        async with made.right_to_send(chat, rank):
            order.append(chat)

    tasks = [asyncio.create_task(send(chat)) for chat in ranks]
    await until(lambda: made.waiting == len(ranks))
    ranks[GROUP] = 0
    made.stir(GROUP)
    made.stir(4)
    await until(lambda: made.waiting == len(ranks) + 1)
    running = asyncio.create_task(made.run())
    await granted(*tasks)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert order == [GROUP, ANN, BOB]


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), max_size=120))
@example([(0.0, 0.0)] * 300)
@example([(2 - n / 30, 0.0) for n in range(45)])
def test_no_more_calls_arrive_in_a_second_than_may_wherever_they_were_held_up(ways: list[tuple[float, float]]) -> None:
    """However long each call is on its way there and back: Telegram counts what arrives, not what leaves."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        arrived = sorted(runner.run(arrivals(ways, per_second=30)))
    assert len(arrived) == len(ways)
    assert all(later - earlier >= SECOND_S for earlier, later in zip(arrived, arrived[30:], strict=False))


async def arrivals(ways: list[tuple[float, float]], *, per_second: int) -> list[float]:
    """When the calls arrive that take so long there and back, all of them wanted at once."""
    found: list[float] = []

    async def send(made: Pacing, chat: int, there: float, back: float) -> None:
        async with made.right_to_send(chat, ranked()):
            await asyncio.sleep(there)
            found.append(asyncio.get_running_loop().time())
            await asyncio.sleep(back)

    async with pacing(per_second=per_second) as made:
        await asyncio.gather(*(send(made, chat, *way) for chat, way in enumerate(ways, 1)))
    return found


def test_a_quick_line_is_not_slowed_down() -> None:
    """Calls that take a tenth of a second go at the rate that Telegram's limit leaves, and the first at once."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        arrived = sorted(runner.run(arrivals([(0.05, 0.05)] * 270, per_second=30)))
    assert arrived[0] < 0.06
    assert arrived[-1] < 11


async def test_a_call_that_nobody_waits_for_leaves_room_for_an_answer() -> None:
    """Of a chat's burst the last one is an answer's; so is whatever an answer waits for."""
    made = Pacing(per_second=30, chat_per_second=1, group_per_minute=20)
    assert [await made.take_spare(ANN) for _ in range(4)] == [True, True, False, False]
    waiting = ask(made, BOB)
    await until(lambda: made.waiting == 1)
    assert not await made.take_spare(3), "an answer waits"
    await refused(waiting)


async def test_the_memory_of_chats_is_bounded() -> None:
    """A million chats are not a million limiters: what a chat used up is forgotten when so many others sent since."""
    async with pacing(chat_per_second=NEVER) as made:
        assert await made.take_spare(ANN)
        for chat in range(BOB, BOB + REMEMBERED_CHATS - 1):
            assert await made.take_spare(chat)
        assert not await made.take_spare(BOB)
        assert await made.take_spare(BOB + REMEMBERED_CHATS)
        assert await made.take_spare(ANN)
