"""The reference side of `npm run bench -- metrics`: scores and times of rouge_score and sacrebleu over pairs in a JSON file.

pip install rouge_score==0.1.2 sacrebleu==2.6.0
"""
import json
import logging
import sys
import time
from importlib.metadata import version

from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU, CHRF

logging.getLogger("sacrebleu").setLevel(logging.ERROR)
TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]


def timed(work):
    start = time.process_time()
    value = work()
    return {"seconds": time.process_time() - start, "values": value}


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        pairs = json.load(file)
    references, candidates, second = [p[0] for p in pairs], [p[1] for p in pairs], [p[2] for p in pairs]
    out = {}
    for stem in (True, False):
        scorer = rouge_scorer.RougeScorer(TYPES, use_stemmer=stem)
        out[f"rouge {'stemmed' if stem else 'plain'}"] = timed(lambda: [[x for t in TYPES for x in s[t]] for s in (scorer.score(r, c) for r, c in zip(references, candidates))])
    for tokenize in ("13a", "intl", "char", "none"):
        out[f"BLEU corpus {tokenize}"] = timed(lambda: [[BLEU(tokenize=tokenize).corpus_score(candidates, [references]).score]])
    out["BLEU corpus 13a, two references"] = timed(lambda: [[BLEU().corpus_score(candidates, [references, second]).score]])
    sentence = BLEU(effective_order=True)
    out["BLEU sentence 13a"] = timed(lambda: [[sentence.sentence_score(c, [r]).score] for r, c in zip(references, candidates)])
    for order, name in ((0, "chrF"), (2, "chrF++")):
        metric = CHRF(word_order=order)
        out[f"{name} corpus"] = timed(lambda: [[metric.corpus_score(candidates, [references]).score]])
        out[f"{name} sentence"] = timed(lambda: [[metric.sentence_score(c, [r]).score] for r, c in zip(references, candidates)])
    versions = {name: version(name) for name in ("rouge_score", "sacrebleu")} | {"python": sys.version.split()[0]}
    json.dump({"versions": versions, "results": out}, sys.stdout)


main()
