"""The command ``hwsim``: one file per verb, heavy imports inside the verb."""

from __future__ import annotations

import sys
import traceback

from hwsim.errors import FAILED, INTERRUPTED


def main() -> None:
    """Run the command line; an interrupt that comes while it is still loading ends it quietly too."""
    try:
        _main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise SystemExit(INTERRUPTED) from None
    except Exception:  # outside of every verb; Python's own exit code would be 1, which says that an expectation failed
        traceback.print_exc()
        raise SystemExit(FAILED) from None


def _main() -> None:
    import typer

    from hwsim.cli import (
        ablate,
        about,
        board,
        check,
        cost,
        estimate,
        export,
        fit,
        import_,
        listing,
        replay,
        reproduce,
        run,
        schema,
        show,
        synth,
    )
    from hwsim.cli import help as help_verb
    from hwsim.cli.ending import ending

    app = typer.Typer(
        name="hwsim",
        help="Simulate fixed-weight neural hardware that learns by reconnection.",
        epilog="Exit codes: 0 done, 1 an expectation failed, 2 bad usage or file, 3 the run failed, 130 interrupted.",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(about.about)
    for name, verb in (
        ("run", run.run),
        ("replay", replay.replay),
        ("reproduce", reproduce.reproduce),
        ("check", check.check),
        ("list", listing.list_),
        ("show", show.show),
        ("board", board.board),
        ("export", export.export),
        ("synth", synth.synth),
        ("cost", cost.cost),
        ("estimate", estimate.estimate),
        ("ablate", ablate.ablate),
        ("import", import_.import_),
        ("fit", fit.fit),
        ("schema", schema.schema),
        ("help", help_verb.help_),
    ):
        app.command(name)(ending(verb))
    app(args=sys.argv[1:], prog_name="hwsim")
