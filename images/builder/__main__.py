"""`python -m images.builder build|paths|list [IMAGE ...] [--all]`: archives' paths on standard output, one a line."""

from __future__ import annotations

import argparse
import asyncio
import sys

from images.builder.build import archive_of, build_all
from images.builder.catalog import Image, all_images
from images.builder.commands import BuildError


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 1 with the reason on standard error, or 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        chosen = _chosen(options.images, everything=options.all)
        if options.command == "list":
            _print_list(chosen)
        elif options.command == "paths":
            print("\n".join(str(archive_of(image)) for image in chosen))
        else:
            print("\n".join(map(str, asyncio.run(build_all(chosen)))))
    except BuildError as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    except ExceptionGroup as group:
        print("\n".join(f"images: {error}" for error in group.exceptions), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _chosen(names: list[str], *, everything: bool) -> list[Image]:
    known = all_images()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BuildError(f"unknown image {', '.join(unknown)}; there are {', '.join(known)}")
    if names:
        return [known[name] for name in names]
    return [image for image in known.values() if everything or image.by_default]


def _print_list(chosen: list[Image]) -> None:
    for image in chosen:
        print(f"{image.name}\t{image.reference}\t{'built' if archive_of(image).is_file() else 'not built'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="images.builder", description=__doc__)
    parser.add_argument("command", choices=["build", "paths", "list"])
    parser.add_argument("images", nargs="*", help="short names; without any, those that the demo needs")
    parser.add_argument("--all", action="store_true", help="every image there is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
