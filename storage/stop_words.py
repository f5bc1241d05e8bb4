"""Words that say little of what a text is about, in the languages that people are expected to speak with the bot."""

from __future__ import annotations

from functools import lru_cache

from stop_words import get_stop_words

from storage import words

LANGUAGES = ("en", "de", "es", "ru", "pt", "fr", "zh", "ja")
_GREETINGS = """
hi hello hey good morning afternoon evening night bye thanks thank lot great nice please ok okay yes sure tell say help
hallo moin guten gute tag abend nacht danke bitte gut tschüss ja nein gern erzähl sag hilf
hola buenos buenas días tardes noches gracias adiós favor sí dime ayuda
привет здравствуй здравствуйте добрый доброе утро день вечер спасибо пожалуйста пока да расскажи скажи дела
olá oi bom boa dia tarde noite obrigado obrigada tchau sim diga ajuda
salut bonjour bonsoir bonne nuit merci oui non dis aide
你好 您好 早上 晚上 谢谢 再见 好吗 怎么 怎么样 告诉 什么 今天 こんにちは おはよう ありがとう
"""
"""And other words of politeness, which the lists lack."""
_TELLING = """
name names number numbers work works worked working home computer room rooms order orders world member members group
groups system bill test interest interests interested side sides year years line page face faces
nombre nome nom numéro número empleo tiempo tempo
"""
"""What the lists have though it may well be what a text is about."""


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """All of them, as `words.sought` gives words."""
    listed = " ".join(word for language in LANGUAGES for word in get_stop_words(language))
    return _folded(listed + _GREETINGS) - _folded(_TELLING)


def _folded(text: str) -> frozenset[str]:
    return frozenset(spellings[0] for spellings in words.sought(text))
