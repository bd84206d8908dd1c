"""Handing messages from one task to another, which they keep in step with."""

from __future__ import annotations

from collections import deque

import anyio
import anyio.lowlevel

from fastrapi.types import Message


class Signal:
    """An event that costs next to nothing unless somebody waits for it."""

    __slots__ = ("_event", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self._event: anyio.Event | None = None

    def set(self) -> None:
        self.is_set = True
        if self._event is not None:
            self._event.set()

    async def wait(self) -> None:
        if not self.is_set:
            if self._event is None:
                self._event = anyio.Event()
            await self._event.wait()


class EndOfMessages(Exception):
    """The sender has ended and all its messages were taken."""


class Handover:
    """A queue whose sender can wait until the receiver has taken everything.

    A memory object stream of anyio without a buffer does the same, but passes through the event loop
    twice for each message.
    """

    __slots__ = ("_arrival", "_has_ended", "_is_abandoned", "_messages", "_taking")

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._arrival = Signal()
        self._taking = Signal()
        self._has_ended = False
        self._is_abandoned = False

    def put(self, message: Message) -> None:
        """Hands a message over, unless there is no receiver any more."""
        if not self._is_abandoned:
            self._messages.append(message)
            self._arrival.set()

    async def taken(self) -> None:
        """Waits until every message was taken, or there is no receiver any more."""
        if self._is_abandoned:
            await anyio.lowlevel.checkpoint()  # an endless stream to nobody must not hold the loop
        elif self._messages:
            await self._taking.wait()

    async def get(self) -> Message:
        """Waits for the next message.

        Raises:
            EndOfMessages: There will be none.
        """
        while not self._messages:
            if self._has_ended:
                raise EndOfMessages
            self._arrival = Signal()
            await self._arrival.wait()
        message = self._messages.popleft()
        if not self._messages:
            self._release()
        return message

    def end(self) -> None:
        """The sender has ended."""
        self._has_ended = True
        self._arrival.set()

    def abandon(self) -> None:
        """The receiver has gone: messages are dropped from now on."""
        self._is_abandoned = True
        self._messages.clear()
        self._release()

    def _release(self) -> None:
        taking, self._taking = self._taking, Signal()
        taking.set()
