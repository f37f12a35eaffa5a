from campaigns.charts.funnel import funnel_chart


def chart(*counts, n_withdrawn=0, n_expired=0):
    steps = list(zip(("Suggested", "Accepted", "Issued"), counts, strict=True))
    return funnel_chart(steps, n_withdrawn=n_withdrawn, n_expired=n_expired, as_of=None)


def test_the_answer_tells_every_step_and_what_left():
    made = chart(2_000, 300, 20, n_withdrawn=5, n_expired=7)

    assert made.answer == "Of 2,000 suggested, 300 were accepted and 20 issued; 5 withdrawn and 7 expired."
    assert [row[1] for row in made.table.rows] == [2_000, 300, 20, 5, 7]
    assert list(made.figure.data[0].x) == [2_000, 300, 20]


def test_nothing_suggested_is_said():
    assert chart(0, 0, 0).answer == "No offer was suggested yet."
