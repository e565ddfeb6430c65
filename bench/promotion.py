"""How often is the promotional check right? Accuracy, precision and recall on both labelled sets.

    python bench/promotion.py

Prints the tables of docs/reference/promotion.md, never a text.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from tests.support.labelled import SETS, table

if __name__ == "__main__":
    for name, title in SETS.items():
        print(f"{title}\n\n{table(name)}\n")
