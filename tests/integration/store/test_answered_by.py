"""Who answered a call, in the record, and what is left of it once what was said is deleted."""

from __future__ import annotations

from datetime import timedelta

from agent.domain.answered_by import Answer, AnsweredBy, AnswerRule
from agent.domain.call_resource import AnswerResource
from agent.domain.event_types import EventType
from agent.domain.events import CallAnsweredBy
from agent.store import calls, erasure
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.recorder import Recorder
from tests.integration.store.test_recorder import ANSWERED, ENDED, NOW, RINGING, Told, changed

PERSON = Answer(AnsweredBy.PERSON, AnswerRule.SHORT_ANSWER, 1312, "Hi, it's Tom.", 416, 640)
MACHINE = Answer(AnsweredBy.VOICEMAIL, AnswerRule.BEEP, 5216, "Hi, it's Tom. Leave a message.", 416, 3200, 5140)


async def test_the_last_decision_is_kept_and_its_words_go_with_the_transcript(store: Store) -> None:
    told = Told()
    recorder = Recorder(store, Chronicle(store, server="one"), told=told)
    recorder.start()
    for happened in (
        changed(RINGING),
        changed(ANSWERED),
        *(CallAnsweredBy("call_1", NOW + timedelta(seconds=2), answer=answer) for answer in (PERSON, MACHINE)),
        changed(ENDED),
    ):
        recorder(happened)
    await recorder.flush()
    await recorder.close(5)
    assert recorder.lost == 0
    answers = [one.data["call"]["answered_by"] for one in told.events if one.type == EventType.CALL_ANSWERED_BY]
    assert answers == [PERSON.to_dict(), MACHINE.to_dict()]
    async with store.write() as connection:
        await erasure.delete_transcript(connection, "call_1", now=NOW)
        shown = await calls.get(connection, "call_1")
    assert shown is not None
    assert shown.answered_by == AnswerResource(**{**MACHINE.to_dict(), "heard": ""})
