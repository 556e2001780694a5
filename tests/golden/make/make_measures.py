"""tests/golden/text/measures.json: chrF, paired tests and signatures by sacrebleu, classes by scikit-learn, correlations by
SciPy, calibration by uncertainty-calibration, answers by torchmetrics (SQuAD 2.0), over tests/golden/text/pairs.json.

pip install sacrebleu==2.6.0 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 torchmetrics==1.9.0 torch==2.9.1; pip install --no-deps uncertainty-calibration==0.1.4
"""
import json
import logging
from pathlib import Path

import calibration
import numpy as np
import scipy
import sklearn
import torch
from sacrebleu import __version__ as sacrebleu_version
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from torchmetrics.functional.text.squad import _compute_exact_match_score, _compute_f1_score

logging.getLogger("sacrebleu").setLevel(logging.ERROR)
FOLDER = Path(__file__).resolve().parent.parent / "text"
PAIRS = [(p["reference"], p["candidate"]) for p in json.loads((FOLDER / "pairs.json").read_text())["pairs"]]
REFERENCES, CANDIDATES = [r for r, _ in PAIRS], [c for _, c in PAIRS]
SECOND = json.loads((FOLDER / "bleu.json").read_text())["second_references"]


def chrf() -> dict:
    out = {}
    for name, options in {"chrF": {}, "chrF++": {"word_order": 2}, "chrF.lowercase": {"lowercase": True}, "chrF++.lowercase": {"word_order": 2, "lowercase": True}}.items():
        metric = CHRF(**options)
        out[name] = {
            "corpus": metric.corpus_score(CANDIDATES, [REFERENCES]).score,
            "signature": str(metric.get_signature()),
            "sentence": [metric.sentence_score(c, [r]).score for r, c in PAIRS],
            "two_references": metric.corpus_score(CANDIDATES, [REFERENCES, SECOND]).score,
            "two_references_sentence": [metric.sentence_score(c, [r, s]).score for (r, c), s in zip(PAIRS, SECOND)],
        }
    return out


def signatures() -> list:
    """[options, number of references, signature]"""
    cases = [({"smooth_method": "floor"}, 1), ({"smooth_method": "floor", "smooth_value": 0.5}, 1), ({"smooth_method": "add-k"}, 2),
             ({"smooth_method": "none", "tokenize": "intl", "effective_order": True}, 1), ({"lowercase": True, "tokenize": "char"}, 3)]
    out = []
    for options, n in cases:
        metric = BLEU(**options)
        metric.corpus_score(CANDIDATES, [REFERENCES] * n)
        out.append([options, n, str(metric.get_signature())])
    return out


def paired() -> dict:
    """sacrebleu's tests of two systems, and the draws of numpy's generator that they used."""
    n, seed = len(PAIRS), 12345
    other = [" ".join(w for k, w in enumerate(r.split(" ")) if (k + i) % 4 or i % 3) for i, r in enumerate(REFERENCES)]
    systems = [("baseline", CANDIDATES), ("system", other)]
    out = {"system": other}
    for kind, samples in (("bs", 200), ("ar", 300)):
        metrics = {"BLEU": BLEU(), "chrF": CHRF()}
        _, scores = PairedTest(systems, metrics, [REFERENCES], test_type=kind, n_samples=samples)()
        rng = np.random.default_rng(seed)
        draws = rng.choice(n, size=(samples, n), replace=True) if kind == "bs" else rng.integers(2, size=(samples, n), dtype=bool)
        out[kind] = {"samples": samples, "draws": draws.astype(int).ravel().tolist(),
                     **{name: {"baseline": scores[name][0].score, "system": scores[name][1].score, "p": scores[name][1].p_value} for name in ("BLEU", "chrF2")}}
    return out


def classes(rng) -> list:
    out = []
    for labels, n in ((2, 40), (3, 50), (5, 7), (2, 1)):
        reference = rng.integers(labels, size=n)
        prediction = np.where(rng.random(n) < 0.6, reference, rng.integers(labels, size=n))
        out.append((prediction, reference))
    out.append((np.zeros(9, dtype=int), rng.integers(2, size=9)))
    return [{"predictions": p.tolist(), "references": r.tolist(), "accuracy": accuracy_score(r, p), "matthews": float(matthews_corrcoef(r, p)),
             "f1": float(f1_score(r == 1, p == 1, zero_division=0)), "macroF1": float(f1_score(r, p, average="macro", zero_division=0))} for p, r in out]


def correlations(rng) -> list:
    out = []
    for n, round_to in ((30, None), (40, 0), (2, None), (100, 1)):
        a = rng.normal(size=n) * 3
        b = a * 0.5 + rng.normal(size=n)
        if round_to is not None:
            a, b = a.round(round_to), b.round(round_to)
        out.append({"predictions": a.tolist(), "references": b.tolist(), "pearson": float(pearsonr(a, b)[0]), "spearman": float(spearmanr(a, b)[0])})
    return out


def confidences(rng) -> list:
    out = []
    for n, round_to in ((200, None), (53, None), (7, None), (120, 1)):
        p = rng.random(n)
        right = rng.random(n) < p ** 2
        if round_to is not None:
            p = p.round(round_to)
        row = {"confidences": p.tolist(), "right": right.tolist(), "ece": float(calibration.get_ece_em(p, right.astype(int), num_bins=10, mode="marginal"))}
        if round_to is None:    # With equal confidences the order of the sort decides.
            row["selective"] = float(calibration.get_selective_stats(p, right.astype(int))[1])
        out.append(row)
    return out


def duels(rng) -> list:
    """Weights of the logistic regression of wins on tanh of the standardised length difference; a tie is half a win and half a loss."""
    out = []
    for n, effect in ((60, 1.5), (30, 0.0), (12, 4.0)):
        difference = np.round(rng.normal(size=n) * 8 + 2)
        outcome = np.where(rng.random(n) < 0.2, 0.5, (rng.random(n) < 1 / (1 + np.exp(-0.4 - effect * difference / 8))).astype(float))
        if n == 12:
            outcome = np.ones(n)
        x = np.column_stack([np.ones(n), np.tanh(difference / difference.std())])
        weight = np.concatenate([outcome, 1 - outcome])
        model = LogisticRegression(C=100, fit_intercept=False, tol=1e-12, max_iter=10_000)
        used = weight > 0
        labels = np.concatenate([np.ones(n), np.zeros(n)])
        if len(set(labels[used])) < 2:      # scikit-learn wants both classes: a loss of no weight
            used[np.argmax(labels == 0)] = True
        model.fit(np.vstack([x, x])[used], labels[used], sample_weight=weight[used])
        out.append({"outcomes": outcome.tolist(), "differences": difference.tolist(), "weights": model.coef_[0].tolist()})
    return out


def main() -> None:
    torch.set_default_dtype(torch.float64)
    rng = np.random.default_rng(7)
    answers = PAIRS + [("The Beatles", "beatles."), ("a", "the"), ("A über-test", "über test"), ("thé the", "thé"), ("an\u0301 x", "x")]
    value = {
        "versions": {"sacrebleu": sacrebleu_version, "scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
        "chrf": chrf(), "signatures": signatures(), "paired": paired(), "classes": classes(rng), "correlations": correlations(rng), "confidences": confidences(rng), "duels": duels(rng),
        "answers": [{"reference": r, "prediction": p, "exact": int(_compute_exact_match_score(p, r)), "f1": float(_compute_f1_score(p, r))} for r, p in answers],
    }
    (FOLDER / "measures.json").write_text(json.dumps(value, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
