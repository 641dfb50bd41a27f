"""What changed between two versions, which version follows which, and what is read of a manifest."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.diff import ChunkChanges, FileChanges, compare_chunks, compare_files, outline
from knowledge.errors import KnowledgeError
from knowledge.types import Chunk
from knowledge.version import (
    Manifest,
    Mark,
    Pointer,
    ancestry,
    before,
    never_published,
    newer,
    newest_first,
    read_manifest,
    to_remove,
)

TEXTS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"))


def manifest(version: str, created: str, previous: str = "") -> Manifest:
    return Manifest(version, created, "f", 8, {}, {}, 0, 0, 0, 0, "d", previous=previous)


# Differences


def test_files_are_compared_by_their_content() -> None:
    found = compare_files({"a": "1", "b": "1", "c": "1"}, {"b": "2", "c": "1", "d": "1"})
    assert found == FileChanges(added=("d",), changed=("b",), removed=("a",), unchanged=1)


@given(TEXTS, TEXTS)
def test_every_file_is_counted_once(old: dict[str, str], new: dict[str, str]) -> None:
    found = compare_files(old, new)
    assert len(found.added) + len(found.changed) + found.unchanged == len(new)
    assert len(found.removed) + len(found.changed) + found.unchanged == len(old)


def chunk(text: str, section: str = "S", title: str = "T", asked: tuple[str, ...] = ()) -> Chunk:
    return Chunk("id", "a.md", title, section, (title, section), text, (text,), "prose", 0, asked)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([chunk("one"), chunk("two")], [chunk("two"), chunk("one")], ChunkChanges(0, 0, 0, 2)),
        ([chunk("one"), chunk("two")], [chunk("one"), chunk("three")], ChunkChanges(0, 1, 0, 1)),
        ([chunk("one")], [chunk("one"), chunk("two")], ChunkChanges(1, 0, 0, 1)),
        ([chunk("one"), chunk("two")], [chunk("three")], ChunkChanges(0, 1, 1, 0)),
        ([chunk("one")], [chunk("one", section="Other")], ChunkChanges(1, 0, 1, 0)),
        ([chunk("one")], [chunk("one", title="Renamed")], ChunkChanges(0, 1, 0, 0)),
        ([chunk("one")], [chunk("one", asked=("what is one?",))], ChunkChanges(0, 1, 0, 0)),
    ],
)
def test_chunks_are_compared_within_their_section(old: list[Chunk], new: list[Chunk], expected: ChunkChanges) -> None:
    assert compare_chunks(outline(old), outline(new)) == expected


# Lineage: v1, v2, v3, then back to v1, then v4 from there

V1, V2 = manifest("v1", "2026-01"), manifest("v2", "2026-02", "v1")
V3, V4 = manifest("v3", "2026-03", "v2"), manifest("v4", "2026-04", "v1")
ALL = [V4, V3, V2, V1]


def test_the_ancestry_follows_what_was_replaced() -> None:
    assert ancestry(ALL, "v4") == ["v4", "v1"]
    assert ancestry(ALL, "v3") == ["v3", "v2", "v1"]
    assert ancestry([V3, V2], "v3") == ["v3", "v2"]
    assert ancestry([replace(V1, previous="v2"), V2], "v2") == ["v2", "v1"]


def test_the_version_to_go_back_to_is_the_one_that_was_replaced() -> None:
    assert before(ALL, "v4") == "v1"
    assert before(ALL, "v3") == "v2"
    assert before([V3, V1], "v3") == "v1"
    assert before([V1], "v1") is None


def test_of_a_rollback_all_that_is_newer_is_withdrawn() -> None:
    assert newer(ALL, "v1") == ["v4", "v3", "v2"]
    assert newer(ALL, "v4") == []


def test_what_a_killed_run_has_not_published_is_told_from_what_was_withdrawn() -> None:
    assert never_published(ALL, Pointer("v3")) == ["v4"]
    assert never_published(ALL, Pointer("v1", withdrawn=("v3", "v2"))) == ["v4"]
    assert never_published(ALL, Pointer("v4")) == []
    assert never_published([V1], None) == ["v1"]


def test_an_ancestor_is_not_a_leftover_though_a_fast_clock_made_it_look_newer() -> None:
    early, late = manifest("v-late", "2026-02"), manifest("v-next", "2026-01", "v-late")
    assert never_published(newest_first([json.dumps(asdict(each)) for each in (early, late)]), Pointer("v-next")) == []


def test_the_versions_that_led_to_the_published_one_are_kept_first() -> None:
    assert to_remove(ALL, "v4", keep=2) == ["v3", "v2"]
    assert to_remove(ALL, "v4", keep=3) == ["v2"]
    assert to_remove(ALL, "v4", keep=9) == []


@given(st.permutations(ALL), st.sampled_from(["v1", "v2", "v3", "v4"]), st.integers(1, 5))
def test_the_published_version_is_never_removed(manifests: list[Manifest], version: str, keep: int) -> None:
    removed = to_remove(manifests, version, keep)
    assert version not in removed
    assert len(removed) == max(0, 4 - keep)


# Manifests


def test_a_manifest_is_read_as_it_was_written() -> None:
    written = replace(V2, added=["a.md"], marks={"why": Mark("s", 1, 0.5, "id"), "who": Mark("s", None, 0.1, None)})
    assert read_manifest(json.dumps(asdict(written))) == written


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "v1"}', '{"marks": 1}'])
def test_what_is_no_manifest_is_a_sentence(text: str) -> None:
    with pytest.raises(KnowledgeError, match="another release"):
        read_manifest(text)
