"""The fault switches of one carrier, and the record of every call that reached it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from handlers.rehearsal.clock import Clock

Parameters = Mapping[str, Any]
Where = Callable[[Parameters], bool]


class Trouble(StrEnum):
    """What goes wrong with a call; the carrier puts it into its own wire words."""

    TOO_MANY = "too many"
    BROKEN = "broken"
    REFUSED = "refused"
    CUT_BEFORE = "cut before acceptance"
    CUT_AFTER = "cut after acceptance"
    SLOW_BEFORE = "slow, then accepted"
    SLOW_AFTER = "accepted, then slow"
    HELD = "held before acceptance"
    HELD_AFTER = "accepted, answer held"


@dataclass(slots=True)
class Gate:
    """A call stopped on its way: `await gate.reached()`: one stands there; `gate.open()` lets all go on."""

    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self) -> None:
        await self._reached.wait()

    def open(self) -> None:
        self._opened.set()

    async def pass_through(self) -> None:
        """For the carrier: stand here until opened."""
        self._reached.set()
        await self._opened.wait()


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail. `status` is HTTP's, `code` and `message` the carrier's, `seconds` real ones."""

    trouble: Trouble
    status: int = 0
    code: int = 0
    message: str = ""
    seconds: float = 0.0
    gate: Gate | None = None


@dataclass(slots=True)
class Call:
    """One API call as it came in. `status` is the HTTP status of its answer; None: none yet, or cut off."""

    method: str
    account: str
    parameters: dict[str, Any]
    at: datetime
    status: int | None = None


@dataclass(slots=True)
class _Armed:
    fault: Fault
    method: str
    left: int | None
    where: Where | None

    def fits(self, method: str, parameters: Parameters) -> bool:
        if self.method not in ("*", method):
            return False
        return self.where is None or self.where(parameters)


class Faults:
    """One carrier's switchboard: `times` calls of `method` ("*": any) fail, None: until `off()`.

    `where` looks at the parameters of the call, e.g. `lambda p: p.get("chat_id") == 7`.
    """

    def __init__(self, clock: Clock) -> None:
        self.calls: list[Call] = []
        self._clock = clock
        self._armed: list[_Armed] = []

    def arm(
        self, fault: Fault, method: str = "*", *, times: int | None = 1, where: Where | None = None
    ) -> None:
        """Makes the next fitting calls fail in this way; several armed faults take turns, first armed first."""
        self._armed.append(_Armed(fault, method, times, where))

    def off(self, method: str | None = None) -> None:
        """Takes back what is armed for the method, or everything; closed gates are opened."""
        for armed in self._armed:
            if armed.fault.gate is not None and method in (None, armed.method):
                armed.fault.gate.open()
        self._armed = [armed for armed in self._armed if method not in (None, armed.method)]

    def too_many(
        self, method: str = "*", *, retry_after: int = 1, times: int | None = 1, where: Where | None = None
    ) -> None:
        """429 with Retry-After / retry_after in whole seconds; the call is not accepted."""
        self.arm(Fault(Trouble.TOO_MANY, status=429, seconds=retry_after), method, times=times, where=where)

    def broken(
        self, method: str = "*", *, status: int = 500, times: int | None = 1, where: Where | None = None
    ) -> None:
        """A 5xx answer; the call is not accepted (which its caller cannot know)."""
        self.arm(Fault(Trouble.BROKEN, status=status), method, times=times, where=where)

    def refuse(
        self,
        method: str = "*",
        *,
        code: int,
        message: str = "",
        status: int = 400,
        times: int | None = 1,
        where: Where | None = None,
    ) -> None:
        """A refusal of the caller's choice: the carrier's `code`, known to the program or not, and its words."""
        fault = Fault(Trouble.REFUSED, status=status, code=code, message=message)
        self.arm(fault, method, times=times, where=where)

    def cut_before(self, method: str = "*", *, times: int | None = 1, where: Where | None = None) -> None:
        """The connection closes before the call is accepted."""
        self.arm(Fault(Trouble.CUT_BEFORE), method, times=times, where=where)

    def cut_after(self, method: str = "*", *, times: int | None = 1, where: Where | None = None) -> None:
        """The call is accepted and done, then the connection closes without an answer."""
        self.arm(Fault(Trouble.CUT_AFTER), method, times=times, where=where)

    def slow(
        self,
        seconds: float,
        method: str = "*",
        *,
        accepted_first: bool = True,
        times: int | None = 1,
        where: Where | None = None,
    ) -> None:
        """The answer comes late, after the call has been done (or, on wish, the doing is late as well)."""
        trouble = Trouble.SLOW_AFTER if accepted_first else Trouble.SLOW_BEFORE
        self.arm(Fault(trouble, seconds=seconds), method, times=times, where=where)

    def hold(
        self,
        method: str = "*",
        *,
        accepted_first: bool = False,
        times: int | None = 1,
        where: Where | None = None,
    ) -> Gate:
        """Stops the call before (or after) it is done, until the gate that is handed back is opened."""
        gate = Gate()
        trouble = Trouble.HELD_AFTER if accepted_first else Trouble.HELD
        self.arm(Fault(trouble, gate=gate), method, times=times, where=where)
        return gate

    def note(self, method: str, account: str, parameters: Parameters) -> Call:
        """For the carrier: writes the call down."""
        call = Call(method, account, dict(parameters), self._clock.now())
        self.calls.append(call)
        return call

    def take(self, method: str, parameters: Parameters) -> Fault | None:
        """For the carrier: the fault of this call, if one is armed for it; counts it down."""
        for armed in self._armed:
            if not armed.fits(method, parameters):
                continue
            if armed.left is not None:
                armed.left -= 1
                if armed.left <= 0:
                    self._armed.remove(armed)
            return armed.fault
        return None
