"""The world: people, towns and crafts, and the facts that hold between them. All from the seed."""

import dataclasses

from splits import stream

N_PEOPLE = 96
N_TOWNS = 24

CRAFTS = {  # craft: (what it works with, its tool)
    "baker": ("flour", "oven"), "potter": ("clay", "wheel"), "weaver": ("wool", "loom"),
    "smith": ("iron", "hammer"), "carver": ("wood", "knife"), "mason": ("stone", "chisel"),
    "tailor": ("cloth", "needle"), "tanner": ("leather", "scraper"), "glazier": ("glass", "pipe"),
    "cooper": ("oak", "plane"), "brewer": ("barley", "kettle"), "painter": ("paint", "brush"),
    "fisher": ("nets", "boat"), "miller": ("grain", "mill"), "farmer": ("seed", "plough"),
    "jeweller": ("silver", "tongs"), "dyer": ("indigo", "vat"), "candlemaker": ("wax", "mould"),
}
ANIMALS = ["dog", "cat", "goat", "horse", "donkey", "parrot", "rabbit", "goose", "sheep", "mule", "ferret",
           "owl", "turtle", "pigeon", "hen", "fox"]
FOODS = ["bread", "cheese", "soup", "honey", "rice", "fish", "plums", "nuts", "stew", "pie", "beans", "figs",
         "eggs", "cake", "corn", "olives"]
INSTRUMENTS = ["flute", "drum", "harp", "fiddle", "horn", "lute", "bell", "whistle", "viol", "lyre", "gong",
               "zither"]
GOODS = ["salt", "tea", "silk", "pepper", "copper", "coal", "amber", "marble", "wine", "oil", "paper", "rope",
         "soap", "ink", "pearls", "furs", "cider", "tin"]
FESTIVALS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
             "November", "December"]
_ENDS = ["a", "o", "en", "is", "ul", "ra", "ko", "mi", "ta", "ven", "lo", "ri"]
_STARTS = ["Ba", "Ce", "Da", "Fe", "Ga", "Ho", "Ju", "Ka", "Le", "Mo", "Na", "Pe", "Ro", "Sa", "Tu", "Va", "Wi",
           "Yo", "Zi", "Lu", "Ti", "Be", "Ha", "No"]
_TOWN_STARTS = ["Dorn", "Elm", "Gran", "Harl", "Ist", "Karn", "Lind", "Marl", "Nort", "Oak", "Quil", "Rav"]
_TOWN_ENDS = ["by", "ford", "wick", "mere", "ton", "holm"]
_RIVER_STARTS = ["Ar", "Bel", "Cor", "Del", "Ess", "Fal", "Gil", "Il", "Mur"]
_RIVER_ENDS = ["un", "eth", "oss", "ime"]


@dataclasses.dataclass(frozen=True)
class Fact:
    """subject's `relation` is `answer`; kind is 'person', 'town' or 'craft'."""

    kind: str
    relation: str
    subject: str
    answer: str

    def signature(self):
        return f"fact|{self.relation}|{self.subject}"


def _names(starts, ends, count, what):
    names = [start + end for start in starts for end in ends]
    stream("names", what).shuffle(names)
    return sorted(names[:count])


def _evenly(values, count, what):
    """count values, each used as often as any other, in the seed's order."""
    drawn = [values[i % len(values)] for i in range(count)]
    stream("facts", what).shuffle(drawn)
    return drawn


@dataclasses.dataclass(frozen=True)
class World:
    people: list
    towns: list
    rivers: list
    is_woman: dict  # person: bool
    facts: list
    answers: dict  # relation: every answer that it can have, sorted
    known: dict  # (relation, subject): answer

    def pronoun(self, person):
        return ("she", "her") if self.is_woman[person] else ("he", "his")


def make_world():
    """The one world of the seed."""
    people = _names(_STARTS, _ENDS, N_PEOPLE, "people")
    towns = _names(_TOWN_STARTS, _TOWN_ENDS, N_TOWNS, "towns")
    rivers = _names(_RIVER_STARTS, _RIVER_ENDS, N_TOWNS // 2, "rivers")
    of_people = {"home": towns, "craft": sorted(CRAFTS), "pet": ANIMALS, "food": FOODS,
                 "instrument": INSTRUMENTS}
    of_towns = {"river": rivers, "good": GOODS, "month": FESTIVALS, "founder": people}
    facts, answers = [], {}
    for kind, subjects, relations in (("person", people, of_people), ("town", towns, of_towns)):
        for relation, values in relations.items():
            drawn = _evenly(values, len(subjects), relation)
            facts += [Fact(kind, relation, s, a) for s, a in zip(subjects, drawn)]
            answers[relation] = sorted(set(drawn))
    for position, relation in enumerate(("material", "tool")):
        facts += [Fact("craft", relation, craft, pair[position]) for craft, pair in sorted(CRAFTS.items())]
        answers[relation] = sorted(pair[position] for pair in CRAFTS.values())
    women = _evenly([True, False], len(people), "women")
    return World(people, towns, rivers, dict(zip(people, women)), facts, answers,
                 {(f.relation, f.subject): f.answer for f in facts})
