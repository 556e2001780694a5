"""Small random models of every decoder family and T5, with transformers' logits, greedy tokens and gradients; adapters by PEFT.

Writes ../families/<name>/{config.json, model*.safetensors}, golden.json and golden.safetensors beside them, and
adapters/<adapter>/. Run with the versions of requirements.txt: python make_families.py [names]
"""
import json
import math
import os
import pathlib
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers as T
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parent.parent / "families"
VOCAB, NEW, PAD, EOS = 96, 32, 0, 1
MARGIN = 1e-3        # between the two best logits on the way: floats of another order of sums must not decide a token
PROMPTS = [[5, 17, 40, 8, 61], [33, 9, 71, 24, 90, 12, 57, 44, 6, 19, 28, 82]]
SMALL = dict(vocab_size=VOCAB, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=128, pad_token_id=PAD, eos_token_id=EOS, bos_token_id=2)
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
LORA = dict(lora_dropout=0.0, bias="none")

# name: (model class, config, stored type, bytes of a shard or None, [(adapter, LoraConfig)])
FAMILIES = {
    "gpt2": (T.GPT2LMHeadModel, T.GPT2Config(vocab_size=VOCAB, n_positions=64, n_embd=64, n_layer=3, n_head=4, resid_pdrop=0.0, embd_pdrop=0.0,
             attn_pdrop=0.0, pad_token_id=PAD, eos_token_id=EOS, bos_token_id=2), torch.float32, None,
             [("peft", dict(r=4, lora_alpha=8, target_modules=["c_attn", "mlp.c_proj"], fan_in_fan_out=True, **LORA))]),
    "llama3": (T.LlamaForCausalLM, T.LlamaConfig(**SMALL, tie_word_embeddings=False, attention_bias=True, mlp_bias=True, rope_parameters=LLAMA3),
               torch.float16, 60_000, []),
    "smollm2": (T.LlamaForCausalLM, T.LlamaConfig(**SMALL, tie_word_embeddings=True, rms_norm_eps=1e-5), torch.bfloat16, None, []),
    "mistral": (T.MistralForCausalLM, T.MistralConfig(**SMALL, tie_word_embeddings=False, head_dim=24, sliding_window=8), torch.bfloat16, None, []),
    "qwen2": (T.Qwen2ForCausalLM, T.Qwen2Config(**SMALL, tie_word_embeddings=True, use_sliding_window=True, sliding_window=8, max_window_layers=1),
              torch.bfloat16, None, []),
    "qwen3": (T.Qwen3ForCausalLM, T.Qwen3Config(**SMALL, tie_word_embeddings=False, head_dim=32), torch.bfloat16, None,
              [("all-linear", dict(r=4, lora_alpha=6, use_rslora=True, target_modules="all-linear", **LORA)),
               ("with-head", dict(r=8, lora_alpha=8, target_modules=["q_proj", "v_proj"], modules_to_save=["lm_head"], **LORA))]),
    "gemma": (T.GemmaForCausalLM, T.GemmaConfig(**SMALL, head_dim=24), torch.bfloat16, None, []),
    "gemma2": (T.Gemma2ForCausalLM, T.Gemma2Config(**SMALL, head_dim=24, sliding_window=8, query_pre_attn_scalar=32, final_logit_softcapping=5.0,
               attn_logit_softcapping=3.0), torch.bfloat16, None, []),
    "gemma3": (T.Gemma3ForCausalLM, T.Gemma3TextConfig(**SMALL, head_dim=24, sliding_window=8, query_pre_attn_scalar=24,
               layer_types=["sliding_attention", "sliding_attention", "full_attention"],
               rope_parameters={"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0}}), torch.bfloat16, None, []),
    "flan-t5": (T.T5ForConditionalGeneration, T.T5Config(vocab_size=VOCAB, d_model=64, d_kv=16, d_ff=96, num_layers=2, num_decoder_layers=2, num_heads=4,
                feed_forward_proj="gated-gelu", tie_word_embeddings=False, dropout_rate=0.0, pad_token_id=PAD, eos_token_id=EOS,
                decoder_start_token_id=PAD), torch.float32, None, []),
}


def randomise(model, n: int) -> None:
    """Weights large enough that tokens vary and every part counts; norms and biases off their usual start."""
    g = torch.Generator().manual_seed(n)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            noise = torch.randn(p.shape, generator=g)
            if p.dim() == 1:
                p.copy_(noise * 0.1 + (0.0 if name.endswith("bias") else p.mean()))
            elif "embed" in name or "wte" in name or "shared" in name or "lm_head" in name:
                # A tied embedding that is large beside what the layers add says its own token again.
                p.copy_(noise * (0.08 if model.config.tie_word_embeddings else 0.6))
            elif "wpe" in name or "relative_attention_bias" in name:
                p.copy_(noise * 0.3)
            else:
                p.copy_(noise * 1.8 / math.sqrt(p.shape[-1]))


@torch.no_grad()
def greedy(model, seq2seq: bool, ids):
    """By hand, without cache and without a stop at EOS: tokens and the smallest gap of the two best logits."""
    out, margin = [], float("inf")
    for _ in range(NEW):
        kw = dict(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([[PAD] + out])) if seq2seq else dict(input_ids=torch.tensor([ids + out]))
        logits = model(**kw).logits[0, -1]
        top = logits.topk(2).values
        margin = min(margin, float(top[0] - top[1]))
        out.append(int(logits.argmax()))
    return out, margin


def rows(seq2seq: bool):
    """Prompt and completion of two rows, of different lengths."""
    return [{"prompt": PROMPTS[0], "completion": [7, 52, 31, 88, 14, EOS]}, {"prompt": PROMPTS[1], "completion": [60, 3, 77, EOS]}]


def loss_of(model, seq2seq: bool):
    """Mean negative log-likelihood of all completion tokens of both rows."""
    total, count = 0.0, 0
    for r in rows(seq2seq):
        target = torch.tensor(r["completion"])
        if seq2seq:
            logits = model(input_ids=torch.tensor([r["prompt"]]), decoder_input_ids=torch.tensor([[PAD] + r["completion"][:-1]])).logits[0]
        else:
            logits = model(input_ids=torch.tensor([r["prompt"] + r["completion"][:-1]])).logits[0][len(r["prompt"]) - 1:]
        total = total + torch.nn.functional.cross_entropy(logits, target, reduction="sum")
        count += len(target)
    return total / count


def gradients(model, seq2seq: bool) -> dict:
    """Of each parameter: the gradient's norm, and its sum weighted by cos(0), cos(1), ... in the order of the file."""
    model.zero_grad()
    loss = loss_of(model, seq2seq)
    loss.backward()
    out = {}
    for name, p in model.named_parameters():
        g = (p.grad if p.grad is not None else torch.zeros_like(p)).double().flatten()
        out[name] = [float(g.norm()), float((g * torch.cos(torch.arange(g.numel(), dtype=torch.float64))).sum())]
    return {"loss": float(loss), "parameters": out}


@torch.no_grad()
def forward(model, seq2seq: bool, tag: str, tensors: dict) -> dict:
    res = []
    for i, ids in enumerate(PROMPTS):
        long = ids + [int(x) for x in (torch.arange(20) * 37 + 11 * i + 4) % VOCAB]
        kw = dict(input_ids=torch.tensor([long]))
        if seq2seq:
            kw["decoder_input_ids"] = torch.tensor([[PAD] + PROMPTS[1 - i]])
        tensors[f"{tag}.logits.{i}"] = model(**kw).logits[0].contiguous()
        tokens, margin = greedy(model, seq2seq, ids)
        res.append({"prompt": ids, "input_ids": long, "decoder_input_ids": kw["decoder_input_ids"][0].tolist() if seq2seq else None,
                    "greedy": tokens, "margin": margin})
    return {"cases": res}


def good(result: dict) -> bool:
    return all(c["margin"] > MARGIN and len(set(c["greedy"])) > 5 for c in result["cases"])


def main() -> None:
    torch.set_num_threads(1)
    T.logging.set_verbosity_error()
    for name, (cls, config, dtype, shard, adapters) in FAMILIES.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        seq2seq = name == "flan-t5"
        folder = OUT / name
        for n in range(1, 60):
            torch.manual_seed(n)
            model = cls._from_config(config, attn_implementation="eager").float().eval()
            if seq2seq:
                model.lm_head.weight = torch.nn.Parameter(torch.zeros_like(model.lm_head.weight))
            randomise(model, n)
            with torch.no_grad():
                for p in model.parameters():
                    p.copy_(p.to(dtype).float())
            tensors: dict = {}
            result = {"base": forward(model, seq2seq, "base", tensors)}
            if good(result["base"]):
                break
        else:
            raise SystemExit(f"{name}: no seed gives clear tokens")
        folder.mkdir(parents=True, exist_ok=True)
        stored = cls._from_config(config, attn_implementation="eager").to(dtype)
        if seq2seq:
            stored.lm_head.weight = torch.nn.Parameter(torch.zeros_like(stored.lm_head.weight))
        stored.load_state_dict(model.to(dtype).state_dict())
        stored.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
        (folder / "generation_config.json").unlink(missing_ok=True)
        if seq2seq:
            path = folder / "config.json"
            cfg = json.loads(path.read_text())
            cfg["tie_word_embeddings"] = False
            cfg.pop("scale_decoder_outputs", None)
            path.write_text(json.dumps(cfg, indent=2) + "\n")
        again = cls.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        tensors = {}
        result = {"versions": {"torch": torch.__version__, "transformers": T.__version__}, "seed": n, "rows": rows(seq2seq),
                  "base": forward(again, seq2seq, "base", tensors), "gradients": gradients(again, seq2seq)}
        assert good(result["base"]), name
        for adapter, options in adapters:
            for m in range(1, 200):
                torch.manual_seed(m)
                peft = get_peft_model(cls.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager"), LoraConfig(task_type="CAUSAL_LM", **options)).eval()
                g = torch.Generator().manual_seed(m)
                with torch.no_grad():
                    for key, p in sorted(peft.named_parameters()):
                        if "lora_B" in key:
                            p.copy_(torch.randn(p.shape, generator=g) * 0.2)
                        if "modules_to_save" in key:
                            p.add_(torch.randn(p.shape, generator=g) * 0.1)
                part: dict = {}
                found = forward(peft, seq2seq, adapter, part)
                if good(found):
                    break
            peft.save_pretrained(folder / "adapters" / adapter)
            (folder / "adapters" / adapter / "README.md").unlink(missing_ok=True)
            tensors |= part
            result[adapter] = found
        (folder / "golden.json").write_text(json.dumps(result, indent=1))
        save_file(tensors, str(folder / "golden.safetensors"))
        print(name, "seed", n, sum(p.numel() for p in model.parameters()), [c["margin"] for c in result["base"]["cases"]], flush=True)


if __name__ == "__main__":
    main()
