from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from loyalty.models import Customer, Job
from loyalty.services.sales import add_up_sales
from segments.models import Segment, Segmentation, SegmentMembership
from tests.rows import AT, make_order, make_product

pytestmark = pytest.mark.django_db
LABELS = {"spend": "Spend", "n_orders": "Orders"}


def make_segmentation(n_customers):
    segmentation = Segmentation.objects.create(
        name="Found",
        spec={"labels": LABELS},
        as_of=AT,
        k=2,
        silhouette=0.4,
        scores=[
            {"k": k, "silhouette": 0.4, "davies_bouldin": 1.1, "stability": 0.9, "smallest_share": 0.3} for k in (2, 3)
        ],
        verdict="The groups are clear.",
        projection={"axes": [{"features": ["Spend"], "share": 0.6}, {"features": ["Orders"], "share": 0.3}]},
        is_current=True,
        created_at=AT,
    )
    for number, z in enumerate((1.2, -0.8)):
        segment = Segment.objects.create(
            kind="cluster",
            name=f"Group {number}",
            description="Spend clearly higher.",
            segmentation=segmentation,
            number=number,
            profile={
                "n_customers": n_customers,
                "share": 0.5,
                "usual": {"spend": 10 * (number + 1), "n_orders": 2},
                "usual_of_all": {"spend": 15, "n_orders": 2},
                "means_z": {"spend": z, "n_orders": 0.1},
            },
            created_at=AT,
        )
        add_members(segment, n_customers)
    add_up_sales()
    return segmentation


def add_members(segment, n):
    product = make_product(Customer.objects.count() + 100)
    for _ in range(n):
        number = Customer.objects.count()
        customer = Customer.objects.create(external_id=f"m{number}", name="=evil()" if number == 0 else "")
        make_order(number, customer, product)
        SegmentMembership.objects.create(segment=segment, customer=customer, valid_from=AT, map_x=number, map_y=1)


def test_without_segments_there_is_one_thing_to_do(client, marketer):
    client.force_login(marketer)

    text = client.get(reverse("segments")).content.decode()

    assert "No segments yet" in text
    assert f'action="{reverse("segments-find")}"' in text


def test_the_explorer_shows_the_segments_and_their_charts(client, marketer):
    make_segmentation(2)
    client.force_login(marketer)

    response = client.get(reverse("segments"))

    text = response.content.decode()
    assert "Group 0" in text
    assert "2 segments among 4 customers" in text
    assert text.count("data-chart=") == 4
    assert f"{reverse('campaign-new')}?segment={Segment.objects.first().pk}" in text


def test_one_segment_shows_who_is_in_it_and_how_they_differ(client, marketer):
    make_segmentation(3)
    segment = Segment.objects.get(number=1)
    client.force_login(marketer)

    response = client.get(segment.get_absolute_url())

    assert len(response.context["page"]) == 3
    assert response.context["facts"].n_customers == 3
    assert response.context["chart"].answer == "Most in this: spend is below the average."
    assert response.context["profile"].features[0].usual_of_all == 15


def test_members_who_left_are_not_in_it(client, marketer):
    make_segmentation(2)
    segment = Segment.objects.first()
    SegmentMembership.objects.filter(segment=segment).update(valid_until=AT + timedelta(days=1))
    client.force_login(marketer)

    assert "Nobody is in it" in client.get(segment.get_absolute_url()).content.decode()


def test_the_members_are_written_out_safely(client, marketer):
    make_segmentation(2)
    client.force_login(marketer)

    response = client.get(Segment.objects.first().get_absolute_url(), {"format": "csv"})

    lines = b"".join(response).decode().splitlines()
    assert lines[0] == "customer,name,spend,last ordered at"
    assert len(lines) == 3
    assert any("'=evil()" in line for line in lines)


@pytest.mark.parametrize("page", ["list", "one"])
def test_more_members_need_no_more_queries(client, marketer, django_assert_max_num_queries, page):
    make_segmentation(2)
    segment = Segment.objects.first()
    client.force_login(marketer)
    address = reverse("segments") if page == "list" else segment.get_absolute_url()
    with django_assert_max_num_queries(30) as few:
        client.get(address)
    add_members(segment, 8)

    with django_assert_max_num_queries(len(few)):
        client.get(address)


def test_finding_segments_makes_one_job(client, marketer):
    client.force_login(marketer)

    first = client.post(reverse("segments-find"))
    second = client.post(reverse("segments-find"))

    job = Job.objects.get()
    assert (job.task, job.started_by) == ("segments.segment_customers", marketer)
    assert first["Location"] == second["Location"] == job.get_absolute_url()


def test_who_may_only_look_cannot_find_segments(client, django_user_model):
    guest = django_user_model.objects.create_user("guest")
    client.force_login(guest)
    assert client.post(reverse("segments-find")).status_code == 403
    assert "Find segments" not in client.get(reverse("segments")).content.decode().replace("No segments yet", "")

    guest.user_permissions.add(Permission.objects.get(codename="add_segment"))

    assert client.post(reverse("segments-find")).status_code == 302


def test_a_segment_that_is_not_there(client, marketer):
    client.force_login(marketer)
    assert client.get(reverse("segment", args=[99])).status_code == 404
