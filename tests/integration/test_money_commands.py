"""`anling money servings` and `anling money bills`, as somebody types them."""

from click.testing import CliRunner

from config.main import cli
from tests.integration.test_privacy_commands import DISTRICT


def test_a_month_without_meals_and_bills_is_empty_and_what_is_no_month_is_refused(tmp_path):
    config = tmp_path / "anling.toml"
    config.write_text(f'home = "{tmp_path}/var"\n[log]\nlevel = "error"\n', encoding="utf-8")
    (tmp_path / "district.toml").write_text(DISTRICT, encoding="utf-8")

    def run(*arguments):
        return CliRunner().invoke(cli, ["--config", str(config), *arguments])

    assert run("load", str(tmp_path / "district.toml")).exit_code == 0
    for command in ("servings", "bills"):
        done = run("money", command, "2026-10")
        assert (done.exit_code, done.stdout) == (0, ""), done.output
    # Whom the month pays for serving begins with the month itself, so that nobody takes an empty file for a lost one.
    assert run("money", "operators", "2026-10").stdout == '{"about":"2026-10"}\n'
    assert run("money", "operators", "2026-13").exit_code != 0
    wrong = run("money", "servings", "2026-13")
    assert wrong.exit_code != 0
    assert "2026-11" in wrong.output
