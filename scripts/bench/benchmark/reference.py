"""lm-evaluation-harness's side of `npm run bench -- benchmark`: its own task files on the same rows, model and batch size.

    pip install lm-eval==0.4.13 torch==2.9.1 transformers==5.23.0 datasets==5.2.0 scikit-learn

argv: work.json (scripts/bench/benchmark/work.ts). Reads a number of rounds a line, does them, and answers in a line of JSON.
"""
import json
import os
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what libraries print must not mix with the answers
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch

torch.set_num_threads(2)
from lm_eval.api.task import ConfigurableTask
from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

work = json.load(open(sys.argv[1]))
lm = HFLM(pretrained=work["model"], backend="causal", device="cpu", dtype="float32", batch_size=work["batchSize"])
manager = TaskManager()
versions = {name: version(name) for name in ("lm-eval", "torch", "transformers")}


def build_task():
    entry = manager.task_index[work["task"]] if hasattr(manager, "task_index") else manager._index[work["task"]]
    config = load_yaml(getattr(entry, "yaml_path", None) or entry["yaml_path"], resolve_func=True)
    for key in ("task_alias", "tag", "group", "include"):
        config.pop(key, None)
    place = Path(work["data"]) / config["dataset_path"]
    if config.get("dataset_name") and (place / config["dataset_name"]).is_dir():
        place = place / config["dataset_name"]
    files = {}
    for key in ("training_split", "validation_split", "test_split", "fewshot_split"):
        file = place / f"{config.get(key)}.jsonl"
        if file.exists():
            files[config[key]] = str(file)
        else:
            config[key] = None
    config.update(dataset_path="json", dataset_name=None, dataset_kwargs={"data_files": files}, num_fewshot=work["shots"])
    return ConfigurableTask(config=config)


task = build_task()


def run():
    """Prompts, answers and scores of one round; reading the file is left out on this side, where the library keeps it."""
    samples = evaluate(lm=lm, task_dict={work["task"]: task}, bootstrap_iters=0, log_samples=True)["samples"][work["task"]]
    out = []
    for sample in sorted(samples, key=lambda s: s["doc_id"]):
        responses = [response[0] for response in sample["resps"]]
        if task.OUTPUT_TYPE == "multiple_choice":
            out += [float(response[0]) for response in responses]
        else:
            out.append(len(responses[0]))
    return out


for line in sys.stdin:
    ms, losses = [], []
    for _ in range(int(line)):
        started = time.perf_counter()
        losses = run()
        ms.append((time.perf_counter() - started) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024 / 1000
    print(json.dumps({"ms": ms, "losses": losses, "peak": peak, "versions": versions}), file=answers, flush=True)
