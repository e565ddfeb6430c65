"""What cannot be played is refused before anything starts."""

import pytest

from chaos.__main__ import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--messages", "0"), "--messages: must be a whole number, at least 1; it is 0"),
        (("--kills", "-1"), "--kills: must be a whole number, at least 0; it is -1"),
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
