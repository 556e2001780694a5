"""Preference optimisation by trl 1.12's own trainers' loss code, on the fixed pairs of the reward model's golden file.

The trainers' methods run on a stand-in for `self` that holds only the options they read, so that the batch, the start of
the adapter and the optimiser are fixed. Losses are recorded before each of five updates and once after the last.

    python make_preference.py     # writes ../training/tiny-llama.preference.json

Reads ../models/tiny-llama, ../training/tiny-llama.rm.json (its batch) and ../training/tiny-llama.dpo_lora_start.safetensors.
"""
import collections
import json
import os
import pathlib
import types

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

import importlib.metadata

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from trl import DPOTrainer, KTOTrainer
from trl.experimental.orpo import ORPOTrainer

GOLDEN = pathlib.Path(__file__).resolve().parent.parent
STEPS, LR, PROMPT = 5, 1e-3, 16
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

CASES = {
    "dpo": dict(beta=0.1, label_smoothing=0.0),
    "dpo_smooth": dict(beta=0.1, label_smoothing=0.1),
    "ipo": dict(beta=0.1, label_smoothing=0.0),
    "hinge": dict(beta=0.02, label_smoothing=0.0),
    "robust": dict(beta=0.2, label_smoothing=0.1),
    "kto": dict(beta=0.1, label_smoothing=0.0, desirable_weight=1.0, undesirable_weight=1.0),
    "kto_weighted": dict(beta=0.3, label_smoothing=0.0, desirable_weight=1.0, undesirable_weight=0.7),
    "orpo": dict(beta=0.1, label_smoothing=0.0),
}


def load_policy():
    model = AutoModelForCausalLM.from_pretrained(GOLDEN / "models/tiny-llama", dtype=torch.float32, attn_implementation="eager").eval()
    config = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, bias="none", target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    model = get_peft_model(model, config).eval()
    missing = model.load_state_dict(load_file(GOLDEN / "training/tiny-llama.dpo_lora_start.safetensors"), strict=False)
    assert not missing.unexpected_keys and not [k for k in missing.missing_keys if "lora_" in k]
    return model


def accelerator():
    same = lambda x: x
    return types.SimpleNamespace(device=torch.device("cpu"), gather_for_metrics=same, gather=same, unwrap_model=same)


def stand_in(trainer, model, **options):
    me = types.SimpleNamespace(
        accelerator=accelerator(), model=model, ref_model=None, aux_loss_enabled=False, _metrics=collections.defaultdict(lambda: collections.defaultdict(list)),
        _total_train_tokens=0, precompute_ref_logps=True, use_liger_kernel=False, is_encoder_decoder=False, padding_value=0,
        args=types.SimpleNamespace(gradient_checkpointing_kwargs=None), **options)
    for name in ["odds_ratio_loss", "concatenated_forward", "concatenated_inputs", "get_batch_logps", "_compute_kl_logps"]:
        method = trainer.__dict__.get(name)
        if isinstance(method, staticmethod):
            setattr(me, name, method.__func__)
        elif method is not None:
            setattr(me, name, types.MethodType(method, me))
    return me


def completion_mask(mask):
    mask = mask.clone()
    mask[:, :PROMPT] = 0
    return mask


def sequence_logps(model, ids, mask, completion):
    """Summed log-probabilities of the completions, one row."""
    logp = model(input_ids=ids, attention_mask=mask).logits[:, :-1].log_softmax(-1).gather(2, ids[:, 1:, None]).squeeze(-1)
    return (logp * completion[:, 1:]).sum(1)


def concatenate(*rows):
    width = max(x.shape[1] for x in rows)
    return torch.cat([F.pad(x, (0, width - x.shape[1])) for x in rows])


def main():
    batch = json.loads((GOLDEN / "training/tiny-llama.rm.json").read_text())["batch"]
    chosen, chosen_mask, rejected, rejected_mask = (torch.tensor(batch[k]) for k in ("chosen_ids", "chosen_mask", "rejected_ids", "rejected_mask"))
    ids, mask = concatenate(chosen, rejected), concatenate(chosen_mask, rejected_mask)
    completion = completion_mask(mask)
    n = chosen.shape[0]
    # Each prompt with the completions of the next pair.
    shift = torch.arange(n).roll(-1)
    order = torch.cat([shift, shift + n])
    kl_ids = torch.cat([ids[:, :PROMPT], ids[order][:, PROMPT:]], 1)
    kl_mask = torch.cat([mask[:, :PROMPT], mask[order][:, PROMPT:]], 1)
    kl_completion = completion_mask(kl_mask)

    runs = {}
    for name, options in CASES.items():
        kind = name.split("_")[0]
        model = load_policy()
        with torch.no_grad(), model.disable_adapter():
            ref, ref_kl = sequence_logps(model, ids, mask, completion), sequence_logps(model, kl_ids, kl_mask, kl_completion)
        if kind in ("dpo", "ipo", "hinge", "robust"):
            me = stand_in(DPOTrainer, model, ld_alpha=None, f_divergence_type="reverse_kl", use_weighting=False, loss_types=["sigmoid" if kind == "dpo" else kind],
                          loss_weights=[1.0], **options)
            inputs = {"input_ids": ids, "attention_mask": mask, "completion_mask": completion, "ref_chosen_logps": ref[:n], "ref_rejected_logps": ref[n:]}

            def loss_fn():
                loss = DPOTrainer._compute_loss(me, model, inputs, False)
                if name == "dpo_smooth":
                    # trl 1.12 dropped conservative DPO; its definition (Mitchell 2023) beside the plain loss.
                    logps = sequence_logps(model, ids, mask, completion)
                    margin = options["beta"] * ((logps - ref)[:n] - (logps - ref)[n:])
                    loss = (-F.logsigmoid(margin) * 0.9 - F.logsigmoid(-margin) * 0.1).mean()
                return loss, {}
        elif kind == "kto":
            me = stand_in(KTOTrainer, model, calculate_KL=True, loss_type="kto", **options)
            inputs = {"input_ids": ids, "attention_mask": mask, "completion_mask": completion, "KL_input_ids": kl_ids, "KL_attention_mask": kl_mask,
                      "KL_completion_mask": kl_completion, "label": torch.tensor([True] * n + [False] * n), "ref_logps": ref, "ref_KL_logps": ref_kl}

            def loss_fn():
                loss = KTOTrainer._compute_loss(me, model, dict(inputs), False)
                return loss, {"kl": me._metrics["eval"]["kl"][-1]}
        else:
            me = stand_in(ORPOTrainer, model, **options)

            def loss_fn():
                logits = model(input_ids=ids, attention_mask=mask).logits
                labels = torch.where(completion.bool(), ids, -100)
                logps = ORPOTrainer.get_batch_logps(logits, labels, average_log_prob=True)
                losses, *_ = me.odds_ratio_loss(logps[:n], logps[n:])
                # The paper's nll, of the chosen completion; TRL's is over the prompt too.
                nll = F.cross_entropy(logits[:n, :-1].flatten(0, 1), labels[:n, 1:].flatten(), ignore_index=-100)
                return nll - losses.mean(), {"nll": float(nll.detach())}

        params = [p for p in model.parameters() if p.requires_grad]
        opt = torch.optim.AdamW(params, lr=LR, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
        out = {"options": options, "loss": [], "grad_norm": [], "logps": [], "extra": []}
        for step in range(STEPS + 1):
            loss, extra = loss_fn()
            with torch.no_grad():
                out["logps"].append(sequence_logps(model, ids, mask, completion).tolist())
            out["loss"].append(float(loss.detach()))
            out["extra"].append(extra)
            if step == STEPS:
                break
            opt.zero_grad()
            loss.backward()
            out["grad_norm"].append(float(torch.sqrt(sum((p.grad.double() ** 2).sum() for p in params))))
            opt.step()
        runs[name] = out
        print(name, out["loss"], out["grad_norm"])
    versions = {k: importlib.metadata.version(k) for k in ("torch", "transformers", "peft", "trl")}
    file = GOLDEN / "training/tiny-llama.preference.json"
    file.write_text(json.dumps({"versions": versions, "prompt_length": PROMPT, "learning_rate": LR, "ref_logps": ref.tolist(), "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
