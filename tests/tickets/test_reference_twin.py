"""The browser's check digit is the server's check digit."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from stdnum import damm

from tickets import reference

SCRIPT = Path(__file__).parents[2] / "portal/static/portal/reference.js"
RUN = """
globalThis.window = globalThis;
globalThis.document = {addEventListener() {}, querySelectorAll: () => []};
require(process.argv[1]);
const asked = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(asked.map((text) => window.harbourReference(text).holds)));
"""


def test_the_script_carries_the_same_table():
    rows = re.findall(r'"(\d{10})"', SCRIPT.read_text())
    assert rows == [
        "".join(str(damm.checksum(f"{first}{n}")) for n in range(10)) for first in _rows()
    ]


def _rows():
    """One digit that leads to each row of the table, in the order of the rows."""
    first_row = {damm.checksum(str(n)): n for n in range(10)}
    return [first_row[row] for row in range(10)]


def test_the_script_is_small_and_needs_nothing_unsafe():
    text = SCRIPT.read_text()
    assert len(text.encode()) < 1536
    assert not re.search(r"eval|innerHTML|Function\(|document\.write|=>", text)


def test_the_script_agrees_with_the_server():
    node = shutil.which("node")
    if node is None:
        pytest.skip("NODE IS MISSING: the script's arithmetic was not run, only its table compared")
    asked = [reference.display(reference.new()) for _ in range(200)]
    asked += [one[:-1] + str((int(one[-1]) + 1) % 10) for one in asked]
    asked += ["４８２９－１３７３－０４５６－２", "", "4829", "4829-1373-0456-22"]
    run = subprocess.run(
        [node, "-e", RUN, str(SCRIPT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == [reference.normalise(one) is not None for one in asked]
