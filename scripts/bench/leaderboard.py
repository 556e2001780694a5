"""The public packages' side of `npm run bench -- leaderboard`: the same votes, times in seconds as JSON on stdout.

    pip install arena-rank evalica numpy

argv: votes.bin (rows of uint16 a, uint16 b, uint16 outcome: 0 a, 1 b, 2 tie), style.bin (the same rows with four float32), number of models.
"""
import importlib.metadata
import json
import sys
import time

import numpy as np

votes = np.fromfile(sys.argv[1], dtype=np.uint16).reshape(-1, 3)
style = np.fromfile(sys.argv[2], dtype=np.dtype([("vote", np.uint16, 3), ("x", np.float32, 4)]))
models = int(sys.argv[3])
out = {"versions": {"numpy": np.__version__}, "seconds": {}, "missing": []}


def timed(name, work, repeat=2):
    """The best of some runs (the first one compiles), by the clock or by the processor, whichever is less on a busy machine."""
    times = []
    for _ in range(repeat):
        start, spent = time.perf_counter(), time.process_time()
        result = work()
        times.append(min(time.perf_counter() - start, time.process_time() - spent))
    out["seconds"][name] = min(times)
    return result


def newton(a, b, y, n):
    """The converged optimum of Davidson's model on pair counts, by numpy, for the distance to it: theta with mean 0."""
    table = np.zeros((3, n, n))
    np.add.at(table, (y, a, b), 1)
    wins = table[0] + table[1].T
    ties = table[2] + table[2].T
    theta, log_v = np.zeros(n), 0.0
    for _ in range(100):
        d = theta[:, None] - theta[None, :]
        norm = np.exp(d / 2) + np.exp(-d / 2) + np.exp(log_v)
        up, down, tie = np.exp(d / 2) / norm, np.exp(-d / 2) / norm, np.exp(log_v) / norm
        total = wins + wins.T + ties
        half = (up - down) / 2
        gradient = np.concatenate([((wins - wins.T) / 2 - total * half).sum(1), [(ties - total * tie).sum() / 2]])
        h = total * ((up + down) / 4 - half**2)
        hessian = np.zeros((n + 1, n + 1))
        hessian[:n, :n] = np.diag(h.sum(1)) - h
        hessian[:n, n] = hessian[n, :n] = -(total * half * tie).sum(1)
        hessian[n, n] = (total * tie * (1 - tie)).sum() / 2
        step = np.linalg.pinv(hessian, hermitian=True) @ gradient
        theta, log_v = theta + step[:n], log_v + step[n]
        if np.abs(step).max() < 1e-13:
            break
    return (theta - theta.mean()).tolist()


a, b, y = (votes[:, k].astype(np.int64) for k in range(3))
out["theta"] = newton(a, b, y, models)
names = np.array([f"model {k}" for k in range(models)])
words = np.array(["model_a", "model_b", "tie"])

try:
    import jax.numpy as jnp
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry, fit_single_bootstrap_sample
    from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
    from arena_rank.utils.data_utils import ContextualPairDataset, PairDataset

    out["versions"]["arena-rank"] = importlib.metadata.version("arena-rank")
    frame = pd.DataFrame({"model_a": names[a], "model_b": names[b], "winner": words[y]})
    dataset = timed("prepare", lambda: PairDataset.from_pandas(frame))
    timed("fit", lambda: BradleyTerry(n_competitors=models).compute_ratings_and_cis(dataset))
    # Its own pool of processes forks a running JAX, which may hang: a few of its refits one after another, for a hundred.
    refits = 4
    rng = np.random.default_rng(0)
    model = BradleyTerry(n_competitors=models)
    samples = [jnp.asarray(rng.multinomial(len(a), np.asarray(dataset.counts) / len(a)), dtype=jnp.float64) for _ in range(refits)]
    timed("bootstrap", lambda: [fit_single_bootstrap_sample(sample, model, dataset) for sample in samples])
    out["seconds"]["bootstrap"] *= 100 / refits
    sa, sb, sy = (style["vote"][:, k].astype(np.int64) for k in range(3))
    columns = [f"style {k}" for k in range(4)]
    wide = pd.DataFrame({"model_a": names[sa], "model_b": names[sb], "winner": words[sy], **{name: style["x"][:, k] for k, name in enumerate(columns)}})

    def control():
        data = ContextualPairDataset.from_pandas(wide, feature_cols=columns)
        return ContextualBradleyTerry(n_competitors=models, n_features=4).compute_ratings_and_cis(data)

    timed("style", control, repeat=1)
except ImportError as error:
    out["missing"].append(f"arena-rank ({error})")

try:
    import evalica

    out["versions"]["evalica"] = importlib.metadata.version("evalica")
    xs, ys = names[a].tolist(), names[b].tolist()
    winners = [(evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw)[k] for k in y]
    timed("evalica", lambda: evalica.bradley_terry(xs, ys, winners))
except ImportError as error:
    out["missing"].append(f"evalica ({error})")

print(json.dumps(out))
