"""What may be done to a call under way: /v1/calls/{id}/hangup, /say, /messages, /dtmf."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from pydantic import StringConstraints

from agent.api.calls import ID, not_live
from agent.api.house import House
from agent.api.models import NoQuery, RequestModel, ResponseModel
from agent.api.problem_types import TELEPHONY_ERROR, WRONG_STATE
from agent.api.problems import ProblemType
from agent.api.route import AnyRoute, ApiRequest, Route
from agent.domain.commands import Command, Hint, Say
from agent.errors import TelephonyError
from agent.store.api_keys import Scope
from agent.telephony.live_calls import NotLiveError

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
CALL_BUSY = ProblemType("call_busy", 409, "Too much waits already", "Try again in a second.")

CALL_HANDED_OVER = ProblemType(
    "call_handed_over", 409, "The agent has left the call", "The caller talks to somebody else; hang up, or wait."
)


class Accepted(ResponseModel):
    """It will be done as soon as the conversation permits; events tell when."""

    object: str = "accepted"
    call_id: str


class HangUpRequest(RequestModel):
    """How to end the call."""

    say: Sentence | None = None
    """A last sentence, said to its end first; without it the call ends at once."""


class SayRequest(RequestModel):
    """What to say, word for word."""

    text: Sentence
    interruptible: bool = True
    """Whether a caller who speaks stops it."""


class MessageRequest(RequestModel):
    """What the language model should know from now on; the caller does not hear it."""

    text: Sentence


class DtmfRequest(RequestModel):
    """Keys to press towards the caller."""

    digits: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#]{1,32}$")]


class CallActions:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def hang_up(self, request: ApiRequest[HangUpRequest, NoQuery]) -> Accepted:
        """End the call, or take it back while it waits. Doing it again while it ends does nothing."""
        call_id, live = request.path["id"], self._house.live
        with contextlib.suppress(NotLiveError):
            live.hang_up(call_id, request.body.say)
            return Accepted(call_id=call_id)
        if not await self._house.orders.cancel(call_id):
            try:
                live.hang_up(call_id, request.body.say)  # it may have left the queue meanwhile
            except NotLiveError:
                raise await not_live(self._house, call_id) from None
        return Accepted(call_id=call_id)

    async def say(self, request: ApiRequest[SayRequest, NoQuery]) -> Accepted:
        """Say it as soon as neither side speaks."""
        return await self._tell(request.path["id"], Say(request.body.text, request.body.interruptible))

    async def add_message(self, request: ApiRequest[MessageRequest, NoQuery]) -> Accepted:
        """Let the model know."""
        return await self._tell(request.path["id"], Hint(request.body.text))

    async def press(self, request: ApiRequest[DtmfRequest, NoQuery]) -> Accepted:
        """Press them now."""
        call_id = request.path["id"]
        try:
            await self._house.live.press(call_id, request.body.digits)
        except NotLiveError:
            raise await not_live(self._house, call_id) from None
        except TelephonyError as error:
            raise TELEPHONY_ERROR.problem(str(error)) from error
        return Accepted(call_id=call_id)

    async def _tell(self, call_id: str, command: Command) -> Accepted:
        try:
            self._house.live.tell(call_id, command)
        except NotLiveError:
            raise await not_live(self._house, call_id) from None
        except TelephonyError as error:
            kind = CALL_HANDED_OVER if error.code == CALL_HANDED_OVER.code else CALL_BUSY
            raise kind.problem(str(error)) from error
        return Accepted(call_id=call_id)

    @property
    def routes(self) -> list[AnyRoute]:
        """For `build_app`."""
        alike: dict[str, Any] = {
            "method": "POST",
            "tag": "Live calls",
            "scope": Scope.CALLS,
            "path_parameters": ID,
            "response": Accepted,
            "response_example": {"object": "accepted", "call_id": "call_01JDQ3W8Z5K7M2N4P6R8T0V2X4"},
            "status": 202,
        }
        talking = (WRONG_STATE, CALL_BUSY, CALL_HANDED_OVER)
        return [
            Route(
                path="/calls/{id}/hangup", name="hang_up_call", summary="Hang up", handler=self.hang_up,
                request=HangUpRequest, problems=talking,
                request_example={"say": "We will call you back. Goodbye."}, **alike,
            ),
            Route(
                path="/calls/{id}/say", name="say_in_call", summary="Have the agent say something", handler=self.say,
                request=SayRequest, problems=talking,
                request_example={"text": "The doctor is free now."}, **alike,
            ),
            Route(
                path="/calls/{id}/messages", name="add_message_to_call", summary="Give the model a hint",
                handler=self.add_message, request=MessageRequest, problems=talking,
                request_example={"text": "The caller has an open invoice."}, **alike,
            ),
            Route(
                path="/calls/{id}/dtmf", name="press_keys_in_call", summary="Press keys", handler=self.press,
                request=DtmfRequest, problems=(WRONG_STATE, TELEPHONY_ERROR), request_example={"digits": "1#"},
                **alike,
            ),
        ]  # fmt: skip
