"""Reward models of rankings with ties and of ratings on tiny-llama with LoRA: trajectories in plain PyTorch.

    python make_rated_reward.py     # writes ../training/tiny-llama.rated.json

Reads ../models/tiny-llama and ../training/tiny-llama.rm{.json,_lora_start.safetensors,_score.safetensors}.
"""
import importlib.metadata
import itertools
import json

import torch
import torch.nn.functional as F
from make_preference import GOLDEN, concatenate
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

STEPS, LR, LEVELS = 5, 1e-3, 5
RATINGS = [0.25, 1.0, 0.5, 0.75, 0.0, 0.25, 0.75, 0.75]  # rejected 0, chosen 0, rejected 1, ...
RANKS = [[3, 1, 2, 2], [1, 2, 1, 3]]  # of the first and of the last four sequences


def load_reward():
    model = AutoModelForSequenceClassification.from_pretrained(GOLDEN / "models/tiny-llama", num_labels=1, dtype=torch.float32, attn_implementation="eager").eval()
    model.config.pad_token_id = 0
    with torch.no_grad():
        model.score.weight.copy_(load_file(GOLDEN / "training/tiny-llama.rm_score.safetensors")["score.weight"])
    config = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, bias="none", target_modules=["q_proj", "v_proj"], task_type="SEQ_CLS", modules_to_save=["score"])
    model = get_peft_model(model, config).eval()
    result = model.load_state_dict(load_file(GOLDEN / "training/tiny-llama.rm_lora_start.safetensors"), strict=False)
    assert not result.unexpected_keys
    return model


def plackett_luce(scores, ranks):
    orders = [o for o in itertools.permutations(range(4)) if all(ranks[o[i]] <= ranks[o[i + 1]] for i in range(3))]
    each = [sum(torch.logsumexp(scores[list(o)][i:], 0) - scores[o[i]] for i in range(4)) / 3 for o in orders]
    return torch.stack(each).mean()


def ordinal(scores, levels, thresholds):
    t = torch.cumsum(torch.cat([thresholds[:1], torch.exp(thresholds[1:])]), 0)
    cumulative = torch.sigmoid(t[None] - scores[:, None])
    p = torch.diff(F.pad(F.pad(cumulative, (1, 0), value=0.0), (0, 1), value=1.0), dim=1)
    return -torch.log(p.gather(1, levels[:, None]).squeeze(1))


def main():
    batch = json.loads((GOLDEN / "training/tiny-llama.rm.json").read_text())["batch"]
    chosen, chosen_mask, rejected, rejected_mask = (torch.tensor(batch[k]) for k in ("chosen_ids", "chosen_mask", "rejected_ids", "rejected_mask"))
    order = torch.tensor([4, 0, 5, 1, 6, 2, 7, 3])
    ids, mask = concatenate(chosen, rejected)[order], concatenate(chosen_mask, rejected_mask)[order]
    ratings = torch.tensor(RATINGS)
    z = (ratings - ratings.mean()) / ratings.std(unbiased=False)
    half = ratings[:4]
    z_half = (half - half.mean()) / half.std(unbiased=False)
    levels = torch.round(ratings * (LEVELS - 1)).long()
    runs = {}
    for name in ("ranking", "regression", "ordinal", "mixture"):
        model = load_reward()
        thresholds = torch.nn.Parameter(torch.tensor([-1.5, 0.0, 0.0, 0.0]))
        params = [p for p in model.parameters() if p.requires_grad] + ([thresholds] if name == "ordinal" else [])

        def loss_fn():
            s = model(input_ids=ids, attention_mask=mask).logits.squeeze(-1)
            if name == "ranking":
                return (plackett_luce(s[:4], RANKS[0]) + plackett_luce(s[4:], RANKS[1])) / 2
            if name == "regression":
                return F.mse_loss(s, z)
            if name == "ordinal":
                return ordinal(s, levels, thresholds).mean()
            # Rows 0 and 1 are rated with twice the weight, rows 2 and 3 are pairs, chosen over rejected.
            return 2 * ((s[:4] - z_half) ** 2).sum() / 8 - F.logsigmoid(s[5::2] - s[4::2]).sum() / 4

        opt = torch.optim.AdamW(params, lr=LR, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
        out = {"loss": [], "grad_norm": []}
        for step in range(STEPS + 1):
            loss = loss_fn()
            out["loss"].append(float(loss.detach()))
            if step == STEPS:
                break
            opt.zero_grad()
            loss.backward()
            out["grad_norm"].append(float(torch.sqrt(sum((p.grad.double() ** 2).sum() for p in params))))
            opt.step()
        runs[name] = out
        print(name, out)
    versions = {k: importlib.metadata.version(k) for k in ("torch", "transformers", "peft")}
    (GOLDEN / "training/tiny-llama.rated.json").write_text(json.dumps({"versions": versions, "learning_rate": LR, "levels": LEVELS, "ratings": RATINGS, "ranks": RANKS, "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
