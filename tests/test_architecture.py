"""The house stands as drawn: directions of import, what an engine may load, no change forgotten in a migration."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
APPS = ("loyalty", "campaigns", "segments", "recommender")
ENGINES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for app in APPS
    for path in (ROOT / app / "engine").rglob("*.py")
)
TOLD = """
import importlib, json, sys
for name in {names}:
    importlib.import_module(name)
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def run(command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **env}, timeout=300
    )


def packages_loaded_by(names: list[str]) -> set[str]:
    done = run([sys.executable, "-c", TOLD.format(names=names)])
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_imports_point_one_way():
    done = run([str(Path(sys.executable).parent / "lint-imports"), "--no-cache"])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_every_engine_works_without_django_and_celery():
    assert len(ENGINES) >= 10
    assert packages_loaded_by(ENGINES).isdisjoint({"django", "celery", "psycopg2", "redis"})


# Slow to load, heavy to keep, and of no use to whoever only answers.
LEARNING = ("jax", "optax", "gensim", "pandas", "sklearn.ensemble", "optuna", "mlflow")


def test_a_web_process_loads_no_learning_library():
    start = "import sys, loyalty.wsgi, loyalty.urls"
    told = f"print([name for name in {LEARNING} if name in sys.modules])"
    done = run([sys.executable, "-c", f"{start}\n{told}"], DJANGO_SETTINGS_MODULE="loyalty.settings")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["ruff", "format", "--check", "."]])
def test_style(command):
    done = run([str(Path(sys.executable).parent / command[0]), *command[1:]])
    assert done.returncode == 0, done.stdout[-3000:]


def test_types():
    done = run([str(Path(sys.executable).parent / "mypy")])
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "k" * 32 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "shop.example.com",
}


def test_production_settings_are_clean():
    done = run([sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_the_development_secret_refuses_to_serve():
    done = run([sys.executable, "manage.py", "check"], **{**PRODUCTION, "SECRET_KEY": ""})
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr


def test_production_without_hosts_is_an_error():
    done = run([sys.executable, "manage.py", "check", "--deploy"], **{**PRODUCTION, "ALLOWED_HOSTS": ""})
    assert "ALLOWED_HOSTS is empty" in done.stderr


def test_the_lock_names_no_registry():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (Path(settings.BASE_DIR) / name).read_text()
        assert "://" not in text
        assert "--index-url" not in text
