"""One command rehearses a real campaign: load a year of real orders, learn, forecast, compare, serve."""

import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns.management.following import follow
from campaigns.management.stage import WEB, WORKER, Stage, answers, secret
from campaigns.management.summary import main_pages, summary_lines
from campaigns.management.visiting import LogInRefused, Visitor
from campaigns.services import rehearsal
from loyalty.embedded.memory import PeakMemory
from loyalty.models import Job
from loyalty.services import jobs
from loyalty.services.logins import LogIn, ensure_demo_logins
from loyalty.tasks import wake

SERVE_SECONDS = 60


class StopAsked(BaseException):
    """Ctrl-C, or a polite request to end."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise StopAsked(signal.Signals(number).name)


class Command(BaseCommand):
    help = "Load The Complete Journey, rehearse one of its campaigns, and serve the site until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="do everything, open the main pages, and end")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--campaign", default=rehearsal.DEFAULT_CAMPAIGN, help="which past campaign to rehearse")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)
        stage = Stage()
        try:
            with PeakMemory() as memory:
                self._perform(stage, memory, options)
        except StopAsked:
            self.stdout.write("\nStopping.")
        finally:
            stage.children.stop_all()

    def _perform(self, stage: Stage, memory: PeakMemory, options: dict[str, Any]) -> None:
        began = time.monotonic()
        for name in stage.children.end_leftovers():
            self.stdout.write(f"Ended the {name} that an earlier demo left behind.")
        self._prepare(stage)
        logins = ensure_demo_logins(secret=secret("demo-logins"))
        stage.start_worker()
        self._rehearse(stage, options["campaign"])
        address = self._serve(stage, options["port"])
        for line in summary_lines(options["campaign"]):
            self.stdout.write(line)
        self._say_where(address, logins)
        if options["check"]:
            self._check(address, logins[0], options["campaign"])
            self.stdout.write(f"Took {time.monotonic() - began:.0f} s; peak memory {memory.peak_mb:,.0f} MB.")
        else:
            self._stay(stage)

    def _prepare(self, stage: Stage) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(collect, env=stage.environment, check=True, cwd=settings.BASE_DIR)

    def _rehearse(self, stage: Stage, campaign: str) -> None:
        job = rehearsal.ensure_demo_job(campaign=campaign, at=timezone.now())
        if job.state in (Job.State.FAILED, Job.State.CANCELLED, Job.State.DEAD):
            jobs.retry(job, at=timezone.now())
        self.stdout.write(f"{job.label}:" if job.is_open else f"{job.label}: everything is there already.")
        wake(job)
        job = follow(job, write=self.stdout.write, meanwhile=lambda: self._revive(stage))
        if job.state != Job.State.DONE:
            raise CommandError(f"{job.label} {job.get_state_display().lower()}: {job.error}\n{stage.log_tail(WORKER)}")

    def _revive(self, stage: Stage) -> None:
        if stage.revive_worker():
            self.stdout.write("  The worker died; a new one goes on.")

    def _serve(self, stage: Stage, port: int) -> str:
        address = stage.start_web(port)
        deadline = time.monotonic() + SERVE_SECONDS
        while not answers(address):
            if time.monotonic() > deadline or not stage.children.lives(WEB):
                raise CommandError(f"The site did not start.\n{stage.log_tail(WEB)}")
            time.sleep(0.2)
        return address

    def _say_where(self, address: str, logins: list[LogIn]) -> None:
        self.stdout.write(f"\nOpen {address}")
        for login in logins:
            self.stdout.write(f"  log in as {login.username} with {login.password}   ({login.role})")

    def _check(self, address: str, login: LogIn, campaign: str) -> None:
        visitor = Visitor(address)
        try:
            visitor.log_in(login.username, login.password)
        except LogInRefused as error:
            raise CommandError(str(error)) from error
        visits = [visitor.visit(path) for path in main_pages(campaign)]
        for visit in visits:
            self.stdout.write(
                f"  {visit.status}  {visit.seconds * 1000:6.0f} ms  {visit.n_bytes:>9,} bytes  {visit.path}"
            )
        broken = [visit.path for visit in visits if visit.status != 200]
        if broken:
            raise CommandError(f"These pages did not open: {', '.join(broken)}")

    def _stay(self, stage: Stage) -> None:
        self.stdout.write("Ctrl-C ends it; the data stays.")
        while True:
            time.sleep(1)
            self._revive(stage)
