"""SFT losses of tiny-llama with its linear layers in bitsandbytes' NF4 (double quantisation) under PEFT's LoRA.

The batch, the adapter's start and the optimiser are those of ../training/tiny-llama.sft.json ("lora").
Writes ../training/tiny-llama.qlora.json. Run with the versions of requirements.txt: python make_qlora.py
"""
import json
import os
import pathlib

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import bitsandbytes
from bitsandbytes import functional as B
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

GOLDEN = pathlib.Path(__file__).resolve().parent.parent
STEPS, LR = 5, 1e-3


def quantise(model) -> None:
    """Every linear layer but the head as bitsandbytes gives it back.

    Quantised as one row: on the CPU, bitsandbytes 0.50.2 dequantises rows that are no multiple of 64 wrongly (its codes
    are right; tiny-llama's down_proj has rows of 688).
    """
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and name != "lm_head":
                codes, state = B.quantize_4bit(module.weight.reshape(1, -1), blocksize=64, quant_type="nf4", compress_statistics=True)
                module.weight.copy_(B.dequantize_4bit(codes, state).reshape(module.weight.shape))


def main() -> None:
    torch.set_num_threads(2)
    sft = json.loads((GOLDEN / "training/tiny-llama.sft.json").read_text())
    batch = {k: torch.tensor(v) for k, v in sft["batch"].items()}
    model = AutoModelForCausalLM.from_pretrained(GOLDEN / "models/tiny-llama", dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        plain = float(model(**batch).loss)
        quantise(model)
        base = float(model(**batch).loss)
    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, bias="none", target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    missing = model.load_state_dict(load_file(GOLDEN / "training/tiny-llama.sft_lora_start.safetensors"), strict=False)
    assert not missing.unexpected_keys
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, lr=LR, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)
    out = {"loss": [], "grad_norm": []}
    for step in range(STEPS + 1):
        loss = model(**batch).loss
        out["loss"].append(float(loss))
        if step == STEPS:
            break
        opt.zero_grad()
        loss.backward()
        out["grad_norm"].append(float(torch.sqrt(sum((p.grad.double() ** 2).sum() for p in params))))
        opt.step()
    import transformers
    result = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "bitsandbytes": bitsandbytes.__version__},
              "base_loss": plain, "quantised_base_loss": base, **out}
    (GOLDEN / "training/tiny-llama.qlora.json").write_text(json.dumps(result, indent=1))
    print(result)


if __name__ == "__main__":
    main()
