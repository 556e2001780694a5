"""GRPO, RLOO and PPO: losses on fixed arrays and trajectories on tiny-llama.

GRPO and RLOO run trl 1.12's own `_compute_loss` on a stand-in for `self`; the advantages repeat the lines of its
trainers around trl's `nanstd`. PPO's update repeats PPOTrainer.train() as make_ppo.py of the golden values does, with a
linear value head on the policy's hidden states; its dual clip is that of Ye et al. 2020, eq. 5, as verl computes it.
The adaptive KL coefficient is trl 0.11's AdaptiveKLController (Ziegler et al. 2019, section 2.2).

    python make_policy_gradient.py     # writes ../ppo/policy-gradient.json

Reads ../models/tiny-llama, ../training/tiny-llama.rm.json (its sequences) and ../training/tiny-llama.dpo_lora_start.safetensors.
"""
import collections
import importlib.metadata
import json
import os
import pathlib
import types

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

import torch
from make_preference import GOLDEN, PROMPT, accelerator, completion_mask, concatenate, load_policy
from trl import GRPOTrainer, RLOOTrainer
from trl.experimental.ppo.ppo_trainer import INVALID_LOGPROB, masked_mean, masked_whiten
from trl.trainer.utils import nanstd

STEPS, LR = 5, 1e-3


def group_advantages(method, rewards, size):
    """GRPO: scale_rewards "group"; RLOO: normalize_advantages False."""
    if method == "grpo":
        mean = torch.nanmean(rewards.view(-1, size), dim=1).repeat_interleave(size)
        std = nanstd(rewards.view(-1, size), dim=1).repeat_interleave(size)
        return (rewards - mean) / (std + 1e-4)
    grouped = rewards.view(-1, size)
    return rewards - ((grouped.sum(1, keepdim=True) - grouped) / (size - 1)).view(-1)


def trl_loss(method, per_token_logps, old, ref, advantages, mask, options):
    """The trainer's own loss; the model's forward is replaced by the log-probabilities at hand."""
    me = types.SimpleNamespace(
        model=types.SimpleNamespace(training=False), accelerator=accelerator(), aux_loss_enabled=False, _metrics=collections.defaultdict(lambda: collections.defaultdict(list)),
        _get_per_token_logps_and_entropies=lambda *a, **k: (per_token_logps, torch.zeros_like(per_token_logps), None),
        epsilon_low=options["cliprange"], epsilon_high=options["cliprange"], beta=options["kl_coef"], loss_type=options.get("loss_type"), top_entropy_quantile=1.0,
        off_policy_mask_threshold=None, importance_sampling_level="token", use_vllm=False, _entropy_bonus_enabled=False,
        args=types.SimpleNamespace(use_bias_correction_kl=False, delta=None, steps_per_generation=1), current_gradient_accumulation_steps=1, max_completion_length=mask.shape[1],
        use_adaptive_entropy=False)
    me.accelerator.reduce = lambda x, reduction="sum": x
    ids = torch.zeros_like(mask)
    inputs = {"prompt_ids": ids[:, :1], "prompt_mask": mask[:, :1], "completion_ids": ids, "completion_mask": mask, "advantages": advantages,
              "old_per_token_logps": old, "ref_per_token_logps": ref, "old_logps": (old * mask).sum(1), "num_items_in_batch": mask.sum()}
    return (GRPOTrainer if method == "grpo" else RLOOTrainer)._compute_loss(me, me.model, inputs)


def ppo_loss(logprobs, vpred, old, values, advantages, returns, mask, value_mask, c):
    pm, pm1 = ~mask.bool(), ~value_mask.bool()
    new_logprobs = torch.masked_fill(logprobs, pm, INVALID_LOGPROB)
    vpred = torch.masked_fill(vpred, pm1, 0)
    clipped = torch.clamp(vpred, values - c["cliprange_value"], values + c["cliprange_value"])
    vf_loss = 0.5 * masked_mean(torch.max((vpred - returns) ** 2, (clipped - returns) ** 2), ~pm1)
    ratio = torch.exp(new_logprobs - old)
    pg = torch.max(-advantages * ratio, -advantages * torch.clamp(ratio, 1 - c["cliprange"], 1 + c["cliprange"]))
    if c.get("dual_clip") is not None:
        pg = torch.where(advantages < 0, torch.min(-advantages * c["dual_clip"], pg), pg)
    pg_loss = masked_mean(pg, ~pm)
    return pg_loss + c["vf_coef"] * vf_loss, pg_loss, vf_loss


def fixed(name, method, options):
    """Six completions of two prompts on random logits: loss and its gradient to the logits."""
    g = torch.Generator().manual_seed(81)
    B, T, V = 6, 7, 11
    lengths = torch.tensor([7, 4, 1, 6, 7, 3])
    mask = (torch.arange(T)[None] < lengths[:, None]).long()
    tokens = torch.randint(2, V, (B, T), generator=g)
    logits = torch.randn(B, T, V, generator=g) * 1.5
    new_logits = (logits + torch.randn(B, T, V, generator=g) * 0.6).requires_grad_()
    pick = lambda x: x.log_softmax(-1).gather(2, tokens[..., None]).squeeze(-1)
    old, ref = pick(logits), pick(logits + torch.randn(B, T, V, generator=g) * 0.4)
    scores = torch.randn(B, generator=g) * 2
    values, new_values = torch.randn(B, T, generator=g), torch.randn(B, T, generator=g)
    out = {"method": method, "options": options, "lengths": lengths.tolist(), "tokens": tokens.tolist(), "new_logits": new_logits.tolist(), "old_logprobs": old.tolist(), "ref_logprobs": ref.tolist(), "scores": scores.tolist()}
    if method == "ppo":
        advantages = masked_whiten(torch.randn(B, T, generator=g), mask.bool()) * mask
        loss, pg, _ = ppo_loss(pick(new_logits), new_values, torch.masked_fill(old, ~mask.bool(), INVALID_LOGPROB), values * mask, advantages, values * mask, mask, mask, options)
        out |= {"advantages": advantages.tolist(), "values": (values * mask).tolist(), "new_values": new_values.tolist(), "policy_loss": float(pg)}
    else:
        rewards = scores - options["kl_coef"] * ((old - ref) * mask).sum(1) if method == "rloo" else scores
        advantages = group_advantages(method, rewards, 3)
        loss = trl_loss(method, pick(new_logits), old, ref, advantages, mask, options)
        out |= {"advantages": advantages.tolist()}
    loss.backward()
    return out | {"loss": float(loss.detach()), "grad_new_logits": new_logits.grad.tolist()}


def trajectory(method, options, lr=LR):
    """A fixed rollout of four prompts with two completions each; six losses, five AdamW updates."""
    batch = json.loads((GOLDEN / "training/tiny-llama.rm.json").read_text())["batch"]
    chosen, chosen_mask, rejected, rejected_mask = (torch.tensor(batch[k]) for k in ("chosen_ids", "chosen_mask", "rejected_ids", "rejected_mask"))
    n = chosen.shape[0]
    order = torch.arange(2 * n).view(2, n).T.reshape(-1)  # chosen 0, rejected 0, chosen 1, ...
    ids, attention = concatenate(chosen, rejected)[order], concatenate(chosen_mask, rejected_mask)[order]
    mask = completion_mask(attention)[:, PROMPT:]
    T = mask.shape[1]
    lengths = mask.sum(1)
    scores = torch.randn(2 * n, generator=torch.Generator().manual_seed(82))
    model = load_policy()
    width = model.config.hidden_size
    head = torch.nn.Linear(width, 1)
    torch.nn.init.zeros_(head.weight), torch.nn.init.zeros_(head.bias)

    def forward():
        out = model(input_ids=ids, attention_mask=attention, output_hidden_states=True)
        hidden = out.hidden_states[-1][:, PROMPT - 1:-1]
        logits = out.logits[:, PROMPT - 1:-1] / (1.0 + 1e-7)
        return logits.log_softmax(-1).gather(2, ids[:, PROMPT:, None]).squeeze(-1), head(hidden).squeeze(-1)

    with torch.no_grad():
        old, values = forward()
        with model.disable_adapter():
            ref, _ = forward()
    out = {"options": options, "learning_rate": lr, "scores": scores.tolist(), "lengths": lengths.tolist(), "old_logprobs": (old * mask).tolist(), "ref_logprobs": (ref * mask).tolist(), "loss": [], "grad_norm": []}
    if method == "ppo":
        value_mask = (torch.arange(T)[None] <= lengths[:, None]).long()
        kl = (old - ref) * mask
        rewards = -options["kl_coef"] * kl
        rewards[torch.arange(2 * n), torch.where(lengths < T, lengths, lengths - 1)] += scores
        values = values * value_mask
        last, rev = 0, []
        for t in reversed(range(T)):
            delta = rewards[:, t] + options["gamma"] * (values[:, t + 1] if t < T - 1 else 0.0) - values[:, t]
            last = delta + options["gamma"] * options["lam"] * last
            rev.append(last)
        raw = torch.stack(rev[::-1], 1)
        returns, advantages = raw + values, masked_whiten(raw, mask.bool()) * mask
        masked_old = torch.masked_fill(old, ~mask.bool(), INVALID_LOGPROB)
        loss_fn = lambda lp, v: ppo_loss(lp, v, masked_old, values, advantages, returns, mask, value_mask, options)[0]
    else:
        rewards = scores - options["kl_coef"] * ((old - ref) * mask).sum(1) if method == "rloo" else scores
        advantages = group_advantages(method, rewards, 2)
        loss_fn = lambda lp, v: trl_loss(method, lp, old, ref, advantages, mask, options)
    params = [p for p in model.parameters() if p.requires_grad] + (list(head.parameters()) if method == "ppo" else [])
    opt = torch.optim.AdamW(params, lr=lr, betas=(0.9, 0.999), eps=1e-5, weight_decay=0.0)
    for step in range(STEPS + 1):
        loss = loss_fn(*forward())
        out["loss"].append(float(loss.detach()))
        if step == STEPS:
            break
        opt.zero_grad()
        loss.backward()
        out["grad_norm"].append(float(torch.sqrt(sum((p.grad.double() ** 2).sum() for p in params))))
        opt.step()
    print(method, options, out["loss"], out["grad_norm"])
    return out


def adaptive_kl(coefficient, target, horizon, batch, kls):
    out = []
    for kl in kls:
        error = min(max(kl / target - 1, -0.2), 0.2)
        coefficient *= 1 + error * batch / horizon
        out.append(coefficient)
    return {"init": 0.15, "target": target, "horizon": horizon, "batch": batch, "kl": kls, "coefficients": out}


def main():
    ppo = dict(gamma=1.0, lam=0.95, kl_coef=0.05, cliprange=0.2, cliprange_value=0.2, vf_coef=0.1)
    cases = {
        "grpo_token": ("grpo", dict(cliprange=0.2, kl_coef=0.04, loss_type="bnpo")),
        "grpo_sequence": ("grpo", dict(cliprange=0.1, kl_coef=0.04, loss_type="grpo")),
        "grpo_no_kl": ("grpo", dict(cliprange=0.2, kl_coef=0.0, loss_type="bnpo")),
        "rloo": ("rloo", dict(cliprange=0.2, kl_coef=0.05)),
        "ppo_dual_clip": ("ppo", ppo | dict(dual_clip=1.2)),
    }
    versions = {k: importlib.metadata.version(k) for k in ("torch", "transformers", "peft", "trl")}
    result = {
        "versions": versions, "prompt_length": PROMPT,
        "fixed": {name: fixed(name, method, options) for name, (method, options) in cases.items()},
        "trajectories": {
            "ppo": trajectory("ppo", ppo),
            "ppo_dual_clip": trajectory("ppo", ppo | dict(cliprange=0.05, dual_clip=1.02)),
            "grpo_token": trajectory("grpo", dict(cliprange=0.2, kl_coef=0.04, loss_type="bnpo")),
            "grpo_sequence": trajectory("grpo", dict(cliprange=0.2, kl_coef=0.1, loss_type="grpo")),
            "rloo": trajectory("rloo", dict(cliprange=0.5, kl_coef=0.05), 5e-5),
        },
        "adaptive_kl": adaptive_kl(0.15, 6.0, 10000.0, 512, [4.0, 5.9, 6.1, 12.0, 30.0, 0.5]),
    }
    (GOLDEN / "ppo/policy-gradient.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
