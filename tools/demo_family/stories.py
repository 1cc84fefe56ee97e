"""Short stories of the world's people. What is told of them agrees with the facts, and what passes
from hand to hand stays where it was put, so that a reader can know how a sentence goes on."""

import re

from facts import ANIMALS, CRAFTS
from splits import split_of

BETWEEN = "\n\n"  # two stories
_MORNINGS = ["One morning", "One evening", "Early one day", "On a cold day", "On a warm day", "After the rain",
             "In the month of MONTH", "Before the fair", "Late in the year"]
_OPENINGS = ["WHEN N the CRAFT left the house in HOME.", "WHEN N of HOME went out with the PET.",
             "WHEN the CRAFT N walked down to the river RIVER.", "N lived in HOME as a CRAFT. WHEN P set out."]
_JOURNEYS = ["P went to TOWN, where the fair is in FAIR.", "The way led to TOWN on the river TOWNRIVER.",
             "P wanted to buy GOOD in TOWN.", "P took the road to TOWN to see M."]
_MEETINGS = ["There P met M, who is a MCRAFT.", "At the gate stood M with a MPET.", "In the street M played the MPLAY.",
             "M was there too and ate MFOOD."]
_TALKS = ["'Have you seen my PET?' asked N. 'No,' said M, 'but I have seen your OTHER.'",
          "'What do you bring?' asked M. 'I bring MATERIAL,' said N.",
          "'What do you play?' asked M. 'I play the PLAY,' said N.",
          "'What do you like to eat?' asked M. 'I like FOOD,' said N."]
_TRADES = ["N gave M the THING and got the THING2.", "M wanted the THING and N wanted the THING2, so they traded.",
           "N sold the THING to M and bought the THING2."]
_AFTER = ["Now M had the THING and N had the THING2.", "So N went on with the THING2, and M kept the THING.",
          "M put the THING away. N held the THING2."]
_ENDS = ["In the evening N played the PLAY and M ate MFOOD.", "Then N went home to HOME and ate FOOD.",
         "The PET was glad when N came back to HOME.", "N used the TOOL until night, as a CRAFT does.",
         "They sang until night, and N slept well in TOWN."]
_THINGS = ["lamp", "coat", "ring", "basket", "map", "key", "chair", "book", "bowl", "blanket", "mirror", "box"]


def _words(rng, world):
    person, met = rng.sample(world.people, 2)
    town = rng.choice([town for town in world.towns if town != world.known["home", person]])
    thing, other_thing = rng.sample(_THINGS, 2)
    known = world.known
    home, craft = known["home", person], known["craft", person]
    pet = known["pet", person]
    return {"N": person, "M": met, "P": world.pronoun(person)[0], "HOME": home, "CRAFT": craft, "PET": pet,
            "RIVER": known["river", home], "TOWN": town, "FAIR": known["month", town], "GOOD": known["good", town],
            "TOWNRIVER": known["river", town], "MCRAFT": known["craft", met], "MPET": known["pet", met],
            "MPLAY": known["instrument", met], "MFOOD": known["food", met],
            "OTHER": rng.choice([a for a in ANIMALS if a != pet]), "MATERIAL": CRAFTS[craft][0],
            "TOOL": CRAFTS[craft][1], "FOOD": known["food", person], "PLAY": known["instrument", person],
            "MONTH": known["month", home], "THING": thing, "THING2": other_thing}


def story(rng, world):
    """(text, split)"""
    words = _words(rng, world)
    parts = [rng.choice(_OPENINGS).replace("WHEN", rng.choice(_MORNINGS)), rng.choice(_JOURNEYS), rng.choice(_MEETINGS)]
    if rng.random() < 0.7:
        parts.append(rng.choice(_TALKS))
    if rng.random() < 0.7:
        parts += [rng.choice(_TRADES), rng.choice(_AFTER)]
    parts.append(rng.choice(_ENDS))
    told = []
    for part in parts:
        text = re.sub(r"\b[A-Z]+2?\b", lambda found: words.get(found.group(), found.group()), part)
        text = re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text)
        told.append(re.sub(r"(^|\. )([a-z])", lambda found: found.group(1) + found.group(2).upper(), text))
    text = " ".join(told)
    return text, split_of(f"story|{text}")


def training_text(rng, world):
    """One story, or two as they follow each other in the text for perplexity."""
    told = []
    while len(told) < 1 or (len(told) < 2 and rng.random() < 0.5):
        text, split = story(rng, world)
        if split == "train":
            told.append(text)
    return [(BETWEEN.join(told), True)]
