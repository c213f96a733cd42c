"""`hallvakt models`: install, list and verify the files the appliance looks with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.adapters.vision import weights
from appliance.adapters.vision.manifest import Model, manifest_directory, read_manifest
from appliance.cli.options import Json
from appliance.cli.output import answer, progress, table
from appliance.core.errors import IntegrityFailure, WrongConfiguration

app = App(name="models", help="Model files: install, list, verify, measure.")
app.command("appliance.cli.models_bench:bench", name="bench", help="How fast this machine looks.")
app.command(
    "appliance.cli.models_bench:evaluate",
    name="evaluate",
    help="How well the models do on a folder of faces in LFW layout.",
)


def rehearsal_directory() -> Path:
    """Where pictures and sound for the demo and the tests lie."""
    return Path(sys.prefix) / "share" / "hallvakt" / "rehearsal"


@app.command
def install(
    *,
    to: Path | None = None,
    bundle: Annotated[Path | None, Parameter(name="--from")] = None,
    extra: Annotated[tuple[str, ...], Parameter(name="--with", negative=())] = (),
    rehearsal: Annotated[bool, Parameter(negative=())] = False,
    json: Json = False,
) -> None:
    """Install the model files, each checked before and after conversion. Quick when all is there.

    Parameters
    ----------
    to
        Directory for the model files; default: this installation's own.
    bundle
        Directory with finished or package files, for a machine without a network.
    extra
        A model that is not installed by default, e.g. mobilefacenet (read its card first).
    rehearsal
        Install pictures and sound for rehearsals, the demo and the tests instead.
    """
    from appliance.adapters.vision.convert.install import install_models, install_pictures

    manifest = read_manifest()
    if rehearsal:
        from appliance.cli.rehearsal_sound import make_sounds

        into = to or rehearsal_directory()
        count = install_pictures(manifest.pictures, into, bundle, progress)
        count += make_sounds(into, bundle, progress)
    else:
        into = to or weights.default_directory()
        wanted = {manifest.model(name).name for name in extra}
        chosen = [m for m in manifest.models if not m.opt_in or m.name in wanted]
        count = install_models(chosen, into, bundle, progress)
    answer(
        {"directory": str(into), "installed": count},
        f"{into}: {count or 'no'} new file{'' if count == 1 else 's'}.",
        as_json=json,
    )


@app.command
def bundle(to: Path, /, *, models: Path | None = None, json: Json = False) -> None:
    """Copy the installed model files, checked, for `models install --from` on a box without a line.

    Parameters
    ----------
    to
        Directory to copy to, e.g. on a memory stick.
    models
        Directory of the installed files; default: this installation's own.
    """
    from appliance.adapters.vision.convert.install import place

    copied = []
    for model in read_manifest().models:
        if _state(model, models) == "missing" and model.opt_in:
            continue
        place(to / model.file, weights.load_bytes(model.name, models))
        copied.append(model.name)
    opted = [model.name for model in read_manifest().models if model.opt_in]
    extra = "".join(f" --with {name}" for name in opted if name in copied)
    answer(
        {"directory": str(to), "models": copied},
        f"{to}: {', '.join(copied)}. On the box: `hallvakt models install --from {to}{extra}`.",
        as_json=json,
    )


@app.command(name="list")
def list_(*, to: Path | None = None, json: Json = False) -> None:
    """List the models, their licences and whether they are installed."""
    rows = [_row(model, to) for model in read_manifest().models]
    answer(
        {"directory": str(to or weights.default_directory()), "models": rows},
        table(rows, ("name", "state", "bytes", "licence_of_weights", "use")),
        as_json=json,
    )


@app.command
def verify(*, to: Path | None = None, json: Json = False) -> None:
    """Check every installed model file against the manifest."""
    rows = [_row(model, to) for model in read_manifest().models]
    changed = [row["name"] for row in rows if row["state"] == "changed"]
    missing = [row["name"] for row in rows if row["state"] == "missing" and not row["opt_in"]]
    if changed:
        raise IntegrityFailure(
            f"Not the file that the manifest names: {', '.join(map(str, changed))}. Delete it and "
            "run `hallvakt models install`."
        )
    if missing:
        raise WrongConfiguration(
            f"Not installed: {', '.join(map(str, missing))}. Run `hallvakt models install`."
        )
    installed = sum(row["state"] == "installed" for row in rows)
    answer({"verified": installed, "models": rows}, f"{installed} models verified.", as_json=json)


def _row(model: Model, directory: Path | None) -> dict[str, object]:
    return {
        "name": model.name,
        "file": model.file,
        "state": _state(model, directory),
        "opt_in": model.opt_in,
        "bytes": model.bytes,
        "sha256": model.sha256,
        "licence_of_package": model.licence_of_package,
        "licence_of_weights": model.licence_of_weights,
        "use": model.use,
        "card": str(manifest_directory() / "cards" / model.card),
    }


def _state(model: Model, directory: Path | None) -> str:
    try:
        weights.load_bytes(model.name, directory)
    except WrongConfiguration:
        return "missing"
    except IntegrityFailure:
        return "changed"
    return "installed"
