"""`python -m benchmarks.fit_wording`: the weights of knowledge/wording.py, and what comes of them out of the fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from benchmarks.verify import TRUE, Statement, chunks_of, load_statements
from knowledge import wording
from knowledge.alignment import source, tokens
from knowledge.base import KnowledgeBase
from knowledge.lexical import Analyzer
from knowledge.settings import KnowledgeSettings, load_settings
from knowledge.thesaurus import Lexicon
from knowledge.types import Chunk
from knowledge.verify import Verifier

# Without function words, relations, which say nothing wrong by being added, and numbers, which are checked before.
KINDS = (
    "added content", "added light", "added degree", "added denial", "added frame", "added unknown", "left out degree",
    "left out denial", "synonym", "moved clause", "moved words", "moved within", "moved past a start",
)  # fmt: skip
REMOVED = 0.04  # of the true statements, out of the fit; the goal is at most 0.05
FOLDS = 8
REGULARIZATION = 10.0  # (its inverse) from 3 on, more changes little; with 0.3, 0.02 fewer are caught

Matrix = npt.NDArray[np.float64]


def main() -> None:
    """Fit on all statements of `fitted` that addresses, numbers and names let pass, and print the weights."""
    settings = load_settings(KnowledgeSettings)
    chunks = KnowledgeBase.open(settings).retriever.chunks
    analyzer = Analyzer(settings.language)
    everything = load_statements("fitted")
    statements = [each for each in everything if _reaches(each, chunks, Verifier(analyzer))]
    counted = _count(statements, chunks, Lexicon(analyzer))
    decided = counted[:, -1] > 0
    statements = [each for each, is_out in zip(statements, decided, strict=True) if not is_out]
    counted = counted[~decided, :-1]
    is_true = np.array([each.kind == TRUE for each in statements])
    sections = [f"{each.document} {each.section}" for each in statements]
    scores = np.zeros(len(statements))
    for rest, fold in GroupKFold(FOLDS, shuffle=True, random_state=0).split(counted, is_true, sections):
        scores[fold] = _fit(counted[rest], is_true[rest]).decision_function(counted[fold])
    threshold = np.quantile(scores[is_true], REMOVED)
    model = _fit(counted, is_true)
    print(f"INTERCEPT = {model.intercept_[0] - threshold:.2f}")
    print("WEIGHTS = {")
    for kind, weight in zip(KINDS, model.coef_[0], strict=True):
        print(f'    "{kind}": {weight:.2f},')
    print("}")
    changed = sum(each.kind != TRUE for each in everything)
    caught = 1 - np.sum(scores[~is_true] >= threshold) / changed
    print(f"Out of the fit, {REMOVED} of the true statements are removed and {caught:.3f} of the changed ones caught.")


def _reaches(statement: Statement, chunks: Sequence[Chunk], verifier: Verifier) -> bool:
    """Whether the wording of `statement` is what decides."""
    objection = verifier.objection(statement.text, chunks_of(statement, chunks))
    return objection is None or objection.startswith("wording")


def _count(statements: Sequence[Statement], chunks: Sequence[Chunk], lexicon: Lexicon) -> Matrix:
    """How often each statement has each kind of change, shape (statements, kinds + 1), the last: another subject."""
    rows = []
    for statement in statements:
        claim = tokens(statement.text, lexicon)
        sentences = [sentence for chunk in chunks_of(statement, chunks) for sentence in chunk.sentences]
        found = Counter(change.kind for change in wording.changes(claim, source(claim, sentences, lexicon), lexicon))
        rows.append([float(found[kind]) for kind in (*KINDS, wording.OTHER_SUBJECT)])
    return np.array(rows)


def _fit(counted: Matrix, is_true: npt.NDArray[np.bool_]) -> LogisticRegression:
    return LogisticRegression(C=REGULARIZATION, class_weight="balanced", max_iter=3000).fit(counted, is_true)


if __name__ == "__main__":
    main()
