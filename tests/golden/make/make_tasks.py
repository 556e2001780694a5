"""Prompts, choices, log-likelihoods, texts and scores of lm-evaluation-harness on the golden random-weight models.

    pip install lm-eval==0.4.13 torch==2.9.1 transformers==5.23.0 datasets==5.2.0 scikit-learn
    python tests/golden/make/make_tasks.py [tiny-llama ...]        # writes tests/golden/tasks/*.json, all without a name

The harness's own task files are used; only the place of the data is changed, to the samples in the hub's layout that
ship with Hone. fp32 on the CPU, batch size 1.
"""
import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from lm_eval.api.task import ConfigurableTask
from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from safetensors import safe_open



def squad_metrics():
    """transformers 5 dropped the SQuAD functions that the harness's ReCoRD imports: the ones of SQuAD's script."""
    import collections
    import re
    import string
    import types

    def normalize(text):
        text = "".join(ch for ch in text.lower() if ch not in set(string.punctuation))
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())

    def compute_f1(gold, predicted):
        gold, predicted = normalize(gold).split(), normalize(predicted).split()
        if not gold or not predicted:
            return int(gold == predicted)
        same = sum((collections.Counter(gold) & collections.Counter(predicted)).values())
        return 0 if same == 0 else 2 * (same / len(predicted)) * (same / len(gold)) / (same / len(predicted) + same / len(gold))

    for name in ("transformers.data", "transformers.data.metrics", "transformers.data.metrics.squad_metrics"):
        sys.modules.setdefault(name, types.ModuleType(name))
    module = sys.modules["transformers.data.metrics.squad_metrics"]
    module.compute_f1, module.compute_exact = compute_f1, lambda gold, predicted: int(normalize(gold) == normalize(predicted))
    sys.modules["transformers.data.metrics"].squad_metrics = module


squad_metrics()
HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent
SAMPLES = HERE.parents[2] / "trainer" / "evaluation" / "samples"
torch.set_num_threads(2)

GLUE = ["cola", "sst2", "mrpc", "qqp", "mnli", "mnli_mismatch", "qnli", "rte", "wnli"]
SUPER_GLUE = ["boolq", "cb", "copa", "multirc", "record", "sglue_rte", "wic", "wsc"]
OTHERS = ["hellaswag", "openbookqa", "truthfulqa_mc1", "truthfulqa_mc2", "nq_open"]
MMLU = ["mmlu_anatomy", "mmlu_professional_law", "mmlu_high_school_physics"]
manager = TaskManager()


def split_file(config, split, scratch):
    base = SAMPLES / config["dataset_path"]
    name = config.get("dataset_name")
    if config["dataset_path"] == "cais/mmlu":
        rows = [json.loads(line) for line in open(base / "all" / f"{split}.jsonl")]
        out = Path(scratch) / f"{name}-{split}.jsonl"
        out.write_text("".join(json.dumps(row) + "\n" for row in rows if row["subject"] == name))
        return str(out)
    return str((base / name if name else base) / f"{split}.jsonl")


def run(model_name, backend, names, shots):
    folder = GOLDEN / "models" / model_name
    lm = HFLM(pretrained=str(folder), backend=backend, device="cpu", dtype="float32", batch_size=1)
    if backend == "seq2seq":
        # HFLM ties the weights once more, which from_pretrained rightly did not: the checkpoint has an lm_head of its own.
        with safe_open(folder / "model.safetensors", "pt") as weights:
            lm.model.lm_head.weight = torch.nn.Parameter(weights.get_tensor("lm_head.weight").float())
    out = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            config = load_config(name)
            splits = {config.get(key) for key in ("training_split", "validation_split", "test_split", "fewshot_split")} - {None}
            config["dataset_kwargs"] = {"data_files": {split: split_file(config, split, scratch) for split in splits if os.path.exists(split_file(config, split, scratch))}}
            for key in ("training_split", "validation_split", "test_split", "fewshot_split"):
                if config.get(key) not in config["dataset_kwargs"]["data_files"]:
                    config[key] = None
            config["dataset_path"], config["dataset_name"] = "json", None
            config["num_fewshot"] = shots
            task = ConfigurableTask(config=config)
            result = evaluate(lm=lm, task_dict={name: task}, bootstrap_iters=0, log_samples=True)
            samples = result["samples"][name]
            items = []
            for sample in sorted(samples, key=lambda s: s["doc_id"]):
                first = next(iter(sample["arguments"].values())) if isinstance(sample["arguments"], dict) else sample["arguments"][0]
                pairs = list(sample["arguments"].values()) if isinstance(sample["arguments"], dict) else sample["arguments"]
                values = [list(pair.values()) if isinstance(pair, dict) else list(pair) for pair in pairs]
                responses = [response[0] for response in sample["resps"]]
                if task.OUTPUT_TYPE == "multiple_choice":
                    items.append({
                        "context": values[0][0], "continuations": [value[1] for value in values],
                        "logprobs": [float(r[0]) for r in responses], "greedy": [str(r[1]) == "True" for r in responses],
                    })
                else:
                    items.append({"context": values[0][0], "text": responses[0]})
            scores = {key.split(",")[0]: value for key, value in result["results"][name].items() if isinstance(value, float) and "stderr" not in key}
            out[name] = {"items": items, "scores": scores}
            print(model_name, name, len(items), scores, flush=True)
    return out


def load_config(name):
    from lm_eval.tasks._yaml_loader import load_yaml

    entry = manager.task_index[name] if hasattr(manager, "task_index") else manager._index[name]
    path = getattr(entry, "yaml_path", None) or entry["yaml_path"]
    config = load_yaml(path, resolve_func=True)
    for key in ("task_alias", "tag", "group", "include"):
        config.pop(key, None)
    return config


versions = {name: version(name) for name in ("lm-eval", "torch", "transformers", "datasets", "tokenizers")}
FILES = {
    "tiny-llama": ("tiny-llama", "causal", GLUE + SUPER_GLUE + OTHERS, 0),
    "tiny-llama.mmlu": ("tiny-llama", "causal", MMLU, 1),
    "tiny-t5": ("tiny-t5", "seq2seq", ["cola", "copa", "nq_open"], 0),
}
for file in sys.argv[1:] or FILES:
    *_, shots = FILES[file]
    made = {"versions": versions, "shots": shots, "tasks": run(*FILES[file])}
    (GOLDEN / "tasks" / f"{file}.json").write_text(json.dumps(made, ensure_ascii=False, indent=1))
