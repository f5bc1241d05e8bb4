"""What the turns of messages will ask of whoever wrote them, read while these are journalled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.receiving.batch import FEW
from bot.receiving.envelope import Envelope
from middleware.chain import Layer, ReadsAhead
from storage.tables.updates import Received


class ReadAhead:
    """Of a few updates. Of many the turns' reads are made in groups, and take hardly any time of their own.

    A turn while nothing else happens would wait for the disk first, and then for a thread with each read.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = tuple(layer for layer in layers if isinstance(layer, ReadsAhead))

    def note(self, received: Sequence[Received]) -> None:
        """These have come in. In a group most messages are for others, and nobody asks."""
        if len(received) > FEW:
            return
        for one in received:
            if one.kind == "message" and isinstance(one.opened, Envelope) and one.session_id is not None:
                place, author = one.opened.place, one.opened.author
                if place is not None and place.is_private and author.has_rights:
                    for layer in self._layers:
                        layer.read_ahead(author.user_id, one.session_id)
