"""Trains the byte-level BPE of the demo models (1024 entries) and writes its files into both model folders.

    npx tsx scripts/pretrain/write-texts.ts /tmp/texts.jsonl
    python scripts/pretrain/train_tokenizer.py /tmp/texts.jsonl models      # needs: pip install tokenizers
"""
import json
import pathlib
import sys

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ["<pad>", "</s>", "<s>", "<unk>", "<|user|>", "<|assistant|>", "<|system|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}"
    "{% if message.role == 'assistant' %}</s>{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def main() -> None:
    source, target = sys.argv[1], pathlib.Path(sys.argv[2])
    texts = [json.loads(line) for line in pathlib.Path(source).read_text().splitlines()]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1024, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 256, "padding_side": "left",
        "pad_token": "<pad>", "eos_token": "</s>", "bos_token": "<s>", "unk_token": "<unk>",
        "clean_up_tokenization_spaces": False, "chat_template": CHAT_TEMPLATE,
    }
    for name in ["hone-llama-demo", "hone-t5-demo"]:
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    print("vocabulary", tokenizer.get_vocab_size())


if __name__ == "__main__":
    main()
