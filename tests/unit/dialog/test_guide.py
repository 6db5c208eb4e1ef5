import asyncio

from agent.dialog.guide import Goodbyes, Reply, considered
from agent.domain.agent import Agent
from agent.domain.call import EndedReason

AGENT = Agent(name="tester", greeting="Hello.", instructions="Be brief.")


class Knows:
    def __init__(self, word: str) -> None:
        self._word = word
        self.reply = Reply(self._say)

    async def consider(self, text: str) -> Reply | None:
        return self.reply if self._word in text else None

    async def _say(self, turn: object) -> EndedReason | None:
        raise NotImplementedError


def test_the_first_guide_that_knows_the_words_answers() -> None:
    taxi, time, taxi_again = Knows("taxi"), Knows("time"), Knows("taxi")
    guides = (time, taxi, taxi_again)

    assert asyncio.run(considered(guides, "a taxi, please")) is taxi.reply
    assert asyncio.run(considered(guides, "a taxi, at what time?")) is time.reply


def test_words_that_no_guide_knows_are_the_model_s() -> None:
    assert asyncio.run(considered((Knows("taxi"),), "hello")) is None
    assert asyncio.run(considered((), "a taxi")) is None


def test_a_goodbye_is_answered_and_anything_else_is_not() -> None:
    assert asyncio.run(Goodbyes(AGENT).consider("Thank you, goodbye.")) is not None
    assert asyncio.run(Goodbyes(AGENT).consider("Goodbye to all that is a book.")) is None
