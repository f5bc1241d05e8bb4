"""A page in the browser on which a person chats with the bot."""

from .routes import Page

__all__ = ["Page"]
