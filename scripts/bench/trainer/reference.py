"""The reference stack's side of `npm run bench -- train`, `generate` and `ppo`: PyTorch, transformers, peft and trl on the same work.

    pip install torch==2.9.1 transformers==5.23.0 peft==0.21.2 trl==1.12.0 datasets

argv: work.json (scripts/bench/trainer/work.ts). Reads a number of steps a line, does them, and answers in a line of JSON.
"""
import json
import os
import resource
import sys
import time

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what libraries print must not mix with the answers

import torch
import torch.nn.functional as F

import transformers
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

transformers.logging.set_verbosity_error()
work = json.load(open(sys.argv[1]))
device = work["device"]
if device == "cpu":
    torch.set_num_threads(2)
dtype = torch.bfloat16 if work.get("bf16") else torch.float32
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
turn = {"ms": [], "losses": [], "tokens": []}
left, started = 0, 0.0


def begin_turn():
    global left, started, turn
    request = sys.stdin.readline()
    if request == "":
        os._exit(0)
    left, turn = int(request), {"ms": [], "losses": [], "tokens": []}
    started = time.perf_counter()


def end_step(loss=None, tokens=None):
    """Between two steps: answers when the turn is over, and waits for the next one."""
    global left, started
    turn["ms"].append((time.perf_counter() - started) * 1000)
    if loss is not None:
        turn["losses"].append(loss)
    if tokens is not None:
        turn["tokens"] = tokens
    left -= 1
    if left == 0:
        turn["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024 / 1000 if device == "cpu" else torch.cuda.max_memory_reserved() / 1e6
        turn["versions"] = versions
        print(json.dumps(turn), file=answers, flush=True)
        begin_turn()
    started = time.perf_counter()


def with_adapter(model):
    if work["adapter"] is None:
        return model
    import peft

    versions["peft"] = peft.__version__
    return peft.PeftModel.from_pretrained(model, work["adapter"], is_trainable=True).to(device)


def causal_lm():
    return AutoModelForCausalLM.from_pretrained(work["folder"], dtype=dtype).to(device)


def reward_model():
    """The score that Hone starts from, beside the base."""
    model = AutoModelForSequenceClassification.from_pretrained(work["folder"], num_labels=1, dtype=dtype).to(device)
    score = torch.tensor(json.load(open(work["score"])))
    with torch.no_grad():
        model.score.weight.copy_(score.reshape(1, -1))
    return model


def train_forever(parameters, loss_of):
    """The step of transformers' Trainer without its bookkeeping: AdamW, gradients clipped to norm 1."""
    parameters = [p for p in parameters if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    while True:
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        end_step(loss.item())


def sft():
    model = with_adapter(causal_lm()).train()
    rows = torch.tensor([p + c for p, c in zip(work["prompts"], work["completions"])], device=device)
    start = work["prompt"] - 1

    def loss_of():
        logits = model(input_ids=rows[:, :-1]).logits[:, start:]
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]).float(), rows[:, start + 1 :].reshape(-1))

    train_forever(model.parameters(), loss_of)


def pair_rows():
    """Chosen rows, then rejected ones."""
    rows = [work["prompts"][i // 2] + c for i, c in enumerate(work["completions"])]
    return torch.tensor(rows[0::2] + rows[1::2], device=device)


def reward():
    model = reward_model()
    model.config.pad_token_id = 0
    model = with_adapter(model).train()
    rows = pair_rows()
    mask = torch.ones_like(rows)

    def loss_of():
        chosen, rejected = model(input_ids=rows, attention_mask=mask).logits[:, 0].chunk(2)
        return -F.logsigmoid(chosen - rejected).mean()

    train_forever(model.parameters(), loss_of)


def dpo():
    model = with_adapter(causal_lm()).train()
    rows, prompt = pair_rows(), work["prompt"]
    mask = torch.ones_like(rows)

    def logps():
        logits = model(input_ids=rows, attention_mask=mask).logits[:, prompt - 1 : -1]
        return torch.gather(logits.log_softmax(-1), 2, rows[:, prompt:].unsqueeze(-1)).squeeze(-1).sum(-1)

    def reference():
        with torch.no_grad(), model.disable_adapter():
            return logps()

    before = reference() if work["precomputed"] else None

    def loss_of():
        chosen, rejected = (logps() - (before if before is not None else reference())).chunk(2)
        return -F.logsigmoid(0.1 * (chosen - rejected)).mean()

    train_forever(model.parameters(), loss_of)


def generate():
    model = causal_lm().eval()
    ids = torch.tensor(work["prompts"], device=device)
    mask = torch.ones_like(ids)
    call = 0
    while True:
        torch.manual_seed(call)
        sampling = {"do_sample": False} if call == 0 else {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
        with torch.no_grad():
            out = model.generate(ids, attention_mask=mask, max_new_tokens=work["completion"], min_new_tokens=work["completion"], eos_token_id=None, pad_token_id=0, **sampling)
        end_step(tokens=out[:, ids.shape[1] :].tolist() if call == 0 else None)
        call += 1


def load():
    while True:
        model = causal_lm()
        with torch.no_grad():
            for p in model.parameters():
                p.sum().item()  # read once: a file that needs no conversion is only mapped until then
        end_step()
        del model


def ppo():
    import trl
    from datasets import Dataset
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast, TrainerCallback
    from trl.experimental.ppo import PPOConfig, PPOTrainer

    versions["trl"] = trl.__version__
    words = {"<pad>": 0, "</s>": 1, **{str(i): i for i in range(2, 1024)}}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(words)), pad_token="<pad>", eos_token="</s>", padding_side="left")

    class Held(TrainerCallback):
        def on_train_begin(self, args, state, control, **kwargs):
            global started
            started = time.perf_counter()

        def on_step_end(self, args, state, control, **kwargs):
            end_step()

    rows = work["rows"]
    # The defaults but for what the rows name; gradient checkpointing and bfloat16 would only make it slower here.
    args = PPOConfig(
        output_dir=os.path.join(work["folder"], "trl"), per_device_train_batch_size=rows, gradient_accumulation_steps=1, total_episodes=rows * 100000, num_ppo_epochs=4, num_mini_batches=1,
        response_length=work["completion"], num_sample_generations=0, stop_token="eos", learning_rate=3e-6, report_to=[], save_strategy="no", use_cpu=device == "cpu", bf16=False,
        gradient_checkpointing=False, disable_tqdm=True, local_rollout_forward_batch_size=rows, logging_strategy="no",
    )
    scored, value = reward_model(), reward_model()
    PPOTrainer(
        args=args, processing_class=tokenizer, model=with_adapter(causal_lm()), ref_model=None, reward_model=scored, value_model=value,
        train_dataset=Dataset.from_dict({"input_ids": work["prompts"]}), eval_dataset=Dataset.from_dict({"input_ids": work["prompts"]}), callbacks=[Held()],
    ).train()


if work["kind"] in ("reward", "ppo"):
    import peft  # its import is no part of the first step
begin_turn()
{"sft": sft, "reward": reward, "dpo": dpo, "generate": generate, "load": load, "ppo": ppo}[work["kind"]]()
