"""The `duban` command. Its help speaks to a secretary, not to an engineer."""

import typer

from app.commands import account_duties, audit, backup, health, inbox, lists, plans, running, users, verify, ways_in

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
    health.health,
    inbox.inbox,
    verify.verify,
    backup.backup,
    backup.restore,
):
    app.command()(command)
user_app = typer.Typer(help="管理账号。", no_args_is_help=True)
user_app.command("add")(users.add)
user_app.command("link")(users.link)
user_app.command("role")(account_duties.role)
user_app.command("close")(account_duties.close)
user_app.command("reopen")(account_duties.reopen)
user_app.command("reset-factor")(ways_in.reset_factor_of)
app.add_typer(user_app, name="user")
audit_app = typer.Typer(help="审计记录。", no_args_is_help=True)
audit_app.command("export")(audit.export)
audit_app.command("shorten")(audit.shorten)
app.add_typer(audit_app, name="audit")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
