import pytest

from agent.dialog.opt_out import wants_no_more_calls


@pytest.mark.parametrize(
    "text",
    [
        "Don't call me again!",
        "Please stop calling me.",
        "Never call here again.",
        "Take me off your list.",
        "I want you to remove my number from your database.",
        "Put me on your do not call list.",
        "Do not contact me anymore.",
        "Stop calling.",
        "Rufen Sie mich nie wieder an!",
        "Streichen Sie mich von Ihrer Liste.",
        "Ich möchte nicht mehr angerufen werden.",
    ],
)
def test_who_wants_no_more_calls_is_understood(text: str) -> None:
    assert wants_no_more_calls(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm not interested.",
        "Don't call before nine, please.",
        "Please call me back later.",
        "Call me again tomorrow.",
        "Will you call me again?",
        "My doctor did not call me.",
        "I put it on the list.",
        "Goodbye.",
        "Rufen Sie mich morgen an.",
        "",
    ],
)
def test_anything_else_is_no_such_wish(text: str) -> None:
    assert not wants_no_more_calls(text)
