"""Handing messages from one task to another, which they keep in step with."""

from __future__ import annotations

import asyncio
from collections import deque

import anyio
import anyio.lowlevel

from fastrapi.types import Message


class Signal:
    """An event that costs next to nothing unless somebody waits for it."""

    __slots__ = ("_event", "_futures", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self._event: anyio.Event | None = None
        self._futures: list[asyncio.Future[None]] = []

    def set(self) -> None:
        self.is_set = True
        for future in self._futures:
            if not future.done():
                future.set_result(None)
        if self._event is not None:
            self._event.set()

    async def wait(self) -> None:
        if self.is_set:
            return
        loop = asyncio._get_running_loop()
        if loop is not None:
            future = loop.create_future()
            self._futures.append(future)
            await future
            return
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

    __slots__ = ("_arrival", "_is_abandoned", "_messages", "_taking", "has_ended")

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._arrival: Signal | None = None
        self._taking: Signal | None = None
        self.has_ended = False
        self._is_abandoned = False

    def put(self, message: Message) -> None:
        """Hands a message over, unless there is no receiver any more."""
        if not self._is_abandoned:
            self._messages.append(message)
            self._announce()

    async def taken(self) -> None:
        """Waits until every message was taken, or there is no receiver any more."""
        if self._is_abandoned:
            await anyio.lowlevel.checkpoint()  # an endless stream to nobody must not hold the loop
        elif self._messages:
            if self._taking is None:
                self._taking = Signal()
            await self._taking.wait()

    def get_nowait(self) -> Message | None:
        """The next message, if it is there."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        if not self._messages:
            self._release()
        return message

    def peek(self) -> Message | None:
        """The next message, if it is there, which stays there."""
        return self._messages[0] if self._messages else None

    async def get(self) -> Message:
        """Waits for the next message.

        Raises:
            EndOfMessages: There will be none.
        """
        while (message := self.get_nowait()) is None:
            if self.has_ended:
                raise EndOfMessages
            self._arrival = Signal()
            await self._arrival.wait()
        return message

    def end(self) -> None:
        """The sender has ended."""
        self.has_ended = True
        self._announce()

    def abandon(self) -> None:
        """The receiver has gone: messages are dropped from now on."""
        self._is_abandoned = True
        self._messages.clear()
        self._release()

    def _announce(self) -> None:
        if self._arrival is not None:
            self._arrival.set()

    def _release(self) -> None:
        if self._taking is not None:
            taking, self._taking = self._taking, None
            taking.set()
