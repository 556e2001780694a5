"""Head training on frozen features: LlamaForSequenceClassification of transformers, base frozen, AdamW of torch.

    python make_head.py        # writes ../training/tiny-llama.head.json

fp32 on the CPU, eager attention; torch, transformers and numpy as in requirements of the golden values (torch 2.9.1,
transformers 5.23.0). The head's start is stored, so that it need not be drawn again.
"""
import json
import pathlib

import torch
import transformers
from transformers import AutoModelForSequenceClassification

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent / "models" / "tiny-llama"
LR, STEPS, CLASSES = 1e-2, 8, 3

torch.set_num_threads(2)
torch.manual_seed(7)
ids = torch.randint(4, 500, (6, 18))
lengths = [18, 11, 15, 7, 18, 9]
mask = torch.zeros_like(ids)
for row, length in enumerate(lengths):
    mask[row, :length] = 1
    ids[row, length:] = 0
targets = {"classification": torch.tensor([0, 2, 1, 1, 0, 2]), "regression": torch.tensor([1.0, 4.5, 2.0, 3.0, 1.5, 5.0])}


def train(problem: str) -> dict:
    torch.manual_seed(11)
    labels = CLASSES if problem == "classification" else 1
    model = AutoModelForSequenceClassification.from_pretrained(
        MODEL, num_labels=labels, dtype=torch.float32, attn_implementation="eager", pad_token_id=0,
        problem_type="single_label_classification" if problem == "classification" else "regression",
    ).eval()
    torch.nn.init.normal_(model.score.weight, 0.0, 0.02)
    start = model.score.weight.detach().clone()
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith("score")
    optimiser = torch.optim.AdamW([model.score.weight], lr=LR, weight_decay=0.01, eps=1e-8)
    out = {"start": start.tolist(), "loss": [], "grad_norm": []}
    for _ in range(STEPS):
        loss = model(input_ids=ids, attention_mask=mask, labels=targets[problem]).loss
        optimiser.zero_grad()
        loss.backward()
        out["loss"].append(loss.item())
        out["grad_norm"].append(model.score.weight.grad.norm().item())
        optimiser.step()
    out["end"] = model.score.weight.detach().tolist()
    return out


result = {
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "batch": {"input_ids": ids.tolist(), "lengths": lengths, "targets": {k: v.tolist() for k, v in targets.items()}},
    "lr": LR, "weight_decay": 0.01, "runs": {problem: train(problem) for problem in targets},
}
path = HERE.parent / "training" / "tiny-llama.head.json"
path.write_text(json.dumps(result, indent=1))
print("wrote", path, path.stat().st_size)
