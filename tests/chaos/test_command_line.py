"""What cannot be played is refused before anything starts."""

from pathlib import Path

import pytest

from chaos.__main__ import main
from chaos.crew import Program, SilentError


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--messages", "0"), "--messages: must be a whole number, at least 1; it is 0"),
        (("--kills", "-1"), "--kills: must be a whole number, at least 0; it is -1"),
        (("--lease", "1"), "--lease: must be a whole number, 6 to 3600; it is 1"),
        (("--lease", "9999"), "--lease: must be a whole number, 6 to 3600; it is 9999"),
        (("--kills", "many"), "--kills: must be a whole number, at least 0; it is many"),
    ],
)
def test_a_run_of_nothing_is_refused_with_a_sentence(
    words: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("below", ["", "a file/below"])
def test_a_folder_that_cannot_be_made_is_refused_with_a_sentence(
    tmp_path: Path, below: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(SystemExit) as ended:
        main(("--keep", str(tmp_path / below)))
    assert ended.value.code == 2
    assert "argument --keep: the folder must not exist" in capsys.readouterr().err


async def test_a_program_that_ends_without_a_word_is_told_with_its_log(tmp_path: Path) -> None:
    program = Program("serve", ("-c", "raise SystemExit('no room')"), tmp_path / "serve.log", {}, speaks=True)
    with pytest.raises(SilentError, match=r"serve has ended without a word\. Its log:\nno room"):
        await program.start()
    await program.end()
