"""Sweeps on the command line: ``python -m actviz_core.sweep --model KEY --source NAME``.

``torchrun --nproc-per-node N -m actviz_core.sweep ...`` shares the pictures among N processes; torchrun's own
options make that several machines.
"""

import argparse
import sys
from dataclasses import replace

from tqdm import tqdm

from actviz_core.errors import ActVizError
from actviz_core.models import load_model
from actviz_core.samples import open_source
from actviz_core.settings import Settings, read_settings
from actviz_core.sweep import ranks
from actviz_core.sweep.kept import delete_run, list_runs
from actviz_core.sweep.planning import BATCH
from actviz_core.sweep.run import Run
from actviz_core.sweep.sweeping import Progress, make_run, plan_sweep
from actviz_core.units import megabytes, percent


def main(arguments: list[str] | None = None) -> int:
    """Sweep a network over a source and print what was kept.

    Returns 0, or 2 where that cannot be done, or 130 where it was interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m actviz_core.sweep", description=main.__doc__)
    parser.add_argument("--model", metavar="KEY", help="a model key, such as cifar-resnet20@epoch-1")
    parser.add_argument("--source", metavar="NAME", help="a source, such as bundled-cifar10 or folder")
    parser.add_argument(
        "--layers", nargs="+", metavar="LAYER", help="default: what each stage returns, and the last"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N pictures")
    parser.add_argument(
        "--batch", type=int, default=BATCH, metavar="N", help=f"pictures at once, default {BATCH}"
    )
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes that decode; default: a thread"
    )
    parser.add_argument("--list", action="store_true", help="list the runs that are kept")
    parser.add_argument("--delete", metavar="RUN", help="delete a run")
    chosen = parser.parse_args(arguments)
    making = not (chosen.list or chosen.delete)
    if making and not (chosen.model and chosen.source):
        parser.error("--model and --source are needed, or --list, or --delete")
    try:
        settings = read_settings()
        if making:
            _make(chosen, replace(settings, device=ranks.local_device(settings.device)))
        elif chosen.delete:
            delete_run(chosen.delete, settings)
            print(f"Deleted {chosen.delete}.")
        else:
            _list(settings)
    except ActVizError as error:
        print(f"sweep: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sweep: stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def _make(chosen: argparse.Namespace, settings: Settings) -> None:
    model, source = load_model(chosen.model, settings=settings), open_source(chosen.source, settings)
    with ranks.joined(settings.device):
        first = ranks.rank() == 0
        if first:
            plan = plan_sweep(model, source, chosen.layers, limit=chosen.limit, batch=chosen.batch)
            print(
                f"Run {plan.id}: {plan.model} over {plan.pictures:,} pictures of {plan.source_title}, "
                f"{len(plan.calls)} calls. It takes {megabytes(plan.bytes)} in {settings.data / 'runs'}.",
                flush=True,
            )
        with tqdm(unit=" pictures", disable=not first) as bar:

            def show(progress: Progress) -> None:
                if bar.total is None:
                    bar.reset(progress.total)
                    bar.initial = progress.done
                bar.n = progress.done
                bar.set_postfix(skipped=progress.skipped)

            folder = make_run(
                model,
                source,
                chosen.layers,
                limit=chosen.limit,
                batch=chosen.batch,
                workers=chosen.workers,
                settings=settings,
                progress=show,
            )
        if first:
            _tell(Run(folder))


def _tell(run: Run) -> None:
    if run.accuracy is not None and run.top5_accuracy is not None:
        known = int((run.known_labels >= 0).sum())
        right, among_five = percent(run.accuracy, 2), percent(run.top5_accuracy, 2)
        print(f"Accuracy {right}, top 5 {among_five}, of {known:,} labelled pictures.")
    for index, problem in sorted(run.problems.items())[:10]:
        print(f"Skipped {run.image(index)}: {problem}")
    if len(run.problems) > 10:
        print(f"Skipped {len(run.problems) - 10:,} more.")
    print(f'Kept in {run.folder}; open it with actviz_core.sweep.open_run("{run.id}").')


def _list(settings: Settings) -> None:
    runs = list_runs(settings)
    for kept in runs:
        told = kept.manifest
        state = "" if kept.finished else ", not finished"
        what = f"{told.model}, {told.source}, {told.pictures:,} pictures{state}"
        print(f"{kept.id}  {megabytes(kept.bytes):>10}  {what}")
    print(f"{megabytes(sum(kept.bytes for kept in runs))} of {megabytes(settings.runs_bytes)} are taken.")


if __name__ == "__main__":
    sys.exit(main())
