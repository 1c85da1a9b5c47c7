"""`make pythons`: run the tests of core and offers on every other installed Python.

The whole suite runs on one Python, that of .venv. The product must run on all of VERSIONS. The
others get the same locked requirements in environments under .local/.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from config.local.folders import CHECKOUT, own_folder

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
TESTS = ("tests/core", "tests/offers")
REQUIREMENTS = "requirements/development.txt"


def candidates(version: str) -> Iterator[Path]:
    """Yield where a Python of this version may be: the PATH, then pyenv's versions."""
    name = f"python{version}"
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder) / name
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"), reverse=True)


def find_python(version: str) -> Path | None:
    """Return the first candidate that runs: a shim of pyenv may only print an error."""
    for path in candidates(version):
        if not os.access(path, os.X_OK):
            continue
        asked = subprocess.run(
            [path, "-c", "import ensurepip, venv"], check=False, stderr=subprocess.DEVNULL
        )
        if asked.returncode == 0:
            return path
    return None


def environment_for(version: str, python: Path) -> Path:
    """The interpreter of a virtual environment with the locked requirements, made if need be."""
    home = own_folder(CHECKOUT.state) / f"python{version}"
    own = home / "bin" / "python"
    lock = (CHECKOUT.root / REQUIREMENTS).read_bytes()
    stamp = home / "installed.txt"
    if not stamp.exists() or stamp.read_bytes() != lock:
        subprocess.run([python, "-m", "venv", "--clear", home], check=True)
        subprocess.run(
            [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--require-hashes", "-r", REQUIREMENTS],
            cwd=CHECKOUT.root, check=True,
        )  # fmt: skip
        stamp.write_bytes(lock)
    return own


def main() -> int:
    """Try each; 1 if one fails."""
    failed = []
    for version in VERSIONS:
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        python = find_python(version)
        if python is None:
            print(f"Python {version} is not on this machine.", flush=True)
            continue
        print(f"Python {version}: {python}", flush=True)
        try:
            own = environment_for(version, python)
            subprocess.run(
                [own, "-m", "pytest", "-q", "-rs", *TESTS], cwd=CHECKOUT.root, check=True
            )
        except subprocess.CalledProcessError as error:
            print(f"Python {version} failed: {error}", flush=True)
            failed.append(version)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
