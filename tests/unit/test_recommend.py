"""A recommendation follows from its weights alone, and what it says of them is exact."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.criteria import RECOMMENDATIONS, UNKNOWN, Bands, Criteria, load_criteria
from knowledge.errors import KnowledgeError
from knowledge.recommend import band, interview, next_question, recommend
from knowledge.settings import KnowledgeSettings

CRITERIA = load_criteria(KnowledgeSettings.model_fields["criteria_file"].default)
RANK = {key: rank for rank, key in enumerate(RECOMMENDATIONS)}


@st.composite
def projects(draw: st.DrawFn, criteria: Criteria = CRITERIA) -> dict[str, str]:
    """Any number of answers, each an option or "I don't know"."""
    return {
        question.key: draw(st.sampled_from([*(option.key for option in question.options), UNKNOWN]))
        for question in criteria.questions
        if draw(st.booleans())
    }


@st.composite
def small_criteria(draw: st.DrawFn) -> Criteria:
    """Up to five questions with any weights, so that all completions can be counted one by one."""
    weights = draw(st.lists(st.lists(st.integers(-12, 12), min_size=2, max_size=4), min_size=1, max_size=5))
    combine = draw(st.integers(-10, 10))
    options = CRITERIA.questions[0].options[0]
    questions = tuple(
        CRITERIA.questions[0].model_copy(
            update={
                "key": f"q{number}",
                "options": tuple(
                    options.model_copy(update={"key": f"o{place}", "weight": weight})
                    for place, weight in enumerate(row)
                ),
            }
        )
        for number, row in enumerate(weights)
    )
    bands = Bands(combine=combine, fine_tuning=combine + draw(st.integers(1, 12)))
    return CRITERIA.model_copy(update={"questions": questions, "bands": bands, "advice": ()})


def completions(criteria: Criteria, answers: dict[str, str]) -> Iterator[dict[str, str]]:
    """Every way to answer what is left, "I don't know" too."""
    left = [question for question in criteria.questions if question.key not in answers]
    ways = [[*(option.key for option in question.options), UNKNOWN] for question in left]
    for chosen in itertools.product(*ways):
        yield answers | {question.key: option for question, option in zip(left, chosen, strict=True)}


def recommended(criteria: Criteria, answers: dict[str, str]) -> str:
    """The recommendation, added up anew."""
    total = sum(
        option.weight
        for question in criteria.questions
        for option in question.options
        if answers.get(question.key) == option.key
    )
    return band(criteria.bands, total)


def entropy(counts: Counter[str]) -> float:
    return -sum(count / counts.total() * math.log2(count / counts.total()) for count in counts.values())


@given(st.data())
def test_it_stops_exactly_when_no_completion_differs(data: st.DataObject) -> None:
    criteria = data.draw(small_criteria())
    answers = data.draw(projects(criteria))

    possible = {recommended(criteria, each) for each in completions(criteria, answers)}

    assert (next_question(criteria, answers) is None) == (len(possible) == 1)


@given(st.data())
def test_the_next_question_is_the_one_with_the_highest_information_gain(data: st.DataObject) -> None:
    criteria = data.draw(small_criteria())
    answers = data.draw(projects(criteria))
    asked = next_question(criteria, answers)
    if asked is None:
        return

    def remaining(key: str) -> float:
        question = criteria.question(key)
        assert question is not None
        options = [*(option.key for option in question.options), UNKNOWN]
        return statistics.fmean(
            entropy(Counter(recommended(criteria, each) for each in completions(criteria, answers | {key: option})))
            for option in options
        )

    left = [question.key for question in criteria.questions if question.key not in answers]
    assert remaining(asked) == pytest.approx(min(map(remaining, left)), abs=1e-9)


@given(st.data())
def test_each_question_that_is_asked_can_still_matter(data: st.DataObject) -> None:
    criteria = data.draw(small_criteria())
    answers = data.draw(projects(criteria))
    asked = next_question(criteria, answers)
    if asked is None:
        return
    by_the_others: dict[tuple[str, ...], set[str]] = {}
    for each in completions(criteria, answers):
        others = tuple(option for key, option in sorted(each.items()) if key != asked)
        by_the_others.setdefault(others, set()).add(recommended(criteria, each))
    assert any(len(possible) > 1 for possible in by_the_others.values())


@given(projects())
def test_what_would_change_it_does_and_nothing_smaller_does(project: dict[str, str]) -> None:
    result = recommend(CRITERIA, project)

    flips = {
        (question.key, recommended(CRITERIA, project | {question.key: option.key}))
        for question in CRITERIA.questions
        for option in question.options
    }
    assert {(change.question.key, change.recommendation) for change in result.changes} == {
        flip for flip in flips if flip[1] != result.outcome.key
    }
    for change in result.changes:
        assert (
            recommend(CRITERIA, project | {change.question.key: change.option.key}).outcome.key == change.recommendation
        )
    assert [abs(change.points) for change in result.changes] == sorted(abs(change.points) for change in result.changes)


# Towards fine-tuning, each option never weighs less than the one before it.
TOWARDS_FINE_TUNING = {
    "specialization": ["general", "domain", "narrow"],
    "examples": ["none", "handful", "some", "many"],
    "accuracy": ["modest", "high", "demanding"],
    "deadline": ["days", "weeks", "months"],
    "budget": ["small", "moderate", "ample"],
    "expertise": ["none", "some", "experts"],
    "stability": ["weekly", "monthly", "stable"],
    "tasks": ["many", "few", "one"],
    "volume": ["low", "medium", "high"],
    "facts": ["changing", "documents", "nothing"],
    "access": ["closed", "service", "weights"],
}


@pytest.mark.parametrize("key", TOWARDS_FINE_TUNING)
@given(project=projects())
def test_more_of_what_favors_fine_tuning_never_moves_away_from_it(key: str, project: dict[str, str]) -> None:
    """More data, accuracy and stability; and the other way round a tighter deadline, less budget, more change."""
    question = CRITERIA.question(key)
    assert question is not None
    assert set(TOWARDS_FINE_TUNING[key]) == {option.key for option in question.options}
    ranks = [RANK[recommend(CRITERIA, project | {key: option}).outcome.key] for option in TOWARDS_FINE_TUNING[key]]
    assert ranks == sorted(ranks)


@given(projects(), st.sampled_from(CRITERIA.questions))
def test_i_dont_know_never_raises_confidence(project: dict[str, str], question: object) -> None:
    key = question.key  # type: ignore[attr-defined]  # Hypothesis does not say what it draws
    before = {other: option for other, option in project.items() if other != key}

    after = recommend(CRITERIA, before | {key: UNKNOWN})

    assert after.confidence <= recommend(CRITERIA, before).confidence
    assert after.outcome == recommend(CRITERIA, before).outcome


@given(projects(), st.randoms())
def test_the_order_of_answering_is_irrelevant(project: dict[str, str], chance: random.Random) -> None:
    shuffled = list(project.items())
    chance.shuffle(shuffled)
    assert recommend(CRITERIA, dict(shuffled)) == recommend(CRITERIA, project)


@given(projects())
def test_the_reasons_add_up_to_the_score_and_the_score_to_the_recommendation(project: dict[str, str]) -> None:
    result = recommend(CRITERIA, project)

    signed = [reason.weight if reason.points_to == "fine_tuning" else -reason.weight for reason in result.reasons]
    assert sum(signed) == result.score
    assert result.outcome.key == band(CRITERIA.bands, result.score)
    assert [reason.weight for reason in result.reasons] == sorted((abs(weight) for weight in signed), reverse=True)
    assert set(result.against) <= set(result.reasons)
    assert 0 <= result.confidence <= 1


BEST = {key: options[-1] for key, options in TOWARDS_FINE_TUNING.items()} | {"tried": "plateau", "privacy": "internal"}


@pytest.mark.parametrize("examples", ["none", "handful"])
def test_without_fifty_examples_it_is_never_fine_tuning_alone(examples: str) -> None:
    assert recommend(CRITERIA, BEST).outcome.key == "fine_tuning"
    assert recommend(CRITERIA, BEST | {"examples": examples}).outcome.key == "combine"


def test_a_model_that_cannot_be_trained_leaves_prompts() -> None:
    assert recommend(CRITERIA, BEST | {"access": "closed"}).outcome.key == "prompt_engineering"


def test_contradictory_answers_are_named() -> None:
    result = recommend(CRITERIA, {"examples": "none", "accuracy": "demanding"})
    assert [advice.kind for advice in result.advice] == ["contradiction"]


def test_facts_that_change_daily_are_told_to_need_retrieval() -> None:
    assert [advice.kind for advice in recommend(CRITERIA, {"facts": "changing"}).advice] == ["retrieval"]


def test_what_holds_fine_tuning_back_says_when_it_will_have_changed() -> None:
    assert recommend(CRITERIA, {"examples": "none", "volume": "low"}).when == (
        "you have 50 to 100 checked examples",
        "the traffic has grown so much that the price of each call counts",
    )


def test_nothing_known_is_prompt_engineering_with_little_confidence() -> None:
    result = recommend(CRITERIA, {})
    assert result.outcome.key == "prompt_engineering"
    assert result.confidence < 0.6
    assert result.reasons == ()


def test_a_settled_recommendation_is_more_certain_than_an_open_one() -> None:
    assert recommend(CRITERIA, {"access": "closed"}).confidence > 0.9
    assert recommend(CRITERIA, {"specialization": "general"}).confidence < 0.7


def test_random_projects_need_five_questions_or_fewer_in_the_median() -> None:
    chance = random.Random(20261124)
    drawn = [{question.key: chance.choice(question.options).key for question in CRITERIA.questions} for _ in range(200)]
    assert statistics.median(len(interview(CRITERIA, project)) for project in drawn) <= 5


def test_an_interview_ends_in_what_all_answers_would_have_led_to() -> None:
    chance = random.Random(7)
    for _ in range(50):
        project = {question.key: chance.choice(question.options).key for question in CRITERIA.questions}
        asked = {key: project[key] for key in interview(CRITERIA, project)}
        assert recommend(CRITERIA, asked).outcome == recommend(CRITERIA, project).outcome


@pytest.mark.parametrize(
    ("answers", "named"), [({"color": "red"}, "color"), ({"examples": "lots"}, "lots"), ({"examples": ""}, "examples")]
)
def test_an_answer_that_does_not_exist_is_named(answers: dict[str, str], named: str) -> None:
    with pytest.raises(KnowledgeError, match=named):
        recommend(CRITERIA, answers)
