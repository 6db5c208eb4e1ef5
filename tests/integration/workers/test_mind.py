"""The real llama.cpp server, with a small model: streaming, keys, slots, and letting go."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from agent.dialog.history import Message, Role
from agent.dialog.mind import ChatModel
from agent.errors import LanguageModelError
from agent.models.store import ModelStore
from agent.workers.pulse import openai_pulse
from agent.workers.slots import KEPT, Slots
from tests.integration.workers.conftest import KEY, Running, worker

SYSTEM = {
    "role": "system",
    "content": "You are the receptionist of a bakery. " + " ".join(f"Item {n} costs {n} dollars." for n in range(15)),
}


@pytest.fixture
async def http(mind: Running) -> AsyncIterator[aiohttp.ClientSession]:
    root = mind.uri.removesuffix("/v1")
    timeout = aiohttp.ClientTimeout(total=280)
    async with aiohttp.ClientSession(root, headers={"Authorization": f"Bearer {KEY}"}, timeout=timeout) as session:
        yield session


def body(*messages: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), "temperature": 0, "max_tokens": 8, **more}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


async def ask(http: aiohttp.ClientSession, *messages: dict[str, str]) -> dict[str, Any]:
    async with http.post("/v1/chat/completions", json=body(*messages)) as answer:
        assert answer.status == 200, await answer.text()
        result: dict[str, Any] = await answer.json()
        return result


async def slots(http: aiohttp.ClientSession) -> list[dict[str, Any]]:
    async with http.get("/slots") as answer:
        result: list[dict[str, Any]] = await answer.json()
        return result


async def test_the_answer_comes_piece_by_piece(http: aiohttp.ClientSession) -> None:
    pieces = []
    async with http.post("/v1/chat/completions", json=body(user("Count to ten."), stream=True)) as answer:
        async for line in answer.content:
            if line.startswith(b"data: {"):
                pieces.append(json.loads(line[6:])["choices"][0]["delta"].get("content"))
    assert len([piece for piece in pieces if piece]) >= 5


async def test_nobody_without_the_key(http: aiohttp.ClientSession) -> None:
    for key in ("", "Bearer wrong"):
        async with http.post("/v1/chat/completions", json=body(user("Hi")), headers={"Authorization": key}) as answer:
            assert answer.status == 401


async def test_a_mind_that_works_has_a_pulse(mind: Running, unused_tcp_port: int) -> None:
    await openai_pulse(KEY)(mind.uri)
    with pytest.raises(OSError, match="does not list its models"):
        await openai_pulse(KEY)(f"http://127.0.0.1:{unused_tcp_port}/v1")


async def test_a_prompt_is_read_once(http: aiohttp.ClientSession) -> None:
    await ask(http, SYSTEM, user("Hello."))
    answer = await ask(http, SYSTEM, user("What does item 5 cost?"))
    assert answer["timings"]["cache_n"] > 100
    assert answer["timings"]["prompt_n"] < 30


async def test_a_client_that_goes_stops_the_generation(http: aiohttp.ClientSession) -> None:
    # no end token can be drawn, so that only the client can stop it before the context is full
    endless = body(user("Write about the sea."), stream=True, max_tokens=1900, ignore_eos=True)
    async with http.post("/v1/chat/completions", json=endless) as answer:
        for _ in range(6):
            await answer.content.readline()
        assert any(slot["is_processing"] for slot in await slots(http))
        answer.close()
    while any(slot["is_processing"] for slot in await slots(http)):
        pass
    decoded = [token["n_decoded"] for slot in await slots(http) for token in slot.get("next_token", [])]
    assert max(decoded, default=0) < 1000


async def test_warm_slots_know_the_prompts_of_all_agents(
    http: aiohttp.ClientSession, mind: Running, slot_folder: Path
) -> None:
    other = {"role": "system", "content": "You are a dentist. " + "Teeth are important. " * 40}
    slots = Slots(mind.uri.removesuffix("/v1"), KEY, 3, slot_folder, "model")
    await slots.warm([{"messages": [SYSTEM, user("Hi")]}, {"messages": [other, user("Hi")]}])
    questions = [(SYSTEM, user("Is item 3 fresh?")), (other, user("It hurts.")), (SYSTEM, user("And item 4?"))]
    answers = await asyncio.gather(*(ask(http, *question) for question in questions))
    assert [answer["timings"]["cache_n"] > 100 for answer in answers] == [True] * 3


async def test_a_prompt_is_read_once_on_a_machine(
    http: aiohttp.ClientSession, mind: Running, models: ModelStore, slot_folder: Path
) -> None:
    third = {"role": "system", "content": "You are a florist. " + "Roses are red. " * 40}
    await Slots(mind.uri.removesuffix("/v1"), KEY, 3, slot_folder, "model").warm([{"messages": [third, user("Hi")]}])
    arguments = ["--model", str(models.path("smollm2-135m")), "--slots", "3", "--slot-folder", str(slot_folder)]
    with worker("mind", *arguments, env={"PHONE_AGENT_MIND_KEY": KEY}) as other:
        root = other.uri.removesuffix("/v1")
        slots = Slots(root, KEY, 3, slot_folder, "model")
        with capture_logs() as logs:
            await slots.warm([{"messages": [third, user("Hi")]}])
        assert logs[-1]["read"] == 0
        async with aiohttp.ClientSession(root, headers={"Authorization": f"Bearer {KEY}"}) as session:
            answer = await ask(session, third, user("And tulips?"))
        assert answer["timings"]["cache_n"] > 100
        with capture_logs() as logs:
            await Slots(root, KEY, 3, slot_folder, "another model").warm([{"messages": [third, user("Hi")]}])
        assert logs[-1]["read"] == 1


async def test_a_damaged_copy_is_thrown_away(mind: Running, tmp_path: Path, slot_folder: Path) -> None:
    slots = Slots(mind.uri.removesuffix("/v1"), KEY, 3, slot_folder, "model")
    await slots.warm([{"messages": [SYSTEM, user("Hi")]}])
    damage(slot_folder)
    with capture_logs() as logs:
        await slots.warm([{"messages": [SYSTEM, user("Hi")]}])
    assert logs[-1]["read"] == 1


def damage(folder: Path) -> None:
    for copy in folder.glob("*.slot"):
        copy.write_bytes(copy.read_bytes()[:1000])


def test_only_so_many_copies_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        (tmp_path / f"{number:02}.slot").touch()
        os.utime(tmp_path / f"{number:02}.slot", (number, number))
    Slots("", "", 1, tmp_path, "")._forget_old()
    assert sorted(path.name for path in tmp_path.iterdir())[0] == "03.slot"


async def test_a_mind_that_is_not_there_cannot_be_warmed(tmp_path: Path, unused_tcp_port: int) -> None:
    with pytest.raises(LanguageModelError, match="could not be prepared"):
        await Slots(f"http://127.0.0.1:{unused_tcp_port}", KEY, 2, tmp_path, "").warm([{"messages": [SYSTEM]}])


async def test_a_prompt_too_long_for_its_slot_is_refused_and_the_mind_lives_on(http: aiohttp.ClientSession) -> None:
    async with http.post("/v1/chat/completions", json=body(user("word " * 4000))) as answer:
        assert answer.status == 400
    assert await ask(http, user("Hi"))


async def closed(chat: ChatModel) -> None:
    """OpenAI's client leaves the end of its last stream to the garbage collector."""
    await chat.close()
    gc.collect()
    if left := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(left)


async def test_answers_that_follow_each_other_at_once(mind: Running) -> None:
    """llama.cpp hangs up after each stream without saying so: a connection that is used again fails now and then."""
    chat = ChatModel(base_url=mind.uri, api_key=KEY, model="local", temperature=0, max_tokens=2, deadline_s=120)
    for _ in range(25):
        assert [piece async for piece in chat.stream([Message(Role.CALLER, "Hi")])]
    await closed(chat)


@pytest.mark.skipif(
    find_spec("llama_cpp") is None, reason="the extra llama-cpp-python is not installed: built in minutes"
)
async def test_the_alternative_backend_streams_behind_the_same_key(models: ModelStore) -> None:
    arguments = ["--model", str(models.path("smollm2-135m")), "--backend", "llama-cpp-python"]
    with worker("mind", *arguments, env={"PHONE_AGENT_MIND_KEY": KEY}) as other:
        chat = ChatModel(base_url=other.uri, api_key=KEY, model="local", temperature=0, max_tokens=8, deadline_s=120)
        assert len([piece async for piece in chat.stream([Message(Role.CALLER, "Count to ten.")])]) > 1
        await closed(chat)
        async with aiohttp.ClientSession() as session, session.get(f"{other.uri}/models") as answer:
            assert answer.status == 401


async def test_what_the_agent_was_heard_to_say_is_read_before_the_caller_answers(
    http: aiohttp.ClientSession, mind: Running
) -> None:
    chat = ChatModel(
        base_url=mind.uri,
        api_key=KEY,
        model="local",
        temperature=0,
        max_tokens=2,
        deadline_s=120,
        slot_prompts=[[Message(Role.SYSTEM, SYSTEM["content"])]] * 3,
    )
    history = [
        Message(Role.SYSTEM, SYSTEM["content"]),
        Message(Role.CALLER, "Hello."),
        Message(Role.AGENT, "Good day, this is the bakery … (the caller interrupted here)"),
    ]
    assert [piece async for piece in chat.stream([*history[:1], Message(Role.CALLER, "On another line.")])]
    await chat.prefill(history)
    said = [SYSTEM, user("Hello."), {"role": "assistant", "content": history[2].text}, user("Bread?")]
    async with http.post("/v1/chat/completions", json=body(*said, id_slot=1)) as answer:
        timings = (await answer.json())["timings"]
    assert timings["prompt_n"] < 12  # the question, and the tokens that frame it
    await closed(chat)


async def _read_for_nobody(chat: ChatModel, http: aiohttp.ClientSession, word: str) -> bool:
    """Begin to read 1,300 words, want them no more at once; whether most of them were left unread."""
    long = f"{word} " * 1300
    reading = asyncio.create_task(chat.prefill([Message(Role.SYSTEM, long)]))
    while not (busy := [slot["id"] for slot in await slots(http) if slot["is_processing"] and slot["id"] != 2]):
        pass
    reading.cancel()
    again = body({"role": "system", "content": long}, user(""), id_slot=busy[0], max_tokens=1)
    async with http.post("/v1/chat/completions", json=again) as answer:
        timings = (await answer.json())["timings"]
    assert timings["prompt_n"] + timings["cache_n"] > 1000
    return bool(timings["cache_n"] < 1000)


async def test_a_reading_that_nobody_wants_any_more_ends_also_while_others_are_answered(
    http: aiohttp.ClientSession, mind: Running
) -> None:
    chat = ChatModel(
        base_url=mind.uri,
        api_key=KEY,
        model="local",
        temperature=0,
        max_tokens=2,
        deadline_s=120,
        slot_prompts=[[]] * 2,
    )
    endless = body(user("Write about the sea."), stream=True, max_tokens=1900, ignore_eos=True, id_slot=2)
    async with http.post("/v1/chat/completions", json=endless) as other:
        await other.content.readline()
        for word in ("sea", "salt", "wave", "tide", "sand"):  # it may be through before it can be broken off
            if await _read_for_nobody(chat, http, word):
                break
        else:
            pytest.fail("each of five readings went on to its end")
        other.close()
    await closed(chat)


async def test_an_answer_that_may_wait_yields_to_an_urgent_one_and_goes_on(mind: Running) -> None:
    chat = ChatModel(
        base_url=mind.uri,
        api_key=KEY,
        model="local",
        temperature=0,
        max_tokens=60,
        deadline_s=120,
        slot_prompts=[[]] * 3,
    )
    question = "Write a long story about the sea."
    order: list[str] = []
    under_way = asyncio.Event()

    async def answer(name: str, question: str) -> str:
        text = ""
        async for piece in chat.stream([Message(Role.CALLER, question)], call=name):
            text += str(piece)
            order.append(name)
            if len(order) == 20:
                under_way.set()
        return text

    alone = await answer("patient", question)
    order.clear()
    under_way.clear()
    patient = asyncio.create_task(answer("patient", question))
    await under_way.wait()
    await answer("urgent", "Hi")
    before_the_end = order.count("patient")
    yielded = await patient
    assert before_the_end < order.count("patient")
    assert yielded[:80] == alone[:80]
    await closed(chat)
