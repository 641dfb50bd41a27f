"""Questions that the documents do not answer, grouped by what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.embed import Vectors

# Found most pairs among 20 groups of paraphrases; docs/experiments.md has the figures, and those of 8 held out.
SAME_MEANING = 0.42


def group_by_meaning(vectors: Vectors, times: Sequence[int], threshold: float = SAME_MEANING) -> list[tuple[int, ...]]:
    """The rows of `vectors`, of length one each, in groups of the same meaning; `times` says how often each was asked.

    Agglomerative clustering with average linkage: the two groups whose questions have the highest mean cosine become
    one, as long as that is at least `threshold`. The most asked group comes first, and in it the most asked question.
    """
    groups = [[number] for number in range(len(times))]
    similar = np.asarray(vectors @ vectors.T, dtype=np.float64).reshape(len(times), len(times))
    np.fill_diagonal(similar, -np.inf)
    while len(times) > 1:
        kept, joined = divmod(int(similar.argmax()), len(times))
        if similar[kept, joined] < threshold:
            break
        sizes = len(groups[kept]), len(groups[joined])
        similar[kept] = (similar[kept] * sizes[0] + similar[joined] * sizes[1]) / sum(sizes)
        similar[:, kept] = similar[kept]
        similar[joined] = similar[:, joined] = -np.inf
        similar[kept, kept] = -np.inf
        groups[kept] += groups[joined]
        groups[joined] = []
    ordered = [tuple(sorted(group, key=lambda number: (-times[number], number))) for group in groups if group]
    return sorted(ordered, key=lambda group: (-sum(times[number] for number in group), group[0]))
