"""Installs the SPARQL servers that tests run against: ``make servers`` (or ``python tests/servers/installation.py``).

Fuseki and RDF4J come from Maven Central into ``.servers/``, Virtuoso from Debian's packages, Oxigraph with the
development environment. Versions are pinned (``pom.xml``), and each file is checked by its SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".servers"
JAVA = FOLDER / "java"

FUSEKI = "jena-fuseki-server-5.6.0.jar"
RDF4J = "rdf4j-http-server-4.1.3.war"
JETTY = "jetty-runner-9.4.57.v20241219.jar"
SHA256 = {
    FUSEKI: "d28c1eaf703122ee628895a460c20fa4aa60a892f435d403ea8c036f241da1f8",
    RDF4J: "7cee02ac474451a09d8e012af9807aaa71e6e44c6380dc7f1a7e892fc8f629b3",
    JETTY: "f63fbee00a06f04a3f715267d5d53ba4389b5b3e9ecc6168d8b73d81243a883f",
}
#: Programs that the servers are or need, and the Debian package that brings each.
PROGRAMS = {"java": "default-jre-headless", "virtuoso-t": "virtuoso-opensource"}


def missing() -> list[str]:
    """Return what is not installed, in words; nothing where all servers can be started."""
    programs = [f"{name} (Debian package {package})" for name, package in PROGRAMS.items() if not shutil.which(name)]
    return programs + [f"{name} in {JAVA}" for name in SHA256 if not (JAVA / name).is_file()]


def install() -> None:
    """Install what is missing.

    Raises:
        SystemExit: something cannot be installed, or is not what it should be.

    """
    is_fetched = all((JAVA / name).is_file() for name in SHA256)
    needed = PROGRAMS if is_fetched else {**PROGRAMS, "mvn": "maven"}
    packages = [package for name, package in needed.items() if not shutil.which(name)]
    if packages:
        _install_packages(packages)
    if not is_fetched:
        _fetch_java()
    for name, wanted in SHA256.items():
        found = hashlib.sha256((JAVA / name).read_bytes()).hexdigest()
        if found != wanted:
            (JAVA / name).unlink()
            sys.exit(f"{name} is not the file that was expected: SHA-256 {found}, not {wanted}; it was removed")


def _install_packages(packages: list[str]) -> None:
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    by_hand = f"install the Debian packages {' '.join(packages)}, or what brings the same programs elsewhere"
    if shutil.which("apt-get") is None:
        sys.exit(by_hand)
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            sys.exit(by_hand)
        command = ["sudo", "-n", *command]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = [*command[: command.index("apt-get") + 1], "update", "-qq"]
    for step in (update, command):
        if subprocess.run(step, env=environment, stdout=sys.stderr, check=False).returncode != 0:
            sys.exit(by_hand)


def _fetch_java() -> None:
    JAVA.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", str(Path(__file__).with_name("pom.xml")),
         "dependency:copy-dependencies", f"-DoutputDirectory={JAVA}"],
        stdout=sys.stderr, check=True,
    )  # fmt: skip


if __name__ == "__main__":
    install()
