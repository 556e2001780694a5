"""Golden values of agreement and reliability.

    pip install krippendorff==0.9.0 statsmodels==0.15.0 scikit-learn==1.9.1 crowd-kit==1.4.2 scipy==1.17.1
    python make_quality.py ../quality

Sources: krippendorff.alpha, statsmodels' fleiss_kappa, sklearn's cohen_kappa_score, scipy's kendalltau and
friedmanchisquare (W = chi2 / (m (k - 1))), crowd-kit's DawidSkene and OneCoinDawidSkene run to convergence.
"""
import json
import sys
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
from crowdkit.aggregation import DawidSkene, OneCoinDawidSkene
from scipy.stats import friedmanchisquare, kendalltau
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

rng = np.random.default_rng(7)
LEVELS = ["nominal", "ordinal", "interval", "ratio"]


def noisy_ratings(units, coders, values, missing, accuracy=0.6):
    """Rows of coders; nan where a coder skipped the unit."""
    truth = rng.choice(values, units)
    table = np.where(rng.random((coders, units)) < accuracy, truth, rng.choice(values, (coders, units))).astype(float)
    table[rng.random((coders, units)) < missing] = np.nan
    return table


def listed(table):
    """[unit, coder, value] of everything that was said."""
    return [[int(u), int(c), float(table[c, u])] for u in range(table.shape[1]) for c in range(table.shape[0]) if not np.isnan(table[c, u])]


# The worked example of Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), 4 observers and 12 units.
nan = np.nan
paper = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
    [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
])
tables = {
    "paper": paper,
    "three_missing": noisy_ratings(80, 5, [0, 1, 2], 0.5),
    "seven_missing": noisy_ratings(120, 6, [1, 2, 3, 4, 5, 6, 7], 0.4),
    "margins": noisy_ratings(150, 4, [-3, -2, -1, 0, 1, 2, 3], 0.3),
}
alpha = {}
for name, table in tables.items():
    levels = [level for level in LEVELS if level != "ratio" or np.nanmin(table) >= 0]
    alpha[name] = {"rows": listed(table), "alpha": {level: krippendorff.alpha(table, level_of_measurement=level) for level in levels}}

full = noisy_ratings(60, 5, [0, 1, 2, 3], 0)
counts = np.array([[np.sum(full[:, u] == v) for v in range(4)] for u in range(60)])
fleiss = {"rows": listed(full), "kappa": fleiss_kappa(counts)}

a, b = noisy_ratings(90, 2, [0, 1, 2, 3], 0)
cohen = {
    "table": [[int(np.sum((a == i) & (b == j))) for j in range(4)] for i in range(4)],
    "none": cohen_kappa_score(a, b), "linear": cohen_kappa_score(a, b, weights="linear"), "quadratic": cohen_kappa_score(a, b, weights="quadratic"),
}

kendall = []
for m, k, top in [(3, 4, 4), (5, 6, 3), (3, 9, 9), (4, 5, 2), (6, 3, 3)]:
    rankings = rng.integers(1, top + 1, (m, k))
    chi2 = friedmanchisquare(*rankings.T).statistic  # columns are the ranked things; ranks are taken within each judge
    kendall.append({"rankings": rankings.tolist(), "w": chi2 / (m * (k - 1)), "tau": kendalltau(rankings[0], rankings[1]).statistic})

units, coders, k = 400, 12, 3
truth = rng.choice(k, units, p=[0.45, 0.1, 0.45])
skill = np.linspace(0.4, 0.95, coders)
rows = []
for u in range(units):
    for c in rng.choice(coders, 4, replace=False):
        said = truth[u] if rng.random() < skill[c] else rng.choice(k)
        rows.append([u, int(c), int(said)])
frame = pd.DataFrame(rows, columns=["task", "worker", "label"])
full_model = DawidSkene(n_iter=3000, tol=-1).fit(frame)
one_coin = OneCoinDawidSkene(n_iter=400, tol=-1).fit(frame)
says = [[[float(full_model.errors_.loc[(c, j), i]) if (c, j) in full_model.errors_.index else 0.0 for j in range(k)] for i in range(k)] for c in range(coders)]
reliability = {
    "rows": rows,
    "full": {"posterior": full_model.probas_.loc[range(units), range(k)].values.tolist(), "prior": full_model.priors_.loc[range(k)].tolist(), "says": says},
    "one_coin": {"posterior": one_coin.probas_.loc[range(units), range(k)].values.tolist(), "prior": one_coin.priors_.loc[range(k)].tolist(), "skill": one_coin.skills_.loc[range(coders)].tolist()},
}
out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
(out / "agreement.json").write_text(json.dumps({"alpha": alpha, "fleiss": fleiss, "cohen": cohen, "kendall": kendall}, separators=(",", ":")))
(out / "reliability.json").write_text(json.dumps(reliability))
