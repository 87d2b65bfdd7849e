"""collaborative: how many hidden factors are worth learning from people's ratings of films?

People rate some of the films of a table; what would stand in the empty cells? The average says the
same of all of them. Biases say how generous a person and how good a film is. Factors, a few numbers
for each person and each film, say how well the two match: their dot product. The more factors, the
more can be said, and the more can be learned by heart.

What to watch: how far off each model is on ratings that were held out. Here these are known to the
last one, for the ratings are drawn from a known model: what is noise in them, nobody can foresee.
Real ratings do not come along: no package that is needed here has any, and the well-known sets may
not be passed on.

Series: `held out: biases + 5 factors` and so on, step by step, from about what the average misses;
`learned: …` is the same on the ratings that were learned from; `dot product: …` are held out, too,
and have no biases.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from studyapp.lab.interval import mean_interval
from studyapp.lab.protocol import (
    Axes,
    Choice,
    Fact,
    Knob,
    Lesson,
    LessonEvent,
    Metric,
    Progress,
    Question,
    Remark,
    Result,
    Value,
    When,
)
from studyapp.lab.seeds import generators, lead_fact, mean_fact

PEOPLE = FILMS = 100
NEW = 50  # people and films more, that have no rating to learn from
AVERAGE = 3.5  # stars; and what is around it has these SDs, in stars, as has the noise:
GENEROUS, GOOD, MATCH, NOISE = 0.4, 0.5, 0.6, 0.7
STEPS, RATE, START = 200, 0.05, 0.1  # START: the SD of the factors that a model begins with
LOOK_EVERY = 4
DIGITS = 4  # of a miss: what differs by less is where a search has stopped, not what it found
DRAWN = "people, films, ratings and start: a simulation"


class Kind(NamedTuple):
    """How many factors a model has for each person and film, and whether there are biases."""

    factors: int
    biased: bool


KINDS = {
    "average": Kind(0, False),
    "biases": Kind(0, True),
    "one": Kind(1, True),
    "five": Kind(5, True),
    "fifty": Kind(50, True),
    "dot_one": Kind(1, False),
    "dot_five": Kind(5, False),
    "dot_fifty": Kind(50, False),
}
ARMS = ("average", "biases", "one", "five", "fifty")
TITLES = {
    "biases": "held out: biases",
    "one": "held out: biases + 1 factor",
    "five": "held out: biases + 5 factors",
    "fifty": "held out: biases + 50 factors",
    "learned_biases": "learned: biases",
    "learned_one": "learned: biases + 1 factor",
    "learned_five": "learned: biases + 5 factors",
    "learned_fifty": "learned: biases + 50 factors",
    "dot_one": "dot product: 1 factor",
    "dot_five": "dot product: 5 factors",
    "dot_fifty": "dot product: 50 factors",
}

Misses: TypeAlias = dict[str, Tensor]
"""How far off each model is, in stars, by what it is judged on: (S,) each."""


# Data: S tables of ratings, each from its own generator.


class Tables(NamedTuple):
    """S tables: every rating, and which of them are known. The last NEW rows and columns are new.

    stars (S, 150, 150), seen (S, 100, 100), 1 for what is learned from and 0 for what is held out.
    """

    stars: Tensor
    seen: Tensor


def draw(traits: int, ratings: int, rngs: Sequence[torch.Generator]) -> Tables:
    """Draw a table for each generator, in which each person has rated *ratings* of the films.

    Which ones, chance says. The match is a dot product of hidden traits, and so its variance is
    their number × that of one product: each has SD MATCH ÷ √traits.
    """
    tables, masks = [], []
    for rng in rngs:
        generous = GENEROUS * torch.randn(PEOPLE + NEW, 1, generator=rng)
        good = GOOD * torch.randn(FILMS + NEW, generator=rng)
        liked = torch.randn(PEOPLE + NEW, traits, generator=rng)
        there = torch.randn(FILMS + NEW, traits, generator=rng)
        match = MATCH / math.sqrt(max(1, traits)) * liked @ there.T
        noise = NOISE * torch.randn(match.shape, generator=rng)
        tables.append(AVERAGE + generous + good + match + noise)
        order = torch.rand(PEOPLE, FILMS, generator=rng).argsort(1)
        masks.append((order < ratings).float())
    return Tables(torch.stack(tables), torch.stack(masks))


# Model: of S tables at once.


class Model:
    """Average + person's bias + film's bias + dot product of their factors, as far as it has them.

    Who has no rating has biases and factors of 0: nothing has moved them.
    """

    def __init__(self, kind: Kind, tables: Tables, rngs: Sequence[torch.Generator]) -> None:
        self.stars = tables.stars[:, :PEOPLE, :FILMS]  # (S, 100, 100)
        self.seen = tables.seen
        self.average = mean_of(self.stars, self.seen)[:, None, None]  # (S, 1, 1)
        self.people, self.films = (
            torch.stack([START * torch.randn(n, kind.factors, generator=rng) for rng in rngs])
            .to(self.stars.device)
            .requires_grad_()
            for n in (PEOPLE, FILMS)
        )  # (S, 100, factors) both
        self.generous = torch.zeros_like(self.stars[:, :, :1], requires_grad=kind.biased)
        self.good = torch.zeros_like(self.stars[:, :1], requires_grad=kind.biased)
        biases = [self.generous, self.good] if kind.biased else []
        self.learned = [self.people, self.films, *biases]
        self.optimizer = torch.optim.Adam(self.learned, RATE, betas=(0.9, 0.99))

    def predict(self) -> Tensor:
        """Return the rating of every person for every film: (S, 100, 100)."""
        return self.average + self.generous + self.good + self.people @ self.films.mT

    def say(self) -> Tensor:
        """Return the predictions, none of them beyond the ratings that the model has seen.

        Nobody would say 40 stars. And without a decay a few wild numbers of one table could
        outweigh all other tables.
        """
        known = self.stars[self.seen > 0].view(len(self.stars), -1)  # (S, n)
        least, most = (ends[:, None, None] for ends in torch.aminmax(known, dim=1))
        return self.predict().clamp(least, most)

    def learn(self, decay: float) -> None:
        """Take a step down the squared misses on what is known + *decay* × all squared numbers."""
        misses = (self.predict() - self.stars) * self.seen
        # The SUM over seeds, as over all else: no table has a part in the loss of another.
        loss = misses.square().sum() + decay * sum(each.square().sum() for each in self.learned)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


def mean_of(values: Tensor, chosen: Tensor) -> Tensor:
    """Return the mean of the values where *chosen* is 1, of each table: (S,)."""
    return (values * chosen).sum((1, 2)) / chosen.sum((1, 2))


# Loop.


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Fit all models side by side; stream how far off they are, then the facts."""
    decay, rngs = float(knobs["decay"]), generators(seed, int(knobs["seeds"]))
    yield Progress(0, STEPS)
    drawn = draw(int(knobs["traits"]), int(knobs["ratings"]), rngs)
    tables = Tables(*(each.to(device) for each in drawn))
    models = {name: Model(kind, tables, rngs) for name, kind in KINDS.items()}
    yield Remark(
        f"A simulation: of what is in a rating, {NOISE} stars are noise, which no model foresees."
    )
    for step in range(STEPS + 1):
        if step % LOOK_EVERY == 0:
            yield from curves(step, look(models))
        yield Progress(step, STEPS)
        if step < STEPS:
            for model in models.values():
                model.learn(decay)
    yield Result(tuple(facts(look(models) | newcomers(models, tables), int(knobs["traits"]))))


@torch.no_grad()
def look(models: Mapping[str, Model]) -> Misses:
    """Measure every model on the ratings held out, and on those that it has learned from."""
    found = {}
    for name, model in models.items():
        said = model.say()
        found[name] = miss(said, model.stars, 1 - model.seen)
        found[f"learned_{name}"] = miss(said, model.stars, model.seen)
    return found


@torch.no_grad()
def newcomers(models: Mapping[str, Model], tables: Tables) -> Misses:
    """Measure what is said of new people and of new films, with biases and without."""
    model, stars = models["five"], tables.stars
    of_people, of_films = stars[:, PEOPLE:, :FILMS], stars[:, :PEOPLE, FILMS:]
    told = {
        "new_person": (model.average + model.good, of_people),
        "new_person_average": (model.average, of_people),
        "new_film": (model.average + model.generous, of_films),
    }
    return {name: miss(said, own, torch.ones_like(own)) for name, (said, own) in told.items()}


def miss(said: Tensor, stars: Tensor, chosen: Tensor) -> Tensor:
    """Return the typical miss in stars, √ of the mean squared one, where *chosen* is 1: (S,)."""
    return mean_of((said - stars).square(), chosen).sqrt().cpu().double().round(decimals=DIGITS)


def curves(step: int, misses: Misses) -> Iterator[Metric]:
    """Yield the next point of every curve, and the noise, which nobody can stay below."""
    for name, title in TITLES.items():
        yield Metric(step, title, *mean_interval(misses[name].tolist()))
    yield Metric(step, "held out: noise alone", NOISE)


# Facts.


def facts(misses: Misses, traits: int) -> Iterator[Fact]:
    """Yield which model is ahead, how far off each is, and what is known of newcomers."""

    def mean(name: str, values: Tensor) -> Fact:
        return mean_fact(name, values, "stars", DRAWN)

    def exact(name: str, *deviations: float) -> Fact:
        told = "computed from what the ratings are drawn from: nobody stays below it"
        return Fact(name, math.hypot(*deviations), "stars", None, None, 1, "exact", told)

    for arm in ARMS:  # ahead is who misses by less
        rivals = [(-misses[other]).tolist() for other in ARMS if other != arm]
        yield lead_fact(f"lead_{arm}", (-misses[arm]).tolist(), rivals, "stars", DRAWN)
    for name in KINDS:
        yield mean(f"miss_{name}", misses[name])
    for name in ("five", "fifty"):
        yield mean(f"learned_{name}", misses[f"learned_{name}"])
    yield mean("gain_biases", misses["average"] - misses["biases"])
    for name in ("one", "five", "fifty"):
        yield mean(f"gain_{name}", misses["biases"] - misses[name])
        yield mean(f"gain_of_biases_{name}", misses[f"dot_{name}"] - misses[name])
    for name in ("new_person", "new_person_average", "new_film"):
        yield mean(f"miss_{name}", misses[name])
    match = MATCH if traits else 0.0
    yield exact("noise", NOISE)
    yield exact("best_new_person", NOISE, match, GENEROUS)
    yield exact("best_new_film", NOISE, match, GOOD)


LESSON = Lesson(
    name="collaborative",
    version=1,
    title="How many factors are worth learning?",
    question=Question(
        text=(
            "Each of 100 people has rated {ratings} of 100 films, in stars. A rating is the "
            "average + how generous the person is + how good the film is + how well the two match, "
            "by {traits} hidden traits + noise. Biases are learned numbers for what is generous "
            "and good; factors are learned numbers for both sides, whose dot product is the match. "
            "A weight decay of {decay} holds all of them down (0: nothing does). Which model is "
            "the least off on ratings that were held out, by the root of its mean squared miss?"
        ),
        kind="arms",
        fact="lead_five",
        unit="stars",
        told="the lead over the best other model is {}",
        choices=(
            Choice("the average of all ratings, for everybody", low=0.0, fact="lead_average"),
            Choice("biases: a number for each person and film", low=0.0, fact="lead_biases"),
            Choice("biases + 1 factor", low=0.0, fact="lead_one"),
            Choice("biases + 5 factors", low=0.0, fact="lead_five"),
            Choice("biases + 50 factors, which are 10,000 numbers", low=0.0, fact="lead_fifty"),
        ),
    ),
    knobs=(
        Knob(
            "traits",
            "int",
            3,
            0,
            20,
            help=(
                "hidden traits by which people and films match; 3, so that 5 factors are enough "
                "and 1 is not; 0: there is no match, and a factor has nothing to learn"
            ),
        ),
        Knob(
            "ratings",
            "int",
            40,
            5,
            90,
            help=(
                "of each person, for 100 films, the rest is held out; with 40 there is enough to "
                "learn tastes from, if not much"
            ),
        ),
        Knob(
            "decay",
            "float",
            5.0,
            0.0,
            50.0,
            help=(
                "weight decay: this × the sum of all squared numbers is added to the loss; 5 is "
                "about the best at the other defaults, a little less for 5 factors and more for "
                "50; 0: none"
            ),
        ),
        Knob(
            "seeds",
            "int",
            32,
            1,
            256,
            gpu=256,
            help=(
                "repetitions, each with people, films, ratings and start of its own; 32 tell "
                "models apart that differ by a hundredth of a star"
            ),
        ),
    ),
    topics=(
        "collaborative-filtering",
        "latent-factors",
        "rating-bias",
        "weight-decay",
        "cold-start",
    ),
    run=run,
    axes=(
        Axes("step", "miss on ratings held out (stars)", "held out"),
        Axes("step", "miss on ratings learned from (stars)", "learned"),
        Axes("step", "miss on ratings held out, no biases (stars)", "dot product"),
    ),
    meaning=(
        When(
            "The average is the least off, by {fact:lead_average} (lead_average): here whatever "
            "else is learned of a person or a film is more noise than news.",
            fact="lead_average",
            low=0.0,
        ),
        When(
            "Biases alone are the least off: {fact:miss_biases}, ahead of the best other model by "
            "{fact:lead_biases} (lead_biases). What factors would have to say costs more, in "
            "noise that is learned along, than it is worth.",
            fact="lead_biases",
            low=0.0,
        ),
        When(
            "Biases and 1 factor are the least off: {fact:miss_one}, ahead of the best other "
            "model by {fact:lead_one} (lead_one).",
            fact="lead_one",
            low=0.0,
        ),
        When(
            "Biases and 5 factors are the least off: {fact:miss_five}, ahead of the best other "
            "model by {fact:lead_five} (lead_five).",
            fact="lead_five",
            low=0.0,
        ),
        When(
            "Biases and 50 factors are the least off: {fact:miss_fifty}, ahead of the best other "
            "model by {fact:lead_fifty} (lead_fifty), with more numbers than there are ratings.",
            fact="lead_fifty",
            low=0.0,
        ),
        When(
            "A decay of {decay} is more than a match can stand up to, known from so few ratings: "
            "all factors are 0, and what is left of 1, 5 or 50 of them is the biases.",
            fact="gain_fifty",
            low=-0.0005,
            high=0.0005,
            knobs={"decay": (0.000001, 50.0)},
        ),
        When(
            "{fact:noise} are noise: nobody can be less off for long. The average is off by "
            "{fact:miss_average}, and biases take {fact:gain_biases} of it away (gain_biases): "
            "who is generous and what is good is much of what ratings tell.",
            fact="gain_biases",
            low=0.0,
        ),
        When(
            "Beyond biases, 1 factor gains {fact:gain_one}, 5 gain {fact:gain_five} and 50 gain "
            "{fact:gain_fifty} (gain_one, …): that is the match of tastes.",
            fact="gain_fifty",
            low=0.0005,
        ),
        When(
            "On the ratings that they have learned from 50 factors are off by only "
            "{fact:learned_fifty} (learned_fifty), less than the noise. So part of what they know "
            "is noise, by heart, and on new ratings that misleads: there they are off by "
            "{fact:miss_fifty}.",
            fact="learned_fifty",
            high=0.65,
            knobs={"decay": (0.000001, 50.0)},
        ),
        When(
            "Nothing holds the numbers down. 50 factors are off by {fact:learned_fifty} on what "
            "they have learned from (learned_fifty), noise and all, and by {fact:miss_fifty} on "
            "what was held out.",
            fact="gain_fifty",
            high=0.0,
            knobs={"decay": (0.0, 0.0)},
        ),
        When(
            "5 factors, a tenth of the numbers, are off even more: {fact:miss_five}. They have "
            "about as many numbers as there are ratings; hardly any choice of these meets them "
            "all, and those that do are wild. 50 factors have many to choose from, and from a "
            "small start find a tame one.",
            fact="lead_five",
            high=-0.3,
            knobs={"decay": (0.0, 0.0), "ratings": (5, 20)},
        ),
        When(
            "There are about as many ratings now as 50 factors have numbers. Hardly any choice of "
            "numbers meets them all, and those that do are wild: {fact:miss_fifty} on ratings "
            "held out. Fewer ratings would do less harm.",
            fact="miss_fifty",
            low=1.2,
            knobs={"decay": (0.0, 0.0), "ratings": (70, 90)},
        ),
        When(
            "There is no match here: {traits} traits. A factor finds nothing but noise, and only a "
            "decay can keep that small.",
            knobs={"traits": (0, 0)},
        ),
        When(
            "The dot product alone, without biases, is off by {fact:miss_dot_one} with 1 factor, "
            "{fact:miss_dot_five} with 5 and {fact:miss_dot_fifty} with 50 (miss_dot_one, …). It "
            "has to spend factors on who is generous and what is good.",
            fact="gain_of_biases_one",
            low=0.0,
        ),
        When(
            "Of a new person no model knows a bias or factors. What is left are the average and "
            "the film's bias, off by {fact:miss_new_person} in the model with 5 factors, where the "
            "average alone is off by {fact:miss_new_person_average}. Without knowing the person "
            "nobody gets below {fact:best_new_person} for long. Of a new film only the person's "
            "bias is left: {fact:miss_new_film}."
        ),
        When(
            "A simulation, in which chance says who rates what. People choose their films, and "
            "then ratings that are held out tell only of the kind of film that they choose. A lead "
            "whose interval holds 0 is not told apart from none."
        ),
    ),
    next=(
        When(
            "Set decay to 0: nothing holds the numbers down. Which model wins then, and is it the "
            "5 factors or the 50 that go wrong?",
            knobs={"decay": (1.0, 50.0), "ratings": (10, 60)},
        ),
        When(
            "Set ratings to 90: more than twice as many. Are 50 factors less off?",
            knobs={"decay": (0.0, 0.0), "ratings": (5, 45)},
        ),
        When(
            "Set ratings to 20: that is fewer. Which models does it harm most?",
            knobs={"decay": (0.0, 0.0), "ratings": (30, 90)},
        ),
        When(
            "Set decay to 5: what does it cost to hold the numbers down, and what does it gain?",
            knobs={"decay": (0.0, 0.5)},
        ),
        When(
            "Set traits to 0: tastes do not differ. What do factors find, and how much harm is it?",
            knobs={"traits": (1, 20)},
        ),
        When(
            "Set ratings to 10, then decay to 1 as well: what becomes of the factors?",
            knobs={"decay": (2.0, 10.0), "ratings": (20, 90)},
        ),
        When(
            "Set traits to 20, ratings to 80: are 50 factors worth it where so much is to be "
            "known?",
            knobs={"traits": (0, 10), "decay": (2.0, 10.0)},
        ),
        When(
            "Set ratings to 20: tastes have as many sides as before. Can they still be learned?",
            knobs={"traits": (11, 20), "ratings": (30, 90)},
        ),
        When("Set decay to 5: how much of the match comes back?", knobs={"decay": (11.0, 50.0)}),
        When(
            "Set traits to 1: tastes differ in one thing. How many factors are best, and what do "
            "the others cost?",
            knobs={"traits": (0, 0)},
        ),
        When(
            "A seed is one repetition with people, films, ratings and start of its own. With more "
            "of them every interval is narrower.",
            knobs={"seeds": (1, 15)},
        ),
    ),
    mechanism=(
        When(
            "A rating is a sum of average, two biases, match and noise. A model can find the parts "
            "that it has numbers for; all others are noise to it."
        ),
        When(
            "Each number is learned from the few ratings of one person or one film, and takes on "
            "some of their noise. The more numbers, the more noise."
        ),
        When(
            "Weight decay pulls every number to 0. Only what many ratings agree on stands up to "
            "it, so a factor that is not needed costs little.",
            knobs={"decay": (0.000001, 50.0)},
        ),
        When(
            "Without weight decay nothing pulls back: the numbers go on until they meet the "
            "ratings that are known, noise and all.",
            knobs={"decay": (0.0, 0.0)},
        ),
        When(
            "A number that no rating has moved says nothing. Of a newcomer only what is known of "
            "the other side is left: film or person."
        ),
    ),
)
