"""``tocsin topics packs``: the alias packs that Tocsin brings."""

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
)

__all__ = ["packs"]


@click.command()
@config_option
@json_option
@click.argument("name", required=False)
def packs(config: str | None, name: str | None, *, as_json: bool) -> None:
    """List the alias packs, with those in use marked, or print the pack NAME as TOML.

    Exit 1 if there is no pack of that name.
    """
    from monitor import shipped
    from monitor.settings.packs import pack_names, packed
    from monitor.settings.problems import nearest

    if name is not None and name not in pack_names():
        fail(f"there is no alias pack {name!r}: {nearest(name, pack_names())}", FOUND)
    if name is not None and not as_json:
        print_text(shipped.read("seeds", f"aliases/{name}.toml").rstrip("\n"))
        return
    used = load_settings(config, needed=False).settings.matching.packs
    for one in pack_names() if name is None else (name,):
        sets = {alias: piece.data for alias, piece in packed([one]).items()}
        if as_json:
            print_json({"pack": one, "used": one in used, "sets": sets})
        else:
            print_text(f"{'*' if one in used else ' '} {one}: {len(sets)} sets")
