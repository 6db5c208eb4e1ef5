"""What callers of a dental practice may say: a pool of some thousand sentences, of which a seed draws.

Written for variety, not for the models: short and long ones, questions that the facts answer and such that they do not,
statements, hesitant openings. No sentence says goodbye, which would end the call.
"""

from __future__ import annotations

import random
import string

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "the weekend", "a public holiday")
TREATMENTS = ("a check-up", "a cleaning", "a filling", "a crown", "whitening", "an X-ray", "a root canal", "braces")
HOURS = ("eight in the morning", "half past nine", "noon", "two o'clock", "a quarter past four", "six in the evening")
PEOPLE = ("my daughter", "my son", "my husband", "my mother", "a friend of mine", "two children")
DENTISTS = ("Doctor Miller", "Doctor Chen", "a woman", "the senior dentist")
PLACES = ("the station", "the post office", "the city hospital", "the harbour", "the town hall")
SLOTS = {
    "day": DAYS, "treatment": TREATMENTS, "hour": HOURS, "person": PEOPLE, "dentist": DENTISTS, "place": PLACES,
}  # fmt: skip

OPENINGS = (
    "", "", "", "", "Hello, ", "Hi there, ", "Okay, and ", "Well, ", "Um, ", "Excuse me, ", "I see, and ",
    "All right, ", "So, ", "Just one more thing, ", "Thank you, and ",
)  # fmt: skip

SENTENCES = (
    "when do you open on {day}?",
    "are you open on {day}?",
    "until what time can I come on {day}?",
    "is there anybody at the practice at {hour} on {day}?",
    "can I still come in after {hour}?",
    "what are your opening hours?",
    "how late are you there today?",
    "how much is {treatment}?",
    "what do you charge for {treatment}?",
    "could you tell me the price of {treatment} for {person}?",
    "does {treatment} hurt?",
    "how long does {treatment} take?",
    "do you also do {treatment} for children?",
    "do I have to pay for {treatment} on the same day?",
    "where exactly is the practice?",
    "what is the address?",
    "how do I get to you from {place}?",
    "is it far from {place}?",
    "is there a place where I can leave my car?",
    "do I have to pay for parking?",
    "can I get there by bus?",
    "who are the dentists?",
    "can I be treated by {dentist}?",
    "is {dentist} there on {day}?",
    "I would like to see {dentist} because I was there last year.",
    "I need {treatment} for {person}.",
    "can I make an appointment for {person}?",
    "can I move my appointment to {day}?",
    "I have to cancel my appointment on {day}.",
    "I have had a terrible toothache since {day}.",
    "one of my teeth broke while I was eating.",
    "what can I do when it hurts at night?",
    "whom do I call in an emergency?",
    "do you take my insurance?",
    "can I pay by card?",
    "do you send a bill afterwards?",
    "do I need to bring anything for my first visit?",
    "can {person} come along?",
    "is your building accessible with a wheelchair?",
    "do you have my telephone number?",
    "can I send you an e-mail?",
    "how long would I have to wait?",
    "which is better for me, {treatment} or {treatment}?",
    "my name is on your list since {day}, I think.",
    "I am calling for {person}, who cannot speak at the moment.",
    "I was told that {treatment} is cheaper elsewhere, is that right?",
    "are you the practice next to {place}?",
    "do you know whether {dentist} speaks Spanish?",
    "I am afraid of dentists, what can you do for me?",
    "could you repeat the last part?",
    "is there a discount for {person}?",
    "I lost a filling and I travel on {day}, so it is urgent.",
    "what happens if I come late?",
    "may I eat before {treatment}?",
)


def question(chance: random.Random) -> str:
    """One sentence of the pool, with a capital at its start."""
    text = chance.choice(OPENINGS) + chance.choice(SENTENCES)
    while any(slot for _, slot, _, _ in string.Formatter().parse(text) if slot):
        slot = next(slot for _, slot, _, _ in string.Formatter().parse(text) if slot)
        text = text.replace(f"{{{slot}}}", chance.choice(SLOTS[slot]), 1)
    return text[0].upper() + text[1:]
