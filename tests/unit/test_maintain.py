"""Maintaining: what decides and what is shown, without Discord."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.maintain import layout
from bot.maintain.access import may_maintain, name_of, user_id_of
from bot.maintain.gaps import layout as gap_layout
from bot.maintain.gaps.clusters import MAX_QUESTIONS, Cluster, Grouping, find
from bot.maintain.index import IndexedDocument, Status, Versions
from bot.maintain.report import changed_answers
from bot.maintain.runs import Progress, Runs, Ticker
from bot.privacy import layout as privacy_layout
from bot.records import Change, Closest, Gap, Person
from knowledge.diff import ChunkChanges, FileChanges
from knowledge.embed import Vectors
from knowledge.evaluate import Section
from knowledge.gate import FirstPassage, Scores, Worse
from knowledge.index import IndexReport, LockHolder
from knowledge.types import Answer, Citation, Skipped
from knowledge.version import Manifest, Pointer
from tests.unit.test_layout import assert_within_limits, texts

NOW = datetime(2026, 1, 1, tzinfo=UTC)
text = st.text(max_size=2_000)
line = st.text(min_size=1, max_size=300).filter(str.strip)
count = st.integers(0, 10**6)
share = st.none() | st.floats(0, 1)
paths = st.lists(line, max_size=40).map(tuple)


# Who may


@pytest.mark.parametrize(
    ("user", "roles", "allowed"),
    [(1, [], True), (2, [10], True), (3, [], True), (4, [11], False), (4, [], False)],
)
def test_a_maintainer_is_listed_by_id_or_role_or_owns_the_application(
    user: int, roles: list[int], allowed: bool
) -> None:
    assert may_maintain(user, roles, maintainers={1, 10}, owners={3}) is allowed


def test_without_a_setting_only_owners_are_maintainers() -> None:
    assert not may_maintain(1, [1, 2], maintainers=frozenset(), owners={3})


@given(st.integers(1, 2**63 - 1))
def test_the_index_names_a_person_of_discord_so_that_their_id_is_found_again(user_id: int) -> None:
    assert user_id_of(name_of(user_id)) == user_id


def test_whoever_published_on_the_command_line_is_nobody_of_discord() -> None:
    assert user_id_of("root") is None


# Work that takes a while


async def test_the_newest_step_is_shown_and_those_that_come_too_fast_are_left_out() -> None:
    shown: list[Progress] = []
    may_go_on, last = asyncio.Event(), asyncio.Event()

    async def show(now: Progress) -> None:
        shown.append(now)
        await may_go_on.wait()
        if now.done == 99:
            last.set()

    ticker = Ticker(show, seconds_between=0)

    def work() -> None:
        for done in range(100):
            ticker.step("Embedding", done, 99)

    await asyncio.to_thread(work)
    await asyncio.sleep(0)
    may_go_on.set()
    await asyncio.wait_for(last.wait(), 20)
    await ticker.end()

    assert [now.done for now in shown] == [0, 99]


async def test_two_edits_keep_their_distance_and_there_is_none_after_the_end() -> None:
    shown: list[Progress] = []

    async def show(now: Progress) -> None:
        shown.append(now)

    ticker = Ticker(show, seconds_between=3600)
    for done in range(3):
        ticker.step("Embedding", done, 3)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await ticker.end()
    ticker.step("Embedding", 3, 3)
    await asyncio.sleep(0)

    assert [now.done for now in shown] == [0]


def test_a_run_is_cancelled_by_whoever_is_first_and_seen_from_every_thread() -> None:
    runs = Runs()
    run = runs.begin()
    found = runs.find(run.id)
    assert found is run
    seen = []
    found.cancel(1)
    found.cancel(2)
    thread = threading.Thread(target=lambda: seen.append(run.is_cancelled()))
    thread.start()
    thread.join()
    assert (seen, run.cancelled_by) == ([True], 1)
    runs.end(run)
    assert runs.find(run.id) is None


# Gaps


def gap(question: str, number: int, times: int = 1, score: float = 0.5) -> Gap:
    ids = tuple(f"answer-{number}-{each}" for each in range(times))
    return Gap(question, times, NOW, abstained=True, closest=Closest("a.md", "A", "B", score), answer_ids=ids)


def test_vectors_are_asked_for_once_and_forgotten_with_their_gap() -> None:
    asked: list[str] = []

    def embed(questions: Sequence[str]) -> Vectors:
        asked.extend(questions)
        return np.asarray([[1, 0] if "tea" in question else [0, 1] for question in questions], dtype=np.float32)

    grouping = Grouping(embed)
    gaps = [gap("tea?", 1, times=2), gap("bread?", 2), gap("more tea?", 3, score=0.9)]
    clusters = grouping.clusters(gaps)
    grouping.clusters(gaps)
    assert asked == ["tea?", "bread?", "more tea?"]
    assert [cluster.questions for cluster in clusters] == [("tea?", "more tea?"), ("bread?",)]
    assert (clusters[0].times, clusters[0].id) == (3, "answer-1-0")
    assert clusters[0].closest == Closest("a.md", "A", "B", 0.9)
    assert find(clusters, "answer-3-0") is clusters[0]
    assert find(clusters, "answer-9-0") is None
    assert grouping.clusters([]) == []
    grouping.clusters(gaps[:1])
    assert asked[3:] == ["tea?"]


def test_of_very_many_gaps_the_most_asked_are_grouped() -> None:
    grouping = Grouping(lambda questions: np.eye(len(questions), dtype=np.float32))
    clusters = grouping.clusters([gap(f"{number}?", number) for number in range(MAX_QUESTIONS + 9)])
    assert len(clusters) == MAX_QUESTIONS


# What would change


def answer(question: str, kind: str, section: str = "", words: str = "Text.") -> Answer:
    cited = (Citation(1, "a.md", "A", section, words, words),) if section else ()
    return Answer(question, "answer" if kind == "answer" else "abstain", words, 0.7, cited, (), "v1")


def test_changed_answers_are_told_apart_and_those_that_stay_are_left_out() -> None:
    pairs = [
        (answer("same", "answer", "S"), answer("same", "answer", "S")),
        (answer("never", "abstain", words="No."), answer("never", "abstain", words="Not covered.")),
        (answer("come", "abstain"), answer("come", "answer", "S")),
        (answer("gone", "answer", "S"), answer("gone", "abstain")),
        (answer("moved", "answer", "S"), answer("moved", "answer", "T")),
        (answer("reworded", "answer", "S"), answer("reworded", "answer", "S", words="Other.")),
    ]
    found = changed_answers(pairs)
    assert found.asked == 6
    assert found.counts == {
        "refused now": 1,
        "answered now": 1,
        "answered from other sections": 1,
        "answered in other words": 1,
    }
    headings = [row for row in found.markdown.splitlines() if row.startswith("### ")]
    assert headings == ["### gone", "### come", "### moved", "### reworded"]


def test_when_nothing_changes_the_report_says_so() -> None:
    assert (
        "1 questions were asked again; none."
        in changed_answers([(answer("a", "abstain"), answer("a", "abstain"))]).markdown
    )


# Everything fits

scores = st.builds(Scores, count, share, share, share)
first = st.none() | st.builds(FirstPassage, st.builds(Section, line, line), text)
reports = st.builds(
    IndexReport,
    version=st.none() | line,
    documents=count,
    chunks=count,
    added=count,
    changed=count,
    removed=count,
    unchanged=count,
    embedded=count,
    skipped=st.lists(st.builds(Skipped, line, text), max_size=9).map(tuple),
    published=st.booleans(),
    seconds=st.floats(0, 1e6),
    files=st.builds(FileChanges, paths, paths, paths, count),
    chunk_changes=st.builds(ChunkChanges, count, count, count, count),
    rebuild=text,
    before=st.none() | scores,
    after=st.none() | scores,
    worse=st.lists(st.builds(Worse, line, line, first, first), max_size=30).map(tuple),
    refused=text,
    forced=st.booleans(),
    notes=st.lists(line, max_size=5).map(tuple),
)
manifests = st.builds(
    Manifest,
    version=line,
    created=st.just("2026-01-01T00:00:00+00:00"),
    fingerprint=line,
    dimension=st.just(384),
    documents=st.dictionaries(line, line, max_size=4),
    titles=st.just({}),
    chunks=count,
    sentences=count,
    questions=count,
    off_topic=count,
    off_topic_digest=line,
    shape=st.dictionaries(line, line, max_size=6),
    by=line | st.just("Discord user 12"),
    added=paths,
    scores=st.just({}) | st.just({"recall_at_5": 0.5, "answered": None}),
    forced=text,
    reason=text,
)
pointers = st.none() | st.builds(Pointer, version=line, by=line, moved=st.just("2026-01-01T00:00:00+00:00"))
holders = st.none() | st.builds(LockHolder, line, st.just("2026-01-01T00:00:00+00:00"), line, count)
changes = st.builds(Change, st.just(NOW), st.none() | count, line, text, text)
gaps = st.builds(
    Gap, line, count, st.just(NOW), st.booleans(), st.none() | st.builds(Closest, line, line, line, st.floats(0, 1)),
    st.just(("AbC_-1234567",)),
)  # fmt: skip
clusters = st.lists(gaps, min_size=1, max_size=9).map(lambda found: Cluster(tuple(found)))


@given(reports, st.booleans())
def test_every_report_is_within_discords_limits(report: IndexReport, dry_run: bool) -> None:
    assert_within_limits(layout.report(report, dry_run=dry_run, by=2**63))


@given(st.lists(manifests, max_size=6), pointers)
def test_every_list_of_versions_is_within_discords_limits(found: list[Manifest], pointer: Pointer | None) -> None:
    assert_within_limits(layout.versions(Versions(pointer, found)))
    for manifest in found:
        assert_within_limits([layout.confirm_rollback(replace(manifest, version="v" * 60), "v" * 60)])


@given(st.builds(Status, pointers, st.none() | manifests, holders, st.none() | reports, text), count)
def test_every_status_is_within_discords_limits(found: Status, waiting: int) -> None:
    assert_within_limits(layout.status(found, waiting))


@given(st.lists(st.builds(IndexedDocument, line, line, count, st.none() | line, count), max_size=40), count)
def test_every_page_of_documents_is_within_discords_limits(found: list[IndexedDocument], page: int) -> None:
    assert_within_limits([layout.documents(found, "v1", page)])


@given(st.lists(changes, max_size=layout.CHANGES_ON_A_PAGE), count, count)
def test_every_page_of_the_log_is_within_discords_limits(found: list[Change], total: int, page: int) -> None:
    assert_within_limits([layout.log(found, total, page)])


@given(st.lists(clusters, max_size=9), st.integers(0, 9), text)
def test_every_page_of_gaps_is_within_discords_limits(found: list[Cluster], page: int, proposed: str) -> None:
    assert_within_limits([gap_layout.page(found, page)])
    for cluster in found:
        assert_within_limits([gap_layout.off_topic(cluster, proposed)])
        assert_within_limits([gap_layout.covered(cluster.id, cluster.questions, cluster.questions, cluster.times)])


@given(text)
def test_a_draft_that_is_kept_is_shown_within_discords_limits(problem: str) -> None:
    name = f"{'n' * 60}-999.md"
    assert_within_limits([gap_layout.kept(problem, "AbC_-1234567", name, "text", may_force=True)])


def test_the_longest_pages_are_within_discords_limits() -> None:
    longest = "*" * 500  # doubled when it is escaped
    documents = [IndexedDocument(longest, longest, 10**6, "2026-01-01", 10**6)] * 40
    log = [Change(NOW, 2**63, longest, longest, longest)] * layout.CHANGES_ON_A_PAGE
    closest = Closest(longest, longest, longest, 0.5)
    cluster = Cluster((Gap(longest, 10**6, NOW, True, closest, ("AbC_-1234567",)),) * 9)
    assert_within_limits([layout.documents(documents, longest[:40], 1), layout.log(log, 10**6, 1)])
    assert_within_limits([gap_layout.page([cluster] * 9, 1), gap_layout.off_topic(cluster, longest)])
    assert_within_limits([gap_layout.covered(cluster.id, cluster.questions, cluster.questions, 10**6)])


def test_only_a_run_that_embedded_says_that_everything_was_embedded_anew() -> None:
    nothing = FileChanges((), (), (), 3)
    run = IndexReport(
        "v1", 3, 9, 0, 0, 0, 3, 9, (), False, 1.0, nothing, ChunkChanges(0, 0, 0, 9), rebuild="recipe 3 is now 4"
    )
    anew = "Everything was embedded anew: recipe 3 is now 4."
    assert anew in "\n".join(texts(layout.report(run)[0]))
    assert anew not in "\n".join(texts(layout.report(replace(run, embedded=0))[0]))


def test_progress_is_a_bar_with_a_button() -> None:
    view = layout.progress("Publishing", Progress("Embedding", 512, 1024), "abcdef")
    assert "▰▰▰▰▰▰▱▱▱▱▱▱ 50%\n-# Embedding · 512 of 1,024" in texts(view)[0]
    assert_within_limits([view, layout.progress("Publishing", Progress("Reading documents", 0, 0), "abcdef")])


def test_privacy_is_within_discords_limits() -> None:
    nobody = Person((), (), ())
    assert_within_limits([privacy_layout.overview(nobody), privacy_layout.confirm(nobody), privacy_layout.forgotten()])
