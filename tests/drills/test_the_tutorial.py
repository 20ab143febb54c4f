"""The tutorial, typed in as a reader would: its drill passes, and broken on purpose as it says, it fails as it says."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drilling import Suite

BLOCK = re.compile(r"<!-- tutorial: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)


def _typed_in(text: str, folder: Path) -> Suite:
    for name, content in BLOCK.findall(text):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return Suite(folder)


def test_the_tutorials_drill_passes_and_its_broken_one_names_who_was_paged(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "tutorial.md").read_text(encoding="utf-8")
    sound, broken = _typed_in(text, tmp_path / "sound"), _typed_in(text, tmp_path / "broken")
    broken.edit("alerts/shop.rules.yml", ("severity: page\n", "severity: pager\n"))
    with ThreadPoolExecutor(2) as pool:
        good, bad = pool.map(lambda one: one.run("slow-warehouse"), (sound, broken))
    assert good.code == 0, good.said
    assert bad.code == 1, bad.said
    (why,) = bad.findings("fail")
    assert why.endswith('takes severity="page": it reached `nobody`.')
