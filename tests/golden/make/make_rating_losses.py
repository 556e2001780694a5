"""Ordinal ratings: statsmodels' OrderedModel (logit), log-likelihood of each observation and its gradient on fixed scores;
ties of a ranking: the average of torch's Plackett-Luce losses over the orders that agree with them.

    python make_rating_losses.py     # writes ../training/ratings.json; needs numpy, scipy, pandas, statsmodels
"""
import importlib.metadata
import itertools
import json
import pathlib

import numpy as np
from scipy.special import logsumexp
from statsmodels.miscmodels.ordinal_model import OrderedModel

rng = np.random.default_rng(91)
scores = rng.normal(size=12) * 2
levels = np.array([0, 4, 2, 1, 3, 2, 0, 4, 1, 3, 2, 4])
# statsmodels: thresholds as the first one and the logarithms of the steps; one regressor, the score, with weight 1.
thresholds = np.array([-1.3, 0.2, -0.4, 0.1])
model = OrderedModel(levels, scores[:, None], distr="logit")


def losses(x, t):
    m = OrderedModel(levels, x[:, None], distr="logit")
    return -m.loglikeobs(np.concatenate([[1.0], t]))


def gradient(f, x, h=1e-6):
    return [float((f(x + h * e).sum() - f(x - h * e).sum()) / (2 * h)) for e in np.eye(len(x))]


def plackett_luce(order):
    s = np.array(order)
    return sum(logsumexp(s[i:]) - s[i] for i in range(len(s))) / (len(s) - 1)


tied = {"scores": [0.7, -0.2, 1.1, 0.4], "ranks": [2, 3, 1, 2]}
orders = [o for o in itertools.permutations(range(4)) if all(tied["ranks"][o[i]] <= tied["ranks"][o[i + 1]] for i in range(3))]
tied["loss"] = float(np.mean([plackett_luce([tied["scores"][i] for i in o]) for o in orders]))

out = {
    "versions": {k: importlib.metadata.version(k) for k in ("numpy", "scipy", "statsmodels")},
    "scores": scores.tolist(), "levels": levels.tolist(), "thresholds": thresholds.tolist(),
    "losses": losses(scores, thresholds).tolist(),
    "grad_scores": gradient(lambda x: losses(x, thresholds), scores), "grad_thresholds": gradient(lambda t: losses(scores, t), thresholds),
    "tied": tied,
}
(pathlib.Path(__file__).resolve().parent.parent / "training/ratings.json").write_text(json.dumps(out, indent=1))
print(out["losses"], out["grad_thresholds"], tied)
