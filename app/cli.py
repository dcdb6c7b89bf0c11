"""The `duban` command. Its help speaks to a secretary, not to an engineer."""

import typer

from app.commands import lists, plans, running, users, verify

app = typer.Typer(
    name="duban",
    help="督办：把行动计划变成可追溯的责任台账。",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
for command in (
    plans.init,
    plans.seed,
    plans.export,
    running.run,
    running.worker,
    lists.overdue,
    lists.digest,
    verify.verify,
):
    app.command()(command)
user_app = typer.Typer(help="管理账号。", no_args_is_help=True)
user_app.command("add")(users.add)
app.add_typer(user_app, name="user")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
