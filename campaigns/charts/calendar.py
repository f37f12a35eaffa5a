"""When campaigns run: one bar a campaign, over the days of its window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import plotly.graph_objects as go

from loyalty.charts import PALETTE, TEXT, Chart, Table, styled

ROW_HEIGHT = 15
FRAME_HEIGHT = 76
FEWEST_ROWS = 4
DAY_MILLISECONDS = 86_400_000


@dataclass(frozen=True)
class Span:
    """The days of one campaign, both included."""

    name: str
    type: str
    state: str
    first_day: date
    last_day: date

    @property
    def n_days(self) -> int:
        return (self.last_day - self.first_day + timedelta(days=1)).days

    def runs_on(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


def calendar_chart(spans: Sequence[Span], *, today: date, as_of: datetime | None) -> Chart:
    """Campaigns over time, coloured by type, the earliest on top, with a line for today."""
    shown = sorted(spans, key=lambda span: (span.first_day, span.name))
    return Chart(
        question="When do campaigns run?",
        answer=_answer(shown, today),
        figure=_figure(shown, today),
        table=Table(
            ["Campaign", "Type", "State", "First day", "Last day", "Days"],
            [[span.name, span.type, span.state, span.first_day, span.last_day, span.n_days] for span in shown],
        ),
        unit="One bar for each campaign, coloured by type; the dotted line is the newest data",
        as_of=as_of,
        name="campaign-calendar",
    )


def _figure(spans: Sequence[Span], today: date) -> go.Figure:
    figure = go.Figure()
    for number, type in enumerate(sorted({span.type for span in spans})):
        bars = [span for span in spans if span.type == type]
        figure.add_bar(
            orientation="h",
            name=type,
            base=[span.first_day.isoformat() for span in bars],
            x=[span.n_days * DAY_MILLISECONDS for span in bars],
            y=[span.name for span in bars],
            marker={"color": PALETTE[number % len(PALETTE)], "cornerradius": 3},
            customdata=[[f"{span.first_day:%-d %b %Y}", f"{span.last_day:%-d %b %Y}"] for span in bars],
            hovertemplate="%{y}<br>%{customdata[0]} to %{customdata[1]}<extra></extra>",
        )
    figure.add_vline(x=today.isoformat(), line={"color": TEXT, "width": 1, "dash": "dot"})
    names = [span.name for span in spans]
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showticklabels=False, showgrid=False)
    figure.update_xaxes(type="date", showgrid=True)
    figure.update_layout(barmode="overlay", bargap=0.3)
    return styled(figure, height=FRAME_HEIGHT + ROW_HEIGHT * max(len(spans), FEWEST_ROWS))


def _answer(spans: Sequence[Span], today: date) -> str:
    if not spans:
        return "No campaign matches."
    n_now = sum(span.runs_on(today) for span in spans)
    n_most = max(sum(other.runs_on(span.first_day) for other in spans) for span in spans)
    now = f"{n_now} of {len(spans)} run now" if n_now else "None runs now"
    return f"{now}; at the busiest time {n_most} ran at once."
