"""How many templates are linted in a second of one core? Every rule of a rule set, the promotional check included.

    python bench/lint.py [--rounds 5]

The templates are the texts of the tuning set, each with a header, footer and button. Time is the process's own CPU
time. The floor is parsing the same templates from their JSON.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.figures import print_ratio
from parley.templates import MessageTemplate, RuleSet, parse_template
from parley.templates.lint import lint
from parley.templates.template import variables_of
from tests.support.labelled import Labelled, read_labelled


def main(rounds: int) -> None:
    """Measures and prints."""
    files = [_file(text) for text in read_labelled("tuning.jsonl")]
    templates = [parse_template(file) for file in files]
    for rules in RuleSet:
        _per_second(templates[:100], _linter(rules))
        ours, floor = [], []
        for _ in range(rounds):
            ours.append(_per_second(templates, _linter(rules)))
            floor.append(_per_second(files, parse_template))
        print_ratio(f"lint, {rules}", "templates/s of CPU", ours, floor)


def _linter(rules: RuleSet) -> Callable[[MessageTemplate], object]:
    return lambda template: lint(template, rules)


def _per_second(things: list[Any], do: Callable[[Any], object]) -> float:
    before = time.process_time()
    for thing in things:
        do(thing)
    return len(things) / (time.process_time() - before)


def _file(text: Labelled) -> bytes:
    variables = variables_of(text.text)
    template = {
        "kind": "template",
        "name": "measured",
        "language": text.language,
        "category": text.category or "UTILITY",
        "header": {"text": "A header"},
        "body": {"text": text.text, "samples": ["sample"] * len(variables)},
        "footer": {"text": "Reply HELP for help"},
        "buttons": [{"type": "url", "text": "See", "url": "https://shop.example/{{1}}", "samples": ["1"]}],
    }
    return json.dumps(template).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
