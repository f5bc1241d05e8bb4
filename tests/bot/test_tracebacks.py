"""What is shown of a failure: places and types; words only where Python itself has put them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot import tracebacks
from bot.run import running
from bot.tracebacks import errors_of, text_of
from middleware.turn import Reply

WORDS = "what Ann wrote"


class TypeErrorOfOurs(TypeError):
    """Derived of what Python raises; what it says is somebody's."""


class Unsayable(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        """As code of anybody's may."""
        raise RuntimeError


def raised(error: BaseException, *, cause: BaseException | None = None) -> BaseException:
    """The same, with the place that it was raised at."""
    try:
        raise error from cause
    except BaseException as caught:  # noqa: BLE001 - it was raised for that
        return caught


def test_a_place_is_a_file_a_line_a_function_and_its_source() -> None:
    """As Python tells it, so that everybody can read it; of a mistake in calling ours, what Python says."""
    try:
        Reply("hello")  # type: ignore[call-arg]
    except TypeError as error:
        told = text_of(error).splitlines()
    first, place, source, words = told
    assert first == "Traceback (most recent call last):"
    assert place.startswith('  File "tests/bot/test_tracebacks.py", line ')
    assert place.endswith(", in test_a_place_is_a_file_a_line_a_function_and_its_source")
    assert source.strip().startswith('Reply("hello")')
    assert words == "TypeError: Reply.__init__() takes 1 positional argument but 2 were given"


@pytest.mark.parametrize("kind", tracebacks.SAID_BY_PYTHON)
def test_what_python_says_of_code_is_shown(kind: type[Exception]) -> None:
    """Without it nobody finds the mistake."""
    assert text_of(kind("it is so")) == f"{kind.__name__}: it is so"


@pytest.mark.parametrize("error", [ValueError(WORDS), KeyError(WORDS), RuntimeError(WORDS), OSError(WORDS)])
def test_what_others_say_is_not_shown(error: Exception) -> None:
    """It may be a person's; whoever debugs sees it."""
    assert text_of(error) == type(error).__name__
    assert WORDS in text_of(error, is_whole=True)


def test_what_is_derived_of_what_python_raises_is_others() -> None:
    """Its words come from whoever derived it, and it is named in full."""
    assert text_of(TypeErrorOfOurs(WORDS)) == f"{__name__}.TypeErrorOfOurs"


def test_causes_contexts_and_groups_are_held_to_the_same_rule() -> None:
    """Told in the order in which they were raised; no words of any slip through, and no variable's value."""
    secret = ValueError(WORDS)
    group = ExceptionGroup(WORDS, [KeyError(WORDS), TypeError("said by Python")])
    chain = raised(LookupError(WORDS), cause=raised(group, cause=raised(secret)))
    try:
        raise chain
    except LookupError:
        try:
            raise RuntimeError(WORDS)
        except RuntimeError as error:
            told, links = text_of(error), [(each.link, each.name) for each in errors_of(error)]
            assert WORDS in text_of(error, is_whole=True)
    assert links == [
        ("cause", "ValueError"),
        ("part", "KeyError"),
        ("part", "TypeError"),
        ("cause", "ExceptionGroup"),
        ("context", "LookupError"),
        ("error", "RuntimeError"),
    ]
    assert WORDS not in told
    assert "TypeError: said by Python" in told
    assert "The above exception was the direct cause" in told
    assert "During handling of the above exception" in told


def test_a_context_that_was_put_aside_is_left_out() -> None:
    """As Python does by `from None`."""
    error = RuntimeError()
    error.__context__, error.__suppress_context__ = ValueError(), True
    assert [each.name for each in errors_of(error)] == ["RuntimeError"]


def test_a_chain_without_end_ends() -> None:
    """Whether it bites its own tail or is merely long."""
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert len(errors_of(first)) == 2
    error: Exception = ValueError()
    for _ in range(100):
        error = raised(RuntimeError(), cause=error)  # type: ignore[assignment]
    assert len(errors_of(error)) == tracebacks.MOST_ERRORS


def test_an_error_that_cannot_be_said_is_told_of() -> None:
    """By its type."""
    assert text_of(Unsayable(), is_whole=True) == f"{__name__}.Unsayable"


@pytest.mark.parametrize("words", ["a\nb", "a\x1bb", "a\0b", "a\ud800b"])
def test_words_are_one_line_that_can_be_stored(words: str) -> None:
    """Nothing forges a line, moves a cursor, or cannot be written."""
    assert text_of(TypeError(words)) == "TypeError: a b"


def test_words_have_an_end() -> None:
    """However long the value is that a library quotes."""
    assert len(text_of(TypeError("x" * 10_000))) < 2 * tracebacks.LONGEST


def test_a_deep_recursion_is_told_by_its_ends() -> None:
    """A thousand times the same line says nothing more."""

    def deeper(level: int) -> None:
        if not level:
            raise ValueError
        deeper(level - 1)

    with pytest.raises(ValueError) as found:
        deeper(200)
    [told] = errors_of(found.value)
    assert len(told.frames) == tracebacks.FIRST_FRAMES + tracebacks.LAST_FRAMES
    assert told.frames[-1].source == "raise ValueError"


async def hand_on(call: Callable[[], Awaitable[object]]) -> object:
    """A layer of one's own."""
    return await call()


async def test_of_our_layers_only_who_called_what_is_not_ours_is_told() -> None:
    """They all hand on; what is one's own is told, and the last steps are, whoever's they are."""

    async def broken() -> None:
        async with running(None):  # type: ignore[arg-type]
            pass

    with pytest.raises(AttributeError) as found:
        await hand_on(broken)
    [told] = errors_of(found.value)
    files = [frame.file for frame in told.frames]
    assert files[:3] == ["tests/bot/test_tracebacks.py"] * 3
    assert files[-1] == "bot/run.py"
