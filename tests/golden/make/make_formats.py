"""A Parquet file of TRL rows as pyarrow writes it (zstd, lists of structs, 64-bit integers), and its rows as JSON.

    pip install pyarrow
    python make_formats.py ../formats
"""
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

rows = [
    {"chosen": [{"content": f"Why {i}?", "role": "user"}, {"content": f"Because {i} Ä", "role": "assistant"}],
     "rejected": [{"content": f"Why {i}?", "role": "user"}, {"content": "No", "role": "assistant"}],
     "score_chosen": i + 0.5, "margin": i % 3 + 1, "tags": ["a", "b"][: i % 3]}
    for i in range(50)
]
out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
pq.write_table(pa.Table.from_pylist(rows), out / "trl.parquet", compression="zstd", row_group_size=20)
(out / "trl.json").write_text(json.dumps(rows))
