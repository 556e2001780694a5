"""Golden values of the ratings, by other means than Hone's: likelihoods are written vote by vote in JAX, maximised by
Newton on autodifferentiated derivatives, and checked against statsmodels (no ties) and choix; the smallest set of votes
that carries the first place is searched for in full.

    pip install numpy scipy jax statsmodels choix
    python tests/golden/make/make_ratings.py   # writes tests/golden/ratings/ratings.json
"""
import itertools
import json
import pathlib

import choix
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import scipy.stats
import statsmodels.api as sm

jax.config.update("jax_enable_x64", True)
OUT = pathlib.Path(__file__).parents[1] / "ratings" / "ratings.json"
A, B, TIE = 0, 1, 2


def simulate(rng, n, votes, v, theta=None, features=0, gamma=None):
    theta = rng.normal(size=n) * 0.7 if theta is None else np.asarray(theta)
    a = rng.integers(0, n, votes)
    b = (a + rng.integers(1, n, votes)) % n
    x = rng.normal(size=(votes, features)).round(3)
    d = theta[a] - theta[b] + (x @ gamma if features else 0)
    up, down = np.exp(d / 2), np.exp(-d / 2)
    u = rng.random(votes) * (up + down + v)
    y = np.where(u < up, A, np.where(u < up + down, B, TIE))
    return a, b, y, x


def vote_loglik(d, y, log_v, tied):
    up, down = d / 2, -d / 2
    parts = [up, down] + ([log_v + 0 * d] if tied else [])
    norm = jax.scipy.special.logsumexp(jnp.stack(parts), axis=0)
    return jnp.where(y == A, up, jnp.where(y == B, down, log_v)) - norm


def newton(f, x, steps=60):
    """Maximises f; directions without information (the mean of theta) are left where they are."""
    g, h = jax.jit(jax.grad(f)), jax.jit(jax.hessian(f))
    for _ in range(steps):
        gradient = np.asarray(g(x))
        move = -np.linalg.pinv(np.asarray(h(x)), rcond=1e-12, hermitian=True) @ gradient
        scale = 1.0
        while not f(x + scale * move) >= f(x) - 1e-10 and scale > 1e-8:
            scale /= 2
        x = x + scale * move
        if np.abs(move).max() < 1e-12:
            break
    assert np.abs(np.asarray(g(x))).max() < 1e-7, np.abs(np.asarray(g(x))).max()
    return x


def centred(theta):
    return theta - theta.mean()


def davidson(a, b, y, n, weight=None, cluster=None, x=None):
    """theta (mean 0), gamma, log v; HC0 sandwich over clusters, model-based covariance. Parameters: theta, gamma, log v."""
    tied = bool((y == TIE).any())
    f = 0 if x is None else x.shape[1]
    w = np.ones(len(a)) if weight is None else weight
    x = np.zeros((len(a), 0)) if x is None else x

    def rows(p):
        d = p[a] - p[b] + x @ p[n : n + f]
        return w * vote_loglik(d, y, p[-1], tied)

    start = jnp.zeros(n + f + (1 if tied else 0))
    best = newton(lambda p: rows(p).sum(), start)
    scores = np.asarray(jax.jacobian(rows)(best))
    if cluster is not None:
        scores = np.stack([scores[cluster == c].sum(0) for c in np.unique(cluster)])
    bread = np.linalg.pinv(-np.asarray(jax.hessian(lambda p: rows(p).sum())(best)), rcond=1e-12, hermitian=True)
    robust = bread @ (scores.T @ scores) @ bread
    return np.asarray(best), robust, bread


def plain_case(rng):
    n = 6
    a, b, y, _ = simulate(rng, n, 400, 0.5)
    best, robust, bread = davidson(a, b, y, n)
    return {
        "models": n, "a": a, "b": b, "outcome": y, "theta": centred(best[:n]), "logTie": best[n],
        "sandwich": robust[:n, :n], "model": bread[:n, :n],
    }


def no_ties_case(rng):
    """statsmodels' Logit with HC0, theta of model 0 held at 0; choix's optimum beside it."""
    n = 5
    a, b, y, _ = simulate(rng, n, 300, 0)
    design = np.zeros((len(a), n))
    design[np.arange(len(a)), a] = 1
    design[np.arange(len(a)), b] = -1
    fit = sm.Logit((y == A).astype(float), design[:, 1:]).fit(disp=0, cov_type="HC0", tol=1e-14, method="newton")
    theta = centred(np.concatenate([[0], fit.params]))
    data = [(i, j) if k == A else (j, i) for i, j, k in zip(a, b, y)]
    other = choix.opt_pairwise(n, data, alpha=0, method="Newton-CG", tol=1e-12)
    assert np.abs(centred(other) - theta).max() < 1e-4
    return {"models": n, "a": a, "b": b, "outcome": y, "theta": theta, "errorAgainst0": fit.bse}


def clustered_case(rng):
    """Rankings of three answers (three rows of weight 1/2 each) beside lone votes; every judgement a weight of its own."""
    n = 4
    theta = rng.normal(size=n)
    a, b, y, w, c = [], [], [], [], []
    for judgement in range(120):
        own = float(np.round(0.5 + rng.random(), 3))
        if judgement % 3 == 0:
            models = rng.choice(n, 3, replace=False)
            utility = theta[models] + rng.gumbel(size=3)
            rank = np.floor(-utility * 1.5)
            for i, j in itertools.combinations(range(3), 2):
                a.append(models[i]); b.append(models[j]); c.append(judgement); w.append(own / 2)
                y.append(TIE if rank[i] == rank[j] else A if rank[i] < rank[j] else B)
        else:
            i, j, k, _ = simulate(rng, n, 1, 0.5, theta)
            a.append(i[0]); b.append(j[0]); y.append(k[0]); c.append(judgement); w.append(own)
    a, b, y, w, c = map(np.array, (a, b, y, w, c))
    best, robust, _ = davidson(a, b, y, n, weight=w, cluster=c)
    return {"models": n, "a": a, "b": b, "outcome": y, "weight": w, "judgement": c, "theta": centred(best[:n]), "logTie": best[n], "sandwich": robust[:n, :n]}


def firth_case():
    """Model 0 never lost. Mode of the likelihood times sqrt det of the information (Jeffreys), theta of model 3 at 0."""
    n = 4
    wins = np.array([[0, 6, 0, 4], [0, 0, 5, 3], [0, 2, 0, 4], [0, 1, 3, 0]], float)

    def penalised(free):
        t = jnp.concatenate([free, jnp.zeros(1)])
        d = t[:, None] - t[None, :]
        p = jax.nn.sigmoid(d)
        total = wins + wins.T
        info = jnp.diag((total * p * (1 - p)).sum(1)) - total * p * (1 - p)
        return (wins * jax.nn.log_sigmoid(d)).sum() + 0.5 * jnp.linalg.slogdet(info[:-1, :-1])[1]

    best = newton(penalised, jnp.zeros(n - 1))
    return {"wins": wins, "theta": centred(np.concatenate([best, [0]]))}


def style_case(rng):
    n = 5
    a, b, y, x = simulate(rng, n, 600, 0.6, features=2, gamma=np.array([0.5, -0.3]))
    best, robust, _ = davidson(a, b, y, n, x=x)
    cluster = np.repeat(np.arange(300), 2)
    _, clustered, _ = davidson(a, b, y, n, x=x, cluster=cluster)
    return {
        "models": n, "a": a, "b": b, "outcome": y, "features": x.ravel(), "theta": centred(best[:n]), "gamma": best[n : n + 2], "logTie": best[-1],
        "sandwich": robust[:n, :n], "gammaError": np.sqrt(np.diag(robust)[n : n + 2]),
        "judgement": cluster, "clusteredError": np.sqrt(np.diag(clustered)[n : n + 2]),
    }


def joint_case(rng):
    """Mode of the joint model at tau = .4 and sigma = .3, by BFGS on all parameters."""
    n, annotators, votes, tau, sigma = 4, 6, 500, 0.4, 0.3
    theta, reliability, own = rng.normal(size=n), rng.normal(size=annotators) * 0.5, rng.normal(size=annotators) * 0.4
    a = rng.integers(0, n, votes)
    b = (a + rng.integers(1, n, votes)) % n
    k = rng.integers(0, annotators, votes)
    x = rng.normal(size=(votes, 1)).round(3)
    d = np.exp(reliability[k]) * (theta[a] - theta[b]) + 0.25 + own[k] + 0.4 * x[:, 0]
    u = rng.random(votes) * (np.exp(d / 2) + np.exp(-d / 2) + 0.5)
    y = np.where(u < np.exp(d / 2), A, np.where(u < np.exp(d / 2) + np.exp(-d / 2), B, TIE))

    def split(p):
        return p[:n], p[n], p[n + 1], p[n + 2 : n + 2 + annotators], p[n + 2 + annotators : n + 2 + 2 * annotators], p[-1]

    def loss(p):
        t, g, s, r, o, log_v = split(p)
        d = jnp.exp(r[k]) * (t[a] - t[b]) + s + o[k] + g * x[:, 0]
        # The last term only holds the mean of theta, which nothing else does.
        return -vote_loglik(d, y, log_v, True).sum() + (r**2).sum() / (2 * tau**2) + (o**2).sum() / (2 * sigma**2) + t.mean() ** 2

    f, g = jax.jit(loss), jax.jit(jax.grad(loss))
    fit = scipy.optimize.minimize(f, np.zeros(n + 3 + 2 * annotators), jac=g, method="BFGS", options={"gtol": 1e-9, "maxiter": 10000})
    assert np.abs(fit.jac).max() < 1e-6, fit
    t, g, s, r, o, log_v = split(fit.x)
    return {
        "models": n, "a": a, "b": b, "outcome": y, "annotator": k, "annotators": annotators, "features": x.ravel(), "tau": tau, "sigma": sigma,
        "theta": centred(t), "gamma": g, "side": s, "logReliability": r, "ownSide": o, "logTie": log_v,
    }


def fragility_case(rng):
    """The fewest votes whose absence makes somebody else first, among all subsets."""
    cases = []
    for seed in range(8):
        r = np.random.default_rng([17, seed])
        a, b, y, _ = simulate(r, 3, 18, 0, theta=[0.9, 0.5, 0])
        y = np.where(y == TIE, A, y)

        def leader(keep):
            table = np.zeros((3, 3))
            for i, j, k in zip(a[keep], b[keep], y[keep]):
                table[(i, j) if k == A else (j, i)] += 1
            # Strongly connected: the maximum exists.
            reach = (np.linalg.matrix_power(np.eye(3) + table, 3) > 0).all()
            if not reach:
                return None
            fit = choix.opt_pairwise(3, [(i, j) if k == A else (j, i) for i, j, k in zip(a[keep], b[keep], y[keep])], alpha=0, method="Newton-CG", tol=1e-10)
            order = np.argsort(-fit)
            return None if fit[order[0]] - fit[order[1]] < 1e-6 else order[0]

        first = leader(np.arange(18))
        if first is None:
            continue
        for size in range(1, 6):
            found = any(leader(np.setdiff1d(np.arange(18), drop)) not in (None, first) for drop in itertools.combinations(range(18), size))
            if found:
                cases.append({"models": 3, "a": a, "b": b, "outcome": y, "leader": first, "fewest": size})
                break
    return cases


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, (np.ndarray, jnp.ndarray)):
        return np.asarray(value).tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value


def main():
    rng = np.random.default_rng(2024)
    golden = {
        "plain": plain_case(rng),
        "noTies": no_ties_case(rng),
        "clustered": clustered_case(rng),
        "firth": firth_case(),
        "style": style_case(rng),
        "joint": joint_case(rng),
        "fragility": fragility_case(rng),
        "normalQuantile": [[p, scipy.stats.norm.ppf(p)] for p in (1e-6, 0.001, 0.02, 0.3, 0.5, 0.8, 0.975, 0.99999)],
        "chiSquaredTail": [[x, df, scipy.stats.chi2.sf(x, df)] for x, df in ((0.5, 1), (3.84, 1), (10, 3), (80, 100), (130, 100), (9000, 8256))],
        "binomial": [[n, p, k, scipy.stats.binom.cdf(k, n, p)] for n, p, k in ((20, 0.3, 5), (1000, 0.02, 19), (1000, 0.4, 410), (100000, 0.001, 95))],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(plain(golden)) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
