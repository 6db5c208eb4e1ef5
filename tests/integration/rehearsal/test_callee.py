"""Rehearsals of calls out: the agent is ordered to call a softphone that takes the call in every way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.asterisk.bundles import bundle
from agent.rehearsal import props
from agent.rehearsal.callee import perform_callee
from agent.rehearsal.cast import Cast
from agent.rehearsal.judge import judge
from agent.rehearsal.moments import Moment, MomentKind
from agent.rehearsal.performance import Performance
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.stage import Stage
from agent.settings import AgentsSettings
from agent.testing.model_servers import ModelServers
from agent.testing.softphone import Softphone
from agent.testing.softphone.rtp import Pcm
from agent.testing.tone import tone

AGENT = {"name": "reminder", "greeting": "Hello {{name}}. Can you come tomorrow at nine?", "instructions": "Be brief."}


def scenario(number: str, expect: dict[str, str], **fields: Any) -> Scenario:
    document = {"name": number, "direction": "outbound", "to": number, "agent": AGENT, "expect": [{"call": expect}]}
    return Scenario.model_validate({**document, **fields})


TALKS = scenario(
    "+493023125001",
    {"status": "completed", "ended_reason": "caller_hangup"},
    variables={"name": "Ann"},
    callee=[{"wait_for_agent": None}, {"say": "Yes, I can."}, {"wait_for_agent": None}, {"hang_up": None}],
)
BUSY = scenario("+493023125002", {"status": "busy", "ended_reason": "busy"}, answer={"after_ms": 0, "reject": 486})
NOBODY = scenario(
    "+493023125003", {"status": "no-answer", "ended_reason": "no_answer"}, answer={"never": True}, ring_timeout_s=5
)
FORBIDDEN = scenario("+49110", {"status": "failed"}, answer={"never": True})


async def spoken(text: str) -> Pcm:
    return tone(300, 0.05 * len(text))


async def test_each_way_to_take_a_call_is_played_and_told(tmp_path: Path) -> None:
    moments: list[Moment] = []
    async with ModelServers(answer="Thank you.") as models, Softphone() as phone:
        callees = await phone.listen(tmp_path)
        cast = Cast.of(AgentsSettings()).with_scenario(TALKS)
        stage = Stage(bundle("asterisk"), cast, tmp_path, settings=models.settings, callees=callees)

        async def play(one: Scenario) -> Performance:
            return await perform_callee(
                one,
                await props.prepare(one, spoken),
                phone=phone,
                order=stage.order,
                feed=stage.feed,
                recording=tmp_path / f"{one.name}.wav",
                watch=moments.append,
            )

        async with stage:
            talked, busy, nobody, forbidden = [await play(one) for one in (TALKS, BUSY, NOBODY, FORBIDDEN)]
    for one, performance in ((TALKS, talked), (BUSY, busy), (NOBODY, nobody)):
        failed = [verdict.reason for verdict in judge(one, performance).verdicts if not verdict.passed]
        assert not failed, failed
    turns = [event["turn"]["text"] for event in talked.events if event["type"] == "turn.ended"]
    assert turns[0] == "Hello Ann. Can you come tomorrow at nine?"
    assert len(talked.said) == 1
    assert talked.agent_speech
    assert (tmp_path / "+493023125001.wav").exists()
    assert (busy.answered, nobody.answered, busy.agent_speech) == (None, None, ())
    assert any("does not take the order" in trouble for trouble in forbidden.troubles)
    assert [moment.text for moment in moments if moment.kind is MomentKind.DIALLED] == [TALKS.to, BUSY.to, NOBODY.to]
    assert [moment.text for moment in moments if moment.kind is MomentKind.ENDED] == [
        "hung up 200", "refused 486", "remote canceled 487",
    ]  # fmt: skip
