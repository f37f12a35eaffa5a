import pytest
from django.core.management import CommandError, call_command

PURCHASES = "who,what,when\n" + "".join(f"{who},{who % 2},2024-0{1 + who % 5}-01 10:00\n" for who in range(9))


def test_names_what_there_is_no_data_set_of():
    with pytest.raises(CommandError, match=r"no data set called moon.*complete_journey, online_retail, shop"):
        call_command("benchmark", "moon")


def test_names_what_there_is_no_estimator_of():
    with pytest.raises(CommandError, match=r"no estimator called magic.*popularity.*implicit_als, numpy_ease"):
        call_command("benchmark", "shop", "--estimator", "magic")


def test_a_file_with_other_columns_is_refused_with_its_columns(tmp_path):
    path = tmp_path / "purchases.csv"
    path.write_text(PURCHASES)

    with pytest.raises(CommandError, match=r"no column CustomerID. It has who, what, when"):
        call_command("benchmark", "--file", str(path))


def test_says_which_data_set_is_not_here(monkeypatch, capsys):
    monkeypatch.delenv("REAL_DATA_DIR", raising=False)

    call_command("benchmark", "online_retail")

    assert "Skipped online_retail." in capsys.readouterr().out


def test_who_cannot_take_part_is_named_and_stops_nobody(tmp_path, capsys):
    path = tmp_path / "purchases.csv"
    lines = [
        f"c{customer},p{(customer + 3 * place) % 12},1,2024-0{1 + place}-{1 + customer % 28:02d} 10:00"
        for customer in range(60)
        for place in range(8)
    ]
    path.write_text("\n".join(["customer,product,quantity,time", *lines]) + "\n")
    chosen = [word for name in ("popularity", "two_tower", "hybrid", "item_knn") for word in ("--estimator", name)]

    columns = ("--columns", "customer,product,time,quantity")
    call_command("benchmark", "--file", str(path), *columns, "--trial", "unseen_customers", *chosen)

    told = capsys.readouterr().out
    assert "item_knn, unseen customers" in told
    assert "Cannot take part: hybrid, two_tower." in told
