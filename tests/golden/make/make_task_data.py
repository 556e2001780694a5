"""Values of scikit-learn and SciPy for the metrics of tasks, and Parquet and CSV files as the hub's library writes them.

    pip install datasets==5.2.0 scikit-learn scipy
    python tests/golden/make/make_task_data.py    # writes tests/golden/tasks/metrics.json and tests/golden/tasks/hub/
"""
import json
import random
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, Value
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

OUT = Path(__file__).resolve().parent.parent / "tasks"
draw = random.Random(7)
labels = []
for classes, n in [(2, 40), (2, 7), (3, 60), (5, 33)]:
    gold = [draw.randrange(classes) for _ in range(n)]
    predicted = [g if draw.random() < 0.6 else draw.randrange(classes) for g in gold]
    labels.append((predicted, gold, classes))
labels += [([0] * 6, [0, 1, 0, 1, 1, 0], 2), ([1] * 4, [1] * 4, 2), ([0, 0, 0], [0, 0, 0], 2), ([0, 1, 2, 0], [0, 1, 1, 0], 3)]
classification = [
    {
        "predictions": p, "references": g, "classes": k, "accuracy": accuracy_score(g, p), "f1": f1_score(g, p, labels=[1], average=None, zero_division=0)[0],
        "macro": f1_score(g, p, labels=list(range(k)), average="macro", zero_division=0), "matthews": matthews_corrcoef(g, p),
    }
    for p, g, k in labels
]
series = []
for n in (5, 30, 101):
    x = [draw.gauss(0, 1) for _ in range(n)]
    series.append((x, [0.5 * v + draw.gauss(0, 1) for v in x]))
series.append(([draw.randrange(4) for _ in range(50)], [draw.randrange(6) for _ in range(50)]))
series.append(([1e6 + v for v in (0.1, 0.2, 0.3, 0.5)], [3.0, 2.0, 2.5, 1.0]))
correlation = [{"x": x, "y": y, "pearson": float(pearsonr(x, y)[0]), "spearman": float(spearmanr(x, y)[0])} for x, y in series]
versions = {name: version(name) for name in ("scikit-learn", "scipy", "datasets", "pyarrow")}
(OUT / "metrics.json").write_text(json.dumps({"versions": versions, "classification": classification, "correlation": correlation}, default=float))

HUB = OUT / "hub"


def write(path, rows, features=None, **options):
    file = HUB / path
    file.parent.mkdir(parents=True, exist_ok=True)
    table = Dataset.from_list(rows, features=features)
    if file.suffix == ".csv":
        table.to_csv(str(file))
    else:
        pq.write_table(table.data.table, str(file), **options)


cola = Features({"sentence": Value("string"), "label": ClassLabel(names=["unacceptable", "acceptable"]), "idx": Value("int32")})
rows = [{"sentence": f"Sentence number {i} is “quoted”, naïve and\nbroken.", "label": i % 2, "idx": i} for i in range(5)]
write("nyu-mll/glue/cola/validation-00000-of-00002.parquet", rows[:3], cola, compression="snappy")
write("nyu-mll/glue/cola/validation-00001-of-00002.parquet", rows[3:], cola, compression="zstd")
multirc = [{"paragraph": "A text.", "question": "Why?", "answer": a, "idx": {"paragraph": 3, "question": 4, "answer": i}, "label": i} for i, a in enumerate(["So.", "Because."])]
write("super_glue/multirc/validation/0000.parquet", multirc, compression="gzip")
mmlu = [{"question": f"{s}?", "subject": s, "choices": ["a", "b", "c", "d"], "answer": n} for n, s in enumerate(["anatomy", "virology", "anatomy", "anatomy"])]
write("cais/mmlu/all/test-00000-of-00001.parquet", mmlu)
write("nyu-mll/glue/rte/validation.csv", [{"sentence1": 'He said "no", twice.', "sentence2": "He said no.", "label": 0, "idx": 0}, {"sentence1": "A\nB", "sentence2": "[1] is a footnote", "label": 1, "idx": 1}])
print("written")
