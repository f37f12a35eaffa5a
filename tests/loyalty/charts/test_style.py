import json
import re
from datetime import UTC, datetime
from pathlib import Path

import plotly.graph_objects as go
import pytest
from django.conf import settings
from django.template.loader import render_to_string

from loyalty.charts import BAD, DIVERGING, FORECAST, PALETTE, SEQUENTIAL, SOFT_PALETTE, Chart, Table, styled

STYLES = Path(settings.BASE_DIR, "static/css/rehearsal.css").read_text()


def make_chart(table=None, name="reach", text="a < b"):
    figure = styled(go.Figure(go.Bar(x=["</script>", text], y=[1, 2.5])), height=300)
    table = table or Table(["Who", "How many"], [["=cmd", 1], [text, 2.5]])
    return Chart("How many?", "Two & a half.", figure, table, "customers", datetime(2017, 5, 1, tzinfo=UTC), name)


def test_a_figure_has_the_common_look():
    told = re.search(r">(.*)</script>", make_chart().figure_json, re.DOTALL)

    layout = json.loads(told[1])["layout"]
    assert layout["template"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert layout["template"]["layout"]["colorway"] == PALETTE
    assert layout["height"] == 300
    assert "width" not in layout


@pytest.mark.parametrize("theme", [":root {", ':root[data-bs-theme="dark"] {'])
def test_every_colour_exists_in_both_themes(theme):
    block = STYLES[STYLES.index(theme) :].partition("}")[0]
    used = [*PALETTE, *SOFT_PALETTE, FORECAST, BAD, *(colour for _, colour in [*SEQUENTIAL, *DIVERGING])]

    names = {re.fullmatch(r"var\((--[\w-]+)\)", colour)[1] for colour in used}

    assert len(names) >= 30
    assert not {name for name in names if f"{name}:" not in block}


def test_colours_are_distinct():
    block = STYLES[STYLES.index(":root {") :].partition("}")[0]
    palette = [re.search(rf"--chart-{number}: (#\w+);", block)[1] for number in range(1, 11)]

    assert len(set(palette)) == 10


def test_nothing_in_the_page_can_be_run():
    page = render_to_string("components/chart.html", {"chart": make_chart(text="<img src=x onerror=alert(1)>")})

    blocks = re.findall(r"<script id=\"reach-(\w+)\" type=\"application/json\">(.*?)</script>", page, re.DOTALL)
    assert [name for name, _ in blocks] == ["figure", "csv"]
    assert json.loads(blocks[0][1])["data"][0]["x"][0] == "</script>"
    assert "<img" not in page


def test_table_and_download_hold_the_numbers_of_the_figure():
    chart = make_chart()
    page = render_to_string("components/chart.html", {"chart": chart})

    assert chart.table.csv == "Who,How many\r\n'=cmd,1\r\na < b,2.5\r\n"
    assert page.count('<td>a &lt; b</td><td class="number">2.5</td>') == 2, "the switch, and for those without scripts"


def test_a_long_table_is_cut_on_the_page_only():
    table = Table(["n"], [[number] for number in range(1000)])

    page = render_to_string("components/table.html", {"table": table})

    assert page.count("<tr>") == 201
    assert "800 more rows" in page
    assert table.csv.count("\r\n") == 1001


@pytest.mark.parametrize("name", ["", "Reach", "a b", "x'y", "1st"])
def test_a_name_that_could_break_the_page_is_refused(name):
    with pytest.raises(ValueError, match="small letters"):
        make_chart(name=name)
