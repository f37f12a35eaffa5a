"""The processes of the demo: a worker and a web server, as in production, and how they are set up."""

import os
import secrets
import sys
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings

from loyalty.embedded.children import Children
from loyalty.embedded.ports import free_port, is_free

WORKER = "worker"
WEB = "web"


def secret(name: str) -> str:
    """A random secret kept below VAR_DIR, readable by its owner only; made when first asked for."""
    path = settings.VAR_DIR / f"{name}.secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
    return path.read_text()


def served_environment() -> dict[str, str]:
    """Production settings for this machine only: no debug pages, and no HTTPS because nobody else connects."""
    return {
        **os.environ,
        "DEBUG": "off",
        "HTTPS": "off",
        "SECRET_KEY": secret("django"),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "LOG_FORMAT": "text",
        "JAX_PLATFORMS": "cpu",
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
    }


def web_command(port: int) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--worker-class", "gthread"]
    quiet = ["--no-control-socket", "--timeout", "120", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", "loyalty.wsgi", *options, *quiet]


class Stage:
    """Starts, revives and stops the demo's processes."""

    def __init__(self) -> None:
        self.children = Children(settings.VAR_DIR / "demo")
        self.environment = served_environment()

    def start_worker(self) -> None:
        options = ["worker", "--beat", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip"]
        command = [sys.executable, "-m", "celery", "-A", "loyalty.celery", *options]
        self.children.start(WORKER, command, self.environment, settings.BASE_DIR)

    def revive_worker(self) -> bool:
        """Start the worker again if it died; say whether it had."""
        if self.children.lives(WORKER):
            return False
        self.start_worker()
        return True

    def start_web(self, port: int) -> str:
        """Serve on `port`, or on a free one when somebody has it; return the address."""
        port = port if is_free(port) else free_port()
        self.children.start(WEB, web_command(port), self.environment, settings.BASE_DIR)
        return f"http://localhost:{port}"

    def log_tail(self, name: str, n_characters: int = 2000) -> str:
        log: Path = self.children.log(name)
        return log.read_text(errors="replace")[-n_characters:] if log.exists() else ""


def answers(address: str) -> bool:
    """Does a web server there answer at all?"""
    try:
        with urllib.request.urlopen(f"{address}/login/", timeout=5) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
